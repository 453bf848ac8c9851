//! Ranks that an interrupt does not reach, because they wait in a call of MPI.
//!
//! A Python program gets to its `finally` when its call returns. An interrupt that it noted before would then break into
//! that very `finally`, and the checkpoint would be lost. So it is not sent to a rank that waits; instead the rank's call
//! fails as soon as the other ranks end, or when nobody but such ranks is left.

use super::Job;
use super::signals::LOOK;
use crate::python;
use crate::report::Doing;
use crate::sys::Pid;
use ranks_shm::life::End;
use std::sync::atomic::Ordering::Acquire;
use std::time::Instant;

/// The ranks that were not interrupted.
#[derive(Default)]
pub(super) struct Held {
    /// Each with the time since when it has been seen in short waits or in none.
    ranks: Vec<(usize, Option<Instant>)>,
    /// When their calls were made to fail.
    pub(super) released: Option<Instant>,
}

impl Held {
    /// True when there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.ranks.is_empty()
    }

    pub(super) fn contains(&self, rank: usize) -> bool {
        self.ranks.iter().any(|(held, _)| *held == rank)
    }
}

impl Job<'_> {
    /// The ranks that are not to be interrupted now.
    pub(super) fn to_be_held(&self, scene: &[Doing]) -> Held {
        let is_held = |rank: &usize| {
            // One whose call has failed already has learnt to live with that.
            matches!(scene[*rank], Doing::Waits(..))
                && self.segment.blame(*rank).is_none()
                && python::notes_interrupts(self.segment.slot(*rank).claim.load(Acquire) as Pid)
        };
        let ranks = (0..self.ranks.len()).filter(is_held).map(|rank| (rank, None)).collect();
        Held { ranks, released: None }
    }

    /// Interrupts those that do not wait for long, and lets the calls of the others fail when it is time. `since` is the moment of
    /// the interrupt.
    pub(super) fn look_after_held(&mut self, since: Instant, now: Instant) {
        let Some(mut held) = self.ending.as_mut().map(|ending| std::mem::take(&mut ending.held)) else {
            return;
        };
        let any_ended = self.ranks.iter().any(|rank| rank.death.is_some());
        let stands_still = !held.is_empty() && now >= since + LOOK && self.stands_still(now - since);
        if held.released.is_none() && !held.is_empty() && (any_ended || stands_still) {
            held.released = Some(now);
            for rank in (0..self.ranks.len()).filter(|&rank| self.ranks[rank].death.is_none()) {
                self.segment.set_end(rank, End::Interrupted);
            }
        }
        held.ranks.retain_mut(|(rank, moves_since)| {
            let rank = *rank;
            if self.ranks[rank].death.is_some() || self.segment.blame(rank).is_some() {
                return false;
            }
            // News about other ranks begin a wait anew, so one short wait says nothing.
            let waited = self.segment.slot(rank).blocked.look().map(|seen| seen.waited);
            if held.released.is_some() || waited.is_some_and(|waited| waited >= LOOK / 2) {
                *moves_since = None;
                return true;
            }
            let moves = now >= *moves_since.get_or_insert(now) + LOOK;
            if moves {
                self.tell_rank(rank, libc::SIGINT);
            }
            !moves
        });
        if let Some(ending) = &mut self.ending {
            ending.held = held;
        }
    }
}
