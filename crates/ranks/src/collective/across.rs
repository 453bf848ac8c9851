//! Collectives between the two groups of an intercommunicator. Section 6.2.3.
//!
//! Whatever one group gives goes to the *other* one. A rooted operation has its root in one group and everybody else
//! who takes part in the other; [`Root`] says which of them a rank is. Nothing is in place.

use super::objects::{in_call, parts};
use crate::communicator::Communicator;
use crate::equivalence::Equivalence;
use crate::intercommunicator::Intercommunicator;
use crate::memory::{recv_buf, send_buf};
use crate::{Class, Result};
use ranks_engine::collective::{Bcast, Gather, Reduce, Scatter};
use ranks_engine::{Call, PROC_NULL, ROOT};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a rank is in a collective that has a root and goes from one group to the other. Section 6.2.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// It is the root (`MPI_ROOT`).
    Here,
    /// The root is another one of its own group: it has nothing to do (`MPI_PROC_NULL`).
    Beside,
    /// The root is this rank of the other group.
    There(usize),
}

impl Root {
    fn number(self) -> i32 {
        match self {
            Root::Here => ROOT,
            Root::Beside => PROC_NULL,
            Root::There(rank) => Communicator::to(rank),
        }
    }
}

/// Objects: lengths travel first, then what was serialised.
impl Intercommunicator {
    /// Waits until all ranks of the other group have called. Collective over both groups. Section 6.3.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     // Rank 0 is one group, ranks 1 and 2 are the other.
    ///     let side = world.rank().min(1);
    ///     let group = world.split(Some(side as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - side, 0)?;
    ///     across.barrier()
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `ProcFailed` when a rank has ended.
    pub fn barrier(&self) -> Result<()> {
        self.comm.barrier()
    }

    /// Gives the root's object to the other group, whose ranks get `Some`; the root passes `Some`. Section 6.4.
    ///
    /// ```
    /// use ranks::Root;
    ///
    /// ranks::threads(4, |world| {
    ///     let half = world.rank() / 2;
    ///     let mine = world.split(Some(half as u32), 0)?.expect("it gave a colour");
    ///     let across = mine.intercommunicator(0, world, if half == 0 { 2 } else { 0 }, 0)?;
    ///     let root = [Root::Beside, Root::Here, Root::There(1), Root::There(1)][world.rank()];
    ///     let word = across.broadcast((root == Root::Here).then_some("news"), root)?;
    ///     assert_eq!(word.as_deref(), (half == 1).then_some("news"));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when the root passes `None`; class `Root` when the other group has no such rank.
    pub fn broadcast<T>(&self, value: Option<&T>, root: Root) -> Result<Option<T::Owned>>
    where
        T: Serialize + ToOwned + ?Sized,
        T::Owned: DeserializeOwned,
    {
        let call = Call::Bcast;
        let mut bytes = match root {
            Root::Here => self.comm.encode(call, self.given(call, "object", value)?)?,
            _ => Vec::new(),
        };
        let mut len = [bytes.len() as u64];
        self.broadcast_into(&mut len, root)?;
        // As long as before, but at those who receive.
        bytes.resize(len[0] as usize, 0);
        self.broadcast_into(&mut bytes, root)?;
        self.come(call, &bytes, root)
    }

    /// Collects the objects of the other group at the root, in order of rank: it gets `Some`. The ranks of the other
    /// group pass `Some`. Section 6.5.
    ///
    /// ```
    /// use ranks::Root;
    ///
    /// ranks::threads(3, |world| {
    ///     // Rank 0 is one group, ranks 1 and 2 are the other.
    ///     let side = world.rank().min(1);
    ///     let group = world.split(Some(side as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - side, 0)?;
    ///     let root = if side == 0 { Root::Here } else { Root::There(0) };
    ///     let all = across.gather((side == 1).then_some(&world.rank()), root)?;
    ///     assert_eq!(all, (side == 0).then(|| vec![1, 2]));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when a rank whose root is in the other group passes `None`; class `Root` when the other
    /// group has no such rank; class `Type` when an object cannot be serialised, or is of another type than
    /// the root asks for.
    pub fn gather<T>(&self, value: Option<&T>, root: Root) -> Result<Option<Vec<T>>>
    where
        T: Serialize + DeserializeOwned,
    {
        self.collected(Call::Gather, value, root).map_err(in_call(Call::Gather))
    }

