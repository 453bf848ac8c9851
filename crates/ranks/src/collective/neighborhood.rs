//! Exchanges with the neighbours in a grid or a graph. Section 8.6.
//!
//! The calls are those of every communicator; one without a topology refuses them with class `Topology`.
//! In a grid the neighbours are, for each dimension, the rank before and the rank after; beyond an open end
//! there is nobody: what would go there goes nowhere, and the room for what would come stays as it is.

use super::begun::{BufferCollective, CollectiveUnderWay};
use super::buffers::parts_of;
use crate::Result;
use crate::communicator::Communicator;
use crate::equivalence::Equivalence;
use crate::request::Persistent;
use ranks_engine::collective::{ExchangeParts, NeighborAllgather, NeighborAlltoall, Neighbors};
use ranks_engine::topology::Topology;
use ranks_engine::{Call, CommId, Form, PROC_NULL, SendBuf, ShmEngine};

/// Whom a rank hears from and whom it sends to.
pub(crate) struct Around {
    pub sources: Vec<i32>,
    pub destinations: Vec<i32>,
    cartesian: bool,
}

/// The rank there is, if there is one.
pub(crate) fn somebody(rank: i32) -> Option<usize> {
    (rank != PROC_NULL).then_some(rank as usize)
}

impl Around {
    pub fn of(engine: &ShmEngine, id: CommId) -> Result<Self> {
        let (sources, destinations) = engine.comm_neighbors(id)?;
        let cartesian = matches!(engine.comm_topology(id)?.as_deref(), Some(Topology::Cart(_)));
        Ok(Self { sources, destinations, cartesian })
    }

    pub fn neighbors(&self) -> Neighbors<'_> {
        Neighbors { sources: &self.sources, destinations: &self.destinations, cartesian: self.cartesian }
    }
}

impl Communicator {
    fn around(&self) -> Result<Around> {
        Around::of(&self.engine.engine(), self.id)
    }

    /// Sends one slice to all neighbours, and gets one of the same length from each, in their order: `recv`
    /// has room for all. Section 8.6.1.
    ///
    /// ```
    /// ranks::threads(4, |world| {
    ///     let line = world.cartesian(&[4], &[false])?.expect("all are in it");
    ///     let mut around = [99; 2];
    ///     line.neighbor_all_gather_into(&[line.rank()], &mut around)?;
    ///     assert_eq!(around, [[99, 1], [0, 2], [1, 3], [2, 99]][line.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Topology` when the communicator is no grid and no graph; class `Count` or `Truncate` when the
    /// lengths do not agree, here or between ranks.
    pub fn neighbor_all_gather_into<T: Equivalence>(&self, send: &[T], recv: &mut [T]) -> Result<()> {
        let around = self.around()?;
        let neighbors = around.neighbors();
        self.moved(send, recv, |send, recv| NeighborAllgather { send, recv, parts: None, neighbors })
    }

