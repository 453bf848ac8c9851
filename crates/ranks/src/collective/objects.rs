//! Collectives of objects. Lengths travel first, then the serialised objects.

use crate::communicator::{Communicator, Status};
use crate::memory::{recv_buf, send_buf};
use crate::{Class, Error, Result};
use ranks_engine::collective::{Allgather, Alltoall, ExchangeParts, Gather, Part, Scatter};
use ranks_engine::{Call, RecvBuf, SendBuf};
use serde::Serialize;
use serde::de::DeserializeOwned;

impl Communicator {
    /// Gives each rank one of the root's objects: rank i gets the i-th. The root passes `Some` with one for each rank, the
    /// others `None`. Section 6.6.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let words = (world.rank() == 0).then(|| vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]);
    ///     let mine = world.scatter(words, 0)?;
    ///     assert_eq!(mine, ["a", "b", "c"][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when the root's objects are not as many as the ranks.
    pub fn scatter<T: Serialize + DeserializeOwned>(&self, values: Option<Vec<T>>, root: usize) -> Result<T> {
        self.dealt(values, root).map_err(in_call(Call::Scatter))
    }

    fn dealt<T: Serialize + DeserializeOwned>(&self, values: Option<Vec<T>>, root: usize) -> Result<T> {
        let call = Call::Scatter;
        if self.rank() != root {
            let mut len = [0u64];
            self.scatter_into(None, &mut len, root)?;
            let mut bytes = vec![0u8; len[0] as usize];
            let recv = recv_buf(&mut bytes);
            self.engine.engine().run(
                self.id,
                Scatter { send: SendBuf::EMPTY, parts: Some(&[]), recv: Some(recv), root: Self::to(root) },
            )?;
            return self.decode_from(call, &bytes, root);
        }
        let values = values.unwrap_or_default();
        self.one_each(call, "objects", values.len())?;
        let (bytes, lens) = self.encode_all(call, &values)?;
        self.scatter_into(Some(&lens), &mut [0u64], root)?;
        let parts = parts(&lens);
        self.engine.engine().run(
            self.id,
            Scatter { send: send_buf(&bytes), parts: Some(&parts), recv: None, root: Self::to(root) },
        )?;
        Ok(values.into_iter().nth(root).expect("there is one for each rank"))
    }

    /// Collects the ranks' objects at the root, in order of rank; the others get `None`. Section 6.5.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let all = world.gather(world.rank() * 10, 2)?;
    ///     assert_eq!(all, (world.rank() == 2).then(|| vec![0, 10, 20]));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Root` when there is no such rank; class `Type` when an object cannot be serialised, or is of
    /// another type than the receiver asks for.
    pub fn gather<T: Serialize + DeserializeOwned>(&self, value: T, root: usize) -> Result<Option<Vec<T>>> {
        self.collected(Call::Gather, value, root).map_err(in_call(Call::Gather))
    }

    fn collected<T: Serialize + DeserializeOwned>(
        &self,
        call: Call,
        value: T,
        root: usize,
    ) -> Result<Option<Vec<T>>> {
        let bytes = self.encode(call, &value)?;
        let len = [bytes.len() as u64];
        let (send, to) = (Some(send_buf(&bytes)), Self::to(root));
        if self.rank() != root {
            self.gather_into(&len, None, root)?;
            self.engine
                .engine()
                .run(self.id, Gather { send, recv: RecvBuf::EMPTY, parts: Some(&[]), root: to })?;
            return Ok(None);
        }
        let mut lens = vec![0u64; self.size()];
        self.gather_into(&len, Some(&mut lens), root)?;
        let parts = parts(&lens);
        let mut all = vec![0u8; lens.iter().sum::<u64>() as usize];
        self.engine
            .engine()
            .run(self.id, Gather { send, recv: recv_buf(&mut all), parts: Some(&parts), root: to })?;
        self.decode_all(call, &all, &parts).map(Some)
    }

    /// Collects the ranks' objects at all ranks, in order of rank. Section 6.7.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let all = world.all_gather(format!("from {}", world.rank()))?;
    ///     assert_eq!(all, ["from 0", "from 1", "from 2"]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Type` when an object cannot be serialised, or is of another type than the receiver asks for.
    pub fn all_gather<T: Serialize + DeserializeOwned>(&self, value: T) -> Result<Vec<T>> {
        self.collected_by_all(Call::Allgather, &value)
    }

    pub(super) fn collected_by_all<T: Serialize + DeserializeOwned>(
        &self,
        call: Call,
        value: &T,
    ) -> Result<Vec<T>> {
        let bytes = self.encode(call, value)?;
        let mut lens = vec![0u64; self.partners];
        self.all_gather_into(&[bytes.len() as u64], &mut lens).map_err(in_call(call))?;
        let parts = parts(&lens);
        let mut all = vec![0u8; lens.iter().sum::<u64>() as usize];
        let (send, recv) = (Some(send_buf(&bytes)), recv_buf(&mut all));
        self.engine
            .engine()
            .run(self.id, Allgather { send, recv, parts: Some(&parts) })
            .map_err(in_call(call))?;
        self.decode_all(call, &all, &parts)
    }

