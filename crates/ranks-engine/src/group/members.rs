//! Groups as values: ordered sets of ranks. MPI 5.0 section 7.3.

use crate::error::{Class, Error, Result};
use crate::{PROC_NULL, UNDEFINED};
use ranks_shm::blocked::Call;
use std::sync::Arc;

/// An ordered set of ranks of the job. Cheap to clone; all operations are local.
#[derive(Clone, Debug)]
pub struct Group {
    slots: Arc<[u32]>,
    me: u32,
    origin: Option<u32>,
}

/// How two groups or communicators compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The same ranks in the same order; of communicators: the same one.
    Ident,
    /// Two communicators whose ranks are the same in the same order.
    Congruent,
    /// The same ranks in another order.
    Similar,
    /// Anything else.
    Unequal,
}

/// Two groups are equal if they have the same ranks in the same order. Who asks, and where they come from, does not count.
impl PartialEq for Group {
    fn eq(&self, other: &Self) -> bool {
        self.slots == other.slots
    }
}
impl Eq for Group {}

/// From slots to places in a group.
struct Places(Vec<i32>);

impl Places {
    fn of(slots: &[u32]) -> Self {
        let mut places = vec![-1; slots.iter().max().map_or(0, |&most| most as usize + 1)];
        for (place, &slot) in slots.iter().enumerate() {
            places[slot as usize] = place as i32;
        }
        Self(places)
    }

    fn get(&self, slot: u32) -> Option<i32> {
        self.0.get(slot as usize).copied().filter(|&place| place >= 0)
    }

    fn have(&self, slot: u32) -> bool {
        self.get(slot).is_some()
    }
}

impl Group {
    pub(crate) fn new(slots: impl Into<Arc<[u32]>>, me: usize) -> Self {
        Self { slots: slots.into(), me: me as u32, origin: None }
    }

    fn with(&self, slots: Vec<u32>) -> Self {
        Self { slots: slots.into(), me: self.me, origin: self.origin }
    }

    /// Marks the group with a number for where it comes from. Its ranks stay. Groups that are made of it keep the number.
    pub fn stemming_from(self, origin: Option<u32>) -> Self {
        Self { origin, ..self }
    }

    /// Where it comes from, if somebody has said so.
    pub fn origin(&self) -> Option<u32> {
        self.origin
    }

    pub(crate) fn slots(&self) -> &Arc<[u32]> {
        &self.slots
    }

    /// The group of nobody; `me` is this rank in world.
    pub fn empty(me: usize) -> Self {
        Self::new([], me)
    }

    /// How many ranks.
    pub fn size(&self) -> i32 {
        self.slots.len() as i32
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// This rank's number in it, if it is a member.
    pub fn rank(&self) -> Option<i32> {
        self.slots.iter().position(|&slot| slot == self.me).map(|place| place as i32)
    }

    /// The members as ranks of world, in order.
    pub fn world_ranks(&self) -> impl ExactSizeIterator<Item = i32> + '_ {
        self.slots.iter().map(|&slot| slot as i32)
    }

    fn error(&self, class: Class, detail: String) -> Error {
        Error::new(class, Call::Unknown, self.me as usize, detail)
    }

    fn place(&self, rank: i32) -> Result<usize> {
        usize::try_from(rank).ok().filter(|&place| place < self.slots.len()).ok_or_else(|| {
            let detail = match self.slots.len() {
                0 => format!("rank {rank} does not exist: the group is empty"),
                size => format!("rank {rank} does not exist: the group has ranks 0 to {}", size - 1),
            };
            self.error(Class::Rank, detail)
        })
    }

    /// The same ranks as members of another group: [`UNDEFINED`] for one that is none, [`PROC_NULL`] for
    /// itself.
    pub fn translate_ranks(&self, ranks: &[i32], to: &Group) -> Result<Vec<i32>> {
        let places = Places::of(&to.slots);
        let translate = |&rank: &i32| match rank {
            PROC_NULL => Ok(PROC_NULL),
            rank => Ok(places.get(self.slots[self.place(rank)?]).unwrap_or(UNDEFINED)),
        };
        ranks.iter().map(translate).collect()
    }

    /// Ident, similar or unequal.
    pub fn compare(&self, other: &Group) -> Comparison {
        if self == other {
            return Comparison::Ident;
        }
        let places = Places::of(&self.slots);
        match self.slots.len() == other.slots.len() && other.slots.iter().all(|&slot| places.have(slot)) {
            true => Comparison::Similar,
            false => Comparison::Unequal,
        }
    }

    /// The ranks of this group, then those of the other that are not in it.
    pub fn union(&self, other: &Group) -> Group {
        let places = Places::of(&self.slots);
        let more = other.slots.iter().filter(|&&slot| !places.have(slot));
        self.with(self.slots.iter().chain(more).copied().collect())
    }

    /// The ranks that are in both, in this group's order.
    pub fn intersection(&self, other: &Group) -> Group {
        let places = Places::of(&other.slots);
        self.with(self.slots.iter().copied().filter(|&slot| places.have(slot)).collect())
    }

    /// The ranks that are not in the other, in this group's order.
    pub fn difference(&self, other: &Group) -> Group {
        let places = Places::of(&other.slots);
        self.with(self.slots.iter().copied().filter(|&slot| !places.have(slot)).collect())
    }

