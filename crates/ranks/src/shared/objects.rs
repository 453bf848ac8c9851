//! Collectives of objects, for tasks and threads. Lengths travel first, then the serialised objects, both as one operation
//! of the engine: one that is dropped runs to its end all the same.

use super::{Comm, Operation, SharedCommunicator};
use crate::communicator::Status;
use crate::memory::send_buf;
use crate::{Class, Result};
use ranks_engine::collective::{Arrived, Objects, Shape};
use ranks_engine::{Call, Form};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::PoisonError;

impl Comm {
    fn decode_all<T: DeserializeOwned>(&self, call: Call, messages: &[Vec<u8>]) -> Result<Vec<T>> {
        let one =
            |(rank, bytes): (usize, &Vec<u8>)| self.decode(call, bytes, Status::of(rank, 0, bytes.len()));
        messages.iter().enumerate().map(one).collect()
    }
}

impl SharedCommunicator {
    /// Begins a collective of this rank's `values`; `finish` makes what the caller gets of them and of what came.
    fn exchanging<T: Serialize + Send + 'static, V>(
        &self,
        call: Call,
        shape: Shape,
        values: Vec<T>,
        finish: impl FnOnce(Vec<T>, Vec<Vec<u8>>, &Comm) -> Result<V> + Send + 'static,
    ) -> Operation<V> {
        let mut bytes = Vec::new();
        let mut lens = Vec::with_capacity(values.len());
        for value in &values {
            match self.0.encode(call, value) {
                Ok(one) => {
                    lens.push(one.len());
                    bytes.extend_from_slice(&one);
                }
                Err(error) => return Operation::failed(error),
            }
        }
        self.exchanging_bytes(call, shape, (bytes, lens), values, finish)
    }

    /// As [`Self::exchanging`], of bytes: one message after the other, and the length of each. `values` are kept.
    pub(super) fn exchanging_bytes<B: Send + 'static, V>(
        &self,
        call: Call,
        shape: Shape,
        (bytes, lens): (Vec<u8>, Vec<usize>),
        values: B,
        finish: impl FnOnce(B, Vec<Vec<u8>>, &Comm) -> Result<V> + Send + 'static,
    ) -> Operation<V> {
        let arrived = Arrived::default();
        let objects = Objects { shape, send: send_buf(&bytes), lens, arrived: arrived.clone() };
        match self.with(|engine| engine.begin(self.0.id, Form::Nonblocking, objects)) {
            Err(error) => Operation::failed(error.in_call(call)),
            // The bytes are kept until the operation is complete.
            Ok(id) => self.begun_as(call, id, (bytes, values), move |(_, values), comm, _| {
                let messages = std::mem::take(&mut *arrived.lock().unwrap_or_else(PoisonError::into_inner));
                finish(values, messages, comm)
            }),
        }
    }

    /// Gives the root's object to all ranks: the root passes `Some`, the others `None`. Section 6.4.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.broadcast(Some("all".to_owned()), 0).wait()?, "all");
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::broadcast`].
    pub fn broadcast<T: Serialize + DeserializeOwned + Send + 'static>(
        &self,
        value: Option<T>,
        root: usize,
    ) -> Operation<T> {
        let call = Call::Bcast;
        let values: Vec<T> = match (value, self.rank() == root) {
            (None, true) => {
                let detail = "the root has no value to broadcast: pass Some";
                return Operation::failed(self.0.error(Class::Arg, call, detail));
            }
            (Some(value), true) => vec![value],
            (_, false) => Vec::new(),
        };
        self.exchanging(call, Shape::Broadcast(Self::to(root)), values, move |values, messages, comm| match (
            values.into_iter().next(),
            messages.first(),
        ) {
            (Some(value), _) => Ok(value),
            (None, Some(bytes)) => comm.decode(call, bytes, Status::of(root, 0, bytes.len())),
            (None, None) => Err(comm.error(Class::Intern, call, "nothing came")),
        })
    }

    /// Deals the root's objects: rank i gets the i-th. The root passes `Some` with one for each rank, the others `None`.
    /// Section 6.6.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.scatter(Some(vec!["mine".to_owned()]), 0).wait()?, "mine");
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::scatter`].
    pub fn scatter<T: Serialize + DeserializeOwned + Send + 'static>(
        &self,
        values: Option<Vec<T>>,
        root: usize,
    ) -> Operation<T> {
        let call = Call::Scatter;
        let here = self.rank() == root;
        let values = if here { values.unwrap_or_default() } else { Vec::new() };
        if here && let Err(error) = self.one_each(call, values.len()) {
            return Operation::failed(error);
        }
        self.exchanging(call, Shape::Scatter(Self::to(root)), values, move |values, messages, comm| {
            match (values.into_iter().nth(root), messages.first()) {
                (Some(value), _) => Ok(value),
                (None, Some(bytes)) => comm.decode(call, bytes, Status::of(root, 0, bytes.len())),
                (None, None) => Err(comm.error(Class::Intern, call, "nothing came")),
            }
        })
    }

    fn one_each(&self, call: Call, found: usize) -> Result<()> {
        if found == self.size() {
            return Ok(());
        }
        let detail = format!("{found} objects for {} ranks: there must be one for each", self.size());
        Err(self.0.error(Class::Arg, call, detail))
    }

    fn collecting_at<T: Serialize + DeserializeOwned + Send + 'static, V>(
        &self,
        call: Call,
        value: T,
        root: usize,
        finish: impl FnOnce(Vec<T>) -> V + Send + 'static,
    ) -> Operation<Option<V>> {
        let here = self.rank() == root;
        self.exchanging(call, Shape::Gather(Self::to(root)), vec![value], move |_, messages, comm| {
            if !here {
                return Ok(None);
            }
            comm.decode_all(call, &messages).map(|values| Some(finish(values)))
        })
    }

    /// Collects the ranks' objects at the root, in order of rank; the others get `None`. Section 6.5.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.gather(7, 0).wait()?, Some(vec![7]));
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::gather`].
    pub fn gather<T: Serialize + DeserializeOwned + Send + 'static>(
        &self,
        value: T,
        root: usize,
    ) -> Operation<Option<Vec<T>>> {
        self.collecting_at(Call::Gather, value, root, |values| values)
    }

    /// Collects the ranks' objects at all ranks, in order of rank. Section 6.7.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.all_gather("one".to_owned()).wait()?, ["one"]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::all_gather`].
    pub fn all_gather<T: Serialize + DeserializeOwned + Send + 'static>(
        &self,
        value: T,
    ) -> Operation<Vec<T>> {
        let call = Call::Allgather;
        self.exchanging(call, Shape::AllGather, vec![value], move |_, messages, comm| {
            comm.decode_all(call, &messages)
        })
    }

    /// Gives the i-th object to rank i, and gets one from each, in order of rank. Section 6.8.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.all_to_all(vec![7]).wait()?, [7]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::all_to_all`].
    pub fn all_to_all<T: Serialize + DeserializeOwned + Send + 'static>(
        &self,
        values: Vec<T>,
    ) -> Operation<Vec<T>> {
        let call = Call::Alltoall;
        if let Err(error) = self.one_each(call, values.len()) {
            return Operation::failed(error);
        }
        self.exchanging(call, Shape::AllToAll, values, move |_, messages, comm| {
            comm.decode_all(call, &messages)
        })
    }

    /// Combines the ranks' objects at the root, in order of rank; the others get `None`. `combine` runs at the root, in
    /// the task or thread that waits. Section 6.9.1.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.reduce(7, |a, b| a + b, 0).wait()?, Some(7));
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::reduce`].
    pub fn reduce<T: Serialize + DeserializeOwned + Send + 'static>(
        &self,
        value: T,
        combine: impl FnMut(T, T) -> T + Send + 'static,
        root: usize,
    ) -> Operation<Option<T>> {
        let reduced = |values: Vec<T>| values.into_iter().reduce(combine);
        self.collecting_at(Call::Reduce, value, root, reduced).map(Option::flatten)
    }

    /// Combines the ranks' objects for all ranks, in order of rank. `combine` runs at each rank, in the task or thread
    /// that waits: it must give the same everywhere. Section 6.9.6.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.all_reduce(7, |a, b| a + b).wait()?, 7);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::all_reduce`].
    pub fn all_reduce<T: Serialize + DeserializeOwned + Send + 'static>(
        &self,
        value: T,
        combine: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Operation<T> {
        let call = Call::Allreduce;
        self.exchanging(call, Shape::AllGather, vec![value], move |_, messages, comm| {
            let values: Vec<T> = comm.decode_all(call, &messages)?;
            let reduced = values.into_iter().reduce(combine);
            reduced.ok_or_else(|| comm.error(Class::Intern, call, "nothing came"))
        })
    }
}
