//! What the launcher says about a job: who waits where, how a rank ended.

use crate::outcome::Cause;
use crate::outcome::reason;
use crate::sys::Pid;
use ranks_shm::Segment;
use ranks_shm::blocked::ABROAD;
use ranks_shm::life::{Life, Stage};
use std::ffi::OsStr;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

/// What a rank does at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It waits in a call, for so long.
    Waits(String, Duration),
    /// It takes part in the job and is in no call that waits.
    Computes,
    /// It is in no call, and its last one failed because another rank had ended.
    Failed,
    /// It runs and has not attached to the job.
    Absent,
    /// It has finalised and still runs.
    Finalised,
    /// It has ended.
    Ended,
}

/// What every rank does at this moment.
pub fn scene(segment: &Segment, has_ended: impl Fn(usize) -> bool) -> Vec<Doing> {
    (0..segment.ranks())
        .map(|rank| {
            if has_ended(rank) {
                return Doing::Ended;
            }
            match (segment.life(rank), segment.stage(rank)) {
                (_, Stage::Absent) => Doing::Absent,
                // It did so because of another rank's end: what it says itself tells more.
                (_, Stage::Finished) if segment.blame(rank).is_some() => Doing::Ended,
                (_, Stage::Finished) => Doing::Finalised,
                (Life::Absent | Life::Running | Life::Finished | Life::Failed, Stage::Attached) => {
                    // A look that fails may have met the rank between two waits: look again.
                    match (0..3).find_map(|_| segment.slot(rank).blocked.look()) {
                        Some(mut seen) => {
                            if seen.what.peer >= segment.ranks() as i32 {
                                seen.what.peer = ABROAD;
                            }
                            Doing::Waits(seen.to_string(), seen.waited)
                        }
                        None if segment.blame(rank).is_some() => Doing::Failed,
                        None => Doing::Computes,
                    }
                }
            }
        })
        .collect()
}

/// For what a scene is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// What the others did when one failed. Those that have ended are left out, and so is everything when
    /// no rank has attached: then it is no message passing program, or has not begun to be one.
    Failure,
    /// All ranks, counted.
    RollCall,
}

/// A scene in lines, ranks that do the same together.
pub fn describe(scene: &[Doing], style: Style) -> String {
    let count = style == Style::RollCall;
    let mut text = String::new();
    if !scene
        .iter()
        .any(|doing| matches!(doing, Doing::Waits(..) | Doing::Computes | Doing::Failed | Doing::Finalised))
        && !count
    {
        return text;
    }
    let mut groups: Vec<(String, Vec<usize>, Option<Duration>)> = Vec::new();
    for (rank, doing) in scene.iter().enumerate() {
        let (key, waited) = match doing {
            Doing::Waits(what, waited) => (format!("wait in {what}"), Some(*waited)),
            Doing::Computes => ("are computing (not in any call)".to_owned(), None),
            Doing::Failed => ("have had a call that failed because another rank ended".to_owned(), None),
            Doing::Absent => ("run and have not attached to the job".to_owned(), None),
            Doing::Finalised => ("have finalised and still run".to_owned(), None),
            Doing::Ended if !count => continue,
            Doing::Ended => ("have ended".to_owned(), None),
        };
        match groups.iter_mut().find(|group| group.0 == key) {
            Some(group) => {
                group.1.push(rank);
                group.2 = group.2.max(waited);
            }
            None => groups.push((key, vec![rank], waited)),
        }
    }
    // The ended last: they explain least.
    groups.sort_by_key(|group| group.0 == "have ended");
    for (key, ranks, waited) in groups {
        let verb = if ranks.len() == 1 { singular(&key) } else { key };
        text.push_str("  ");
        if count && ranks.len() > 1 {
            let _ = write!(text, "{} of {} ranks {verb}", ranks.len(), scene.len());
        } else {
            let _ = write!(text, "{} {verb}", rank_list(&ranks));
        }
        if let Some(waited) = waited {
            let _ = write!(text, ", for {}", seconds(waited));
        }
        if count && ranks.len() > 1 && ranks.len() < scene.len() {
            let _ = write!(text, ": {}", rank_list(&ranks));
        }
        text.push('\n');
    }
    text
}

