//! Reduce to one rank: MPI 5.0 section 6.9.1.

use super::slices::slices;
use super::tags;
use crate::bounds;
use crate::error::Result;
use crate::group::{Comm, CommId};
use crate::memory::{RecvBuf, SendBuf};
use crate::op::Op;
use crate::p2p::{Engine, Within};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// How a reduction to one rank is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReduceAlgorithm {
    /// A binomial tree over neighbouring ranks, up to rank 0, which tells another root: the order of
    /// ranks is kept whatever the root.
    Binomial,
    /// Each rank reduces one slice of the elements; the root collects them.
    Slices,
}

fn choose(comm: &Comm, len: usize) -> ReduceAlgorithm {
    if len < bounds::REDUCE_SLICES || comm.size() == 1 {
        ReduceAlgorithm::Binomial
    } else {
        ReduceAlgorithm::Slices
    }
}

impl<T: Transport> Engine<T> {
    /// Combines the ranks' elements, each with those at its place, at the root; `recv` counts there
    /// alone. In place at the root: its elements are in `recv`.
    pub fn reduce(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: &mut Op<'_>,
        root: i32,
        id: CommId,
    ) -> Result<()> {
        self.reduce_as(send, recv, op, root, id, None)
    }

    /// The same by a given algorithm: all ranks must give the same one.
    pub fn reduce_with(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: &mut Op<'_>,
        root: i32,
        id: CommId,
        algorithm: ReduceAlgorithm,
    ) -> Result<()> {
        self.reduce_as(send, recv, op, root, id, Some(algorithm))
    }

    fn reduce_as(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: &mut Op<'_>,
        root: i32,
        id: CommId,
        algorithm: Option<ReduceAlgorithm>,
    ) -> Result<()> {
        let call = Call::Reduce;
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        self.root_of(comm, root, call)?;
        let is_root = comm.me == root;
        let contribution = if is_root {
            self.check_apart(call, comm, send, recv)?;
            send.unwrap_or(recv.as_send())
        } else {
            self.not_in_place(call, comm, send)?
        };
        if is_root {
            self.check_len(call, comm, "the root's room", recv.len(), contribution.len())?;
        }
        self.check_elements(call, comm, op, contribution.len())?;
        if algorithm.is_none() && self.reduces_on_board(comm, op) {
            return self.board_reduce(call, comm, (contribution, recv), op, root);
        }
        let at = Within { call, comm, tag: tags::REDUCE };
        match algorithm.unwrap_or_else(|| choose(comm, contribution.len())) {
            ReduceAlgorithm::Binomial => {
                let mut scratch = self.take_scratch(2 * contribution.len());
                match self.binomial_reduce(at, contribution, op, &mut scratch)? {
                    Some(reduced) if is_root => recv.write(0, reduced),
                    Some(reduced) => self.swap_bytes(at, Some((root, reduced)), None)?,
                    None if is_root => self.swap(at, None, Some((0, recv)))?,
                    None => {}
                }
                self.keep_scratch(scratch);
                Ok(())
            }
            ReduceAlgorithm::Slices => {
                let slices = slices(comm, op, contribution.len());
                self.reduce_own_slice(at, contribution, &slices, op, |engine, own| {
                    if !is_root {
                        return engine.swap_bytes(at, Some((root, own)), None);
                    }
                    recv.write(slices[root as usize].at, own);
                    engine.linear_gather(at, None, recv, |rank| slices[rank as usize], root)
                })
            }
        }
    }

    /// The reduction of all at rank 0. In round k a rank that is still in it takes over the 2^k ranks
    /// after its own. `scratch` is twice as long as the contribution, or longer.
    pub(super) fn binomial_reduce<'s>(
        &mut self,
        at: Within<'_>,
        contribution: SendBuf,
        op: &mut Op<'_>,
        scratch: &'s mut [u8],
    ) -> Result<Option<&'s [u8]>> {
        let (me, size) = (at.comm.me, at.comm.size());
        let (mut own, mut higher) = scratch[..2 * contribution.len()].split_at_mut(contribution.len());
        contribution.copy_to(own);
        let mut distance = 1;
        while distance < size {
            if me & distance != 0 {
                self.swap_bytes(at, Some((me - distance, own)), None)?;
                return Ok(None);
            }
            if me + distance < size {
                self.swap_bytes(at, None, Some((me + distance, higher)))?;
                op.apply(own, higher);
                std::mem::swap(&mut own, &mut higher);
            }
            distance *= 2;
        }
        Ok(Some(own))
    }
}
