//! Nonblocking operations. They own their buffer and give it back, so it cannot be touched, moved away
//! or freed while the engine uses it. Section 3.7.
//!
//! A request that is dropped leaves its buffer with the engine until the operation is complete; a
//! receive that was not matched is withdrawn, so no message is lost with it.

#![allow(unsafe_code)]

use crate::Result;
use crate::buffer::Equivalence;
use crate::communicator::{Communicator, Source, Status, Tag};
use ranks_engine::{Call, Mode, RecvBuf, RequestId, SendBuf};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;

/// A buffer with an operation under way on it.
struct Pending<'c, B: Send + 'static> {
    comm: &'c Communicator,
    id: RequestId,
    buffer: Option<B>,
}

impl<B: Send + 'static> Pending<'_, B> {
    fn is_done(&self) -> Result<bool> {
        self.comm.engine.engine().status_of(self.id).map(|status| status.is_some())
    }

    fn wait(mut self) -> Result<(B, Status)> {
        let outcome = self.comm.engine.engine().wait(self.id);
        // Complete either way, so the buffer is free.
        let buffer = self.buffer.take();
        let status = outcome?.into();
        Ok((buffer.expect("taken only here, and `wait` consumes"), status))
    }
}

impl<B: Send + 'static> Drop for Pending<'_, B> {
    fn drop(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            self.comm.engine.engine().abandon(self.id, Box::new(buffer));
        }
    }
}

/// A send of an object under way.
#[must_use = "a request that is dropped cannot be waited for"]
pub struct ObjectSend<'c>(Pending<'c, Vec<u8>>);

/// A send of a buffer under way.
#[must_use = "a request that is dropped cannot be waited for"]
pub struct BufferSend<'c, T: Equivalence>(Pending<'c, Vec<T>>);

/// A receive into a buffer under way.
#[must_use = "a receive that is dropped is withdrawn"]
pub struct BufferReceive<'c, T: Equivalence>(Pending<'c, Vec<T>>);

/// A receive of an object under way.
#[must_use = "a receive that is dropped is withdrawn"]
pub struct ObjectReceive<'c, T> {
    pending: Pending<'c, ()>,
    of: PhantomData<fn() -> T>,
}

impl ObjectSend<'_> {
    /// True when [`Self::wait`] will not wait.
    pub fn is_done(&self) -> Result<bool> {
        self.0.is_done()
    }

    /// Waits until the object is on its way.
    pub fn wait(self) -> Result<()> {
        self.0.wait().map(|_| ())
    }
}

impl<T: Equivalence> BufferSend<'_, T> {
    /// True when [`Self::wait`] will not wait.
    pub fn is_done(&self) -> Result<bool> {
        self.0.is_done()
    }

    /// Waits, and gives the buffer back.
    pub fn wait(self) -> Result<Vec<T>> {
        self.0.wait().map(|(buffer, _)| buffer)
    }
}

impl<T: Equivalence> BufferReceive<'_, T> {
    /// True when [`Self::wait`] will not wait.
    pub fn is_done(&self) -> Result<bool> {
        self.0.is_done()
    }

    /// Waits, and gives the buffer back with what was received in its first elements.
    pub fn wait(self) -> Result<(Vec<T>, Status)> {
        let comm = self.0.comm;
        let (buffer, status) = self.0.wait()?;
        comm.whole_elements::<T>(status)?;
        Ok((buffer, status))
    }
}

impl<T: DeserializeOwned> ObjectReceive<'_, T> {
    /// True when [`Self::wait`] will not wait.
    pub fn is_done(&self) -> Result<bool> {
        self.pending.is_done()
    }

    /// Waits for the object.
    pub fn wait(mut self) -> Result<(T, Status)> {
        let comm = self.pending.comm;
        let outcome = comm.engine.engine().wait_data(self.pending.id);
        self.pending.buffer = None;
        let (bytes, status) = outcome?;
        let status = Status::from(status);
        Ok((comm.decode(Call::Recv, &bytes, status)?, status))
    }
}

impl Communicator {
    /// Begins to send an object.
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
    pub fn isend<T: Serialize + ?Sized>(&self, value: &T, dest: usize, tag: i32) -> Result<ObjectSend<'_>> {
        let bytes = self.encode(Call::Send, value)?;
        self.begin_send(bytes, dest, tag).map(ObjectSend)
    }

    /// Begins to send a buffer, which [`BufferSend::wait`] gives back.
    pub fn isend_from<T: Equivalence>(
        &self,
        data: Vec<T>,
        dest: usize,
        tag: i32,
    ) -> Result<BufferSend<'_, T>> {
        self.begin_send(data, dest, tag).map(BufferSend)
    }

    fn begin_send<T: Equivalence>(&self, data: Vec<T>, dest: usize, tag: i32) -> Result<Pending<'_, Vec<T>>> {
        // SAFETY: the vector is kept, unmoved on the heap and untouched, by `Pending`, and by the engine
        // when that is dropped, until the operation is complete.
        let buf = unsafe { SendBuf::of(bytemuck::cast_slice(&data)) };
        let id = self.engine.engine().isend(Mode::Standard, buf, Self::to(dest), tag, self.id)?;
        Ok(Pending { comm: self, id, buffer: Some(data) })
    }

    /// Begins to receive an object.
    pub fn ireceive<T: DeserializeOwned>(
        &self,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<ObjectReceive<'_, T>> {
        let id = self.engine.engine().irecv_data(source.into().0, tag.into().0, self.id)?;
        Ok(ObjectReceive { pending: Pending { comm: self, id, buffer: Some(()) }, of: PhantomData })
    }

    /// Begins to receive into a buffer, which [`BufferReceive::wait`] gives back.
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
    pub fn ireceive_into<T: Equivalence>(
        &self,
        mut data: Vec<T>,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<BufferReceive<'_, T>> {
        // SAFETY: as in `begin_send`.
        let buf = unsafe { RecvBuf::of(bytemuck::cast_slice_mut(&mut data)) };
        let id = self.engine.engine().irecv(buf, source.into().0, tag.into().0, self.id)?;
        Ok(BufferReceive(Pending { comm: self, id, buffer: Some(data) }))
    }
}
