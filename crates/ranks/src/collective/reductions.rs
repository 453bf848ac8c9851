//! Collectives that combine slices of numbers, each element with those at its place.

use crate::Result;
use crate::communicator::Communicator;
use crate::equivalence::Equivalence;
use crate::memory::{ReceiveGuard, bytes_of, send_buf, value_of};
use ranks_engine::collective::{Allreduce, Reduce, ReduceScatter, Scan};
use ranks_engine::op::Op;
use ranks_engine::{Call, RecvBuf, SendBuf, ShmEngine};
use std::cell::Cell;

/// A function of two elements as the engine wants it, of rows of bytes. `wrong` is called when bytes come
/// that are no element.
pub(crate) fn rows<T: Equivalence>(
    mut combine: impl FnMut(T, T) -> T,
    wrong: impl Fn(),
) -> impl FnMut(&[u8], &mut [u8]) {
    move |input, inout| {
        // Rows lie anywhere, so elements are read and written as bytes; it costs nothing.
        for (a, b) in input.chunks_exact(size_of::<T>()).zip(inout.chunks_exact_mut(size_of::<T>())) {
            let (Some(first), Some(second)) = (value_of(a), value_of(b)) else {
                wrong();
                continue;
            };
            let both: T = combine(first, second);
            if !T::DENSE {
                b.fill(0);
            }
            both.write(b);
        }
    }
}

