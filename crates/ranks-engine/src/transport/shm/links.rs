//! Peers of other jobs: bridges to them, and what differs from peers of the own job.
//!
//! Contexts are numbers of one job. A head that goes to another job is given the number that the communicator has there.

use super::{Consumer, Head, Producer, Shm, spill};
use crate::error::{Class, Error, Result};
use crate::transport::Transport;
use ranks_shm::Segment;
use ranks_shm::blocked::Call;
use ranks_shm::job::Job;
use ranks_shm::life::{Life, Sleeper};
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The bits of a context that are no number of a partitioned message.
const CONTEXT_BITS: u32 = (1 << 22) - 1;

/// How often to look whether the launchers of other jobs are still there.
const LOOK: Duration = Duration::from_millis(100);

/// A bridge to another job, as one rank holds it.
#[derive(Clone)]
pub struct Bridge {
    /// The bridge, and where it is.
    pub segment: Arc<Segment>,
    /// The side of this rank's job: 0 or 1.
    pub side: usize,
    /// This rank's place in it.
    pub place: usize,
    /// The segment of the other job.
    pub home: Arc<Segment>,
}

impl Bridge {
    /// Maps a bridge and the segment of the job on the other side.
    pub fn open(at: &Job, side: usize, place: usize) -> Result<Bridge> {
        let fail = |detail: String| Error::new(Class::Other, Call::Init, 0, detail);
        let segment =
            Segment::attach(at).map_err(|error| fail(format!("the way to the other job: {error}")))?;
        let Some((home, _)) = segment.side(1 - side) else {
            return Err(fail("the other job has not said where it is".into()));
        };
        let home = Segment::attach(&home).map_err(|error| fail(format!("the other job: {error}")))?;
        Ok(Bridge { segment: Arc::new(segment), side, place, home: Arc::new(home) })
    }

    /// The places of the other side.
    pub fn others(&self) -> std::ops::Range<usize> {
        let first = self.segment.first_side();
        if self.side == 0 { first..self.segment.ranks() } else { 0..first }
    }
}

/// A peer of another job.
pub(super) struct Foreign {
    /// Which link it came by; `None` when it is gone and its number is free.
    link: Option<usize>,
    /// Its place in the bridge.
    place: usize,
    /// Its rank in its own job.
    rank: usize,
}

/// A bridge in use.
pub(super) struct Link {
    bridge: Bridge,
    /// The launcher of the other job has ended.
    abandoned: Cell<bool>,
    fences: bool,
    contexts: HashMap<u32, u32>,
}

impl Link {
    pub fn forget(&mut self, ours: u32) {
        self.contexts.remove(&ours);
    }
}

impl Shm {
    /// Where other jobs find this one; `None` where they cannot.
    pub fn address(&self) -> Option<Job> {
        self.address
    }

    /// The bridge to the ranks that have started this one's job.
    pub(crate) fn parent(&self) -> Option<Job> {
        self.parent
    }

    fn foreign(&self, peer: usize) -> Option<&Foreign> {
        self.foreign.get(peer.checked_sub(self.segment.ranks())?)
    }

    fn link_of(&self, peer: usize) -> Option<&Link> {
        self.links.get(self.foreign(peer)?.link?)?.as_ref()
    }

    pub(super) fn is_linked(&self, peer: usize) -> bool {
        self.link_of(peer).is_some()
    }

    pub(super) fn home_of(&self, peer: usize) -> (&Arc<Segment>, usize) {
        match (self.link_of(peer), self.foreign(peer)) {
            (Some(link), Some(foreign)) => (&link.bridge.home, foreign.rank),
            // A number that is nobody's any more is answered for by this rank itself.
            _ => (&self.segment, if peer < self.segment.ranks() { peer } else { self.me }),
        }
    }

