//! Signals: those that the launcher gets, and those that it sends to end a job.

use super::{Ending, Job};
use crate::{report, sys};
use std::time::{Duration, Instant};

/// From the request to end to the end.
const GRACE: Duration = Duration::from_secs(1);

/// What comes again this soon is the same wish to end: `timeout` signals its child and then the child's group.
const SAME_SIGNAL: Duration = Duration::from_millis(500);

/// The ranks have been told to end by themselves: when, by which signal, and until when they may.
#[derive(Clone, Copy)]
pub(super) struct Draining {
    pub(super) since: Instant,
    pub(super) signal: i32,
    pub(super) until: Instant,
}

impl Job<'_> {
    pub(super) fn on_signal(&mut self, signal: i32, now: Instant) {
        match signal {
            libc::SIGUSR1 | libc::SIGUSR2 => self.signal_all(signal),
            libc::SIGQUIT => self.roll_call("who waits where"),
            libc::SIGTSTP => {
                self.signal_all(signal);
                sys::stop_self();
                self.signal_all(libc::SIGCONT);
            }
            _ => match &mut self.ending {
                // The second one: at once.
                Some(ending) => {
                    if ending.killed_at.is_none() {
                        ending.kill_at = now;
                    }
                }
                None => match (self.launch.drains, self.draining) {
                    (Some(within), None) => {
                        self.draining = Some(Draining { since: now, signal, until: now + within });
                        self.tell_to_end();
                    }
                    (_, Some(draining)) if now < draining.since + SAME_SIGNAL => {}
                    _ => self.end_by(signal, now),
                },
            },
        }
    }

    pub(super) fn end_by(&mut self, signal: i32, now: Instant) {
        let scene = report::scene(&self.segment, |rank| self.ranks[rank].death.is_some());
        let heading = format!("signal {}: ending the job", report::describe_signal(signal));
        self.say(&heading, &report::describe(&scene, report::Style::Failure));
        self.end(128 + signal, now);
    }

    /// Ends the job: TERM now, KILL after the grace.
    pub(super) fn end(&mut self, code: i32, now: Instant) {
        self.code.get_or_insert(code);
        self.ending = Some(Ending { kill_at: now + GRACE, killed_at: None });
        self.tell_to_end();
    }

    fn tell_to_end(&self) {
        self.signal_all(libc::SIGTERM);
        // Stopped processes hear nothing else.
        self.signal_all(libc::SIGCONT);
    }

    /// Sends a signal to what every rank has started, those included that have ended themselves.
    pub(super) fn signal_all(&self, signal: i32) {
        for rank in &self.ranks {
            // A rank that has moved to another group is still ours.
            if !sys::kill_group(rank.pid, signal) {
                sys::kill(rank.pid, signal);
            }
        }
    }
}