impl Communicator {
    /// Carries out a reduction; in place without `send`.
    pub(super) fn combine<T: Equivalence>(
        &self,
        call: Call,
        send: Option<&[T]>,
        recv: &mut [T],
        op: impl FnMut(T, T) -> T,
        reduction: impl FnOnce(&mut ShmEngine, Option<SendBuf>, RecvBuf, &mut Op<'_>) -> Result<()>,
    ) -> Result<()> {
        let wrong = Cell::new(false);
        let mut rows = rows(op, || wrong.set(true));
        let bytes = send.map(bytes_of);
        let mut guard = if send.is_some() { ReceiveGuard::new(recv) } else { ReceiveGuard::in_place(recv) };
        let outcome = {
            let mut op = Op::user(&mut rows, size_of::<T>(), false);
            let send = bytes.as_deref().map(send_buf);
            reduction(&mut self.engine.engine(), send, guard.buf(), &mut op)
        };
        let outcome = guard.finish(self, call, outcome);
        if wrong.get() { outcome.and(Err(self.no_values::<T>(call, &()))) } else { outcome }
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
    /// Class `Arg` when the root passes `None`; class `Root` when there is no such rank; class `Truncate`
    /// when the lengths do not agree, here or between ranks.
    pub fn reduce_into<T: Equivalence>(
        &self,
        send: &[T],
        recv: Option<&mut [T]>,
        op: impl FnMut(T, T) -> T,
        root: usize,
    ) -> Result<()> {
        let recv = self.at_root(Call::Reduce, root, recv)?.unwrap_or_default();
        self.combine(Call::Reduce, Some(send), recv, op, |engine, send, recv, op| {
            engine.run(self.id, Reduce { send, recv, op, root: Self::to(root) })
        })
    }

    /// As [`Self::reduce_into`] in one slice: at the root the result replaces its elements; elsewhere they
    /// stay. Section 6.9.1.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     let mut data = [world.rank() + 1];
    ///     world.reduce_in_place(&mut data, op::sum, 1)?;
    ///     assert_eq!(data, [[1], [6], [3]][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Root` when there is no such rank; class `Truncate` when the lengths differ between ranks.
    pub fn reduce_in_place<T: Equivalence>(
        &self,
        data: &mut [T],
        op: impl FnMut(T, T) -> T,
        root: usize,
    ) -> Result<()> {
        let by = |engine: &mut ShmEngine, send, recv, op: &mut Op<'_>| {
            engine.run(self.id, Reduce { send, recv, op, root: Self::to(root) })
        };
        if self.rank() == root {
            self.combine(Call::Reduce, None, data, op, by)
        } else {
            self.combine(Call::Reduce, Some(data), &mut [], op, by)
        }
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
        self.combine(Call::Allreduce, Some(send), recv, op, |engine, send, recv, op| {
            engine.run(self.id, Allreduce { send, recv, op })
        })
    }

    /// As [`Self::all_reduce_into`] in one slice: the result replaces the elements. Section 6.9.6.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     let mut data = [world.rank() + 1, 1];
    ///     world.all_reduce_in_place(&mut data, op::sum)?;
    ///     assert_eq!(data, [6, 3]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Truncate` when the lengths differ between ranks.
    pub fn all_reduce_in_place<T: Equivalence>(
        &self,
        data: &mut [T],
        op: impl FnMut(T, T) -> T,
    ) -> Result<()> {
        self.combine(Call::Allreduce, None, data, op, |engine, send, recv, op| {
            engine.run(self.id, Allreduce { send, recv, op })
        })
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
    ///
    /// # Errors
    /// Class `Count` when `send` is not one equal part for each rank; class `Truncate` when the lengths do
    /// not agree, here or between ranks.
    pub fn reduce_scatter_into<T: Equivalence>(
        &self,
        send: &[T],
        recv: &mut [T],
        op: impl FnMut(T, T) -> T,
    ) -> Result<()> {
        self.combine(Call::ReduceScatterBlock, Some(send), recv, op, |engine, send, recv, op| {
            engine.run(self.id, ReduceScatter { send, recv, lengths: None, op })
        })
    }

    /// As [`Self::reduce_scatter_into`] in one slice: this rank's part of the result is in its first elements afterwards; what is in the others is not said. Section 6.10.1.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     let mut data = [1, 10, world.rank()];
    ///     world.reduce_scatter_in_place(&mut data, op::sum)?;
    ///     assert_eq!(data[0], [3, 30, 3][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Count` when the slice is not one equal part for each rank; class `Truncate` when the lengths
    /// differ between ranks.
    pub fn reduce_scatter_in_place<T: Equivalence>(
        &self,
        data: &mut [T],
        op: impl FnMut(T, T) -> T,
    ) -> Result<()> {
        self.equal_parts(Call::ReduceScatterBlock, data.len())?;
        self.combine(Call::ReduceScatterBlock, None, data, op, |engine, send, recv, op| {
            engine.run(self.id, ReduceScatter { send, recv, lengths: None, op })
        })
    }

    /// As [`Self::reduce_scatter_into`] with parts of different lengths: how many elements each rank gets.
    /// Section 6.10.2.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(2, |world| {
    ///     let mut mine = vec![0; world.rank() + 1];
    ///     world.reduce_scatter_v_into(&[1, 2, 3], &mut mine, &[1, 2], op::sum)?;
    ///     assert_eq!(mine, [&[2][..], &[4, 6]][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Count` when the counts are not one for each rank; class `Truncate` when they do not fit the
    /// slices.
    pub fn reduce_scatter_v_into<T: Equivalence>(
        &self,
        send: &[T],
        recv: &mut [T],
        counts: &[usize],
        op: impl FnMut(T, T) -> T,
    ) -> Result<()> {
        let lengths: Vec<usize> = counts.iter().map(|n| n.saturating_mul(size_of::<T>())).collect();
        self.combine(Call::ReduceScatter, Some(send), recv, op, |engine, send, recv, op| {
            engine.run(self.id, ReduceScatter { send, recv, lengths: Some(&lengths), op })
        })
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
    ///
    /// # Errors
    /// Class `Truncate` when the lengths do not agree, here or between ranks.
    pub fn scan_into<T: Equivalence>(
        &self,
        send: &[T],
        recv: &mut [T],
        op: impl FnMut(T, T) -> T,
    ) -> Result<()> {
        self.combine(Call::Scan, Some(send), recv, op, |engine, send, recv, op| {
            engine.run(self.id, Scan { send, recv, op, inclusive: true })
        })
    }

    /// As [`Self::scan_into`] in one slice: the result replaces the elements. Section 6.11.1.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     let mut so_far = [world.rank() + 1];
    ///     world.scan_in_place(&mut so_far, op::sum)?;
    ///     assert_eq!(so_far, [[1], [3], [6]][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Truncate` when the lengths differ between ranks.
    pub fn scan_in_place<T: Equivalence>(&self, data: &mut [T], op: impl FnMut(T, T) -> T) -> Result<()> {
        self.combine(Call::Scan, None, data, op, |engine, send, recv, op| {
            engine.run(self.id, Scan { send, recv, op, inclusive: true })
        })
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
    ///
    /// # Errors
    /// Class `Truncate` when the lengths do not agree, here or between ranks.
    pub fn exscan_into<T: Equivalence>(
        &self,
        send: &[T],
        recv: &mut [T],
        op: impl FnMut(T, T) -> T,
    ) -> Result<()> {
        self.combine(Call::Exscan, Some(send), recv, op, |engine, send, recv, op| {
            engine.run(self.id, Scan { send, recv, op, inclusive: false })
        })
    }

    /// As [`Self::exscan_into`] in one slice: the result replaces the elements, but at rank 0 they stay. Section 6.11.2.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     let mut data = [[4], [5], [6]][world.rank()];
    ///     world.exscan_in_place(&mut data, op::sum)?;
    ///     assert_eq!(data, [[4], [4], [9]][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Truncate` when the lengths differ between ranks.
    pub fn exscan_in_place<T: Equivalence>(&self, data: &mut [T], op: impl FnMut(T, T) -> T) -> Result<()> {
        self.combine(Call::Exscan, None, data, op, |engine, send, recv, op| {
            engine.run(self.id, Scan { send, recv, op, inclusive: false })
        })
    }
}
