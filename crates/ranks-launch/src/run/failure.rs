//! The first failure of a job: whom it is put down to, and the report.
//!
//! When the first rank is seen to fail, what the others do at that moment is written down. Then the launcher finds out
//! where the failure began (`crate::culprit`), for which it may have to wait for a rank that has finalised, and ends
//! the job. The report comes after the last words of the others, so that these do not bury it.

use super::Job;
use crate::culprit::{self, Judgement, Open};
use crate::ends;
use crate::environment;
use crate::fork::{START_ERROR, STEP_FOLDER};
use crate::limits;
use crate::outcome::{Cause, Failure};
use crate::report::{self, Doing};
use crate::sys::{self, Death};
use ranks_shm::life::Stage;
use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// How long the rank at which a failure began has from finalising to its end: it prints its error then.
const ORIGIN_ENDS: Duration = Duration::from_secs(5);

/// How long others have that may have been the first.
const OTHERS_END: Duration = Duration::from_millis(500);

/// How long the report is kept back for the others to end.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// What a program may lack that did not get as far as MPI_Init.
const NO_LIBRARY: &str = "  There is no libmpi.so.12 beside this command, and C and Python programs need it: `ranks info` says where \
                          it is looked for.\n";

/// A rank has failed.
pub(super) struct Inquiry {
    since: Instant,
    /// What the others did then.
    scene: Vec<Doing>,
}

/// A report that is to be printed.
pub(super) struct Notice {
    due: Instant,
    failure: Failure,
    scene: Vec<Doing>,
}

impl Job<'_> {
    /// Begins to find out where a failure began, if this is the first one. Looks at the others before they learn of
    /// it, which moves them.
    pub(super) fn inquire(&mut self, now: Instant) {
        if self.inquiry.is_none() && self.ending.is_none() {
            let scene = report::scene(&self.segment, |rank| self.ranks[rank].death.is_some());
            self.inquiry = Some(Inquiry { since: now, scene });
        }
    }

    fn judgement(&self) -> Option<Judgement> {
        let deaths: Vec<_> = self.ranks.iter().map(|rank| rank.death).collect();
        culprit::judge(&self.segment, &deaths)
    }

    /// Until when the judgement of a failure waits.
    pub(super) fn inquiry_deadline(&self, now: Instant) -> Option<Instant> {
        let inquiry = self.inquiry.as_ref().filter(|_| self.ending.is_none())?;
        Some(match self.judgement()?.open {
            Open::Settled => now,
            Open::Others => inquiry.since + OTHERS_END,
            Open::Origin => inquiry.since + ORIGIN_ENDS,
        })
    }

    /// Ends the job once it is settled where its failure began.
    pub(super) fn settle(&mut self, now: Instant) {
        if self.inquiry_deadline(now).is_none_or(|until| now < until) {
            return;
        }
        let (Some(Inquiry { mut scene, .. }), Some(Judgement { rank, cause, .. })) =
            (self.inquiry.take(), self.judgement())
        else {
            return;
        };
        self.outputs.collect(rank, now);
        // It was told to end before it could hear that, as it started: it has not failed.
        if let (Some(draining), Cause::Signal(libc::SIGTERM)) = (self.draining, cause) {
            self.end_by(draining.signal, now);
            return;
        }
        scene[rank] = Doing::Ended;
        let cause = self.start_error(rank).unwrap_or(cause);
        let failure = Failure { rank, pid: self.ranks[rank].pid as u32, cause };
        self.failure = Some(failure);
        if !(self.launch.says_why && matches!(cause, Cause::Exit(_))) {
            self.notice = Some(Notice { due: now + LAST_WORDS, failure, scene });
        }
        self.end(ends::exit_code(cause), now);
    }

    pub(super) fn notice_deadline(&self) -> Option<Instant> {
        self.notice.as_ref().map(|notice| notice.due)
    }

    /// Prints the report of a failure when it is time, or when all ranks have ended.
    pub(super) fn report_failure(&mut self, now: Instant) {
        let all_ended = self.ranks.iter().all(|rank| rank.death.is_some());
        let Some(Notice { failure, scene, .. }) = self.notice.take_if(|it| all_ended || now >= it.due) else {
            return;
        };
        let Failure { rank, pid, cause } = failure;
        self.outputs.collect(rank, now);
        let program = report::program_name(&self.launch.programs[self.ranks[rank].program].file);
        let said = self.outputs.last_words(rank);
        let limit = limits::explain(pid as sys::Pid, cause, said.as_deref());
        let text = report::describe_failure(rank, pid as sys::Pid, &program, cause, limit.as_deref());
        let mut words = said.map_or(String::new(), |words| format!("  its last line: {words}\n"));
        if matches!(cause, Cause::Exit(_))
            && self.segment.stage(rank) == Stage::Absent
            && environment::library().is_none()
        {
            words += NO_LIBRARY;
        }
        self.say(&text, &(words + &report::describe(&scene, report::Style::Failure)));
    }

    /// At the end of a job that has not failed: ranks that have exited with code 0 without finalising.
    pub(super) fn say_who_left_unfinalised(&mut self) {
        if self.code.is_some() {
            return;
        }
        let left = |rank: &usize| ends::left_unfinalised(&self.segment, *rank, self.ranks[*rank].death);
        let ranks: Vec<usize> = (0..self.ranks.len()).filter(left).collect();
        let Some(&rank) = ranks.first() else { return };
        let failure = Failure { rank, pid: self.ranks[rank].pid as u32, cause: Cause::NotFinalised };
        self.failure = Some(failure);
        self.code = Some(ends::exit_code(failure.cause));
        self.say(&report::describe_unfinalised(&ranks), "");
    }

    /// What a rank said when it could not become its program.
    fn start_error(&self, rank: usize) -> Option<Cause> {
        if self.ranks[rank].death != Some(Death::Exit(127)) {
            return None;
        }
        let mut record = [0; START_ERROR];
        loop {
            match sys::read(self.errors.as_fd(), &mut record) {
                Ok(START_ERROR) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                _ => return None,
            }
            let word = |at: usize| record[4 * at..4 * at + 4].try_into().map(u32::from_ne_bytes).unwrap_or(0);
            if word(0) as usize == rank {
                let folder = word(1) == STEP_FOLDER;
                return Some(Cause::NotStarted { error: word(2) as i32, folder });
            }
        }
    }
}
