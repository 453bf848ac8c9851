//! The rings of a shared segment: between the processes of a job, or between threads.
#![allow(unsafe_code)]

mod links;

pub use links::Bridge;

use super::{Arrival, Head, Transport, Words};
use crate::error::{Class, Error, Result};
use ranks_shm::backoff::{Backoff, Policy, Step};
use ranks_shm::blame::Blame;
use ranks_shm::blocked::{Blocked, Call, NOBODY};
use ranks_shm::job::{self, Job};
use ranks_shm::life::{Claim, End, Life, Sleeper, Stage, watch_forks};
use ranks_shm::remote::Remote;
use ranks_shm::ring::{BULK, Consumer, HEAD_WORDS, Producer};
use ranks_shm::spill;
use ranks_shm::{Segment, alone};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// The transport of one rank.
pub struct Shm {
    me: usize,
    // The ends point into the segment; they are dropped first.
    producers: Vec<Producer>,
    consumers: Vec<Consumer>,
    // What there was no room for, to and from each rank.
    writers: Vec<spill::Writer>,
    readers: Vec<spill::Reader>,
    remotes: Vec<Option<Option<Remote>>>,
    segment: Arc<Segment>,
    // Where other jobs find the segment, and the file, where this process is the one that keeps it.
    address: Option<Job>,
    file: Option<File>,
    // The bridge to the ranks that have started this one's job.
    parent: Option<Job>,
    // The peers after those of the job.
    foreign: Vec<links::Foreign>,
    links: Vec<Option<links::Link>>,
    looked: Option<Instant>,
    sleeper: Sleeper,
    fences: bool,
    fits: bool,
    inline_limit: usize,
    // Where it is must not change while other ranks may read it.
    _probe: Box<u64>,
}

impl Shm {
    /// The rank that this process is: of the job it was started in, or of a job of one. The launcher calls its waits by
    /// the names of the Rust interface if that is the one it uses.
    pub fn from_environment(in_rust: bool) -> Result<Shm> {
        let fail = |detail: String| Error::new(Class::Other, Call::Init, 0, detail);
        let Some(job) = Job::from_environment().map_err(|error| fail(error.to_string()))? else {
            if let Some(line) = alone::without_job().or_else(alone::under_another_launcher) {
                ranks_shm::say::line(&line);
            }
            return Self::alone();
        };
        let segment = Segment::attach(&job).map_err(|error| fail(error.to_string()))?;
        if job.rank >= segment.ranks() {
            return Err(fail(format!("rank {} of a job of {} ranks", job.rank, segment.ranks())));
        }
        match segment.claim(job.rank) {
            Claim::Ours => {
                segment.slot(job.rank).blocked.in_rust.store(in_rust.into(), Ordering::Relaxed);
                let mut shm = Self::attach(Arc::new(segment), job.rank)?;
                shm.address = Some(Job { rank: 0, ..job });
                shm.parent = Job::from_variable(job::PARENT);
                Ok(shm)
            }
            // A program that a rank has started beside itself: it is not that rank, it runs alone.
            Claim::OtherProcess(first) => {
                if let Some(line) = alone::beside(first, job.rank) {
                    ranks_shm::say::line(&line);
                }
                Self::alone()
            }
            Claim::EndedProcess(first) => Err(Error::new(
                Class::Other,
                Call::Init,
                job.rank,
                format!(
                    "a rank is one MPI program, and process {first} was this rank and has ended: start the second program \
                     by a command of its own (mpiexec once for each), or under `env -u RANKS_JOB` to run it alone"
                ),
            )),
            Claim::SameProcess => Err(Error::new(
                Class::Other,
                Call::Init,
                job.rank,
                "this process is a rank already: initialise once, and lend the world to all that need it",
            )),
        }
    }

    /// A job of one. Its segment is a file all the same, where that is possible: jobs that it starts or meets map it.
    fn alone() -> Result<Shm> {
        let Ok((segment, fd)) = Segment::create(1) else {
            return Self::attach(Arc::new(Segment::private(1)), 0);
        };
        segment.claim(0);
        // Another number: above 2, and closed in the programs that this one starts.
        let file = File::from(fd).try_clone().ok();
        let address = file.as_ref().map(|file| Job {
            launcher: std::process::id(),
            descriptor: file.as_raw_fd(),
            nonce: segment.nonce(),
            rank: 0,
        });
        let mut shm = Self::attach(Arc::new(segment), 0)?;
        (shm.address, shm.file) = (address, file);
        Ok(shm)
    }

