//! What a rank remembers of a communicator's board from one collective to the next.

use ranks_shm::board::word;
use std::cell::Cell;

/// This rank's memory of one board.
pub(crate) struct Seat {
    /// The round it was in last.
    pub round: Cell<u64>,
    /// The last round in which it used both halves of its buffer.
    pub both: Cell<u64>,
    /// What each rank is known to be done with.
    pub known: Vec<Cell<u64>>,
}

impl Seat {
    /// Of a communicator of `ranks` ranks that has not used its board yet.
    pub fn new(ranks: usize) -> Self {
        // Rounds count from 1: everyone is done with the one before.
        let known = (0..ranks).map(|_| Cell::new(word(1, 0))).collect();
        Self { round: Cell::new(0), both: Cell::new(0), known }
    }
}
