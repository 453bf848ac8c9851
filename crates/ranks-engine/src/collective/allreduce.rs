//! Reduce to all: MPI 5.0 section 6.9.6.

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

/// How a reduction to all is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllreduceAlgorithm {
    /// In round k each exchanges what it has with the one 2^k away: everyone reduces everything.
    RecursiveDoubling,
    /// To rank 0, and from there to all.
    ReduceBcast,
    /// Each rank reduces one slice of the elements; then all collect all slices.
    Slices,
}

fn choose(comm: &Comm, len: usize) -> AllreduceAlgorithm {
    if len >= bounds::REDUCE_SLICES {
        AllreduceAlgorithm::Slices
    } else if len <= bounds::REDUCE_TWICE || comm.size() <= bounds::REDUCE_TWICE_RANKS {
        AllreduceAlgorithm::RecursiveDoubling
    } else {
        AllreduceAlgorithm::ReduceBcast
    }
}

impl<T: Transport> Engine<T> {
    /// Combines the ranks' elements, each with those at its place, for all ranks. In place: this rank's
    /// elements are in `recv`. All ranks get the same bits.
    pub fn allreduce(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: &mut Op<'_>,
        id: CommId,
    ) -> Result<()> {
        self.allreduce_as(send, recv, op, id, None)
    }

    /// The same by a given algorithm: all ranks must give the same one.
    pub fn allreduce_with(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: &mut Op<'_>,
        id: CommId,
        algorithm: AllreduceAlgorithm,
    ) -> Result<()> {
        self.allreduce_as(send, recv, op, id, Some(algorithm))
    }

    fn allreduce_as(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: &mut Op<'_>,
        id: CommId,
        algorithm: Option<AllreduceAlgorithm>,
    ) -> Result<()> {
        let call = Call::Allreduce;
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        let contribution = send.unwrap_or(recv.as_send());
        self.check_apart(call, comm, send, recv)?;
        self.check_len(call, comm, "the receive buffer", recv.len(), contribution.len())?;
        self.check_elements(call, comm, op, recv.len())?;
        if comm.size() == 1 {
            recv.write(0, contribution.bytes());
            return Ok(());
        }
        if algorithm.is_none() && self.reduces_on_board(comm, op) {
            return self.board_allreduce(call, comm, (contribution, recv), op);
        }
        let at = Within { call, comm, tag: tags::ALLREDUCE };
        match algorithm.unwrap_or_else(|| choose(comm, recv.len())) {
            AllreduceAlgorithm::RecursiveDoubling => {
                let mut scratch = self.take_scratch(2 * recv.len());
                let reduced = self.doubling_allreduce(at, contribution, op, &mut scratch)?;
                recv.write(0, reduced);
                self.keep_scratch(scratch);
                Ok(())
            }
            AllreduceAlgorithm::ReduceBcast => {
                let mut scratch = self.take_scratch(2 * recv.len());
                if let Some(reduced) = self.binomial_reduce(at, contribution, op, &mut scratch)? {
                    recv.write(0, reduced);
                }
                self.keep_scratch(scratch);
                self.binomial_bcast(call, comm, at.tag, recv, 0)
            }
            AllreduceAlgorithm::Slices => {
                let slices = slices(comm, op, recv.len());
                let own = recv.of_part(slices[comm.me as usize]);
                self.reduce_own_slice(at, contribution, &slices, op, |engine, reduced| {
                    own.write(0, reduced);
                    engine.rotated_allgather(at, own.as_send(), recv, |rank| slices[rank as usize])
                })
            }
        }
    }

    /// `scratch` is twice as long as the contribution, or longer.
    fn doubling_allreduce<'s>(
        &mut self,
        at: Within<'_>,
        contribution: SendBuf,
        op: &mut Op<'_>,
        scratch: &'s mut [u8],
    ) -> Result<&'s [u8]> {
        let (me, size) = (at.comm.me, at.comm.size());
        let (mut own, mut other) = scratch[..2 * contribution.len()].split_at_mut(contribution.len());
        contribution.copy_to(own);
        // The exchange needs a power of two: of the first ranks, as many pairs as are too many act
        // through their second. Pairs are neighbours, so the order of ranks is kept.
        let power = 1 << size.ilog2();
        let pairs = size - power;
        let rank_of = |position: i32| if position < pairs { 2 * position + 1 } else { position + pairs };
        let position = if me >= 2 * pairs {
            me - pairs
        } else if me % 2 == 0 {
            self.swap_bytes(at, Some((me + 1, own)), None)?;
            self.swap_bytes(at, None, Some((me + 1, own)))?;
            return Ok(own);
        } else {
            self.swap_bytes(at, None, Some((me - 1, other)))?;
            op.apply(other, own);
            me / 2
        };
        let mut distance = 1;
        while distance < power {
            let partner = position ^ distance;
            let rank = rank_of(partner);
            self.swap_bytes(at, Some((rank, own)), Some((rank, other)))?;
            // The lower ranks on the left at both, so that both get the same bits.
            if partner < position {
                op.apply(other, own);
            } else {
                op.apply(own, other);
                std::mem::swap(&mut own, &mut other);
            }
            distance *= 2;
        }
        if me < 2 * pairs {
            self.swap_bytes(at, Some((me - 1, own)), None)?;
        }
        Ok(own)
    }
}
