//! Signals: those that the launcher gets, and those that it sends to end a job.

use super::Job;
use super::interrupted::Held;
use crate::report::Doing;
use crate::{report, sys};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// How long ranks have to end after another rank has failed.
const GRACE: Duration = Duration::from_secs(1);

/// How long ranks have to end after a signal. Whoever stops a job by hand, or a batch system whose time is over, wants
/// the checkpoint that the program writes then.
const GRACE_AFTER_SIGNAL: Duration = Duration::from_secs(5);

/// After an interrupt, ranks that all wait for each other since before it are given this long: none of them will ever
/// get to its handler.
const STANDSTILL: Duration = Duration::from_secs(1);

/// How often to look whether they do.
pub(super) const LOOK: Duration = Duration::from_millis(200);

/// What comes again within this time is one wish: `timeout` signals its child, and then the child's group.
const ECHO: Duration = Duration::from_millis(50);

/// The job is being ended before all ranks have: interrupted (after Ctrl-C only), told to terminate, killed.
pub(super) struct Ending {
    /// When the next step is due.
    pub(super) next_at: Instant,
    pub(super) killed_at: Option<Instant>,
    /// The ranks have been interrupted and no more: since when, and until when they may end by themselves.
    interrupted: Option<(Instant, Instant)>,
    /// The last signal that asked for the end.
    asked: Option<Instant>,
    /// The ranks that were not interrupted, since they wait in a call.
    pub(super) held: Held,
}

