//! Collective operations: MPI 5.0 chapter 6. Each operation is a file; each algorithm a function that
//! writes a plan, see `p2p::plan`: `x` runs it at once, `ix` makes a nonblocking or persistent request of it.
//!
//! | file | what it holds |
//! |---|---|
//! | `barrier`, `bcast` | everyone waits; one tells all |
//! | `gather`, `scatter` | all to one, one to all |
//! | `allgather`, `alltoall` | all to all |
//! | `reduce`, `allreduce`, `reduce_scatter` | one value of many, at one rank, at all, a piece at each |
//! | `scan` | each rank's value of the ranks before it |
//! | `board` | the algorithms over shared memory, which come first where there is some |
//! | `neighbors` | exchanges with the neighbours in a topology |
//! | `inter` | the same between the two groups of an intercommunicator |
//! | `slices` | the step that long reductions have in common |
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
mod gather;
mod inter;
mod neighbors;
mod reduce;
mod reduce_scatter;
mod scan;
mod scatter;
mod slices;

pub use allgather::AllgatherAlgorithm;
pub use allreduce::AllreduceAlgorithm;
pub use alltoall::AlltoallAlgorithm;
pub use barrier::BarrierAlgorithm;
pub use gather::GatherAlgorithm;
pub use neighbors::Neighbors;
pub use reduce::ReduceAlgorithm;
pub use reduce_scatter::ReduceScatterAlgorithm;
pub use scan::ScanAlgorithm;
pub use scatter::ScatterAlgorithm;

use crate::error::{Class, Result};
use crate::group::Comm;
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::{Engine, Plan};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

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

/// A buffer as one part.
fn whole(buf: SendBuf) -> [Part; 1] {
    [Part { at: 0, len: buf.len() }]
}

/// The others in the order in which a rank deals with them: everyone begins with another one, so that
/// not all turn to the same rank at once. Pairs of whom to send to and whom to receive from.
fn rounds(plan: &Plan) -> impl Iterator<Item = (i32, i32)> + use<> {
    let (me, size) = (plan.me(), plan.size());
    (1..size).map(move |k| ((me + k) % size, (me - k + size) % size))
}

// What the arguments of a call must be. All of it is checked before the first message.
impl<T: Transport> Engine<T> {
    /// `whole` bytes hold an equal part for each rank: its length.
    fn equal_part(&self, call: Call, comm: &Comm, whole: usize) -> Result<usize> {
        let ranks = comm.size() as usize;
        if whole.is_multiple_of(ranks) {
            return Ok(whole / ranks);
        }
        let detail = format!("{whole} bytes are not {ranks} parts of one length");
        Err(self.error(Class::Count, call, detail).context(comm.context))
    }

    /// One part a rank, each inside the buffer.
    fn check_parts(&self, call: Call, comm: &Comm, parts: &[Part], len: usize) -> Result<()> {
        let detail = if parts.len() != comm.size() as usize {
            format!("{} counts for {} ranks", parts.len(), comm.size())
        } else if let Some(rank) = parts.iter().position(|part| part.end() > len) {
            let Part { at, len: part } = parts[rank];
            format!("the part of rank {rank}, {part} bytes at {at}, is not inside the buffer of {len} bytes")
        } else {
            return Ok(());
        };
        Err(self.error(Class::Count, call, detail).context(comm.context))
    }

    fn check_len(&self, call: Call, comm: &Comm, what: &str, len: usize, expected: usize) -> Result<()> {
        if len == expected {
            return Ok(());
        }
        let detail = format!("{what} has {len} bytes where {expected} are expected");
        Err(self.error(Class::Truncate, call, detail).context(comm.context))
    }

    fn check_apart(&self, call: Call, comm: &Comm, send: Option<SendBuf>, recv: RecvBuf) -> Result<()> {
        if send.is_some_and(|send| !send.is_empty() && !recv.is_empty() && recv.overlaps(send)) {
            let detail = "the send and the receive buffer overlap: ask for in place instead";
            return Err(self.error(Class::Buffer, call, detail).context(comm.context));
        }
        Ok(())
    }

    /// Parts of two buffers: what lies between them does not count.
    fn check_parts_apart(
        &self,
        call: Call,
        comm: &Comm,
        (send, sent): (SendBuf, &[Part]),
        (recv, received): (RecvBuf, &[Part]),
    ) -> Result<()> {
        let Err(error) = self.check_apart(call, comm, Some(send), recv) else { return Ok(()) };
        let begin = |at: u64, part: &Part, mine| (at as usize + part.at, at as usize + part.end(), mine);
        let mut all: Vec<_> = sent.iter().map(|part| begin(send.address(), part, false)).collect();
        all.extend(received.iter().map(|part| begin(recv.address(), part, true)));
        all.retain(|&(begin, end, _)| begin < end);
        all.sort_unstable();
        // How far the parts of either kind reach that begin before.
        let (mut sends, mut recvs) = (0, 0);
        for (begin, end, received) in all {
            let (own, other) = if received { (&mut recvs, sends) } else { (&mut sends, recvs) };
            if begin < other {
                return Err(error);
            }
            *own = end.max(*own);
        }
        Ok(())
    }

    fn check_elements(&self, call: Call, comm: &Comm, element: usize, len: usize) -> Result<()> {
        if len.is_multiple_of(element) {
            return Ok(());
        }
        let detail = format!("{len} bytes are no whole number of elements of {element} bytes");
        Err(self.error(Class::Count, call, detail).context(comm.context))
    }

    /// The buffer of a rank that cannot be in place.
    fn not_in_place<B>(&self, call: Call, comm: &Comm, buffer: Option<B>) -> Result<B> {
        buffer.ok_or_else(|| {
            self.error(Class::Buffer, call, "only the root can be in place").context(comm.context)
        })
    }
}
