//! Reduce to all: MPI 5.0 section 6.9.6.

use super::allgather::rotated_allgather;
use super::bcast::binomial_bcast;
use super::reduce::binomial_reduce;
use super::slices::{reduce_own_slice, slices};
use super::tags;
use crate::bounds;
use crate::error::Result;
use crate::group::{Comm, CommId};
use crate::memory::{RecvBuf, SendBuf};
use crate::op::{Op, StoredOp};
use crate::p2p::{Engine, Form, Plan, RequestId};
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

    /// The same as a request.
    pub fn iallreduce(
        &mut self,
        form: Form,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: StoredOp,
        id: CommId,
    ) -> Result<RequestId> {
        let plan = self.allreduce_plan(form.of(Call::Allreduce), send, recv, op.element(), id, None)?;
        Ok(self.launch(plan, Some(op), form))
    }

    fn allreduce_as(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: &mut Op<'_>,
        id: CommId,
        algorithm: Option<AllreduceAlgorithm>,
    ) -> Result<()> {
        if algorithm.is_none()
            && let Some(outcome) = self.allreduce_on_board(send, recv, op, id)
        {
            return outcome;
        }
        let plan = self.allreduce_plan(Call::Allreduce, send, recv, op.element(), id, algorithm)?;
        self.run_divisible(plan, Some(op))
    }

    fn allreduce_plan(
        &mut self,
        call: Call,
        send: Option<SendBuf>,
        recv: RecvBuf,
        element: usize,
        id: CommId,
        algorithm: Option<AllreduceAlgorithm>,
    ) -> Result<Box<Plan>> {
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        if comm.local.is_some() {
            return self.inter_allreduce(call, comm, (send, recv), element);
        }
        let contribution = send.unwrap_or(recv.as_send());
        self.check_apart(call, comm, send, recv)?;
        self.check_len(call, comm, "the receive buffer", recv.len(), contribution.len())?;
        self.check_elements(call, comm, element, recv.len())?;
        let mut plan = self.plan(call, comm, tags::ALLREDUCE);
        if comm.size() == 1 {
            plan.copy(contribution, recv);
            return Ok(plan);
        }
        match algorithm.unwrap_or_else(|| choose(comm, recv.len())) {
            AllreduceAlgorithm::RecursiveDoubling => {
                let reduced = doubling_allreduce(&mut plan, contribution);
                plan.copy(reduced.as_send(), recv);
            }
            AllreduceAlgorithm::ReduceBcast => {
                if let Some(reduced) = binomial_reduce(&mut plan, contribution) {
                    plan.copy(reduced, recv);
                }
                binomial_bcast(&mut plan, recv, 0);
            }
            AllreduceAlgorithm::Slices => {
                let slices = slices(comm.size(), element, recv.len());
                let own = recv.of_part(slices[comm.me as usize]);
                let reduced = reduce_own_slice(&mut plan, contribution, &slices);
                plan.copy(reduced.as_send(), own);
                rotated_allgather(&mut plan, own.as_send(), recv, |rank| slices[rank as usize]);
            }
        }
        Ok(plan)
    }
}

/// Where the result is.
fn doubling_allreduce(plan: &mut Plan, contribution: SendBuf) -> RecvBuf {
    let (me, size) = (plan.me(), plan.size());
    let (mut own, mut other) = (plan.room(contribution.len()), plan.room(contribution.len()));
    plan.copy(contribution, own);
    // The exchange needs a power of two: of the first ranks, as many pairs as are too many act through
    // their second. Pairs are neighbours, so the order of ranks is kept.
    let power = 1 << size.ilog2();
    let pairs = size - power;
    let rank_of = |position: i32| if position < pairs { 2 * position + 1 } else { position + pairs };
    let position = if me >= 2 * pairs {
        me - pairs
    } else if me % 2 == 0 {
        plan.swap(Some((me + 1, own.as_send())), None);
        plan.swap(None, Some((me + 1, own)));
        return own;
    } else {
        plan.swap(None, Some((me - 1, other)));
        plan.reduce(other.as_send(), own);
        me / 2
    };
    let mut distance = 1;
    while distance < power {
        let partner = position ^ distance;
        let rank = rank_of(partner);
        plan.swap(Some((rank, own.as_send())), Some((rank, other)));
        // The lower ranks on the left at both, so that both get the same bits.
        if partner < position {
            plan.reduce(other.as_send(), own);
        } else {
            plan.reduce(own.as_send(), other);
            std::mem::swap(&mut own, &mut other);
        }
        distance *= 2;
    }
    if me < 2 * pairs {
        plan.swap(Some((me - 1, own.as_send())), None);
    }
    own
}
