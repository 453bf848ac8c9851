//! Look, spin, yield, sleep: when to do which.
//!
//! When every rank has a CPU of its own, a short spin costs nobody anything and saves a system call.
//! When ranks share CPUs, the rank that is waited for may be the one that a spin keeps off the CPU:
//! then the first thing to do is to yield. Either way a rank that has been idle for a while sleeps.

use crate::bounds::{SLEEP_AFTER_MICROS, SPIN_MICROS};
use crate::sys;

/// What to do before looking again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Look again at once.
    Look,
    /// Idle for long: sleep.
    Sleep,
}

/// What is known of the machine and the job when waiting begins.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Every rank has a CPU of its own.
    pub fits: bool,
    /// Idle time before a sleep, in microseconds; 0 sleeps at once, which tests of sleeping want.
    pub sleep_after: u64,
}

impl Policy {
    /// The usual policy; `RANKS_SLEEP_AFTER` (microseconds) changes it.
    pub fn new(fits: bool) -> Self {
        let set = std::env::var("RANKS_SLEEP_AFTER").ok().and_then(|text| text.parse().ok());
        Self { fits, sleep_after: set.unwrap_or(SLEEP_AFTER_MICROS) }
    }
}

/// The state of one wait.
pub struct Backoff {
    policy: Policy,
    looks: u32,
    began: u64,
}

/// Looks before the clock is read for the first time.
const FREE_LOOKS: u32 = 64;

impl Backoff {
    /// A wait that has just begun.
    #[inline(always)]
    pub fn new(policy: Policy) -> Self {
        Self { policy, looks: 0, began: 0 }
    }

    /// Found something: the next idle phase starts afresh.
    #[inline(always)]
    pub fn reset(&mut self) {
        self.looks = 0;
    }

    /// True from the moment on when waiting has become slow, so that saying what for costs nothing.
    pub fn is_slow(&self) -> bool {
        self.looks > FREE_LOOKS
    }

    /// Passes a moment, as long as it is right to.
    #[inline(always)]
    pub fn pause(&mut self) -> Step {
        self.looks += 1;
        if self.policy.fits && self.looks <= FREE_LOOKS && self.policy.sleep_after > 0 {
            std::hint::spin_loop();
            return Step::Look;
        }
        self.pause_slowly()
    }

    #[cold]
    #[inline(never)]
    fn pause_slowly(&mut self) -> Step {
        if self.policy.sleep_after == 0 {
            return Step::Sleep;
        }
        if !self.policy.fits && self.looks <= FREE_LOOKS {
            if self.looks == 1 {
                self.began = 0;
            }
            sys::yield_now();
            return Step::Look;
        }
        let now = sys::monotonic_nanos();
        if self.looks == FREE_LOOKS + 1 || self.began == 0 {
            self.began = now;
        }
        let idle = (now - self.began) / 1000;
        if idle >= self.policy.sleep_after {
            return Step::Sleep;
        }
        if self.policy.fits && idle < SPIN_MICROS {
            std::hint::spin_loop();
        } else {
            sys::yield_now();
        }
        Step::Look
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn an_idle_wait_comes_to_sleep() {
        for fits in [true, false] {
            let mut backoff = Backoff::new(Policy { fits, sleep_after: SLEEP_AFTER_MICROS });
            let mut steps = 0u64;
            while backoff.pause() == Step::Look {
                steps += 1;
                assert!(steps < 100_000_000, "never slept");
            }
            assert!(backoff.is_slow());
            assert_eq!(backoff.pause(), Step::Sleep, "and goes on sleeping");
            backoff.reset();
            assert_eq!(backoff.pause(), Step::Look);
        }
    }
}
