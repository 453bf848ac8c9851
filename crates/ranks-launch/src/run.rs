//! Watching over a job: one thread, one wait for everything that can happen.

mod control;
mod drain;
mod exits;
mod failure;
mod foreign_mpi;
mod interrupted;
mod signals;
mod start;
mod started;

pub use control::{Control, Remote};

use crate::deadlock;
use crate::ends;
use crate::foreign;
use crate::input::Input;
use crate::launch::Launch;
use crate::outcome::{Failure, Outcome, StartError};
use crate::output::{LineQueue, Outputs};
use crate::report;
use crate::sys::{self, Death, Pid};
use drain::Drain;
use failure::{Inquiry, Notice};
use ranks_shm::Segment;
use signals::{Draining, Ending};
use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long after its memory is gone a killed process is seen to have ended, at most.
const DEATH_IS_SEEN: Duration = Duration::from_millis(50);

/// How long pipes are read after all ranks of a failed job were killed: daemons may hold them for ever.
const DRAIN: Duration = Duration::from_millis(200);

/// An abort is asked for in shared memory, which no wait can watch. Usually its process ends at once, which
/// ends the wait; this is for those whose process lives on (a shell around it).
const LOOK_FOR_ABORT: Duration = Duration::from_millis(200);

/// How often the launcher looks for ranks that have ended, where the kernel has no pidfds to wait on.
const LOOK_FOR_ENDS: Duration = Duration::from_millis(10);

/// After a failure nobody waits longer than this for a reader that takes nothing.
const STUCK: Duration = Duration::from_secs(2);

/// The exit code after `--timeout`.
const TIMED_OUT: i32 = 110;

/// The exit code when the reader of our output has gone, as a program has that SIGPIPE ends.
const NO_READER: i32 = 128 + libc::SIGPIPE;

/// A started job.
pub struct Job<'a> {
    pub launch: &'a Launch,
    pub segment: Segment,
    /// Kept open for as long as ranks may attach through our `/proc` entry.
    segment_fd: Option<OwnedFd>,
    pub ranks: Vec<Rank>,
    keeper: Option<Pid>,
    pub outputs: Outputs,
    pub input: Option<Input>,
    signals: Option<OwnedFd>,
    /// What the program that has started the job wants of it.
    control: Option<Control>,
    errors: OwnedFd,
    pub deadline: Option<Instant>,
    /// Who may have loaded another MPI.
    pub foreign: foreign::Watch,
    deadlock: deadlock::Watch,
    ending: Option<Ending>,
    /// The ranks have been told to end by themselves.
    draining: Option<Draining>,
    last_end: Option<Instant>,
    /// Reading what is left in the pipes after the last end.
    drain: Drain,
    code: Option<i32>,
    failure: Option<Failure>,
    /// A rank has failed, and whom that is put down to is not settled yet.
    inquiry: Option<Inquiry>,
    /// The report of a failure, kept back until the other ranks have had their say.
    notice: Option<Notice>,
    timed_out: bool,
    /// The jobs that ranks of this one have started.
    started: started::Started,
}

/// A rank as the launcher knows it. Its process stays a zombie until the job ends, so that neither its
/// number nor that of its group can mean anyone else.
pub struct Rank {
    pub pid: Pid,
    pub watch: Option<OwnedFd>,
    pub death: Option<Death>,
    pub program: usize,
}

impl Launch {
    /// Runs the job to its end.
    pub fn run(self) -> Result<Outcome, StartError> {
        let job = start::start(&self, None)?;
        Ok(job.watched_to_the_end())
    }

    /// Starts the job, says that it runs, and watches over it to its end. `queue` gets its output, line by line.
    pub(crate) fn run_controlled(
        &self,
        control: Control,
        queue: Option<&Arc<LineQueue>>,
        started: impl FnOnce(Vec<u32>),
    ) -> Result<Outcome, StartError> {
        let mut job = start::start(self, queue)?;
        job.control = Some(control);
        started(job.ranks.iter().map(|rank| rank.pid as u32).collect());
        Ok(job.watched_to_the_end())
    }
}

