//! Which rank's end a failed job is put down to.
//!
//! One rank's end makes others fail, and the launcher sees their processes end in any order. A rank whose call failed
//! because another rank had ended says so in its slot (`ranks_shm::blame`). Following these entries from each failed
//! rank leads to where the failure began. That rank may have finalised and not ended yet: a Rust program finalises
//! when its world is dropped, before `main` prints its error. So there may be somebody to wait for.

use crate::ends;
use crate::outcome::Cause;
use crate::sys::Death;
use ranks_shm::Segment;
use ranks_shm::life::Stage;

/// Whom a failure is put down to, as far as is known now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    pub rank: usize,
    pub cause: Cause,
    pub open: Open,
}

/// Whose end may still change a judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Open {
    /// Nobody's.
    Settled,
    /// That of some rank that has finalised, or that is about to be seen dead.
    Others,
    /// That of the rank at which the failure began: it has finalised and still runs.
    Origin,
}

/// Judges by the ends that have been seen, given by rank; `None` while nobody has failed.
pub fn judge(segment: &Segment, deaths: &[Option<Death>]) -> Option<Judgement> {
    let failed = deaths.iter().enumerate().filter_map(|(rank, &death)| Some((rank, ends::cause(death)?)));
    let abort = segment.abort().filter(|abort| abort.rank < deaths.len());
    let abort = abort.map(|abort| (abort.rank, Cause::Abort(abort.code)));
    // One that aborts also ends with an exit code, which says less.
    let failed = failed.filter(|&(rank, _)| abort.is_none_or(|(aborted, _)| aborted != rank));
    let traced: Vec<_> =
        abort.into_iter().chain(failed).map(|it| trace(segment, deaths, abort, it)).collect();
    let best = traced.iter().min_by_key(|it| weight(segment, it))?;
    // Nothing that is still to come goes before these.
    let decided = matches!(best.cause, Cause::Abort(_) | Cause::Signal(_)) && best.open == Open::Settled;
    let open = traced.iter().map(|it| it.open).max().filter(|_| !decided).unwrap_or(Open::Settled);
    Some(Judgement { rank: best.rank, cause: best.cause, open })
}

/// Where the failure of one rank began.
fn trace(
    segment: &Segment,
    deaths: &[Option<Death>],
    abort: Option<(usize, Cause)>,
    (rank, cause): (usize, Cause),
) -> Judgement {
    let itself = |open| Judgement { rank, cause, open };
    let Some(origin) = segment.origin(rank).filter(|&origin| origin < deaths.len()) else {
        let finalised = |other: usize| deaths[other].is_none() && segment.stage(other) == Stage::Finished;
        return itself(if (0..deaths.len()).any(finalised) { Open::Others } else { Open::Settled });
    };
    if origin == rank {
        return itself(Open::Settled);
    }
    if let Some((_, cause)) = abort.filter(|&(aborted, _)| aborted == origin) {
        return Judgement { rank: origin, cause, open: Open::Settled };
    }
    let early = Cause::LeftEarly(ends::exit_code(cause));
    match (deaths[origin], segment.stage(origin)) {
        (None, Stage::Finished) => Judgement { rank: origin, cause: early, open: Open::Origin },
        // Its memory is gone, and its process has not been seen to end; or it lives and could not be read.
        (None, _) => itself(Open::Others),
        (death, _) => {
            let unfinalised = ends::left_unfinalised(segment, origin, death).then_some(Cause::NotFinalised);
            let cause = ends::cause(death).or(unfinalised).unwrap_or(early);
            Judgement { rank: origin, cause, open: Open::Settled }
        }
    }
}

