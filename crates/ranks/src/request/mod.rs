//! Nonblocking operations. They own their buffer and give it back, so it cannot be touched, moved away
//! or freed while the engine uses it. Section 3.7.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod` | one operation under way, and the calls that begin one |
//! | `kind` | what is under way: a send, a receive, of objects or buffers |
//! | `any` | requests of different kinds made alike |
//! | `many` | waiting for several |
//! | `future` | awaiting one |
//! | `awaiting` | what polls and other calls do while tasks wait |
//! | `waiting` | the tasks that wait, and which of them looks |
//! | `sleeper` | the thread that sleeps for them |
//! | `persistent` | operations that are begun again and again |
//!
//! A request that is dropped leaves its buffer with the engine until the operation is complete; a
//! receive that was not matched is withdrawn, so no message is lost with it.

mod any;
mod awaiting;
mod future;
pub mod kind;
mod many;
mod persistent;
mod sleeper;
mod waiting;

pub use any::AnyRequest;
pub(crate) use awaiting::Awaiting;
pub use many::{Completed, Requests, WaitAll, wait_all};
pub use persistent::Persistent;
pub(crate) use waiting::Woken;

use crate::Result;
use crate::communicator::{Communicator, Shared, Source, Status, Tag};
use crate::equivalence::Equivalence;
use crate::memory::{clean, object_buf, recv_buf};
use kind::{Kind, ReceivedBuffer, ReceivedObject, SentBuffer, SentObject};
use ranks_engine::{Call, Mode, RequestId, ShmEngine};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::rc::Rc;

/// An operation under way. What [`Self::wait`] gives depends on its kind:
///
/// | began by | kind | gives |
/// |---|---|---|
/// | [`Communicator::isend`] | [`ObjectSend`] | nothing |
/// | [`Communicator::isend_from`] | [`BufferSend`] | the buffer |
/// | [`Communicator::ireceive`] | [`ObjectReceive`] | the object and its [`crate::Status`] |
/// | [`Communicator::ireceive_into`] | [`BufferReceive`] | the buffer and its [`crate::Status`] |
///
/// A request is also a [`Future`] of the same outcome. A task that awaits it needs no thread and uses no
/// CPU while nothing comes; any executor will do that stays on the rank's thread.
///
/// ```
/// # fn block_on<F: Future>(future: F) -> F::Output {
/// #     tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
/// # }
/// ranks::threads(2, |world| {
///     let other = 1 - world.rank();
///     let sending = world.isend("a letter", other, 0)?;
///     let (text, _) = block_on(world.ireceive::<String>(other, 0)?)?;
///     assert_eq!(text, "a letter");
///     sending.wait()
/// })?;
/// # Ok::<(), ranks::Error>(())
/// ```
#[must_use = "a request that is dropped cannot be waited for, and a receive is withdrawn"]
pub struct Request<'c, K: Kind> {
    comm: &'c Communicator,
    id: RequestId,
    /// Until the operation is complete.
    kind: Option<K>,
}

/// A send of an object under way.
pub type ObjectSend<'c> = Request<'c, SentObject>;

/// A send of a buffer under way.
pub type BufferSend<'c, T> = Request<'c, SentBuffer<T>>;

/// A receive of an object under way.
pub type ObjectReceive<'c, T> = Request<'c, ReceivedObject<T>>;

/// A receive into a buffer under way.
pub type BufferReceive<'c, T> = Request<'c, ReceivedBuffer<T>>;

/// What can be waited for together with its like: a [`Request`] or an [`AnyRequest`].
pub trait Awaitable: Parts {
    /// What waiting gives.
    type Value;

    #[doc(hidden)]
    fn conclude(self) -> Result<Self::Value>;
}

/// What waiting for several needs to know of each.
pub trait Parts: Sized {
    #[doc(hidden)]
    fn id(&self) -> RequestId;
    #[doc(hidden)]
    fn comm(&self) -> &Communicator;
}

impl<'c, K: Kind> Request<'c, K> {
    pub(crate) fn new(comm: &'c Communicator, id: RequestId, kind: K) -> Self {
        Self { comm, id, kind: Some(kind) }
    }

    fn shared(&self) -> &Rc<Shared> {
        &self.comm.engine
    }

