//! Shared areas of communicators: the counter barrier.
//!
//! One counter, and a generation that everyone who waits looks at. The last rank to arrive sets the
//! counter back and raises the generation. Measured as the fastest barrier where ranks share CPUs,
//! because whoever is scheduled finds the news in one place.
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