/// Lines about ranks with more threads that might call MPI and sleep, for whoever doubts that no rank can go on.
pub fn describe_threads(groups: &[(usize, Vec<usize>)]) -> String {
    let mut text = String::new();
    for (others, ranks) in groups {
        let (verb, each) = if ranks.len() == 1 { ("has", "") } else { ("have", " each") };
        let (noun, sleep) = if *others == 1 { ("thread", "sleeps") } else { ("threads", "sleep") };
        let list = rank_list(ranks);
        let _ =
            writeln!(text, "  {list} {verb} {others} more {noun}{each}, which {sleep} without a time limit");
    }
    text
}

fn singular(key: &str) -> String {
    let (verb, rest) = key.split_once(' ').unwrap_or((key, ""));
    let verb = match verb {
        "wait" => "waits",
        "are" => "is",
        "run" => "runs",
        _ => "has",
    };
    let rest = rest.replace("and still run", "and still runs").replace("and have not", "and has not");
    format!("{verb} {rest}")
}

/// As in "0.3 s", "12 s".
pub fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 10.0 { format!("{seconds:.1} s") } else { format!("{seconds:.0} s") }
}

/// As in "rank 2", "ranks 0, 2 and 3", "ranks 0-6 and 8-63".
pub fn rank_list(ranks: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &rank in ranks {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == rank => *last = rank,
            _ => runs.push((rank, rank)),
        }
    }
    let mut parts: Vec<String> = Vec::new();
    for (first, last) in runs {
        // Short runs are easier to read in full.
        if last - first < 3 {
            parts.extend((first..=last).map(|rank| rank.to_string()));
        } else {
            parts.push(format!("{first}-{last}"));
        }
    }
    let noun = if ranks.len() == 1 { "rank" } else { "ranks" };
    match parts.split_last() {
        Some((last, [])) => format!("{noun} {last}"),
        Some((last, rest)) => format!("{noun} {} and {last}", rest.join(", ")),
        None => "no rank".to_owned(),
    }
}

/// The name a program is called by in reports: without its folders.
pub fn program_name(file: &OsStr) -> String {
    Path::new(file).file_name().unwrap_or(file).to_string_lossy().into_owned()
}

/// As in "rank 2 (solver, process 4711) was killed by signal 9 (SIGKILL)". `limit` says which limit explains the end.
pub fn describe_failure(rank: usize, pid: Pid, program: &str, cause: Cause, limit: Option<&str>) -> String {
    let name = match cause {
        Cause::Signal(signal) => signal_name(signal),
        _ => None,
    };
    let end = match (cause, limit, name) {
        // The limit is the meaning of the signal.
        (Cause::Signal(signal), Some(_), Some(name)) => format!("was killed by signal {signal} ({name})"),
        _ => describe_end(cause),
    };
    let limit = limit.map_or(String::new(), |limit| format!(": {limit}"));
    format!("rank {rank} ({program}, process {pid}) {end}{limit}")
}

fn describe_end(cause: Cause) -> String {
    match cause {
        Cause::Exit(code) => format!("exited with code {code}"),
        Cause::Signal(signal) => format!("was killed by signal {}", describe_signal(signal)),
        Cause::Abort(code) => format!("aborted the job with code {code}"),
        Cause::NotFinalised => {
            "exited with code 0 and without finalising, while other ranks still needed it".to_owned()
        }
        Cause::LeftEarly(code) => format!(
            "finished its part while other ranks still needed it, and they failed: the exit code is {code}"
        ),
        Cause::NotStarted { error, folder } => {
            let what = if folder { "its folder cannot be entered" } else { "the program cannot be executed" };
            format!("could not start: {what}: {}", reason(&std::io::Error::from_raw_os_error(error)))
        }
    }
}

/// As in "ranks 1 and 2 exited with code 0 and without finalising ...": of ranks that nobody needed any more.
pub fn describe_unfinalised(ranks: &[usize]) -> String {
    format!(
        "{} exited with code 0 and without finalising (MPI_Finalize); no other rank was ended for that, and the exit \
         code is 1",
        rank_list(ranks)
    )
}

