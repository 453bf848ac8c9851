//! Gather, and gather to all: MPI 5.0 sections 6.5 and 6.7.

// The standard decides how many there are.
#![allow(clippy::too_many_arguments)]

use super::forms::CallForm;
use super::spread::Spread;
use super::{for_each_rank, nowhere, own, place, with_root};
use crate::abi::Abi;
use crate::argument::{Count, In, Out};
use crate::datatype::elements_to;
use crate::entry::Call;
use crate::failure::Result;
use ranks_engine::SendBuf;
use ranks_engine::collective::{Allgather, Gather};
use std::ffi::{c_int, c_void};

/// `MPI_Gather`: what is received counts at the root alone.
pub fn gather<A: Abi, C: Count>(
    call: &Call<A>,
    manner: CallForm<A>,
    send: In<c_void>,
    send_count: C,
    send_type: A::Datatype,
    recv: Out<c_void>,
    recv_count: C,
    recv_type: A::Datatype,
    root: c_int,
    comm: A::Comm,
) -> Result<()> {
    let (comm, root) = (call.comm(comm)?, A::rank_in(root));
    let (me, ranks) = place(comm)?;
    let send = match with_root(me, root) {
        true => Some(SendBuf::EMPTY),
        false => own(&manner, send, send_count, send_type)?,
    };
    let recv = if me == root {
        let whole = for_each_rank::<A>(recv_count, ranks, recv_type)?;
        elements_to::<A>(&manner.stage, recv.address(), whole, recv_type)?
    } else {
        nowhere()
    };
    manner.run(comm, Gather { send, recv, parts: None, root })
}

/// `MPI_Gatherv`: what is received counts at the root alone.
pub fn gatherv<A: Abi, C: Count, D: Count>(
    call: &Call<A>,
    manner: CallForm<A>,
    send: In<c_void>,
    send_count: C,
    send_type: A::Datatype,
    recv: Out<c_void>,
    counts: In<C>,
    displacements: In<D>,
    recv_type: A::Datatype,
    root: c_int,
    comm: A::Comm,
) -> Result<()> {
    let (comm, root) = (call.comm(comm)?, A::rank_in(root));
    let (me, ranks) = place(comm)?;
    let send = match with_root(me, root) {
        true => Some(SendBuf::EMPTY),
        false => own(&manner, send, send_count, send_type)?,
    };
    let (recv, parts) = if me == root {
        let spread = Spread::of_one::<A, C, D>(counts, displacements, recv_type, ranks)?;
        (spread.to_receive::<A>(&manner.stage, recv.address())?, spread.parts)
    } else {
        (nowhere(), Vec::new())
    };
    manner.run(comm, Gather { send, recv, parts: Some(&parts), root })
}

/// `MPI_Allgather`.
pub fn allgather<A: Abi, C: Count>(
    call: &Call<A>,
    manner: CallForm<A>,
    send: In<c_void>,
    send_count: C,
    send_type: A::Datatype,
    recv: Out<c_void>,
    recv_count: C,
    recv_type: A::Datatype,
    comm: A::Comm,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let (_, ranks) = place(comm)?;
    let send = own(&manner, send, send_count, send_type)?;
    let whole = for_each_rank::<A>(recv_count, ranks, recv_type)?;
    let recv = elements_to::<A>(&manner.stage, recv.address(), whole, recv_type)?;
    manner.run(comm, Allgather { send, recv, parts: None })
}

/// `MPI_Allgatherv`.
pub fn allgatherv<A: Abi, C: Count, D: Count>(
    call: &Call<A>,
    manner: CallForm<A>,
    send: In<c_void>,
    send_count: C,
    send_type: A::Datatype,
    recv: Out<c_void>,
    counts: In<C>,
    displacements: In<D>,
    recv_type: A::Datatype,
    comm: A::Comm,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let (_, ranks) = place(comm)?;
    let send = own(&manner, send, send_count, send_type)?;
    let spread = Spread::of_one::<A, C, D>(counts, displacements, recv_type, ranks)?;
    let recv = spread.to_receive::<A>(&manner.stage, recv.address())?;
    manner.run(comm, Allgather { send, recv, parts: Some(&spread.parts) })
}
