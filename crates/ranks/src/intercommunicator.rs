//! Communicators between two groups of ranks. Section 7.6.

use crate::Result;
use crate::communicator::{Communicator, Source, Status, Tag};
use crate::equivalence::Equivalence;
use crate::request::{BufferReceive, BufferSend, ObjectReceive, ObjectSend};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Two groups of ranks that talk to each other: whoever is addressed is a rank of the *other* group.
pub struct Intercommunicator {
    /// Its calls mean the other group, whose ranks are its partners; its own rank and size are those of this group.
    pub(crate) comm: Communicator,
}

impl Communicator {
    /// Joins this communicator, by its rank `leader`, with another one, whose leader is `remote_leader` in
    /// `peer`; only the leaders look at the last three. Collective over both. Section 7.6.1.
    ///
    /// ```
    /// ranks::threads(4, |world| {
    ///     let half = world.rank() / 2;
    ///     let mine = world.split(Some(half as u32), 0)?.expect("it gave a colour");
    ///     let across = mine.intercommunicator(0, world, if half == 0 { 2 } else { 0 }, 0)?;
    ///     assert_eq!((across.size(), across.remote_size()), (2, 2));
    ///     across.send(&world.rank(), across.rank(), 0)?;
    ///     assert_eq!(across.receive::<usize>(across.rank(), 0)?.0, (world.rank() + 2) % 4);
    ///     // The second half goes first.
    ///     let all = across.merge(half == 0)?;
    ///     assert_eq!(all.rank(), (world.rank() + 2) % 4);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Rank` when a leader does not exist or both leaders are one rank; class `Tag` when the tag is
    /// negative; class `Comm` when a rank is in both groups. What a leader is refused, its whole group is
    /// refused.
    pub fn intercommunicator(
        &self,
        leader: usize,
        peer: &Communicator,
        remote_leader: usize,
        tag: i32,
    ) -> Result<Intercommunicator> {
        let (leader, remote) = (Self::to(leader), Self::to(remote_leader));
        let id = self.engine.engine().intercomm_create(self.id, leader, peer.id, remote, tag)?;
        let mut comm = self.made(id)?;
        comm.partners = self.engine.engine().comm_remote_group(id)?.size() as usize;
        Ok(Intercommunicator { comm })
    }
}

