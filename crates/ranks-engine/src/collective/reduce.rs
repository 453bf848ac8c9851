//! Reduce to one rank: MPI 5.0 section 6.9.1.

use super::gather::linear_gather;
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

    /// The same as a request.
    pub fn ireduce(
        &mut self,
        form: Form,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: StoredOp,
        root: i32,
        id: CommId,
    ) -> Result<RequestId> {
        let plan = self.reduce_plan(form.of(Call::Reduce), send, recv, op.element(), root, id, None)?;
        Ok(self.launch(plan, Some(op), form))
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
        if algorithm.is_none()
            && let Some(outcome) = self.reduce_on_board(send, recv, op, root, id)
        {
            return outcome;
        }
        let plan = self.reduce_plan(Call::Reduce, send, recv, op.element(), root, id, algorithm)?;
        self.run_divisible(plan, Some(op))
    }

    #[allow(clippy::too_many_arguments)]
    fn reduce_plan(
        &mut self,
        call: Call,
        send: Option<SendBuf>,
        recv: RecvBuf,
        element: usize,
        root: i32,
        id: CommId,
        algorithm: Option<ReduceAlgorithm>,
    ) -> Result<Box<Plan>> {
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        if comm.local.is_some() {
            return self.inter_reduce(call, comm, (send, recv), element, root);
        }
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
        self.check_elements(call, comm, element, contribution.len())?;
        let mut plan = self.plan(call, comm, tags::REDUCE);
        match algorithm.unwrap_or_else(|| choose(comm, contribution.len())) {
            ReduceAlgorithm::Binomial => match binomial_reduce(&mut plan, contribution) {
                Some(reduced) if is_root => plan.copy(reduced, recv),
                Some(reduced) => plan.swap(Some((root, reduced)), None),
                None if is_root => plan.swap(None, Some((0, recv))),
                None => {}
            },
            ReduceAlgorithm::Slices => {
                let slices = slices(comm.size(), element, contribution.len());
                let own = reduce_own_slice(&mut plan, contribution, &slices).as_send();
                linear_gather(&mut plan, Some(own), recv, |rank| slices[rank as usize], root);
            }
        }
        Ok(plan)
    }
}

/// The reduction of all at rank 0: where it is. In round k a rank that is still in it takes over the 2^k
/// ranks after its own.
pub(super) fn binomial_reduce(plan: &mut Plan, contribution: SendBuf) -> Option<SendBuf> {
    let (me, size) = (plan.me(), plan.size());
    let mut own = contribution;
    let mut distance = 1;
    while distance < size {
        if me & distance != 0 {
            plan.swap(Some((me - distance, own)), None);
            return None;
        }
        if me + distance < size {
            let higher = plan.room(contribution.len());
            plan.swap(None, Some((me + distance, higher)));
            plan.reduce(own, higher);
            own = higher.as_send();
        }
        distance *= 2;
    }
    Some(own)
}
