//! Queues with seeded delays and refusals: the test transport.
//!
//! It does what a real transport may do and seldom does: messages of different pairs overtake each
//! other, rings are full when it hurts, memory cannot be read, only a byte or two fit. What it decides
//! comes from a seed and a counter a rank, so a failure can be looked for again. Order within a pair is
//! kept, as MPI needs it.

use super::{Arrival, BULK, Head, Transport, Words};
use ranks_shm::Segment;
use ranks_shm::life::{End, Sleeper, Stage};
use ranks_shm::remote::Remote;
use std::collections::VecDeque;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};

/// What lies in a queue.
enum Parcel {
    Inline(Head, Vec<u8>),
    Bulk(Head, Words, Vec<u8>),
}

type Queue = Mutex<VecDeque<Parcel>>;

/// What the ranks of one simulated job share.
pub struct World {
    segment: Arc<Segment>,
    queues: Vec<Queue>,
    /// The limits of the pairs: one more than the bytes, 0 for none.
    limits: Vec<AtomicUsize>,
    seed: u64,
    cross_memory: bool,
}

impl World {
    /// A job of `ranks` simulated ranks.
    pub fn new(ranks: usize, seed: u64) -> Arc<World> {
        let queues = (0..ranks * ranks).map(|_| Queue::default()).collect();
        let limits = (0..ranks * ranks).map(|_| AtomicUsize::new(0)).collect();
        // Every other seed tries what happens where memory cannot be read.
        let cross_memory = seed & 1 == 0;
        Arc::new(World { segment: Arc::new(Segment::private(ranks)), queues, limits, seed, cross_memory })
    }
}

/// The transport of one simulated rank.
pub struct Sim {
    world: Arc<World>,
    me: usize,
    random: u64,
    sleeper: Sleeper,
    /// Bytes of a message to this rank that it has said will fit.
    promised: Option<(usize, usize)>,
}

const CAPACITY: usize = 6;

impl Sim {
    /// A rank of a simulated job.
    pub fn new(world: Arc<World>, me: usize) -> Sim {
        world.segment.register_for_sleep();
        let random = world.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (me as u64 + 1) << 32 | 1;
        world.segment.set_stage(me, Stage::Attached);
        Sim { world, me, random, sleeper: Sleeper::new(true), promised: None }
    }

    /// True one time in `n`.
    fn chance(&mut self, n: u64) -> bool {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11).is_multiple_of(n)
    }

    fn queue(&self, from: usize, to: usize) -> &Queue {
        &self.world.queues[from * self.world.segment.ranks() + to]
    }

    /// True one time in four; the next try may succeed, so whoever is about to sleep on this must not.
    fn refuses(&mut self) -> bool {
        let refuses = self.chance(4);
        if refuses {
            self.world.segment.wake(self.me, true);
        }
        refuses
    }

    fn put(&mut self, to: usize, parcel: Parcel) -> bool {
        let promised = self.promised.is_some();
        if !promised && self.refuses() {
            return false;
        }
        let mut queue = self.queue(self.me, to).lock().unwrap_or_else(PoisonError::into_inner);
        if !promised && queue.len() >= CAPACITY {
            return false;
        }
        queue.push_back(parcel);
        drop(queue);
        self.world.segment.wake(to, true);
        true
    }
}

impl Transport for Sim {
    fn me(&self) -> usize {
        self.me
    }

    fn segment(&self) -> &Arc<Segment> {
        &self.world.segment
    }

    fn inline_limit(&self) -> usize {
        200
    }

    fn try_inline(&mut self, to: usize, head: Head, data: &[u8]) -> bool {
        self.put(to, Parcel::Inline(head, data.to_vec()))
    }

    fn allows(&mut self, to: usize, len: usize, default: usize) -> bool {
        match self.world.limits[self.me * self.world.segment.ranks() + to].load(Relaxed) {
            0 => len <= default,
            limit => len < limit,
        }
    }

