//! Operations that are begun again and again with the same arguments. Section 3.9.

use crate::Result;
use crate::communicator::{Communicator, Source, Status, Tag};
use crate::equivalence::Equivalence;
use crate::memory::{clean, purge, recv_buf};
use crate::{Class, Error};
use ranks_engine::{Call, Mode, RequestId};

/// An operation to be begun again and again: a send from, or a receive into, a buffer that it keeps. The
/// buffer can be looked at and changed while nothing is under way.
///
/// ```
/// ranks::threads(2, |world| {
///     let other = 1 - world.rank();
///     let mut sending = world.send_persistent(vec![0; 4], other, 0)?;
///     let mut receiving = world.receive_persistent(vec![0; 4], other, 0)?;
///     for round in 0..3 {
///         sending.data_mut()?.fill(round);
///         receiving.start()?;
///         sending.start()?;
///         sending.wait()?;
///         receiving.wait()?;
///         assert_eq!(receiving.data()?, [round; 4]);
///     }
///     Ok(())
/// })?;
/// # Ok::<(), ranks::Error>(())
/// ```
#[must_use = "an operation that is dropped is not begun"]
pub struct Persistent<'c, T: Equivalence> {
    comm: &'c Communicator,
    id: RequestId,
    data: Vec<T>,
    under_way: bool,
    receives: bool,
}

impl<T: Equivalence> Persistent<'_, T> {
    /// Begins it.
    ///
    /// # Errors
    /// Class `Request` when it is under way.
    pub fn start(&mut self) -> Result<()> {
        self.idle()?;
        if !self.receives {
            clean(&mut self.data);
        }
        self.comm.engine.engine().start(self.id)?;
        self.under_way = true;
        Ok(())
    }

    /// Waits until it is complete. Returns at once when it is not under way.
    pub fn wait(&mut self) -> Result<Status> {
        let outcome = self.comm.engine.engine().wait(self.id);
        self.ended(outcome)
    }

    /// What came of it if it is complete; does not wait.
    pub fn test(&mut self) -> Result<Option<Status>> {
        let outcome = self.comm.engine.engine().test(self.id);
        match outcome.transpose() {
            None => Ok(None),
            Some(outcome) => self.ended(outcome).map(Some),
        }
    }

    fn ended(&mut self, outcome: Result<ranks_engine::Status>) -> Result<Status> {
        let came = std::mem::take(&mut self.under_way) && self.receives;
        let all = !came || purge(&mut self.data);
        let status = Status::from(outcome?);
        if !all {
            return Err(self.comm.no_values::<T>(Call::Recv));
        }
        if came {
            self.comm.whole_elements::<T>(status)?;
        }
        Ok(status)
    }

    fn idle(&self) -> Result<()> {
        if self.under_way { Err(self.in_use()) } else { Ok(()) }
    }

    fn in_use(&self) -> Error {
        self.comm.error(Class::Request, Call::Unknown, "the operation is under way: wait for it first")
    }

    /// The buffer.
    ///
    /// # Errors
    /// Class `Request` while the operation is under way.
    pub fn data(&self) -> Result<&[T]> {
        self.idle()?;
        Ok(&self.data)
    }

    /// The buffer, to be changed.
    ///
    /// # Errors
    /// Class `Request` while the operation is under way.
    pub fn data_mut(&mut self) -> Result<&mut [T]> {
        self.idle()?;
        Ok(&mut self.data)
    }
}

impl<T: Equivalence> Drop for Persistent<'_, T> {
    fn drop(&mut self) {
        let data = std::mem::take(&mut self.data);
        self.comm.engine.engine().abandon(self.id, Box::new(data));
    }
}

impl Communicator {
    /// Prepares sends of a buffer. Section 3.9.
    pub fn send_persistent<T: Equivalence>(
        &self,
        mut data: Vec<T>,
        dest: usize,
        tag: i32,
    ) -> Result<Persistent<'_, T>> {
        let buf = recv_buf(&mut data).as_send();
        let id = self.engine.engine().send_init(Mode::Standard, buf, Self::to(dest), tag, self.id)?;
        Ok(Persistent { comm: self, id, data, under_way: false, receives: false })
    }

    /// Prepares receives into a buffer. Section 3.9.
    pub fn receive_persistent<T: Equivalence>(
        &self,
        mut data: Vec<T>,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Persistent<'_, T>> {
        let buf = recv_buf(&mut data);
        let id = self.engine.engine().recv_init(buf, source.into().0, tag.into().0, self.id)?;
        Ok(Persistent { comm: self, id, data, under_way: false, receives: true })
    }
}