    fn collected<T>(&self, call: Call, value: Option<&T>, root: Root) -> Result<Option<Vec<T>>>
    where
        T: Serialize + DeserializeOwned,
    {
        let bytes = match root {
            Root::There(_) => self.comm.encode(call, self.given(call, "object", value)?)?,
            _ => Vec::new(),
        };
        let mut lens = vec![0u64; if root == Root::Here { self.remote_size() } else { 0 }];
        self.gather_into(&[bytes.len() as u64], &mut lens, root)?;
        let parts = parts(&lens);
        let mut all = vec![0u8; lens.iter().sum::<u64>() as usize];
        let (send, recv) = (Some(send_buf(&bytes)), recv_buf(&mut all));
        let gather = Gather { send, recv, parts: Some(&parts), root: root.number() };
        self.comm.engine.engine().run(self.comm.id, gather)?;
        if root == Root::Here { self.comm.decode_all(call, &all, &parts).map(Some) } else { Ok(None) }
    }

    /// Deals the root's objects to the other group, whose rank i gets the i-th; the root passes `Some` with one for
    /// each rank of that group. Section 6.6.
    ///
    /// ```
    /// use ranks::Root;
    ///
    /// ranks::threads(3, |world| {
    ///     // Rank 0 is one group, ranks 1 and 2 are the other.
    ///     let side = world.rank().min(1);
    ///     let group = world.split(Some(side as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - side, 0)?;
    ///     let root = if side == 0 { Root::Here } else { Root::There(0) };
    ///     let number = across.scatter((side == 0).then_some(&[10, 20][..]), root)?;
    ///     assert_eq!(number, [None, Some(10), Some(20)][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when the root passes `None`, or not one object for each rank of the other group; class
    /// `Root` when the other group has no such rank.
    pub fn scatter<T: Serialize + DeserializeOwned>(
        &self,
        values: Option<&[T]>,
        root: Root,
    ) -> Result<Option<T>> {
        self.dealt(values, root).map_err(in_call(Call::Scatter))
    }

    fn dealt<T: Serialize + DeserializeOwned>(&self, values: Option<&[T]>, root: Root) -> Result<Option<T>> {
        let call = Call::Scatter;
        let (bytes, lens) = match root {
            Root::Here => {
                let values = self.given(call, "objects", values)?;
                self.comm.one_each(call, "objects", values.len())?;
                self.comm.encode_all(call, values)?
            }
            _ => Default::default(),
        };
        let mut len = [0u64];
        self.scatter_into(&lens, &mut len, root)?;
        let mut mine = vec![0u8; len[0] as usize];
        let (send, recv, parts) = (send_buf(&bytes), recv_buf(&mut mine), parts(&lens));
        let scatter = Scatter { send, parts: Some(&parts), recv: Some(recv), root: root.number() };
        self.comm.engine.engine().run(self.comm.id, scatter)?;
        self.come(call, &mine, root)
    }

