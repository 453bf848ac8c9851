//! What a rank's end means for the job.

use crate::launch::Cause;
use crate::program;
use crate::sys::Death;
use ranks_shm::Segment;
use ranks_shm::life::{End, Stage};

/// Why an ended rank failed, if it did.
pub fn cause(segment: &Segment, rank: usize, death: Option<Death>) -> Option<Cause> {
    match death? {
        Death::Exit(0) if segment.stage(rank) == Stage::Attached => Some(Cause::NotFinalised),
        Death::Exit(0) => None,
        Death::Exit(code) => Some(Cause::Exit(code)),
        Death::Signal(signal) => Some(Cause::Signal(signal)),
    }
}

/// Tells the other ranks.
pub fn publish(segment: &Segment, rank: usize, death: Option<Death>) {
    let end = if cause(segment, rank, death).is_some() { End::Failed } else { End::Ended };
    segment.set_end(rank, end);
}

/// Who failed first: a rank that asked for the end, or, of those that were seen to end together, one that a
/// signal killed: the others may have failed for its sake.
pub fn culprit(
    segment: &Segment,
    deaths: impl Iterator<Item = (usize, Option<Death>)>,
) -> Option<(usize, Cause)> {
    if let Some(abort) = segment.abort().filter(|abort| abort.rank < segment.ranks()) {
        return Some((abort.rank, Cause::Abort(abort.code)));
    }
    let failed = deaths.filter_map(|(rank, death)| Some((rank, cause(segment, rank, death)?)));
    failed.min_by_key(|(_, cause)| match cause {
        Cause::Signal(_) => 0,
        Cause::NotFinalised => 2,
        _ => 1,
    })
}

/// The exit code of a job for a failure. Never 0.
pub fn exit_code(cause: Cause) -> i32 {
    match cause {
        Cause::Exit(code) => code,
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
    fn who_failed_first() {
        let segment = Segment::private(4);
        let deaths = [(0, Some(Death::Exit(0))), (1, Some(Death::Exit(3))), (2, Some(Death::Signal(9)))];
        assert_eq!(culprit(&segment, deaths.into_iter()), Some((2, Cause::Signal(9))));
        assert_eq!(culprit(&segment, deaths.into_iter().take(2)), Some((1, Cause::Exit(3))));
        assert_eq!(culprit(&segment, deaths.into_iter().take(1)), None);
        segment.set_stage(0, Stage::Attached);
        assert_eq!(culprit(&segment, deaths.into_iter().take(1)), Some((0, Cause::NotFinalised)));
        segment.request_abort(3, 7);
        assert_eq!(culprit(&segment, deaths.into_iter()), Some((3, Cause::Abort(7))));
    }

    #[test]
    fn exit_codes() {
        assert_eq!(exit_code(Cause::Signal(9)), 137);
        assert_eq!(exit_code(Cause::Abort(256)), 1);
        assert_eq!(exit_code(Cause::Abort(-1)), 255);
        assert_eq!(exit_code(Cause::NotStarted { error: libc::EACCES, folder: false }), 126);
    }
}