impl<'a> Job<'a> {
    pub fn new(
        launch: &'a Launch,
        segment: Segment,
        keeper: Pid,
        outputs: Outputs,
        signals: Option<OwnedFd>,
        errors: OwnedFd,
    ) -> Self {
        Self {
            launch,
            segment,
            segment_fd: None,
            ranks: Vec::new(),
            keeper: Some(keeper),
            outputs,
            input: None,
            signals,
            control: None,
            errors,
            deadline: None,
            foreign: foreign::Watch::new(1),
            deadlock: deadlock::Watch::new(launch.deadlock_notice && !launch.quiet),
            ending: None,
            draining: None,
            last_end: None,
            drain: Drain::default(),
            code: None,
            failure: None,
            inquiry: None,
            notice: None,
            timed_out: false,
            started: started::Started::default(),
        }
    }

    fn watched_to_the_end(mut self) -> Outcome {
        self.watch();
        self.say_who_left_unfinalised();
        self.say_exit_codes();
        self.write_the_rest();
        // Until then the segment is open here.
        if let Some(parent) = &self.launch.parent {
            parent.wait_until_seen();
        }
        self.outcome()
    }

    pub fn keep_open(&mut self, segment_fd: OwnedFd) {
        self.segment_fd = Some(segment_fd);
    }

    fn watch(&mut self) {
        let mut fds = Vec::new();
        while !self.is_over(Instant::now()) {
            fds.clear();
            fds.push(sys::readable(self.signals.as_ref().map_or(-1, AsRawFd::as_raw_fd)));
            fds.push(self.input.as_ref().map_or(sys::readable(-1), Input::waits_for));
            for rank in &self.ranks {
                let watch = rank.watch.as_ref().filter(|_| rank.death.is_none());
                fds.push(sys::readable(watch.map_or(-1, AsRawFd::as_raw_fd)));
            }
            fds.push(sys::readable(self.control.as_ref().map_or(-1, Control::waits_for)));
            let (first_rank, first_output) = (2, fds.len());
            self.outputs.wait_for(&mut fds);
            sys::poll(&mut fds, Some(self.patience(Instant::now())));

            let now = Instant::now();
            self.outputs.handle(&fds[first_output..], now);
            if let Some(input) = &mut self.input {
                input.handle(fds[1].revents != 0, now);
            }
            while let Some(signal) = self.signals.as_ref().and_then(sys::next_signal) {
                self.on_signal(signal, now);
            }
            self.obey(now);
            let mut ended = Vec::new();
            for (index, rank) in self.ranks.iter_mut().enumerate() {
                let looked_for = rank.watch.is_none() || fds[first_rank + index].revents != 0;
                if rank.death.is_none() && looked_for {
                    rank.death = sys::look_at_end(rank.pid);
                    ended.extend(rank.death.map(|_| index));
                }
            }
            if ended.iter().any(|&rank| ends::cause(self.ranks[rank].death).is_some()) {
                self.inquire(now);
            }
            if self.ending.is_none() && ended.iter().any(|&rank| self.exited_with_an_error(rank)) {
                self.wait_for_deaths(&mut ended);
            }
            self.on_ends(&ended, now);
            self.on_time(now);
        }
        self.outputs.close(Instant::now());
        self.report_failure(Instant::now());
    }

