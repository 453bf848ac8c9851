//! Writing past the cache, where taking lines away from a reader's cache is slow.
//!
//! Memory that goes to and fro between two CPUs is in the cache of the one that read it last when the other writes it
//! again: each line has to be taken away first. Between CPUs that share a cache that is quick, between others
//! it is slow. Stores that go past the cache take nothing away. Measured on a Zen 4 machine of two CPUs, written, sent
//! and read: where they are far 8 KiB 5.4 us through the cache and 1.4 past it, 128 KiB 52 and 11; where they
//! are near 8 KiB 1.3 and 1.5, 512 KiB 51 and 69. Which it is no table tells reliably, a virtual machine's CPUs may
//! move; so a writer measures itself, and tries again once in a while.

#![allow(unsafe_code)]

use crate::bounds::{
    LAID_PAST_CACHE, MEASURED, MEASURED_AT_FIRST, PAST_CACHE, SLOW_LINE_CYCLES, TRIED_AGAIN,
};
use crate::layout::LINE;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicI32, AtomicU32};

/// Copies `from` to `to`; the whole lines that are written do not stay in this CPU's cache. They are there for others
/// when this returns and the caller has published.
///
/// # Safety
/// `to` must be valid for as many bytes, which nobody else uses.
unsafe fn copy_past_cache(from: &[u8], to: *mut u8) {
    // SAFETY: the caller's promise; without such stores it is a plain copy.
    #[cfg(not(target_arch = "x86_64"))]
    unsafe {
        std::ptr::copy_nonoverlapping(from.as_ptr(), to, from.len());
    }
    // SAFETY: `to` is valid for all of `from`, and stores are to whole lines inside of it, aligned as they must be.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_sfence, _mm_stream_si128};
        const STEP: usize = size_of::<__m128i>();
        let head = to.align_offset(LINE).min(from.len());
        let whole = (from.len() - head) / LINE * LINE;
        std::ptr::copy_nonoverlapping(from.as_ptr(), to, head);
        for at in (head..head + whole).step_by(STEP) {
            _mm_stream_si128(to.add(at).cast(), _mm_loadu_si128(from.as_ptr().add(at).cast()));
        }
        let done = head + whole;
        std::ptr::copy_nonoverlapping(from.as_ptr().add(done), to.add(done), from.len() - done);
        // Such stores are not ordered by what publishes them.
        _mm_sfence();
    }
}

/// The CPU's cycle counter; always 0 where there is none.
#[inline(always)]
fn cycles() -> u64 {
    // SAFETY: every x86-64 has it.
    #[cfg(target_arch = "x86_64")]
    return unsafe { std::arch::x86_64::_rdtsc() };
    #[cfg(not(target_arch = "x86_64"))]
    0
}

/// What a writer knows of how fast it writes what another CPU has read.
#[derive(Debug)]
pub struct Pace {
    /// Cycles a line above which writing through the cache is slow.
    limit: u64,
    /// Slow pieces in a row; it does not count beyond [`SLOW`].
    state: AtomicI32,
    /// Pieces through the cache.
    through: AtomicU32,
    /// Pieces past the cache since it was last tried through it.
    pieces: AtomicU32,
}

impl Default for Pace {
    fn default() -> Self {
        Self::with_limit(SLOW_LINE_CYCLES)
    }
}

impl Pace {
    /// Where other memory is written than what goes to and fro: slow from so many cycles a line on.
    pub fn with_limit(limit: u64) -> Self {
        let (state, through, pieces) = (AtomicI32::new(0), AtomicU32::new(0), AtomicU32::new(0));
        Self { limit, state, through, pieces }
    }

