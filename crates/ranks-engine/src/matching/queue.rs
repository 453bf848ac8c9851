//! A queue of posted receives, or of messages that no receive has matched yet, in the order of their numbers.
//!
//! A queue is a list that is searched from its front. Messages usually come in the order of their receives, so the search
//! ends at once, however long the list is. A search that goes far gives the queue an index by tag, so that a program with
//! thousands of pending receives, each with a tag of its own, pays for one of them what it pays when it is alone.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::BuildHasherDefault;

use super::Spread;

/// A search that goes beyond this gives the queue an index: to look at so many entries costs about as much as the index.
const LONG: usize = 32;

/// An indexed queue that shrinks to this becomes a list again. It is well below [`LONG`], so that a queue of about that
/// length does not change all the time.
const SHORT: usize = 8;

/// An entry of a queue: its number, its tag (`None`: any), and what it stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub number: u64,
    pub tag: Option<i32>,
    pub id: u32,
}

/// An entry that was found, and its place if the queue is a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub entry: Entry,
    place: usize,
}

pub(super) enum Queue {
    List(VecDeque<Entry>),
    Indexed(Box<Indexed>),
}

#[derive(Default)]
pub(super) struct Indexed {
    entries: BTreeMap<u64, Entry>,
    /// For each tag the numbers of its entries, in order.
    by_tag: HashMap<Option<i32>, VecDeque<u64>, BuildHasherDefault<Spread>>,
}

impl Indexed {
    fn insert(&mut self, entry: Entry) {
        self.entries.insert(entry.number, entry);
        let numbers = self.by_tag.entry(entry.tag).or_default();
        match numbers.back() {
            Some(&last) if last > entry.number => {
                numbers.insert(numbers.partition_point(|&other| other < entry.number), entry.number);
            }
            _ => numbers.push_back(entry.number),
        }
    }

    fn remove(&mut self, entry: Entry) {
        self.entries.remove(&entry.number);
        let Some(numbers) = self.by_tag.get_mut(&entry.tag) else { return };
        if let Ok(at) = numbers.binary_search(&entry.number) {
            numbers.remove(at);
        }
        if numbers.is_empty() {
            self.by_tag.remove(&entry.tag);
        }
    }

    /// The first entry with exactly this tag, or with the wildcard for `None`.
    fn first_with(&self, tag: Option<i32>) -> Option<Entry> {
        let number = self.by_tag.get(&tag)?.front()?;
        self.entries.get(number).copied()
    }
}

impl Default for Queue {
    fn default() -> Self {
        Queue::List(VecDeque::new())
    }
}

impl Queue {
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        match self {
            Queue::List(list) => list.is_empty(),
            // An index is given up before the queue is empty.
            Queue::Indexed(_) => false,
        }
    }

    /// Adds an entry whose number is the highest.
    #[inline(always)]
    pub fn push(&mut self, entry: Entry) {
        match self {
            Queue::List(list) => list.push_back(entry),
            Queue::Indexed(indexed) => indexed.insert(entry),
        }
    }

    /// Adds an entry at its place. Its number is usually the highest.
    pub fn insert(&mut self, entry: Entry) {
        match self {
            Queue::List(list) => match list.back() {
                Some(last) if last.number > entry.number => {
                    let at = list.partition_point(|other| other.number < entry.number);
                    list.insert(at, entry);
                }
                _ => list.push_back(entry),
            },
            Queue::Indexed(indexed) => indexed.insert(entry),
        }
    }

    #[cold]
    fn make_index(&mut self) {
        let mut indexed = Box::<Indexed>::default();
        self.iter().for_each(|entry| indexed.insert(entry));
        *self = Queue::Indexed(indexed);
    }

    /// Takes the front of a list out if it fits a message with this tag. A long queue is not asked.
    #[inline(always)]
    pub fn take_front_for(&mut self, tag: i32) -> Option<Entry> {
        let Queue::List(list) = self else { return None };
        list.front().filter(|entry| entry.tag.is_none_or(|wanted| wanted == tag))?;
        list.pop_front()
    }

    /// The first receive that a message with this tag fits.
    pub fn first_for_message(&mut self, tag: i32) -> Option<Found> {
        match self.searched(|entry| entry.tag.is_none_or(|wanted| wanted == tag)) {
            Ok(found) => found,
            Err(indexed) => {
                let both = [indexed.first_with(Some(tag)), indexed.first_with(None)];
                let first = both.into_iter().flatten().min_by_key(|entry| entry.number);
                first.map(|entry| Found { entry, place: 0 })
            }
        }
    }

    /// The first message that a receive with this tag, or with any tag, can take.
    pub fn first_for_receive(&mut self, tag: Option<i32>) -> Option<Found> {
        match (self.searched(|entry| tag.is_none() || entry.tag == tag), tag) {
            (Ok(found), _) => found,
            (Err(indexed), Some(_)) => indexed.first_with(tag).map(|entry| Found { entry, place: 0 }),
            (Err(indexed), None) => {
                indexed.entries.first_key_value().map(|(_, &entry)| Found { entry, place: 0 })
            }
        }
    }

    /// What a search of the list finds. If the queue has an index, or gets one because the search went far: the index.
    #[inline]
    fn searched(&mut self, wanted: impl Fn(&Entry) -> bool) -> Result<Option<Found>, &Indexed> {
        if let Queue::List(list) = self {
            let found = found(list, wanted);
            let looked_at = found.map_or(list.len(), |found| found.place);
            if looked_at <= LONG {
                return Ok(found);
            }
            self.make_index();
        }
        match self {
            Queue::Indexed(indexed) => Err(indexed),
            Queue::List(_) => Ok(None),
        }
    }

    /// The entry with this tag that stands for `id`.
    pub fn find_id(&self, tag: Option<i32>, id: u32) -> Option<Found> {
        match self {
            Queue::List(list) => found(list, |entry| entry.id == id),
            Queue::Indexed(indexed) => {
                let numbers = indexed.by_tag.get(&tag)?.iter();
                let mut entries = numbers.filter_map(|number| indexed.entries.get(number));
                entries.find(|entry| entry.id == id).map(|&entry| Found { entry, place: 0 })
            }
        }
    }

    /// Takes out an entry that was found just now.
    pub fn take(&mut self, found: Found) {
        match self {
            Queue::List(list) if found.place == 0 => drop(list.pop_front()),
            Queue::List(list) => drop(list.remove(found.place)),
            Queue::Indexed(indexed) => {
                indexed.remove(found.entry);
                if indexed.entries.len() <= SHORT {
                    *self = Queue::List(std::mem::take(&mut indexed.entries).into_values().collect());
                }
            }
        }
    }

    /// All entries in order.
    pub fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        let (list, indexed) = match self {
            Queue::List(list) => (Some(list), None),
            Queue::Indexed(indexed) => (None, Some(&indexed.entries)),
        };
        list.into_iter().flatten().chain(indexed.into_iter().flat_map(BTreeMap::values)).copied()
    }
}

fn found(list: &VecDeque<Entry>, wanted: impl Fn(&Entry) -> bool) -> Option<Found> {
    let place = list.iter().position(wanted)?;
    Some(Found { entry: list[place], place })
}
