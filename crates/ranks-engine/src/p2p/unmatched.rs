//! How much memory messages may use that no receive has matched yet.
//!
//! A receiver that has measured that the ring is quicker lets a source send messages of up to some length before they
//! are matched. The bytes that wait are counted by source. When they exceed [`UNMATCHED`], the source is limited to
//! the usual eager threshold: it announces longer messages and keeps them itself. When half of the bytes are matched,
//! it may send as before. Messages within the usual threshold are not limited: programs rely on such sends to
//! complete without a receive, though MPI does not promise it.

use crate::bounds::UNMATCHED;

/// What waits from each source, and the limits that follow.
pub(crate) struct Unmatched {
    sources: Vec<Source>,
    /// Sources whose limit has changed and is to be told.
    news: Vec<usize>,
}

#[derive(Clone, Default)]
struct Source {
    bytes: u64,
    full: bool,
    /// The longest message that may come before it is matched, while it is not full; 0: the usual threshold.
    longest: usize,
}

impl Unmatched {
    pub fn new(ranks: usize) -> Self {
        Self { sources: vec![Source::default(); ranks], news: Vec::new() }
    }

    /// There are more sources from now on.
    pub fn grow(&mut self, ranks: usize) {
        self.sources.resize(ranks, Source::default());
    }

    /// A message of so many bytes on the heap is kept.
    pub fn add(&mut self, from: usize, bytes: u64) {
        let source = &mut self.sources[from];
        source.bytes = source.bytes.saturating_add(bytes);
        if source.bytes > UNMATCHED && !source.full {
            source.full = true;
            self.news.push(from);
        }
    }

    /// Bytes that wait from a source.
    pub fn bytes(&self, from: usize) -> u64 {
        self.sources[from].bytes
    }

    /// One is no longer kept.
    pub fn take(&mut self, from: usize, bytes: u64) {
        let source = &mut self.sources[from];
        source.bytes = source.bytes.saturating_sub(bytes);
        if source.full && source.bytes <= UNMATCHED / 2 {
            source.full = false;
            self.news.push(from);
        }
    }

    /// Lets a source send messages of up to so many bytes before they are matched.
    pub fn permit(&mut self, from: usize, longest: usize) {
        let source = &mut self.sources[from];
        if source.longest != longest {
            source.longest = longest;
            self.news.push(from);
        }
    }

    /// The next source whose limit is to be told, and the limit; `eager` is the usual threshold.
    #[inline(always)]
    pub fn next_news(&mut self, eager: usize) -> Option<(usize, usize)> {
        let from = self.news.pop()?;
        let source = &self.sources[from];
        Some((from, if source.full { eager } else { source.longest.max(eager) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_limited_until_half_is_matched() {
        let mut unmatched = Unmatched::new(3);
        unmatched.permit(2, 64);
        assert_eq!(unmatched.next_news(16), Some((2, 64)));
        unmatched.add(2, UNMATCHED);
        unmatched.permit(2, 64);
        assert_eq!(unmatched.next_news(16), None);
        unmatched.add(2, 1);
        assert_eq!(unmatched.next_news(16), Some((2, 16)));
        unmatched.add(1, UNMATCHED);
        unmatched.take(2, UNMATCHED / 2);
        assert_eq!(unmatched.next_news(16), None, "not yet, and each source counts for itself");
        unmatched.take(2, 1);
        assert_eq!(unmatched.next_news(16), Some((2, 64)));
        unmatched.permit(2, 0);
        assert_eq!(unmatched.next_news(16), Some((2, 16)));
        assert_eq!(unmatched.next_news(16), None);
    }

    #[test]
    fn a_damaged_length_does_no_harm() {
        let mut unmatched = Unmatched::new(1);
        unmatched.add(0, u64::MAX);
        unmatched.add(0, u64::MAX);
        unmatched.take(0, u64::MAX);
        unmatched.take(0, u64::MAX);
    }
}
