//! Groups: ordered sets of ranks. MPI 5.0 section 7.3.

use crate::abi::{Abi, Handle, Ref, builtin};
use crate::argument::{In, Out};
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use ranks_engine::{CommId, PROC_NULL, UNDEFINED};
use std::ffi::c_int;

/// The members of a group, as ranks of world.
pub type Members = Vec<c_int>;

/// The members of a group's handle.
pub fn find<A: Abi>(group: A::Group) -> Result<Members> {
    match group.decode() {
        Ref::Builtin(_) => Ok(Members::new()),
        Ref::Dynamic(key) => global::with(|process| process.groups.get(key).cloned())
            .ok_or_else(|| Failure::new(class::GROUP, "no such group: it was freed, or never made")),
        Ref::Null => Err(Failure::new(class::GROUP, "the group is MPI_GROUP_NULL")),
        Ref::Invalid => Err(Failure::new(class::GROUP, format!("{:#x} is no group", group.to_int()))),
    }
}

/// A handle for members.
pub fn make<A: Abi>(members: Members) -> Result<A::Group> {
    if members.is_empty() {
        return Ok(A::Group::encode(Ref::Builtin(builtin::EMPTY_GROUP)));
    }
    let key = global::with(|process| process.groups.insert(members));
    let key = key.ok_or_else(|| Failure::new(class::NO_MEM, "too many groups"))?;
    Ok(A::Group::encode(Ref::Dynamic(key)))
}

/// The members of a communicator.
pub fn of_comm(comm: CommId) -> Result<Members> {
    global::with(|process| {
        let size = process.engine.comm_size(comm)?;
        (0..size).map(|rank| Ok(process.engine.comm_world_rank_of(comm, rank)?)).collect()
    })
}

/// The same members, in whatever order.
pub fn same_members(a: &[c_int], b: &[c_int]) -> bool {
    a.len() == b.len() && a.iter().all(|member| b.contains(member))
}

/// `MPI_Group_size`.
pub fn size<A: Abi>(_: &Call<A>, group: A::Group, size: Out<c_int>) -> Result<()> {
    size.set(find::<A>(group)?.len() as c_int)
}

/// `MPI_Group_rank`.
pub fn rank<A: Abi>(_: &Call<A>, group: A::Group, rank: Out<c_int>) -> Result<()> {
    let me = global::with(|process| process.engine.rank()) as c_int;
    let place = find::<A>(group)?.iter().position(|&member| member == me);
    rank.set(place.map_or(UNDEFINED, |place| place as c_int))
}

/// `MPI_Group_free`.
pub fn free<A: Abi>(_: &Call<A>, group: Out<A::Group>) -> Result<()> {
    find::<A>(group.get()?)?;
    if let Ref::Dynamic(key) = group.get()?.decode() {
        global::with(|process| process.groups.remove(key));
    }
    group.set(A::Group::NULL)
}

/// `MPI_Group_compare`.
pub fn compare<A: Abi>(_: &Call<A>, a: A::Group, b: A::Group, result: Out<c_int>) -> Result<()> {
    let (a, b) = (find::<A>(a)?, find::<A>(b)?);
    let [ident, _, similar, unequal] = A::COMPARED;
    result.set(match a == b {
        true => ident,
        false if same_members(&a, &b) => similar,
        false => unequal,
    })
}

/// `MPI_Group_translate_ranks`.
pub fn translate<A: Abi>(
    _: &Call<A>,
    from: A::Group,
    count: c_int,
    ranks: In<c_int>,
    to: A::Group,
    out: Out<c_int>,
) -> Result<()> {
    let (from, to) = (find::<A>(from)?, find::<A>(to)?);
    for (at, &rank) in ranks.slice(count)?.iter().enumerate() {
        let translated = if A::rank_in(rank) == PROC_NULL {
            rank
        } else {
            let member = from[place(&from, rank)?];
            to.iter().position(|&other| other == member).map_or(UNDEFINED, |place| place as c_int)
        };
        out.element(at)?.set(translated)?;
    }
    Ok(())
}

fn place(members: &[c_int], rank: c_int) -> Result<usize> {
    usize::try_from(rank).ok().filter(|&place| place < members.len()).ok_or_else(|| {
        Failure::new(class::RANK, format!("rank {rank} does not exist: the group has {}", members.len()))
    })
}

/// `MPI_Group_union`.
pub fn union<A: Abi>(_: &Call<A>, a: A::Group, b: A::Group, new: Out<A::Group>) -> Result<()> {
    let (mut a, b) = (find::<A>(a)?, find::<A>(b)?);
    let more: Members = b.into_iter().filter(|member| !a.contains(member)).collect();
    a.extend(more);
    new.set(make::<A>(a)?)
}

