//! The calls that wait until the communicator is there. MPI 5.0 chapters 7 and 8.

use super::{Making, topologies::Edges};
use crate::error::{Class, Result};
use crate::group::{CommId, Group};
use crate::p2p::Engine;
use crate::topology::DistGraph;
use crate::transport::Transport;
use ranks_shm::blocked::Call;

impl<T: Transport> Engine<T> {
    /// Waits for a communicator in the making; `None` where this rank is in none.
    pub fn made(&mut self, call: Call, making: Making) -> Result<Option<CommId>> {
        Ok(making.made(&self.wait_in(call, making.request)?))
    }

    fn there(&mut self, call: Call, making: Making) -> Result<CommId> {
        let made = self.made(call, making)?;
        made.ok_or_else(|| self.error(Class::Intern, call, "there is no communicator"))
    }

    /// A communicator of the same ranks with a context of its own. Collective.
    pub fn comm_dup(&mut self, id: CommId) -> Result<CommId> {
        let making = self.begin_dup(id)?;
        self.there(Call::CommDup, making)
    }

    /// See [`Self::begin_split`].
    pub fn comm_split(&mut self, id: CommId, color: i32, key: i32) -> Result<Option<CommId>> {
        let making = self.begin_split(id, color, key)?;
        self.made(Call::CommSplit, making)
    }

    /// See [`Self::begin_create`].
    pub fn comm_create(&mut self, id: CommId, group: &Group) -> Result<Option<CommId>> {
        let making = self.begin_create(id, group)?;
        self.made(Call::CommCreate, making)
    }

    /// See [`Self::begin_create_group`].
    pub fn comm_create_group(&mut self, id: CommId, group: &Group, tag: i32) -> Result<Option<CommId>> {
        let making = self.begin_create_group(id, group, tag)?;
        self.made(Call::CommCreateGroup, making)
    }

    /// See [`Self::begin_create_from_group`].
    pub fn comm_create_from_group(&mut self, group: &Group, string: &str) -> Result<CommId> {
        let making = self.begin_create_from_group(group, string)?;
        self.there(Call::CommCreateFromGroup, making)
    }

    /// See [`Self::begin_intercomm`].
    pub fn intercomm_create(
        &mut self,
        local: CommId,
        local_leader: i32,
        peer: CommId,
        remote_leader: i32,
        tag: i32,
    ) -> Result<CommId> {
        let making = self.begin_intercomm(local, local_leader, peer, remote_leader, tag)?;
        self.there(Call::IntercommCreate, making)
    }

    /// See [`Self::begin_intercomm_from_groups`].
    pub fn intercomm_create_from_groups(
        &mut self,
        local: &Group,
        local_leader: i32,
        remote: &Group,
        remote_leader: i32,
        string: &str,
    ) -> Result<CommId> {
        let making = self.begin_intercomm_from_groups(local, local_leader, remote, remote_leader, string)?;
        self.there(Call::IntercommCreateFromGroups, making)
    }

    /// See [`Self::begin_merge`].
    pub fn intercomm_merge(&mut self, id: CommId, high: bool) -> Result<CommId> {
        let making = self.begin_merge(id, high)?;
        self.there(Call::IntercommMerge, making)
    }

    /// Waits until nothing is under way on a communicator that this rank has begun, and frees it.
    pub fn comm_disconnect(&mut self, id: CommId) -> Result<()> {
        let request = self.begin_disconnect(id)?;
        self.wait_in(Call::CommDisconnect, request)?;
        self.comm_free(id)
    }

    /// See [`Self::begin_cart`].
    pub fn cart_create(&mut self, id: CommId, dims: &[i32], periods: &[bool]) -> Result<Option<CommId>> {
        let making = self.begin_cart(id, dims, periods)?;
        self.made(Call::CartCreate, making)
    }

    /// See [`Self::begin_cart_sub`].
    pub fn cart_sub(&mut self, id: CommId, keep: &[bool]) -> Result<CommId> {
        let making = self.begin_cart_sub(id, keep)?;
        self.there(Call::CartSub, making)
    }

    /// See [`Self::begin_graph`].
    pub fn graph_create(&mut self, id: CommId, index: &[i32], edges: &[i32]) -> Result<Option<CommId>> {
        let making = self.begin_graph(id, index, edges)?;
        self.made(Call::GraphCreate, making)
    }

    /// See [`Self::begin_dist_graph`].
    pub fn dist_graph_create(&mut self, id: CommId, edges: &Edges<'_>) -> Result<CommId> {
        let making = self.begin_dist_graph(id, edges)?;
        self.there(Call::DistGraphCreate, making)
    }

    /// See [`Self::begin_dist_graph_adjacent`].
    pub fn dist_graph_create_adjacent(&mut self, id: CommId, graph: DistGraph) -> Result<CommId> {
        let making = self.begin_dist_graph_adjacent(id, graph)?;
        self.there(Call::DistGraphCreateAdjacent, making)
    }
}
