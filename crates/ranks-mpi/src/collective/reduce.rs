//! Reductions and scans: MPI 5.0 sections 6.9 to 6.11.
//!
//! What the engine can apply it applies within the collective; what is the program's own takes the way
//! of [`rows`].

// The standard decides how many there are.
#![allow(clippy::too_many_arguments)]

use super::{for_each_rank, nowhere, own, place};
use crate::abi::Abi;
use crate::argument::{Count, In, Out};
use crate::datatype::{elements_from, elements_to, span};
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use crate::op::{Reduction, rows};
use ranks_engine::collective::Part;
use std::ffi::{c_int, c_void};

/// `MPI_Reduce`: what is received counts at the root alone, and only it can be in place.
pub fn reduce<A: Abi>(
    call: &Call<A>,
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
    let mut reduction = Reduction::<A>::find(op, datatype)?;
    let send = own::<A>(send, count, datatype)?;
    let room = if me == root { elements_to::<A>(recv.address(), count, datatype)? } else { nowhere() };
    match reduction.engine() {
        Ok(mut op) => Ok(global::with(|process| process.engine.reduce(send, room, &mut op, root, comm))?),
        Err(user) => {
            let send = match send {
                None if me == root => room.as_send(),
                None => return Err(Failure::new(class::BUFFER, "only the root can be in place")),
                Some(send) => send,
            };
            rows::reduce(send, recv, root, comm, &mut |input, inout| user.apply(input, inout))
        }
    }
}

/// `MPI_Allreduce`.
pub fn allreduce<A: Abi>(
    call: &Call<A>,
    send: In<c_void>,
    recv: Out<c_void>,
    count: impl Count,
    datatype: A::Datatype,
    op: A::Op,
    comm: A::Comm,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let mut reduction = Reduction::<A>::find(op, datatype)?;
    let send = own::<A>(send, count, datatype)?;
    let recv = elements_to::<A>(recv.address(), count, datatype)?;
    match reduction.engine() {
        Ok(mut op) => Ok(global::with(|process| process.engine.allreduce(send, recv, &mut op, comm))?),
        Err(user) => {
            let send = send.unwrap_or(recv.as_send());
            let element = user.extent.max(1);
            rows::allreduce(send, recv, element, comm, &mut |input, inout| user.apply(input, inout))
        }
    }
}

/// `MPI_Reduce_scatter_block`.
pub fn reduce_scatter_block<A: Abi>(
    call: &Call<A>,
    send: In<c_void>,
    recv: Out<c_void>,
    count: impl Count,
    datatype: A::Datatype,
    op: A::Op,
    comm: A::Comm,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let (_, ranks) = place(comm)?;
    let mut reduction = Reduction::<A>::find(op, datatype)?;
    let whole = for_each_rank::<A>(count, ranks, datatype)?;
    let send = own::<A>(send, whole, datatype)?;
    // In place, the contribution is there too.
    let room = if send.is_some() { count.get() } else { whole };
    let room = elements_to::<A>(recv.address(), room, datatype)?;
    match reduction.engine() {
        Ok(mut op) => {
            Ok(global::with(|process| process.engine.reduce_scatter_block(send, room, &mut op, comm))?)
        }
        Err(user) => {
            let len = span::<A>(count, datatype)?;
            let parts = Part::in_order((0..ranks).map(|_| len));
            let send = send.unwrap_or(room.as_send());
            rows::reduce_scatter(send, &parts, recv, comm, &mut |input, inout| user.apply(input, inout))
        }
    }
}

/// `MPI_Reduce_scatter`: a part of its own length to each.
pub fn reduce_scatter<A: Abi, C: Count>(
    call: &Call<A>,
    send: In<c_void>,
    recv: Out<c_void>,
    counts: In<C>,
    datatype: A::Datatype,
    op: A::Op,
    comm: A::Comm,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let (me, ranks) = place(comm)?;
    let mut reduction = Reduction::<A>::find(op, datatype)?;
    let counts = counts.slice(ranks as c_int)?;
    let lengths = counts.iter().map(|&count| span::<A>(count, datatype)).collect::<Result<Vec<_>>>()?;
    let whole = counts.iter().try_fold(0i64, |sum, count| sum.checked_add(count.get()));
    let whole = whole.ok_or_else(|| Failure::new(class::COUNT, "the counts are too many together"))?;
    let send = match own::<A>(send, whole, datatype)? {
        Some(send) => {
            elements_to::<A>(recv.address(), counts[me as usize], datatype)?;
            send
        }
        None => elements_from::<A>(recv.address(), whole, datatype)?,
    };
    let parts = Part::in_order(lengths);
    rows::reduce_scatter(send, &parts, recv, comm, &mut |input, inout| reduction.apply(input, inout))
}

/// Either kind of scan.
fn scan_as<A: Abi>(
    call: &Call<A>,
    inclusive: bool,
    send: In<c_void>,
    recv: Out<c_void>,
    count: impl Count,
    datatype: A::Datatype,
    op: A::Op,
    comm: A::Comm,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let mut reduction = Reduction::<A>::find(op, datatype)?;
    let send = own::<A>(send, count, datatype)?;
    let room = elements_to::<A>(recv.address(), count, datatype)?;
    match reduction.engine() {
        Ok(mut op) => Ok(global::with(|process| match inclusive {
            true => process.engine.scan(send, room, &mut op, comm),
            false => process.engine.exscan(send, room, &mut op, comm),
        })?),
        Err(user) => {
            let send = send.unwrap_or(room.as_send());
            rows::scan(send, recv, inclusive, comm, &mut |input, inout| user.apply(input, inout))
        }
    }
}

/// `MPI_Scan`.
pub fn scan<A: Abi>(
    call: &Call<A>,
    send: In<c_void>,
    recv: Out<c_void>,
    count: impl Count,
    datatype: A::Datatype,
    op: A::Op,
    comm: A::Comm,
) -> Result<()> {
    scan_as(call, true, send, recv, count, datatype, op, comm)
}

/// `MPI_Exscan`: at rank 0 what was received into stays as it is.
pub fn exscan<A: Abi>(
    call: &Call<A>,
    send: In<c_void>,
    recv: Out<c_void>,
    count: impl Count,
    datatype: A::Datatype,
    op: A::Op,
    comm: A::Comm,
) -> Result<()> {
    scan_as(call, false, send, recv, count, datatype, op, comm)
}
