//! Post boxes, of which a board consists: what one rank writes and all others read. [`crate::board`] says in which order.

use crate::bounds::{self, LINE, PAGE};
use crate::primitive::AtomicU64;
use crate::primitive::Ordering::{Acquire, Relaxed, Release};
use crate::primitive::UnsafeCell;

/// Bytes that a line carries besides its words.
pub const POST_DATA: usize = LINE - 16;

/// Where the number of posts begins in a word.
pub const ROUND_SHIFT: u32 = 20;

/// The word of a rank that has made (or is done with) `posts` posts of a round.
#[inline(always)]
pub const fn word(round: u64, posts: u64) -> u64 {
    round << ROUND_SHIFT | posts
}

/// One line of a post box.
#[repr(C, align(64))]
pub struct Post {
    pub(crate) word: AtomicU64,
    meta: AtomicU64,
    data: UnsafeCell<[u8; POST_DATA]>,
}

// SAFETY: `data` is written and read as the protocol of [`crate::board`] orders it.
unsafe impl Sync for Post {}

/// What one rank of a board writes.
#[repr(C, align(64))]
pub struct PostBox {
    pub(crate) posts: [Post; bounds::POSTS],
    pub(crate) done: AtomicU64,
    reserved: [u8; LINE - 8],
}

impl Post {
    /// What the writer has posted here.
    #[inline(always)]
    pub fn word(&self) -> u64 {
        self.word.load(Acquire)
    }

    /// What it says of what it has posted.
    #[inline(always)]
    pub fn meta(&self) -> u64 {
        self.meta.load(Relaxed)
    }

    /// Publishes.
    #[inline(always)]
    pub fn publish(&self, word: u64) {
        self.word.store(word, Release);
    }

    /// Lays down meta and the first bytes, to be published next.
    ///
    /// # Safety
    /// The caller is the post box's owner, and all readers are done with what was here (W1).
    #[inline(always)]
    pub unsafe fn write(&self, meta: u64, data: &[u8]) {
        self.meta.store(meta, Relaxed);
        let len = data.len().min(POST_DATA);
        // SAFETY: inside the line; nobody reads or writes it now, by the caller's promise.
        self.data.with_mut(|to| unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), to.cast(), len) });
    }

    /// The first `len` bytes.
    ///
    /// # Safety
    /// The caller has seen a word published after them (R1), and has not yet said that it is done (R3).
    #[inline(always)]
    pub unsafe fn data(&self, len: usize) -> &[u8] {
        // SAFETY: inside the line, initialised (zero at first), not written now by the caller's promise.
        self.data.with(|from| unsafe { std::slice::from_raw_parts(from.cast(), len.min(POST_DATA)) })
    }
}

/// Bytes of a board for `ranks` ranks.
pub const fn board_bytes(ranks: usize) -> usize {
    halves_end(ranks) + ranks * bounds::board_ring(ranks)
}

/// Where the halves of the buffers end.
pub(crate) const fn halves_end(ranks: usize) -> usize {
    post_boxes_bytes(ranks) + ranks * 2 * bounds::board_half(ranks)
}

/// Bytes of the post boxes.
pub(crate) const fn post_boxes_bytes(ranks: usize) -> usize {
    (ranks * size_of::<PostBox>()).next_multiple_of(PAGE)
}

#[cfg(not(loom))]
const _: () = {
    assert!(size_of::<Post>() == LINE);
    // An odd number of lines, so that post boxes do not all start in the same cache set.
    assert!((size_of::<PostBox>() / LINE) % 2 == 1);
    assert!(bounds::board_half(2).is_multiple_of(4096));
    // Where a post begins is said in a byte, which says other things too.
    assert!(bounds::board_ring(2) / bounds::BOARD_SLOT <= 128);
};

/// Every interleaving of a writer and a reader that share one line, over three rounds.
#[cfg(all(test, loom))]
mod model {
    use super::*;
    use loom::sync::Arc;

    fn write_read(spared: bool) {
        loom::model(move || {
            let post = Post {
                word: AtomicU64::new(0),
                meta: AtomicU64::new(0),
                data: UnsafeCell::new([0; POST_DATA]),
            };
            let shared = Arc::new((post, AtomicU64::new(word(1, 0))));
            let other = shared.clone();
            let reader = loom::thread::spawn(move || {
                let (post, done) = &*other;
                for round in 1..=3 {
                    while post.word() < word(round, 1) {
                        loom::thread::yield_now();
                    }
                    let seen = post.data.with(|from| {
                        // SAFETY: what the protocol says; loom checks it.
                        unsafe { (*from)[0] }
                    });
                    assert_eq!((u64::from(seen), post.meta()), (round, round));
                    done.store(word(round + 1, 0), Release);
                }
            });
            let (post, done) = &*shared;
            for round in 1..=3 {
                while !spared && done.load(Acquire) < word(round, 0) {
                    loom::thread::yield_now();
                }
                // SAFETY: what the protocol says; loom checks it.
                unsafe { post.write(round, &[round as u8]) };
                post.publish(word(round, 1));
            }
            reader.join().unwrap();
        });
    }

    #[test]
    fn model_nothing_is_overwritten_before_it_is_read() {
        write_read(false);
    }

    #[test]
    #[should_panic]
    fn model_finds_a_writer_that_does_not_wait() {
        write_read(true);
    }
}
