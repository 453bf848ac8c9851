//! The jobs that ranks of this one have started: each has a launcher of its own. This job ends after them, and ends them
//! when it ends before its time.

use super::Job;
use crate::sys;
use std::time::{Duration, Instant};

/// How often to look whether they still run.
pub(super) const LOOK: Duration = Duration::from_millis(20);

/// How long a job that is being ended waits for them.
const LONGEST: Duration = Duration::from_secs(4);

/// What is known of them.
#[derive(Default)]
pub(super) struct Started {
    looked: Option<Instant>,
    waits: bool,
    told: Option<Instant>,
}

impl Job<'_> {
    /// True while the job waits for others that it has started.
    pub(super) fn waits_for_started(&mut self, now: Instant) -> bool {
        if self.started.looked.is_none_or(|looked| now >= looked + LOOK) {
            self.started.looked = Some(now);
            let late = self.started.told.is_some_and(|told| now >= told + LONGEST);
            self.started.waits = !late && !self.segment.running_launchers().is_empty();
        }
        self.started.waits
    }

    /// Ends them, once.
    pub(super) fn end_started(&mut self, now: Instant) {
        if self.started.told.is_none() {
            self.started.told = Some(now);
            for process in self.segment.running_launchers() {
                sys::kill(process as sys::Pid, libc::SIGTERM);
            }
        }
    }

    /// When to look again, while it waits for nothing else.
    pub(super) fn look_at_started(&self, now: Instant) -> Option<Instant> {
        let alive = self.ranks.iter().any(|rank| rank.death.is_none());
        (self.started.waits && !alive).then_some(now + LOOK)
    }
}
