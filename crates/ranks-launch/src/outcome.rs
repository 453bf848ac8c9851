//! How a job ended, and why one could not be started.

use crate::sys::Death;

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The exit code: 0, or that of the rank at which the failure began (128 + signal for a signal), or 110 after a time-out.
    pub code: i32,
    /// The rank at which the failure began.
    pub failure: Option<Failure>,
    /// The time limit ended it.
    pub timed_out: bool,
    /// How the process of each rank has ended, by rank; `None` where the system does not tell.
    pub ends: Vec<Option<Death>>,
    /// Standard output of all ranks, when it was captured.
    pub stdout: Vec<u8>,
    /// Standard error of all ranks and the reports, when they were captured.
    pub stderr: Vec<u8>,
}

/// How the rank ended at which a failure began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which rank.
    pub rank: usize,
    /// Its process.
    pub pid: u32,
    /// How.
    pub cause: Cause,
}

/// Ways to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It could not be started: the operating system's error number, for the folder or for the program.
    NotStarted {
        /// The number.
        error: i32,
        /// It is the folder that could not be entered.
        folder: bool,
    },
    /// It asked for the end of the job.
    Abort(i32),
    /// It exited with a code other than 0.
    Exit(i32),
    /// A signal killed it.
    Signal(i32),
    /// It took part in the job and exited with code 0 without finalising. Where other ranks still needed it, that made
    /// them fail; else they were not ended for it.
    NotFinalised,
    /// It finished its part, without a failure of its own, while other ranks still needed it: one of these then
    /// failed, with this exit code.
    LeftEarly(i32),
}

/// Why a job could not be started: one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartError {
    /// The exit code that fits: 2 for a mistake in what was asked for, 126 and 127 as shells use them.
    pub code: i32,
    text: String,
}

impl StartError {
    pub(crate) fn new(code: i32, text: String) -> Self {
        Self { code, text }
    }

    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(2, text.into())
    }

    pub(crate) fn system(what: &str, error: &std::io::Error) -> Self {
        Self::new(1, format!("{what}: {}", reason(error)))
    }

    /// As `system`, where a limit of this process may be the reason: names it and how to raise it.
    pub(crate) fn limited(what: &str, error: &std::io::Error) -> Self {
        let advice = match error.raw_os_error() {
            Some(libc::EMFILE) => {
                let limit = crate::sys::descriptor_limit();
                format!(
                    "; `ulimit -n` allows {limit} open files, and each rank takes 3: raise it, or start fewer ranks"
                )
            }
            Some(libc::ENFILE) => "; this machine has no more of them (fs.file-max)".to_owned(),
            Some(libc::EAGAIN) => {
                "; `ulimit -u` or the container limits processes: raise it, or start fewer ranks".to_owned()
            }
            Some(libc::EFBIG) => match crate::sys::file_size_limit() {
                Some(limit) => format!(
                    "; `ulimit -f` allows files of {} KiB, and shared memory counts as a file: raise it, or start fewer ranks",
                    limit >> 10
                ),
                None => String::new(),
            },
            Some(libc::ENOMEM) => match crate::sys::address_space_limit() {
                Some(limit) => {
                    format!("; `ulimit -v` allows {} MiB: raise it, or start fewer ranks", limit >> 20)
                }
                None => String::new(),
            },
            _ => String::new(),
        };
        Self::new(1, format!("{what}: {}{advice}", reason(error)))
    }
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for StartError {}

/// An error without the operating system's number.
pub fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}
