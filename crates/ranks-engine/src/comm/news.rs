//! What the ranks of a new communicator must know alike, as words.

use crate::group::Comm;
use crate::p2p::Engine;
use crate::transport::Transport;
use std::sync::Arc;

/// The content of a message.
pub(super) type Words = Vec<u32>;

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

    pub fn rest(self) -> Words {
        self.0.copied().collect()
    }
}

impl<T: Transport> Engine<T> {
    /// A fresh context.
    pub(super) fn take_context(&self) -> u32 {
        self.transport.segment().take_contexts(1)
    }

    /// A fresh context and, if one is left, an area for a communicator of so many ranks.
    pub(super) fn take_news(&self, ranks: usize) -> Words {
        let area = if ranks > 1 { self.transport.segment().take_area(ranks as u32) } else { None };
        vec![self.take_context(), area.map_or(NO_AREA, |area| area as u32)]
    }

    /// News of a communicator of these ranks.
    pub(super) fn news_of(&self, slots: &[u32]) -> Words {
        [self.take_news(slots.len()).as_slice(), slots].concat()
    }

    /// The communicator that [`Self::news_of`] was about.
    pub(super) fn found(&self, news: &[u32]) -> Comm {
        let mut news = Reader::new(news);
        let (context, area) = (news.next(), area(news.next()));
        Comm::new(context, news.rest(), self.core.ranks, self.core.me, area)
    }

    /// News of an intercommunicator, for the ranks of `local`.
    pub(super) fn news_between(&self, context: u32, local: &[u32], remote: &[u32]) -> Words {
        let head = [context, local.len() as u32];
        [head.as_slice(), local, &self.take_news(local.len()), remote].concat()
    }

    /// The intercommunicator that [`Self::news_between`] was about.
    pub(super) fn found_between(&self, news: &[u32]) -> Comm {
        let mut news = Reader::new(news);
        let (context, ranks) = (news.next(), news.next());
        let local = news.take(ranks as usize);
        let (own, area) = (news.next(), area(news.next()));
        let local = Comm::new(own, local, self.core.ranks, self.core.me, area);
        Comm::between(context, Arc::new(local), news.rest(), self.core.ranks)
    }
}

/// An area as a word.
pub(super) fn area(word: u32) -> Option<usize> {
    (word != NO_AREA).then_some(word as usize)
}