    /// Collects the objects of the other group at every rank of this one, and the other way round. Section 6.7.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let side = world.rank().min(1);
    ///     let mine = world.split(Some(side as u32), 0)?.expect("it gave a colour");
    ///     let across = mine.intercommunicator(0, world, 1 - side, 0)?;
    ///     let others = across.all_gather(&world.rank())?;
    ///     assert_eq!(others, if side == 0 { vec![1, 2] } else { vec![0] });
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Type` when an object cannot be serialised, or is of another type than a rank asks for.
    pub fn all_gather<T: Serialize + DeserializeOwned>(&self, value: &T) -> Result<Vec<T>> {
        self.comm.collected_by_all(Call::Allgather, value)
    }

    /// Gives the i-th object to rank i of the other group, and gets one from each of them. Section 6.8.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     // Rank 0 is one group, ranks 1 and 2 are the other.
    ///     let side = world.rank().min(1);
    ///     let group = world.split(Some(side as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - side, 0)?;
    ///     let got = across.all_to_all([[7, 8].as_slice(), &[5], &[6]][world.rank()])?;
    ///     assert_eq!(got, [[5, 6].as_slice(), &[7], &[8]][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when the objects are not as many as the ranks of the other group.
    pub fn all_to_all<T: Serialize + DeserializeOwned>(&self, values: &[T]) -> Result<Vec<T>> {
        self.comm.exchanged(values).map_err(in_call(Call::Alltoall))
    }

    /// Combines the objects of the other group at the root, in order of rank: it gets `Some`. The ranks of the other
    /// group pass `Some`; `combine` runs at the root alone. Section 6.9.1.
    ///
    /// ```
    /// use ranks::Root;
    ///
    /// ranks::threads(3, |world| {
    ///     // Rank 0 is one group, ranks 1 and 2 are the other.
    ///     let side = world.rank().min(1);
    ///     let group = world.split(Some(side as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - side, 0)?;
    ///     let root = if side == 0 { Root::Here } else { Root::There(0) };
    ///     let line = across.reduce((side == 1).then_some(&world.rank()), |a, b| a * 10 + b, root)?;
    ///     assert_eq!(line, (side == 0).then_some(12));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when a rank whose root is in the other group passes `None`; class `Root` when the other
    /// group has no such rank.
    pub fn reduce<T: Serialize + DeserializeOwned>(
        &self,
        value: Option<&T>,
        combine: impl FnMut(T, T) -> T,
        root: Root,
    ) -> Result<Option<T>> {
        let all = self.collected(Call::Reduce, value, root).map_err(in_call(Call::Reduce))?;
        Ok(all.and_then(|all| self.comm.combined(all, combine)))
    }

    /// Combines the objects of the other group, in order of rank, for every rank of this one, and the other way
    /// round. `combine` runs at each rank. Section 6.9.6.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let side = world.rank().min(1);
    ///     let mine = world.split(Some(side as u32), 0)?.expect("it gave a colour");
    ///     let across = mine.intercommunicator(0, world, 1 - side, 0)?;
    ///     let sum = across.all_reduce(&world.rank(), |a, b| a + b)?;
    ///     assert_eq!(sum, if side == 0 { 3 } else { 0 });
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Type` when an object cannot be serialised, or is of another type than a rank asks for.
    pub fn all_reduce<T: Serialize + DeserializeOwned>(
        &self,
        value: &T,
        combine: impl FnMut(T, T) -> T,
    ) -> Result<T> {
        let all = self.comm.collected_by_all(Call::Allreduce, value)?;
        Ok(self.comm.combined(all, combine).expect("a group has ranks"))
    }

    /// What must be passed here.
    fn given<B>(&self, call: Call, what: &str, value: Option<B>) -> Result<B> {
        let detail = || format!("this rank has no {what} to give: pass Some");
        value.ok_or_else(|| self.comm.error(Class::Arg, call, detail()))
    }

    /// The object that came from a root of the other group.
    fn come<T: DeserializeOwned>(&self, call: Call, bytes: &[u8], root: Root) -> Result<Option<T>> {
        match root {
            Root::There(root) => self.comm.decode_from(call, bytes, root).map(Some),
            _ => Ok(None),
        }
    }
}

/// Slices, as they lie in memory. What a rank does not give or get may be empty.
impl Intercommunicator {
    /// Gives the root's slice to the other group; there all slices have its length. Section 6.4.
    ///
    /// ```
    /// use ranks::Root;
    ///
    /// ranks::threads(3, |world| {
    ///     // Rank 0 is one group, ranks 1 and 2 are the other.
    ///     let side = world.rank().min(1);
    ///     let group = world.split(Some(side as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - side, 0)?;
    ///     let root = if side == 0 { Root::Here } else { Root::There(0) };
    ///     let mut row = if side == 0 { [1, 2] } else { [0; 2] };
    ///     across.broadcast_into(&mut row, root)?;
    ///     assert_eq!(row, [1, 2]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Root` when the other group has no such rank; class `Truncate` when a slice has another length
    /// than the root's.
    pub fn broadcast_into<T: Equivalence>(&self, data: &mut [T], root: Root) -> Result<()> {
        self.comm.moved_in_place(data, |buf| Bcast { buf, root: root.number() })
    }

