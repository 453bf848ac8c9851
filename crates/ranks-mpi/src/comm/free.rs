//! Freeing and disconnecting: MPI 5.0 sections 7.4.4 and 11.10.4.

use crate::abi::{Abi, Handle};
use crate::argument::Out;
use crate::attribute::{self, Owner};
use crate::block;
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use ranks_engine::{BufferOf, Call as Waits, CommId};

/// Frees a communicator, after the delete callbacks of its attributes.
pub fn free_one<A: Abi>(call: &Call<A>, comm: CommId) -> Result<()> {
    attribute::delete_all(call, Owner::Comm(comm))?;
    Ok(global::with(|process| {
        if process.attached.remove(&BufferOf::Comm(comm)).is_some() {
            process.engine.buffer_detach_from(Some(comm))?;
        }
        process.engine.comm_free(comm)?;
        process.comms[comm.index() as usize] = None;
        Ok::<_, ranks_engine::Error>(())
    })?)
}

fn freeable<A: Abi>(call: &Call<A>, comm: A::Comm) -> Result<CommId> {
    let id = call.comm(comm)?;
    if id == CommId::WORLD || id == CommId::SELF {
        return Err(Failure::new(class::COMM, "MPI_COMM_WORLD and MPI_COMM_SELF cannot be freed"));
    }
    Ok(id)
}

/// `MPI_Comm_free`: what is under way completes.
pub fn free<A: Abi>(call: &Call<A>, comm: Out<A::Comm>) -> Result<()> {
    free_one(call, freeable(call, comm.get()?)?)?;
    comm.set(A::Comm::NULL)
}

/// `MPI_Comm_disconnect`: waits for what is under way.
pub fn disconnect<A: Abi>(call: &Call<A>, comm: Out<A::Comm>) -> Result<()> {
    let id = freeable(call, comm.get()?)?;
    let request = global::with(|process| process.engine.begin_disconnect(id))?;
    block::finish(Waits::CommDisconnect, request)?;
    free_one(call, id)?;
    comm.set(A::Comm::NULL)
}
