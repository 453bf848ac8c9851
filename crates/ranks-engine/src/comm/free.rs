//! Freeing and disconnecting: MPI 5.0 sections 7.4.4 and 11.10.4.

use crate::error::{Class, Result};
use crate::group::{Comm, CommId};
use crate::p2p::{Engine, RequestId, Status};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

impl<T: Transport> Engine<T> {
    /// Frees a communicator; what is under way on it completes. Local.
    pub fn comm_free(&mut self, id: CommId) -> Result<()> {
        let call = Call::CommFree;
        self.enter(call)?;
        self.check_freeable(call, id)?;
        let comm = self.comm(id, call)?;
        self.core.comms.remove(id);
        self.retire(&comm);
        if let Some(local) = &comm.local {
            self.retire(local);
        }
        self.core.requests.forget_comms();
        if self.core.parent == Some(id) {
            self.core.parent = None;
        }
        self.leave_other_jobs();
        Ok(())
    }

    /// Lets go of the ranks of other jobs with which this one has no communicator any more, and nothing under way. Those
    /// with which something is are let go by a later call.
    pub(crate) fn leave_other_jobs(&mut self) {
        for peer in self.core.world..self.core.ranks {
            let beside = self.transport.peers_beside(peer);
            if beside.first() != Some(&peer) {
                continue;
            }
            let used = beside.iter().any(|&peer| self.core.comms.knows(peer) || self.is_busy_with(peer));
            if !used {
                beside.iter().for_each(|&peer| self.core.forget_peer(peer));
                self.transport.unlink(peer);
                self.core.set_fits(self.transport.fits());
            }
        }
    }

    /// Begins to wait until nothing is under way on a communicator that this rank has begun: the first part of
    /// disconnecting, which ends with [`Self::comm_free`].
    pub fn begin_disconnect(&mut self, id: CommId) -> Result<RequestId> {
        let call = Call::CommDisconnect;
        self.enter(call)?;
        self.check_freeable(call, id)?;
        let comm = self.comm(id, call)?;
        let busy = comm.clone();
        let chore = Box::new(move |engine: &mut Self| (!engine.is_busy(&busy)).then_some(Ok(Status::EMPTY)));
        Ok(self.begin_chore(call, Some(&comm), chore))
    }

    fn check_freeable(&self, call: Call, id: CommId) -> Result<()> {
        let comm = self.comm(id, call)?;
        if id == CommId::WORLD || id == CommId::SELF {
            let detail = "world and self cannot be freed";
            return Err(self.error_on(&comm, call, Class::Comm, detail.into()));
        }
        Ok(())
    }

    fn retire(&mut self, comm: &Comm) {
        if let Some(area) = comm.area {
            self.transport.segment().leave_area(area);
        }
        self.core.one_buffer.remove(&comm.context);
        self.core.matcher.forget(comm.context);
        self.core.matcher.forget(comm.context + 1);
        if comm.slots().chain(comm.own().slots()).any(|slot| slot >= self.core.world) {
            self.transport.forget_context(comm.context);
        }
        for context in self.core.made.forget(comm.context) {
            self.core.matcher.forget(context);
        }
    }

    /// Communicators that this rank has, and contexts that something waits in or has waited in: for tests of
    /// what is left behind.
    pub fn comm_counts(&self) -> (usize, usize) {
        (self.core.comms.count(), self.core.matcher.contexts())
    }
}
