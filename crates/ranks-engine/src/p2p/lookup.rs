//! From ids and ranks to communicators and slots, or to an error that says what there is.

use super::Engine;
use crate::error::{Class, Error, Result};
use crate::group::{Comm, CommId};
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use std::sync::Arc;

impl<T: Transport> Engine<T> {
    pub(crate) fn comm(&self, id: CommId, call: Call) -> Result<Arc<Comm>> {
        self.core.comms.get(id).cloned().ok_or_else(|| self.no_comm(call))
    }

    #[cold]
    pub(super) fn no_comm(&self, call: Call) -> Error {
        self.error(Class::Comm, call, "no such communicator: it was freed, or never made")
    }

    /// The slot of a rank, or an error that says which ranks there are.
    pub(crate) fn slot_of(&self, comm: &Comm, rank: i32, call: Call) -> Result<usize> {
        comm.slot_of(rank).ok_or_else(|| {
            let size = comm.size();
            let whole = if comm.local.is_some() { "remote group" } else { "communicator" };
            let detail = match size {
                1 => format!("rank {rank} does not exist: the {whole} has one rank, 0"),
                _ => format!("rank {rank} does not exist: the {whole} has {size} ranks, 0 to {}", size - 1),
            };
            Error::new(Class::Rank, call, self.core.me, detail).peer(rank).context(comm.context)
        })
    }

    /// This rank in a communicator.
    pub fn comm_rank(&self, id: CommId) -> Result<i32> {
        self.comm(id, Call::Unknown).map(|comm| comm.me)
    }

    /// Ranks of a communicator; of an intercommunicator, of the local group.
    pub fn comm_size(&self, id: CommId) -> Result<i32> {
        self.comm(id, Call::Unknown).map(|comm| comm.own().size())
    }

    /// The rank in world of a communicator's rank; of an intercommunicator, of the remote group.
    pub fn comm_world_rank_of(&self, id: CommId, rank: i32) -> Result<i32> {
        let comm = self.comm(id, Call::Unknown)?;
        self.slot_of(&comm, rank, Call::Unknown).map(|slot| slot as i32)
    }

    /// The context id of a communicator: the same at all its ranks, and no other's in the job.
    pub fn comm_context(&self, id: CommId) -> Result<u32> {
        self.comm(id, Call::Unknown).map(|comm| comm.context)
    }
}