    /// Makes progress, and says whether the operation is complete, so that [`Self::wait`] returns at once.
    /// Section 3.7.6.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let receiving = world.ireceive::<u32>(other, 0)?;
    ///     world.send(&7u32, other, 0)?;
    ///     while !receiving.is_done()? {
    ///         // Work that does not need the number.
    ///     }
    ///     assert_eq!(receiving.wait()?.0, 7);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// A failure of the operation is told by [`Self::wait`], not here.
    pub fn is_done(&self) -> Result<bool> {
        self.shared().engine().status_of(self.id).map(|status| status.is_some())
    }

    /// Waits until the operation is complete, and gives what the table of [`Request`] says. Section 3.7.3.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let sending = world.isend_from(vec![world.rank(); 2], other, 0)?;
    ///     let (row, status) = world.ireceive_into(vec![0; 2], other, 0)?.wait()?;
    ///     assert_eq!((row, status.source), (vec![other; 2], other));
    ///     // A send gives its buffer back.
    ///     assert_eq!(sending.wait()?, [world.rank(); 2]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// What went wrong with the operation. Its buffer is lost then.
    pub fn wait(mut self) -> Result<K::Value> {
        self.finish()
    }

    /// What came of it if it is complete, else the request again. Section 3.7.3.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let mut receiving = world.ireceive::<u32>(1 - world.rank(), 0)?;
    ///     let sending = world.isend(&7u32, 1 - world.rank(), 0)?;
    ///     let (number, _) = loop {
    ///         match receiving.test()? {
    ///             Ok(outcome) => break outcome,
    ///             Err(again) => receiving = again,
    ///         }
    ///     };
    ///     assert_eq!(number, 7);
    ///     sending.wait()
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// What went wrong with the operation, once it is complete. Its buffer is lost then.
    pub fn test(self) -> Result<std::result::Result<K::Value, Self>> {
        if self.is_done()? { self.wait().map(Ok) } else { Ok(Err(self)) }
    }

    /// Turns the outcome of this operation into another type, so that operations of different kinds can be waited for
    /// together.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let sending = world.isend(&1, other, 0)?.map(|()| None);
    ///     let receiving = world.ireceive::<i32>(other, 0)?.map(|(number, _)| Some(number));
    ///     assert_eq!(ranks::wait_all(vec![sending, receiving])?, [None, Some(1)]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn map<V>(self, f: impl FnOnce(K::Value) -> V + 'c) -> AnyRequest<'c, V>
    where
        K: 'c,
    {
        AnyRequest::new(self, f)
    }

    fn finish(&mut self) -> Result<K::Value> {
        let outcome = outcome::<K>(&mut self.shared().engine(), self.id);
        self.conclude(outcome)
    }

    /// Takes the outcome of an operation that is done, without waking other tasks.
    fn finish_in_poll(&mut self) -> Result<K::Value> {
        let outcome = outcome::<K>(&mut self.shared().engine_in_poll(), self.id);
        self.conclude(outcome)
    }

    fn conclude(&mut self, outcome: Result<(Vec<u8>, Status)>) -> Result<K::Value> {
        // Complete either way, so the buffer is free.
        let kind = self.kind.take().expect("a request has one outcome: a future ends, and `wait` consumes");
        kind.conclude(self.comm, outcome)
    }
}

/// Waits for what comes of a request.
fn outcome<K: Kind>(engine: &mut ShmEngine, id: RequestId) -> Result<(Vec<u8>, Status)> {
    let (data, status) = match K::DATA {
        true => engine.wait_data(id)?,
        false => (Vec::new(), engine.wait(id)?),
    };
    Ok((data, status.into()))
}

impl<K: Kind> Parts for Request<'_, K> {
    fn id(&self) -> RequestId {
        self.id
    }

    fn comm(&self) -> &Communicator {
        self.comm
    }
}

impl<K: Kind> Awaitable for Request<'_, K> {
    type Value = K::Value;

    fn conclude(self) -> Result<K::Value> {
        self.wait()
    }
}

impl<K: Kind> Drop for Request<'_, K> {
    fn drop(&mut self) {
        let Some(kind) = self.kind.take() else { return };
        let buffer = kind.leave();
        let mut engine = self.shared().engine();
        // Its wakers are called when the engine is free.
        let _woken = self.shared().awaiting().forget(&mut engine, self.id);
        if let Some(buffer) = buffer {
            engine.abandon(self.id, buffer);
        }
        drop(engine);
    }
}

