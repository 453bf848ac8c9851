//! What a rank remembers of a communicator's board from one collective to the next.

use ranks_shm::board::{Board, word};
use ranks_shm::bounds::SLOW_SLOT_CYCLES;
use ranks_shm::stream::Pace;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A number of this rank's own. Atomic only because a collective under way may be passed on to another of its
/// threads; one at a time uses it.
#[derive(Debug)]
pub(crate) struct Own(AtomicU64);

impl Own {
    #[inline(always)]
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    #[inline(always)]
    pub fn set(&self, value: u64) {
        self.0.store(value, Relaxed);
    }

    /// Only rises.
    #[inline(always)]
    pub fn raise(&self, value: u64) -> u64 {
        let value = value.max(self.get());
        self.set(value);
        value
    }
}

impl From<u64> for Own {
    fn from(value: u64) -> Self {
        Self(AtomicU64::new(value))
    }
}

/// This rank's memory of its ring.
#[derive(Debug)]
pub(crate) struct Ring {
    /// The next slot.
    pub next: Own,
    /// What all must be done with before a slot is written again; made when there is a first one.
    pub slots: OnceLock<Vec<Own>>,
    /// How fast it writes slots.
    pub pace: Pace,
}

/// This rank's memory of one board.
#[derive(Debug)]
pub(crate) struct BoardState {
    /// The board, if there is one.
    pub board: OnceLock<Option<Board>>,
    /// The round it was in last.
    pub round: Own,
    /// The round that it has posted in within the call, and must go on with.
    pub posted: Own,
    /// The last round in which it used both halves of its buffer.
    pub both: Own,
    /// How fast it writes there.
    pub pace: Pace,
    /// Its ring.
    pub ring: Box<Ring>,
    /// The rank it waits for.
    pub waits_for: Own,
    /// What each rank is known to be done with.
    pub known: Vec<Own>,
}

impl BoardState {
    /// Of a communicator of `ranks` ranks that has not used its board yet.
    pub fn new(ranks: usize) -> Self {
        // Rounds count from 1: everyone is done with the one before.
        let known = (0..ranks).map(|_| Own::from(word(1, 0))).collect();
        Self {
            board: OnceLock::new(),
            round: Own::from(0),
            posted: Own::from(0),
            both: Own::from(0),
            waits_for: Own::from(0),
            pace: Pace::default(),
            ring: Box::new(Ring {
                next: Own::from(0),
                slots: OnceLock::new(),
                pace: Pace::with_limit(SLOW_SLOT_CYCLES),
            }),
            known,
        }
    }

    /// What all must be done with before a round may write its first piece: the other half is the round's before.
    #[inline]
    pub fn half_is_free_at(&self, round: u64) -> u64 {
        match self.both.get() + 1 < round {
            true => word(round - 1, 0),
            false => word(round, 0),
        }
    }
}
