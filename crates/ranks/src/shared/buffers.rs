//! Collectives of buffers, for tasks and threads. Chapter 6.

use super::work::Outcome;
use super::{Comm, Operation, SharedCommunicator};
use crate::Class;
use crate::Result;
use crate::equivalence::Equivalence;
use crate::memory::{clean, no_values, purge, recv_buf, zeroed};
use ranks_engine::collective::{
    Allgather, Allreduce, Alltoall, Barrier, Bcast, ExchangeParts, Gather, Reduce, ReduceScatter, Scan,
    Scatter, Storable,
};
use ranks_engine::op::StoredOp;
use ranks_engine::{Call, Form, RecvBuf, SendBuf};
use std::sync::Arc;

impl Comm {
    /// Room for so many elements, all zero.
    pub(super) fn room<T: Equivalence>(&self, call: Call, len: usize) -> Result<Vec<T>> {
        zeroed(len).ok_or_else(|| {
            let detail = format!("there is no memory for {len} elements of {} bytes", size_of::<T>());
            self.error(Class::NoMem, call, detail)
        })
    }

    fn equal_parts(&self, call: Call, len: usize) -> Result<()> {
        if len.is_multiple_of(self.size) {
            return Ok(());
        }
        let detail = format!("{len} elements are not {} parts of one length", self.size);
        Err(self.error(Class::Count, call, detail))
    }
}

impl SharedCommunicator {
    /// Begins a collective from `send` (in place without) into `recv`, and keeps both.
    pub(super) fn collecting<T: Equivalence, C: Storable>(
        &self,
        mut send: Option<Vec<T>>,
        recv: Result<Vec<T>>,
        function: Option<Arc<Outcome>>,
        collective: impl FnOnce(Option<SendBuf>, RecvBuf) -> C,
    ) -> Operation<Vec<T>> {
        let mut recv = match recv {
            Ok(recv) => recv,
            Err(error) => return Operation::failed(error),
        };
        clean(send.as_mut().unwrap_or(&mut recv));
        let out = send.as_mut().map(|send| recv_buf(send).as_send());
        let collective = collective(out, recv_buf(&mut recv));
        let call = collective.call();
        let begun = self.with(|engine| engine.begin(self.0.id, Form::Nonblocking, collective));
        let id = match begun {
            Ok(id) => id,
            Err(error) => return Operation::failed(error.in_call(call)),
        };
        self.begun_as(call, id, (send, recv), move |(_, mut recv), comm, _| {
            let elements = function.is_none_or(|function| function.check());
            if purge(&mut recv) && elements {
                return Ok(recv);
            }
            Err(comm.error(Class::Type, call, no_values(std::any::type_name::<T>())))
        })
    }

    /// As [`Self::collecting`], with an operation.
    pub(super) fn reducing<T: Equivalence, C: Storable>(
        &self,
        send: Option<Vec<T>>,
        recv: Result<Vec<T>>,
        op: impl FnMut(T, T) -> T + Send + 'static,
        reduction: impl FnOnce(Option<SendBuf>, RecvBuf, StoredOp) -> C,
    ) -> Operation<Vec<T>> {
        let (op, function) = self.0.rank.operation(op);
        self.collecting(send, recv, Some(function), |send, recv| reduction(send, recv, op))
    }