impl<K: Kind> std::fmt::Debug for Request<'_, K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Request({} on {:?})", self.id.index(), self.comm)
    }
}

impl Communicator {
    /// Begins to send an object. Section 3.7.2.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let sending = world.isend(&world.rank(), other, 0)?;
    ///     let receiving = world.ireceive::<usize>(other, 0)?;
    ///     assert_eq!(receiving.wait()?.0, other);
    ///     sending.wait()
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Rank` when there is no rank `dest`; class `Tag` when the tag is negative; class `Type` when
    /// serde cannot serialise the object. Waiting fails with class `ProcFailed` when the other rank has ended
    /// and the message is too long to be left for it.
    pub fn isend<T: Serialize + ?Sized>(&self, value: &T, dest: usize, tag: i32) -> Result<ObjectSend<'_>> {
        let bytes = self.encode(Call::Send, value)?;
        // The bytes stay where they are on the heap, and untouched, until the request is complete.
        let id =
            self.engine.engine().isend(Mode::Standard, object_buf(&bytes), Self::to(dest), tag, self.id)?;
        Ok(Request::new(self, id, SentObject(bytes)))
    }

    /// Begins to send a buffer, which [`Request::wait`] gives back. Section 3.7.2.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let sending = world.isend_from(vec![world.rank(); 3], other, 0)?;
    ///     let mut row = [0; 3];
    ///     world.receive_into(&mut row, other, 0)?;
    ///     assert_eq!(row, [other; 3]);
    ///     assert_eq!(sending.wait()?, [world.rank(); 3]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Rank` when there is no rank `dest`; class `Tag` when the tag is negative. Waiting fails with
    /// class `ProcFailed` when the other rank has ended and the message is too long to be left for it.
    pub fn isend_from<T: Equivalence>(
        &self,
        mut data: Vec<T>,
        dest: usize,
        tag: i32,
    ) -> Result<BufferSend<'_, T>> {
        clean(&mut data);
        let id = {
            let mut engine = self.engine.engine();
            let buf = recv_buf(&mut data).as_send().marked(T::MARK);
            engine.isend(Mode::Standard, buf, Self::to(dest), tag, self.id)?
        };
        Ok(Request::new(self, id, SentBuffer(data)))
    }

    /// Begins to receive an object, which [`Request::wait`] gives together with its [`Status`]. Section
    /// 3.7.2.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let receiving = world.ireceive::<String>(other, 0)?;
    ///     world.send(&format!("from {}", world.rank()), other, 0)?;
    ///     let (text, status) = receiving.wait()?;
    ///     assert_eq!((text, status.source), (format!("from {other}"), other));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Rank` when there is no rank `source`; class `Tag` when the tag is negative. Waiting fails as
    /// [`Communicator::receive`] does.
    pub fn ireceive<T: DeserializeOwned>(
        &self,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<ObjectReceive<'_, T>> {
        let id = self.engine.engine().irecv_data(source.into().0, tag.into().0, self.id)?;
        Ok(Request::new(self, id, ReceivedObject::new()))
    }

    /// Begins to receive into a buffer, which [`Request::wait`] gives back with what was received in its
    /// first elements. Section 3.7.2.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let receiving = world.ireceive_into(vec![0u32; 8], other, 0)?;
    ///     let sending = world.isend_from(vec![7u32; 8], other, 0)?;
    ///     let (row, status) = receiving.wait()?;
    ///     assert_eq!((row, status.bytes), (vec![7; 8], 32));
    ///     sending.wait()?;
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Rank` when there is no rank `source`; class `Tag` when the tag is negative. Waiting fails as
    /// [`Communicator::receive_into`] does; the buffer is lost then.
    pub fn ireceive_into<T: Equivalence>(
        &self,
        mut data: Vec<T>,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<BufferReceive<'_, T>> {
        let id = self.engine.engine().irecv(recv_buf(&mut data), source.into().0, tag.into().0, self.id)?;
        Ok(Request::new(self, id, ReceivedBuffer(data)))
    }
}