/// As in "9 (SIGKILL)", with a meaning where the name alone says little.
pub fn describe_signal(signal: i32) -> String {
    let meaning = match signal {
        libc::SIGILL => "illegal instruction",
        libc::SIGABRT => "abort",
        libc::SIGBUS => "memory that is not there",
        libc::SIGFPE => "arithmetic error",
        libc::SIGKILL => "perhaps out of memory",
        libc::SIGSEGV => "segmentation fault",
        libc::SIGPIPE => "nobody reads what it writes",
        libc::SIGXCPU => "CPU time limit",
        libc::SIGXFSZ => "file size limit",
        libc::SIGSYS => "forbidden system call",
        _ => "",
    };
    match signal_name(signal) {
        None => signal.to_string(),
        Some(name) if meaning.is_empty() => format!("{signal} ({name})"),
        Some(name) => format!("{signal} ({name}, {meaning})"),
    }
}

fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        libc::SIGHUP => "SIGHUP",
        libc::SIGINT => "SIGINT",
        libc::SIGQUIT => "SIGQUIT",
        libc::SIGILL => "SIGILL",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGKILL => "SIGKILL",
        libc::SIGUSR1 => "SIGUSR1",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGUSR2 => "SIGUSR2",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGALRM => "SIGALRM",
        libc::SIGTERM => "SIGTERM",
        libc::SIGXCPU => "SIGXCPU",
        libc::SIGXFSZ => "SIGXFSZ",
        libc::SIGSYS => "SIGSYS",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ranks_shm::blocked::{Blocked, Call, NOBODY};

    #[test]
    fn ranks_whose_call_failed_are_not_said_to_compute() {
        let scene = [Doing::Failed, Doing::Ended, Doing::Failed, Doing::Computes];
        assert_eq!(
            describe(&scene, Style::Failure),
            "  ranks 0 and 2 have had a call that failed because another rank ended\n  rank 3 is computing (not in any call)\n"
        );
        assert!(describe(&scene[..2], Style::RollCall).contains("rank 0 has had a call that failed"));
    }

    #[test]
    fn lists() {
        assert_eq!(rank_list(&[2]), "rank 2");
        assert_eq!(rank_list(&[0, 2, 3]), "ranks 0, 2 and 3");
        assert_eq!(rank_list(&[0, 1, 2]), "ranks 0, 1 and 2");
        assert_eq!(rank_list(&[0, 1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 13]), "ranks 0-6, 8 and 10-13");
    }

    #[test]
    fn a_roll_call() {
        let segment = Segment::private(5);
        for rank in 0..4 {
            segment.set_stage(rank, Stage::Attached);
        }
        let what =
            Blocked { call: Call::Barrier, peer: NOBODY, tag: NOBODY, context: 0, requests: 0, bytes: 0 };
        for rank in [0, 1, 3] {
            segment.slot(rank).blocked.publish(&what);
        }
        let scene = scene(&segment, |rank| rank == 4);
        assert_eq!(
            describe(&scene, Style::RollCall),
            "  3 of 5 ranks wait in MPI_Barrier on world, for 0.0 s: ranks 0, 1 and 3\n  \
             rank 2 is computing (not in any call)\n  rank 4 has ended\n"
        );
        assert!(
            describe(&scene, Style::Failure)
                .starts_with("  ranks 0, 1 and 3 wait in MPI_Barrier on world, for")
        );
    }

    #[test]
    fn programs_that_pass_no_messages_have_no_scene() {
        let scene = [Doing::Ended, Doing::Absent];
        assert_eq!(describe(&scene, Style::Failure), "");
        assert_eq!(
            describe(&scene, Style::RollCall),
            "  rank 1 runs and has not attached to the job\n  rank 0 has ended\n"
        );
    }

    #[test]
    fn failures() {
        let text = |cause| describe_failure(2, 47, "solver", cause, None);
        assert_eq!(text(Cause::Exit(3)), "rank 2 (solver, process 47) exited with code 3");
        assert!(text(Cause::Signal(libc::SIGSEGV)).ends_with("by signal 11 (SIGSEGV, segmentation fault)"));
        assert!(text(Cause::Signal(40)).ends_with("by signal 40"));
        let folder = Cause::NotStarted { error: libc::ENOENT, folder: true };
        assert!(text(folder).ends_with("its folder cannot be entered: No such file or directory"));
    }
}
