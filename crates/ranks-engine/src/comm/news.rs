//! What the ranks of a new communicator must know alike, as words.

use crate::error::{Class, Result};
use crate::group::Comm;
use crate::p2p::Engine;
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use std::sync::Arc;

/// The content of a message.
pub(crate) type Words = Vec<u32>;

/// No shared area was left.
const NO_AREA: u32 = u32::MAX;

pub(super) fn to_bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

pub(super) fn from_bytes(bytes: &[u8]) -> Words {
    bytes.chunks_exact(4).map(|c| u32::from_le_bytes([c[0], c[1], c[2], c[3]])).collect()
}

/// Numbers as words.
pub(super) fn words(numbers: &[i32]) -> impl Iterator<Item = u32> + '_ {
    numbers.iter().map(|&number| number as u32)
}

/// Words read one after the other; what is not there is 0, which only a damaged message lacks.
pub(super) struct Reader<'w>(std::slice::Iter<'w, u32>);

impl<'w> Reader<'w> {
    pub fn new(words: &'w [u32]) -> Self {
        Self(words.iter())
    }

    pub fn next(&mut self) -> u32 {
        self.0.next().copied().unwrap_or(0)
    }

    pub fn take(&mut self, count: usize) -> Words {
        self.0.by_ref().take(count).copied().collect()
    }

    pub fn numbers(&mut self, count: usize) -> Vec<i32> {
        self.0.by_ref().take(count).map(|&word| word as i32).collect()
    }
}

/// The context of a communicator at the ranks of each job that has ranks in it: the job's nonce, and the context there.
pub(super) type Contexts = Vec<(u64, u32)>;

/// The number by which ranks of several jobs know a communicator that has this context at this job.
pub(crate) fn contexts_key(nonce: u64, context: u32) -> u64 {
    nonce ^ u64::from(context) << 32
}

fn contexts_to_words(contexts: &Contexts) -> Words {
    let each = contexts.iter().flat_map(|&(nonce, context)| [nonce as u32, (nonce >> 32) as u32, context]);
    std::iter::once(contexts.len() as u32).chain(each).collect()
}

impl Reader<'_> {
    pub fn contexts(&mut self) -> Contexts {
        let count = self.next();
        let mut each = || (u64::from(self.next()) | u64::from(self.next()) << 32, self.next());
        // Only a damaged message names more jobs than it has words.
        (0..count.min(1 << 16)).map(|_| each()).collect()
    }
}

impl<T: Transport> Engine<T> {
    /// Fresh contexts for a communicator of these ranks, from each of their jobs.
    pub(super) fn take_contexts(&self, slots: &[u32]) -> Contexts {
        let mut contexts = Contexts::new();
        for &slot in slots {
            let (home, _) = self.transport.home(slot as usize);
            if contexts.iter().all(|&(nonce, _)| nonce != home.nonce()) {
                contexts.push((home.nonce(), home.take_contexts(1)));
            }
        }
        contexts
    }

    /// Fresh contexts and, if one is left and all ranks are of one job, an area for a communicator of these ranks.
    pub(super) fn take_news(&self, slots: &[u32]) -> Words {
        let contexts = self.take_contexts(slots);
        let home = slots.first().map(|&slot| self.transport.home(slot as usize).0);
        let area = home.filter(|_| slots.len() > 1 && contexts.len() == 1);
        let area = area.and_then(|home| home.take_area(slots.len() as u32));
        [&[area.map_or(NO_AREA, |area| area as u32)], &contexts_to_words(&contexts)[..]].concat()
    }

    /// The contexts of [`Self::take_contexts`] as words.
    pub(super) fn words_of(&self, contexts: &Contexts) -> Words {
        contexts_to_words(contexts)
    }

    /// Ranks as all jobs understand them.
    pub(super) fn words_of_ranks(&self, slots: &[u32]) -> Words {
        let mut words = vec![slots.len() as u32];
        for &slot in slots {
            let (nonce, rank) = self.identity(slot as usize);
            words.extend([nonce as u32, (nonce >> 32) as u32, rank as u32]);
        }
        words
    }