    /// Collects equal parts of the other group at the root, in order of rank: there `recv` is as many times longer
    /// than the others' `send` as they are. Section 6.5.
    ///
    /// ```
    /// use ranks::Root;
    ///
    /// ranks::threads(3, |world| {
    ///     // Rank 0 is one group, ranks 1 and 2 are the other.
    ///     let side = world.rank().min(1);
    ///     let group = world.split(Some(side as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - side, 0)?;
    ///     let root = if side == 0 { Root::Here } else { Root::There(0) };
    ///     let mut all = vec![0; if side == 0 { 2 } else { 0 }];
    ///     across.gather_into(&[world.rank()], &mut all, root)?;
    ///     assert_eq!(all, if side == 0 { vec![1, 2] } else { vec![] });
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Root` when the other group has no such rank; class `Count` or `Truncate` when the lengths do
    /// not agree, here or between ranks.
    pub fn gather_into<T: Equivalence>(&self, send: &[T], recv: &mut [T], root: Root) -> Result<()> {
        self.comm.moved(send, recv, |send, recv| Gather {
            send: Some(send),
            recv,
            parts: None,
            root: root.number(),
        })
    }

    /// Deals the root's slice in equal parts to the other group, in order of rank: there `recv` has the
    /// length of one part. Section 6.6.
    ///
    /// ```
    /// use ranks::Root;
    ///
    /// ranks::threads(3, |world| {
    ///     // Rank 0 is one group, ranks 1 and 2 are the other.
    ///     let side = world.rank().min(1);
    ///     let group = world.split(Some(side as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - side, 0)?;
    ///     let root = if side == 0 { Root::Here } else { Root::There(0) };
    ///     let mut number = [0];
    ///     across.scatter_into(&[10, 20], &mut number, root)?;
    ///     assert_eq!(number, [[0], [10], [20]][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Root` when the other group has no such rank; class `Count` or `Truncate` when the lengths do
    /// not agree, here or between ranks.
    pub fn scatter_into<T: Equivalence>(&self, send: &[T], recv: &mut [T], root: Root) -> Result<()> {
        self.comm.moved(send, recv, |send, recv| Scatter {
            send,
            parts: None,
            recv: Some(recv),
            root: root.number(),
        })
    }

    /// Collects equal parts of the other group at every rank of this one, and the other way round; the parts of the
    /// two groups may differ in length. Section 6.7.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     // Rank 0 is one group, ranks 1 and 2 are the other.
    ///     let side = world.rank().min(1);
    ///     let group = world.split(Some(side as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - side, 0)?;
    ///     let mut others = vec![0; across.remote_size()];
    ///     across.all_gather_into(&[world.rank()], &mut others)?;
    ///     assert_eq!(others, [&[1, 2][..], &[0], &[0]][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Count` or `Truncate` when the lengths do not agree, here or between ranks.
    pub fn all_gather_into<T: Equivalence>(&self, send: &[T], recv: &mut [T]) -> Result<()> {
        self.comm.all_gather_into(send, recv)
    }

