//! Deadlock: every rank of the job waits for a message, and none is on its way.
//!
//! Ranks alone send messages. So when all of them sleep in calls that wait, and none has been woken between two looks a
//! second apart, nothing will ever wake them. Where something else might act, nothing is said: while a rank has not
//! attached, while it runs outside of the calls, and while its process has other threads that may send or end a wait
//! (`crate::threads` says which threads cannot).

use crate::threads;
use ranks_shm::Segment;
use ranks_shm::layout::Slot;
use ranks_shm::life::Stage;
use std::fs;
use std::sync::atomic::Ordering::Acquire;
use std::time::{Duration, Instant};

/// From one look to the next, and how long every rank must have waited.
const PAUSE: Duration = Duration::from_secs(1);

/// What is said, above the roll-call.
pub const HEADING: &str = "no rank can go on: every rank waits for others, and no message is on its way";

/// What is said below it.
pub const ADVICE: &str = "  The job is not ended: Ctrl-C ends it, and --timeout SECONDS would have.\n";

/// Looks at the ranks once a second, until it has found a deadlock.
pub struct Watch {
    next: Option<Instant>,
    seen: Option<Vec<Asleep>>,
}

/// A rank that sleeps in a call: by these numbers another look knows whether it has done anything since.
#[derive(Debug, PartialEq, Eq)]
struct Asleep {
    rank: usize,
    wait: u32,
    woken: u64,
    lost: u64,
}

impl Watch {
    /// Begins now, if it is wanted.
    pub fn new(wanted: bool) -> Self {
        Self { next: wanted.then(|| Instant::now() + PAUSE), seen: None }
    }

    /// When to look next, if at all.
    pub fn due(&self) -> Option<Instant> {
        self.next
    }

    /// True once: when no rank can go on.
    pub fn is_found(&mut self, segment: &Segment, has_ended: impl Fn(usize) -> bool, now: Instant) -> bool {
        if self.next.is_none_or(|next| now < next) {
            return false;
        }
        self.next = Some(now + PAUSE);
        let asleep = all_asleep(segment, &has_ended);
        let unchanged = asleep.is_some() && asleep == self.seen;
        // A rank that was stopped, or got no CPU, on its way to sleep may still find a message. So its process must
        // sleep as well, and still be in the same wait afterwards.
        let found = unchanged
            && asleep.iter().flatten().all(|rank| process_sleeps(segment.slot(rank.rank)))
            && all_asleep(segment, &has_ended) == asleep;
        self.seen = asleep;
        if found {
            self.next = None;
        }
        found
    }
}

/// The ranks that take part, if there are any and all of them have been asleep in a call for long enough.
fn all_asleep(segment: &Segment, has_ended: impl Fn(usize) -> bool) -> Option<Vec<Asleep>> {
    // A rank of another job may send.
    if segment.is_linked() {
        return None;
    }
    let mut all = Vec::new();
    for rank in (0..segment.ranks()).filter(|&rank| !has_ended(rank)) {
        let slot = segment.slot(rank);
        match segment.stage(rank) {
            Stage::Absent => return None,
            Stage::Finished => continue,
            Stage::Attached => {}
        }
        let seen = slot.blocked.look().filter(|seen| seen.waited >= PAUSE)?;
        if !segment.is_sleeping(rank) {
            return None;
        }
        let (woken, lost) = (slot.woken.load(Acquire), slot.backstops.load(Acquire));
        all.push(Asleep { rank, wait: seen.epoch, woken, lost });
    }
    Some(all).filter(|all| !all.is_empty())
}

/// True when every thread of a rank's process sleeps, and none of those that may act for the rank wakes by itself.
fn process_sleeps(slot: &Slot) -> bool {
    let process = slot.claim.load(Acquire);
    let Ok(tasks) = fs::read_dir(format!("/proc/{process}/task")) else { return false };
    let tasks: Vec<_> = tasks.flatten().map(|entry| entry.path()).collect();
    let sleeps = |stat: String| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('S'));
    let idle = tasks.len() == 1 || slot.threads.load(Acquire) == 0 || threads::idle_others(process).is_some();
    idle && !tasks.is_empty()
        && tasks.iter().all(|path| fs::read_to_string(path.join("stat")).is_ok_and(sleeps))
}

/// Of ranks whose threads might call MPI: how many more of these sleep, and in which ranks.
pub fn other_threads(segment: &Segment, has_ended: impl Fn(usize) -> bool) -> Vec<(usize, Vec<usize>)> {
    let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
    for rank in (0..segment.ranks()).filter(|&rank| !has_ended(rank)) {
        let slot = segment.slot(rank);
        let others = match slot.threads.load(Acquire) {
            0 => None,
            _ => threads::idle_others(slot.claim.load(Acquire)),
        };
        let Some(others) = others.filter(|&others| others > 0) else { continue };
        match groups.iter_mut().find(|group| group.0 == others) {
            Some(group) => group.1.push(rank),
            None => groups.push((others, vec![rank])),
        }
    }
    groups
}
