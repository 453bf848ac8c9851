//! Reduce to all: MPI 5.0 section 6.9.6.

use super::allgather::rotated_allgather;
use super::board::{in_slices, reduce, reduce_on_board};
use super::check::Check;
use super::inter::{swap_reductions, tell_own_group};
use super::slices::{reduce_own_slice, slices};
use super::tree::{binomial_bcast, binomial_reduce};
use super::{Collective, Parts, Storable, tags};
use crate::bounds;
use crate::error::Result;
use crate::group::CommId;
use crate::memory::{RecvBuf, SendBuf};
use crate::op::{Op, Operator, StoredOp};
use crate::p2p::{Engine, Plan};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// Combines the ranks' elements, each with those at its place, for all ranks. All get the same bits.
#[derive(Clone, Copy, Debug)]
pub struct Allreduce<O> {
    /// This rank's elements. `None`: in place, they are in `recv`.
    pub send: Option<SendBuf>,
    /// Room for the result.
    pub recv: RecvBuf,
    /// How two elements become one.
    pub op: O,
}

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

fn choose(ranks: i32, len: usize) -> AllreduceAlgorithm {
    if len >= bounds::REDUCE_SLICES {
        AllreduceAlgorithm::Slices
    } else if len <= bounds::REDUCE_TWICE || ranks <= bounds::REDUCE_TWICE_RANKS {
        AllreduceAlgorithm::RecursiveDoubling
    } else {
        AllreduceAlgorithm::ReduceBcast
    }
}

impl<O: Operator> Collective for Allreduce<O> {
    type Algorithm = AllreduceAlgorithm;
    const TAG: i32 = tags::ALLREDUCE;

    fn call(&self) -> Call {
        Call::Allreduce
    }

    fn on_board<T: Transport>(&mut self, engine: &mut Engine<T>, id: CommId) -> Option<Result<()>> {
        let comm = engine.board_for(self, id)?;
        let recv = self.recv;
        let own = self.send.unwrap_or(recv.as_send());
        let op = &mut self.op.op();
        if !engine.board_reduces(comm, op, own.len()) {
            return None;
        }
        let (call, in_slices) = (Call::Allreduce, in_slices(comm, own.len()));
        if !in_slices
            && engine.fast_path(call, comm, own.len()).is_some_and(|fast| fast.reduce(own, true, op, 0, recv))
        {
            return Some(Ok(()));
        }
        let comm = comm.clone();
        Some(match in_slices {
            true => reduce_on_board!(engine, call, comm, Self::TAG, op, |round, with| {
                reduce::reduce_in_slices(round, own, recv, with, None)
            }),
            false => reduce_on_board!(engine, call, comm, Self::TAG, op, |round, with| {
                reduce::allreduce_each(round, own, recv, with)
            }),
        })
    }

    fn check(&self, check: &Check<'_>) -> Result<()> {
        check.reduction(self.send, self.recv, self.op.element())
    }

    fn plan(&self, plan: &mut Plan, algorithm: Option<AllreduceAlgorithm>) {
        let (ranks, recv) = (plan.size(), self.recv);
        let own = self.send.unwrap_or(recv.as_send());
        if ranks == 1 {
            return plan.copy(own, recv);
        }
        match algorithm.unwrap_or_else(|| choose(ranks, recv.len())) {
            AllreduceAlgorithm::RecursiveDoubling => {
                let reduced = doubling_allreduce(plan, own);
                plan.copy(reduced.as_send(), recv);
            }
            AllreduceAlgorithm::ReduceBcast => {
                if let Some(reduced) = binomial_reduce(plan, own) {
                    plan.copy(reduced, recv);
                }
                binomial_bcast(plan, recv, 0);
            }
            AllreduceAlgorithm::Slices => {
                let slices = slices(ranks, self.op.element(), recv.len());
                let place = recv.of_part(slices[plan.me() as usize]);
                let reduced = reduce_own_slice(plan, own, &slices);
                plan.copy(reduced.as_send(), place);
                rotated_allgather(plan, place.as_send(), recv, Parts::Each(&slices));
            }
        }
    }

    /// To all of each group the reduction of the other one's elements.
    fn between(&self, check: &Check<'_>, plan: &mut Plan) -> Result<()> {
        let own = check.never_in_place(self.send)?;
        self.check(check)?;
        swap_reductions(plan, own, self.recv);
        tell_own_group(plan, self.recv);
        Ok(())
    }

    fn op(&mut self) -> Option<Op<'_>> {
        Some(self.op.op())
    }
}

impl Storable for Allreduce<StoredOp> {
    fn stored(self) -> Option<StoredOp> {
        Some(self.op)
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
