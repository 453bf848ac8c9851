//! Reduce to one rank: MPI 5.0 section 6.9.1.

use super::board::{in_slices, reduce, reduce_on_board};
use super::check::Check;
use super::gather::linear_gather;
use super::inter::Role;
use super::slices::{reduce_own_slice, slices};
use super::tree::binomial_reduce;
use super::{Collective, Parts, Storable, tags};
use crate::bounds;
use crate::error::Result;
use crate::group::CommId;
use crate::memory::{RecvBuf, SendBuf};
use crate::op::{Op, Operator, StoredOp};
use crate::p2p::{Engine, Plan, Side};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// Combines the ranks' elements, each with those at its place, at the root.
#[derive(Clone, Copy, Debug)]
pub struct Reduce<O> {
    /// This rank's elements. `None` at the root: in place, they are in `recv`.
    pub send: Option<SendBuf>,
    /// Room for the result; it counts at the root alone.
    pub recv: RecvBuf,
    /// How two elements become one.
    pub op: O,
    /// Who gets the result.
    pub root: i32,
}

/// How a reduction to one rank is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReduceAlgorithm {
    /// A binomial tree over neighbouring ranks, up to rank 0, which tells another root: the order of
    /// ranks is kept whatever the root.
    Binomial,
    /// Each rank reduces one slice of the elements; the root collects them.
    Slices,
}

fn choose(ranks: i32, len: usize) -> ReduceAlgorithm {
    if len < bounds::REDUCE_SLICES || ranks == 1 {
        ReduceAlgorithm::Binomial
    } else {
        ReduceAlgorithm::Slices
    }
}

impl<O: Operator> Collective for Reduce<O> {
    type Algorithm = ReduceAlgorithm;
    const TAG: i32 = tags::REDUCE;

    fn call(&self) -> Call {
        Call::Reduce
    }

    fn on_board<T: Transport>(&mut self, engine: &mut Engine<T>, id: CommId) -> Option<Result<()>> {
        let comm = engine.board_for(self, id)?;
        let (own, recv, root, is_root) = (self.own(), self.recv, self.root, comm.me == self.root);
        let op = &mut self.op.op();
        if !engine.board_reduces(comm, op, own.len()) {
            return None;
        }
        let (call, in_slices) = (Call::Reduce, in_slices(comm, own.len()));
        if !in_slices
            && let Some(fast) = engine.fast_path(call, comm, own.len())
            && match is_root {
                true => fast.reduce(own, false, op, 0, recv),
                false => fast.tell(own.bytes()),
            }
        {
            return Some(Ok(()));
        }
        let (comm, at) = (comm.clone(), root as usize);
        Some(match in_slices {
            true => reduce_on_board!(engine, call, comm, Self::TAG, op, |round, with| {
                reduce::reduce_in_slices(round, own, recv, with, Some(at))
            }),
            false => reduce_on_board!(engine, call, comm, Self::TAG, op, |round, with| {
                reduce::reduce(round, own, recv, with, at)
            }),
        })
    }

    fn check(&self, check: &Check<'_>) -> Result<()> {
        let Self { send, recv, .. } = *self;
        check.root(self.root)?;
        if check.comm.me != self.root {
            let own = check.not_in_place(send)?;
            return check.elements(self.op.element(), own.len());
        }
        if let Some(send) = send {
            check.apart((send, None), (recv, None))?;
            check.len("the root's room", recv.len(), send.len())?;
        }
        check.elements(self.op.element(), recv.len())
    }

    fn plan(&self, plan: &mut Plan, algorithm: Option<ReduceAlgorithm>) {
        let (own, recv, root, is_root) = (self.own(), self.recv, self.root, plan.me() == self.root);
        match algorithm.unwrap_or_else(|| choose(plan.size(), own.len())) {
            ReduceAlgorithm::Binomial => match binomial_reduce(plan, own) {
                Some(reduced) if is_root => plan.copy(reduced, recv),
                Some(reduced) => plan.swap(Some((root, reduced)), None),
                None if is_root => plan.swap(None, Some((0, recv))),
                None => {}
            },
            ReduceAlgorithm::Slices => {
                let slices = slices(plan.size(), self.op.element(), own.len());
                let own = reduce_own_slice(plan, own, &slices).as_send();
                linear_gather(plan, Some(own), recv, Parts::Each(&slices), root);
            }
        }
    }

    /// The other group's elements to the root.
    fn between(&self, check: &Check<'_>, plan: &mut Plan) -> Result<()> {
        match check.role(self.root)? {
            Role::Root => {
                check.elements(self.op.element(), self.recv.len())?;
                plan.swap(None, Some((0, self.recv)));
            }
            Role::Nothing => {}
            Role::With(root) => {
                let own = check.never_in_place(self.send)?;
                check.elements(self.op.element(), own.len())?;
                plan.turn_to(Side::Local);
                let reduced = binomial_reduce(plan, own);
                plan.turn_to(Side::Comm);
                if let Some(reduced) = reduced {
                    plan.swap(Some((root, reduced)), None);
                }
            }
        }
        Ok(())
    }

    fn op(&mut self) -> Option<Op<'_>> {
        Some(self.op.op())
    }
}

impl Storable for Reduce<StoredOp> {
    fn stored(self) -> Option<StoredOp> {
        Some(self.op)
    }
}

impl<O> Reduce<O> {
    /// This rank's elements.
    fn own(&self) -> SendBuf {
        self.send.unwrap_or(self.recv.as_send())
    }
}
