//! What the other threads of a rank's process may still do: nothing, where each of them sleeps until another thread of
//! the same process wakes it.
//!
//! Libraries such as OpenBLAS keep threads that wait for work on a lock or a condition of their process, without a time
//! limit. In the kernel that is a wait on a private futex without a time-out, and `/proc/PID/task/TID/syscall` shows it.
//! A thread that sleeps for a time, or reads from a file or a socket, may wake by itself and then send. The one thread
//! of the rank that waits for messages sleeps on a futex in shared memory, which is not private.

use std::fs;
use std::path::Path;

/// In the second argument of the call `futex`: which operation, and its flags.
const OPERATION: u64 = 0x7f;
const PRIVATE: u64 = 0x80;
const WAIT: u64 = 0;
const WAIT_BITSET: u64 = 9;

/// How a thread sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sleep {
    /// Until another thread of its process wakes it.
    ForItsProcess,
    /// On a word that other processes may share.
    OnSharedWord,
}

/// How many threads a process has besides the one that waits for messages, if all of them sleep until one of them is
/// woken by another: so none of them will do anything. `None` where that is not sure.
pub fn idle_others(process: u32) -> Option<usize> {
    let first = look(process)?;
    // One of them may have woken another between two of these looks. It would have run since, and been counted.
    (look(process)? == first).then_some(first.len() - 1)
}

/// Every thread with how often it gave up its CPU; `None` where one may act by itself.
fn look(process: u32) -> Option<Vec<(String, String)>> {
    let mut threads = Vec::new();
    let mut waiting = 0;
    for entry in fs::read_dir(format!("/proc/{process}/task")).ok()? {
        let path = entry.ok()?.path();
        let switches = switches(&path)?;
        if sleep_of(&fs::read_to_string(path.join("syscall")).ok()?)? == Sleep::OnSharedWord {
            waiting += 1;
        }
        threads.push((path.file_name()?.to_string_lossy().into_owned(), switches));
    }
    threads.sort();
    (waiting == 1).then_some(threads)
}

/// The lines that count how often a thread has given up its CPU.
fn switches(thread: &Path) -> Option<String> {
    let status = fs::read_to_string(thread.join("status")).ok()?;
    let counts: Vec<&str> = status.lines().filter(|line| line.contains("ctxt_switches")).collect();
    (counts.len() == 2).then(|| counts.join(" "))
}

/// Reads a line such as `202 0x7f12 0x189 0x0 0x0 0x0 0xffffffff 0x7ffe 0x7f30`: the call, its six arguments, two
/// registers.
fn sleep_of(line: &str) -> Option<Sleep> {
    let mut words = line.split_whitespace();
    let call: libc::c_long = words.next()?.parse().ok()?;
    let arguments: Vec<u64> =
        words.map_while(|word| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok()).collect();
    let (&operation, &limit) = (arguments.get(1)?, arguments.get(3)?);
    if call != libc::SYS_futex || ![WAIT, WAIT_BITSET].contains(&(operation & OPERATION)) {
        return None;
    }
    match operation & PRIVATE {
        0 => Some(Sleep::OnSharedWord),
        _ => (limit == 0).then_some(Sleep::ForItsProcess),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_without_a_time_limit_are_told_from_others() {
        let of = |operation: u64, limit: u64| {
            sleep_of(&format!(
                "{} 0x7f00 {operation:#x} 0x0 {limit:#x} 0x0 0xffffffff 0x1 0x2\n",
                libc::SYS_futex
            ))
        };
        assert_eq!(of(0x189, 0), Some(Sleep::ForItsProcess));
        assert_eq!(of(0x80, 0), Some(Sleep::ForItsProcess));
        assert_eq!(of(0x189, 0x7ffd), None, "it has a time limit");
        assert_eq!(of(0, 0x7ffd), Some(Sleep::OnSharedWord));
        assert_eq!(of(0x81, 0), None, "it wakes others");
        for line in ["running", "", "-1 0x0 0x0", "7 0x1 0x2 0x3 0x0 0x5 0x6 0x7 0x8"] {
            assert_eq!(sleep_of(line), None, "{line}");
        }
    }

    #[test]
    fn a_process_whose_threads_run_is_not_idle() {
        assert_eq!(idle_others(std::process::id()), None);
        assert_eq!(idle_others(0), None);
    }
}
