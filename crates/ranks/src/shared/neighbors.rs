//! Grids and graphs, and exchanges with the neighbours in them, for tasks and threads. Chapter 8.

use super::{Operation, SharedCommunicator};
use crate::collective::buffers::parts_of;
use crate::collective::neighborhood::{Around, somebody};
use crate::collective::nonblocking_v::sum;
use crate::equivalence::Equivalence;
use crate::{Class, Result};
use ranks_engine::collective::{ExchangeParts, NeighborAllgather, NeighborAlltoall};
use ranks_engine::topology::DistGraph;
use ranks_engine::{Call, SendBuf};

impl SharedCommunicator {
    /// A grid of the first ranks, with `dimensions[i]` ranks in dimension i; `rings` says for each dimension whether its
    /// last rank is followed by its first. `None` for ranks that are left over. Collective. Section 8.5.1.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let ring = world.cartesian(&[1], &[true]).wait()?.expect("all are in it");
    /// // In a ring of one, the rank is its own neighbour on both sides.
    /// assert_eq!(ring.sources()?, [Some(0), Some(0)]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::cartesian`].
    pub fn cartesian(&self, dimensions: &[usize], rings: &[bool]) -> Operation<Option<SharedCommunicator>> {
        let dims: Vec<i32> = dimensions.iter().map(|&dim| Self::to(dim)).collect();
        let making = match self.with(|engine| engine.begin_cart(self.0.id, &dims, rings)) {
            Ok(making) => making,
            Err(error) => return Operation::failed(error),
        };
        self.begun_as(Call::CartCreate, making.request, (), move |(), comm, status| {
            making.made(&status).map(|id| SharedCommunicator::of(comm.rank.clone(), id)).transpose()
        })
    }

    /// A graph by what each rank knows of it: whom it receives from and whom it sends to. What one rank sends another,
    /// that one must receive. Collective. Section 8.5.4.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let graph = world.graph(&[0], &[0]).wait()?;
    /// assert_eq!(graph.destinations()?, [Some(0)]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::graph`].
    pub fn graph(&self, sources: &[usize], destinations: &[usize]) -> Operation<SharedCommunicator> {
        let call = Call::DistGraphCreateAdjacent;
        let numbers = |ranks: &[usize]| ranks.iter().map(|&rank| Self::to(rank)).collect();
        let edges = DistGraph {
            sources: numbers(sources),
            destinations: numbers(destinations),
            ..DistGraph::default()
        };
        let making = match self.with(|engine| engine.begin_dist_graph_adjacent(self.0.id, edges)) {
            Ok(making) => making,
            Err(error) => return Operation::failed(error),
        };
        self.begun_as(call, making.request, (), move |(), comm, status| match making.made(&status) {
            Some(id) => SharedCommunicator::of(comm.rank.clone(), id),
            None => Err(comm.error(Class::Intern, call, "there is no communicator")),
        })
    }

    /// Whom this rank hears from in an exchange with its neighbours, in the order of the parts: in a grid for each
    /// dimension the rank before and the rank after, and `None` beyond an open end. Section 8.6.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let line = world.cartesian(&[1], &[false]).wait()?.expect("all are in it");
    /// assert_eq!(line.sources()?, [None, None]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Topology` when the communicator is no grid and no graph.
    pub fn sources(&self) -> Result<Vec<Option<usize>>> {
        Ok(self.around()?.sources.into_iter().map(somebody).collect())
    }

    /// Whom this rank sends to in an exchange with its neighbours, as [`Self::sources`]. Section 8.6.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.destinations().unwrap_err().class(), ranks::Class::Topology);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Topology` when the communicator is no grid and no graph.
    pub fn destinations(&self) -> Result<Vec<Option<usize>>> {
        Ok(self.around()?.destinations.into_iter().map(somebody).collect())
    }

    fn around(&self) -> Result<Around> {
        self.with(|engine| Around::of(engine, self.0.id))
    }

