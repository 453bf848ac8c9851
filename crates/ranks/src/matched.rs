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
    /// Whose it is, its tag and its length.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Receives it as an object.
    pub fn receive<T: DeserializeOwned>(self) -> Result<T> {
        let (bytes, _) = self.receive_vec::<u8>()?;
        self.comm.decode(Call::Mrecv, &bytes, self.status)
    }

    /// Receives it into a slice, which may be longer.
    ///
    /// # Errors
    /// Class `Truncate` when the message is longer than the slice.
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
    pub fn into_vec<T: Equivalence + Default>(self) -> Result<Vec<T>> {
        self.receive_vec().map(|(data, _)| data)
    }
}

impl Communicator {
    /// Waits for a message and takes it out. Section 3.8.2.
    pub fn matched_probe(&self, source: impl Into<Source>, tag: impl Into<Tag>) -> Result<Message<'_>> {
        let (id, status) = self.engine.engine().mprobe(source.into().0, tag.into().0, self.id)?;
        Ok(Message { comm: self, id, status: status.into() })
    }

    /// Takes a message out if there is one; does not wait. Section 3.8.2.
    pub fn matched_probe_now(
        &self,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Option<Message<'_>>> {
        let found = self.engine.engine().improbe(source.into().0, tag.into().0, self.id)?;
        Ok(found.map(|(id, status)| Message { comm: self, id, status: status.into() }))
    }
}
