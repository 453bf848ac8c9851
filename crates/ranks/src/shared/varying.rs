//! Collectives of buffers whose parts have different lengths, for tasks and threads. Chapter 6.

use super::{Comm, Operation, SharedCommunicator};
use crate::collective::buffers::parts_of;
use crate::collective::nonblocking_v::sum;
use crate::equivalence::Equivalence;
use crate::memory::{bytes_of, no_values, value_of};
use crate::{Class, Result};
use ranks_engine::collective::{Allgather, Alltoall, ExchangeParts, Gather, ReduceScatter, Scatter, Shape};
use ranks_engine::{Call, SendBuf};

impl Comm {
    /// What the root passes; nothing elsewhere.
    fn of_root<B: Default>(&self, call: Call, root: usize, buffer: Option<B>) -> Result<B> {
        match buffer {
            None if self.me == root => Err(self.error(Class::Arg, call, "the root has no buffer: pass Some")),
            Some(buffer) if self.me == root => Ok(buffer),
            _ => Ok(B::default()),
        }
    }

    /// The elements that came, in one row.
    fn elements<T: Equivalence>(&self, call: Call, messages: &[Vec<u8>]) -> Result<Vec<T>> {
        let mut all = Vec::new();
        for (rank, message) in messages.iter().enumerate() {
            let elements = message.chunks_exact(size_of::<T>());
            if !elements.remainder().is_empty() {
                let name = std::any::type_name::<T>();
                let detail = format!("{} bytes came, which are not elements of type {name}", message.len());
                return Err(self.error(Class::Type, call, detail).peer(Self::number(rank)));
            }
            for element in elements {
                let element = value_of(element).ok_or_else(|| {
                    let detail = no_values(std::any::type_name::<T>());
                    self.error(Class::Type, call, detail).peer(Self::number(rank))
                })?;
                all.push(element);
            }
        }
        Ok(all)
    }

    fn number(rank: usize) -> i32 {
        SharedCommunicator::to(rank)
    }
}