    /// As [`Self::neighbor_all_gather_into`] with parts of different lengths: how many elements come from
    /// each neighbour. Section 8.6.1.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     // Everyone sends to rank 0: rank 1 one element, rank 2 two.
    ///     let (from, to) = if world.rank() == 0 { (vec![1, 2], vec![]) } else { (vec![], vec![0]) };
    ///     let star = world.graph(&from, &to)?;
    ///     let mut all = vec![0; if star.rank() == 0 { 3 } else { 0 }];
    ///     let counts = if star.rank() == 0 { &[1, 2][..] } else { &[] };
    ///     star.neighbor_all_gather_v_into(&vec![star.rank(); star.rank()], &mut all, counts)?;
    ///     assert_eq!(all, if star.rank() == 0 { vec![1, 2, 2] } else { vec![] });
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Topology` when the communicator is no grid and no graph; class `Count` when the counts are not
    /// one for each neighbour or need more than `recv` has; class `Truncate` when a neighbour sends another
    /// number of elements.
    pub fn neighbor_all_gather_v_into<T: Equivalence>(
        &self,
        send: &[T],
        recv: &mut [T],
        counts: &[usize],
    ) -> Result<()> {
        let (around, parts) = (self.around()?, parts_of::<T>(counts));
        let (neighbors, parts) = (around.neighbors(), Some(&parts[..]));
        self.moved(send, recv, |send, recv| NeighborAllgather { send, recv, parts, neighbors })
    }

    /// Sends each neighbour its part, and gets one from each: all parts have one length, in the order of the
    /// neighbours. Section 8.6.2.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     // In a ring: one number to the left, another to the right.
    ///     let ring = world.cartesian(&[3], &[true])?.expect("all are in it");
    ///     let me = ring.rank() as i32;
    ///     let mut got = [0; 2];
    ///     ring.neighbor_all_to_all_into(&[me * 10, me * 10 + 1], &mut got)?;
    ///     let (left, right) = ((me + 2) % 3, (me + 1) % 3);
    ///     assert_eq!(got, [left * 10 + 1, right * 10]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Topology` when the communicator is no grid and no graph; class `Count` or `Truncate` when the
    /// lengths do not agree, here or between ranks.
    pub fn neighbor_all_to_all_into<T: Equivalence>(&self, send: &[T], recv: &mut [T]) -> Result<()> {
        let around = self.around()?;
        let (neighbors, parts) = (around.neighbors(), ExchangeParts::Equal);
        self.moved(send, recv, |send, recv| NeighborAlltoall { send, recv, parts, neighbors })
    }

    /// As [`Self::neighbor_all_to_all_into`] with parts of different lengths: how many elements go to and
    /// come from each neighbour. Section 8.6.2.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let ring = world.cartesian(&[3], &[true])?.expect("all are in it");
    ///     let me = ring.rank();
    ///     let (left, right) = ((me + 2) % 3, (me + 1) % 3);
    ///     // One element goes to the left, two go to the right.
    ///     let mut got = [9; 3];
    ///     ring.neighbor_all_to_all_v_into(&[me; 3], &[1, 2], &mut got, &[2, 1])?;
    ///     assert_eq!(got, [left, left, right]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Topology` when the communicator is no grid and no graph; class `Count` when counts are not one
    /// for each neighbour or need more than the slice has; class `Truncate` when a neighbour sends another
    /// number of elements.
    pub fn neighbor_all_to_all_v_into<T: Equivalence>(
        &self,
        send: &[T],
        send_counts: &[usize],
        recv: &mut [T],
        recv_counts: &[usize],
    ) -> Result<()> {
        let (from, to) = (parts_of::<T>(send_counts), parts_of::<T>(recv_counts));
        let (around, parts) = (self.around()?, ExchangeParts::Each(&from, &to));
        let neighbors = around.neighbors();
        self.moved(send, recv, |send, recv| NeighborAlltoall { send, recv, parts, neighbors })
    }

    fn hearing<T: Equivalence>(&self, form: Form, data: Vec<T>) -> Result<CollectiveUnderWay<T>> {
        let (call, around) = (Call::IneighborAllgather, self.around()?);
        let room = self.room(call, data.len().saturating_mul(around.sources.len()))?;
        let neighbors = around.neighbors();
        self.begin(form, Some(data), room, |send, recv| {
            let send = send.unwrap_or(SendBuf::EMPTY);
            NeighborAllgather { send, recv, parts: None, neighbors }
        })
    }