    pub(super) fn pair_of(&self, peer: usize) -> (&Arc<Segment>, usize, usize) {
        match (self.link_of(peer), self.foreign(peer)) {
            (Some(link), Some(foreign)) => (&link.bridge.segment, link.bridge.place, foreign.place),
            _ => (&self.segment, self.me, if peer < self.segment.ranks() { peer } else { self.me }),
        }
    }

    pub(super) fn spill_to(&self, to: usize) -> &ranks_shm::layout::Spill {
        let (segment, me, there) = self.pair_of(to);
        segment.spill(me, there)
    }

    pub(super) fn find_peer(&self, nonce: u64, rank: usize, near: Option<usize>) -> Option<usize> {
        if nonce == self.segment.nonce() {
            return (rank < self.segment.ranks()).then_some(rank);
        }
        let near = near.and_then(|peer| self.foreign(peer)?.link);
        let fits = |peer: &usize| {
            let (home, there) = self.home_of(*peer);
            self.is_linked(*peer) && there == rank && home.nonce() == nonce
        };
        let all = || (self.segment.ranks()..self.peers()).filter(fits);
        let beside =
            |peer: &usize| near.is_some() && self.foreign(*peer).is_some_and(|foreign| foreign.link == near);
        all().find(beside).or_else(|| all().next())
    }

    pub(super) fn add_translation(&mut self, peer: usize, ours: u32, theirs: u32) {
        let Some(link) = self.foreign(peer).and_then(|foreign| foreign.link) else { return };
        if let Some(link) = &mut self.links[link] {
            link.contexts.insert(ours, theirs);
        }
    }

    /// A head as a peer's job understands it.
    #[inline]
    pub(super) fn translated(&self, to: usize, head: Head) -> Head {
        if to < self.segment.ranks() { head } else { self.translated_abroad(to, head) }
    }

    #[cold]
    fn translated_abroad(&self, to: usize, mut head: Head) -> Head {
        // A communicator has two contexts, an even one and the odd one after it. Partitioned messages have numbers in the
        // uppermost bits.
        let even = head.context & CONTEXT_BITS & !1;
        if let Some(theirs) = self.link_of(to).and_then(|link| link.contexts.get(&even)) {
            head.context = theirs ^ (head.context ^ even);
        }
        head
    }

    #[inline(never)]
    pub(super) fn try_inline_abroad(&mut self, to: usize, head: Head, data: &[u8]) -> bool {
        let head = self.translated_abroad(to, head);
        let sent = self.producers[to].try_inline(head, data)
            || self.reopen(to) && self.producers[to].try_inline(head, data);
        if sent {
            self.wake_abroad(to);
        }
        sent
    }

    pub(super) fn wake_abroad(&self, peer: usize) {
        let fences = self.fences || self.link_of(peer).is_some_and(|link| link.fences);
        let (home, rank) = self.home_of(peer);
        home.wake(rank, fences);
    }

    pub(super) fn epoch_abroad(&self) -> u32 {
        let of = |link: &Link| link.bridge.home.epoch().wrapping_add(u32::from(link.abandoned.get()));
        self.links.iter().flatten().map(of).fold(0, u32::wrapping_add)
    }

    pub(super) fn life_of(&self, peer: usize) -> Life {
        if peer >= self.segment.ranks() && !self.is_linked(peer) {
            return Life::Absent;
        }
        let (home, rank) = self.home_of(peer);
        match (home.life(rank), self.link_of(peer)) {
            // Nobody is left who would say how it ended.
            (Life::Running | Life::Absent, Some(link)) if link.abandoned.get() => Life::Failed,
            (life, _) => life,
        }
    }

