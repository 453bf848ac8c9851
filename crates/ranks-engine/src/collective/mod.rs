//! Collective operations: MPI 5.0 chapter 6.
//!
//! A collective is a value with its arguments, a struct such as [`Bcast`] that implements [`Collective`]. It says what
//! must hold of the arguments, how it is done in shared memory, and which messages it sends, as the steps of a plan
//! (see `p2p::plan`). From that come the blocking call, [`crate::Engine::run`], and the nonblocking and the persistent
//! request, [`crate::Engine::begin`].
//!
//! | file | what it holds |
//! |---|---|
//! | `value` | what a collective must implement; running one |
//! | `check` | what arguments must be |
//! | `barrier`, `bcast` | everyone waits; one tells all |
//! | `gather`, `scatter` | all to one, one to all |
//! | `allgather`, `alltoall` | all to all |
//! | `reduce`, `allreduce`, `reduce_scatter` | one value of many, at one rank, at all, a piece at each |
//! | `scan` | each rank's value of the ranks before it |
//! | `neighbors` | exchanges with the neighbours in a topology |
//! | `board` | the algorithms over shared memory |
//! | `inter` | what collectives between the two groups of an intercommunicator have in common |
//! | `objects` | messages of any length, for what a program awaits |
//! | `tree`, `slices` | steps that several collectives have in common |
//!
//! Their messages travel in the odd context of the communicator. Blocking ones have one tag an operation,
//! each other one a tag of its own, so neither wildcard receives nor another collective can take them. Where an operation has several algorithms,
//! `choose` picks one by what all ranks know alike: the length and the number of ranks. Every reduction
//! keeps the order of ranks, so it serves operations that do not commute, and floating point gives the
//! same result for the same number of ranks and the same length, at every rank and for every root.
//!
//! In place is said by `None` for the send buffer.

mod allgather;
mod allreduce;
mod alltoall;
mod barrier;
mod bcast;
mod board;
mod check;
mod gather;
mod inter;
mod neighbors;
mod objects;
mod reduce;
mod reduce_scatter;
mod scan;
mod scatter;
mod slices;
mod tree;
mod value;

pub use allgather::{Allgather, AllgatherAlgorithm};
pub use allreduce::{Allreduce, AllreduceAlgorithm};
pub use alltoall::{Alltoall, AlltoallAlgorithm, ExchangeParts};
pub use barrier::Barrier;
pub use bcast::Bcast;
pub use gather::{Gather, GatherAlgorithm};
pub use neighbors::{NeighborAllgather, NeighborAlltoall, Neighbors};
pub use objects::{Arrived, Objects, Shape};
pub use reduce::{Reduce, ReduceAlgorithm};
pub use reduce_scatter::{ReduceScatter, ReduceScatterAlgorithm};
pub use scan::{Scan, ScanAlgorithm};
pub use scatter::{Scatter, ScatterAlgorithm};
pub use value::{Collective, Storable};

use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::Plan;

/// One tag an operation.
pub(crate) mod tags {
    pub const COMM: i32 = 1;
    pub const BARRIER: i32 = 2;
    pub const BCAST: i32 = 3;
    pub const GATHER: i32 = 4;
    pub const SCATTER: i32 = 5;
    pub const ALLGATHER: i32 = 6;
    pub const ALLTOALL: i32 = 7;
    pub const REDUCE: i32 = 8;
    pub const ALLREDUCE: i32 = 9;
    pub const REDUCE_SCATTER: i32 = 10;
    pub const SCAN: i32 = 11;
    pub const NEIGHBORS: i32 = 12;
    pub const OBJECTS: i32 = 13;
}

/// A rank's part of a buffer, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Where it begins.
    pub at: usize,
    /// How long it is.
    pub len: usize,
}

impl Part {
    /// Parts of these lengths, one after the other.
    pub fn in_order(lengths: impl IntoIterator<Item = usize>) -> Vec<Part> {
        let mut at = 0usize;
        let part = |len| {
            let begin = at;
            // A sum beyond all memory is no part of any buffer, which is found when it is used.
            at = begin.saturating_add(len);
            Part { at: begin, len }
        };
        lengths.into_iter().map(part).collect()
    }

    fn end(self) -> usize {
        self.at.saturating_add(self.len)
    }
}

impl SendBuf {
    fn of_part(&self, part: Part) -> SendBuf {
        self.part(part.at, part.len)
    }
}

impl RecvBuf {
    fn of_part(&self, part: Part) -> RecvBuf {
        self.part(part.at, part.len)
    }
}

/// The parts of a buffer by rank.
#[derive(Clone, Copy, Debug)]
enum Parts<'p> {
    /// All have this length and lie in order of rank.
    Equal(usize),
    /// They lie where the caller has said.
    Each(&'p [Part]),
}

impl<'p> Parts<'p> {
    /// The parts given, or equal ones of `len` bytes; both have been checked.
    fn new(parts: Option<&'p [Part]>, len: usize, ranks: usize) -> Self {
        parts.map_or(Parts::Equal(len / ranks.max(1)), Parts::Each)
    }

    fn of(self, rank: i32) -> Part {
        match self {
            Parts::Equal(len) => Part { at: rank as usize * len, len },
            Parts::Each(parts) => parts[rank as usize],
        }
    }

    fn longest(self) -> usize {
        match self {
            Parts::Equal(len) => len,
            Parts::Each(parts) => parts.iter().map(|part| part.len).max().unwrap_or(0),
        }
    }
}

/// The others in the order in which a rank deals with them: everyone begins with another one, so that
/// not all turn to the same rank at once. Pairs of whom to send to and whom to receive from.
fn rounds(plan: &Plan) -> impl Iterator<Item = (i32, i32)> + use<> {
    let (me, size) = (plan.me(), plan.size());
    (1..size).map(move |k| ((me + k) % size, (me - k + size) % size))
}
