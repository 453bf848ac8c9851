//! Collectives that move slices of numbers.

use crate::communicator::Communicator;
use crate::equivalence::Equivalence;
use crate::memory::{ReceiveGuard, bytes_of, send_buf};
use crate::{Class, Result};
use ranks_engine::collective::{Allgather, Alltoall, Collective, ExchangeParts, Gather, Part, Scatter};
use ranks_engine::{Call, RecvBuf, SendBuf};

/// Numbers of elements as parts in bytes, one after the other.
pub(crate) fn parts_of<T>(counts: &[usize]) -> Vec<Part> {
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
    /// Class `Arg` when the root passes `None`; class `Root` when there is no such rank; class `Count` or
    /// `Truncate` when the lengths do not agree, here or between ranks.
    pub fn scatter_into<T: Equivalence>(
        &self,
        send: Option<&[T]>,
        recv: &mut [T],
        root: usize,
    ) -> Result<()> {
        let send = self.at_root(Call::Scatter, root, send)?.unwrap_or_default();
        self.moved(send, recv, |send, recv| Scatter {
            send,
            parts: None,
            recv: Some(recv),
            root: Self::to(root),
        })
    }

    /// As [`Self::scatter_into`] with parts of different lengths: the root passes its slice and the
    /// number of elements for each rank. Section 6.6.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let mut mine = vec![0; world.rank()];
    ///     let parts = (world.rank() == 0).then_some((&[1, 2, 3][..], &[0, 1, 2][..]));
    ///     world.scatter_v_into(parts, &mut mine, 0)?;
    ///     assert_eq!(mine, [&[][..], &[1], &[2, 3]][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when the root passes `None`; class `Root` when there is no such rank; class `Count` when
    /// the counts are not one for each rank or need more than the slice has; class `Truncate` when `recv` has
    /// another length than its part.
    pub fn scatter_v_into<T: Equivalence>(
        &self,
        send: Option<(&[T], &[usize])>,
        recv: &mut [T],
        root: usize,
    ) -> Result<()> {
        let (send, counts) = self.at_root(Call::Scatterv, root, send)?.unwrap_or_default();
        let parts = parts_of::<T>(counts);
        self.moved(send, recv, |send, recv| Scatter {
            send,
            parts: Some(&parts),
            recv: Some(recv),
            root: Self::to(root),
        })
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
    /// Class `Arg` when the root passes `None`; class `Root` when there is no such rank; class `Count` or
    /// `Truncate` when the lengths do not agree, here or between ranks.
    pub fn gather_into<T: Equivalence>(&self, send: &[T], recv: Option<&mut [T]>, root: usize) -> Result<()> {
        let recv = self.at_root(Call::Gather, root, recv)?.unwrap_or_default();
        self.moved(send, recv, |send, recv| Gather {
            send: Some(send),
            recv,
            parts: None,
            root: Self::to(root),
        })
    }

    /// As [`Self::gather_into`] with parts of different lengths: the root passes its slice and the
    /// number of elements from each rank. Section 6.5.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let mine = vec![world.rank(); world.rank()];
    ///     let mut all = [9; 3];
    ///     let room = (world.rank() == 0).then_some((&mut all[..], &[0, 1, 2][..]));
    ///     world.gather_v_into(&mine, room, 0)?;
    ///     assert_eq!(all, if world.rank() == 0 { [1, 2, 2] } else { [9; 3] });
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when the root passes `None`; class `Root` when there is no such rank; class `Count` when
    /// the counts are not one for each rank or need more than the slice has; class `Truncate` when a rank
    /// sends another number of elements.
    pub fn gather_v_into<T: Equivalence>(
        &self,
        send: &[T],
        recv: Option<(&mut [T], &[usize])>,
        root: usize,
    ) -> Result<()> {
        let (recv, counts) = self.at_root(Call::Gatherv, root, recv)?.unwrap_or_default();
        let parts = parts_of::<T>(counts);
        self.moved(send, recv, |send, recv| Gather {
            send: Some(send),
            recv,
            parts: Some(&parts),
            root: Self::to(root),
        })
    }

    /// Collects parts of any lengths at the root, in order of rank, in one row: the root gets `Some`, the others
    /// `None`. The lengths travel first, so nobody has to know them. Section 6.5.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let mine = vec![world.rank(); world.rank()];
    ///     let all = world.gather_v(&mine, 0)?;
    ///     assert_eq!(all, (world.rank() == 0).then(|| vec![1, 2, 2]));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Root` when there is no such rank; class `Type` when a rank sends what is no value of the type.
    pub fn gather_v<T: Equivalence + Default>(&self, send: &[T], root: usize) -> Result<Option<Vec<T>>> {
        if self.rank() != root {
            self.gather_into(&[send.len()], None, root)?;
            return self.gather_v_into(send, None, root).map(|()| None);
        }
        let mut counts = vec![0; self.size()];
        self.gather_into(&[send.len()], Some(&mut counts), root)?;
        let mut all = vec![T::default(); counts.iter().sum()];
        self.gather_v_into(send, Some((&mut all, &counts)), root)?;
        Ok(Some(all))
    }

    /// As [`Self::gather_v`], for all ranks. Section 6.7.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let all = world.all_gather_v(&vec![world.rank() as f32; world.rank()])?;
    ///     assert_eq!(all, [1.0, 2.0, 2.0]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Type` when a rank sends what is no value of the type.
    pub fn all_gather_v<T: Equivalence + Default>(&self, send: &[T]) -> Result<Vec<T>> {
        let mut counts = vec![0; self.partners];
        self.all_gather_into(&[send.len()], &mut counts)?;
        let mut all = vec![T::default(); counts.iter().sum()];
        self.all_gather_v_into(send, &mut all, &counts)?;
        Ok(all)
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
    /// Class `Count` or `Truncate` when the lengths do not agree, here or between ranks.
    pub fn all_gather_into<T: Equivalence>(&self, send: &[T], recv: &mut [T]) -> Result<()> {
        self.moved(send, recv, |send, recv| Allgather { send: Some(send), recv, parts: None })
    }

    /// As [`Self::all_gather_into`], with this rank's part in its place already. Section 6.7.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let mut all = [0; 3];
    ///     all[world.rank()] = world.rank() * 10;
    ///     world.all_gather_in_place(&mut all)?;
    ///     assert_eq!(all, [0, 10, 20]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Count` or `Truncate` when the lengths do not agree, here or between ranks.
    pub fn all_gather_in_place<T: Equivalence>(&self, data: &mut [T]) -> Result<()> {
        self.moved_in_place(data, |recv| Allgather { send: None, recv, parts: None })
    }

    /// As [`Self::all_gather_into`] with parts of different lengths: `counts` says how many elements each
    /// rank has, the same at all ranks. Section 6.7.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let mine = vec![world.rank(); world.rank()];
    ///     let mut all = [9; 3];
    ///     world.all_gather_v_into(&mine, &mut all, &[0, 1, 2])?;
    ///     assert_eq!(all, [1, 2, 2]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Count` when the counts are not one for each rank or need more than `recv` has; class
    /// `Truncate` when a rank sends another number of elements.
    pub fn all_gather_v_into<T: Equivalence>(
        &self,
        send: &[T],
        recv: &mut [T],
        counts: &[usize],
    ) -> Result<()> {
        let parts = parts_of::<T>(counts);
        self.moved(send, recv, |send, recv| Allgather { send: Some(send), recv, parts: Some(&parts) })
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
    /// Class `Count` or `Truncate` when the lengths do not agree, here or between ranks.
    pub fn all_to_all_into<T: Equivalence>(&self, send: &[T], recv: &mut [T]) -> Result<()> {
        self.equal_parts(Call::Alltoall, send.len())?;
        let parts = ExchangeParts::Equal;
        self.moved(send, recv, |send, recv| Alltoall { send: Some(send), recv, parts })
    }

    /// As [`Self::all_to_all_into`] in one slice: what comes replaces what goes. Section 6.8.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let mut data = [world.rank() * 10, world.rank() * 10 + 1];
    ///     world.all_to_all_in_place(&mut data)?;
    ///     assert_eq!(data, [world.rank(), 10 + world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Count` or `Truncate` when the lengths do not agree, here or between ranks.
    pub fn all_to_all_in_place<T: Equivalence>(&self, data: &mut [T]) -> Result<()> {
        self.equal_parts(Call::Alltoall, data.len())?;
        self.moved_in_place(data, |recv| Alltoall { send: None, recv, parts: ExchangeParts::Equal })
    }

    /// As [`Self::all_to_all_into`] with parts of different lengths: how many elements go to each rank and
    /// how many come from each. Section 6.8.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     // Rank 0 sends one element to each, rank 1 two.
    ///     let (mine, count) = ([world.rank() as u8; 4], world.rank() + 1);
    ///     let mut got = [9; 3];
    ///     world.all_to_all_v_into(&mine, &[count, count], &mut got, &[1, 2])?;
    ///     assert_eq!(got, [0, 1, 1]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Count` when counts are not one for each rank or need more than the slice has; class
    /// `Truncate` when a rank sends another number of elements.
    pub fn all_to_all_v_into<T: Equivalence>(
        &self,
        send: &[T],
        send_counts: &[usize],
        recv: &mut [T],
        recv_counts: &[usize],
    ) -> Result<()> {
        let (from, to) = (parts_of::<T>(send_counts), parts_of::<T>(recv_counts));
        let parts = ExchangeParts::Each(&from, &to);
        self.moved(send, recv, |send, recv| Alltoall { send: Some(send), recv, parts })
    }

    /// Carries out a collective that moves one slice into another.
    pub(super) fn moved<T: Equivalence, C: Collective>(
        &self,
        send: &[T],
        recv: &mut [T],
        collective: impl FnOnce(SendBuf, RecvBuf) -> C,
    ) -> Result<()> {
        let bytes = bytes_of(send);
        self.moved_into(ReceiveGuard::new(recv), |recv| collective(send_buf(&bytes), recv))
    }

    /// Carries out a collective within one slice.
    pub(crate) fn moved_in_place<T: Equivalence, C: Collective>(
        &self,
        data: &mut [T],
        collective: impl FnOnce(RecvBuf) -> C,
    ) -> Result<()> {
        self.moved_into(ReceiveGuard::in_place(data), collective)
    }

    fn moved_into<T: Equivalence, C: Collective>(
        &self,
        mut guard: ReceiveGuard<'_, T>,
        collective: impl FnOnce(RecvBuf) -> C,
    ) -> Result<()> {
        let collective = collective(guard.buf());
        let call = collective.call();
        let outcome = self.engine.engine().run(self.id, collective);
        guard.finish(self, call, outcome)
    }

    /// A part for each rank, all of one length; the engine knows of bytes only.
    pub(super) fn equal_parts(&self, call: Call, len: usize) -> Result<()> {
        if len.is_multiple_of(self.partners) {
            return Ok(());
        }
        let detail = format!("{len} elements are not {} parts of one length", self.partners);
        Err(self.error(Class::Count, call, detail))
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
