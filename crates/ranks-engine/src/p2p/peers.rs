//! Ranks of other jobs: how they become peers, and how they go.
//!
//! A peer is a number in this rank's own table: first the ranks of its job, then ranks of other jobs, in the order in which
//! they came. Numbers of peers that have gone are given away again. Between jobs a rank is known by its job's nonce and its
//! rank there.

use super::Engine;
use super::core::{Core, Incoming};
use crate::bounds;
use crate::error::{Class, Error};
use crate::transport::Transport;
use ranks_shm::Segment;
use ranks_shm::backoff::Policy;
use ranks_shm::blocked::Call;
use ranks_shm::life::{Life, Stage};
use std::sync::Arc;

impl Core {
    /// These peers are new: what was known of others with their numbers is forgotten.
    pub fn adopt_peers(&mut self, peers: &[(usize, Arc<Segment>, usize)], fits: bool) {
        let most = peers.iter().map(|(peer, ..)| peer + 1).max().unwrap_or(0).max(self.ranks);
        if most > self.ranks {
            self.ranks = most;
            self.matcher.grow(most);
            self.unmatched.grow(most);
            self.ways.grow(most);
            self.outbox.grow(most);
            self.incoming.resize(most, Incoming::Nowhere);
            self.early.resize(most, 0);
            self.announced.resize(most, 0);
            self.gone.resize(most, None);
        }
        for (peer, home, rank) in peers {
            self.forget_peer(*peer);
            let at = peer - self.world;
            if self.homes.len() <= at {
                self.homes.resize(at + 1, (home.clone(), *rank));
            }
            self.homes[at] = (home.clone(), *rank);
        }
        self.set_fits(fits);
        // The next progress looks at the lives of all.
        self.epoch = self.epoch.wrapping_sub(1);
    }

    /// A peer of another job has gone, or its number is given away again.
    pub fn forget_peer(&mut self, peer: usize) {
        if self.gone[peer].take().is_some() {
            self.gone_count -= 1;
        }
        self.incoming[peer] = Incoming::Nowhere;
        self.early[peer] = 0;
        self.announced[peer] = 0;
    }

    /// Whether all ranks that communicate have CPUs of their own.
    pub fn set_fits(&mut self, fits: bool) {
        if self.policy.fits != fits {
            self.policy = Policy::new(fits);
            let spins = self.policy.fits && self.policy.sleep_after > 0;
            self.quick_looks = if spins { bounds::QUICK_LOOKS } else { 1 };
        }
    }

    /// What is said of an operation whose peer, of another job, is gone.
    #[cold]
    pub fn gone_abroad(&self, call: Call, peer: usize) -> Error {
        let Some((home, rank)) = self.homes.get(peer - self.world) else {
            return Error::new(Class::ProcFailed, call, self.me, "a rank of another job has ended");
        };
        let how = match self.gone[peer] {
            Some(Life::Failed) => "died",
            _ if home.is_interrupted(*rank) => "is about to end, because its job was interrupted",
            _ if home.stage(*rank) == Stage::Attached => "has exited without finalising",
            _ => "has finished and takes no further part",
        };
        let detail = match home.claimed_by(*rank) {
            Some(pid) => format!("rank {rank} of another job, process {pid}, {how}"),
            None => format!("rank {rank} of another job {how}"),
        };
        Error::new(Class::ProcFailed, call, self.me, detail)
    }
}

impl<T: Transport> Engine<T> {
    /// Who a peer is, also for other jobs: its job's nonce and its rank there.
    pub(crate) fn identity(&self, peer: usize) -> (u64, usize) {
        let (home, rank) = self.transport.home(peer);
        (home.nonce(), rank)
    }

    /// True when something is under way with this peer that this rank has begun.
    pub(crate) fn is_busy_with(&mut self, peer: usize) -> bool {
        let with = |request: &super::request::Request| request.peer == Some(peer) && !request.nobody;
        !self.core.outbox.queues[peer].is_empty()
            || self.core.announced[peer] != 0
            || !self.core.requests.active(with).is_empty()
            || self.core.sharing.iter().any(|sharing| sharing.from == peer)
            || self.core.streams.iter().any(|stream| stream.from == peer)
    }
}
