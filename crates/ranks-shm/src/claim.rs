//! How the two sides of a long message share its copying.
//!
//! The receiver starts a transfer, tells the sender its number and generation, and copies pieces from
//! the front; the sender, whenever it is inside the library, copies pieces from the back. A piece is
//! taken by compare-exchange, one at a time, so a sender that comes late or never costs nothing.
//!
//! `claim` is `generation << 40 | front << 20 | back`. The generation lets a sender that looks after
//! the receiver has finished, and perhaps begun another message in the same place, find out: its
//! compare-exchange cannot succeed. `done` counts copied pieces; the top bit says that a side failed.
//! The receiver reuses a transfer only when all pieces are done, so nobody is inside it then.

use crate::layout::Transfer;
use crate::primitive::Ordering::{AcqRel, Acquire, Relaxed, Release};

const FRONT: u64 = 1 << 20;
const MASK: u64 = FRONT - 1;
const FAILED: u64 = 1 << 63;

/// The most pieces of one message.
pub const MAX_PIECES: u64 = MASK;

impl Transfer {
    /// Receiver: begins a message; returns its generation.
    pub fn begin(&self) -> u64 {
        let generation = ((self.claim.load(Relaxed) >> 40) + 1) & 0xff_ffff;
        self.done.store(0, Relaxed);
        // Release: whoever takes a piece of this generation also sees `done` as 0.
        self.claim.store(generation << 40, Release);
        generation
    }

    /// Takes the next piece from the front (the receiver) or from the back (the sender), of `pieces`.
    pub fn take(&self, generation: u64, pieces: u64, front: bool) -> Option<u64> {
        let mut now = self.claim.load(Acquire);
        loop {
            let (taken_front, taken_back) = (now >> 20 & MASK, now & MASK);
            if now >> 40 != generation || taken_front + taken_back >= pieces {
                return None;
            }
            let step = if front { FRONT } else { 1 };
            match self.claim.compare_exchange(now, now + step, AcqRel, Acquire) {
                Ok(_) if front => return Some(taken_front),
                Ok(_) => return Some(pieces - 1 - taken_back),
                Err(other) => now = other,
            }
        }
    }

    /// Takes pieces from the back: the first of them and how many they are. At most `most`, and no more than half of
    /// those that are left, rounded up; with [`MAX_PIECES`] all that are left.
    pub fn take_back(&self, generation: u64, pieces: u64, most: u64) -> Option<(u64, u64)> {
        let mut now = self.claim.load(Acquire);
        loop {
            let taken = (now >> 20 & MASK) + (now & MASK);
            if now >> 40 != generation || taken >= pieces {
                return None;
            }
            let count = match most {
                MAX_PIECES.. => pieces - taken,
                most => most.min((pieces - taken).div_ceil(2)),
            };
            match self.claim.compare_exchange(now, now + count, AcqRel, Acquire) {
                Ok(_) => return Some((pieces - (now & MASK) - count, count)),
                Err(other) => now = other,
            }
        }
    }

    /// Says that a piece was copied, or could not be.
    pub fn finish(&self, copied: bool) {
        // Release: the bytes of the piece are there for whoever sees the count.
        self.done.fetch_add(1, AcqRel);
        if !copied {
            self.done.fetch_or(FAILED, AcqRel);
        }
    }

    /// Receiver: `Some(true)` when all pieces were copied, `Some(false)` when all are done but one failed.
    pub fn complete(&self, pieces: u64) -> Option<bool> {
        let done = self.done.load(Acquire);
        (done & !FAILED == pieces).then_some(done & FAILED == 0)
    }
}

/// Pieces of a message of `len` bytes, and the bytes of each but the last.
pub fn pieces(len: u64) -> (u64, u64) {
    let mut piece = crate::bounds::PIECE as u64;
    if len < 2 * piece {
        // Half the message each, on a page boundary: a page is pinned whole by the kernel.
        piece = (len / 2).next_multiple_of(4096).max(4096);
    }
    while len.div_ceil(piece) > MAX_PIECES {
        piece *= 2;
    }
    (len.div_ceil(piece), piece)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_the_message() {
        for len in [1u64, 4096, 8192, 20_000, 65_536, 524_287, 524_288, 1 << 20, 3 << 30, 1 << 40] {
            let (count, piece) = pieces(len);
            assert!(count <= MAX_PIECES && (count - 1) * piece < len && count * piece >= len, "{len}");
        }
    }

    #[test]
    fn several_pieces_are_taken_from_the_back() {
        // SAFETY: all-zero is a valid Transfer.
        let t: Transfer = unsafe { std::mem::zeroed() };
        let generation = t.begin();
        assert_eq!(t.take_back(generation, 10, 2), Some((8, 2)));
        assert_eq!(t.take(generation, 10, true), Some(0));
        assert_eq!(t.take_back(generation, 10, 100), Some((4, 4)), "half of what is left");
        assert_eq!(t.take_back(generation, 10, MAX_PIECES), Some((1, 3)), "all");
        assert_eq!(t.take_back(generation, 10, MAX_PIECES), None);
        assert_eq!(t.take(generation, 10, true), None);
        let next = t.begin();
        assert_eq!(t.take_back(generation, 10, 1), None);
        assert_eq!(t.take_back(next, 1, 5), Some((0, 1)), "the last one whole");
    }

    #[test]
    fn each_piece_once_and_stale_generations_get_none() {
        // SAFETY: all-zero is a valid Transfer.
        let t: Transfer = unsafe { std::mem::zeroed() };
        let old = t.begin();
        let generation = t.begin();
        assert_eq!(t.take(old, 3, false), None);
        let mut got = vec![
            t.take(generation, 3, true).unwrap(),
            t.take(generation, 3, false).unwrap(),
            t.take(generation, 3, true).unwrap(),
        ];
        assert_eq!(t.take(generation, 3, true), None);
        got.sort_unstable();
        assert_eq!(got, [0, 1, 2]);
        t.finish(true);
        t.finish(true);
        assert_eq!(t.complete(3), None);
        t.finish(false);
        assert_eq!(t.complete(3), Some(false));
    }
}
