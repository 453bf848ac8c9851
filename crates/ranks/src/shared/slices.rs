//! Blocking calls on slices that the caller lends: nothing is copied, and nothing can be dropped meanwhile.

use super::SharedCommunicator;
use crate::communicator::{Source, Status, Tag};
use crate::equivalence::Equivalence;
use crate::memory::{bytes_of, clean, no_values, purge, recv_buf, typed_buf};
use crate::op::Number;
use crate::{Class, Result};
use ranks_engine::collective::{Allreduce, Bcast, Storable};
use ranks_engine::{Call, Form, Mode, RequestId};

impl SharedCommunicator {
    /// Waits for a request whose buffers the caller has lent.
    fn lend(&self, begun: Result<RequestId>) -> Result<Status> {
        self.begun(begun?, (), |(), _, status| Ok(Status::from(status))).wait()
    }

    /// Sends a slice, and returns when it may be changed again. Section 3.2.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let receiver = world.clone();
    /// let thread = std::thread::spawn(move || {
    ///     let mut row = [0; 3];
    ///     receiver.receive_into_slice(&mut row, 0, 7).map(|_| row)
    /// });
    /// world.send_slice(&[1, 2, 3], 0, 7)?;
    /// assert_eq!(thread.join().expect("it does not panic")?, [1, 2, 3]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::send_from`].
    pub fn send_slice<T: Equivalence>(&self, data: &[T], dest: usize, tag: i32) -> Result<()> {
        let bytes = bytes_of(data);
        let (buf, dest, comm) = (typed_buf::<T>(&bytes), Self::to(dest), self.0.id);
        let begun = self.with(|engine| {
            if engine.send_at_once(Mode::Standard, buf, dest, tag, comm)? {
                return Ok(None);
            }
            engine.isend(Mode::Standard, buf, dest, tag, comm).map(Some)
        })?;
        match begun {
            None => Ok(()),
            Some(id) => self.lend(Ok(id)).map(|_| ()).map_err(|error| error.in_call(Call::Send)),
        }
    }

    /// Receives into a slice, which may be longer; what of it the message does not fill stays. Section 3.2.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let sender = world.clone();
    /// let thread = std::thread::spawn(move || sender.send_slice(&[1u8, 2], 0, 7));
    /// let mut row = [9u8; 3];
    /// let status = world.receive_into_slice(&mut row, 0, 7)?;
    /// assert_eq!((row, status.bytes), ([1, 2, 9], 2));
    /// thread.join().expect("it does not panic")?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::receive_into`].
    pub fn receive_into_slice<T: Equivalence>(
        &self,
        data: &mut [T],
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Status> {
        let (source, tag, buf) = (source.into().0, tag.into().0, recv_buf(data));
        let outcome = self.lend(self.with(|engine| engine.irecv(buf, source, tag, self.0.id)));
        if outcome.is_err() {
            purge(data);
        }
        let status = outcome?;
        self.0.received(data, status)?;
        Ok(status)
    }

    fn collective(&self, collective: impl Storable) -> Result<()> {
        let begun = self.with(|engine| engine.begin(self.0.id, Form::Nonblocking, collective));
        self.lend(begun).map(|_| ())
    }

    /// Gives the root's slice to all ranks, as [`crate::Communicator::broadcast_into`] does: the slices of all ranks
    /// have one length. Section 6.4.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let mut row = [1.0, 2.0];
    /// world.broadcast_slice(&mut row, 0)?;
    /// assert_eq!(row, [1.0, 2.0]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::broadcast_into`].
    pub fn broadcast_slice<T: Equivalence>(&self, data: &mut [T], root: usize) -> Result<()> {
        clean(data);
        let (buf, root) = (recv_buf(data), Self::to(root));
        let outcome = self.collective(Bcast { buf, root });
        let all = purge(data);
        outcome?;
        if all {
            return Ok(());
        }
        Err(self.0.error(Class::Type, Call::Bcast, no_values(std::any::type_name::<T>())).peer(root))
    }

    /// Combines the ranks' slices of numbers, element by element and in order of rank, for all ranks, as
    /// [`crate::Communicator::all_reduce_in_place`] does: all slices have one length, and the result replaces the
    /// elements. Any thread of the rank may run the operation, so it owns what it uses; it may use a
    /// communicator. Section 6.9.6.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let mut sums = [1, 2];
    /// world.all_reduce_slice(&mut sums, ranks::op::sum)?;
    /// // There is one rank to add up.
    /// assert_eq!(sums, [1, 2]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::all_reduce_in_place`].
    pub fn all_reduce_slice<T: Number>(
        &self,
        data: &mut [T],
        op: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Result<()> {
        let (op, function) = self.0.rank.operation(op);
        let recv = recv_buf(data);
        let outcome = self.collective(Allreduce { send: None, recv, op });
        // Every row of bytes is a number. The panic of an operation goes on here.
        function.check();
        outcome
    }
}
