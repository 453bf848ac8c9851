//! Which way a long message comes: out of its sender's memory, or through the ring.
//!
//! Reading another process's memory is one copy instead of two. But what a sender has just written lies in its CPU's
//! cache, and where the two CPUs are far from each other taking it from there line by line is slow: 128 KiB took 52 us,
//! and 11 through a ring that is written past the cache. Neither the machine's tables nor the message say so, so the
//! receiver measures both ways, by the length of messages. It asks for the ring only if the sender waits in the library:
//! one that computes would keep it waiting.

use crate::bounds::{QUICK_PULL, ROUTE_TRIED_AGAIN};
use std::time::Instant;

/// Lengths that are measured on their own: from 16 KiB on, each four times the one before.
const CLASSES: usize = 4;

fn class(len: u64) -> usize {
    ((len.max(1).ilog2() as usize).saturating_sub(14) / 2).min(CLASSES - 1)
}

/// What messages of about one length have cost, in nanoseconds a KiB; 0 for not known.
#[derive(Clone, Copy, Debug, Default)]
struct Costs {
    pull: u32,
    ring: u32,
    turns: u32,
}

/// What is known of the way from one rank.
#[derive(Clone, Debug, Default)]
pub(crate) struct Route {
    costs: [Costs; CLASSES],
    /// Long messages of ours that wait for this rank to fetch them.
    pub announced: u32,
}

impl Route {
    /// Whether the ring is better for a message of this length, as far as is known; once in a while the other way, to
    /// find out whether that is still so.
    pub fn prefers_ring(&mut self, len: u64) -> bool {
        let costs = &mut self.costs[class(len)];
        if costs.pull <= QUICK_PULL {
            return false;
        }
        costs.turns = costs.turns.wrapping_add(1);
        (costs.ring < costs.pull) != costs.turns.is_multiple_of(ROUTE_TRIED_AGAIN)
    }

    /// `bytes` of a message of length `len` came in the time since `begun`.
    pub fn came(&mut self, len: u64, bytes: u64, through_ring: bool, begun: Instant) {
        self.note(len, bytes, through_ring, begun.elapsed().as_nanos() as u64);
    }

    fn note(&mut self, len: u64, bytes: u64, through_ring: bool, nanos: u64) {
        let Some(cost) = nanos.saturating_mul(1024).checked_div(bytes) else { return };
        let cost = cost.clamp(1, u64::from(u32::MAX) / 4) as u32;
        let costs = &mut self.costs[class(len)];
        let known = if through_ring { &mut costs.ring } else { &mut costs.pull };
        // One alone may be an interrupt, or pages that are touched for the first time.
        *known = if *known == 0 { cost } else { (3 * *known + cost) / 4 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEN: u64 = 128 << 10;

    fn nanos(cost: u32) -> u64 {
        u64::from(cost) * LEN / 1024
    }

    #[test]
    fn quick_pulls_are_never_left_and_slow_ones_if_the_ring_is_quicker() {
        let mut route = Route::default();
        assert!(!route.prefers_ring(LEN), "nothing is known");
        route.note(LEN, LEN, false, nanos(QUICK_PULL));
        assert!((0..100).all(|_| !route.prefers_ring(LEN)));
        (0..20).for_each(|_| route.note(LEN, LEN, false, nanos(4 * QUICK_PULL)));
        assert!(route.prefers_ring(LEN), "the ring is tried");
        route.note(LEN, LEN, true, nanos(QUICK_PULL));
        let rings = (0..10 * ROUTE_TRIED_AGAIN).filter(|_| route.prefers_ring(LEN)).count();
        assert_eq!(rings as u32, 10 * (ROUTE_TRIED_AGAIN - 1), "once in a while it pulls again");
        (0..20).for_each(|_| route.note(LEN, LEN, true, nanos(8 * QUICK_PULL)));
        let rings = (0..10 * ROUTE_TRIED_AGAIN).filter(|_| route.prefers_ring(LEN)).count();
        assert_eq!(rings, 10, "and once in a while it asks for the ring");
        (0..20).for_each(|_| route.note(LEN, LEN, false, nanos(QUICK_PULL / 2)));
        assert!((0..100).all(|_| !route.prefers_ring(LEN)), "the CPUs came near again");
    }

    #[test]
    fn lengths_are_apart() {
        let mut route = Route::default();
        route.note(LEN, LEN, false, nanos(4 * QUICK_PULL));
        assert!(route.prefers_ring(LEN) && !route.prefers_ring(16 << 10) && !route.prefers_ring(4 << 20));
        assert_eq!([0, 16 << 10, 64 << 10, 1 << 20, u64::MAX].map(class), [0, 0, 1, 3, 3]);
        route.note(LEN, 0, false, 1);
    }
}