impl Intercommunicator {
    /// This rank's number in its own group.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     // Rank 0 is one group, ranks 1 and 2 are the other.
    ///     let side = world.rank().min(1);
    ///     let group = world.split(Some(side as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - side, 0)?;
    ///     assert_eq!(across.rank(), [0, 0, 1][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn rank(&self) -> usize {
        self.comm.rank()
    }

    /// The number of ranks in its own group.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     // Rank 0 is one group, ranks 1 and 2 are the other.
    ///     let side = world.rank().min(1);
    ///     let group = world.split(Some(side as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - side, 0)?;
    ///     assert_eq!(across.size(), [1, 2, 2][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn size(&self) -> usize {
        self.comm.size()
    }

    /// The number of ranks in the other group.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     // Rank 0 is one group, ranks 1 and 2 are the other.
    ///     let side = world.rank().min(1);
    ///     let group = world.split(Some(side as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - side, 0)?;
    ///     assert_eq!(across.remote_size(), [2, 1, 1][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn remote_size(&self) -> usize {
        self.comm.partners
    }

    /// Makes one communicator of both groups. The group whose ranks pass `true` comes second; if both groups
    /// pass the same, the order is the same at all ranks. Collective over both. Section 7.6.1.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     // Rank 0 is one group, ranks 1 and 2 are the other.
    ///     let side = world.rank().min(1);
    ///     let group = world.split(Some(side as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - side, 0)?;
    ///     // The group of rank 0 says that it comes last.
    ///     let all = across.merge(side == 0)?;
    ///     assert_eq!((all.size(), all.rank()), (3, (world.rank() + 2) % 3));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when the ranks of one group do not pass the same.
    pub fn merge(&self, high: bool) -> Result<Communicator> {
        let id = self.comm.engine.engine().intercomm_merge(self.comm.id, high)?;
        self.comm.made(id)
    }

    /// Sends an object to a rank of the other group, as [`Communicator::send`] does within one group.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let group = world.split(Some(world.rank() as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - world.rank(), 0)?;
    ///     if world.rank() == 0 {
    ///         across.send("hello", 0, 7)
    ///     } else {
    ///         let (text, status) = across.receive::<String>(0, 7)?;
    ///         assert_eq!((text.as_str(), status.source), ("hello", 0));
    ///         Ok(())
    ///     }
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::send`]; class `Rank` when the other group has no rank `dest`.
    pub fn send<T: Serialize + ?Sized>(&self, value: &T, dest: usize, tag: i32) -> Result<()> {
        self.comm.send(value, dest, tag)
    }

    /// Receives an object from the other group, as [`Communicator::receive`] does within one group. The
    /// status names the sender by its rank in the other group.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let group = world.split(Some(world.rank() as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - world.rank(), 0)?;
    ///     across.send(&(world.rank() * 10), 0, 0)?;
    ///     let (number, status) = across.receive::<usize>(ranks::ANY_SOURCE, 0)?;
    ///     assert_eq!((number, status.source), ((1 - world.rank()) * 10, 0));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::receive`]; class `Rank` when the other group has no rank `source`.
    pub fn receive<T: DeserializeOwned>(
        &self,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<(T, Status)> {
        self.comm.receive(source, tag)
    }

    /// Sends a slice to a rank of the other group, as [`Communicator::send_from`] does within one group.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let group = world.split(Some(world.rank() as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - world.rank(), 0)?;
    ///     across.send_from(&[1.5, 2.5], 0, 0)?;
    ///     let mut row = [0.0; 2];
    ///     across.receive_into(&mut row, 0, 0)?;
    ///     assert_eq!(row, [1.5, 2.5]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::send_from`]; class `Rank` when the other group has no rank `dest`.
    pub fn send_from<T: Equivalence>(&self, data: &[T], dest: usize, tag: i32) -> Result<()> {
        self.comm.send_from(data, dest, tag)
    }

    /// Receives into a slice from the other group, as [`Communicator::receive_into`] does within one group.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let group = world.split(Some(world.rank() as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - world.rank(), 0)?;
    ///     across.send_from(&[world.rank()], 0, 0)?;
    ///     // The slice may be longer than the message.
    ///     let mut row = [9; 2];
    ///     let status = across.receive_into(&mut row, 0, 0)?;
    ///     assert_eq!((row, status.bytes), ([1 - world.rank(), 9], size_of::<usize>()));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::receive_into`]; class `Rank` when the other group has no rank `source`.
    pub fn receive_into<T: Equivalence>(
        &self,
        data: &mut [T],
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Status> {
        self.comm.receive_into(data, source, tag)
    }

    /// Begins to send an object to a rank of the other group, as [`Communicator::isend`] does within one
    /// group.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let group = world.split(Some(world.rank() as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - world.rank(), 0)?;
    ///     let sending = across.isend(&world.rank(), 0, 0)?;
    ///     assert_eq!(across.receive::<usize>(0, 0)?.0, 1 - world.rank());
    ///     sending.wait()
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::isend`]; class `Rank` when the other group has no rank `dest`.
    pub fn isend<T: Serialize + ?Sized>(&self, value: &T, dest: usize, tag: i32) -> Result<ObjectSend<'_>> {
        self.comm.isend(value, dest, tag)
    }

    /// Begins to receive an object from the other group, as [`Communicator::ireceive`] does within one group.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let group = world.split(Some(world.rank() as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - world.rank(), 0)?;
    ///     let receiving = across.ireceive::<usize>(0, 0)?;
    ///     across.send(&world.rank(), 0, 0)?;
    ///     let (number, status) = receiving.wait()?;
    ///     assert_eq!((number, status.source), (1 - world.rank(), 0));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::ireceive`]; class `Rank` when the other group has no rank `source`.
    pub fn ireceive<T: DeserializeOwned>(
        &self,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<ObjectReceive<'_, T>> {
        self.comm.ireceive(source, tag)
    }

    /// Begins to send a buffer to a rank of the other group, as [`Communicator::isend_from`] does within one
    /// group.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let group = world.split(Some(world.rank() as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - world.rank(), 0)?;
    ///     let sending = across.isend_from(vec![world.rank(); 3], 0, 0)?;
    ///     let receiving = across.ireceive_into(vec![0; 3], 0, 0)?;
    ///     let (mine, (theirs, _)) = ranks::wait_all((sending, receiving))?;
    ///     assert_eq!((mine, theirs), (vec![world.rank(); 3], vec![1 - world.rank(); 3]));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::isend_from`]; class `Rank` when the other group has no rank `dest`.
    pub fn isend_from<T: Equivalence>(
        &self,
        data: Vec<T>,
        dest: usize,
        tag: i32,
    ) -> Result<BufferSend<'_, T>> {
        self.comm.isend_from(data, dest, tag)
    }

    /// Begins to receive into a buffer from the other group, as [`Communicator::ireceive_into`] does within
    /// one group.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let group = world.split(Some(world.rank() as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - world.rank(), 0)?;
    ///     let receiving = across.ireceive_into(vec![0u8; 4], 0, 0)?;
    ///     across.send_from(&[5u8, 6], 0, 0)?;
    ///     let (row, status) = receiving.wait()?;
    ///     assert_eq!((row, status.bytes), (vec![5, 6, 0, 0], 2));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::ireceive_into`]; class `Rank` when the other group has no rank `source`.
    pub fn ireceive_into<T: Equivalence>(
        &self,
        data: Vec<T>,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<BufferReceive<'_, T>> {
        self.comm.ireceive_into(data, source, tag)
    }

    /// Waits until a message from the other group can be received, as [`Communicator::probe`] does within one
    /// group. It takes no message.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let group = world.split(Some(world.rank() as u32), 0)?.expect("it gave a colour");
    ///     let across = group.intercommunicator(0, world, 1 - world.rank(), 0)?;
    ///     across.send(&world.rank(), 0, 7)?;
    ///     let status = across.probe(ranks::ANY_SOURCE, ranks::ANY_TAG)?;
    ///     assert_eq!((status.source, status.tag), (0, 7));
    ///     assert_eq!(across.receive::<usize>(status.source, status.tag)?.0, 1 - world.rank());
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::probe`]; class `Rank` when the other group has no rank `source`.
    pub fn probe(&self, source: impl Into<Source>, tag: impl Into<Tag>) -> Result<Status> {
        self.comm.probe(source, tag)
    }
}

impl std::fmt::Debug for Intercommunicator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Intercommunicator(rank {} of {}, {} others)", self.rank(), self.size(), self.remote_size())
    }
}
