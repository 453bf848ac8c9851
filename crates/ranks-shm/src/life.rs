//! Attaching, finishing, dying: the states of a rank as the others see them.
//!
//! A rank writes its own *stage*; the launcher writes its *end*, so no word has two writers. Every
//! change that others may be waiting for is followed by a new epoch and a wake-up of everyone.

use crate::layout::Slot;
use crate::primitive::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use crate::primitive::fence;
use crate::segment::Segment;
use crate::sleep;
use crate::sys;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a rank says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Stage {
    /// It has not attached.
    Absent = 0,
    /// It takes part.
    Attached = 1,
    /// It has called finalise.
    Finished = 2,
}

/// What the launcher says of a rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum End {
    /// It runs.
    Alive = 0,
    /// Its process has ended as it should.
    Ended = 1,
    /// Its process has ended by a signal or with a failure.
    Failed = 2,
    /// Its process runs and is to end, because the job was interrupted: calls that wait for it fail.
    Interrupted = 3,
}

/// What the others make of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Its process runs and has not attached.
    Absent,
    /// It takes part.
    Running,
    /// It has finalised, or ended with exit code 0 without that: it will send no more.
    Finished,
    /// It died: it will send no more, and what it had begun stays unfinished.
    Failed,
}

/// The outcome of claiming a rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// This process is the rank now.
    Ours,
    /// Another process, which runs, is it: this one is a program started inside a rank, which runs alone.
    OtherProcess(u32),
    /// This process was it and has ended: a second program in the place of a rank.
    EndedProcess(u32),
    /// This very process is it already.
    SameProcess,
}

/// A request to end the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abort {
    /// Who asked.
    pub rank: usize,
    /// With which exit code.
    pub code: i32,
}

impl Segment {
    /// Claims `rank` for this process.
    pub fn claim(&self, rank: usize) -> Claim {
        let me = sys::pid();
        match self.slot(rank).claim.compare_exchange(0, me, AcqRel, Acquire) {
            Ok(_) => Claim::Ours,
            Err(other) if other == me => Claim::SameProcess,
            Err(other) if sys::is_alive(other) => Claim::OtherProcess(other),
            Err(other) => Claim::EndedProcess(other),
        }
    }

    /// The process that has claimed a rank, if one has.
    pub fn claimed_by(&self, rank: usize) -> Option<u32> {
        let process = self.slot(rank).claim.load(Acquire);
        (process != 0).then_some(process)
    }

    /// Writes this rank's own stage, and tells everyone.
    pub fn set_stage(&self, rank: usize, stage: Stage) {
        if stage == Stage::Finished {
            self.number_finish(rank);
        }
        self.slot(rank).stage.store(stage as u32, Release);
        self.tell_everyone();
    }

    /// Launcher: writes how a rank ended, and tells everyone.
    pub fn set_end(&self, rank: usize, end: End) {
        self.slot(rank).end.store(end as u32, Release);
        self.tell_everyone();
    }

    fn tell_everyone(&self) {
        self.header().epoch.fetch_add(1, AcqRel);
        self.wake_all();
    }

    /// Counts the changes that [`Self::life`] may show.
    #[inline(always)]
    pub fn epoch(&self) -> u32 {
        self.header().epoch.load(Acquire)
    }

    /// A rank's own stage.
    pub fn stage(&self, rank: usize) -> Stage {
        match self.slot(rank).stage.load(Acquire) {
            0 => Stage::Absent,
            1 => Stage::Attached,
            _ => Stage::Finished,
        }
    }

    /// What has become of a rank.
    pub fn life(&self, rank: usize) -> Life {
        let slot = self.slot(rank);
        // The end first: a rank finalises, then ends, so an end seen here is later than its stage.
        let end = slot.end.load(Acquire);
        match (self.stage(rank), end) {
            (_, end) if end == End::Failed as u32 => Life::Failed,
            (Stage::Finished, _) => Life::Finished,
            (Stage::Absent, 0) => Life::Absent,
            (Stage::Attached, 0) => Life::Running,
            // It ended with exit code 0. What it sent before can still be received, also where it did not finalise.
            (Stage::Absent | Stage::Attached, _) => Life::Finished,
        }
    }