    /// Gives the i-th object to rank i, and gets one from each, in order of rank. Section 6.8.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let me = world.rank();
    ///     let letters = (0..3).map(|to| format!("{me} to {to}")).collect();
    ///     let got = world.all_to_all(letters)?;
    ///     assert_eq!(got, (0..3).map(|from| format!("{from} to {me}")).collect::<Vec<_>>());
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when the objects are not as many as the ranks.
    pub fn all_to_all<T: Serialize + DeserializeOwned>(&self, values: Vec<T>) -> Result<Vec<T>> {
        self.exchanged(&values).map_err(in_call(Call::Alltoall))
    }

    pub(super) fn exchanged<T: Serialize + DeserializeOwned>(&self, values: &[T]) -> Result<Vec<T>> {
        let call = Call::Alltoall;
        self.one_each(call, "objects", values.len())?;
        let (bytes, lens) = self.encode_all(call, values)?;
        let mut come = vec![0u64; self.partners];
        self.all_to_all_into(&lens, &mut come)?;
        let (from, to) = (parts(&lens), parts(&come));
        let mut all = vec![0u8; come.iter().sum::<u64>() as usize];
        let (send, recv) = (Some(send_buf(&bytes)), recv_buf(&mut all));
        self.engine.engine().run(self.id, Alltoall { send, recv, parts: ExchangeParts::Each(&from, &to) })?;
        self.decode_all(call, &all, &to)
    }

    /// Combines the ranks' objects at the root, in order of rank; the others get `None`. `combine` runs
    /// at the root alone, and panics if it uses a communicator of its rank. Section 6.9.1.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let line = world.reduce(world.rank().to_string(), |a, b| a + "-" + &b, 0)?;
    ///     assert_eq!(line, (world.rank() == 0).then(|| "0-1-2".to_owned()));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Root` when there is no such rank; class `Type` when an object cannot be serialised, or is of
    /// another type than the receiver asks for.
    pub fn reduce<T: Serialize + DeserializeOwned>(
        &self,
        value: T,
        combine: impl FnMut(T, T) -> T,
        root: usize,
    ) -> Result<Option<T>> {
        let all = self.collected(Call::Reduce, value, root).map_err(in_call(Call::Reduce))?;
        Ok(all.and_then(|all| self.combined(all, combine)))
    }

    /// Combines the ranks' objects for all ranks, in order of rank. `combine` runs at rank 0 alone, so
    /// all get the same; it panics if it uses a communicator of its rank. Section 6.9.6.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let most = world.all_reduce(world.rank() * 10, |a, b| a.max(b))?;
    ///     assert_eq!(most, 20);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Type` when an object cannot be serialised, or is of another type than the receiver asks for.
    pub fn all_reduce<T: Serialize + DeserializeOwned>(
        &self,
        value: T,
        combine: impl FnMut(T, T) -> T,
    ) -> Result<T> {
        let all = self.collected(Call::Allreduce, value, 0).map_err(in_call(Call::Allreduce))?;
        let reduced = all.and_then(|all| self.combined(all, combine));
        self.broadcast(reduced, 0).map_err(in_call(Call::Allreduce))
    }

    /// The values combined in order of rank. The engine stays borrowed meanwhile: an operation that uses a
    /// communicator panics instead of waiting for ranks that are not there.
    pub(super) fn combined<T>(&self, all: Vec<T>, combine: impl FnMut(T, T) -> T) -> Option<T> {
        let _held = self.engine.engine_in_poll();
        all.into_iter().reduce(combine)
    }

    pub(super) fn one_each(&self, call: Call, what: &str, found: usize) -> Result<()> {
        if found == self.partners {
            return Ok(());
        }
        let noun = if self.partners == 1 { "rank" } else { "ranks" };
        let detail = format!("{found} {what} for {} {noun}: there must be one for each", self.partners);
        Err(self.error(Class::Arg, call, detail))
    }

    /// The objects one after the other, and the length of each.
    pub(super) fn encode_all<T: Serialize>(&self, call: Call, values: &[T]) -> Result<(Vec<u8>, Vec<u64>)> {
        let mut bytes = Vec::new();
        let mut lens = Vec::with_capacity(values.len());
        for value in values {
            let one = self.encode(call, value)?;
            lens.push(one.len() as u64);
            bytes.extend_from_slice(&one);
        }
        Ok((bytes, lens))
    }

    pub(super) fn decode_all<T: DeserializeOwned>(
        &self,
        call: Call,
        bytes: &[u8],
        parts: &[Part],
    ) -> Result<Vec<T>> {
        let one =
            |(rank, part): (usize, &Part)| self.decode_from(call, &bytes[part.at..part.at + part.len], rank);
        parts.iter().enumerate().map(one).collect()
    }

    pub(super) fn decode_from<T: DeserializeOwned>(
        &self,
        call: Call,
        bytes: &[u8],
        source: usize,
    ) -> Result<T> {
        self.decode(call, bytes, Status::of(source, 0, bytes.len()))
    }
}

/// Errors of the steps are told as those of the call that the user made.
pub(super) fn in_call(call: Call) -> impl FnOnce(Error) -> Error {
    move |error| error.in_call(call)
}

pub(super) fn parts(lens: &[u64]) -> Vec<Part> {
    Part::in_order(lens.iter().map(|&len| len as usize))
}