    /// Sends one buffer to all neighbours, and gets one of the same length from each, in their order; zeros where there
    /// is nobody. Section 8.7.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let ring = world.cartesian(&[1], &[true]).wait()?.expect("all are in it");
    /// assert_eq!(ring.neighbor_all_gather_from(vec![7]).wait()?, [7, 7]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::ineighbor_all_gather`].
    pub fn neighbor_all_gather_from<T: Equivalence>(&self, data: Vec<T>) -> Operation<Vec<T>> {
        let around = match self.around() {
            Ok(around) => around,
            Err(error) => return Operation::failed(error),
        };
        let len = data.len().saturating_mul(around.sources.len());
        let (neighbors, room) = (around.neighbors(), self.0.room(Call::NeighborAllgather, len));
        self.collecting(Some(data), room, None, |send, recv| {
            let send = send.unwrap_or(SendBuf::EMPTY);
            NeighborAllgather { send, recv, parts: None, neighbors }
        })
    }

    /// As [`Self::neighbor_all_gather_from`] with parts of different lengths: how many elements come from each
    /// neighbour. Section 8.7.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let graph = world.graph(&[0], &[0]).wait()?;
    /// assert_eq!(graph.neighbor_all_gather_v_from(vec![7, 8], &[2]).wait()?, [7, 8]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::neighbor_all_gather_v_into`].
    pub fn neighbor_all_gather_v_from<T: Equivalence>(
        &self,
        data: Vec<T>,
        counts: &[usize],
    ) -> Operation<Vec<T>> {
        let around = match self.around() {
            Ok(around) => around,
            Err(error) => return Operation::failed(error),
        };
        let (neighbors, parts) = (around.neighbors(), parts_of::<T>(counts));
        let room = self.0.room(Call::NeighborAllgatherv, sum(counts));
        self.collecting(Some(data), room, None, |send, recv| {
            let send = send.unwrap_or(SendBuf::EMPTY);
            NeighborAllgather { send, recv, parts: Some(&parts), neighbors }
        })
    }

    /// Sends each neighbour its part, and gets one from each: all parts have one length, in the order of the neighbours.
    /// There is at least one destination; zeros come from nobody. Section 8.7.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let ring = world.cartesian(&[1], &[true]).wait()?.expect("all are in it");
    /// // What goes to the left comes from the right.
    /// assert_eq!(ring.neighbor_all_to_all_from(vec![7, 8]).wait()?, [8, 7]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::ineighbor_all_to_all`].
    pub fn neighbor_all_to_all_from<T: Equivalence>(&self, data: Vec<T>) -> Operation<Vec<T>> {
        let around = match self.around() {
            Ok(around) => around,
            Err(error) => return Operation::failed(error),
        };
        let part = data.len() / around.destinations.len().max(1);
        let len = part.saturating_mul(around.sources.len());
        let (neighbors, room) = (around.neighbors(), self.0.room(Call::NeighborAlltoall, len));
        self.collecting(Some(data), room, None, |send, recv| {
            let send = send.unwrap_or(SendBuf::EMPTY);
            NeighborAlltoall { send, recv, parts: ExchangeParts::Equal, neighbors }
        })
    }

    /// As [`Self::neighbor_all_to_all_from`] with parts of different lengths: how many elements go to and come from each
    /// neighbour. Section 8.7.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let ring = world.cartesian(&[1], &[true]).wait()?.expect("all are in it");
    /// let came = ring.neighbor_all_to_all_v_from(vec![7, 8, 9], &[1, 2], &[2, 1]).wait()?;
    /// assert_eq!(came, [8, 9, 7]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::neighbor_all_to_all_v_into`].
    pub fn neighbor_all_to_all_v_from<T: Equivalence>(
        &self,
        data: Vec<T>,
        send_counts: &[usize],
        recv_counts: &[usize],
    ) -> Operation<Vec<T>> {
        let around = match self.around() {
            Ok(around) => around,
            Err(error) => return Operation::failed(error),
        };
        let (from, to) = (parts_of::<T>(send_counts), parts_of::<T>(recv_counts));
        let (neighbors, parts) = (around.neighbors(), ExchangeParts::Each(&from, &to));
        let room = self.0.room(Call::NeighborAlltoallv, sum(recv_counts));
        self.collecting(Some(data), room, None, |send, recv| {
            let send = send.unwrap_or(SendBuf::EMPTY);
            NeighborAlltoall { send, recv, parts, neighbors }
        })
    }
}