/// Of several ranks at which a failure may have begun, the one with the lowest weight is named.
fn weight(segment: &Segment, it: &Judgement) -> (u8, u32, usize) {
    let blames = segment.blame(it.rank).is_some();
    let kind = match it.cause {
        // It failed because of others, of whom none can be named.
        _ if blames => 5,
        Cause::Abort(_) => 0,
        Cause::Signal(_) => 1,
        Cause::Exit(_) | Cause::NotStarted { .. } => 2,
        Cause::NotFinalised => 3,
        Cause::LeftEarly(_) => 4,
    };
    (kind, segment.finished_as(it.rank).unwrap_or(u32::MAX), it.rank)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ranks_shm::blame::Blame;

    const fn exit(code: i32) -> Option<Death> {
        Some(Death::Exit(code))
    }

    fn settled(rank: usize, cause: Cause) -> Option<Judgement> {
        Some(Judgement { rank, cause, open: Open::Settled })
    }

    fn attached(n: usize) -> Segment {
        let segment = Segment::private(n);
        (0..n).for_each(|rank| segment.set_stage(rank, Stage::Attached));
        segment
    }

    #[test]
    fn the_worst_way_to_end_goes_first() {
        let segment = attached(4);
        assert_eq!(judge(&segment, &[None; 4]), None);
        assert_eq!(judge(&segment, &[exit(0), None, None, None]), None);
        assert_eq!(judge(&segment, &[exit(0), exit(3), None, None]), settled(1, Cause::Exit(3)));
        let deaths = [exit(0), exit(3), Some(Death::Signal(9)), None];
        assert_eq!(judge(&segment, &deaths), settled(2, Cause::Signal(9)));
        segment.request_abort(3, 7);
        assert_eq!(judge(&segment, &deaths), settled(3, Cause::Abort(7)));
        assert_eq!(judge(&segment, &[None; 4]), settled(3, Cause::Abort(7)));
    }

    #[test]
    fn consequences_lead_to_the_rank_that_began() {
        let segment = attached(4);
        segment.set_stage(2, Stage::Finished);
        segment.set_blame(1, Blame::Rank(2));
        segment.set_stage(1, Stage::Finished);
        segment.set_blame(0, Blame::Rank(1));
        // The last of the chain is seen first.
        let judgement = judge(&segment, &[exit(1), None, None, None]).unwrap();
        assert_eq!((judgement.rank, judgement.open), (2, Open::Origin));
        assert_eq!(judge(&segment, &[exit(1), None, exit(3), None]), settled(2, Cause::Exit(3)));
        assert_eq!(judge(&segment, &[exit(1), None, exit(0), None]), settled(2, Cause::LeftEarly(1)));
        // An abort can be a consequence too.
        segment.request_abort(0, 101);
        assert_eq!(judge(&segment, &[exit(101), None, exit(3), None]), settled(2, Cause::Exit(3)));
    }

    #[test]
    fn of_independent_failures_the_rank_that_finalised_first_is_named() {
        let segment = attached(3);
        segment.set_stage(2, Stage::Finished);
        segment.set_stage(0, Stage::Finished);
        assert_eq!(judge(&segment, &[exit(1), None, exit(5)]), settled(2, Cause::Exit(5)));
    }

    #[test]
    fn nobody_left_to_receive_from() {
        let segment = attached(3);
        segment.set_stage(1, Stage::Finished);
        segment.set_stage(2, Stage::Finished);
        segment.set_blame(0, Blame::Everyone);
        let judgement = judge(&segment, &[exit(1), exit(0), None]).unwrap();
        assert_eq!((judgement.rank, judgement.open), (0, Open::Others));
        assert_eq!(judge(&segment, &[exit(1), exit(0), exit(4)]), settled(2, Cause::Exit(4)));
        assert_eq!(judge(&segment, &[exit(1), exit(0), exit(0)]), settled(0, Cause::Exit(1)));
    }

    #[test]
    fn a_rank_that_left_without_finalising_and_was_needed() {
        let segment = attached(2);
        segment.set_blame(0, Blame::Rank(1));
        assert_eq!(judge(&segment, &[exit(1), exit(0)]), settled(1, Cause::NotFinalised));
        // Its memory could not be read; its end has not been seen.
        let judgement = judge(&segment, &[exit(1), None]).unwrap();
        assert_eq!((judgement.rank, judgement.open), (0, Open::Others));
    }
}
