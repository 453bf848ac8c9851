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
    pub fn rank(&self) -> usize {
        self.comm.rank()
    }

    /// Ranks in its own group.
    pub fn size(&self) -> usize {
        self.comm.size()
    }

    /// Ranks in the other group.
    pub fn remote_size(&self) -> usize {
        self.comm.partners
    }

    /// One communicator of both groups; the one whose ranks say `high` comes second. Collective over both.
    /// Section 7.6.1.
    pub fn merge(&self, high: bool) -> Result<Communicator> {
        let id = self.comm.engine.engine().intercomm_merge(self.comm.id, high)?;
        self.comm.made(id)
    }

    /// As [`Communicator::send`], to a rank of the other group.
    pub fn send<T: Serialize + ?Sized>(&self, value: &T, dest: usize, tag: i32) -> Result<()> {
        self.comm.send(value, dest, tag)
    }

    /// As [`Communicator::receive`], from the other group.
    pub fn receive<T: DeserializeOwned>(
        &self,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<(T, Status)> {
        self.comm.receive(source, tag)
    }

    /// As [`Communicator::send_from`], to a rank of the other group.
    pub fn send_from<T: Equivalence>(&self, data: &[T], dest: usize, tag: i32) -> Result<()> {
        self.comm.send_from(data, dest, tag)
    }

    /// As [`Communicator::receive_into`], from the other group.
    pub fn receive_into<T: Equivalence>(
        &self,
        data: &mut [T],
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Status> {
        self.comm.receive_into(data, source, tag)
    }

    /// As [`Communicator::isend`], to a rank of the other group.
    pub fn isend<T: Serialize + ?Sized>(&self, value: &T, dest: usize, tag: i32) -> Result<ObjectSend<'_>> {
        self.comm.isend(value, dest, tag)
    }

    /// As [`Communicator::ireceive`], from the other group.
    pub fn ireceive<T: DeserializeOwned>(
        &self,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<ObjectReceive<'_, T>> {
        self.comm.ireceive(source, tag)
    }

    /// As [`Communicator::isend_from`], to a rank of the other group.
    pub fn isend_from<T: Equivalence>(
        &self,
        data: Vec<T>,
        dest: usize,
        tag: i32,
    ) -> Result<BufferSend<'_, T>> {
        self.comm.isend_from(data, dest, tag)
    }

    /// As [`Communicator::ireceive_into`], from the other group.
    pub fn ireceive_into<T: Equivalence>(
        &self,
        data: Vec<T>,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<BufferReceive<'_, T>> {
        self.comm.ireceive_into(data, source, tag)
    }

    /// As [`Communicator::probe`], of messages from the other group.
    pub fn probe(&self, source: impl Into<Source>, tag: impl Into<Tag>) -> Result<Status> {
        self.comm.probe(source, tag)
    }
}

impl std::fmt::Debug for Intercommunicator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Intercommunicator(rank {} of {}, {} others)", self.rank(), self.size(), self.remote_size())
    }
}
