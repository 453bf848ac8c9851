//! Point-to-point communication of buffers: slices of values, as they lie in memory.

use crate::communicator::{Communicator, Source, Status, Tag};
use crate::equivalence::Equivalence;
use crate::memory::{ReceiveGuard, bytes_of, typed_buf};
use crate::{Result, mark};
use ranks_engine::collective::Bcast;
use ranks_engine::{Call, Class, Mode};

impl Communicator {
    /// Sends a slice; returns when it may be changed again. No serialisation, no allocation. Section 3.2.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     if world.rank() == 0 {
    ///         world.send_from(&[1.0, 2.0, 3.0], 1, 0)
    ///     } else {
    ///         let mut row = [0.0; 4];
    ///         let status = world.receive_into(&mut row, 0, 0)?;
    ///         assert_eq!((row, status.bytes), ([1.0, 2.0, 3.0, 0.0], 24));
    ///         Ok(())
    ///     }
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Rank` when there is no rank `dest`; class `Tag` when the tag is negative; class `ProcFailed`
    /// when the other rank has ended and the message is too long to be left for it.
    #[inline]
    pub fn send_from<T: Equivalence>(&self, data: &[T], dest: usize, tag: i32) -> Result<()> {
        self.send_buf(Mode::Standard, typed_buf::<T>(&bytes_of(data)), dest, tag)
    }

    /// Sends a slice as [`Self::send_from`] does, but returns only when the receiver has begun to receive.
    /// Section 3.4.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     if world.rank() == 0 {
    ///         world.synchronous_send_from(&[1u8, 2, 3], 1, 0)?;
    ///         // From here on it is known that rank 1 has begun to receive.
    ///     } else {
    ///         let mut row = [0u8; 3];
    ///         world.receive_into(&mut row, 0, 0)?;
    ///         assert_eq!(row, [1, 2, 3]);
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Rank` when there is no rank `dest`; class `Tag` when the tag is negative; class `ProcFailed`
    /// when the other rank has ended.
    pub fn synchronous_send_from<T: Equivalence>(&self, data: &[T], dest: usize, tag: i32) -> Result<()> {
        self.send_buf(Mode::Synchronous, typed_buf::<T>(&bytes_of(data)), dest, tag)
    }

    /// Receives into a slice, which may be longer than the message; what of it the message does not fill
    /// stays. Section 3.2.4.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     world.send_from(&[1u32, 2, 3], other, 0)?;
    ///     let mut row = [9u32; 4];
    ///     let status = world.receive_into(&mut row, other, 0)?;
    ///     assert_eq!((row, status.bytes), ([1, 2, 3, 9], 12));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Truncate` when the message is longer than the slice; class `Type` when it is no whole number of
    /// elements, was sent as elements of another type, or holds what is no value of the type; class `Rank`
    /// when there is no rank `source`; class `Tag` when the tag is negative; class `ProcFailed` when the
    /// message cannot come because the other rank has ended.
    #[inline]
    pub fn receive_into<T: Equivalence>(
        &self,
        data: &mut [T],
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Status> {
        let mut guard = ReceiveGuard::new(data);
        let status = self.engine.engine().recv(guard.buf(), source.into().0, tag.into().0, self.id);
        let status = Status::from(guard.finish(self, Call::Recv, status)?);
        self.whole_elements::<T>(status)?;
        Ok(status)
    }

    #[inline]
    pub(crate) fn whole_elements<T: Equivalence>(&self, status: Status) -> Result<()> {
        match mark::mismatch::<T>(status) {
            None => Ok(()),
            Some(detail) => {
                let error = self.error(Class::Type, Call::Recv, detail);
                Err(error.peer(status.source as i32).tag(status.tag))
            }
        }
    }

    /// Sends one slice and receives another at the same time, so that ranks in a ring do not wait for each
    /// other. Section 3.10.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let (next, previous) = ((world.rank() + 1) % 3, (world.rank() + 2) % 3);
    ///     let mut got = [0];
    ///     world.send_receive_into(&[world.rank()], next, 0, &mut got, previous, 0)?;
    ///     assert_eq!(got, [previous]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::send_from`] and [`Self::receive_into`].
    pub fn send_receive_into<S: Equivalence, R: Equivalence>(
        &self,
        send: &[S],
        dest: usize,
        send_tag: i32,
        recv: &mut [R],
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Status> {
        let (bytes, mut guard) = (bytes_of(send), ReceiveGuard::new(recv));
        let outcome = self.engine.engine().sendrecv(
            typed_buf::<S>(&bytes),
            Self::to(dest),
            send_tag,
            guard.buf(),
            source.into().0,
            tag.into().0,
            self.id,
        );
        let status = Status::from(guard.finish(self, Call::Sendrecv, outcome)?);
        self.whole_elements::<R>(status)?;
        Ok(status)
    }

    /// Gives the root's slice to all ranks; all must be of one length. Section 6.4.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let mut row = if world.rank() == 0 { [1, 2, 3] } else { [0; 3] };
    ///     world.broadcast_into(&mut row, 0)?;
    ///     assert_eq!(row, [1, 2, 3]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Root` when there is no such rank; class `Truncate` when a slice has another length than the
    /// root's; class `Type` when the root sends what is no value of the type.
    pub fn broadcast_into<T: Equivalence>(&self, data: &mut [T], root: usize) -> Result<()> {
        let outcome = self.moved_in_place(data, |buf| Bcast { buf, root: Self::to(root) });
        // An error in which nobody is named yet is about what the root sent.
        outcome.map_err(|error| match error.class() {
            Class::Type if error.peer_rank().is_none() => error.peer(Self::to(root)),
            _ => error,
        })
    }
}