    /// Begins [`Self::neighbor_all_gather_into`]. Waiting gives what came, a part as long as `data` from each
    /// neighbour; where there is nobody, zeros. Section 8.7.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let ring = world.cartesian(&[3], &[true])?.expect("all are in it");
    ///     let me = ring.rank();
    ///     let (left, right) = ((me + 2) % 3, (me + 1) % 3);
    ///     let hearing = ring.ineighbor_all_gather(vec![me])?;
    ///     assert_eq!(hearing.wait()?, [left, right]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Topology` when the communicator is no grid and no graph; class `NoMem` when there is no memory
    /// for what comes. Waiting fails with class `Truncate` when a neighbour sends another number of elements.
    pub fn ineighbor_all_gather<T: Equivalence>(&self, data: Vec<T>) -> Result<BufferCollective<'_, T>> {
        self.hearing(Form::Nonblocking, data).map(|begun| begun.request(self))
    }

    /// Prepares [`Self::ineighbor_all_gather`] for being begun again and again. Section 8.8.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let ring = world.cartesian(&[3], &[true])?.expect("all are in it");
    ///     let me = ring.rank();
    ///     let (left, right) = ((me + 2) % 3, (me + 1) % 3);
    ///     let mut hearing = ring.neighbor_all_gather_persistent(vec![0])?;
    ///     for round in 0..3 {
    ///         hearing.data_mut()?[0] = me * 10 + round;
    ///         hearing.start()?;
    ///         hearing.wait()?;
    ///         assert_eq!(hearing.data()?, [left * 10 + round, right * 10 + round]);
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Topology` when the communicator is no grid and no graph; class `NoMem` when there is no memory
    /// for what comes. Waiting fails with class `Truncate` when a neighbour sends another number of elements.
    pub fn neighbor_all_gather_persistent<T: Equivalence>(&self, data: Vec<T>) -> Result<Persistent<'_, T>> {
        self.hearing(Form::Persistent, data).map(|begun| begun.persistent(self))
    }

    fn trading<T: Equivalence>(&self, form: Form, data: Vec<T>) -> Result<CollectiveUnderWay<T>> {
        let (call, around) = (Call::IneighborAlltoall, self.around()?);
        let part = data.len() / around.destinations.len().max(1);
        let room = self.room(call, part.saturating_mul(around.sources.len()))?;
        let (neighbors, parts) = (around.neighbors(), ExchangeParts::Equal);
        self.begin(form, Some(data), room, |send, recv| {
            let send = send.unwrap_or(SendBuf::EMPTY);
            NeighborAlltoall { send, recv, parts, neighbors }
        })
    }

    /// Begins [`Self::neighbor_all_to_all_into`] of at least one destination; gives what came, zeros for
    /// nobody. Section 8.7.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let ring = world.cartesian(&[2], &[true])?.expect("all are in it");
    ///     let trading = ring.ineighbor_all_to_all(vec![ring.rank() * 10, ring.rank() * 10 + 1])?;
    ///     // Both neighbours are the other rank: what it sent to its right comes from our left.
    ///     let other = 1 - ring.rank();
    ///     assert_eq!(trading.wait()?, [other * 10 + 1, other * 10]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Topology` when the communicator is no grid and no graph; class `NoMem` when there is no memory
    /// for what comes; class `Count` when `data` cannot be dealt in equal parts. Waiting fails with class
    /// `Truncate` when `data` is not one equal part for each destination, or when a neighbour sends another
    /// number of elements.
    pub fn ineighbor_all_to_all<T: Equivalence>(&self, data: Vec<T>) -> Result<BufferCollective<'_, T>> {
        self.trading(Form::Nonblocking, data).map(|begun| begun.request(self))
    }

    /// Prepares [`Self::ineighbor_all_to_all`] for being begun again and again. Section 8.8.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let ring = world.cartesian(&[3], &[true])?.expect("all are in it");
    ///     let me = ring.rank();
    ///     let (left, right) = ((me + 2) % 3, (me + 1) % 3);
    ///     let mut trading = ring.neighbor_all_to_all_persistent(vec![0; 2])?;
    ///     for round in 0..3 {
    ///         // One number for the left neighbour, another for the right one.
    ///         trading.data_mut()?.copy_from_slice(&[me, me + 10 * round]);
    ///         trading.start()?;
    ///         trading.wait()?;
    ///         assert_eq!(trading.data()?, [left + 10 * round, right]);
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Topology` when the communicator is no grid and no graph; class `NoMem` when there is no memory
    /// for what comes; class `Count` when `data` cannot be dealt in equal parts. Waiting fails with class
    /// `Truncate` when `data` is not one equal part for each destination, or when a neighbour sends another
    /// number of elements.
    pub fn neighbor_all_to_all_persistent<T: Equivalence>(&self, data: Vec<T>) -> Result<Persistent<'_, T>> {
        self.trading(Form::Persistent, data).map(|begun| begun.persistent(self))
    }
}
