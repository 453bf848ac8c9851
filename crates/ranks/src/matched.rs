//! Messages that are found first and received later. Section 3.8.2.

use crate::Result;
use crate::communicator::{Communicator, Source, Status, Tag};
use crate::equivalence::Equivalence;
use crate::memory::ReceiveGuard;
use ranks_engine::{Call, MessageId};
use serde::de::DeserializeOwned;

/// A message that was found and taken out: nobody else receives it.
#[must_use = "a message that is dropped is lost"]
#[derive(Debug)]
pub struct Message<'c> {
    comm: &'c Communicator,
    id: MessageId,
    status: Status,
}

impl Message<'_> {
    /// The sender's rank, the tag, and the length in bytes.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     world.send_from(&[1.0, 2.0], 1 - world.rank(), 7)?;
    ///     let message = world.matched_probe(ranks::ANY_SOURCE, ranks::ANY_TAG)?;
    ///     let status = message.status();
    ///     assert_eq!((status.source, status.tag, status.bytes), (1 - world.rank(), 7, 16));
    ///     message.into_vec::<f64>().map(|_| ())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn status(&self) -> Status {
        self.status
    }

    /// Receives the message as an object. Section 3.8.3.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     world.send("hello", 1 - world.rank(), 0)?;
    ///     let message = world.matched_probe(ranks::ANY_SOURCE, 0)?;
    ///     assert_eq!(message.receive::<String>()?, "hello");
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Type` when the message holds no object, or one of another type.
    pub fn receive<T: DeserializeOwned>(self) -> Result<T> {
        let (bytes, _) = self.receive_vec::<u8>()?;
        self.comm.decode(Call::Mrecv, &bytes, self.status)
    }

    /// Receives the message into a slice, which may be longer; what of it the message does not fill stays.
    /// Section 3.8.3.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     world.send_from(&[1, 2], 1 - world.rank(), 0)?;
    ///     let message = world.matched_probe(ranks::ANY_SOURCE, 0)?;
    ///     let mut row = [9; 3];
    ///     assert_eq!(message.receive_into(&mut row)?.bytes, 8);
    ///     assert_eq!(row, [1, 2, 9]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Truncate` when the message is longer than the slice; class `Type` when it is no whole number of
    /// elements, or holds what is no value of the type.
    pub fn receive_into<T: Equivalence>(self, data: &mut [T]) -> Result<Status> {
        let mut guard = ReceiveGuard::new(data);
        let outcome = self.comm.engine.engine().mrecv(self.id, guard.buf());
        let status = Status::from(guard.finish(self.comm, Call::Mrecv, outcome)?);
        self.comm.whole_elements::<T>(status)?;
        Ok(status)
    }

    fn receive_vec<T: Equivalence + Default>(&self) -> Result<(Vec<T>, Status)> {
        let mut data = vec![T::default(); self.status.bytes.div_ceil(size_of::<T>())];
        let mut guard = ReceiveGuard::new(&mut data);
        let outcome = self.comm.engine.engine().mrecv(self.id, guard.buf());
        let status = Status::from(guard.finish(self.comm, Call::Mrecv, outcome)?);
        self.comm.whole_elements::<T>(status)?;
        Ok((data, status))
    }

    /// Receives it as a vector of just its length.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     if world.rank() == 0 {
    ///         return world.send_from(&[1, 2, 3], 1, 0);
    ///     }
    ///     let message = world.matched_probe(ranks::ANY_SOURCE, 0)?;
    ///     assert_eq!(message.status().bytes, 12);
    ///     assert_eq!(message.into_vec::<i32>()?, [1, 2, 3]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Type` when the message is no whole number of elements, or holds what is no value of the type.
    pub fn into_vec<T: Equivalence + Default>(self) -> Result<Vec<T>> {
        self.receive_vec().map(|(data, _)| data)
    }
}

impl Communicator {
    /// Waits for a message and takes it out, so that no other receive gets it. Section 3.8.2.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     world.send("hello", 1 - world.rank(), 3)?;
    ///     let message = world.matched_probe(ranks::ANY_SOURCE, ranks::ANY_TAG)?;
    ///     assert_eq!(message.status().tag, 3);
    ///     // Nobody else can receive it meanwhile.
    ///     assert_eq!(message.receive::<String>()?, "hello");
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Rank` when there is no rank `source`; class `Tag` when the tag is negative; class `ProcFailed`
    /// when the message cannot come because the other rank has ended.
    pub fn matched_probe(&self, source: impl Into<Source>, tag: impl Into<Tag>) -> Result<Message<'_>> {
        let (id, status) = self.engine.engine().mprobe(source.into().0, tag.into().0, self.id)?;
        Ok(Message { comm: self, id, status: status.into() })
    }

    /// Takes a message out if there is one; it does not wait. Section 3.8.2.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     world.send("hello", 1 - world.rank(), 3)?;
    ///     let message = loop {
    ///         if let Some(message) = world.matched_probe_now(ranks::ANY_SOURCE, 3)? {
    ///             break message;
    ///         }
    ///     };
    ///     assert_eq!(message.receive::<String>()?, "hello");
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Rank` when there is no rank `source`; class `Tag` when the tag is negative.
    pub fn matched_probe_now(
        &self,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Option<Message<'_>>> {
        let found = self.engine.engine().improbe(source.into().0, tag.into().0, self.id)?;
        Ok(found.map(|(id, status)| Message { comm: self, id, status: status.into() }))
    }
}