    /// Gives the i-th part to rank i of the other group and gets one from each of them: `send` and `recv` have a part
    /// for each, all of one length. Section 6.8.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let side = world.rank().min(1);
    ///     let mine = world.split(Some(side as u32), 0)?.expect("it gave a colour");
    ///     let across = mine.intercommunicator(0, world, 1 - side, 0)?;
    ///     let mut got = vec![0; across.remote_size()];
    ///     across.all_to_all_into(&[[7, 8].as_slice(), &[5], &[6]][world.rank()], &mut got)?;
    ///     assert_eq!(got, [[5, 6].as_slice(), &[7], &[8]][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Count` or `Truncate` when the lengths do not agree, here or between ranks.
    pub fn all_to_all_into<T: Equivalence>(&self, send: &[T], recv: &mut [T]) -> Result<()> {
        self.comm.equal_parts(Call::Alltoall, recv.len())?;
        self.comm.all_to_all_into(send, recv)
    }

    /// Combines the slices of the other group, element by element and in order of rank, at the root, whose
    /// `recv` has their length. Section 6.9.1.
    ///
    /// ```
    /// use ranks::Root;
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     // Rank 0 is one group, ranks 1 and 2 are the other.
    ///     let side = world.rank().min(1);
    ///     let group = world.split(Some(side as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - side, 0)?;
    ///     let root = if side == 0 { Root::Here } else { Root::There(0) };
    ///     let mut sum = [0];
    ///     across.reduce_into(&[world.rank()], &mut sum, op::sum, root)?;
    ///     assert_eq!(sum, if side == 0 { [3] } else { [0] });
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Root` when the other group has no such rank; class `Count` or `Truncate` when the lengths do
    /// not agree, here or between ranks.
    pub fn reduce_into<T: Equivalence>(
        &self,
        send: &[T],
        recv: &mut [T],
        op: impl FnMut(T, T) -> T,
        root: Root,
    ) -> Result<()> {
        self.comm.combine(Call::Reduce, Some(send), recv, op, |engine, send, recv, op| {
            engine.run(self.comm.id, Reduce { send, recv, op, root: root.number() })
        })
    }

    /// Combines the slices of the other group for every rank of this one, and the other way round; all have one
    /// length. Section 6.9.6.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     let side = world.rank().min(1);
    ///     let mine = world.split(Some(side as u32), 0)?.expect("it gave a colour");
    ///     let across = mine.intercommunicator(0, world, 1 - side, 0)?;
    ///     let mut sums = [0.0; 2];
    ///     across.all_reduce_into(&[world.rank() as f64, 1.0], &mut sums, op::sum)?;
    ///     assert_eq!(sums, if side == 0 { [3.0, 2.0] } else { [0.0, 1.0] });
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
        self.comm.all_reduce_into(send, recv, op)
    }

    /// Combines the slices of the other group and leaves each rank of this one its part, and the other way round. All
    /// slices of both groups have one length, in which each group has equal parts. Section 6.10.1.
    ///
    /// ```
    /// use ranks::op;
    ///
    /// ranks::threads(3, |world| {
    ///     // Rank 0 is one group, ranks 1 and 2 are the other.
    ///     let side = world.rank().min(1);
    ///     let group = world.split(Some(side as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - side, 0)?;
    ///     let mut part = vec![0; 2 / across.size()];
    ///     across.reduce_scatter_into(&[world.rank(), 10], &mut part, op::sum)?;
    ///     // Rank 0 gets the sums of ranks 1 and 2; these share what rank 0 gave.
    ///     assert_eq!(part, [&[3, 20][..], &[0], &[10]][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Count` or `Truncate` when the lengths do not agree, here or between ranks.
    pub fn reduce_scatter_into<T: Equivalence>(
        &self,
        send: &[T],
        recv: &mut [T],
        op: impl FnMut(T, T) -> T,
    ) -> Result<()> {
        self.comm.reduce_scatter_into(send, recv, op)
    }
}
