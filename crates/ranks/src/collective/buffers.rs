//! Collectives that move slices of numbers.

#![allow(unsafe_code)]

use crate::buffer::Equivalence;
use crate::communicator::Communicator;
use crate::{Class, Result};
use ranks_engine::collective::Part;
use ranks_engine::{Call, RecvBuf, SendBuf};

/// A slice, for a blocking collective.
pub(super) fn send_buf<T: Equivalence>(data: &[T]) -> SendBuf {
    // SAFETY: only for calls of the engine that are over when they return, made while `data` is borrowed.
    unsafe { SendBuf::of(bytemuck::cast_slice(data)) }
}

/// The same for what comes in.
pub(super) fn recv_buf<T: Equivalence>(data: &mut [T]) -> RecvBuf {
    // SAFETY: as above.
    unsafe { RecvBuf::of(bytemuck::cast_slice_mut(data)) }
}

/// Numbers of elements as parts in bytes, one after the other.
fn parts_of<T>(counts: &[usize]) -> Vec<Part> {
    Part::in_order(counts.iter().map(|count| count.saturating_mul(size_of::<T>())))
}

impl Communicator {
    /// Deals the root's slice in equal parts, in order of rank. The root passes `Some`, as many times
    /// longer than `recv` as there are ranks; the others `None`. Section 6.6.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let all = [1, 2, 3, 4, 5, 6];
    ///     let mut mine = [0; 2];
    ///     world.scatter_into((world.rank() == 0).then_some(&all[..]), &mut mine, 0)?;
    ///     assert_eq!(mine, [[1, 2], [3, 4], [5, 6]][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Truncate` when the lengths do not agree, here or between ranks.
    pub fn scatter_into<T: Equivalence>(
        &self,
        send: Option<&[T]>,
        recv: &mut [T],
        root: usize,
    ) -> Result<()> {
        let send = self.at_root(Call::Scatter, root, send.map(send_buf))?.unwrap_or(SendBuf::EMPTY);
        self.engine.engine().scatter(send, Some(recv_buf(recv)), Self::to(root), self.id)
    }

    /// As [`Self::scatter_into`] with parts of different lengths: the root passes its slice and the
    /// number of elements for each rank. Section 6.6.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let mut mine = vec![0; world.rank()];
    ///     let parts = (world.rank() == 0).then_some((&[1, 2, 3][..], &[0, 1, 2][..]));
    ///     world.scatter_varying(parts, &mut mine, 0)?;
    ///     assert_eq!(mine, [&[][..], &[1], &[2, 3]][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn scatter_varying<T: Equivalence>(
        &self,
        send: Option<(&[T], &[usize])>,
        recv: &mut [T],
        root: usize,
    ) -> Result<()> {
        let send = send.map(|(data, counts)| (send_buf(data), parts_of::<T>(counts)));
        let (send, parts) = self.at_root(Call::Scatterv, root, send)?.unwrap_or((SendBuf::EMPTY, vec![]));
        self.engine.engine().scatterv(send, &parts, Some(recv_buf(recv)), Self::to(root), self.id)
    }

    /// Collects equal parts at the root, in order of rank. The root passes `Some`, as many times longer
    /// than `send` as there are ranks; the others `None`. Section 6.5.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let mine = [world.rank() as i32; 2];
    ///     let mut all = [0; 6];
    ///     world.gather_into(&mine, (world.rank() == 0).then_some(&mut all[..]), 0)?;
    ///     assert_eq!(all, if world.rank() == 0 { [0, 0, 1, 1, 2, 2] } else { [0; 6] });
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Truncate` when the lengths do not agree, here or between ranks.
    pub fn gather_into<T: Equivalence>(&self, send: &[T], recv: Option<&mut [T]>, root: usize) -> Result<()> {
        let recv = self.at_root(Call::Gather, root, recv.map(recv_buf))?.unwrap_or(RecvBuf::EMPTY);
        self.engine.engine().gather(Some(send_buf(send)), recv, Self::to(root), self.id)
    }

    /// As [`Self::gather_into`] with parts of different lengths: the root passes its slice and the
    /// number of elements from each rank. Section 6.5.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let mine = vec![world.rank(); world.rank()];
    ///     let mut all = [9; 3];
    ///     let room = (world.rank() == 0).then_some((&mut all[..], &[0, 1, 2][..]));
    ///     world.gather_varying(&mine, room, 0)?;
    ///     assert_eq!(all, if world.rank() == 0 { [1, 2, 2] } else { [9; 3] });
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn gather_varying<T: Equivalence>(
        &self,
        send: &[T],
        recv: Option<(&mut [T], &[usize])>,
        root: usize,
    ) -> Result<()> {
        let recv = recv.map(|(data, counts)| (recv_buf(data), parts_of::<T>(counts)));
        let (recv, parts) = self.at_root(Call::Gatherv, root, recv)?.unwrap_or((RecvBuf::EMPTY, vec![]));
        self.engine.engine().gatherv(Some(send_buf(send)), recv, &parts, Self::to(root), self.id)
    }

    /// Collects equal parts at all ranks, in order of rank: `recv` is as many times longer than `send` as
    /// there are ranks. Section 6.7.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let mut all = [0; 3];
    ///     world.all_gather_into(&[world.rank() * 10], &mut all)?;
    ///     assert_eq!(all, [0, 10, 20]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Truncate` when the lengths do not agree, here or between ranks.
    pub fn all_gather_into<T: Equivalence>(&self, send: &[T], recv: &mut [T]) -> Result<()> {
        self.engine.engine().allgather(Some(send_buf(send)), recv_buf(recv), self.id)
    }

    /// Gives the i-th part to rank i and gets one from each, in order of rank: all parts have one length,
    /// and `send` and `recv` a part for each rank. Section 6.8.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let me = world.rank();
    ///     let mut got = [0; 3];
    ///     world.all_to_all_into(&[me * 10, me * 10 + 1, me * 10 + 2], &mut got)?;
    ///     assert_eq!(got, [me, 10 + me, 20 + me]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Truncate` when the lengths do not agree, here or between ranks.
    pub fn all_to_all_into<T: Equivalence>(&self, send: &[T], recv: &mut [T]) -> Result<()> {
        self.engine.engine().alltoall(Some(send_buf(send)), recv_buf(recv), self.id)
    }

    /// What counts at the root alone: the root must have it, and what others pass is not looked at.
    pub(super) fn at_root<B>(&self, call: Call, root: usize, buffer: Option<B>) -> Result<Option<B>> {
        match buffer {
            None if self.rank() == root => {
                Err(self.error(Class::Arg, call, "the root has no buffer: pass Some"))
            }
            Some(_) if self.rank() != root => Ok(None),
            buffer => Ok(buffer),
        }
    }
}