    /// For how long nothing needs to be looked at.
    fn patience(&self, now: Instant) -> Duration {
        let alive = self.ranks.iter().any(|rank| rank.death.is_none());
        let blind = self.ranks.iter().any(|rank| rank.death.is_none() && rank.watch.is_none());
        let look = match (&self.ending, alive) {
            (_, true) if blind => Some(now + LOOK_FOR_ENDS),
            (None, true) => Some(now + LOOK_FOR_ABORT),
            _ => None,
        };
        let ending = self.ending.as_ref().map(|ending| match ending.killed_at {
            Some(killed) => killed + DRAIN,
            None => ending.next_at,
        });
        let drained = self.last_end.filter(|_| self.ending.is_none()).map(|_| now + drain::LOOK);
        let input = self.input.as_ref().and_then(Input::deadline);
        let timeout = self.deadline.filter(|_| self.ending.is_none());
        let foreign = self.foreign.deadline().filter(|_| alive);
        let draining = self.draining.filter(|_| self.ending.is_none()).map(|draining| draining.until);
        let report = [self.inquiry_deadline(now), self.notice_deadline(), self.look_at_started(now)];
        let deadlock = self.deadlock.due().filter(|_| alive && self.ending.is_none());
        let all =
            [deadlock, look, ending, drained, draining, input, timeout, foreign, self.outputs.deadline()];
        let all = all.into_iter().chain(report);
        let next = all.flatten().min();
        next.map_or(LOOK_FOR_ABORT, |at| at.saturating_duration_since(now))
    }

    /// True when nothing is left to be watched.
    fn is_over(&mut self, now: Instant) -> bool {
        if self.ranks.iter().any(|rank| rank.death.is_none()) {
            return false;
        }
        if self.waits_for_started(now) {
            return false;
        }
        let last_end = *self.last_end.get_or_insert(now);
        match &self.ending {
            None => self.is_drained(last_end, now),
            Some(ending) => {
                // What the ranks have left in their groups ends too: it has had its TERM, and whatever
                // still needs a moment for it holds a pipe.
                if self.outputs.all_closed() {
                    self.signal_all(libc::SIGKILL);
                    return true;
                }
                ending.killed_at.is_some_and(|killed| now >= killed + DRAIN)
            }
        }
    }

    fn on_time(&mut self, now: Instant) {
        if self.foreign.is_due(now) {
            self.look_for_foreign();
        }
        if self.segment.abort().is_some() {
            self.inquire(now);
        }
        self.settle(now);
        self.report_failure(now);
        match &self.ending {
            Some(_) => {
                self.end_started(now);
                self.go_on_ending(now);
            }
            None => {
                if self.ranks.iter().all(|rank| rank.death.is_some()) {
                    return;
                }
                let overdue = self.draining.filter(|draining| now >= draining.until);
                if let Some((file, error)) = self.outputs.output_broken() {
                    let code = lost_output(error);
                    let text = format!("{file}: {}", crate::outcome::reason(error));
                    if code != NO_READER {
                        self.say(&text, "");
                    }
                    self.end(code, now);
                } else if self.deadline.is_some_and(|deadline| now >= deadline) {
                    self.timed_out = true;
                    let limit = self.launch.timeout.unwrap_or_default();
                    let heading = format!("the time limit of {} has passed", report::seconds(limit));
                    self.roll_call(&heading);
                    self.end(TIMED_OUT, now);
                } else if let Some(draining) = overdue {
                    self.end_by(draining.signal, now);
                } else {
                    self.look_for_deadlock(now);
                }
            }
        }
    }

    fn exited_with_an_error(&self, rank: usize) -> bool {
        matches!(self.ranks[rank].death, Some(Death::Exit(code)) if code != 0)
    }

    /// A rank that was killed is seen to be gone by others, who copy its memory, before the system says that it has ended.
    /// So those that ended by themselves are not judged before such a death could be seen.
    fn wait_for_deaths(&mut self, ended: &mut Vec<usize>) {
        std::thread::sleep(DEATH_IS_SEEN);
        for (index, rank) in self.ranks.iter_mut().enumerate().filter(|(_, rank)| rank.death.is_none()) {
            rank.death = sys::look_at_end(rank.pid);
            ended.extend(rank.death.map(|_| index));
        }
        ended.sort_unstable();
    }

