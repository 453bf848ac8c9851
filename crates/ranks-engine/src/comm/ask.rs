//! What there is to know of communicators: MPI 5.0 sections 7.4.1, 7.6.1 and 8.5.

use crate::error::{Class, Result};
use crate::group::{CommId, Comparison, Group};
use crate::p2p::Engine;
use crate::topology::Topology;
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use std::sync::Arc;

impl<T: Transport> Engine<T> {
    /// The ranks of a communicator; of an intercommunicator, of the local group.
    pub fn comm_group(&self, id: CommId) -> Result<Group> {
        Ok(self.comm(id, Call::Unknown)?.group(self.core.me))
    }

    /// True for an intercommunicator.
    pub fn comm_is_inter(&self, id: CommId) -> Result<bool> {
        Ok(self.comm(id, Call::Unknown)?.local.is_some())
    }

    /// The ranks on the other side of an intercommunicator.
    pub fn comm_remote_group(&self, id: CommId) -> Result<Group> {
        let comm = self.comm(id, Call::Unknown)?;
        self.check_inter(Call::Unknown, &comm)?;
        Ok(Group::new(comm.slots.clone(), self.core.me))
    }

    /// How two communicators compare.
    pub fn comm_compare(&self, a: CommId, b: CommId) -> Result<Comparison> {
        let (one, other) = (self.comm(a, Call::Unknown)?, self.comm(b, Call::Unknown)?);
        if a == b {
            return Ok(Comparison::Ident);
        }
        if one.local.is_some() != other.local.is_some() {
            return Ok(Comparison::Unequal);
        }
        let me = self.core.me;
        let own = one.group(me).compare(&other.group(me));
        let remote = Group::new(one.slots.clone(), me).compare(&Group::new(other.slots.clone(), me));
        Ok(match (own, remote) {
            (Comparison::Ident, Comparison::Ident) => Comparison::Congruent,
            (Comparison::Unequal, _) | (_, Comparison::Unequal) => Comparison::Unequal,
            _ => Comparison::Similar,
        })
    }

    /// How the ranks of a communicator are arranged, if they are.
    pub fn comm_topology(&self, id: CommId) -> Result<Option<Arc<Topology>>> {
        Ok(self.comm(id, Call::Unknown)?.topology.clone())
    }

    /// Whom this rank receives from and sends to in neighbourhood collectives, in the standard's order:
    /// in a grid for each dimension the rank before and the rank after, `PROC_NULL` at an open end.
    pub fn comm_neighbors(&self, id: CommId) -> Result<(Vec<i32>, Vec<i32>)> {
        let comm = self.comm(id, Call::Unknown)?;
        match comm.topology.as_deref() {
            Some(topology) => Ok(topology.neighbors(comm.me)),
            None => {
                let detail = "the communicator has no topology";
                Err(self.error_on(&comm, Call::Unknown, Class::Topology, detail.into()))
            }
        }
    }

    /// The group of all ranks of the job.
    pub fn world_group(&self) -> Group {
        Group::new((0..self.core.world as u32).collect::<Vec<_>>(), self.core.me)
    }
}