    /// True when the launcher has said that this rank is to end, because the job was interrupted.
    pub fn is_interrupted(&self, rank: usize) -> bool {
        self.slot(rank).end.load(Acquire) == End::Interrupted as u32
    }

    /// Wakes a rank if it sleeps, after something was published for it. `fences` as in [`crate::sleep`].
    #[inline(always)]
    pub fn wake(&self, rank: usize, fences: bool) {
        let slot = self.slot(rank);
        if sleep::must_wake(&slot.sleep, fences) {
            wake_slot(slot);
        }
    }

    /// Wakes every rank that sleeps. For rare news: it fences, whatever the job does otherwise.
    pub fn wake_all(&self) {
        fence(SeqCst);
        for rank in 0..self.ranks() {
            self.wake(rank, true);
        }
    }

    /// Asks for the end of the job; the first to ask is the one who counts. True for that one.
    pub fn request_abort(&self, rank: usize, code: i32) -> bool {
        let word = 1 << 63 | (rank as u64) << 32 | u64::from(code as u32);
        let first = self.header().abort.compare_exchange(0, word, AcqRel, Acquire).is_ok();
        self.tell_everyone();
        first
    }

    /// The abort that was asked for, if any.
    pub fn abort(&self) -> Option<Abort> {
        let word = self.header().abort.load(Acquire);
        (word != 0).then_some(Abort { rank: (word >> 32 & 0x7fff_ffff) as usize, code: word as u32 as i32 })
    }

    /// True when publications need a fence in this job. Settled before the start barrier opens.
    pub fn fences(&self) -> bool {
        self.header().fences.load(Acquire) != 0
    }

    /// True when the rank has announced a sleep and nobody has woken it since.
    pub fn is_sleeping(&self, rank: usize) -> bool {
        self.slot(rank).sleep.load(Acquire) != 0
    }

    /// Sleeps until a rank that has announced its sleep is woken, or until `limit`: for a thread that
    /// sleeps in the place of the rank's own.
    #[cfg(not(loom))]
    pub fn sleep_in_place(&self, rank: usize, limit: std::time::Duration) {
        sys::futex_wait(&self.slot(rank).sleep, 1, limit);
    }

    /// Wakes whoever sleeps on the rank's word, announced or not.
    pub fn rouse(&self, rank: usize) {
        sleep::retract(&self.slot(rank).sleep);
        wake_slot(self.slot(rank));
    }

    /// Registers this process for membarrier; a refusal turns fences on for the whole job.
    pub fn register_for_sleep(&self) {
        let refused = std::env::var_os("RANKS_FENCES").is_some();
        if refused || !sys::membarrier_register() || !sys::membarrier() {
            self.header().fences.store(1, Release);
        }
    }
}

#[cold]
fn wake_slot(slot: &Slot) {
    #[cfg(not(loom))]
    sys::futex_wake(&slot.sleep);
    #[cfg(loom)]
    let _ = slot;
}

/// The sleeping side of one rank. One thread at a time uses it.
pub struct Sleeper {
    fences: bool,
    limit_millis: u64,
}

impl Sleeper {
    /// For a rank of a job that does or does not need fences.
    pub fn new(fences: bool) -> Self {
        Self { fences, limit_millis: crate::bounds::BACKSTOP_FIRST_MILLIS }
    }

    /// Announces a sleep. The caller looks once more for work, then calls [`Self::sleep`] or
    /// [`Self::stay_awake`].
    pub fn announce(&self, slot: &Slot) {
        sleep::announce(&slot.sleep, self.fences);
        if !self.fences && !sys::membarrier() {
            // It worked when it was tried at the start; a filter was installed since. The backstop
            // bounds what may be missed; from here on this rank never waits longer than its first limit.
            fence(SeqCst);
        }
    }

