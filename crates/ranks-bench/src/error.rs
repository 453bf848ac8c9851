//! Why nothing was measured, or not all.

use std::io;
use std::path::PathBuf;
use std::{error, fmt};

/// Why nothing was measured, or not all.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// An option or an operation cannot be met.
    Options(String),
    /// A file cannot be written.
    File(PathBuf, io::Error),
    /// Standard output cannot be written.
    Output(io::Error),
    /// A message between ranks failed.
    Messages(ranks::Error),
}

impl From<ranks::Error> for Error {
    fn from(error: ranks::Error) -> Self {
        Self::Messages(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Options(what) => f.write_str(what),
            Self::File(path, error) => write!(f, "cannot write {:?}: {error}", path.display().to_string()),
            Self::Output(error) => write!(f, "cannot write to standard output: {error}"),
            Self::Messages(error) => error.fmt(f),
        }
    }
}

impl error::Error for Error {}
