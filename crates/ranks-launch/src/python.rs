//! Which processes are Python programs that handle an interrupt.
//!
//! Python's handler only notes the signal; `KeyboardInterrupt` is raised when the next instruction of the program runs. In
//! a call of MPI that waits, that is never.

use crate::sys::Pid;
use std::fs;
use std::path::Path;

/// True for a Python program that catches the interrupt and so gets to its `finally` and its `except`.
pub fn notes_interrupts(pid: Pid) -> bool {
    let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
    catches_interrupts(&read("status"))
        && (fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|file| is_python(&file))
            || read("maps").lines().any(|line| line.contains("/libpython")))
}

/// Looks at the mask of caught signals in the text of `/proc/PID/status`.
fn catches_interrupts(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (libc::SIGINT - 1) & 1 == 1
}

fn is_python(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("python") || name.starts_with("pypy")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_is_and_what_it_catches() {
        assert!(catches_interrupts("Name:\tpython3\nSigCgt:\t0000000000000002\n"));
        assert!(!catches_interrupts("SigCgt:\t0000000000000001\n") && !catches_interrupts(""));
        assert!(is_python(Path::new("/usr/bin/python3.11")) && !is_python(Path::new("/bin/bash")));
    }
}
