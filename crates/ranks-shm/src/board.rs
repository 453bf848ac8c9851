//! Boards: shared memory in which the ranks of a communicator lay down what a collective hands over.
//!
//! Each rank of a board has a post box that it alone writes and all others read: a few lines for short
//! messages (what they say and the bytes, in one cache line), two halves of a buffer for longer ones, and (on a
//! board of few ranks) a ring of slots for long ones. A post is numbered `round << 20 | posts in this round`, and so is what a rank is done with.
//!
//! ```text
//! writer w                              reader r
//!   W1 wait until done[r] allows it       R1 wait until word of w >= wanted   (Acquire)
//!   W2 write meta, bytes                  R2 read meta, bytes
//!   W3 store word          (Release)      R3 store done                       (Release)
//! ```
//! W1 loads `done` with Acquire, so what R2 read is not overwritten before; R1 pairs with W3. Each word has
//! one writer, and only rises. Whoever stores a word wakes the ranks that may wait for it, as
//! [`crate::sleep`] says. A rank that dies leaves its words where they were: those who wait for them
//! learn of its end and stop waiting.
//!
//! `done` beyond a round (`(round + 1) << 20`) says that the rank has left it, whether or not it went well:
//! so nobody waits for a post that will not come.

use crate::bounds;
pub use crate::post::{POST_DATA, Post, word};
use crate::post::{PostBox, halves_end, post_boxes_bytes};
use crate::primitive::Ordering::{Acquire, Relaxed, Release};
use crate::segment::Segment;
use crate::sys;
use std::ptr::NonNull;
use std::sync::Arc;

/// One board.
#[derive(Clone)]
pub struct Board {
    base: NonNull<u8>,
    ranks: usize,
    segment: Arc<Segment>,
}

impl std::fmt::Debug for Board {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "board of {} ranks", self.ranks)
    }
}

// SAFETY: atomics, and memory whose use the protocol above orders; the segment is kept.
unsafe impl Send for Board {}
// SAFETY: as above.
unsafe impl Sync for Board {}

impl Board {
    /// The board of an area, if it has one.
    #[inline]
    pub fn of(segment: &Arc<Segment>, area: usize) -> Option<Self> {
        let base = segment.board_at(area)?;
        Some(Self { base, ranks: segment.ranks(), segment: segment.clone() })
    }

    /// The segment it lies in.
    #[inline(always)]
    pub fn segment(&self) -> &Segment {
        &self.segment
    }

    #[inline(always)]
    fn post_box(&self, rank: usize) -> &PostBox {
        assert!(rank < self.ranks);
        // SAFETY: inside the board by the assertion, aligned by the geometry; zero is valid for each word.
        unsafe { self.base.cast::<PostBox>().add(rank).as_ref() }
    }

    /// The line in which a rank posts in a round.
    #[inline(always)]
    pub fn post(&self, rank: usize, round: u64) -> &Post {
        &self.post_box(rank).posts[round as usize % bounds::POSTS]
    }

    /// What a rank is done with.
    #[inline(always)]
    pub fn done(&self, rank: usize) -> u64 {
        self.post_box(rank).done.load(Acquire)
    }

    /// Says what this rank is done with.
    #[inline(always)]
    pub fn publish_done(&self, rank: usize, word: u64) {
        self.post_box(rank).done.store(word, Release);
    }

    /// Bytes of a half.
    #[inline(always)]
    pub fn half_bytes(&self) -> usize {
        bounds::board_half(self.ranks)
    }

    /// Where a half of a rank's buffer begins. Whose turn it is to touch it, the protocol says.
    #[inline(always)]
    pub fn half(&self, rank: usize, which: usize) -> NonNull<u8> {
        assert!(rank < self.ranks && which < 2);
        let at = post_boxes_bytes(self.ranks) + (2 * rank + which) * self.half_bytes();
        // SAFETY: inside the board by the assertion.
        unsafe { self.base.add(at) }
    }

    /// Slots of a rank's ring; none on a board of many ranks.
    #[inline(always)]
    pub fn slots(&self) -> usize {
        bounds::board_ring(self.ranks) / bounds::BOARD_SLOT
    }

    /// Where a slot of a rank's ring begins. Whose turn it is to touch it, the protocol says.
    #[inline(always)]
    pub fn slot(&self, rank: usize, which: usize) -> NonNull<u8> {
        assert!(rank < self.ranks && which < self.slots());
        let at = halves_end(self.ranks) + (rank * self.slots() + which) * bounds::BOARD_SLOT;
        // SAFETY: inside the board by the assertion.
        unsafe { self.base.add(at) }
    }

    /// Has the memory of as many of a rank's slots there before they are written for the first time.
    pub fn prepare_slots(&self, rank: usize, from: usize, count: usize) {
        let count = count.min(self.slots() - from);
        sys::populate(self.slot(rank, from), count * bounds::BOARD_SLOT);
    }
}

impl Segment {
    /// The board of an area as it was at first, for the next communicator: nobody uses it any more.
    pub(crate) fn reset_board(&self, area: usize) {
        let Some(base) = self.board_at(area) else { return };
        for rank in 0..self.ranks() {
            // SAFETY: inside the board, aligned by the geometry; zero is valid for each word.
            let post_box = unsafe { base.cast::<PostBox>().add(rank).as_ref() };
            post_box.done.store(0, Relaxed);
            for post in &post_box.posts {
                post.word.store(0, Relaxed);
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn what_is_posted_is_read_and_a_reset_forgets_it() {
        let segment = Arc::new(Segment::private(3));
        let board = Board::of(&segment, 1).expect("three ranks have boards");
        let post = board.post(2, 9);
        // SAFETY: one thread.
        unsafe { post.write(77, b"bytes") };
        post.publish(word(9, 1));
        let seen = board.post(2, 9 + bounds::POSTS as u64);
        assert_eq!((seen.word(), seen.meta()), (word(9, 1), 77), "lines are used in turn");
        // SAFETY: published above.
        assert_eq!(unsafe { seen.data(5) }, b"bytes");
        assert_eq!(board.post(1, 9).word(), 0);
        board.publish_done(2, word(10, 0));
        segment.reset_board(1);
        assert_eq!((post.word(), board.done(2)), (0, 0));
    }

    #[test]
    fn halves_lie_apart_inside_the_segment() {
        let segment = Arc::new(Segment::private(3));
        let (first, second) = (Board::of(&segment, 0).unwrap(), Board::of(&segment, 1).unwrap());
        let mut starts: Vec<usize> =
            (0..3).flat_map(|rank| [0, 1].map(|half| first.half(rank, half).as_ptr() as usize)).collect();
        starts.push(first.slot(0, 0).as_ptr() as usize);
        assert!(starts.windows(2).all(|w| w[1] - w[0] >= first.half_bytes()));
        starts
            .extend([first.slot(0, 1), first.slot(2, first.slots() - 1)].map(|slot| slot.as_ptr() as usize));
        starts.push(second.post(0, 0) as *const Post as usize);
        assert!(starts.windows(2).all(|w| w[1] - w[0] >= bounds::BOARD_SLOT));
        assert!(Board::of(&segment, bounds::boards(3)).is_none());
    }
}
