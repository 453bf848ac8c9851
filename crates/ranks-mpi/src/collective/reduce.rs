//! Reductions and scans: MPI 5.0 sections 6.9 to 6.11.

// The standard decides how many there are.
#![allow(clippy::too_many_arguments)]

use super::forms::CallForm;
use super::{for_each_rank, nowhere, own, own_place, place, with_root};
use crate::abi::Abi;
use crate::argument::{Count, In, Out};
use crate::datatype::{elements_to, span};
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::op::Reduction;
use ranks_engine::collective::{Allreduce, Reduce, ReduceScatter, Scan};
use ranks_engine::op::{Element, Operation, StoredOp};
use ranks_engine::{PROC_NULL, SendBuf};
use std::ffi::{c_int, c_void};

/// `MPI_Reduce`: what is received counts at the root alone, and only it can be in place.
pub fn reduce<A: Abi>(
    call: &Call<A>,
    manner: CallForm<A>,
    send: In<c_void>,
    recv: Out<c_void>,
    count: impl Count,
    datatype: A::Datatype,
    op: A::Op,
    root: c_int,
    comm: A::Comm,
) -> Result<()> {
    let (comm, root) = (call.comm(comm)?, A::rank_in(root));
    let (me, _) = place(comm)?;
    let op = match with_root(me, root) && root == PROC_NULL {
        // Nothing is combined here, so nothing that is said about it counts.
        true => StoredOp::built_in(Operation::Sum, Element::U8).ok_or_else(no_op)?,
        false => Reduction::<A>::find(op, datatype)?.stored(),
    };
    let send = match with_root(me, root) {
        true => Some(SendBuf::EMPTY),
        false => own(&manner, send, count, datatype)?,
    };
    let room = if me == root {
        elements_to::<A>(&manner.stage, recv.address(), count, datatype)?
    } else {
        nowhere()
    };
    manner.run(comm, Reduce { send, recv: room, op, root })
}

fn no_op() -> Failure {
    Failure::new(class::INTERN, "there is no sum of bytes")
}

/// `MPI_Allreduce`.
pub fn allreduce<A: Abi>(
    call: &Call<A>,
    manner: CallForm<A>,
    send: In<c_void>,
    recv: Out<c_void>,
    count: impl Count,
    datatype: A::Datatype,
    op: A::Op,
    comm: A::Comm,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let op = Reduction::<A>::find(op, datatype)?.stored();
    let send = own(&manner, send, count, datatype)?;
    let recv = elements_to::<A>(&manner.stage, recv.address(), count, datatype)?;
    manner.run(comm, Allreduce { send, recv, op })
}

/// `MPI_Reduce_scatter_block`.
pub fn reduce_scatter_block<A: Abi>(
    call: &Call<A>,
    manner: CallForm<A>,
    send: In<c_void>,
    recv: Out<c_void>,
    count: impl Count,
    datatype: A::Datatype,
    op: A::Op,
    comm: A::Comm,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let (_, ranks) = own_place(comm)?;
    let op = Reduction::<A>::find(op, datatype)?.stored();
    let whole = for_each_rank::<A>(count, ranks, datatype)?;
    let send = own(&manner, send, whole, datatype)?;
    // In place, the contribution is there too.
    let room = if send.is_some() { count.get() } else { whole };
    let room = elements_to::<A>(&manner.stage, recv.address(), room, datatype)?;
    manner.run(comm, ReduceScatter { send, recv: room, lengths: None, op })
}

/// `MPI_Reduce_scatter`: a part of its own length to each.
pub fn reduce_scatter<A: Abi, C: Count>(
    call: &Call<A>,
    manner: CallForm<A>,
    send: In<c_void>,
    recv: Out<c_void>,
    counts: In<C>,
    datatype: A::Datatype,
    op: A::Op,
    comm: A::Comm,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let (me, ranks) = own_place(comm)?;
    let op = Reduction::<A>::find(op, datatype)?.stored();
    let counts = counts.slice(ranks as c_int)?;
    let lengths = counts.iter().map(|&count| span::<A>(count, datatype)).collect::<Result<Vec<_>>>()?;
    let whole = counts.iter().try_fold(0i64, |sum, count| sum.checked_add(count.get()));
    let whole = whole.ok_or_else(|| Failure::new(class::COUNT, "the counts are too many together"))?;
    let send = own(&manner, send, whole, datatype)?;
    // In place, the contribution is there too.
    let room = if send.is_some() { counts[me as usize].get() } else { whole };
    let room = elements_to::<A>(&manner.stage, recv.address(), room, datatype)?;
    manner.run(comm, ReduceScatter { send, recv: room, lengths: Some(&lengths), op })
}

/// `MPI_Scan`.
pub fn scan<A: Abi>(
    call: &Call<A>,
    manner: CallForm<A>,
    send: In<c_void>,
    recv: Out<c_void>,
    count: impl Count,
    datatype: A::Datatype,
    op: A::Op,
    comm: A::Comm,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let op = Reduction::<A>::find(op, datatype)?.stored();
    let send = own(&manner, send, count, datatype)?;
    let recv = elements_to::<A>(&manner.stage, recv.address(), count, datatype)?;
    manner.run(comm, Scan { send, recv, op, inclusive: true })
}

/// `MPI_Exscan`: at rank 0 what was received into stays as it is.
pub fn exscan<A: Abi>(
    call: &Call<A>,
    manner: CallForm<A>,
    send: In<c_void>,
    recv: Out<c_void>,
    count: impl Count,
    datatype: A::Datatype,
    op: A::Op,
    comm: A::Comm,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let op = Reduction::<A>::find(op, datatype)?.stored();
    let send = own(&manner, send, count, datatype)?;
    let recv = elements_to::<A>(&manner.stage, recv.address(), count, datatype)?;
    manner.run(comm, Scan { send, recv, op, inclusive: false })
}
