//! Reduce-scatter: MPI 5.0 section 6.10.

use super::board::{reduce, reduce_on_board};
use super::check::Check;
use super::inter::swap_reductions;
use super::scatter::linear_scatter;
use super::slices::reduce_own_slice;
use super::tree::binomial_reduce;
use super::{Collective, Part, Parts, Storable, tags};
use crate::bounds;
use crate::error::{Class, Result};
use crate::group::CommId;
use crate::memory::{RecvBuf, SendBuf};
use crate::op::{Op, Operator, StoredOp};
use crate::p2p::{Engine, Plan, Side};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// Combines the ranks' elements, each with those at its place, and leaves each rank its part of the result.
#[derive(Clone, Copy, Debug)]
pub struct ReduceScatter<'p, O> {
    /// This rank's elements, a part for each rank. `None`: in place, they are in `recv`.
    pub send: Option<SendBuf>,
    /// Room for this rank's part. In place, its first bytes become the part.
    pub recv: RecvBuf,
    /// The length of each rank's part, in bytes (`MPI_Reduce_scatter`). `None`: all parts have one length
    /// (`MPI_Reduce_scatter_block`).
    pub lengths: Option<&'p [usize]>,
    /// How two elements become one.
    pub op: O,
}

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

impl<O: Operator> Collective for ReduceScatter<'_, O> {
    type Algorithm = ReduceScatterAlgorithm;
    const TAG: i32 = tags::REDUCE_SCATTER;

    fn call(&self) -> Call {
        if self.lengths.is_some() { Call::ReduceScatter } else { Call::ReduceScatterBlock }
    }

    fn on_board<T: Transport>(&mut self, engine: &mut Engine<T>, id: CommId) -> Option<Result<()>> {
        if self.lengths.is_some() {
            return None;
        }
        let comm = engine.board_for(self, id)?;
        let (own, recv) = (self.own(), self.recv);
        let op = &mut self.op.op();
        if !engine.board_reduces(comm, op, own.len()) {
            return None;
        }
        let (call, block) = (Call::ReduceScatterBlock, own.len() / comm.size() as usize);
        let result = recv.of_part(Part { at: 0, len: block });
        let fast = engine.fast_path(call, comm, own.len());
        if fast.is_some_and(|fast| fast.reduce(own, true, op, comm.me as usize * block, result)) {
            return Some(Ok(()));
        }
        let comm = comm.clone();
        Some(reduce_on_board!(engine, call, comm, Self::TAG, op, |round, with| {
            reduce::reduce_scatter(round, own, recv, with)
        }))
    }

    fn check(&self, check: &Check<'_>) -> Result<()> {
        let (own, element) = (self.own(), self.op.element());
        if let Some(send) = self.send {
            check.apart((send, None), (self.recv, None))?;
        }
        let mine = match self.lengths {
            None => {
                let part = check.parts(None, own.len())?.of(check.comm.me).len;
                check.elements(element, part)?;
                part
            }
            Some(lengths) => {
                let whole = lengths.iter().fold(0usize, |sum, &len| sum.saturating_add(len));
                if lengths.len() != check.comm.size() as usize {
                    let detail = format!("{} counts for {} ranks", lengths.len(), check.comm.size());
                    return Err(check.error(Class::Count, detail));
                }
                check.len("the contribution", own.len(), whole)?;
                lengths.iter().try_for_each(|&len| check.elements(element, len))?;
                lengths[check.comm.me as usize]
            }
        };
        if self.send.is_some() {
            check.len("the receive buffer", self.recv.len(), mine)?;
        }
        Ok(())
    }

    fn plan(&self, plan: &mut Plan, algorithm: Option<ReduceScatterAlgorithm>) {
        let (own, parts) = (self.own(), self.parts(plan.size()));
        let mine = self.recv.part(0, parts[plan.me() as usize].len);
        match algorithm.unwrap_or_else(|| choose(plan.size(), own.len())) {
            ReduceScatterAlgorithm::ReduceScatter => {
                let reduced = binomial_reduce(plan, own).unwrap_or(SendBuf::EMPTY);
                linear_scatter(plan, reduced, Some(mine), Parts::Each(&parts), 0);
            }
            ReduceScatterAlgorithm::Slices => {
                let reduced = reduce_own_slice(plan, own, &parts);
                plan.copy(reduced.as_send(), mine);
            }
        }
    }

    /// To each of a group its part of the reduction of the other one's elements. Both groups have as many elements in
    /// all.
    fn between(&self, check: &Check<'_>, plan: &mut Plan) -> Result<()> {
        let own = check.never_in_place(self.send)?;
        plan.turn_to(Side::Local);
        self.check(&check.against(plan.here()))?;
        let parts = self.parts(plan.size());
        let room = plan.room(if plan.me() == 0 { own.len() } else { 0 });
        swap_reductions(plan, own, room);
        plan.turn_to(Side::Local);
        linear_scatter(plan, room.as_send(), Some(self.recv), Parts::Each(&parts), 0);
        Ok(())
    }

    fn op(&mut self) -> Option<Op<'_>> {
        Some(self.op.op())
    }
}

impl Storable for ReduceScatter<'_, StoredOp> {
    fn stored(self) -> Option<StoredOp> {
        Some(self.op)
    }
}

impl<O> ReduceScatter<'_, O> {
    /// This rank's elements.
    fn own(&self) -> SendBuf {
        self.send.unwrap_or(self.recv.as_send())
    }

    /// Everyone's parts of them.
    fn parts(&self, ranks: i32) -> Vec<Part> {
        match self.lengths {
            None => Part::in_order((0..ranks).map(|_| self.own().len() / ranks as usize)),
            Some(lengths) => Part::in_order(lengths.iter().copied()),
        }
    }
}
