//! Collectives of buffers that do not block, and those that are begun again and again. Sections 6.12 and
//! 6.13.
//!
//! All ranks begin the collectives of a communicator in the same order; they may complete them in any
//! order. The buffers belong to the operation until it is over.

use super::begun::{Barrier, BufferCollective, CollectiveUnderWay, RootCollective};
use crate::Result;
use crate::communicator::Communicator;
use crate::equivalence::Equivalence;
use crate::request::Persistent;
use ranks_engine::collective::{Allgather, Alltoall, Bcast, ExchangeParts, Gather, Scatter};
use ranks_engine::{Call, Form, SendBuf};

impl Communicator {
    /// Begins a barrier. Section 6.12.1.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let meeting = world.ibarrier()?;
    ///     // Work that the others need not wait for.
    ///     meeting.wait()
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Waiting fails as [`Self::barrier`] does.
    pub fn ibarrier(&self) -> Result<Barrier<'_>> {
        self.met(Form::Nonblocking).map(|id| self.meeting(id))
    }

    /// Prepares barriers; its buffer is empty. Section 6.13.1.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let mut meeting = world.barrier_persistent()?;
    ///     for _ in 0..3 {
    ///         meeting.start()?;
    ///         // Work that the others need not wait for.
    ///         meeting.wait()?;
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Waiting fails as [`Self::barrier`] does.
    pub fn barrier_persistent(&self) -> Result<Persistent<'_, u8>> {
        let (id, call) = (self.met(Form::Persistent)?, Call::Ibarrier);
        let (send, recv) = (Vec::new(), Vec::new());
        Ok(CollectiveUnderWay { id, call, in_place: false, send, recv, wrong: None }.persistent(self))
    }

    fn broadcasting<T: Equivalence>(
        &self,
        form: Form,
        data: Vec<T>,
        root: usize,
    ) -> Result<CollectiveUnderWay<T>> {
        self.begin(form, None, data, |_, buf| Bcast { buf, root: Self::to(root) })
    }

    /// Begins to give the root's buffer to all ranks; all pass one of the same length. Section 6.12.2.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let telling = world.ibroadcast(vec![world.rank(); 2], 1)?;
    ///     assert_eq!(telling.wait()?, [1, 1]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Root` when there is no such rank. Waiting fails with class `Truncate` when the ranks' buffers
    /// differ in length.
    pub fn ibroadcast<T: Equivalence>(&self, data: Vec<T>, root: usize) -> Result<BufferCollective<'_, T>> {
        self.broadcasting(Form::Nonblocking, data, root).map(|begun| begun.request(self))
    }

    /// Prepares broadcasts of a buffer, which has one length at all ranks: [`Persistent::data_mut`] is what
    /// the root sends, [`Persistent::data`] what came. Section 6.13.2.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let mut broadcast = world.broadcast_persistent(vec![0; 2], 0)?;
    ///     for round in 0..3 {
    ///         if world.rank() == 0 {
    ///             broadcast.data_mut()?.fill(round);
    ///         }
    ///         broadcast.start()?;
    ///         broadcast.wait()?;
    ///         assert_eq!(broadcast.data()?, [round; 2]);
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Root` when there is no such rank. Waiting fails with class `Truncate` when the ranks' buffers
    /// differ in length.
    pub fn broadcast_persistent<T: Equivalence>(
        &self,
        data: Vec<T>,
        root: usize,
    ) -> Result<Persistent<'_, T>> {
        self.broadcasting(Form::Persistent, data, root).map(|begun| begun.persistent(self))
    }

    fn gathering<T: Equivalence>(
        &self,
        form: Form,
        data: Vec<T>,
        root: usize,
    ) -> Result<CollectiveUnderWay<T>> {
        let ranks = if self.rank() == root { self.size() } else { 0 };
        let room = self.room(Call::Igather, data.len().saturating_mul(ranks))?;
        self.begin(form, Some(data), room, |send, recv| Gather {
            send,
            recv,
            parts: None,
            root: Self::to(root),
        })
    }

    /// Begins to collect equal parts at the root, in order of rank. Waiting gives the root `Some` with as
    /// many elements as all ranks have given, and the others `None`. Section 6.12.3.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let collecting = world.igather(vec![world.rank() * 10], 2)?;
    ///     assert_eq!(collecting.wait()?, (world.rank() == 2).then(|| vec![0, 10, 20]));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Root` when there is no such rank; class `NoMem` when there is no memory for the result. Waiting
    /// fails with class `Truncate` when the ranks' buffers differ in length.
    pub fn igather<T: Equivalence>(&self, data: Vec<T>, root: usize) -> Result<RootCollective<'_, T>> {
        self.gathering(Form::Nonblocking, data, root).map(|begun| begun.at_root(self, root))
    }

    /// Prepares gathers of a buffer, which has one length at all ranks: [`Persistent::data_mut`] is what this
    /// rank sends, and at the root [`Persistent::data`] is what came from all, in order of rank. Section
    /// 6.13.3.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let mut gather = world.gather_persistent(vec![0], 0)?;
    ///     for round in 0..3 {
    ///         gather.data_mut()?[0] = world.rank() * 10 + round;
    ///         gather.start()?;
    ///         gather.wait()?;
    ///         if world.rank() == 0 {
    ///             assert_eq!(gather.data()?, [round, 10 + round, 20 + round]);
    ///         }
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Root` when there is no such rank; class `NoMem` when there is no memory for the result. Waiting
    /// fails with class `Truncate` when the ranks' buffers differ in length.
    pub fn gather_persistent<T: Equivalence>(&self, data: Vec<T>, root: usize) -> Result<Persistent<'_, T>> {
        self.gathering(Form::Persistent, data, root).map(|begun| begun.persistent(self))
    }

    fn scattering<T: Equivalence>(
        &self,
        form: Form,
        data: Option<Vec<T>>,
        part: usize,
        root: usize,
    ) -> Result<CollectiveUnderWay<T>> {
        let data = self.at_root(Call::Iscatter, root, data)?.unwrap_or_default();
        let room = self.room(Call::Iscatter, part)?;
        self.begin(form, Some(data), room, |send, recv| {
            let send = send.unwrap_or(SendBuf::EMPTY);
            Scatter { send, parts: None, recv: Some(recv), root: Self::to(root) }
        })
    }

    /// Begins to deal the root's buffer in parts of `part` elements, in order of rank; the root passes
    /// `Some`, the others `None`. Section 6.12.4.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let dealing = world.iscatter((world.rank() == 0).then(|| vec![1, 2, 3, 4, 5, 6]), 2, 0)?;
    ///     assert_eq!(dealing.wait()?, [[1, 2], [3, 4], [5, 6]][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when the root passes `None`; class `Root` when there is no such rank; class `Count` or
    /// `Truncate` when the root's buffer does not have `part` elements for each rank. Waiting fails with
    /// class `Truncate` when ranks differ in `part`.
    pub fn iscatter<T: Equivalence>(
        &self,
        data: Option<Vec<T>>,
        part: usize,
        root: usize,
    ) -> Result<BufferCollective<'_, T>> {
        self.scattering(Form::Nonblocking, data, part, root).map(|begun| begun.request(self))
    }

    /// Prepares scatters of a buffer in parts of `part` elements: at the root [`Persistent::data_mut`] is
    /// what it sends, a part for each rank; [`Persistent::data`] is the part that came. The root passes
    /// `Some`, the others `None`. Section 6.13.4.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let mut scatter = world.scatter_persistent((world.rank() == 0).then(|| vec![0; 3]), 1, 0)?;
    ///     for round in 0..3 {
    ///         if world.rank() == 0 {
    ///             scatter.data_mut()?.copy_from_slice(&[round, 10 + round, 20 + round]);
    ///         }
    ///         scatter.start()?;
    ///         scatter.wait()?;
    ///         assert_eq!(scatter.data()?, [world.rank() * 10 + round]);
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when the root passes `None`; class `Root` when there is no such rank; class `Count` or
    /// `Truncate` when the root's buffer does not have `part` elements for each rank. Waiting fails with
    /// class `Truncate` when ranks differ in `part`.
    pub fn scatter_persistent<T: Equivalence>(
        &self,
        data: Option<Vec<T>>,
        part: usize,
        root: usize,
    ) -> Result<Persistent<'_, T>> {
        self.scattering(Form::Persistent, data, part, root).map(|begun| begun.persistent(self))
    }

    fn gathering_for_all<T: Equivalence>(&self, form: Form, data: Vec<T>) -> Result<CollectiveUnderWay<T>> {
        let room = self.room(Call::Iallgather, data.len().saturating_mul(self.size()))?;
        self.begin(form, Some(data), room, |send, recv| Allgather { send, recv, parts: None })
    }

    /// Begins to collect equal parts at all ranks, in order of rank. Waiting gives as many elements as all
    /// ranks have given. Section 6.12.5.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let first = world.iall_gather(vec![world.rank()])?;
    ///     let second = world.iall_gather(vec![world.rank() as f32; 2])?;
    ///     assert_eq!(second.wait()?, [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]);
    ///     assert_eq!(first.wait()?, [0, 1, 2]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `NoMem` when there is no memory for the result. Waiting fails with class `Truncate` when the
    /// ranks' buffers differ in length.
    pub fn iall_gather<T: Equivalence>(&self, data: Vec<T>) -> Result<BufferCollective<'_, T>> {
        self.gathering_for_all(Form::Nonblocking, data).map(|begun| begun.request(self))
    }

    /// Prepares gathers to all ranks of a buffer, which has one length at all ranks: [`Persistent::data_mut`]
    /// is what this rank sends, [`Persistent::data`] what came from all, in order of rank. Section 6.13.5.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let mut all_gather = world.all_gather_persistent(vec![0])?;
    ///     for round in 0..3 {
    ///         all_gather.data_mut()?[0] = world.rank() * 10 + round;
    ///         all_gather.start()?;
    ///         all_gather.wait()?;
    ///         assert_eq!(all_gather.data()?, [round, 10 + round, 20 + round]);
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `NoMem` when there is no memory for the result. Waiting fails with class `Truncate` when the
    /// ranks' buffers differ in length.
    pub fn all_gather_persistent<T: Equivalence>(&self, data: Vec<T>) -> Result<Persistent<'_, T>> {
        self.gathering_for_all(Form::Persistent, data).map(|begun| begun.persistent(self))
    }

    fn exchanging<T: Equivalence>(&self, form: Form, data: Vec<T>) -> Result<CollectiveUnderWay<T>> {
        self.equal_parts(Call::Ialltoall, data.len())?;
        let room = self.room(Call::Ialltoall, data.len())?;
        let parts = ExchangeParts::Equal;
        self.begin(form, Some(data), room, |send, recv| Alltoall { send, recv, parts })
    }

    /// Begins to give the i-th part to rank i and to get one from each: all parts have one length, and
    /// waiting gives as many elements as `data` has. Section 6.12.6.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let me = world.rank();
    ///     let exchanging = world.iall_to_all(vec![me * 10, me * 10 + 1])?;
    ///     assert_eq!(exchanging.wait()?, [me, 10 + me]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Count` when the buffer is not one equal part for each rank; class `NoMem` when there is no
    /// memory for the result. Waiting fails with class `Truncate` when the ranks' buffers differ in length.
    pub fn iall_to_all<T: Equivalence>(&self, data: Vec<T>) -> Result<BufferCollective<'_, T>> {
        self.exchanging(Form::Nonblocking, data).map(|begun| begun.request(self))
    }

    /// Prepares exchanges of all with all: [`Persistent::data_mut`] has a part for each rank, all of one
    /// length, and [`Persistent::data`] one from each, in order of rank. Section 6.13.6.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let mut all_to_all = world.all_to_all_persistent(vec![0; 3])?;
    ///     for round in 0..3 {
    ///         all_to_all.data_mut()?.copy_from_slice(&[round, 10 + round, 20 + round]);
    ///         all_to_all.start()?;
    ///         all_to_all.wait()?;
    ///         assert_eq!(all_to_all.data()?, [world.rank() * 10 + round; 3]);
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Count` when the buffer is not one equal part for each rank; class `NoMem` when there is no
    /// memory for the result. Waiting fails with class `Truncate` when the ranks' buffers differ in length.
    pub fn all_to_all_persistent<T: Equivalence>(&self, data: Vec<T>) -> Result<Persistent<'_, T>> {
        self.exchanging(Form::Persistent, data).map(|begun| begun.persistent(self))
    }
}