    /// Something at the root, nothing elsewhere.
    pub(super) fn at_root<T: Send + 'static>(
        &self,
        operation: Operation<Vec<T>>,
        root: usize,
    ) -> Operation<Option<Vec<T>>> {
        let here = self.rank() == root;
        operation.map(move |data| here.then_some(data))
    }

    /// Complete when all ranks have begun it. Section 6.3.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// world.barrier().wait()?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::barrier`].
    pub fn barrier(&self) -> Operation<()> {
        match self.with(|engine| engine.begin(self.0.id, Form::Nonblocking, Barrier)) {
            Ok(id) => self.begun_as(Call::Barrier, id, (), |(), _, _| Ok(())),
            Err(error) => Operation::failed(error),
        }
    }

    /// Gives the root's buffer to all ranks; all pass one of the same length. Section 6.4.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.broadcast_into(vec![1.0, 2.0], 0).wait()?, [1.0, 2.0]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::ibroadcast`].
    pub fn broadcast_into<T: Equivalence>(&self, data: Vec<T>, root: usize) -> Operation<Vec<T>> {
        self.collecting(None, Ok(data), None, |_, buf| Bcast { buf, root: Self::to(root) })
    }

    /// Collects equal parts at the root, in order of rank; the others get `None`. Section 6.5.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.gather_from(vec![7, 8], 0).wait()?, Some(vec![7, 8]));
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::igather`].
    pub fn gather_from<T: Equivalence>(&self, data: Vec<T>, root: usize) -> Operation<Option<Vec<T>>> {
        let len = if self.rank() == root { data.len().saturating_mul(self.size()) } else { 0 };
        let room = self.0.room(Call::Gather, len);
        let to = Self::to(root);
        let all = self.collecting(Some(data), room, None, |send, recv| Gather {
            send,
            recv,
            parts: None,
            root: to,
        });
        self.at_root(all, root)
    }

    /// Deals the root's buffer in parts of `part` elements, in order of rank; the root passes `Some`, the others `None`.
    /// Section 6.6.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.scatter_from(Some(vec![1, 2]), 2, 0).wait()?, [1, 2]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::iscatter`].
    pub fn scatter_from<T: Equivalence>(
        &self,
        data: Option<Vec<T>>,
        part: usize,
        root: usize,
    ) -> Operation<Vec<T>> {
        let data = match (data, self.rank() == root) {
            (None, true) => {
                let detail = "the root has no buffer: pass Some";
                return Operation::failed(self.0.error(Class::Arg, Call::Scatter, detail));
            }
            (Some(data), true) => data,
            (_, false) => Vec::new(),
        };
        let room = self.0.room(Call::Scatter, part);
        self.collecting(Some(data), room, None, |send, recv| {
            let send = send.unwrap_or(SendBuf::EMPTY);
            Scatter { send, parts: None, recv: Some(recv), root: Self::to(root) }
        })
    }

    /// Collects equal parts at all ranks, in order of rank. Section 6.7.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.all_gather_from(vec![7, 8]).wait()?, [7, 8]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::iall_gather`].
    pub fn all_gather_from<T: Equivalence>(&self, data: Vec<T>) -> Operation<Vec<T>> {
        let room = self.0.room(Call::Allgather, data.len().saturating_mul(self.size()));
        self.collecting(Some(data), room, None, |send, recv| Allgather { send, recv, parts: None })
    }

    /// Gives the i-th part to rank i and gets one from each: all parts have one length. Section 6.8.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.all_to_all_from(vec![7, 8]).wait()?, [7, 8]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::iall_to_all`].
    pub fn all_to_all_from<T: Equivalence>(&self, data: Vec<T>) -> Operation<Vec<T>> {
        let room = self.0.equal_parts(Call::Alltoall, data.len());
        let room = room.and_then(|()| self.0.room(Call::Alltoall, data.len()));
        let parts = ExchangeParts::Equal;
        self.collecting(Some(data), room, None, |send, recv| Alltoall { send, recv, parts })
    }

    /// Combines the ranks' buffers at the root, element by element and in order of rank; the others get `None`. Any
    /// thread of the rank may run the operation, but none holds a lock meanwhile: it may use a communicator. If it
    /// panics, the job ends with code 101, because the other ranks would get wrong results. Section 6.9.1.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.reduce_from(vec![1, 2], ranks::op::sum, 0).wait()?, Some(vec![1, 2]));
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::ireduce`].
    pub fn reduce_from<T: Equivalence>(
        &self,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
        root: usize,
    ) -> Operation<Option<Vec<T>>> {
        let (send, recv) = if self.rank() == root { (None, data) } else { (Some(data), Vec::new()) };
        let to = Self::to(root);
        let all = self.reducing(send, Ok(recv), op, |send, recv, op| Reduce { send, recv, op, root: to });
        self.at_root(all, root)
    }

    /// Combines the ranks' buffers for all ranks, element by element and in order of rank. The operation is as for
    /// [`Self::reduce_from`]. Section 6.9.6.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.all_reduce_from(vec![1, 2], ranks::op::sum).wait()?, [1, 2]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::iall_reduce`].
    pub fn all_reduce_from<T: Equivalence>(
        &self,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Operation<Vec<T>> {
        self.reducing(None, Ok(data), op, |send, recv, op| Allreduce { send, recv, op })
    }

    /// Combines the ranks' buffers, and gives the i-th of equal parts of the result to rank i. The operation is as for
    /// [`Self::reduce_from`]. Section 6.10.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.reduce_scatter_from(vec![1, 2], ranks::op::sum).wait()?, [1, 2]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::ireduce_scatter`].
    pub fn reduce_scatter_from<T: Equivalence>(
        &self,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Operation<Vec<T>> {
        let call = Call::ReduceScatterBlock;
        let room = self.0.equal_parts(call, data.len());
        let room = room.and_then(|()| self.0.room(call, data.len() / self.size()));
        let lengths = None;
        self.reducing(Some(data), room, op, |send, recv, op| ReduceScatter { send, recv, lengths, op })
    }

    /// Combines the buffers of the ranks up to this one, in order of rank. The operation is as for
    /// [`Self::reduce_from`]. Section 6.11.1.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.scan_from(vec![1, 2], ranks::op::sum).wait()?, [1, 2]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::iscan`].
    pub fn scan_from<T: Equivalence>(
        &self,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Operation<Vec<T>> {
        self.reducing(None, Ok(data), op, |send, recv, op| Scan { send, recv, op, inclusive: true })
    }

    /// Combines the buffers of the ranks before this one, in order of rank; rank 0 gets its own back. The operation is
    /// as for [`Self::reduce_from`]. Section 6.11.2.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.exscan_from(vec![1, 2], ranks::op::sum).wait()?, [1, 2]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::iexscan`].
    pub fn exscan_from<T: Equivalence>(
        &self,
        data: Vec<T>,
        op: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Operation<Vec<T>> {
        self.reducing(None, Ok(data), op, |send, recv, op| Scan { send, recv, op, inclusive: false })
    }
}
