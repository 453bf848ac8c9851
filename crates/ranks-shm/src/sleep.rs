//! Sleeping, and why no wake-up is lost.
//!
//! Every word that a rank may wait for (a line, a credit, a claim, a generation, an end) is published by
//! a plain store; then the publisher loads the sleeper's `sleep` word. A rank that wants to sleep sets
//! its `sleep` word, makes sure that every publisher has seen it or will be seen, looks once more, and
//! only then waits on the word with a futex.
//!
//! ```text
//! publisher                          sleeper
//!   P1 store what is published         S1 sleep := 1                (announce)
//!   P2 barrier, see below              S2 barrier, see below
//!   P3 load sleep                      S3 look for anything published
//!   P4 if 1: swap 0, futex wake        S4 futex wait while sleep is 1
//! ```
//! If S3 misses P1, then P3 sees S1, because a full barrier stands between the two accesses on both
//! sides: the store-buffering pattern. P4 sets the word to 0 before it wakes, so a sleeper that has not
//! yet reached S4 does not enter it. A wake-up meant for an earlier sleep ends a later one early: the
//! sleeper looks again, nothing else.
//!
//! The barriers: with *membarrier* (the usual case) S2 is `membarrier(GLOBAL_EXPEDITED)`, which makes
//! every CPU that runs a registered process execute a full barrier; P2 then only has to hold the
//! compiler back, and sending costs nothing. If any process of the job could not register, `fences` is
//! set in the header before the start barrier, and then P2 and S2 are `fence(SeqCst)`. loom checks the fenced form;
//! the other is stressed over processes, with the lost wake-ups counted (`Slot::backstops`).

use crate::primitive::Ordering::{AcqRel, Relaxed, SeqCst};
use crate::primitive::{AtomicU32, compiler_fence, fence};

/// P2 to P4. True when `wake_up` has to be called on the word.
#[inline(always)]
pub fn must_wake(word: &AtomicU32, fences: bool) -> bool {
    if fences {
        fence(SeqCst);
    } else {
        compiler_fence(SeqCst);
    }
    word.load(Relaxed) != 0 && word.swap(0, AcqRel) != 0
}

/// S1 and, when `fences`, S2. Without fences the caller calls membarrier next.
pub fn announce(word: &AtomicU32, fences: bool) {
    // A swap, not a store: it reads what the last publisher left, so all later loads of that publisher
    // come after this in the word's order, whatever the model. Sleeping is rare, the swap costs nothing.
    word.swap(1, AcqRel);
    if fences {
        fence(SeqCst);
    }
}

/// Ends what [`announce`] began, whether or not the caller slept. False when a publisher has ended it
/// before: then it has also woken the caller, or was about to.
pub fn retract(word: &AtomicU32) -> bool {
    word.swap(0, AcqRel) != 0
}
