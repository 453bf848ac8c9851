//! Operations that are begun again and again with the same arguments. Section 3.9.

use crate::Result;
use crate::collective::begun::{CollectiveUnderWay, Wrong};
use crate::communicator::{Communicator, Source, Status, Tag};
use crate::equivalence::Equivalence;
use crate::memory::{clean, purge, recv_buf};
use crate::{Class, Error};
use ranks_engine::{Call, Mode, RequestId};
use std::sync::atomic::Ordering;

/// An operation to be begun again and again: a send, a receive or a collective, with its buffers. These can
/// be looked at and changed while nothing is under way.
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
    /// What is sent; empty when that is in `recv` as well.
    send: Vec<T>,
    recv: Vec<T>,
    in_place: bool,
    under_way: bool,
    /// A receive, whose messages need not be whole elements.
    receives: bool,
    call: Call,
    wrong: Option<Wrong>,
}

impl<T: Equivalence> Persistent<'_, T> {
    /// Begins the operation. The next [`wait`](Self::wait), or a [`test`](Self::test) that finds it complete,
    /// ends it; then it can be started again. Section 3.9.
    ///
    /// ```
    /// use ranks::Class;
    ///
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut sending = world.send_persistent(vec![world.rank()], other, 0)?;
    ///     for _ in 0..3 {
    ///         sending.start()?;
    ///         assert_eq!(sending.start().unwrap_err().class(), Class::Request);
    ///         world.receive_into(&mut [0usize], other, 0)?;
    ///         sending.wait()?;
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Request` when it is under way.
    pub fn start(&mut self) -> Result<()> {
        self.idle()?;
        clean(if self.in_place { &mut self.recv } else { &mut self.send });
        self.comm.engine.engine().start(self.id)?;
        self.under_way = true;
        Ok(())
    }

    /// Waits until it is complete: the status of a receive, an empty one of anything else. Returns at once
    /// when it is not under way. Section 3.7.3.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut receiving = world.receive_persistent(vec![0; 2], other, 0)?;
    ///     receiving.start()?;
    ///     world.send_from(&[1, 2], other, 0)?;
    ///     let status = receiving.wait()?;
    ///     assert_eq!((receiving.data()?, status.bytes), (&[1, 2][..], 8));
    ///     // Nothing is under way any more: this returns at once.
    ///     receiving.wait()?;
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// What went wrong with the operation. It is over then, and may be started again.
    pub fn wait(&mut self) -> Result<Status> {
        let outcome = self.comm.engine.engine().wait(self.id);
        self.ended(outcome)
    }

    /// The status of the operation if it is complete or not under way, else `None`. It does not wait. Section
    /// 3.7.3.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut receiving = world.receive_persistent(vec![0; 2], other, 0)?;
    ///     receiving.start()?;
    ///     world.send_from(&[1, 2], other, 0)?;
    ///     let status = loop {
    ///         if let Some(status) = receiving.test()? {
    ///             break status;
    ///         }
    ///     };
    ///     assert_eq!((receiving.data()?, status.source), (&[1, 2][..], other));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// What went wrong with the operation. It is over then, and may be started again.
    pub fn test(&mut self) -> Result<Option<Status>> {
        let outcome = self.comm.engine.engine().test(self.id);
        match outcome.transpose() {
            None => Ok(None),
            Some(outcome) => self.ended(outcome).map(Some),
        }
    }

    fn ended(&mut self, outcome: Result<ranks_engine::Status>) -> Result<Status> {
        let came = std::mem::take(&mut self.under_way);
        let mut all = !came || purge(&mut self.recv);
        let status = Status::from(outcome?);
        if let Some(wrong) = &self.wrong {
            all &= !wrong.swap(false, Ordering::Relaxed);
        }
        if !all {
            return Err(match self.receives {
                true => self.comm.no_values::<T>(self.call, &status),
                false => self.comm.no_values::<T>(self.call, &()),
            });
        }
        if came && self.receives {
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

    /// What has come: a receive's buffer, what a collective has left here; of a send, what it sends.
    ///
    /// ```
    /// use ranks::Class;
    ///
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut receiving = world.receive_persistent(vec![0; 2], other, 0)?;
    ///     receiving.start()?;
    ///     world.send_from(&[1, 2], other, 0)?;
    ///     assert_eq!(receiving.data().unwrap_err().class(), Class::Request);
    ///     receiving.wait()?;
    ///     assert_eq!(receiving.data()?, [1, 2]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Request` while the operation is under way.
    pub fn data(&self) -> Result<&[T]> {
        self.idle()?;
        Ok(if self.recv.is_empty() { &self.send } else { &self.recv })
    }

    /// What is sent the next time, to be changed; of a receive, its buffer.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut sending = world.send_persistent(vec![0; 2], other, 0)?;
    ///     for round in 1..4 {
    ///         sending.data_mut()?.fill(round);
    ///         sending.start()?;
    ///         let mut row = [0; 2];
    ///         world.receive_into(&mut row, other, 0)?;
    ///         assert_eq!(row, [round; 2]);
    ///         sending.wait()?;
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Request` while the operation is under way.
    pub fn data_mut(&mut self) -> Result<&mut [T]> {
        self.idle()?;
        Ok(if self.in_place { &mut self.recv } else { &mut self.send })
    }
}

impl<'c, T: Equivalence> Persistent<'c, T> {
    pub(crate) fn of(comm: &'c Communicator, begun: CollectiveUnderWay<T>, receives: bool) -> Self {
        let CollectiveUnderWay { id, call, in_place, send, recv, wrong } = begun;
        Self { comm, id, send, recv, in_place, under_way: false, receives, call, wrong }
    }
}

impl<T: Equivalence> Drop for Persistent<'_, T> {
    fn drop(&mut self) {
        let buffers = (std::mem::take(&mut self.send), std::mem::take(&mut self.recv));
        self.comm.engine.engine().abandon(self.id, Box::new(buffers));
    }
}

impl Communicator {
    /// Prepares sends of a buffer, always of its whole length. Nothing is sent before [`Persistent::start`].
    /// Section 3.9.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut sending = world.send_persistent(vec![2.5; 3], other, 0)?;
    ///     for _ in 0..2 {
    ///         sending.start()?;
    ///         let mut row = [0.0; 3];
    ///         world.receive_into(&mut row, other, 0)?;
    ///         assert_eq!(row, [2.5; 3]);
    ///         sending.wait()?;
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Rank` when there is no rank `dest`; class `Tag` when the tag is negative. Waiting fails with
    /// class `ProcFailed` when the other rank has ended and the message is too long to be left for it.
    pub fn send_persistent<T: Equivalence>(
        &self,
        mut data: Vec<T>,
        dest: usize,
        tag: i32,
    ) -> Result<Persistent<'_, T>> {
        let buf = recv_buf(&mut data).as_send().marked(T::MARK);
        let id = self.engine.engine().send_init(Mode::Standard, buf, Self::to(dest), tag, self.id)?;
        let (call, recv) = (Call::Send, Vec::new());
        let begun = CollectiveUnderWay { id, call, in_place: false, send: data, recv, wrong: None };
        Ok(Persistent::of(self, begun, false))
    }

    /// Prepares receives into a buffer, which may be longer than the messages. Nothing is received before
    /// [`Persistent::start`]. Section 3.9.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut receiving = world.receive_persistent(vec![0u8; 4], other, 0)?;
    ///     for round in 0..3 {
    ///         receiving.start()?;
    ///         world.send_from(&[round, 7], other, 0)?;
    ///         assert_eq!(receiving.wait()?.bytes, 2);
    ///         assert_eq!(receiving.data()?, [round, 7, 0, 0]);
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Rank` when there is no rank `source`; class `Tag` when the tag is negative. Waiting fails as
    /// [`Communicator::receive_into`] does.
    pub fn receive_persistent<T: Equivalence>(
        &self,
        mut data: Vec<T>,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Persistent<'_, T>> {
        let buf = recv_buf(&mut data);
        let id = self.engine.engine().recv_init(buf, source.into().0, tag.into().0, self.id)?;
        let (call, send) = (Call::Recv, Vec::new());
        let begun = CollectiveUnderWay { id, call, in_place: true, send, recv: data, wrong: None };
        Ok(Persistent::of(self, begun, true))
    }
}
