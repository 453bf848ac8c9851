//! Whose end made a rank fail, and the order in which ranks finalised.
//!
//! When a call fails because its peer has ended, the rank writes down which peer that was. The launcher then tells the
//! rank that ended first from those that failed because of it, in whatever order it sees their processes end. A rank
//! blames only ranks that have ended, so a chain of blames ends at a rank that failed for reasons of its own.

use crate::primitive::Ordering::{AcqRel, Acquire, Release};
use crate::segment::Segment;

/// Whose end made a call fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The end of this rank.
    Rank(usize),
    /// All others have ended, and the call could have been completed by any of them.
    Everyone,
}

const EVERYONE: u32 = u32::MAX;

impl Segment {
    /// Called by `rank` alone: one of its calls failed because of `blame`. The last entry counts.
    pub fn set_blame(&self, rank: usize, blame: Blame) {
        let word = match blame {
            Blame::Rank(other) => other as u32 + 1,
            Blame::Everyone => EVERYONE,
        };
        self.slot(rank).blames.store(word, Release);
    }

    /// Whose end made a call of `rank` fail, if that happened.
    pub fn blame(&self, rank: usize) -> Option<Blame> {
        match self.slot(rank).blames.load(Acquire) {
            0 => None,
            EVERYONE => Some(Blame::Everyone),
            word => Some(word as usize - 1).filter(|&other| other < self.ranks()).map(Blame::Rank),
        }
    }

    /// The rank at which a failure of `rank` began: `rank` itself when it blames nobody; `None` when it blames
    /// everyone, since then any of the others may have been the first.
    pub fn origin(&self, rank: usize) -> Option<usize> {
        let mut at = rank;
        // Bounded, because the entries of a damaged segment could form a circle.
        for _ in 0..self.ranks() {
            match self.blame(at) {
                None => return Some(at),
                Some(Blame::Everyone) => return None,
                Some(Blame::Rank(next)) => at = next,
            }
        }
        Some(at)
    }

    /// Gives `rank` the next number in the order of finalising.
    pub(crate) fn number_finish(&self, rank: usize) {
        let number = self.header().finishes.fetch_add(1, AcqRel) + 1;
        self.slot(rank).finished_as.store(number, Release);
    }

    /// How many ranks have finalised so far.
    pub fn finishes(&self) -> u32 {
        self.header().finishes.load(Acquire)
    }

    /// The number of `rank` in the order in which ranks finalised, from 1; `None` while it has not.
    pub fn finished_as(&self, rank: usize) -> Option<u32> {
        Some(self.slot(rank).finished_as.load(Acquire)).filter(|&number| number != 0)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::life::Stage;

    #[test]
    fn failures_lead_to_the_rank_that_ended_first() {
        let segment = Segment::private(5);
        assert_eq!(segment.origin(0), Some(0));
        segment.set_blame(3, Blame::Rank(2));
        segment.set_blame(0, Blame::Rank(3));
        assert_eq!((segment.origin(0), segment.origin(3), segment.origin(2)), (Some(2), Some(2), Some(2)));
        segment.set_blame(4, Blame::Everyone);
        segment.set_blame(1, Blame::Rank(4));
        assert_eq!((segment.origin(4), segment.origin(1)), (None, None));
    }

    #[test]
    fn a_circle_ends() {
        let segment = Segment::private(2);
        segment.set_blame(0, Blame::Rank(1));
        segment.set_blame(1, Blame::Rank(0));
        assert!(segment.origin(0).is_some());
        segment.set_blame(1, Blame::Rank(7));
        assert_eq!(segment.origin(0), Some(1), "a rank that does not exist is not blamed");
    }

    #[test]
    fn finishes_are_numbered() {
        let segment = Segment::private(3);
        assert_eq!(segment.finished_as(2), None);
        segment.set_stage(2, Stage::Finished);
        segment.set_stage(0, Stage::Finished);
        assert_eq!(
            (segment.finished_as(2), segment.finished_as(0), segment.finishes()),
            (Some(1), Some(2), 2)
        );
    }
}
