//! How a rank is told of its job: the environment variable `RANKS_JOB`.
//!
//! `RANKS_JOB=1:PID:FD:NONCE:RANK` names the launcher, its descriptor of the segment, the job's nonce
//! (hexadecimal) and the rank. A rank opens the segment by the inherited descriptor, or through the
//! launcher's `/proc` entry: Python's `subprocess` closes descriptors, `/proc` still works.

use std::ffi::OsString;
use std::fmt;
use std::str::FromStr;

/// The variable that carries a [`Job`].
pub const VARIABLE: &str = "RANKS_JOB";

/// Variables of a job (as opposed to settings of the user, which pass on to nested jobs): a launcher inside
/// a rank removes them for its own ranks.
pub const JOB_VARIABLES: [&str; 8] =
    [VARIABLE, "RANKS_RANK", SIZE, APPNUM, UNIVERSE, PARENT, SPAWN, LAUNCHER];

/// In a rank that other ranks have started: where the bridge to them is, in the form of a job.
pub const PARENT: &str = "RANKS_PARENT";

/// In a launcher that a rank has started: where the bridge between that rank and the new ones is.
pub const SPAWN: &str = "RANKS_SPAWN";

/// The file of the launcher that has started the job: its ranks start others with the same one.
pub const LAUNCHER: &str = "RANKS_LAUNCHER";

/// How many ranks the job has.
pub const SIZE: &str = "RANKS_SIZE";

/// The number of a rank's program on the command line, from 0.
pub const APPNUM: &str = "RANKS_APPNUM";

/// How many ranks this machine, or whoever started the job, has room for.
pub const UNIVERSE: &str = "RANKS_UNIVERSE";

/// Which error handler the communicators world and self begin with: a name as MPI writes it, `mpi_errors_return`.
pub const INITIAL_ERRHANDLER: &str = "RANKS_INITIAL_ERRHANDLER";

/// What stands in the line of a rank that finalises before it has received all its messages. By these words the launcher
/// knows that the line is not the reason of a failure.
pub const NEVER_RECEIVED: &str = " that it never received: ";

/// A number that a rank was told; `None` outside a job.
pub fn told(variable: &str) -> Option<usize> {
    std::env::var_os(VARIABLE)?;
    std::env::var(variable).ok()?.parse().ok()
}

/// What a rank must know to attach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// The launcher's process id.
    pub launcher: u32,
    /// The launcher's descriptor of the segment.
    pub descriptor: i32,
    /// The job's nonce.
    pub nonce: u64,
    /// The rank of the process that is told.
    pub rank: usize,
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1:{}:{}:{:x}:{}", self.launcher, self.descriptor, self.nonce, self.rank)
    }
}

/// What a rank was told of its job cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobError {
    /// The variable's value is not UTF-8.
    Encoding,
    /// This value is of a launcher of another version.
    Version(String),
    /// This value does not have the form of a job.
    Form(String),
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JobError::Encoding => write!(f, "{VARIABLE} is not UTF-8"),
            JobError::Version(text) => write!(f, "{VARIABLE}={text}: made by another version of ranks"),
            JobError::Form(text) => {
                write!(f, "{VARIABLE}={text}: not in the form 1:PID:FD:NONCE:RANK")
            }
        }
    }
}

impl std::error::Error for JobError {}

impl FromStr for Job {
    type Err = JobError;

    fn from_str(text: &str) -> Result<Self, JobError> {
        let bad = || JobError::Form(text.to_owned());
        let mut parts = text.split(':');
        let mut next = || parts.next().ok_or_else(bad);
        if next()? != "1" {
            return Err(JobError::Version(text.to_owned()));
        }
        let job = Job {
            launcher: next()?.parse().map_err(|_| bad())?,
            descriptor: next()?.parse().map_err(|_| bad())?,
            nonce: u64::from_str_radix(next()?, 16).map_err(|_| bad())?,
            rank: next()?.parse().map_err(|_| bad())?,
        };
        if parts.next().is_some() { Err(bad()) } else { Ok(job) }
    }
}

impl Job {
    /// The place that a variable names, if it is set and well formed.
    pub fn from_variable(variable: &str) -> Option<Job> {
        std::env::var(variable).ok()?.parse().ok()
    }

    /// The job that this process was started in, if any.
    pub fn from_environment() -> Result<Option<Job>, JobError> {
        match std::env::var_os(VARIABLE) {
            None => Ok(None),
            Some(text) => Self::from_text(text).map(Some),
        }
    }

    fn from_text(text: OsString) -> Result<Job, JobError> {
        text.into_string().map_err(|_| JobError::Encoding)?.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_refusals() {
        let job = Job { launcher: 7, descriptor: 3, nonce: 0xdead_beef, rank: 2 };
        assert_eq!(job.to_string().parse::<Job>().unwrap(), job);
        for bad in ["", "1", "2:7:3:ff:2", "1:7:3:ff", "1:7:3:ff:2:9", "1:x:3:ff:2", "1:7:3:zz:2"] {
            assert!(bad.parse::<Job>().unwrap_err().to_string().contains(VARIABLE), "{bad}");
        }
    }
}