impl SharedCommunicator {
    /// As [`Self::gather_from`] with parts of different lengths: the root passes the number of elements that each rank
    /// has, the others `None`. Section 6.5.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.gather_v_from(vec![7, 8], Some(&[2]), 0).wait()?, Some(vec![7, 8]));
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::igather_v`].
    pub fn gather_v_from<T: Equivalence>(
        &self,
        data: Vec<T>,
        counts: Option<&[usize]>,
        root: usize,
    ) -> Operation<Option<Vec<T>>> {
        let call = Call::Gatherv;
        let counts = match self.0.of_root(call, root, counts) {
            Ok(counts) => counts,
            Err(error) => return Operation::failed(error),
        };
        let (parts, room, to) = (parts_of::<T>(counts), self.0.room(call, sum(counts)), Self::to(root));
        let all = self.collecting(Some(data), room, None, |send, recv| Gather {
            send,
            recv,
            parts: Some(&parts),
            root: to,
        });
        self.at_root(all, root)
    }

    /// Collects parts of any lengths at the root, in order of rank, in one row; the others get `None`. The lengths
    /// travel first, so nobody has to know them. Section 6.5.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.gather_v(vec![7, 8], 0).wait()?, Some(vec![7, 8]));
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::gather_v`].
    pub fn gather_v<T: Equivalence>(&self, data: Vec<T>, root: usize) -> Operation<Option<Vec<T>>> {
        let (call, here) = (Call::Gatherv, self.rank() == root);
        let bytes = bytes_of(&data).into_owned();
        let lens = vec![bytes.len()];
        self.exchanging_bytes(
            call,
            Shape::Gather(Self::to(root)),
            (bytes, lens),
            (),
            move |(), messages, comm| {
                if here { comm.elements(call, &messages).map(Some) } else { Ok(None) }
            },
        )
    }

    /// As [`Self::scatter_from`] with parts of different lengths: the root passes its buffer and the number of elements
    /// for each rank, and every rank its own number, `part`. Section 6.6.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.scatter_v_from(Some((vec![1, 2], &[2])), 2, 0).wait()?, [1, 2]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::iscatter_v`].
    pub fn scatter_v_from<T: Equivalence>(
        &self,
        data: Option<(Vec<T>, &[usize])>,
        part: usize,
        root: usize,
    ) -> Operation<Vec<T>> {
        let call = Call::Scatterv;
        let (data, counts) = match self.0.of_root(call, root, data) {
            Ok(data) => data,
            Err(error) => return Operation::failed(error),
        };
        let (parts, room) = (parts_of::<T>(counts), self.0.room(call, part));
        self.collecting(Some(data), room, None, |send, recv| {
            let send = send.unwrap_or(SendBuf::EMPTY);
            Scatter { send, parts: Some(&parts), recv: Some(recv), root: Self::to(root) }
        })
    }

    /// As [`Self::all_gather_from`] with parts of different lengths: `counts` says how many elements each rank has, the
    /// same at all ranks. Section 6.7.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.all_gather_v_from(vec![7, 8], &[2]).wait()?, [7, 8]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::iall_gather_v`].
    pub fn all_gather_v_from<T: Equivalence>(&self, data: Vec<T>, counts: &[usize]) -> Operation<Vec<T>> {
        let (parts, room) = (parts_of::<T>(counts), self.0.room(Call::Allgatherv, sum(counts)));
        let parts = Some(&parts[..]);
        self.collecting(Some(data), room, None, |send, recv| Allgather { send, recv, parts })
    }

    /// As [`Self::gather_v`], for all ranks. Section 6.7.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.all_gather_v(vec![7.0, 8.0]).wait()?, [7.0, 8.0]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::all_gather_v`].
    pub fn all_gather_v<T: Equivalence>(&self, data: Vec<T>) -> Operation<Vec<T>> {
        let call = Call::Allgatherv;
        let bytes = bytes_of(&data).into_owned();
        let lens = vec![bytes.len()];
        self.exchanging_bytes(call, Shape::AllGather, (bytes, lens), (), move |(), messages, comm| {
            comm.elements(call, &messages)
        })
    }

    /// As [`Self::all_to_all_from`] with parts of different lengths: how many elements go to each rank and how many
    /// come from each. Section 6.8.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.all_to_all_v_from(vec![7, 8], &[2], &[2]).wait()?, [7, 8]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::iall_to_all_v`].
    pub fn all_to_all_v_from<T: Equivalence>(
        &self,
        data: Vec<T>,
        send_counts: &[usize],
        recv_counts: &[usize],
    ) -> Operation<Vec<T>> {
        let (from, to) = (parts_of::<T>(send_counts), parts_of::<T>(recv_counts));
        let room = self.0.room(Call::Alltoallv, sum(recv_counts));
        let parts = ExchangeParts::Each(&from, &to);
        self.collecting(Some(data), room, None, |send, recv| Alltoall { send, recv, parts })
    }

    /// As [`Self::reduce_scatter_from`] with parts of different lengths: `counts` says how many elements of the result
    /// each rank gets, the same at all ranks. Section 6.10.2.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let part = world.reduce_scatter_v_from(vec![1, 2], &[2], ranks::op::sum).wait()?;
    /// assert_eq!(part, [1, 2]);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`crate::Communicator::reduce_scatter_v_into`].
    pub fn reduce_scatter_v_from<T: Equivalence>(
        &self,
        data: Vec<T>,
        counts: &[usize],
        op: impl FnMut(T, T) -> T + Send + 'static,
    ) -> Operation<Vec<T>> {
        let part = counts.get(self.rank()).copied().unwrap_or_default();
        let room = self.0.room(Call::ReduceScatter, part);
        let lengths: Vec<usize> = counts.iter().map(|n| n.saturating_mul(size_of::<T>())).collect();
        let lengths = Some(&lengths[..]);
        self.reducing(Some(data), room, op, |send, recv, op| ReduceScatter { send, recv, lengths, op })
    }
}
