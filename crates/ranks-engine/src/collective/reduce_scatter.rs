//! Reduce-scatter: MPI 5.0 section 6.10.

use super::reduce::binomial_reduce;
use super::scatter::linear_scatter;
use super::slices::reduce_own_slice;
use super::{Part, tags};
use crate::bounds;
use crate::error::Result;
use crate::group::CommId;
use crate::memory::{RecvBuf, SendBuf};
use crate::op::{Op, StoredOp};
use crate::p2p::{Engine, Form, Plan, RequestId};
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
        self.reduce_scatter_as(Call::ReduceScatterBlock, send, recv, None, op, id, None)
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
        self.reduce_scatter_as(Call::ReduceScatterBlock, send, recv, None, op, id, Some(algorithm))
    }

    /// The same as a request.
    pub fn ireduce_scatter_block(
        &mut self,
        form: Form,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: StoredOp,
        id: CommId,
    ) -> Result<RequestId> {
        let call = form.of(Call::ReduceScatterBlock);
        let plan = self.reduce_scatter_plan(call, send, recv, None, op.element(), id, None)?;
        Ok(self.launch(plan, Some(op), form))
    }

    /// The same with parts of any length: `lengths` has that of each rank's part, in bytes.
    pub fn reduce_scatter(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        lengths: &[usize],
        op: &mut Op<'_>,
        id: CommId,
    ) -> Result<()> {
        self.reduce_scatter_as(Call::ReduceScatter, send, recv, Some(lengths), op, id, None)
    }

    /// The same by a given algorithm: all ranks must give the same one.
    pub fn reduce_scatter_with(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        lengths: &[usize],
        op: &mut Op<'_>,
        id: CommId,
        algorithm: ReduceScatterAlgorithm,
    ) -> Result<()> {
        self.reduce_scatter_as(Call::ReduceScatter, send, recv, Some(lengths), op, id, Some(algorithm))
    }

    /// The same as a request.
    pub fn ireduce_scatter(
        &mut self,
        form: Form,
        send: Option<SendBuf>,
        recv: RecvBuf,
        lengths: &[usize],
        op: StoredOp,
        id: CommId,
    ) -> Result<RequestId> {
        let call = form.of(Call::ReduceScatter);
        let plan = self.reduce_scatter_plan(call, send, recv, Some(lengths), op.element(), id, None)?;
        Ok(self.launch(plan, Some(op), form))
    }

    #[allow(clippy::too_many_arguments)]
    fn reduce_scatter_as(
        &mut self,
        call: Call,
        send: Option<SendBuf>,
        recv: RecvBuf,
        lengths: Option<&[usize]>,
        op: &mut Op<'_>,
        id: CommId,
        algorithm: Option<ReduceScatterAlgorithm>,
    ) -> Result<()> {
        if algorithm.is_none()
            && lengths.is_none()
            && let Some(outcome) = self.reduce_scatter_on_board(send, recv, op, id)
        {
            return outcome;
        }
        let plan = self.reduce_scatter_plan(call, send, recv, lengths, op.element(), id, algorithm)?;
        self.run_divisible(plan, Some(op))
    }

    /// No lengths: all parts have one.
    #[allow(clippy::too_many_arguments)]
    fn reduce_scatter_plan(
        &mut self,
        call: Call,
        send: Option<SendBuf>,
        recv: RecvBuf,
        lengths: Option<&[usize]>,
        element: usize,
        id: CommId,
        algorithm: Option<ReduceScatterAlgorithm>,
    ) -> Result<Box<Plan>> {
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        if comm.local.is_some() {
            return self.inter_reduce_scatter(call, comm, (send, recv), lengths, element);
        }
        let contribution = send.unwrap_or(recv.as_send());
        self.check_apart(call, comm, send, recv)?;
        let parts = match lengths {
            None => {
                let part = self.equal_part(call, comm, contribution.len())?;
                Part::in_order((0..comm.size()).map(|_| part))
            }
            Some(lengths) => {
                let parts = Part::in_order(lengths.iter().copied());
                self.check_parts(call, comm, &parts, contribution.len())?;
                let whole = parts.last().map_or(0, |part| part.end());
                self.check_len(call, comm, "the contribution", contribution.len(), whole)?;
                parts
            }
        };
        for part in &parts {
            self.check_elements(call, comm, element, part.len)?;
        }
        let own = parts[comm.me as usize].len;
        if send.is_some() {
            self.check_len(call, comm, "the receive buffer", recv.len(), own)?;
        }
        let mut plan = self.plan(call, comm, tags::REDUCE_SCATTER);
        match algorithm.unwrap_or_else(|| choose(comm.size(), contribution.len())) {
            ReduceScatterAlgorithm::ReduceScatter => {
                let reduced = binomial_reduce(&mut plan, contribution).unwrap_or(SendBuf::EMPTY);
                let part_of = |rank: i32| parts[rank as usize];
                linear_scatter(&mut plan, reduced, Some(recv.part(0, own)), part_of, 0);
            }
            ReduceScatterAlgorithm::Slices => {
                let reduced = reduce_own_slice(&mut plan, contribution, &parts);
                plan.copy(reduced.as_send(), recv.part(0, own));
            }
        }
        Ok(plan)
    }
}