    /// Looks whether the launchers of other jobs are still there: a killed one tells nobody of the ends of its ranks.
    /// It is asked before each sleep, and looks from time to time.
    pub(super) fn look_at_launchers(&mut self) {
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return;
        }
        self.looked = Some(Instant::now());
        for link in self.links.iter().flatten().filter(|link| !link.abandoned.get()) {
            link.abandoned.set(link.bridge.home.is_abandoned());
        }
    }

    /// The ranks on the other side of a bridge become peers: their numbers, in their order there.
    pub fn link(&mut self, bridge: Bridge) -> Vec<usize> {
        let at = self.links.iter().position(Option::is_none).unwrap_or_else(|| {
            self.links.push(None);
            self.links.len() - 1
        });
        let ranks = self.segment.ranks();
        let mut peers = Vec::new();
        for place in bridge.others() {
            let rank = bridge.segment.home_rank(place).unwrap_or(0).min(bridge.home.ranks() - 1);
            let (to, from) =
                (bridge.segment.ring(bridge.place, place), bridge.segment.ring(place, bridge.place));
            // SAFETY: a place of a bridge belongs to one rank, which links it once, so these are the only ends of its
            // rings in any process; the link keeps the bridge until they are replaced.
            let (producer, consumer) = unsafe { (Producer::new(to), Consumer::new(from)) };
            let foreign = Foreign { link: Some(at), place, rank };
            let peer = match self.foreign.iter().position(|foreign| foreign.link.is_none()) {
                Some(free) => {
                    self.foreign[free] = foreign;
                    let peer = ranks + free;
                    (self.producers[peer], self.consumers[peer]) = (producer, consumer);
                    (self.writers[peer], self.readers[peer]) =
                        (spill::Writer::default(), spill::Reader::default());
                    self.remotes[peer] = None;
                    peer
                }
                None => {
                    self.foreign.push(foreign);
                    self.producers.push(producer);
                    self.consumers.push(consumer);
                    self.writers.push(spill::Writer::default());
                    self.readers.push(spill::Reader::default());
                    self.remotes.push(None);
                    self.peers() - 1
                }
            };
            peers.push(peer);
        }
        let fences = bridge.home.fences();
        if fences && !self.fences {
            self.fences = true;
            self.sleeper = Sleeper::new(true);
        }
        self.segment.set_linked();
        if let Some(address) = &self.address {
            bridge.home.welcome(address);
        }
        self.links[at] = Some(Link { bridge, abandoned: Cell::new(false), fences, contexts: HashMap::new() });
        let all = ranks + self.foreign.iter().filter(|foreign| foreign.link.is_some()).count();
        self.fits = all <= self.segment.usable_cpus();
        peers
    }

    pub(super) fn of_the_same_link(&self, peer: usize) -> Vec<usize> {
        let Some(link) = self.foreign(peer).and_then(|foreign| foreign.link) else { return Vec::new() };
        let ranks = self.segment.ranks();
        let same = |(_, foreign): &(usize, &Foreign)| foreign.link == Some(link);
        self.foreign.iter().enumerate().filter(same).map(|(at, _)| ranks + at).collect()
    }

    pub(super) fn drop_link(&mut self, peer: usize) {
        let Some(link) = self.foreign(peer).and_then(|foreign| foreign.link) else { return };
        for peer in self.of_the_same_link(peer) {
            // This rank's ring to itself, which nothing ever goes through: there is never anything to find.
            let nowhere = || self.segment.ring(self.me, self.me);
            // SAFETY: nobody sends to a number that is nobody's, and nothing is ever in this ring, so that it does not
            // matter how many ends it has; the segment outlives them.
            let ends = unsafe { (Producer::new(nowhere()), Consumer::new(nowhere())) };
            (self.producers[peer], self.consumers[peer]) = ends;
            (self.writers[peer], self.readers[peer]) = (spill::Writer::default(), spill::Reader::default());
            self.foreign[peer - self.segment.ranks()].link = None;
            self.remotes[peer] = Some(None);
        }
        self.links[link] = None;
        while self.links.last().is_some_and(Option::is_none) {
            self.links.pop();
        }
        let all = self.segment.ranks() + self.foreign.iter().filter(|foreign| foreign.link.is_some()).count();
        self.fits = all <= self.segment.usable_cpus();
    }
}
