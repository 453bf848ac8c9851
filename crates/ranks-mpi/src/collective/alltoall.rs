//! All-to-all: MPI 5.0 section 6.8. In place, what is received says where the parts to send are.

// The standard decides how many there are.
#![allow(clippy::too_many_arguments)]

use super::forms::CallForm;
use super::spread::Spread;
use super::{for_each_rank, own, place};
use crate::abi::Abi;
use crate::argument::{Count, In, Out};
use crate::datatype::elements_to;
use crate::entry::Call;
use crate::failure::Result;
use ranks_engine::collective::{Alltoall, ExchangeParts};
use std::ffi::c_void;

/// `MPI_Alltoall`.
pub fn alltoall<A: Abi, C: Count>(
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
    let send = if A::is_in_place(send.address()) {
        None
    } else {
        own(&manner, send, for_each_rank::<A>(send_count, ranks, send_type)?, send_type)?
    };
    let whole = for_each_rank::<A>(recv_count, ranks, recv_type)?;
    let recv = elements_to::<A>(&manner.stage, recv.address(), whole, recv_type)?;
    manner.run(comm, Alltoall { send, recv, parts: ExchangeParts::Equal })
}

/// `MPI_Alltoallv`.
pub fn alltoallv<A: Abi, C: Count, D: Count>(
    call: &Call<A>,
    manner: CallForm<A>,
    send: In<c_void>,
    send_counts: In<C>,
    send_displacements: In<D>,
    send_type: A::Datatype,
    recv: Out<c_void>,
    recv_counts: In<C>,
    recv_displacements: In<D>,
    recv_type: A::Datatype,
    comm: A::Comm,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let (_, ranks) = place(comm)?;
    let to = (!A::is_in_place(send.address()))
        .then(|| Spread::of_one::<A, C, D>(send_counts, send_displacements, send_type, ranks));
    let from = Spread::of_one::<A, C, D>(recv_counts, recv_displacements, recv_type, ranks)?;
    let recv = from.to_receive::<A>(&manner.stage, recv.address())?;
    let (send, parts) = match to.transpose()? {
        Some(to) => (Some(to.to_send::<A>(&manner.stage, send.address())?), to.parts),
        None => (None, Vec::new()),
    };
    manner.run(comm, Alltoall { send, recv, parts: ExchangeParts::Each(&parts, &from.parts) })
}

/// `MPI_Alltoallw`: a datatype for each part; displacements in bytes.
pub fn alltoallw<A: Abi, C: Count, D: Count>(
    call: &Call<A>,
    manner: CallForm<A>,
    send: In<c_void>,
    send_counts: In<C>,
    send_displacements: In<D>,
    send_types: In<A::Datatype>,
    recv: Out<c_void>,
    recv_counts: In<C>,
    recv_displacements: In<D>,
    recv_types: In<A::Datatype>,
    comm: A::Comm,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let (_, ranks) = place(comm)?;
    let to = (!A::is_in_place(send.address()))
        .then(|| Spread::of_each::<A, C, D>(send_counts, send_displacements, send_types, ranks));
    let from = Spread::of_each::<A, C, D>(recv_counts, recv_displacements, recv_types, ranks)?;
    let recv = from.to_receive::<A>(&manner.stage, recv.address())?;
    let (send, parts) = match to.transpose()? {
        Some(to) => (Some(to.to_send::<A>(&manner.stage, send.address())?), to.parts),
        None => (None, Vec::new()),
    };
    manner.run(comm, Alltoall { send, recv, parts: ExchangeParts::Typed(&parts, &from.parts) })
}
