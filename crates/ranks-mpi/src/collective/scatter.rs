//! Scatter: MPI 5.0 section 6.6. What is sent counts at the root alone.

// The standard decides how many there are.
#![allow(clippy::too_many_arguments)]

use super::spread::Spread;
use super::{for_each_rank, place};
use crate::abi::Abi;
use crate::argument::{Count, In, Out};
use crate::datatype::{elements_from, elements_to};
use crate::entry::Call;
use crate::failure::Result;
use crate::global;
use ranks_engine::{RecvBuf, SendBuf};
use std::ffi::{c_int, c_void};

/// Where this rank's part goes; nowhere in place.
fn room<A: Abi>(recv: Out<c_void>, count: impl Count, datatype: A::Datatype) -> Result<Option<RecvBuf>> {
    if A::is_in_place(recv.address()) {
        return Ok(None);
    }
    elements_to::<A>(recv.address(), count, datatype).map(Some)
}

/// `MPI_Scatter`.
pub fn scatter<A: Abi, C: Count>(
    call: &Call<A>,
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
    let recv = room::<A>(recv, recv_count, recv_type)?;
    let send = if me == root {
        let whole = for_each_rank::<A>(send_count, ranks, send_type)?;
        elements_from::<A>(send.address(), whole, send_type)?
    } else {
        SendBuf::EMPTY
    };
    Ok(global::with(|process| process.engine.scatter(send, recv, root, comm))?)
}

/// `MPI_Scatterv`.
pub fn scatterv<A: Abi, C: Count, D: Count>(
    call: &Call<A>,
    send: In<c_void>,
    counts: In<C>,
    displacements: In<D>,
    send_type: A::Datatype,
    recv: Out<c_void>,
    recv_count: C,
    recv_type: A::Datatype,
    root: c_int,
    comm: A::Comm,
) -> Result<()> {
    let (comm, root) = (call.comm(comm)?, A::rank_in(root));
    let (me, ranks) = place(comm)?;
    let recv = room::<A>(recv, recv_count, recv_type)?;
    if me != root {
        return Ok(global::with(|process| process.engine.scatterv(SendBuf::EMPTY, &[], recv, root, comm))?);
    }
    let spread = Spread::of_one::<A, C, D>(counts, displacements, send_type, ranks)?;
    let send = spread.to_send::<A>(send.address())?;
    Ok(global::with(|process| process.engine.scatterv(send, &spread.parts, recv, root, comm))?)
}
