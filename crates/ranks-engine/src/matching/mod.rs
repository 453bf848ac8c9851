//! Which message goes to which receive: MPI 5.0 section 3.5, as a pure state machine.
//!
//! Per context and source there is a queue of posted receives and one of unexpected messages; receives
//! from any source have a queue of their own. Numbers in order of posting decide between a specific
//! receive and a wildcard, numbers in order of arrival between messages of different sources. No
//! clock, no atomics, no input or output: every case can be tried in a test.

mod queue;
#[cfg(test)]
mod tests;

use queue::{Entry, Found, Queue};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

#[derive(Default)]
struct Queues {
    posted: Vec<Queue>,
    posted_any: Queue,
    unexpected: Vec<Queue>,
    posted_count: usize,
    unexpected_count: usize,
    /// The communicator was freed: the queues go with the last receive or message in them.
    closed: bool,
}

impl Queues {
    /// The first unexpected message that fits, and its source.
    fn first_unexpected(&mut self, source: Option<usize>, tag: Option<i32>) -> Option<(usize, Found)> {
        if let Some(source) = source {
            return Some((source, self.unexpected[source].first_for_receive(tag)?));
        }
        let all = self.unexpected.iter_mut().enumerate();
        let first = all.filter_map(|(source, queue)| Some((source, queue.first_for_receive(tag)?)));
        first.min_by_key(|(_, found)| found.entry.number)
    }
}