    /// A rank of a segment that this process holds already (ranks as threads). The caller hands out
    /// each rank once; a second claim is refused.
    pub fn thread(segment: Arc<Segment>, rank: usize) -> Result<Shm> {
        let slot = segment.slot(rank);
        use std::sync::atomic::Ordering::{AcqRel, Acquire};
        if slot.claim.compare_exchange(0, std::process::id(), AcqRel, Acquire).is_err() {
            return Err(Error::new(Class::Other, Call::Init, rank, "this rank is taken by another thread"));
        }
        Self::attach(segment, rank)
    }

    fn attach(segment: Arc<Segment>, me: usize) -> Result<Shm> {
        watch_forks();
        segment.publish_cpus();
        segment.register_for_sleep();
        let probe = Box::new(segment.nonce().rotate_left(17) ^ me as u64);
        segment.publish_probe(me, &probe);
        let ranks = segment.ranks();
        // SAFETY: the rank was claimed, so these are the only ends of its rings in any process; the
        // segment is kept by `segment` below, which is dropped after them.
        let (producers, consumers) = unsafe {
            (
                (0..ranks).map(|peer| Producer::new(segment.ring(me, peer))).collect::<Vec<_>>(),
                (0..ranks).map(|peer| Consumer::new(segment.ring(peer, me))).collect::<Vec<_>>(),
            )
        };
        let inline_limit = producers[me].inline_limit();
        segment.set_stage(me, Stage::Attached);
        start_barrier(&segment, me)?;
        let fences = segment.fences();
        let fits = ranks <= segment.usable_cpus();
        Ok(Shm {
            me,
            producers,
            consumers,
            writers: (0..ranks).map(|_| spill::Writer::default()).collect(),
            readers: (0..ranks).map(|_| spill::Reader::default()).collect(),
            remotes: vec![None; ranks],
            segment,
            address: None,
            file: None,
            parent: None,
            foreign: Vec::new(),
            links: Vec::new(),
            looked: None,
            sleeper: Sleeper::new(fences),
            fences,
            fits,
            inline_limit,
            _probe: probe,
        })
    }
}

/// Closes a full ring: what follows lies in the job's file, from the place in the first word on.
const REDIRECTION: Head = Head { kind: BULK | 0x7f, context: 0, tag: 0, mark: 0 };

impl Shm {
    /// Uses a closed ring again when its peer has taken all that lies in the job's file. True when it did.
    #[cold]
    #[inline(never)]
    fn reopen(&mut self, to: usize) -> bool {
        let drained = self.producers[to].is_closed() && self.writers[to].is_drained(self.spill_to(to));
        if drained {
            self.producers[to].reopen();
        }
        drained
    }