    /// The places that a list of ranks names, each at most once.
    fn places(&self, ranks: impl IntoIterator<Item = i32>) -> Result<Vec<usize>> {
        let mut named = vec![false; self.slots.len()];
        let mut places = Vec::new();
        for rank in ranks {
            let place = self.place(rank)?;
            if std::mem::replace(&mut named[place], true) {
                return Err(self.error(Class::Rank, format!("rank {rank} is named twice")));
            }
            places.push(place);
        }
        Ok(places)
    }

    fn include(&self, places: Vec<usize>) -> Group {
        self.with(places.into_iter().map(|place| self.slots[place]).collect())
    }

    fn exclude(&self, places: Vec<usize>) -> Group {
        let mut kept = vec![true; self.slots.len()];
        places.into_iter().for_each(|place| kept[place] = false);
        let kept = self.slots.iter().zip(kept).filter(|(_, kept)| *kept);
        self.with(kept.map(|(&slot, _)| slot).collect())
    }

    /// These ranks, in the order of the list.
    pub fn incl(&self, ranks: &[i32]) -> Result<Group> {
        Ok(self.include(self.places(ranks.iter().copied())?))
    }

    /// All ranks but these.
    pub fn excl(&self, ranks: &[i32]) -> Result<Group> {
        Ok(self.exclude(self.places(ranks.iter().copied())?))
    }

    /// The ranks of ranges (first, last, stride), in their order. A stride may be negative.
    pub fn range_incl(&self, ranges: &[[i32; 3]]) -> Result<Group> {
        Ok(self.include(self.of_ranges(ranges)?))
    }

    /// All ranks but those of ranges (first, last, stride).
    pub fn range_excl(&self, ranges: &[[i32; 3]]) -> Result<Group> {
        Ok(self.exclude(self.of_ranges(ranges)?))
    }

    /// A rank that does not exist ends the walk, so a range without end costs no more than the group has.
    fn of_ranges(&self, ranges: &[[i32; 3]]) -> Result<Vec<usize>> {
        for &[first, last, stride] in ranges {
            if stride == 0 {
                let detail = format!("no range of ranks: {first} to {last} with stride 0");
                return Err(self.error(Class::Arg, detail));
            }
        }
        self.places(ranges.iter().flat_map(|&[first, last, stride]| {
            let within =
                move |&rank: &i64| if stride > 0 { rank <= last.into() } else { rank >= last.into() };
            let next = move |rank: &i64| Some(rank + i64::from(stride)).filter(within);
            std::iter::successors(Some(i64::from(first)).filter(within), next)
                .map(|rank| i32::try_from(rank).unwrap_or(-1))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(slots: &[u32]) -> Group {
        Group::new(slots, 5)
    }

    #[test]
    fn ranges_run_both_ways() {
        let all = group(&[10, 11, 12, 13, 14, 15, 16]);
        let chosen = all.range_incl(&[[0, 6, 2], [3, 1, -2]]).unwrap();
        assert_eq!(chosen, group(&[10, 12, 14, 16, 13, 11]));
        assert_eq!(all.range_excl(&[[0, 6, 2], [3, 1, -2]]).unwrap(), group(&[15]));
        assert_eq!(all.range_incl(&[[3, 1, 1]]).unwrap(), group(&[]));
        assert_eq!(all.range_incl(&[[0, 1, 0]]).unwrap_err().class(), Class::Arg);
        assert_eq!(all.range_incl(&[[0, i32::MAX, 1]]).unwrap_err().class(), Class::Rank);
        assert_eq!(all.range_incl(&[[0, i32::MIN, -1]]).unwrap_err().class(), Class::Rank);
    }

    #[test]
    fn a_rank_is_named_once() {
        let some = group(&[5, 6, 7]);
        assert_eq!(some.incl(&[2, 0]).unwrap(), group(&[7, 5]));
        assert_eq!(some.excl(&[2, 0]).unwrap(), group(&[6]));
        for wrong in [[2, 2], [3, 0], [-1, 0]] {
            assert_eq!(some.incl(&wrong).unwrap_err().class(), Class::Rank);
            assert_eq!(some.excl(&wrong).unwrap_err().class(), Class::Rank);
        }
        assert!(group(&[]).incl(&[0]).unwrap_err().detail().contains("empty"));
    }

    #[test]
    fn sets() {
        let (a, b) = (group(&[4, 1, 5]), group(&[2, 5, 4]));
        assert_eq!(a.union(&b), group(&[4, 1, 5, 2]));
        assert_eq!(a.intersection(&b), group(&[4, 5]));
        assert_eq!(a.difference(&b), group(&[1]));
        let stems = a.clone().stemming_from(Some(7));
        assert_eq!(
            (stems.incl(&[0]).unwrap().origin(), stems.union(&b).origin(), a.origin()),
            (Some(7), Some(7), None)
        );
        assert_eq!(a, stems);
        assert_eq!((a.rank(), group(&[1]).rank()), (Some(2), None));
        assert_eq!(a.compare(&group(&[4, 1, 5])), Comparison::Ident);
        assert_eq!(a.compare(&group(&[5, 1, 4])), Comparison::Similar);
        assert_eq!(a.compare(&b), Comparison::Unequal);
        assert_eq!(a.compare(&group(&[4, 1])), Comparison::Unequal);
        assert_eq!(a.translate_ranks(&[0, PROC_NULL, 1], &b).unwrap(), [2, PROC_NULL, UNDEFINED]);
        assert_eq!(a.translate_ranks(&[3], &b).unwrap_err().class(), Class::Rank);
    }
}
