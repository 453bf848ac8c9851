//! Reduce-scatter with equal parts: MPI 5.0 section 6.10.1.

use super::{Part, tags};
use crate::bounds;
use crate::error::Result;
use crate::group::CommId;
use crate::memory::{RecvBuf, SendBuf};
use crate::op::Op;
use crate::p2p::{Engine, Within};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// How a reduce-scatter is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReduceScatterAlgorithm {
    /// To rank 0, which deals the parts.
    ReduceScatter,
    /// Each rank gets the others' elements of its part and reduces them.
    Slices,
}

fn choose(ranks: i32, whole: usize) -> ReduceScatterAlgorithm {
    if ranks > 2 && whole < bounds::REDUCE_SCATTER_TREE {
        ReduceScatterAlgorithm::ReduceScatter
    } else {
        ReduceScatterAlgorithm::Slices
    }
}

impl<T: Transport> Engine<T> {
    /// Combines the ranks' elements, each with those at its place, and leaves each rank its part: `send`
    /// holds a part for each rank. In place: they are in `recv`, whose first bytes become the part.
    pub fn reduce_scatter_block(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: &mut Op<'_>,
        id: CommId,
    ) -> Result<()> {
        self.reduce_scatter_block_as(send, recv, op, id, None)
    }

    /// The same by a given algorithm: all ranks must give the same one.
    pub fn reduce_scatter_block_with(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: &mut Op<'_>,
        id: CommId,
        algorithm: ReduceScatterAlgorithm,
    ) -> Result<()> {
        self.reduce_scatter_block_as(send, recv, op, id, Some(algorithm))
    }

    fn reduce_scatter_block_as(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: &mut Op<'_>,
        id: CommId,
        algorithm: Option<ReduceScatterAlgorithm>,
    ) -> Result<()> {
        let call = Call::ReduceScatterBlock;
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        let contribution = send.unwrap_or(recv.as_send());
        self.check_apart(call, comm, send, recv)?;
        let part = self.equal_part(call, comm, contribution.len())?;
        self.check_elements(call, comm, op, part)?;
        if send.is_some() {
            self.check_len(call, comm, "the receive buffer", recv.len(), part)?;
        }
        if algorithm.is_none() && self.reduces_on_board(comm, op) {
            return self.board_reduce_scatter(call, comm, (contribution, recv), op);
        }
        let at = Within { call, comm, tag: tags::REDUCE_SCATTER };
        let parts = Part::in_order((0..comm.size()).map(|_| part));
        match algorithm.unwrap_or_else(|| choose(comm.size(), contribution.len())) {
            ReduceScatterAlgorithm::ReduceScatter => {
                let mut scratch = self.take_scratch(2 * contribution.len());
                let Some(reduced) = self.binomial_reduce(at, contribution, op, &mut scratch)? else {
                    self.keep_scratch(scratch);
                    return self.swap(at, None, Some((0, recv.part(0, part))));
                };
                for (rank, of) in parts.iter().enumerate() {
                    let bytes = &reduced[of.at..of.at + of.len];
                    if rank == 0 {
                        recv.write(0, bytes);
                    } else {
                        self.swap_bytes(at, Some((rank as i32, bytes)), None)?;
                    }
                }
                self.keep_scratch(scratch);
                Ok(())
            }
            ReduceScatterAlgorithm::Slices => {
                self.reduce_own_slice(at, contribution, &parts, op, |_, reduced| {
                    recv.write(0, reduced);
                    Ok(())
                })
            }
        }
    }
}
