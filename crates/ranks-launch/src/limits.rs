//! Which limit of a process (`ulimit`) explains its end. Until it is taken away, a process that has ended still shows
//! its limits and its CPU time in `/proc`; how much memory it had is not kept.

use crate::outcome::Cause;
use crate::sys::{self, Pid};
use std::time::Duration;

/// CPU time is counted in ticks, and a process is ended a little before its count is full.
const ROUNDING: Duration = Duration::from_millis(250);

/// Names the limit that ended a process, or that probably did. `words` is what it said last.
pub fn explain(pid: Pid, cause: Cause, words: Option<&str>) -> Option<String> {
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let used = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok().and_then(|stat| cpu_time(&stat));
    of(&limits, used.unwrap_or_default(), cause, words)
}

fn of(limits: &str, used: Duration, cause: Cause, words: Option<&str>) -> Option<String> {
    let limit = |name: &str, hard: bool| {
        let rest = limits.lines().find_map(|line| line.strip_prefix(name))?;
        rest.split_whitespace().nth(usize::from(hard))?.parse::<u64>().ok()
    };
    let used_up = |time: &u64| used + ROUNDING >= Duration::from_secs(*time);
    let spent = |time: u64| format!("it has used the {time} s of CPU time that `ulimit -t` allows");
    match cause {
        Cause::Signal(libc::SIGXCPU) => {
            // The system raises the limit by a second with each such signal.
            let shown = limit("Max cpu time", false)?;
            [shown, shown.saturating_sub(1)].into_iter().find(used_up).map(spent)
        }
        Cause::Signal(libc::SIGKILL) => limit("Max cpu time", true).filter(used_up).map(spent),
        Cause::Signal(libc::SIGXFSZ) => limit("Max file size", false)
            .map(|size| format!("`ulimit -f` allows files of {} KiB", size >> 10)),
        // The C library returns no memory, and most programs have no answer to that.
        Cause::Signal(libc::SIGSEGV | libc::SIGBUS | libc::SIGABRT | libc::SIGILL | libc::SIGTRAP) => {
            memory(limit)
        }
        Cause::Exit(_) if words.is_some_and(speaks_of_memory) => memory(limit),
        _ => None,
    }
}

fn memory(limit: impl Fn(&str, bool) -> Option<u64>) -> Option<String> {
    let (option, size) = match (limit("Max address space", false), limit("Max data size", false)) {
        (Some(size), _) => ('v', size),
        (None, Some(size)) => ('d', size),
        (None, None) => return None,
    };
    Some(format!("perhaps out of memory: `ulimit -{option}` allows {} MiB", size >> 20))
}

/// As Python, C++, Rust and the C library put it.
fn speaks_of_memory(words: &str) -> bool {
    ["MemoryError", "bad_alloc", "memory"].iter().any(|word| words.contains(word))
}

/// User and system time of all threads, of the text of `/proc/PID/stat`.
fn cpu_time(stat: &str) -> Option<Duration> {
    // The name stands in brackets and may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut ticks = fields.split_whitespace().skip(11).map_while(|field| field.parse::<u64>().ok());
    let ticks = ticks.next()? + ticks.next()?;
    Some(Duration::from_millis(ticks * 1000 / sys::ticks_per_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: &str = "Limit                     Soft Limit           Hard Limit           Units     \n\
        Max cpu time              5                    7                    seconds   \n\
        Max file size             8192                 unlimited            bytes     \n\
        Max data size             unlimited            unlimited            bytes     \n\
        Max address space         536870912            536870912            bytes     \n";

    #[test]
    fn a_limit_is_named_where_it_is_the_cause() {
        let said = |used: f64, cause, words| of(LIMITS, Duration::from_secs_f64(used), cause, words);
        let is = |said: Option<String>, part: &str| {
            assert!(said.as_ref().is_some_and(|it| it.contains(part)), "{said:?}")
        };
        is(said(3.97, Cause::Signal(libc::SIGXCPU), None), "the 4 s of CPU time that `ulimit -t` allows");
        is(said(7.0, Cause::Signal(libc::SIGKILL), None), "the 7 s of CPU time");
        is(said(0.0, Cause::Signal(libc::SIGXFSZ), None), "`ulimit -f` allows files of 8 KiB");
        is(said(0.0, Cause::Signal(libc::SIGSEGV), None), "`ulimit -v` allows 512 MiB");
        is(said(0.0, Cause::Exit(1), Some("numpy._ArrayMemoryError: no")), "`ulimit -v` allows 512 MiB");
        // Someone killed it; it failed for its own reasons.
        assert_eq!(said(1.0, Cause::Signal(libc::SIGKILL), None), None);
        assert_eq!(said(9.0, Cause::Signal(libc::SIGTERM), None), None);
        assert_eq!(said(9.0, Cause::Exit(1), Some("wrong input")), None);
        let without = LIMITS.replace("536870912", "unlimited").replace("8192", "unlimited");
        for signal in [libc::SIGSEGV, libc::SIGXFSZ] {
            assert_eq!(of(&without, Duration::ZERO, Cause::Signal(signal), None), None);
        }
    }

    #[test]
    fn cpu_time_is_read_behind_any_name() {
        let stat = "9 (a) b 1 (c) Z 1 2 3 4 5 6 7 8 9 10 50 25 0 0 20 0 1";
        let expected = Duration::from_millis(75 * 1000 / sys::ticks_per_second());
        assert_eq!(cpu_time(stat), Some(expected));
        assert_eq!(cpu_time(""), None);
    }
}
