//! Objects: anything that serde serialises, with the name of its type.

use crate::communicator::{Communicator, Source, Status, Tag};
use crate::memory::object_buf;
use crate::wire::{decode, encode};
use crate::{Class, Result};
use ranks_engine::{Call, Mode, SendBuf};
use serde::Serialize;
use serde::de::DeserializeOwned;

impl Communicator {
    pub(crate) fn encode<T: Serialize + ?Sized>(&self, call: Call, value: &T) -> Result<Vec<u8>> {
        encode(value).map_err(|detail| self.error(Class::Type, call, detail))
    }

    pub(crate) fn decode<T: DeserializeOwned>(&self, call: Call, bytes: &[u8], status: Status) -> Result<T> {
        decode(bytes).map_err(|detail| {
            self.error(Class::Type, call, detail).peer(status.source as i32).tag(status.tag)
        })
    }

    /// Sends an object; returns when it is on its way (a long one: when it was received). Section 3.2.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     if world.rank() == 0 {
    ///         world.send(&("answer", 42), 1, 0)
    ///     } else {
    ///         let ((word, number), _) = world.receive::<(String, i32)>(0, 0)?;
    ///         assert_eq!((word.as_str(), number), ("answer", 42));
    ///         Ok(())
    ///     }
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Rank` when there is no rank `dest`; class `Tag` when the tag is negative; class `Type` when
    /// serde cannot serialise the object; class `ProcFailed` when the other rank has ended and the message is
    /// too long to be left for it.
    pub fn send<T: Serialize + ?Sized>(&self, value: &T, dest: usize, tag: i32) -> Result<()> {
        self.send_buf(Mode::Standard, object_buf(&self.encode(Call::Send, value)?), dest, tag)
    }

    /// Sends an object as [`Self::send`] does, but returns only when the receiver has begun to receive.
    /// Section 3.4.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     if world.rank() == 0 {
    ///         // Returns when rank 1 has begun to receive.
    ///         world.synchronous_send("hello", 1, 0)
    ///     } else {
    ///         assert_eq!(world.receive::<String>(0, 0)?.0, "hello");
    ///         Ok(())
    ///     }
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::send`]; class `ProcFailed` also when the message is short.
    pub fn synchronous_send<T: Serialize + ?Sized>(&self, value: &T, dest: usize, tag: i32) -> Result<()> {
        self.send_buf(Mode::Synchronous, object_buf(&self.encode(Call::Ssend, value)?), dest, tag)
    }

    #[inline]
    pub(crate) fn send_buf(&self, mode: Mode, buf: SendBuf, dest: usize, tag: i32) -> Result<()> {
        self.engine.engine().send(mode, buf, Self::to(dest), tag, self.id)
    }

    /// Receives an object; its [`Status`] says who sent it, with which tag. Section 3.2.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     world.send(&vec![0.5, 1.5], other, 7)?;
    ///     let (row, status) = world.receive::<Vec<f64>>(ranks::ANY_SOURCE, ranks::ANY_TAG)?;
    ///     assert_eq!(row, [0.5, 1.5]);
    ///     assert_eq!((status.source, status.tag), (other, 7));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Type` when the message holds no object, or one of another type; class `Rank` when there is no
    /// rank `source`; class `Tag` when the tag is negative; class `ProcFailed` when the message cannot come
    /// because the other rank has ended.
    pub fn receive<T: DeserializeOwned>(
        &self,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<(T, Status)> {
        let (bytes, status) = {
            let mut engine = self.engine.engine();
            let id = engine.irecv_data(source.into().0, tag.into().0, self.id)?;
            engine.wait_data(id)?
        };
        let status = Status::from(status);
        Ok((self.decode(Call::Recv, &bytes, status)?, status))
    }

    /// Sends one object and receives another at the same time, so that ranks in a ring do not wait for each
    /// other. Section 3.10.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let (next, previous) = ((world.rank() + 1) % 3, (world.rank() + 2) % 3);
    ///     let word = format!("from {}", world.rank());
    ///     let (got, _) = world.send_receive::<_, String>(&word, next, 0, previous, 0)?;
    ///     assert_eq!(got, format!("from {previous}"));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::send`] and [`Self::receive`]; class `Type` when an object of another type comes.
    pub fn send_receive<S: Serialize + ?Sized, R: DeserializeOwned>(
        &self,
        value: &S,
        dest: usize,
        send_tag: i32,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<(R, Status)> {
        let in_call = |error: crate::Error| error.in_call(Call::Sendrecv);
        let sending = self.isend(value, dest, send_tag).map_err(in_call)?;
        let got = self.receive(source, tag).map_err(in_call)?;
        sending.wait().map_err(in_call)?;
        Ok(got)
    }

    /// Gives the root's object to all ranks: the root passes `Some`, the others `None`. Section 6.4.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let word = world.broadcast((world.rank() == 1).then(|| "all".to_owned()), 1)?;
    ///     assert_eq!(word, "all");
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when the root passes `None`; class `Root` when there is no such rank; class `Type` when
    /// the object cannot be serialised, or is of another type than a rank asks for.
    pub fn broadcast<T: Serialize + DeserializeOwned>(&self, value: Option<T>, root: usize) -> Result<T> {
        if self.rank() != root {
            let bytes = self.broadcast_bytes(Vec::new(), root)?;
            return self.decode(Call::Bcast, &bytes, Status::of(root, 0, bytes.len()));
        }
        let Some(value) = value else {
            return Err(self.error(Class::Arg, Call::Bcast, "the root has no value to broadcast: pass Some"));
        };
        self.broadcast_bytes(self.encode(Call::Bcast, &value)?, root)?;
        Ok(value)
    }

    fn broadcast_bytes(&self, mut bytes: Vec<u8>, root: usize) -> Result<Vec<u8>> {
        let mut len = [bytes.len() as u64];
        self.broadcast_into(&mut len, root)?;
        bytes.resize(len[0] as usize, 0);
        self.broadcast_into(&mut bytes, root)?;
        Ok(bytes)
    }
}
