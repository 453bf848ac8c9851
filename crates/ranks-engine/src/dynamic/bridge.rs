//! The ranks of another job become peers, and an intercommunicator to them.

use crate::comm::contexts_key;
use crate::error::{Class, Error, Result};
use crate::group::{Comm, CommId};
use crate::p2p::Engine;
use crate::transport::Transport;
use crate::transport::shm::{Bridge, Shm};
use ranks_shm::blocked::Call;
use std::sync::Arc;

/// Contexts that a side of a bridge takes: for the intercommunicator, and for its own group.
pub(super) const CONTEXTS: u32 = 2;

impl Engine<Shm> {
    /// The rank that this process is: of the job it was started in, or of a job of one.
    pub fn from_environment() -> Result<Self> {
        Self::begun(false)
    }

    /// As [`Self::from_environment`], for a program whose calls have the names of the Rust interface.
    pub fn in_rust() -> Result<Self> {
        Self::begun(true)
    }

    fn begun(in_rust: bool) -> Result<Self> {
        let mut engine = Self::new(Shm::from_environment(in_rust)?);
        engine.meet_parent()?;
        Ok(engine)
    }

    /// Takes the ranks on the other side of a bridge in. `members` are the ranks of this side, in their order.
    pub(super) fn cross(&mut self, call: Call, bridge: Bridge, members: &[u32]) -> Result<Comm> {
        let (segment, home) = (bridge.segment.clone(), bridge.home.clone());
        let (side, place) = (bridge.side, bridge.place);
        let (Some((_, ours)), Some((_, theirs))) = (segment.side(side), segment.side(1 - side)) else {
            return Err(self.error(
                Class::Intern,
                call,
                "the two sides of a bridge have not said their contexts",
            ));
        };
        let peers = self.transport.link(bridge);
        let homes: Vec<_> =
            peers.iter().map(|&peer| (peer, home.clone(), self.transport.home(peer).1)).collect();
        self.core.adopt_peers(&homes, self.transport.fits());
        peers.iter().for_each(|&peer| self.transport.translate(peer, ours, theirs));
        segment.set_arrived(place);
        peers.iter().for_each(|&peer| self.transport.wake(peer));
        let slots: Vec<u32> = peers.iter().map(|&peer| peer as u32).collect();
        let (ranks, me) = (self.core.ranks, self.core.me);
        let key = contexts_key(segment.nonce(), 0);
        let local = Comm::new(ours + 2, members, ranks, me, None);
        Ok(Comm::between(ours, Arc::new(local), slots, ranks).known_as(key))
    }

    /// In a rank that ranks of another job have started: the intercommunicator to them.
    pub(crate) fn meet_parent(&mut self) -> Result<()> {
        let Some(at) = self.transport.parent() else { return Ok(()) };
        let call = Call::Init;
        let gone = |error: Error| {
            let detail = format!("the ranks that have started this one are gone: {}", error.detail());
            Error::new(Class::ProcFailed, call, self.core.me, detail)
        };
        let mut bridge = Bridge::open(&at, 1, 0).map_err(gone)?;
        bridge.place = bridge.segment.first_side() + self.core.me;
        let members: Vec<u32> = (0..self.core.world as u32).collect();
        let comm = self.cross(call, bridge, &members)?;
        let id = self.core.comms.reserve();
        self.core.comms.fill(id, comm);
        self.core.parent = Some(id);
        Ok(())
    }
}

impl<T: Transport> Engine<T> {
    /// As [`Self::parent`], once: it does not know it any more then.
    pub fn take_parent(&mut self) -> Option<CommId> {
        self.core.parent.take()
    }

    /// The intercommunicator to the ranks that have started this job, until it is freed.
    pub fn parent(&self) -> Option<CommId> {
        self.core.parent
    }
}