    /// Copies a piece past the cache, or through it and notes how long that took.
    ///
    /// # Safety
    /// `to` must be valid for as many bytes, which nobody else uses.
    #[inline]
    pub unsafe fn copy(&self, from: &[u8], to: *mut u8) {
        if self.past_cache(from.len()) {
            // SAFETY: the caller's promise.
            return unsafe { copy_past_cache(from, to) };
        }
        // Only some are measured: that has to wait until the stores are done, which the copy itself does not.
        let count = self.through.load(Relaxed);
        self.through.store(count.wrapping_add(1), Relaxed);
        let measured =
            from.len() >= PAST_CACHE && (count < MEASURED_AT_FIRST || count.is_multiple_of(MEASURED));
        let begun = if measured || self.state.load(Relaxed) > 0 { cycles() } else { 0 };
        // SAFETY: the caller's promise.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to, from.len()) };
        if begun > 0 {
            std::sync::atomic::fence(SeqCst);
            self.wrote(from.len(), cycles() - begun);
        }
    }

    /// Copies what all ranks read at the same time. A long piece always goes past the cache.
    ///
    /// # Safety
    /// As for [`Self::copy`].
    #[inline]
    pub unsafe fn store(&self, from: &[u8], to: *mut u8) {
        // SAFETY: the caller's promise.
        unsafe {
            match from.len() >= LAID_PAST_CACHE {
                true => copy_past_cache(from, to),
                false => self.copy(from, to),
            }
        }
    }

    fn past_cache(&self, bytes: usize) -> bool {
        if bytes < PAST_CACHE || self.state.load(Relaxed) < SLOW {
            return false;
        }
        let pieces = self.pieces.load(Relaxed) + 1;
        self.pieces.store(if pieces < TRIED_AGAIN { pieces } else { 0 }, Relaxed);
        pieces < TRIED_AGAIN
    }

    fn wrote(&self, bytes: usize, cycles: u64) {
        if bytes < PAST_CACHE {
            return;
        }
        let slow = cycles > (bytes / LINE) as u64 * self.limit;
        let state = self.state.load(Relaxed);
        let next = match slow {
            // One alone may be an interrupt.
            true => (state + 1).min(SLOW),
            false => 0,
        };
        if next != state {
            self.state.store(next, Relaxed);
        }
    }
}

/// So many slow pieces in a row are no chance.
const SLOW: i32 = 2;

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_length_and_alignment_is_copied() {
        let from: Vec<u8> = (0..700u32).map(|i| (i * 7 % 251) as u8).collect();
        for begin in 0..LINE {
            for len in [0, 1, 63, 64, 65, 200, 500] {
                let mut to = vec![255; 700];
                // SAFETY: inside the vector.
                unsafe { copy_past_cache(&from[begin..begin + len], to.as_mut_ptr().add(begin)) };
                assert_eq!(to[begin..begin + len], from[begin..begin + len]);
                assert!(to[..begin].iter().chain(&to[begin + len..]).all(|&byte| byte == 255));
            }
        }
    }

    #[test]
    fn two_slow_pieces_change_the_way_and_a_quick_one_changes_it_back() {
        let pace = Pace::default();
        let (quick, slow) = (PAST_CACHE as u64 / 64, PAST_CACHE as u64 * SLOW_LINE_CYCLES);
        pace.wrote(PAST_CACHE - 1, slow);
        pace.wrote(PAST_CACHE, slow);
        assert!(!pace.past_cache(1 << 20), "once may be chance");
        pace.wrote(PAST_CACHE, quick);
        pace.wrote(PAST_CACHE, slow);
        assert!(!pace.past_cache(1 << 20), "not in a row");
        pace.wrote(PAST_CACHE, slow);
        assert!(pace.past_cache(PAST_CACHE) && !pace.past_cache(PAST_CACHE - 1));
        let tried = (0..3 * TRIED_AGAIN).filter(|_| !pace.past_cache(PAST_CACHE)).count();
        assert_eq!(tried, 3, "once in a while it is tried again");
        pace.wrote(PAST_CACHE, slow);
        assert!(pace.past_cache(PAST_CACHE));
        pace.wrote(PAST_CACHE, quick);
        assert!(!pace.past_cache(PAST_CACHE));
    }
}
