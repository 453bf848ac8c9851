//! Why nothing could be served.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Why nothing could be served.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Another rank cannot start, for this reason.
    Start(String),
    /// Nothing can listen on this address.
    Listen(SocketAddr, io::Error),
    /// The options do not go together.
    Options(String),
    /// A file or folder that an option names cannot be used: what it is for, the path and why.
    File(&'static str, PathBuf, String),
    /// No certificate can be shown.
    Certificate(String),
    /// No thread can be started, or no signal heard.
    Thread(io::Error),
    /// A message between ranks failed.
    Messages(ranks::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Start(what) | Error::Options(what) | Error::Certificate(what) => f.write_str(what),
            Error::Listen(at, error) => write!(f, "cannot listen on {at}: {error}"),
            Error::File(what, path, why) => write!(f, "{what} {}: {why}", path.display()),
            Error::Thread(error) => write!(f, "cannot start serving: {error}"),
            Error::Messages(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Messages(error) => Some(error),
            _ => None,
        }
    }
}

impl Error {
    /// A file or folder that an option names cannot be used.
    pub(super) fn file(what: &'static str, path: &Path, why: impl fmt::Display) -> Error {
        Error::File(what, path.to_owned(), why.to_string())
    }
}

impl From<ranks::Error> for Error {
    fn from(error: ranks::Error) -> Error {
        Error::Messages(error)
    }
}