    /// What [`Self::words_of_ranks`] has written, as peers of this rank. `near` came by the same bridge.
    pub(super) fn read_ranks(&self, call: Call, news: &mut Reader<'_>, near: Option<usize>) -> Result<Words> {
        let count = news.next();
        let mut slots = Words::new();
        for _ in 0..count.min(1 << 20) {
            let (nonce, rank) = (u64::from(news.next()) | u64::from(news.next()) << 32, news.next());
            let Some(peer) = self.transport.peer_of(nonce, rank as usize, near) else {
                let detail = format!(
                    "rank {rank} of another job has never met this rank: connect the two jobs by a port, or a spawn, first"
                );
                return Err(self.error(Class::Comm, call, detail));
            };
            slots.push(peer as u32);
        }
        Ok(slots)
    }

    /// This rank's context among those of a communicator of these ranks, and the number that all ranks know it by. From now
    /// on messages to ranks of other jobs carry the contexts that these have.
    pub(super) fn settle_contexts(&mut self, contexts: &Contexts, slots: &[u32]) -> (u32, u64) {
        let own = self.transport.segment().nonce();
        let at =
            |nonce: u64| contexts.iter().find(|&&(of, _)| of == nonce).map_or(0, |&(_, context)| context);
        let ours = at(own);
        for &slot in slots.iter().filter(|&&slot| slot as usize >= self.core.world) {
            let theirs = at(self.transport.home(slot as usize).0.nonce());
            self.transport.translate(slot as usize, ours, theirs);
        }
        let key = match contexts[..] {
            [(first, context), _, ..] => contexts_key(first, context),
            _ => ours.into(),
        };
        (ours, key)
    }

    /// News of a communicator of these ranks.
    pub(super) fn news_of(&self, slots: &[u32]) -> Words {
        [self.take_news(slots), self.words_of_ranks(slots)].concat()
    }

    /// The communicator that [`Self::news_of`] was about.
    pub(super) fn found(&mut self, call: Call, news: &[u32], near: Option<usize>) -> Result<Comm> {
        let mut news = Reader::new(news);
        let (area, contexts) = (area(news.next()), news.contexts());
        let slots = self.read_ranks(call, &mut news, near)?;
        let (context, key) = self.settle_contexts(&contexts, &slots);
        Ok(Comm::new(context, slots, self.core.ranks, self.core.me, area).known_as(key))
    }

    /// News of an intercommunicator, for the ranks of `local`.
    pub(super) fn news_between(&self, contexts: &Contexts, local: &[u32], remote: &[u32]) -> Words {
        let (ours, theirs) = (self.words_of_ranks(local), self.words_of_ranks(remote));
        [contexts_to_words(contexts), ours, self.take_news(local), theirs].concat()
    }

    /// The intercommunicator that [`Self::news_between`] was about.
    pub(crate) fn found_between(&mut self, call: Call, news: &[u32], near: Option<usize>) -> Result<Comm> {
        let mut news = Reader::new(news);
        let contexts = news.contexts();
        let local = self.read_ranks(call, &mut news, near)?;
        let (area, own) = (area(news.next()), news.contexts());
        let remote = self.read_ranks(call, &mut news, near)?;
        let (own, local_key) = self.settle_contexts(&own, &local);
        let (context, key) = self.settle_contexts(&contexts, &[&local[..], &remote].concat());
        let local = Comm::new(own, local, self.core.ranks, self.core.me, area).known_as(local_key);
        Ok(Comm::between(context, Arc::new(local), remote, self.core.ranks).known_as(key))
    }

    /// A peer of another job among the ranks of a communicator, if there is one.
    pub(super) fn near(&self, comm: &Comm) -> Option<usize> {
        comm.slots().chain(comm.own().slots()).find(|&slot| slot >= self.core.world)
    }
}

/// An area as a word.
pub(super) fn area(word: u32) -> Option<usize> {
    (word != NO_AREA).then_some(word as usize)
}