/// `MPI_Group_intersection`.
pub fn intersection<A: Abi>(_: &Call<A>, a: A::Group, b: A::Group, new: Out<A::Group>) -> Result<()> {
    let (a, b) = (find::<A>(a)?, find::<A>(b)?);
    new.set(make::<A>(a.into_iter().filter(|member| b.contains(member)).collect())?)
}

/// `MPI_Group_difference`.
pub fn difference<A: Abi>(_: &Call<A>, a: A::Group, b: A::Group, new: Out<A::Group>) -> Result<()> {
    let (a, b) = (find::<A>(a)?, find::<A>(b)?);
    new.set(make::<A>(a.into_iter().filter(|member| !b.contains(member)).collect())?)
}

/// The places that a list of ranks names, each at most once.
fn places(members: &[c_int], ranks: impl Iterator<Item = c_int>) -> Result<Vec<usize>> {
    let mut places = Vec::new();
    for rank in ranks {
        let place = place(members, rank)?;
        if places.contains(&place) {
            return Err(Failure::new(class::RANK, format!("rank {rank} is named twice")));
        }
        places.push(place);
    }
    Ok(places)
}

/// The ranks of (first, last, stride) triplets.
fn spread(triplets: &[c_int]) -> Result<Vec<c_int>> {
    let mut ranks = Vec::new();
    for triplet in triplets.chunks_exact(3) {
        let (first, last, stride) = (triplet[0] as i64, triplet[1] as i64, triplet[2] as i64);
        if stride == 0 || first < 0 || last < 0 {
            return Err(Failure::new(class::ARG, format!("no range of ranks: {first}, {last}, {stride}")));
        }
        let mut rank = first;
        while if stride > 0 { rank <= last } else { rank >= last } {
            ranks.push(rank as c_int);
            rank += stride;
        }
    }
    Ok(ranks)
}

fn include<A: Abi>(group: A::Group, ranks: &[c_int], new: Out<A::Group>) -> Result<()> {
    let members = find::<A>(group)?;
    let places = places(&members, ranks.iter().copied())?;
    new.set(make::<A>(places.into_iter().map(|place| members[place]).collect())?)
}

fn exclude<A: Abi>(group: A::Group, ranks: &[c_int], new: Out<A::Group>) -> Result<()> {
    let members = find::<A>(group)?;
    let places = places(&members, ranks.iter().copied())?;
    let kept = members.iter().enumerate().filter(|(place, _)| !places.contains(place));
    new.set(make::<A>(kept.map(|(_, &member)| member).collect())?)
}

/// `MPI_Group_incl`.
pub fn incl<A: Abi>(
    _: &Call<A>,
    group: A::Group,
    count: c_int,
    ranks: In<c_int>,
    new: Out<A::Group>,
) -> Result<()> {
    include::<A>(group, ranks.slice(count)?, new)
}

/// `MPI_Group_excl`.
pub fn excl<A: Abi>(
    _: &Call<A>,
    group: A::Group,
    count: c_int,
    ranks: In<c_int>,
    new: Out<A::Group>,
) -> Result<()> {
    exclude::<A>(group, ranks.slice(count)?, new)
}

/// `MPI_Group_range_incl`.
pub fn range_incl<A: Abi>(
    _: &Call<A>,
    group: A::Group,
    count: c_int,
    ranges: Out<[c_int; 3]>,
    new: Out<A::Group>,
) -> Result<()> {
    include::<A>(group, &spread(&triplets(count, ranges)?)?, new)
}

/// `MPI_Group_range_excl`.
pub fn range_excl<A: Abi>(
    _: &Call<A>,
    group: A::Group,
    count: c_int,
    ranges: Out<[c_int; 3]>,
    new: Out<A::Group>,
) -> Result<()> {
    exclude::<A>(group, &spread(&triplets(count, ranges)?)?, new)
}

fn triplets(count: c_int, ranges: Out<[c_int; 3]>) -> Result<Vec<c_int>> {
    let mut all = Vec::new();
    for at in 0..crate::argument::length(count)? {
        all.extend(ranges.element(at)?.get()?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_run_both_ways() {
        assert_eq!(spread(&[0, 6, 2, 3, 1, -1]).unwrap(), [0, 2, 4, 6, 3, 2, 1]);
        assert_eq!(spread(&[3, 1, 1]).unwrap(), [0; 0]);
        assert_eq!(spread(&[0, 1, 0]).unwrap_err().class, class::ARG);
    }

    #[test]
    fn a_rank_is_named_once() {
        assert_eq!(places(&[5, 6, 7], [2, 0].into_iter()).unwrap(), [2, 0]);
        assert_eq!(places(&[5, 6, 7], [2, 2].into_iter()).unwrap_err().class, class::RANK);
        assert_eq!(places(&[5, 6, 7], [3].into_iter()).unwrap_err().class, class::RANK);
    }
}
