//! Messages between ranks, for tasks and threads. Sections 3.2 to 3.8.

use super::operation::Keeping;
use super::{Comm, Operation, SharedCommunicator};
use crate::communicator::{Source, Status, Tag};
use crate::equivalence::Equivalence;
use crate::mark;
use crate::memory::{clean, no_values, object_buf, purge, recv_buf, value_of};
use crate::wire::{decode, encode};
use crate::{Class, Result};
use ranks_engine::{Call, Mode, SendBuf};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A message that [`SharedCommunicator::matched_probe`] has taken out: no receive gets it. It is in this process's
/// memory.
#[must_use = "a message that is dropped is lost"]
#[derive(Debug)]
pub struct SharedMessage {
    comm: SharedCommunicator,
    bytes: Vec<u8>,
    status: Status,
}

impl SharedMessage {
    /// The sender's rank, the tag, and the length in bytes.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// world.send("hello", 0, 7).wait()?;
    /// let message = world.matched_probe(ranks::ANY_SOURCE, ranks::ANY_TAG).wait()?;
    /// assert_eq!((message.status().source, message.status().tag), (0, 7));
    /// assert_eq!(message.receive::<String>()?, "hello");
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn status(&self) -> Status {
        self.status
    }

    /// The message as an object.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// world.send(&[1, 2], 0, 7).wait()?;
    /// let message = world.matched_probe(0, 7).wait()?;
    /// assert_eq!(message.receive::<[i32; 2]>()?, [1, 2]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Type` when the message holds no object, or one of another type.
    pub fn receive<T: DeserializeOwned>(self) -> Result<T> {
        self.comm.0.decode(Call::Mrecv, &self.bytes, self.status)
    }

    /// The message as a vector of just its length.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// world.send_from(vec![0.5, 1.5], 0, 7).wait()?;
    /// let message = world.matched_probe(0, 7).wait()?;
    /// assert_eq!(message.into_vec::<f64>()?, [0.5, 1.5]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Type` when the message is no whole number of elements, or holds what is no value of the type.
    pub fn into_vec<T: Equivalence>(self) -> Result<Vec<T>> {
        self.comm.0.check_elements::<T>(Call::Mrecv, self.status)?;
        let values: Option<Vec<T>> = self.bytes.chunks_exact(size_of::<T>().max(1)).map(value_of).collect();
        values.ok_or_else(|| {
            let error = self.comm.0.error(Class::Type, Call::Mrecv, no_values(std::any::type_name::<T>()));
            error.peer(self.status.source as i32).tag(self.status.tag)
        })
    }
}

impl Comm {
    pub(super) fn decode<T: DeserializeOwned>(&self, call: Call, bytes: &[u8], status: Status) -> Result<T> {
        decode(bytes).map_err(|detail| {
            self.error(Class::Type, call, detail).peer(status.source as i32).tag(status.tag)
        })
    }

    pub(super) fn encode<T: Serialize + ?Sized>(&self, call: Call, value: &T) -> Result<Vec<u8>> {
        encode(value).map_err(|detail| self.error(Class::Type, call, detail))
    }

    fn check_elements<T: Equivalence>(&self, call: Call, status: Status) -> Result<()> {
        match mark::mismatch::<T>(status) {
            None => Ok(()),
            Some(detail) => {
                let error = self.error(Class::Type, call, detail);
                Err(error.peer(status.source as i32).tag(status.tag))
            }
        }
    }

    /// What was received into a buffer: whether it is whole elements that are values.
    pub(super) fn received<T: Equivalence>(&self, data: &mut [T], status: Status) -> Result<()> {
        let all = purge(data);
        self.check_elements::<T>(Call::Recv, status)?;
        if all {
            return Ok(());
        }
        let error = self.error(Class::Type, Call::Recv, no_values(std::any::type_name::<T>()));
        Err(error.peer(status.source as i32).tag(status.tag))
    }
}

