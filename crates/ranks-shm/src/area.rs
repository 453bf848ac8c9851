//! Shared areas of communicators: the counter barrier.
//!
//! One counter, and a generation that everyone who waits looks at. The last rank to arrive sets the
//! counter back and raises the generation. Measured as the fastest barrier where ranks share CPUs,
//! because whoever is scheduled finds the news in one place.
//!
//! Where ranks share CPUs, whoever waits should yield as long as a rank that has not arrived may need its
//! CPU, and only then: a yield that nobody needed costs two switches before the news is seen. So each
//! rank signs its arrival with round and CPU (in communicators of few ranks). A signature is a hint: it
//! may be out of date, then a few looks or one yield are wasted, nothing else.
//!
//! Orderings: `arrived` is only changed by read-modify-write while a round is open (AcqRel, so the last
//! one has seen what all did before); it is set back before `generation` is stored (Release), and nobody
//! arrives for the next round before having loaded that (Acquire).

use crate::layout::Area;
use crate::primitive::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::segment::Segment;

/// What a rank that has arrived waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrived {
    generation: u32,
    /// True for the last one, who has to wake the others.
    pub last: bool,
}

impl Area {
    /// Arrives; the last of `size` ranks opens the barrier.
    #[inline(always)]
    pub fn arrive(&self, size: u32) -> Arrived {
        let generation = self.generation.load(Acquire);
        let last = self.arrived.fetch_add(1, AcqRel) + 1 == size;
        if last {
            self.arrived.store(0, Relaxed);
            self.generation.store(generation.wrapping_add(1), Release);
        }
        Arrived { generation, last }
    }

    /// Signs this rank's arrival, just before it. Only where `size` is at most [`SIGNATURES`].
    #[inline(always)]
    pub fn sign(&self, rank: usize, cpu: u32) {
        let round = self.generation.load(Relaxed).wrapping_add(1);
        self.signatures[rank].store(round << 8 | (cpu & 0xff), Relaxed);
    }

    /// True when a rank that has not signed this round was on `cpu` the last time.
    #[inline(always)]
    pub fn misses_one_of(&self, arrived: Arrived, size: usize, cpu: u32) -> bool {
        let round = arrived.generation.wrapping_add(1) << 8;
        self.signatures[..size].iter().any(|signature| {
            let signature = signature.load(Relaxed);
            signature & 0xff == cpu & 0xff && signature & !0xff != round
        })
    }

    /// True when all have arrived.
    #[inline(always)]
    pub fn open(&self, arrived: Arrived) -> bool {
        self.generation.load(Acquire) != arrived.generation
    }
}

impl Segment {
    /// Takes a free area for `users` ranks, if one is left.
    pub fn take_area(&self, users: u32) -> Option<usize> {
        for (word_index, word) in self.header().areas.iter().enumerate() {
            let mut now = word.load(Relaxed);
            while now != u64::MAX {
                let bit = now.trailing_ones() as usize;
                match word.compare_exchange(now, now | 1 << bit, AcqRel, Relaxed) {
                    Ok(_) => {
                        let index = word_index * 64 + bit;
                        self.area(index).users.store(users, Release);
                        return Some(index);
                    }
                    Err(other) => now = other,
                }
            }
        }
        None
    }

    /// A rank needs the area no more; the last one gives it back.
    pub fn leave_area(&self, index: usize) {
        if self.area(index).users.fetch_sub(1, AcqRel) == 1 {
            self.area(index).arrived.store(0, Relaxed);
            self.reset_board(index);
            self.header().areas[index / 64].fetch_and(!(1 << (index % 64)), AcqRel);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::bounds::AREAS;

    #[test]
    fn areas_come_back() {
        let segment = Segment::private(2);
        let mut taken: Vec<_> = std::iter::from_fn(|| segment.take_area(2)).collect();
        assert_eq!(taken.len(), AREAS - 1, "world has the first");
        let last = taken.pop().unwrap();
        segment.leave_area(last);
        assert_eq!(segment.take_area(1), None, "one of two still uses it");
        segment.leave_area(last);
        assert_eq!(segment.take_area(1), Some(last));
    }

    #[test]
    fn signatures_tell_who_may_need_a_cpu() {
        let segment = Segment::private(1);
        let area = segment.area(3);
        area.sign(0, 5);
        area.sign(1, 5);
        let first = area.arrive(3);
        assert!(!area.misses_one_of(first, 2, 5), "both of CPU 5 have signed");
        assert!(area.misses_one_of(first, 3, 0), "the third has never signed, which looks like CPU 0");
        area.sign(2, 6);
        area.arrive(3);
        assert!(area.arrive(3).last);
        area.sign(0, 5);
        let second = area.arrive(3);
        assert!(area.misses_one_of(second, 3, 5), "rank 1 was on CPU 5 and has not signed this round");
        assert!(area.misses_one_of(second, 3, 6) && !area.misses_one_of(second, 3, 7));
    }

    #[test]
    fn nobody_passes_before_all_arrive() {
        let segment = Segment::private(1);
        let area = segment.area(3);
        for _ in 0..3 {
            let first = area.arrive(2);
            assert!(!first.last && !area.open(first));
            let second = area.arrive(2);
            assert!(second.last && area.open(first) && area.open(second));
        }
    }
}
