//! A rank for several threads. Section 11.6.
//!
//! The engine is behind a lock that nobody holds while waiting. A thread that has to wait polls as a task does
//! (`request::awaiting`), with a waker that unparks it; so any number of waiting threads cost one sleeper.

use crate::collective::reductions::rows;
use crate::communicator::{Communicator, Finalising, Source, Status, Tag};
use crate::equivalence::Equivalence;
use crate::mark;
use crate::memory::{bytes_of, clean, no_values, object_buf, purge, recv_buf, typed_buf};
use crate::op::Number;
use crate::request::Awaiting;
use crate::wire::{decode, encode};
use crate::{Class, Error, Result};
use ranks_engine::collective::{Allreduce, Barrier, Bcast, Storable};
use ranks_engine::op::StoredOp;
use ranks_engine::{Call, CommId, Form, Mode, RequestId, SendBuf, ShmEngine};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};
use std::thread::Thread;

/// A rank that several threads talk for; made by [`crate::World::into_shared`]. All clones are the same
/// rank; it finalises when the last one is dropped. Each call may be made by any thread at any time, and one
/// that waits keeps no other out. Which of several threads that wait for the same message gets it is not
/// said: tags keep them apart.
#[derive(Clone)]
pub struct SharedWorld(Arc<Rank>);

struct Rank {
    engine: Mutex<Finalising>,
    awaiting: Awaiting,
    rank: usize,
    size: usize,
}

/// Wakes a thread that is parked.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl Rank {
    /// Does `work` on the engine, alone.
    fn with<R>(&self, work: impl FnOnce(&mut ShmEngine) -> R) -> R {
        let mut engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = work(&mut engine.0);
        let woken = self.awaiting.any().then(|| self.awaiting.after_call(&mut engine.0));
        drop(engine);
        drop(woken);
        outcome
    }

    /// Waits until a request is done, without the lock.
    fn wait(&self, id: RequestId) -> Result<()> {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        loop {
            let mut engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
            let outcome = self.awaiting.poll(&mut engine.0, id, &waker);
            drop(engine);
            let (done, woken) = outcome?;
            drop(woken);
            if done {
                return Ok(());
            }
            std::thread::park();
        }
    }

    fn send(&self, mode: Mode, buf: SendBuf, dest: usize, tag: i32) -> Result<()> {
        let (dest, comm) = (Communicator::to(dest), CommId::WORLD);
        let begun = self.with(|engine| {
            if engine.send_at_once(mode, buf, dest, tag, comm)? {
                return Ok(None);
            }
            engine.isend(mode, buf, dest, tag, comm).map(Some)
        })?;
        let Some(id) = begun else { return Ok(()) };
        self.wait(id)?;
        self.with(|engine| engine.wait(id)).map(|_| ()).map_err(|error| error.in_call(mode.call()))
    }

    fn error(&self, class: Class, call: Call, detail: impl Into<String>) -> Error {
        Error::new(class, call, self.rank, detail)
    }
}

impl SharedWorld {
    pub(crate) fn new(engine: Finalising, rank: usize, size: usize) -> Self {
        engine.0.expect_other_threads();
        Self(Arc::new(Rank { engine: Mutex::new(engine), awaiting: Awaiting::default(), rank, size }))
    }