impl SharedCommunicator {
    /// Sends if that takes no request; otherwise begins to, and keeps `buffer` until it is done.
    fn sending<V: Send + 'static>(
        &self,
        mode: Mode,
        buf: SendBuf,
        dest: usize,
        tag: i32,
        buffer: V,
    ) -> Operation<V> {
        let (dest, comm) = (Self::to(dest), self.0.id);
        let begun = self.with(|engine| {
            if engine.send_at_once(mode, buf, dest, tag, comm)? {
                return Ok(None);
            }
            engine.isend(mode, buf, dest, tag, comm).map(Some)
        });
        match begun {
            Ok(None) => Operation::over(Ok(buffer)),
            Err(error) => Operation::failed(error),
            Ok(Some(id)) => {
                let finish = move |buffer, _: &Comm, outcome: Result<_>| match outcome {
                    Ok(_) => Ok(buffer),
                    Err(error) => Err(error.in_call(mode.call())),
                };
                Operation::begun(&self.0, id, Keeping { buffer, data: false, finish })
            }
        }
    }

    fn sending_object<T: Serialize + ?Sized>(
        &self,
        mode: Mode,
        value: &T,
        dest: usize,
        tag: i32,
    ) -> Operation<()> {
        let bytes = match self.0.encode(mode.call(), value) {
            Ok(bytes) => bytes,
            Err(error) => return Operation::failed(error),
        };
        // The bytes stay where they are on the heap until the operation is complete.
        let buf = object_buf(&bytes);
        self.sending(mode, buf, dest, tag, bytes).map(drop)
    }

    fn sending_buffer<T: Equivalence>(
        &self,
        mode: Mode,
        mut data: Vec<T>,
        dest: usize,
        tag: i32,
    ) -> Operation<Vec<T>> {
        clean(&mut data);
        let buf = recv_buf(&mut data).as_send().marked(T::MARK);
        self.sending(mode, buf, dest, tag, data)
    }

    /// Sends an object. It is on its way when this returns; the operation is complete when the message has left, a long
    /// one when it was received. Section 3.2.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let sender = world.clone();
    /// let thread = std::thread::spawn(move || sender.send(&("answer", 42), 0, 7).wait());
    /// assert_eq!(world.receive::<(String, i32)>(0, 7).wait()?.0.1, 42);
    /// thread.join().expect("it does not panic")?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::send`].
    pub fn send<T: Serialize + ?Sized>(&self, value: &T, dest: usize, tag: i32) -> Operation<()> {
        self.sending_object(Mode::Standard, value, dest, tag)
    }

    /// Sends an object as [`Self::send`] does, but is complete only when the receiver has begun to receive.
    /// Section 3.4.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let sending = world.synchronous_send("hello", 0, 7);
    /// assert_eq!(world.receive::<String>(0, 7).wait()?.0, "hello");
    /// sending.wait()?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::synchronous_send`].
    pub fn synchronous_send<T: Serialize + ?Sized>(&self, value: &T, dest: usize, tag: i32) -> Operation<()> {
        self.sending_object(Mode::Synchronous, value, dest, tag)
    }

    /// Sends a buffer, which the operation gives back. Section 3.2.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let sending = world.send_from(vec![1, 2, 3], 0, 7);
    /// let (row, status) = world.receive_into(vec![0; 4], 0, 7).wait()?;
    /// assert_eq!((row, status.bytes), (vec![1, 2, 3, 0], 12));
    /// assert_eq!(sending.wait()?, [1, 2, 3]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::send_from`]. The buffer is lost then.
    pub fn send_from<T: Equivalence>(&self, data: Vec<T>, dest: usize, tag: i32) -> Operation<Vec<T>> {
        self.sending_buffer(Mode::Standard, data, dest, tag)
    }

    /// Sends a buffer as [`Self::send_from`] does, but is complete only when the receiver has begun to receive.
    /// Section 3.4.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let sending = world.synchronous_send_from(vec![0.5], 0, 7);
    /// assert_eq!(world.receive_into(vec![0.0], 0, 7).wait()?.0, [0.5]);
    /// assert_eq!(sending.wait()?, [0.5]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::synchronous_send_from`]. The buffer is lost then.
    pub fn synchronous_send_from<T: Equivalence>(
        &self,
        data: Vec<T>,
        dest: usize,
        tag: i32,
    ) -> Operation<Vec<T>> {
        self.sending_buffer(Mode::Synchronous, data, dest, tag)
    }

    /// Receives an object; its [`Status`] says who sent it, with which tag. Section 3.2.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let receiving = world.receive::<String>(ranks::ANY_SOURCE, 7);
    /// world.send("hello", 0, 7).wait()?;
    /// let (text, status) = receiving.wait()?;
    /// assert_eq!((text.as_str(), status.source), ("hello", 0));
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::receive`].
    pub fn receive<T: DeserializeOwned>(
        &self,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Operation<(T, Status)> {
        self.receiving_data(source.into(), tag.into(), |bytes, comm, status| {
            Ok((comm.0.decode(Call::Recv, &bytes, status)?, status))
        })
    }

    fn receiving_data<V>(
        &self,
        source: Source,
        tag: Tag,
        finish: impl FnOnce(Vec<u8>, SharedCommunicator, Status) -> Result<V> + Send + 'static,
    ) -> Operation<V> {
        match self.with(|engine| engine.irecv_data(source.0, tag.0, self.0.id)) {
            Err(error) => Operation::failed(error),
            Ok(id) => {
                let comm = self.clone();
                let finish = move |(), _: &Comm, outcome: Result<(Vec<u8>, ranks_engine::Status)>| {
                    let (bytes, status) = outcome?;
                    finish(bytes, comm, status.into())
                };
                Operation::begun(&self.0, id, Keeping { buffer: (), data: true, finish })
            }
        }
    }

    /// Receives into a buffer, which the operation gives back with what was received in its first elements; what of it
    /// the message does not fill stays. Section 3.2.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let receiving = world.receive_into(vec![9u8; 3], 0, 7);
    /// world.send_from(vec![1u8, 2], 0, 7).wait()?;
    /// let (row, status) = receiving.wait()?;
    /// assert_eq!((row, status.bytes), (vec![1, 2, 9], 2));
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::receive_into`]. The buffer is lost then.
    pub fn receive_into<T: Equivalence>(
        &self,
        mut data: Vec<T>,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Operation<(Vec<T>, Status)> {
        let (source, tag, buf) = (source.into().0, tag.into().0, recv_buf(&mut data));
        match self.with(|engine| engine.irecv(buf, source, tag, self.0.id)) {
            Err(error) => Operation::failed(error),
            Ok(id) => self.begun(id, data, |mut data, comm, status| {
                let status = Status::from(status);
                comm.received(&mut data, status)?;
                Ok((data, status))
            }),
        }
    }

    /// Waits for a message of any type and takes it out, so that no receive gets it. Section 3.8.2.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let finding = world.matched_probe(ranks::ANY_SOURCE, ranks::ANY_TAG);
    /// world.send_from(vec![1u16, 2], 0, 7).wait()?;
    /// let message = finding.wait()?;
    /// assert_eq!(message.status().tag, 7);
    /// assert_eq!(message.into_vec::<u16>()?, [1, 2]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::matched_probe`].
    pub fn matched_probe(&self, source: impl Into<Source>, tag: impl Into<Tag>) -> Operation<SharedMessage> {
        self.receiving_data(source.into(), tag.into(), |bytes, comm, status| {
            Ok(SharedMessage { comm, bytes, status })
        })
    }

    /// Says whether a message can be received now, and which one, as [`crate::Communicator::probe_now`] does. It
    /// takes no message and does not wait. Section 3.8.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.probe_now(ranks::ANY_SOURCE, ranks::ANY_TAG)?, None);
    /// world.send("hello", 0, 7).wait()?;
    /// let status = world.probe_now(ranks::ANY_SOURCE, ranks::ANY_TAG)?.expect("it is this rank's own");
    /// assert_eq!(world.receive::<String>(status.source, status.tag).wait()?.0, "hello");
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::probe_now`].
    pub fn probe_now(&self, source: impl Into<Source>, tag: impl Into<Tag>) -> Result<Option<Status>> {
        let (source, tag) = (source.into().0, tag.into().0);
        let found = self.with(|engine| engine.iprobe(source, tag, self.0.id))?;
        Ok(found.map(Status::from))
    }
}
