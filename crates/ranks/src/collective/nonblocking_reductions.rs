//! Reductions that do not block, and those that are begun again and again. Sections 6.12 and 6.13.
//!
//! They work in place: the result replaces the elements. The operation runs whenever its rank makes
//! progress, so it owns what it uses.

use super::begun::{BufferCollective, CollectiveUnderWay, RootCollective, Wrong};
use super::reductions::rows;
use crate::Result;
use crate::communicator::Communicator;
use crate::equivalence::Equivalence;
use crate::request::Persistent;
use ranks_engine::collective::{Allreduce, Reduce, ReduceScatter, Scan, Storable};
use ranks_engine::op::StoredOp;
use ranks_engine::{Call, Form, RecvBuf, SendBuf};
use std::sync::atomic::Ordering;

impl Communicator {
    /// Begins a reduction; in place without `send`.
    fn reducing<T: Equivalence, C: Storable>(
        &self,
        form: Form,
        send: Option<Vec<T>>,
        recv: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
        reduction: impl FnOnce(Option<SendBuf>, RecvBuf, StoredOp) -> C,
    ) -> Result<CollectiveUnderWay<T>> {
        let wrong = (!T::ANY).then(Wrong::default);
        let flag = wrong.clone();
        let set = move || flag.iter().for_each(|flag| flag.store(true, Ordering::Relaxed));
        let op = StoredOp::user(rows(op, set), size_of::<T>(), false);
        let begun = self.begin(form, send, recv, |send, recv| reduction(send, recv, op))?;
        Ok(CollectiveUnderWay { wrong, ..begun })
    }

    fn reducing_at<T: Equivalence>(
        &self,
        form: Form,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
        root: usize,
    ) -> Result<CollectiveUnderWay<T>> {
        let (send, recv) = if self.rank() == root { (None, data) } else { (Some(data), Vec::new()) };
        self.reducing(form, send, recv, op, |send, recv, op| Reduce { send, recv, op, root: Self::to(root) })
    }