    /// Ranks have ended, in the order of their numbers.
    fn on_ends(&mut self, ended: &[usize], now: Instant) {
        if ended.is_empty() {
            return;
        }
        for &rank in ended {
            ends::publish(&self.segment, rank, self.ranks[rank].death);
            self.outputs.collect(rank, now);
        }
    }

    /// Says, once, that no rank can go on. The job is not ended: a person may want to look at it.
    fn look_for_deadlock(&mut self, now: Instant) {
        if self.inquiry.is_some() {
            return;
        }
        let ranks = &self.ranks;
        if self.deadlock.is_found(&self.segment, |rank| ranks[rank].death.is_some(), now) {
            let scene = report::scene(&self.segment, |rank| ranks[rank].death.is_some());
            let threads = deadlock::other_threads(&self.segment, |rank| ranks[rank].death.is_some());
            let rest = report::describe(&scene, report::Style::RollCall)
                + &report::describe_threads(&threads)
                + deadlock::ADVICE;
            self.say(deadlock::HEADING, &rest);
        }
    }

    fn roll_call(&mut self, heading: &str) {
        let scene = report::scene(&self.segment, |rank| self.ranks[rank].death.is_some());
        self.say(heading, &report::describe(&scene, report::Style::RollCall));
    }

    /// Says something on standard error, in one piece.
    pub fn say(&mut self, heading: &str, rest: &str) {
        if !self.launch.quiet {
            self.outputs.say(&format!("{}: {heading}\n{rest}", self.launch.name));
        }
    }

    /// Writes what a slow reader has not taken yet.
    fn write_the_rest(&mut self) {
        let mut progress = Instant::now();
        let mut fds = Vec::new();
        while !self.outputs.is_written() {
            fds.clear();
            fds.push(sys::readable(self.signals.as_ref().map_or(-1, AsRawFd::as_raw_fd)));
            self.outputs.wait_for(&mut fds);
            sys::poll(&mut fds, self.ending.as_ref().map(|_| STUCK));
            if self.outputs.flush() {
                progress = Instant::now();
            } else if self.ending.is_some() && progress.elapsed() >= STUCK {
                return;
            }
            while let Some(signal) = self.signals.as_ref().and_then(sys::next_signal) {
                if matches!(signal, libc::SIGINT | libc::SIGTERM | libc::SIGHUP) {
                    self.code.get_or_insert(128 + signal);
                    return;
                }
            }
        }
        if self.code.is_none() {
            self.code = self.outputs.output_broken().map(|(_, error)| lost_output(error));
        }
    }

    fn outcome(mut self) -> Outcome {
        let ends = self.ranks.iter().map(|rank| rank.death).collect();
        self.take_everything_away();
        let outputs = std::mem::replace(&mut self.outputs, Outputs::to_memory(false));
        let (stdout, stderr) = outputs.into_memory();
        let (code, failure, timed_out) = (self.code.unwrap_or(0), self.failure, self.timed_out);
        Outcome { code, failure, timed_out, ends, stdout, stderr }
    }

    fn take_everything_away(&mut self) {
        // The keeper before the zombies: it must not know a number that is free again.
        if let Some(keeper) = self.keeper.take() {
            sys::kill(keeper, libc::SIGKILL);
            sys::reap(keeper);
        }
        for rank in self.ranks.drain(..) {
            sys::reap(rank.pid);
        }
    }
}

impl Drop for Job<'_> {
    /// A start that failed half-way leaves nothing either.
    fn drop(&mut self) {
        self.signal_all(libc::SIGKILL);
        self.take_everything_away();
    }
}

fn lost_output(error: &io::Error) -> i32 {
    // EIO: the terminal has hung up.
    let gone = error.kind() == ErrorKind::BrokenPipe || error.raw_os_error() == Some(libc::EIO);
    if gone { NO_READER } else { 1 }
}
