//! Collective operations: MPI 5.0 chapter 6.
//!
//! At `MPI_THREAD_MULTIPLE` a thread inside one of these keeps the others out until it is complete.

use crate::abi::Abi;
use crate::argument::{Count, Out};
use crate::datatype::recv_buffer;
use crate::entry::Call;
use crate::failure::Result;
use crate::global;
use std::ffi::{c_int, c_void};

/// `MPI_Barrier`.
pub fn barrier<A: Abi>(call: &Call<A>, comm: A::Comm) -> Result<()> {
    let comm = call.comm(comm)?;
    Ok(global::with(|process| process.engine.barrier(comm))?)
}

/// `MPI_Bcast`.
pub fn bcast<A: Abi>(
    call: &Call<A>,
    buffer: Out<c_void>,
    count: impl Count,
    datatype: A::Datatype,
    root: c_int,
    comm: A::Comm,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let buf = recv_buffer::<A>(buffer.address(), count, datatype)?;
    Ok(global::with(|process| process.engine.bcast(buf, A::rank_in(root), comm))?)
}