/// Context ids and tags are small and dense: one multiplication spreads them well enough.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u32(u32::from(byte));
        }
    }
    fn write_u32(&mut self, word: u32) {
        self.0 = (self.0 ^ u64::from(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// The queues of one rank.
pub struct Matcher {
    ranks: usize,
    world: Queues,
    others: HashMap<u32, Queues, BuildHasherDefault<Spread>>,
    next: u64,
}

impl Matcher {
    /// Empty queues for messages from `ranks` sources.
    pub fn new(ranks: usize) -> Self {
        Self { ranks, world: Queues::default(), others: HashMap::default(), next: 0 }
    }

    /// There are more sources from now on.
    pub fn grow(&mut self, ranks: usize) {
        self.ranks = ranks;
        for queues in std::iter::once(&mut self.world).chain(self.others.values_mut()) {
            if !queues.posted.is_empty() {
                queues.posted.resize_with(ranks, Queue::default);
                queues.unexpected.resize_with(ranks, Queue::default);
            }
        }
    }

    #[inline(always)]
    fn queues(&mut self, context: u32) -> &mut Queues {
        let ranks = self.ranks;
        let queues = if context == 0 { &mut self.world } else { self.others.entry(context).or_default() };
        if queues.posted.is_empty() {
            queues.posted.resize_with(ranks, Queue::default);
            queues.unexpected.resize_with(ranks, Queue::default);
        }
        queues
    }

    /// True when nothing waits in this context on either side: a message that arrives next can be
    /// given to a receive made now without asking the queues.
    #[inline(always)]
    pub fn idle(&mut self, context: u32) -> bool {
        let queues = self.queues(context);
        queues.posted_count == 0 && queues.unexpected_count == 0
    }

    /// The first unexpected message that fits, if any: its source and id. It stays where it is.
    pub fn find(&mut self, context: u32, source: Option<usize>, tag: Option<i32>) -> Option<(usize, u32)> {
        let queues = self.queues(context);
        if queues.unexpected_count == 0 {
            return None;
        }
        let (source, found) = queues.first_unexpected(source, tag)?;
        Some((source, found.entry.id))
    }

    /// Takes an unexpected message with this tag, which [`Self::find`] found, out of its queue.
    pub fn remove(&mut self, context: u32, source: usize, tag: i32, id: u32) {
        let queues = self.queues(context);
        if let Some(found) = queues.unexpected[source].find_id(Some(tag), id) {
            queues.unexpected[source].take(found);
            queues.unexpected_count -= 1;
        }
        if queues.closed {
            self.forget(context);
        }
    }

    /// Posts a receive. When an unexpected message fits it is taken out and given back instead.
    pub fn post(
        &mut self,
        context: u32,
        source: Option<usize>,
        tag: Option<i32>,
        request: u32,
    ) -> Option<u32> {
        let number = self.next;
        self.next += 1;
        let queues = self.queues(context);
        if queues.unexpected_count > 0
            && let Some((from, found)) = queues.first_unexpected(source, tag)
        {
            queues.unexpected[from].take(found);
            queues.unexpected_count -= 1;
            if queues.closed {
                self.forget(context);
            }
            return Some(found.entry.id);
        }
        queues.posted_count += 1;
        let entry = Entry { number, tag, id: request };
        match source {
            Some(source) => queues.posted[source].push(entry),
            None => queues.posted_any.push(entry),
        }
        None
    }

    /// The number of a message that arrives now: later ones have higher numbers.
    #[inline(always)]
    pub fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// A message arrives: the receive it belongs to, taken out, or `None` when it is unexpected.
    pub fn arrive(&mut self, context: u32, source: usize, tag: i32) -> Option<u32> {
        let queues = self.queues(context);
        if queues.posted_count == 0 {
            return None;
        }
        // The usual case: messages come as their receives were posted, none of them from any source.
        if queues.posted_any.is_empty()
            && !queues.closed
            && let Some(first) = queues.posted[source].take_front_for(tag)
        {
            queues.posted_count -= 1;
            return Some(first.id);
        }
        let specific = queues.posted[source].first_for_message(tag);
        let any = queues.posted_any.first_for_message(tag);
        let number = |found: Option<Found>| found.map_or(u64::MAX, |found| found.entry.number);
        let first_any = number(any) < number(specific);
        let (queue, found) =
            if first_any { (&mut queues.posted_any, any?) } else { (&mut queues.posted[source], specific?) };
        queue.take(found);
        queues.posted_count -= 1;
        let id = Some(found.entry.id);
        if queues.closed {
            self.forget(context);
        }
        id
    }

    /// Keeps a message that [`Self::arrive`] found no receive for. Its number decides its place among the others: one
    /// that a receive has given back has a number of earlier.
    pub fn keep(&mut self, context: u32, source: usize, tag: i32, id: u32, number: u64) {
        let queues = self.queues(context);
        queues.unexpected_count += 1;
        queues.unexpected[source].insert(Entry { number, tag: Some(tag), id });
    }

    /// Takes a posted receive with this tag back; false when it was not posted (any more).
    pub fn withdraw(&mut self, context: u32, source: Option<usize>, tag: Option<i32>, request: u32) -> bool {
        let queues = self.queues(context);
        let queue = match source {
            Some(source) => &mut queues.posted[source],
            None => &mut queues.posted_any,
        };
        let found = queue.find_id(tag, request);
        if let Some(found) = found {
            queue.take(found);
            queues.posted_count -= 1;
        }
        let found = found.is_some();
        if queues.closed {
            self.forget(context);
        }
        found
    }

    /// Receives posted for one source in any context.
    pub fn posted_from(&self, source: usize) -> Vec<u32> {
        std::iter::once(&self.world)
            .chain(self.others.values())
            .filter_map(|queues| queues.posted.get(source))
            .flat_map(|queue| queue.iter().map(|entry| entry.id))
            .collect()
    }

    /// Drops the queues of a context for which nothing new will be posted; once they are empty.
    pub fn forget(&mut self, context: u32) {
        let Some(queues) = self.others.get_mut(&context) else { return };
        queues.closed = true;
        if queues.posted_count == 0 && queues.unexpected_count == 0 {
            self.others.remove(&context);
        }
    }

    /// Contexts that have queues.
    pub fn contexts(&self) -> usize {
        1 + self.others.len()
    }

    /// Unexpected messages kept, over all contexts.
    pub fn unexpected(&self) -> usize {
        self.world.unexpected_count + self.others.values().map(|q| q.unexpected_count).sum::<usize>()
    }
}
