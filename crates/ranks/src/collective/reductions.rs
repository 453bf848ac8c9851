//! Collectives that combine slices of numbers, each element with those at its place.

use super::buffers::{recv_buf, send_buf};
use crate::Result;
use crate::buffer::Equivalence;
use crate::communicator::Communicator;
use ranks_engine::op::Op;
use ranks_engine::{Call, RecvBuf};

/// A function of two elements as the engine wants it, of rows of bytes.
fn rows<T: Equivalence>(mut combine: impl FnMut(T, T) -> T) -> impl FnMut(&[u8], &mut [u8]) {
    move |input, inout| {
        // Rows lie anywhere, so elements are read and written as bytes; it costs nothing.
        for (a, b) in input.chunks_exact(size_of::<T>()).zip(inout.chunks_exact_mut(size_of::<T>())) {
            let both = combine(bytemuck::pod_read_unaligned(a), bytemuck::pod_read_unaligned(b));
            b.copy_from_slice(bytemuck::bytes_of(&both));
        }
    }
}

impl Communicator {
    /// Combines the ranks' slices, element by element and in order of rank, at the root, which passes
    /// `Some`; the others pass `None`. All slices have one length. `op` is one of [`crate::op`] or a
    /// closure. Section 6.9.1.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     let mut sums = [0.0; 2];
    ///     let room = (world.rank() == 0).then_some(&mut sums[..]);
    ///     world.reduce_into(&[1.5, world.rank() as f64], room, op::sum, 0)?;
    ///     assert_eq!(sums, if world.rank() == 0 { [4.5, 3.0] } else { [0.0; 2] });
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Truncate` when the lengths do not agree, here or between ranks.
    pub fn reduce_into<T: Equivalence>(
        &self,
        send: &[T],
        recv: Option<&mut [T]>,
        op: impl FnMut(T, T) -> T,
        root: usize,
    ) -> Result<()> {
        let recv = self.at_root(Call::Reduce, root, recv.map(recv_buf))?.unwrap_or(RecvBuf::EMPTY);
        let mut rows = rows(op);
        let mut op = Op::user(&mut rows, size_of::<T>(), false);
        self.engine.engine().reduce(Some(send_buf(send)), recv, &mut op, Self::to(root), self.id)
    }

    /// Combines the ranks' slices, element by element and in order of rank, for all ranks; all get the
    /// same bits. Section 6.9.6.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(4, |world| {
    ///     let mut total = [0];
    ///     world.all_reduce_into(&[world.rank() + 1], &mut total, op::product)?;
    ///     assert_eq!(total, [24]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Truncate` when the lengths do not agree, here or between ranks.
    pub fn all_reduce_into<T: Equivalence>(
        &self,
        send: &[T],
        recv: &mut [T],
        op: impl FnMut(T, T) -> T,
    ) -> Result<()> {
        let mut rows = rows(op);
        let mut op = Op::user(&mut rows, size_of::<T>(), false);
        self.engine.engine().allreduce(Some(send_buf(send)), recv_buf(recv), &mut op, self.id)
    }

    /// Combines the ranks' slices, which hold a part for each rank, and leaves each rank its part:
    /// `send` is as many times longer than `recv` as there are ranks. Section 6.10.1.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     let mut mine = [0];
    ///     world.reduce_scatter_into(&[1, 10, world.rank()], &mut mine, op::sum)?;
    ///     assert_eq!(mine, [[3], [30], [3]][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn reduce_scatter_into<T: Equivalence>(
        &self,
        send: &[T],
        recv: &mut [T],
        op: impl FnMut(T, T) -> T,
    ) -> Result<()> {
        let mut rows = rows(op);
        let mut op = Op::user(&mut rows, size_of::<T>(), false);
        self.engine.engine().reduce_scatter_block(Some(send_buf(send)), recv_buf(recv), &mut op, self.id)
    }

    /// Combines this rank's slice with those of all ranks before it. Section 6.11.1.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     let mut so_far = [0];
    ///     world.scan_into(&[world.rank() + 1], &mut so_far, op::sum)?;
    ///     assert_eq!(so_far, [[1], [3], [6]][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn scan_into<T: Equivalence>(
        &self,
        send: &[T],
        recv: &mut [T],
        op: impl FnMut(T, T) -> T,
    ) -> Result<()> {
        let mut rows = rows(op);
        let mut op = Op::user(&mut rows, size_of::<T>(), false);
        self.engine.engine().scan(Some(send_buf(send)), recv_buf(recv), &mut op, self.id)
    }

    /// Combines the slices of all ranks before this one. There are none before rank 0, where `recv` stays
    /// as it is: put there what the operation begins with. Section 6.11.2.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     let mine = [4, 5, 6][world.rank()];
    ///     let mut begins_at = [0];
    ///     world.exscan_into(&[mine], &mut begins_at, op::sum)?;
    ///     assert_eq!(begins_at, [[0], [4], [9]][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn exscan_into<T: Equivalence>(
        &self,
        send: &[T],
        recv: &mut [T],
        op: impl FnMut(T, T) -> T,
    ) -> Result<()> {
        let mut rows = rows(op);
        let mut op = Op::user(&mut rows, size_of::<T>(), false);
        self.engine.engine().exscan(Some(send_buf(send)), recv_buf(recv), &mut op, self.id)
    }
}