    /// Ends an announcement without sleeping.
    pub fn stay_awake(&self, slot: &Slot) {
        sleep::retract(&slot.sleep);
    }

    /// Sleeps until woken or until the backstop. True when the backstop ended it.
    #[cfg(not(loom))]
    pub fn sleep(&mut self, slot: &Slot) -> bool {
        let limit = std::time::Duration::from_millis(self.limit_millis);
        let limit_reached = sys::futex_wait(&slot.sleep, 1, limit);
        // A wake-up can come between the limit and the moment this thread runs again: it counts.
        let timed_out = sleep::retract(&slot.sleep) && limit_reached;
        slot.sleeps.store(slot.sleeps.load(Relaxed) + 1, Relaxed);
        if !timed_out {
            self.count_woken(slot);
        }
        self.limit_millis = if timed_out {
            (self.limit_millis * 2).min(crate::bounds::BACKSTOP_LAST_MILLIS)
        } else {
            crate::bounds::BACKSTOP_FIRST_MILLIS
        };
        timed_out
    }

    /// Counts a sleep that somebody ended.
    pub fn count_woken(&self, slot: &Slot) {
        slot.woken.store(slot.woken.load(Relaxed) + 1, Relaxed);
    }

    /// Counts work that only the backstop found: a lost wake-up.
    pub fn count_lost(&self, slot: &Slot) {
        slot.backstops.store(slot.backstops.load(Relaxed) + 1, Relaxed);
    }
}

/// Set in a forked child of a process that holds a rank: see [`watch_forks`].
static FORKED: AtomicBool = AtomicBool::new(false);

extern "C" fn in_child() {
    FORKED.store(true, Ordering::Relaxed);
}

/// From now on a forked child of this process knows that it is one. A fact about the process, not about
/// a rank, which is why it is the one static of this crate.
pub fn watch_forks() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    // SAFETY: the handler only stores to a static atomic.
    ONCE.call_once(|| unsafe {
        libc::pthread_atfork(None, None, Some(in_child));
    });
}

/// True in a forked child of a process that had called [`watch_forks`].
#[inline(always)]
pub fn is_forked_child() -> bool {
    FORKED.load(Ordering::Relaxed)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_states_of_a_rank() {
        let segment = Segment::private(2);
        assert_eq!(segment.life(0), Life::Absent);
        let before = segment.epoch();
        segment.set_stage(0, Stage::Attached);
        assert_eq!(segment.life(0), Life::Running);
        assert_ne!(segment.epoch(), before);
        segment.set_stage(0, Stage::Finished);
        assert_eq!(segment.life(0), Life::Finished);
        segment.set_end(0, End::Ended);
        assert_eq!(segment.life(0), Life::Finished);
        segment.set_end(1, End::Ended);
        assert_eq!(segment.life(1), Life::Finished, "never attached and ended: it will send no more");
        segment.set_stage(1, Stage::Attached);
        assert_eq!(segment.life(1), Life::Finished, "attached and ended with code 0, without finalising");
        segment.set_end(1, End::Failed);
        assert_eq!(segment.life(1), Life::Failed);
    }

    #[test]
    fn the_first_abort_counts() {
        let segment = Segment::private(3);
        assert_eq!(segment.abort(), None);
        assert!(segment.request_abort(2, -7));
        assert!(!segment.request_abort(1, 3));
        assert_eq!(segment.abort(), Some(Abort { rank: 2, code: -7 }));
    }

    #[test]
    fn a_rank_is_claimed_once() {
        let segment = Segment::private(1);
        assert_eq!(segment.claim(0), Claim::Ours);
        assert_eq!(segment.claim(0), Claim::SameProcess);
        segment.slot(0).claim.store(1, Relaxed);
        assert_eq!(segment.claim(0), Claim::OtherProcess(1));
        let mut ended = std::process::Command::new("true").spawn().unwrap();
        ended.wait().unwrap();
        segment.slot(0).claim.store(ended.id(), Relaxed);
        assert_eq!(segment.claim(0), Claim::EndedProcess(ended.id()));
    }
}
