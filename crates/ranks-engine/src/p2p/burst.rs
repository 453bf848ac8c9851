//! Measuring long messages: one that is copied alone, or several that overlap.

use super::Core;
use super::ways::{Way, Ways};
use std::time::Instant;

/// Messages that overlap, from the match of the first to the end of the last.
pub(crate) struct Burst {
    since: Option<Instant>,
    from: usize,
    octave: usize,
    way: Way,
    bytes: u64,
    /// All were alike, and nothing else was copied meanwhile.
    clean: bool,
    /// Nothing else begins before it is over.
    pub trial: bool,
}

impl Burst {
    pub fn new() -> Self {
        Self { since: None, from: 0, octave: 0, way: Way::Alone, bytes: 0, clean: false, trial: false }
    }
}

impl Core {
    /// Messages are being copied that take more than one call.
    pub fn is_copying(&self) -> bool {
        !self.streams.is_empty() || !self.sharing.is_empty()
    }

    /// A message is about to be copied.
    pub fn begin_copy(&mut self, from: usize, len: u64, way: Way, trial: bool) {
        let octave = Ways::octave(len);
        let copying = self.is_copying();
        let burst = &mut self.burst;
        if copying {
            burst.clean &= (from, octave, way) == (burst.from, burst.octave, burst.way);
            burst.bytes += len;
        } else {
            *burst = Burst { since: Some(Instant::now()), from, octave, way, bytes: len, clean: true, trial };
        }
    }

    /// What is being copied is not to be measured.
    pub fn spoil_burst(&mut self) {
        self.burst.clean = false;
    }

    /// A message was copied: if no other is being copied, the measurement is complete.
    pub fn end_burst(&mut self) {
        if self.is_copying() {
            return;
        }
        self.burst.trial = false;
        let Some(since) = self.burst.since.take() else { return };
        if !self.burst.clean || self.burst.bytes == 0 {
            return;
        }
        let (from, octave) = (self.burst.from, self.burst.octave);
        let cost = since.elapsed().as_nanos() as f32 / self.burst.bytes as f32;
        self.ways.choice(from, octave).note(self.burst.way, cost);
        if 1usize << Ways::SMALLEST << octave <= self.eager_most && self.ways.prescribed.is_none() {
            let longest = self.ways.longest_by_ring(from, self.eager, self.eager_most);
            self.unmatched.permit(from, longest);
        }
    }
}