    /// This rank's number, from 0.
    ///
    /// ```
    /// // A program that is not started by `ranks run` is a job of one rank.
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.rank(), 0);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn rank(&self) -> usize {
        self.0.rank
    }

    /// The number of ranks of the job. The threads of a rank do not count.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.size(), 1);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn size(&self) -> usize {
        self.0.size
    }

    /// Sends an object, as [`Communicator::send`] does. Other threads can make calls while it waits.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let receiver = world.clone();
    /// let thread = std::thread::spawn(move || receiver.receive::<String>(0, 7));
    /// world.send("hello", 0, 7)?;
    /// let (text, _) = thread.join().expect("the thread does not panic")?;
    /// assert_eq!(text, "hello");
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::send`].
    pub fn send<T: Serialize + ?Sized>(&self, value: &T, dest: usize, tag: i32) -> Result<()> {
        let bytes = encode(value).map_err(|detail| self.0.error(Class::Type, Call::Send, detail))?;
        self.0.send(Mode::Standard, object_buf(&bytes), dest, tag)
    }

    /// Receives an object, as [`Communicator::receive`] does. Other threads can make calls while it waits.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let sender = world.clone();
    /// let thread = std::thread::spawn(move || sender.send(&42, 0, 7));
    /// let (number, status) = world.receive::<i32>(ranks::ANY_SOURCE, 7)?;
    /// assert_eq!((number, status.source), (42, 0));
    /// thread.join().expect("the thread does not panic")?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::receive`].
    pub fn receive<T: DeserializeOwned>(
        &self,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<(T, Status)> {
        let (source, tag) = (source.into().0, tag.into().0);
        let id = self.0.with(|engine| engine.irecv_data(source, tag, CommId::WORLD))?;
        self.0.wait(id)?;
        let (bytes, status) = self.0.with(|engine| engine.wait_data(id))?;
        let status = Status::from(status);
        let value = decode(&bytes).map_err(|detail| {
            self.0.error(Class::Type, Call::Recv, detail).peer(status.source as i32).tag(status.tag)
        })?;
        Ok((value, status))
    }

    /// Sends a slice, as [`Communicator::send_from`] does. Other threads can make calls while it waits.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let receiver = world.clone();
    /// let thread = std::thread::spawn(move || {
    ///     let mut row = [0; 3];
    ///     receiver.receive_into(&mut row, 0, 7).map(|_| row)
    /// });
    /// world.send_from(&[1, 2, 3], 0, 7)?;
    /// assert_eq!(thread.join().expect("the thread does not panic")?, [1, 2, 3]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::send_from`].
    pub fn send_from<T: Equivalence>(&self, data: &[T], dest: usize, tag: i32) -> Result<()> {
        self.0.send(Mode::Standard, typed_buf::<T>(&bytes_of(data)), dest, tag)
    }

    /// Sends a slice and returns only when the receiver has begun to receive, as
    /// [`Communicator::synchronous_send_from`] does. Other threads can make calls while it waits.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let receiver = world.clone();
    /// let thread = std::thread::spawn(move || receiver.receive_into(&mut [0.0], 0, 7));
    /// // Returns when the other thread has begun to receive.
    /// world.synchronous_send_from(&[0.5], 0, 7)?;
    /// assert_eq!(thread.join().expect("the thread does not panic")?.bytes, 8);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::synchronous_send_from`].
    pub fn synchronous_send_from<T: Equivalence>(&self, data: &[T], dest: usize, tag: i32) -> Result<()> {
        self.0.send(Mode::Synchronous, typed_buf::<T>(&bytes_of(data)), dest, tag)
    }

    /// Receives into a slice, as [`Communicator::receive_into`] does. Other threads can make calls while it
    /// waits.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let sender = world.clone();
    /// let thread = std::thread::spawn(move || sender.send_from(&[1u8, 2], 0, 7));
    /// let mut row = [9u8; 3];
    /// let status = world.receive_into(&mut row, 0, 7)?;
    /// assert_eq!((row, status.bytes), ([1, 2, 9], 2));
    /// thread.join().expect("the thread does not panic")?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::receive_into`].
    pub fn receive_into<T: Equivalence>(
        &self,
        data: &mut [T],
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Status> {
        let (source, tag, buf) = (source.into().0, tag.into().0, recv_buf(data));
        let id = self.0.with(|engine| engine.irecv(buf, source, tag, CommId::WORLD))?;
        let outcome = self.0.wait(id).and_then(|()| self.0.with(|engine| engine.wait(id)));
        let all = purge(data);
        let status = Status::from(outcome?);
        let detail = match mark::mismatch::<T>(status) {
            None if all => return Ok(status),
            None => no_values(std::any::type_name::<T>()),
            Some(detail) => detail,
        };
        let error = self.0.error(Class::Type, Call::Recv, detail);
        Err(error.peer(status.source as i32).tag(status.tag))
    }

    fn collective(&self, collective: impl Storable) -> Result<()> {
        let id = self.0.with(|engine| engine.begin(CommId::WORLD, Form::Nonblocking, collective))?;
        self.0.wait(id)?;
        self.0.with(|engine| engine.wait(id)).map(|_| ())
    }

    /// Waits until all ranks have called, as [`Communicator::barrier`] does. A rank calls its collectives by
    /// one thread after the other, and all ranks call them in the same order. Section 6.14.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// // Each rank calls once, by any of its threads.
    /// std::thread::scope(|threads| threads.spawn(|| world.barrier()).join().expect("no panic"))?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::barrier`].
    pub fn barrier(&self) -> Result<()> {
        self.collective(Barrier)
    }

    /// Gives the root's slice to all ranks, as [`Communicator::broadcast_into`] does: the slices of all ranks
    /// have one length. One thread of each rank calls. Section 6.4.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let mut row = [1.0, 2.0];
    /// world.broadcast_into(&mut row, 0)?;
    /// assert_eq!(row, [1.0, 2.0]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::broadcast_into`].
    pub fn broadcast_into<T: Equivalence>(&self, data: &mut [T], root: usize) -> Result<()> {
        clean(data);
        let (buf, root) = (recv_buf(data), Communicator::to(root));
        let outcome = self.collective(Bcast { buf, root });
        let all = purge(data);
        outcome?;
        if all {
            return Ok(());
        }
        let detail = no_values(std::any::type_name::<T>());
        Err(self.0.error(Class::Type, Call::Bcast, detail).peer(root))
    }

    /// Combines the ranks' slices of numbers, element by element and in order of rank, for all ranks, as
    /// [`Communicator::all_reduce_in_place`] does: all slices have one length, and the result replaces the
    /// elements. Any thread of the rank may run the operation, so it owns what it uses. Section 6.9.6.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// let world = ranks::init()?.into_shared()?;
    /// let mut sums = [1, 2];
    /// world.all_reduce_in_place(&mut sums, op::sum)?;
    /// // There is one rank to add up.
    /// assert_eq!(sums, [1, 2]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::all_reduce_in_place`].
    pub fn all_reduce_in_place<T: Number>(
        &self,
        data: &mut [T],
        op: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Result<()> {
        let op = StoredOp::user(rows(op, || {}), size_of::<T>(), false);
        let recv = recv_buf(data);
        self.collective(Allreduce { send: None, recv, op })
    }

    /// Says whether a message can be received now, and which one, as [`Communicator::probe_now`] does. It
    /// takes no message and does not wait. Section 3.8.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.probe_now(ranks::ANY_SOURCE, ranks::ANY_TAG)?, None);
    /// world.send("hello", 0, 7)?;
    /// let status = loop {
    ///     if let Some(status) = world.probe_now(ranks::ANY_SOURCE, ranks::ANY_TAG)? {
    ///         break status;
    ///     }
    /// };
    /// assert_eq!(world.receive::<String>(status.source, status.tag)?.0, "hello");
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::probe_now`].
    pub fn probe_now(&self, source: impl Into<Source>, tag: impl Into<Tag>) -> Result<Option<Status>> {
        let (source, tag) = (source.into().0, tag.into().0);
        let found = self.0.with(|engine| engine.iprobe(source, tag, CommId::WORLD))?;
        Ok(found.map(Status::from))
    }

    /// Ends all ranks of the job, with `code` as the exit code; with 0, the exit code is 1. It does not
    /// return. Section 9.7.
    ///
    /// ```no_run
    /// let world = ranks::init()?.into_shared()?;
    /// if std::fs::metadata("input.dat").is_err() {
    ///     eprintln!("rank {}: there is no input.dat", world.rank());
    ///     world.abort(2);
    /// }
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn abort(&self, code: i32) -> ! {
        self.0.with(|engine| engine.abort(CommId::WORLD, code))
    }

    /// Makes this the rank of one thread again, which can have other communicators and all collectives. This
    /// must be the last clone.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let clone = world.clone();
    /// let world = world.into_world().expect_err("there is another clone");
    /// drop(clone);
    /// let world = world.into_world().expect("this is the last one");
    /// assert_eq!(world.duplicate()?.size(), 1);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Gives this one back, unchanged, while there are other clones.
    pub fn into_world(self) -> std::result::Result<crate::World, SharedWorld> {
        match Arc::try_unwrap(self.0) {
            Ok(rank) => {
                let engine = rank.engine.into_inner().unwrap_or_else(PoisonError::into_inner);
                Ok(crate::World::of(engine))
            }
            Err(shared) => Err(SharedWorld(shared)),
        }
    }
}

impl std::fmt::Debug for SharedWorld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SharedWorld(rank {} of {})", self.rank(), self.size())
    }
}
