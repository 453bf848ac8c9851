//! Processes that start processes, and jobs that meet: MPI 5.0 chapter 11.
//!
//! | file | what it holds |
//! |---|---|
//! | `bridge` | the ranks of another job become peers, and an intercommunicator to them |
//! | `spawn` | starting a job, and waiting until its ranks are there |
//! | `port` | jobs that meet at a port, and names of ports |
//! | `launcher` | finding the launcher and starting it |
//!
//! A started job is a job of its own, with a launcher, a segment and numbers of its own. Between the two lies a bridge
//! (`ranks_shm::meeting`).

mod bridge;
mod launcher;
mod port;
mod spawn;

pub use spawn::Program;

use crate::comm::Making;
use crate::error::{Class, Result};
use crate::group::{Comm, CommId};
use crate::p2p::Engine;
use crate::transport::shm::Shm;
use ranks_shm::blocked::Call;
use std::sync::Arc;

/// The calls that wait until the intercommunicator is there.
impl Engine<Shm> {
    /// The communicator of a call that `what` names. It must be an intracommunicator of this job's ranks.
    fn comm_of_own_job(&self, call: Call, id: CommId, what: &str) -> Result<Arc<Comm>> {
        self.enter(call)?;
        let comm = self.comm(id, call)?;
        let refused = |detail: String| Err(self.error_on(&comm, call, Class::Comm, detail));
        if comm.local.is_some() {
            return refused(format!("an intercommunicator cannot {what}: merge it first"));
        }
        if comm.slots().any(|slot| slot >= self.core.world) {
            return refused(format!(
                "ranks of several jobs cannot {what} together: use a communicator of one job"
            ));
        }
        Ok(comm)
    }

    fn met(&mut self, call: Call, making: Making) -> Result<CommId> {
        let made = self.made(call, making)?;
        made.ok_or_else(|| self.error(Class::Intern, call, "there is no communicator"))
    }

    /// See [`Self::begin_spawn`].
    pub fn spawn(&mut self, id: CommId, root: i32, programs: Result<Vec<Program>>) -> Result<CommId> {
        let making = self.begin_spawn(id, root, programs)?;
        self.met(Call::CommSpawn, making)
    }

    /// See [`Self::begin_accept`].
    pub fn accept(&mut self, id: CommId, root: i32, port: &str) -> Result<CommId> {
        let making = self.begin_accept(id, root, port)?;
        self.met(Call::CommAccept, making)
    }

    /// See [`Self::begin_connect`].
    pub fn connect(&mut self, id: CommId, root: i32, port: &str) -> Result<CommId> {
        let making = self.begin_connect(id, root, port)?;
        self.met(Call::CommConnect, making)
    }
}