    /// Begins to combine the ranks' buffers, element by element and in order of rank, at the root; all have
    /// one length. Waiting gives the root `Some`, the others `None`. Section 6.12.7.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     let adding = world.ireduce(vec![world.rank() + 1], op::sum, 0)?;
    ///     assert_eq!(adding.wait()?, (world.rank() == 0).then(|| vec![6]));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Root` when there is no such rank. Waiting fails with class `Truncate` when the ranks' buffers
    /// differ in length.
    pub fn ireduce<T: Equivalence>(
        &self,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
        root: usize,
    ) -> Result<RootCollective<'_, T>> {
        self.reducing_at(Form::Nonblocking, data, op, root).map(|begun| begun.at_root(self, root))
    }

    /// Prepares reductions to the root of buffers of one length: [`Persistent::data_mut`] is what this rank
    /// gives, and at the root [`Persistent::data`] is the result. Section 6.13.7.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     let mut reduce = world.reduce_persistent(vec![0], op::sum, 0)?;
    ///     for round in 0..3 {
    ///         reduce.data_mut()?[0] = world.rank() + round;
    ///         reduce.start()?;
    ///         reduce.wait()?;
    ///         if world.rank() == 0 {
    ///             assert_eq!(reduce.data()?, [3 + 3 * round]);
    ///         }
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Root` when there is no such rank. Waiting fails with class `Truncate` when the ranks' buffers
    /// differ in length.
    pub fn reduce_persistent<T: Equivalence>(
        &self,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
        root: usize,
    ) -> Result<Persistent<'_, T>> {
        self.reducing_at(Form::Persistent, data, op, root).map(|begun| begun.persistent(self))
    }

    fn reducing_for_all<T: Equivalence>(
        &self,
        form: Form,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Result<CollectiveUnderWay<T>> {
        self.reducing(form, None, data, op, |send, recv, op| Allreduce { send, recv, op })
    }

    /// Begins to combine the ranks' buffers, element by element and in order of rank, for all ranks; all have
    /// one length, which the result has, too. Section 6.12.8.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(4, |world| {
    ///     let sum = world.iall_reduce(vec![world.rank() as f64], op::sum)?;
    ///     let most = world.iall_reduce(vec![world.rank()], op::max)?;
    ///     assert_eq!(ranks::wait_all((sum, most))?, (vec![6.0], vec![3]));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Waiting fails with class `Truncate` when the ranks' buffers differ in length.
    pub fn iall_reduce<T: Equivalence>(
        &self,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Result<BufferCollective<'_, T>> {
        self.reducing_for_all(Form::Nonblocking, data, op).map(|begun| begun.request(self))
    }

    /// Prepares reductions for all ranks of buffers of one length: [`Persistent::data_mut`] is what this rank
    /// gives, [`Persistent::data`] is the result, which replaces it. Section 6.13.8.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     let mut adding = world.all_reduce_persistent(vec![0], op::sum)?;
    ///     for round in 0..3 {
    ///         adding.data_mut()?[0] = round + world.rank();
    ///         adding.start()?;
    ///         adding.wait()?;
    ///         assert_eq!(adding.data()?, [3 * round + 3]);
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Waiting fails with class `Truncate` when the ranks' buffers differ in length.
    pub fn all_reduce_persistent<T: Equivalence>(
        &self,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Result<Persistent<'_, T>> {
        self.reducing_for_all(Form::Persistent, data, op).map(|begun| begun.persistent(self))
    }

    fn reducing_parts<T: Equivalence>(
        &self,
        form: Form,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Result<CollectiveUnderWay<T>> {
        let call = Call::IreduceScatterBlock;
        self.equal_parts(call, data.len())?;
        let room = self.room(call, data.len() / self.size())?;
        self.reducing(form, Some(data), room, op, |send, recv, op| ReduceScatter {
            send,
            recv,
            lengths: None,
            op,
        })
    }

    /// Begins to combine parts, one for each rank, and to leave each rank its part. Section 6.12.10.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     let adding = world.ireduce_scatter(vec![1, 10, world.rank()], op::sum)?;
    ///     assert_eq!(adding.wait()?, [[3], [30], [3]][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Count` when the buffer is not one equal part for each rank; class `NoMem` when there is no
    /// memory for the result. Waiting fails with class `Truncate` when the ranks' buffers differ in length.
    pub fn ireduce_scatter<T: Equivalence>(
        &self,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Result<BufferCollective<'_, T>> {
        self.reducing_parts(Form::Nonblocking, data, op).map(|begun| begun.request(self))
    }

    /// Prepares reductions of parts, one for each rank and all of one length: [`Persistent::data_mut`] has
    /// this rank's parts for all, [`Persistent::data`] is its part of the result. Section 6.13.10.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     let mut reduce_scatter = world.reduce_scatter_persistent(vec![0; 3], op::sum)?;
    ///     for round in 0..3 {
    ///         reduce_scatter.data_mut()?.copy_from_slice(&[1, 10, round]);
    ///         reduce_scatter.start()?;
    ///         reduce_scatter.wait()?;
    ///         assert_eq!(reduce_scatter.data()?, [[3, 30, 3 * round][world.rank()]]);
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Count` when the buffer is not one equal part for each rank; class `NoMem` when there is no
    /// memory for the result. Waiting fails with class `Truncate` when the ranks' buffers differ in length.
    pub fn reduce_scatter_persistent<T: Equivalence>(
        &self,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Result<Persistent<'_, T>> {
        self.reducing_parts(Form::Persistent, data, op).map(|begun| begun.persistent(self))
    }

    fn scanning<T: Equivalence>(
        &self,
        form: Form,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Result<CollectiveUnderWay<T>> {
        self.reducing(form, None, data, op, |send, recv, op| Scan { send, recv, op, inclusive: true })
    }

    /// Begins to combine this rank's elements with those of all ranks before it, in order of rank; all
    /// buffers have one length. Section 6.12.11.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     let counting = world.iscan(vec![world.rank() + 1, 1], op::sum)?;
    ///     assert_eq!(counting.wait()?, [[1, 1], [3, 2], [6, 3]][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Waiting fails with class `Truncate` when the ranks' buffers differ in length.
    pub fn iscan<T: Equivalence>(
        &self,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Result<BufferCollective<'_, T>> {
        self.scanning(Form::Nonblocking, data, op).map(|begun| begun.request(self))
    }

    /// Prepares reductions up to each rank of buffers of one length: [`Persistent::data_mut`] is what this
    /// rank gives, [`Persistent::data`] is the result, which replaces it. Section 6.13.11.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     let mut counting = world.scan_persistent(vec![0], op::sum)?;
    ///     for each in 1..4 {
    ///         counting.data_mut()?[0] = each;
    ///         counting.start()?;
    ///         counting.wait()?;
    ///         assert_eq!(counting.data()?, [each * (world.rank() + 1)]);
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Waiting fails with class `Truncate` when the ranks' buffers differ in length.
    pub fn scan_persistent<T: Equivalence>(
        &self,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Result<Persistent<'_, T>> {
        self.scanning(Form::Persistent, data, op).map(|begun| begun.persistent(self))
    }

    fn scanning_before<T: Equivalence>(
        &self,
        form: Form,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Result<CollectiveUnderWay<T>> {
        self.reducing(form, None, data, op, |send, recv, op| Scan { send, recv, op, inclusive: false })
    }

    /// Begins to combine the elements of all ranks before this one; rank 0 keeps its own. Section 6.12.12.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     let (up_to, before) = (world.iscan(vec![1], op::sum)?, world.iexscan(vec![1], op::sum)?);
    ///     let (up_to, before) = ranks::wait_all((up_to, before))?;
    ///     assert_eq!((up_to[0], before[0]), (world.rank() + 1, world.rank().max(1)));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Waiting fails with class `Truncate` when the ranks' buffers differ in length.
    pub fn iexscan<T: Equivalence>(
        &self,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Result<BufferCollective<'_, T>> {
        self.scanning_before(Form::Nonblocking, data, op).map(|begun| begun.request(self))
    }

    /// Prepares reductions of what is before each rank, of buffers of one length: [`Persistent::data_mut`] is
    /// what this rank gives, [`Persistent::data`] is the result, which replaces it; rank 0 keeps its own.
    /// Section 6.13.12.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     let mut exscan = world.exscan_persistent(vec![0], op::sum)?;
    ///     for round in 0..3 {
    ///         exscan.data_mut()?[0] = round;
    ///         exscan.start()?;
    ///         exscan.wait()?;
    ///         assert_eq!(exscan.data()?, [round * world.rank().max(1)]);
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Waiting fails with class `Truncate` when the ranks' buffers differ in length.
    pub fn exscan_persistent<T: Equivalence>(
        &self,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Result<Persistent<'_, T>> {
        self.scanning_before(Form::Persistent, data, op).map(|begun| begun.persistent(self))
    }
}
