//! Collectives of buffers that do not block, with parts of different lengths. Section 6.12.

use super::begun::{BufferCollective, RootCollective};
use super::buffers::parts_of;
use crate::Result;
use crate::communicator::Communicator;
use crate::equivalence::Equivalence;
use ranks_engine::collective::{Allgather, Alltoall, ExchangeParts, Gather, Scatter};
use ranks_engine::{Call, Form, SendBuf};

impl Communicator {
    /// As [`Self::igather`] with parts of different lengths: the root passes the number of elements from each
    /// rank. Section 6.12.3.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let counts = (world.rank() == 0).then_some(&[0, 1, 2][..]);
    ///     let collecting = world.igather_v(vec![world.rank(); world.rank()], counts, 0)?;
    ///     assert_eq!(collecting.wait()?, (world.rank() == 0).then(|| vec![1, 2, 2]));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when the root passes `None`; class `Root` when there is no such rank; class `Count` when
    /// the counts are not one for each rank; class `Truncate` when the root gives another number of elements
    /// than it counts. Waiting fails with class `Truncate` when a rank sends another number of elements.
    pub fn igather_v<T: Equivalence>(
        &self,
        data: Vec<T>,
        counts: Option<&[usize]>,
        root: usize,
    ) -> Result<RootCollective<'_, T>> {
        let call = Call::Igatherv;
        let counts = self.at_root(call, root, counts)?.unwrap_or_default();
        let (parts, room) = (parts_of::<T>(counts), self.room(call, sum(counts))?);
        let begun = self.begin(Form::Nonblocking, Some(data), room, |send, recv| Gather {
            send,
            recv,
            parts: Some(&parts),
            root: Self::to(root),
        })?;
        Ok(begun.at_root(self, root))
    }

    /// As [`Self::iscatter`] with parts of different lengths: the root passes its buffer and the number of elements
    /// for each rank, and every rank its own number, `part`. Section 6.12.4.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let parts = (world.rank() == 0).then(|| (vec![1, 2, 3], &[0, 1, 2][..]));
    ///     let dealing = world.iscatter_v(parts, world.rank(), 0)?;
    ///     assert_eq!(dealing.wait()?, [&[][..], &[1], &[2, 3]][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when the root passes `None`; class `Root` when there is no such rank; class `Count` when
    /// the counts are not one for each rank or need more than the buffer has; class `Truncate` when the
    /// root's `part` is not its count. Waiting fails with class `Truncate` when the root sends another number
    /// of elements than `part`.
    pub fn iscatter_v<T: Equivalence>(
        &self,
        data: Option<(Vec<T>, &[usize])>,
        part: usize,
        root: usize,
    ) -> Result<BufferCollective<'_, T>> {
        let call = Call::Iscatterv;
        let (data, counts) = self.at_root(call, root, data)?.unwrap_or_default();
        let (parts, room) = (parts_of::<T>(counts), self.room(call, part)?);
        let begun = self.begin(Form::Nonblocking, Some(data), room, |send, recv| {
            let send = send.unwrap_or(SendBuf::EMPTY);
            Scatter { send, parts: Some(&parts), recv: Some(recv), root: Self::to(root) }
        })?;
        Ok(begun.request(self))
    }

    /// Begins [`Self::iall_gather`] of parts of different lengths: `counts` says how many elements each rank
    /// has, the same at all ranks. Section 6.12.5.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let gathering = world.iall_gather_v(vec![world.rank(); world.rank()], &[0, 1, 2])?;
    ///     assert_eq!(gathering.wait()?, [1, 2, 2]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Count` when the counts are not one for each rank; class `Truncate` when this rank gives another
    /// number of elements than it counts. Waiting fails with class `Truncate` when a rank sends another
    /// number of elements.
    pub fn iall_gather_v<T: Equivalence>(
        &self,
        data: Vec<T>,
        counts: &[usize],
    ) -> Result<BufferCollective<'_, T>> {
        let parts = parts_of::<T>(counts);
        let room = self.room(Call::Iallgatherv, sum(counts))?;
        let begun = self.begin(Form::Nonblocking, Some(data), room, |send, recv| Allgather {
            send,
            recv,
            parts: Some(&parts),
        })?;
        Ok(begun.request(self))
    }

    /// As [`Self::iall_to_all`] with parts of different lengths: how many elements go to each rank and how many come
    /// from each. Section 6.12.6.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     // Rank 0 sends one element to each, rank 1 two.
    ///     let count = world.rank() + 1;
    ///     let exchanging = world.iall_to_all_v(vec![world.rank(); 2 * count], &[count, count], &[1, 2])?;
    ///     assert_eq!(exchanging.wait()?, [0, 1, 1]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Count` when counts are not one for each rank or need more than the buffer has; class `Truncate`
    /// when the two counts for this rank itself differ. Waiting fails with class `Truncate` when a rank sends
    /// another number of elements.
    pub fn iall_to_all_v<T: Equivalence>(
        &self,
        data: Vec<T>,
        send_counts: &[usize],
        recv_counts: &[usize],
    ) -> Result<BufferCollective<'_, T>> {
        let call = Call::Ialltoallv;
        let (from, to) = (parts_of::<T>(send_counts), parts_of::<T>(recv_counts));
        let room = self.room(call, sum(recv_counts))?;
        let begun = self.begin(Form::Nonblocking, Some(data), room, |send, recv| Alltoall {
            send,
            recv,
            parts: ExchangeParts::Each(&from, &to),
        })?;
        Ok(begun.request(self))
    }
}

/// Of all ranks together; more than there is memory for stays so.
pub(crate) fn sum(counts: &[usize]) -> usize {
    counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
}