impl Ending {
    /// The ranks have been killed.
    pub(super) fn killed(now: Instant) -> Self {
        Self { next_at: now, killed_at: Some(now), interrupted: None, asked: None, held: Held::default() }
    }
}

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
            // A service opens its logs anew. On a terminal HUP means that the terminal was closed: that ends the job.
            libc::SIGHUP if self.launch.drains.is_some() && !std::io::stdin().is_terminal() => {
                self.signal_all(signal);
            }
            libc::SIGQUIT => self.roll_call("who waits where"),
            libc::SIGTSTP => {
                self.signal_all(signal);
                sys::stop_self();
                self.signal_all(libc::SIGCONT);
            }
            _ => match &mut self.ending {
                Some(ending) if ending.asked.is_some_and(|asked| now < asked + ECHO) => {}
                // Once more: the next step at once.
                Some(ending) => {
                    ending.asked = Some(now);
                    self.next_step(now);
                }
                None => match (self.launch.drains, self.draining) {
                    (Some(within), None) => {
                        self.draining = Some(Draining { since: now, signal, until: now + within });
                        self.tell(libc::SIGTERM);
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
        // Those that say themselves why they end know better what they were doing.
        let rest = match self.launch.says_why {
            true => String::new(),
            false => report::describe(&scene, report::Style::Failure),
        };
        self.say(&heading, &rest);
        self.code.get_or_insert(128 + signal);
        // Ranks that end by themselves when they are told to have had their time.
        let grace = match self.draining {
            Some(_) => GRACE,
            None => self.launch.grace.unwrap_or(GRACE_AFTER_SIGNAL),
        };
        let interrupted = (signal == libc::SIGINT && self.draining.is_none()).then_some((now, now + grace));
        let next_at = if interrupted.is_some() { now + grace.min(STANDSTILL) } else { now + grace };
        let held = interrupted.map(|_| self.to_be_held(&scene)).unwrap_or_default();
        let next_at = if held.is_empty() { next_at } else { next_at.min(now + LOOK) };
        match interrupted {
            // As the terminal does: what runs then is the program's own handler, Python's `finally` and the like.
            Some(_) => {
                for rank in (0..self.ranks.len()).filter(|&rank| !held.contains(rank)) {
                    self.tell_rank(rank, libc::SIGINT);
                }
            }
            None => self.tell(libc::SIGTERM),
        }
        self.ending = Some(Ending { next_at, killed_at: None, interrupted, asked: Some(now), held });
    }

    /// Ends the job: TERM now, KILL after the grace.
    pub(super) fn end(&mut self, code: i32, now: Instant) {
        self.code.get_or_insert(code);
        let next_at = now + self.launch.grace.unwrap_or(GRACE);
        self.ending =
            Some(Ending { next_at, killed_at: None, interrupted: None, asked: None, held: Held::default() });
        self.tell(libc::SIGTERM);
    }

    /// What time brings to a job that is being ended.
    pub(super) fn go_on_ending(&mut self, now: Instant) {
        let gone = self.ranks.iter().all(|rank| rank.death.is_some());
        if let Some((since, _)) = self.ending.as_ref().and_then(|ending| ending.interrupted) {
            self.look_after_held(since, now);
        }
        let Some(ending) = self.ending.as_mut().filter(|ending| ending.killed_at.is_none()) else { return };
        if gone {
            // What the ranks have left is no checkpoint of theirs.
            let next_at = if ending.interrupted.is_some() { now } else { now + GRACE };
            ending.next_at = ending.next_at.min(next_at);
        }
        if now < ending.next_at {
            return;
        }
        let interrupted = ending.interrupted;
        match interrupted {
            Some((since, until)) if !gone && now < until && self.may_still_end(since, until, now) => {
                if let Some(ending) = &mut self.ending {
                    ending.next_at = until.min(now + LOOK);
                }
            }
            _ => self.next_step(now),
        }
    }

    /// False when no rank that lives will come to an end by itself.
    fn may_still_end(&self, since: Instant, until: Instant, now: Instant) -> bool {
        let from = self.ending.as_ref().and_then(|ending| ending.held.released).unwrap_or(since);
        now < until.min(from + STANDSTILL) || !self.stands_still(now - since)
    }

    /// From an interrupt to TERM, from TERM to KILL.
    fn next_step(&mut self, now: Instant) {
        let Some(ending) = self.ending.as_mut().filter(|ending| ending.killed_at.is_none()) else { return };
        if let Some((since, until)) = ending.interrupted.take() {
            ending.next_at = now + GRACE;
            if now >= until {
                self.say_grace_is_over(now - since);
            }
            self.tell(libc::SIGTERM);
        } else {
            ending.killed_at = Some(now);
            self.signal_all(libc::SIGKILL);
        }
    }

    /// Names the ranks that need more time than they have: what they were saving may be cut.
    fn say_grace_is_over(&mut self, time: Duration) {
        let late: Vec<usize> =
            (0..self.ranks.len()).filter(|&rank| self.ranks[rank].death.is_none()).collect();
        if late.is_empty() {
            return;
        }
        let verb = if late.len() == 1 { "has" } else { "have" };
        let (ranks, time) = (report::rank_list(&late), report::seconds(time));
        let heading = format!("{ranks} {verb} not ended within {time} of the interrupt: ending by force");
        self.say(&heading, "  --grace SECONDS gives them more time\n");
    }

    /// True when every rank that lives waits in a call, and has done so for at least this time.
    pub(super) fn stands_still(&self, time: Duration) -> bool {
        report::scene(&self.segment, |rank| self.ranks[rank].death.is_some()).iter().all(|doing| {
            matches!(doing, Doing::Waits(_, waited) if *waited >= time) || *doing == Doing::Ended
        })
    }

    fn tell(&self, signal: i32) {
        self.signal_all(signal);
        // Stopped processes hear nothing else.
        self.signal_all(libc::SIGCONT);
    }

    /// Sends a signal to what one rank has started.
    pub(super) fn tell_rank(&self, rank: usize, signal: i32) {
        let pid = self.ranks[rank].pid;
        for signal in [signal, libc::SIGCONT] {
            // A rank that has moved to another group is still ours.
            if !sys::kill_group(pid, signal) {
                sys::kill(pid, signal);
            }
        }
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