    fn limit(&mut self, from: usize, bytes: usize) {
        self.world.limits[from * self.world.segment.ranks() + self.me].store(bytes + 1, Relaxed);
    }

    fn fits_whole(&mut self, to: usize, len: usize, piece: usize) -> bool {
        let queued = self.queue(self.me, to).lock().unwrap_or_else(PoisonError::into_inner).len();
        let fits = queued + len.div_ceil(piece) <= CAPACITY && !self.refuses();
        self.promised = fits.then_some((to, len));
        fits
    }

    fn fits_none(&mut self) {
        self.promised = None;
    }

    fn try_bulk(&mut self, to: usize, head: Head, words: Words, data: &[u8], piece: usize) -> Option<usize> {
        debug_assert!(head.kind >= BULK);
        if let Some((promised, left)) = self.promised {
            debug_assert_eq!(promised, to, "what was promised is sent next");
            let take = data.len().min(piece);
            self.put(to, Parcel::Bulk(head, words, data[..take].to_vec()));
            self.promised = (left > take).then(|| (to, left - take));
            return Some(take);
        }
        let most = if self.chance(3) { 1 + (self.random % 900) as usize } else { piece };
        let take = data.len().min(most);
        self.put(to, Parcel::Bulk(head, words, data[..take].to_vec())).then_some(take)
    }

    fn spill(&mut self, to: usize, what: Arrival<'_>) -> bool {
        let parcel = match what {
            Arrival::Inline(head, _, data) => Parcel::Inline(head, data.to_vec()),
            Arrival::Bulk(head, words, data) => Parcel::Bulk(head, words, data.to_vec()),
            Arrival::More(_) => return false,
        };
        self.queue(self.me, to).lock().unwrap_or_else(PoisonError::into_inner).push_back(parcel);
        self.world.segment.wake(to, true);
        true
    }

    fn poll(&mut self, from: usize, mut take: impl FnMut(Arrival<'_>)) -> bool {
        if self.chance(3) {
            // Delay is not loss: whoever sleeps now must still find it, so a refusal wakes us again.
            if !self.queue(from, self.me).lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
                self.world.segment.wake(self.me, true);
            }
            return false;
        }
        let parcel = {
            let mut queue = self.queue(from, self.me).lock().unwrap_or_else(PoisonError::into_inner);
            let was_full = queue.len() >= CAPACITY;
            let parcel = queue.pop_front();
            drop(queue);
            if was_full {
                self.world.segment.wake(from, true);
            }
            parcel
        };
        match parcel {
            None => return false,
            Some(Parcel::Inline(head, data)) => {
                let here = data.len().min(48);
                take(Arrival::Inline(head, data.len(), &data[..here]));
                for part in data[here..].chunks(60) {
                    take(Arrival::More(part));
                }
            }
            Some(Parcel::Bulk(head, words, data)) => take(Arrival::Bulk(head, words, &data)),
        }
        true
    }

    fn forget_remote(&mut self, _: usize) {}

    fn remote(&mut self, _: usize) -> Option<Remote> {
        self.world.cross_memory.then_some(Remote::Direct)
    }

    fn fits(&self) -> bool {
        // Lets both-sided copying be tried, and sleeping too.
        self.world.seed & 2 == 0
    }

    fn wake(&self, rank: usize) {
        self.world.segment.wake(rank, true);
    }

    fn announce(&mut self) {
        self.sleeper.announce(self.world.segment.slot(self.me));
    }

    fn stay_awake(&mut self) {
        self.sleeper.stay_awake(self.world.segment.slot(self.me));
    }

    fn sleep(&mut self) -> bool {
        // A message refused by chance just now would otherwise wait for the backstop.
        self.sleeper.sleep(self.world.segment.slot(self.me));
        false
    }

    fn count_woken(&mut self) {}

    fn count_lost(&mut self) {}
}

impl Drop for Sim {
    fn drop(&mut self) {
        if self.world.segment.stage(self.me) != Stage::Finished {
            self.world.segment.set_end(self.me, End::Failed);
        }
    }
}
