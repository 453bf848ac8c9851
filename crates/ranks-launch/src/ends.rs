//! What a rank's end means for the job.

use crate::outcome::Cause;
use crate::program;
use crate::sys::Death;
use ranks_shm::Segment;
use ranks_shm::life::{End, Stage};

/// Why an ended rank failed, if it did.
pub fn cause(death: Option<Death>) -> Option<Cause> {
    match death? {
        Death::Exit(0) => None,
        Death::Exit(code) => Some(Cause::Exit(code)),
        Death::Signal(signal) => Some(Cause::Signal(signal)),
    }
}

/// True for a rank that took part in the job and has ended with exit code 0 without finalising. Whoever still waits
/// for it fails; the others go on, because its communication may well have been complete.
pub fn left_unfinalised(segment: &Segment, rank: usize, death: Option<Death>) -> bool {
    death == Some(Death::Exit(0)) && segment.stage(rank) == Stage::Attached
}

/// Tells the other ranks.
pub fn publish(segment: &Segment, rank: usize, death: Option<Death>) {
    let end = if cause(death).is_some() { End::Failed } else { End::Ended };
    segment.set_end(rank, end);
    segment.wake_guests();
}

/// The exit code of a job for a failure. Never 0.
pub fn exit_code(cause: Cause) -> i32 {
    match cause {
        Cause::Exit(code) | Cause::LeftEarly(code) => code,
        Cause::Signal(signal) => 128 + signal,
        Cause::NotFinalised => 1,
        Cause::NotStarted { error: libc::ENOENT | libc::ENOTDIR, .. } => program::NOT_FOUND,
        Cause::NotStarted { .. } => program::NOT_EXECUTABLE,
        // A process exits with the low 8 bits; an abort that would look like success becomes 1.
        Cause::Abort(code) => match code & 0xff {
            0 => 1,
            low => low,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_0_without_finalising_is_no_failure_by_itself() {
        let segment = Segment::private(2);
        assert!(!left_unfinalised(&segment, 0, Some(Death::Exit(0))), "it never attached");
        segment.set_stage(0, Stage::Attached);
        assert!(left_unfinalised(&segment, 0, Some(Death::Exit(0))));
        assert_eq!(cause(Some(Death::Exit(0))), None);
        segment.set_stage(0, Stage::Finished);
        assert!(!left_unfinalised(&segment, 0, Some(Death::Exit(0))));
    }

    #[test]
    fn exit_codes() {
        assert_eq!(exit_code(Cause::Signal(9)), 137);
        assert_eq!(exit_code(Cause::Abort(256)), 1);
        assert_eq!(exit_code(Cause::Abort(-1)), 255);
        assert_eq!(exit_code(Cause::NotStarted { error: libc::EACCES, folder: false }), 126);
    }
}