    /// Takes in a line of a peer's ring.
    #[inline(always)]
    fn poll_ring(&mut self, from: usize, mut take: impl FnMut(Arrival<'_>)) -> bool {
        let reader = &mut self.readers[from];
        let (found, told) = self.consumers[from].poll(|arrival| match arrival {
            Arrival::Bulk(REDIRECTION, words, _) => reader.begin(words[0]),
            other => take(other),
        });
        if told {
            // Credits went back: the producer may sleep until they do.
            self.wake(from);
        }
        found
    }

    /// Takes in what a peer had no room for in its ring.
    #[cold]
    #[inline(never)]
    fn poll_spilled(&mut self, from: usize, mut take: &mut dyn FnMut(Arrival<'_>)) -> bool {
        let (segment, me, there) = self.pair(from);
        let segment = segment.clone();
        let shared = segment.spill(there, me);
        if !self.readers[from].has_news(shared) {
            return false;
        }
        // Since the ring was found empty the peer may have used it again, filled it and closed it: these records come
        // after its lines. Who sees the records sees the lines.
        if self.consumers[from].ready() {
            return self.poll_ring(from, &mut take);
        }
        let found = self.readers[from].poll(&segment, shared, take);
        if found {
            // The sender may wait until it can use the ring again.
            self.wake(from);
        }
        found
    }
}

/// Waits until every rank has attached or ended: then all have registered for sleeping, and all CPUs
/// are known.
fn start_barrier(segment: &Segment, me: usize) -> Result<()> {
    let mut backoff = Backoff::new(Policy::new(false));
    let slot = segment.slot(me);
    let mut first = 0;
    let mut told = false;
    // Fenced, because who will register is what is still being found out.
    let mut sleeper = Sleeper::new(true);
    let mut all_here = || {
        while first < segment.ranks() && segment.life(first) != Life::Absent {
            first += 1;
        }
        first == segment.ranks()
    };
    while !all_here() {
        if !told && backoff.is_slow() {
            told = true;
            slot.blocked.publish(&Blocked {
                call: Call::Init,
                peer: NOBODY,
                tag: NOBODY,
                context: 0,
                requests: 0,
                bytes: 0,
            });
        }
        if backoff.pause() == Step::Sleep {
            sleeper.announce(slot);
            if all_here() {
                sleeper.stay_awake(slot);
            } else {
                sleeper.sleep(slot);
            }
        }
    }
    if told {
        slot.blocked.clear();
    }
    for rank in 0..segment.ranks() {
        if segment.life(rank) == Life::Failed {
            segment.set_blame(me, Blame::Rank(rank));
            let detail = format!("rank {rank} ended before it had started");
            return Err(Error::new(Class::ProcFailed, Call::Init, me, detail));
        }
    }
    Ok(())
}

impl Transport for Shm {
    #[inline(always)]
    fn me(&self) -> usize {
        self.me
    }

    #[inline(always)]
    fn segment(&self) -> &Arc<Segment> {
        &self.segment
    }

    #[inline(always)]
    fn inline_limit(&self) -> usize {
        self.inline_limit
    }

    #[inline(always)]
    fn try_inline(&mut self, to: usize, head: Head, data: &[u8]) -> bool {
        if to >= self.segment.ranks() {
            return self.try_inline_abroad(to, head, data);
        }
        let sent = self.producers[to].try_inline(head, data)
            || self.reopen(to) && self.producers[to].try_inline(head, data);
        if sent {
            self.segment.wake(to, self.fences);
        }
        sent
    }

    #[inline]
    fn allows(&mut self, to: usize, len: usize, default: usize) -> bool {
        self.producers[to].allows(len, default)
    }

    fn limit(&mut self, from: usize, bytes: usize) {
        self.consumers[from].set_limit(bytes);
    }

    #[inline]
    fn fits_whole(&mut self, to: usize, len: usize, piece: usize) -> bool {
        self.producers[to].fits(len, piece) || self.reopen(to) && self.producers[to].fits(len, piece)
    }

    fn try_bulk(&mut self, to: usize, head: Head, words: Words, data: &[u8], piece: usize) -> Option<usize> {
        let head = self.translated(to, head);
        let mut sent = self.producers[to].try_bulk(head, words, data, piece);
        if sent.is_none() && self.reopen(to) {
            sent = self.producers[to].try_bulk(head, words, data, piece);
        }
        if sent.is_some() {
            self.wake(to);
        }
        sent
    }

    fn spill(&mut self, to: usize, what: Arrival<'_>) -> bool {
        let what = match what {
            Arrival::Inline(head, total, data) => Arrival::Inline(self.translated(to, head), total, data),
            Arrival::Bulk(head, words, data) => Arrival::Bulk(self.translated(to, head), words, data),
            more => more,
        };
        let (segment, me, there) = self.pair(to);
        let segment = segment.clone();
        let (producer, writer) = (&mut self.producers[to], &mut self.writers[to]);
        if producer.is_closed() {
            if !writer.write(&segment, &what) {
                return false;
            }
        } else {
            let Some(place) = writer.begin(&segment) else { return false };
            let mut words = [0; HEAD_WORDS];
            words[0] = place;
            if !writer.write(&segment, &what) || !producer.close(REDIRECTION, words) {
                return false;
            }
        }
        writer.publish(segment.spill(me, there));
        self.wake(to);
        true
    }

    #[inline(always)]
    fn poll(&mut self, from: usize, mut take: impl FnMut(Arrival<'_>)) -> bool {
        self.poll_ring(from, &mut take)
            || self.readers[from].has_begun() && self.poll_spilled(from, &mut take)
    }

    fn forget_remote(&mut self, peer: usize) {
        self.remotes[peer] = Some(None);
    }

    fn remote(&mut self, peer: usize) -> Option<Remote> {
        if self.remotes[peer].is_none() {
            let (home, rank) = self.home(peer);
            self.remotes[peer] = Some(home.probe(rank));
        }
        self.remotes[peer].flatten()
    }

    #[inline(always)]
    fn fits(&self) -> bool {
        self.fits
    }

    #[inline(always)]
    fn wake(&self, rank: usize) {
        match rank < self.segment.ranks() {
            true => self.segment.wake(rank, self.fences),
            false => self.wake_abroad(rank),
        }
    }

    fn peers(&self) -> usize {
        self.segment.ranks() + self.foreign.len()
    }

    fn home(&self, peer: usize) -> (&Arc<Segment>, usize) {
        self.home_of(peer)
    }

    fn pair(&self, peer: usize) -> (&Arc<Segment>, usize, usize) {
        self.pair_of(peer)
    }

    fn peer_of(&self, nonce: u64, rank: usize, near: Option<usize>) -> Option<usize> {
        self.find_peer(nonce, rank, near)
    }

    fn translate(&mut self, peer: usize, ours: u32, theirs: u32) {
        self.add_translation(peer, ours, theirs);
    }

    fn forget_context(&mut self, ours: u32) {
        self.links.iter_mut().flatten().for_each(|link| link.forget(ours));
    }

    fn unlink(&mut self, peer: usize) {
        self.drop_link(peer);
    }

    fn peers_beside(&self, peer: usize) -> Vec<usize> {
        self.of_the_same_link(peer)
    }

    #[inline(always)]
    fn epoch(&self) -> u32 {
        let own = self.segment.epoch();
        if self.links.is_empty() { own } else { own.wrapping_add(self.epoch_abroad()) }
    }

    fn life(&self, peer: usize) -> Life {
        self.life_of(peer)
    }

    fn wake_foreign(&self) {
        (self.segment.ranks()..self.peers())
            .filter(|&peer| self.is_linked(peer))
            .for_each(|peer| self.wake_abroad(peer));
    }

    fn announce(&mut self) {
        if !self.links.is_empty() {
            self.look_at_launchers();
        }
        self.sleeper.announce(self.segment.slot(self.me));
    }

    fn stay_awake(&mut self) {
        self.sleeper.stay_awake(self.segment.slot(self.me));
    }

    fn sleep(&mut self) -> bool {
        self.sleeper.sleep(self.segment.slot(self.me))
    }

    fn count_woken(&mut self) {
        self.sleeper.count_woken(self.segment.slot(self.me));
    }

    fn count_lost(&mut self) {
        self.sleeper.count_lost(self.segment.slot(self.me));
    }
}

impl Drop for Shm {
    fn drop(&mut self) {
        // Where ranks are threads nobody else would say that this one is gone.
        if self.segment.is_private() && self.segment.stage(self.me) != Stage::Finished {
            self.segment.set_end(self.me, End::Failed);
        }
    }
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    /// The tag of what a poll hands out.
    fn tag(seen: &mut Option<i32>) -> impl FnMut(Arrival<'_>) + '_ {
        |arrival| {
            if let Arrival::Inline(head, ..) = arrival {
                *seen = Some(head.tag);
            }
        }
    }

    #[test]
    fn records_never_overtake_the_lines_of_a_ring_that_was_used_again() {
        let segment = Arc::new(Segment::private(2));
        let (mut sender, mut receiver) = std::thread::scope(|scope| {
            let other = scope.spawn(|| Shm::thread(segment.clone(), 1).unwrap());
            (Shm::thread(segment.clone(), 0).unwrap(), other.join().unwrap())
        });
        let head = |tag| Head { kind: 1, context: 0, tag, mark: 0 };
        let next = |receiver: &mut Shm| {
            let mut seen = None;
            while seen.is_none() && receiver.poll(0, tag(&mut seen)) {}
            seen
        };
        // The ring is closed and drained once.
        assert!(sender.spill(1, Arrival::Inline(head(1), 0, &[])));
        assert_eq!((next(&mut receiver), next(&mut receiver)), (Some(1), None));
        // The receiver has found it empty; only now it is used again, and closed again.
        assert!(sender.try_inline(1, head(2), &[]));
        assert!(sender.spill(1, Arrival::Inline(head(3), 0, &[])));
        let mut seen = None;
        assert!(receiver.poll_spilled(0, &mut tag(&mut seen)));
        assert_eq!((seen, next(&mut receiver), next(&mut receiver)), (Some(2), Some(3), None));
    }
}
