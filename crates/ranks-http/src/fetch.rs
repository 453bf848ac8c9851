//! `ranks fetch`: a list of URLs shared out over the ranks, one record for each line.
//!
//! ```text
//!   files, stdin -> input -> dealer --- lines ---> fetcher (rank 0)   fetcher (rank 1) ...
//!                 (a thread)   |                        |                 |
//!               stdout <- output <----- records --------+-----------------+
//! ```
//!
//! Rank 0 reads, deals on demand, fetches like the others and is the only one to write. What bounds its memory is the
//! dealer's window; what keeps its main thread free is that reading and fetching have threads of their own, which wake
//! it.

mod dealer;
mod fetcher;
mod input;
mod job;
mod messages;
mod options;
mod output;
mod progress;
mod summary;

use std::fmt;
use std::io;

pub use options::{Options, When};
pub use output::Format;
pub use summary::Summary;

pub use crate::record::Record;

/// Why a job could not run, or not to its end. URLs that fail are no errors, but records.
#[derive(Debug)]
pub enum Error {
    /// The input is missing, empty or cannot be read.
    Input(String),
    /// An option cannot be met.
    Options(String),
    /// Standard output cannot be written.
    Output(io::Error),
    /// Fetching could not start: no thread, no runtime.
    Start(io::Error),
    /// A message between ranks failed.
    Messages(String),
}

impl Error {
    fn messages(error: impl fmt::Display) -> Error {
        Error::Messages(error.to_string())
    }

    /// Whether the reader of standard output has gone (`ranks fetch ... | head`): not worth a word.
    fn is_broken_pipe(&self) -> bool {
        matches!(self, Error::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::Output(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Input(what) | Error::Options(what) | Error::Messages(what) => f.write_str(what),
            Error::Output(error) => write!(f, "cannot write to standard output: {error}"),
            Error::Start(error) => write!(f, "cannot start fetching: {error}"),
        }
    }
}

impl std::error::Error for Error {}
