//! What the end of a rank does to the requests of the others.
//!
//! A rank that has ended may have left messages in its ring: they are taken in first, and can still be
//! received. What can never complete then fails, with the name of the rank it waited for.

use super::Engine;
use super::core::{Core, Incoming};
use super::request::{RequestId, Status};
use crate::ANY_SOURCE;
use crate::error::{Class, Error, Result};
use crate::group::{Comm, CommId};
use crate::transport::Transport;
use ranks_shm::blame::Blame;
use ranks_shm::blocked::Call;
use ranks_shm::life::{Life, Stage};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

impl<T: Transport> Engine<T> {
    /// Looks who has ended since the last time. True when anyone has.
    #[inline(always)]
    pub(crate) fn look_at_failures(&mut self) -> bool {
        let epoch = self.transport.epoch();
        if epoch == self.core.epoch {
            return false;
        }
        self.look_at_each(epoch)
    }

    #[cold]
    fn look_at_each(&mut self, epoch: u32) -> bool {
        self.core.epoch = epoch;
        let mut moved = false;
        for rank in 0..self.core.ranks {
            let life = self.transport.life(rank);
            if rank == self.core.me || !matches!(life, Life::Finished | Life::Failed) {
                continue;
            }
            match self.core.gone[rank] {
                None => {
                    self.core.gone_count += 1;
                    self.core.gone[rank] = Some(life);
                    self.fail_requests_of(rank);
                    moved = true;
                }
                // Finished first, killed afterwards: nothing new for anyone.
                Some(_) => self.core.gone[rank] = Some(life),
            }
        }
        self.give_up_watched();
        moved
    }

    /// Begins to wait until a rank of the communicator has died that is not among `known`; the source of its status is
    /// that rank. Nobody waits any more once `stop` is set.
    pub fn begin_failure(
        &mut self,
        id: CommId,
        known: Vec<usize>,
        stop: Arc<AtomicBool>,
    ) -> Result<RequestId> {
        let call = Call::Wait;
        self.enter(call)?;
        let comm = self.comm(id, call)?;
        let of = comm.clone();
        let chore = Box::new(move |engine: &mut Self| {
            if stop.load(Ordering::Relaxed) {
                return Some(Ok(Status::EMPTY));
            }
            if engine.core.gone_count == 0 {
                return None;
            }
            let died = |&(rank, slot): &(usize, usize)| {
                engine.core.gone[slot] == Some(Life::Failed) && !known.contains(&rank)
            };
            let (rank, _) = of.slots().enumerate().find(died)?;
            Some(Ok(Status { source: rank as i32, ..Status::EMPTY }))
        });
        Ok(self.begin_chore(call, Some(&comm), chore))
    }

    fn fail_requests_of(&mut self, rank: usize) {
        while self.drain(rank) {}
        let core = &mut self.core;
        let mut failed = core.drop_sharing_with(rank);
        if let Incoming::Request(index) = std::mem::replace(&mut core.incoming[rank], Incoming::Nowhere) {
            failed.push(index);
        }
        core.pulls.retain(|pull| pull.from != rank);
        core.break_messages_of(rank);
        for out in core.outbox.clear(rank) {
            failed.extend(out.request());
        }
        for index in core.matcher.posted_from(rank) {
            let request = core.requests.at(index);
            let (context, peer, tag) = (request.context, request.peer, request.wanted_tag());
            core.matcher.withdraw(context, peer, tag, index);
            failed.push(index);
        }
        // Sends that wait for its answer, and receives that it was sending through the ring.
        failed.extend(core.requests.active(|r| {
            r.peer == Some(rank) && (r.is_recv() && r.matched || !r.is_recv() && (!r.answered || !r.pushed))
        }));
        failed.sort_unstable();
        failed.dedup();
        for index in failed {
            let call = core.requests.at(index).call;
            let error = core.gone_error(call, rank);
            core.fail(index, error);
        }
    }

    /// Why a receive or probe can never be satisfied, if that is so: its source is gone, or every other
    /// rank of the communicator is, or one that might have been meant has died.
    pub(crate) fn hopeless(&self, call: Call, source: i32, comm: &Comm) -> Option<Error> {
        let core = &self.core;
        if core.gone_count == 0 {
            return None;
        }
        if source != ANY_SOURCE {
            let slot = comm.slot_of(source)?;
            return core.gone[slot].is_some().then(|| core.gone_error(call, slot));
        }
        let others = || comm.slots().filter(|&slot| slot != core.me);
        if let Some(dead) = others().find(|&slot| core.gone[slot] == Some(Life::Failed)) {
            return Some(core.gone_error(call, dead));
        }
        if comm.size() > 1 && others().all(|slot| core.gone[slot].is_some()) {
            let mut slots = others();
            core.blame(match (slots.next(), slots.next()) {
                (Some(only), None) => Blame::Rank(only),
                _ => Blame::Everyone,
            });
            let detail = "every other rank has finished and takes no further part";
            return Some(Error::new(Class::ProcFailed, call, core.me, detail));
        }
        None
    }
}

impl Core {
    /// What is said of an operation whose peer is gone. The peer is also written down as whoever made this rank fail.
    pub fn gone_error(&self, call: Call, slot: usize) -> Error {
        if slot >= self.world {
            return self.gone_abroad(call, slot);
        }
        self.blame(Blame::Rank(slot));
        let how = match self.gone[slot] {
            Some(Life::Failed) => "died",
            _ if self.segment.is_interrupted(slot) => "is about to end, because the job was interrupted",
            _ if self.segment.stage(slot) == Stage::Attached => "has exited without finalising",
            _ => "has finished and takes no further part",
        };
        Error::new(Class::ProcFailed, call, self.me, format!("rank {slot} of the job {how}"))
    }

    /// Writes down whose end made a call fail, for the report of the job's end.
    pub fn blame(&self, whom: Blame) {
        if !self.finalizing || self.segment.blame(self.me).is_none() {
            self.segment.set_blame(self.me, whom);
        }
    }
}
