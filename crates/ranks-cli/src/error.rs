//! What can go wrong in the command itself.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why the command could not do what it was asked for. One line each.
#[derive(Debug)]
pub enum Error {
    /// The number of ranks is not a number, or 0.
    NoRanks,
    /// This file or folder cannot be read or written.
    File(PathBuf, io::Error),
    /// The file of this program cannot be found.
    OwnFile(io::Error),
    /// There is no library to install.
    NoLibrary,
    /// The prefix is not a folder.
    NoFolder(PathBuf),
    /// The list of installed files names something that was not installed.
    Strange(PathBuf, String),
    /// A file of somebody else is there.
    Taken(PathBuf),
    /// A folder of the prefix lies elsewhere.
    Elsewhere(PathBuf, PathBuf),
    /// The prefix has a character that a search path or a linker's option cannot have.
    OddPrefix(PathBuf, char),
    /// There is nothing to take away.
    NothingInstalled(PathBuf),
}

impl Error {
    /// For the errors of operations on one file.
    pub fn at(path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_owned();
        move |error| Error::File(path, error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoRanks => f.write_str("the number of ranks is 1 or more"),
            Error::File(path, error) => {
                let text = error.to_string();
                let reason = text.split(" (os error").next().unwrap_or_default();
                write!(f, "{}: {reason}", path.display())
            }
            Error::OwnFile(error) => write!(f, "this program's own file: {error}"),
            Error::NoLibrary => f.write_str(
                "libmpi.so.12 is not in lib beside this program: build with `cargo build --release` and install from \
                 target/release/ranks",
            ),
            Error::NoFolder(path) => write!(f, "{}: not a folder", path.display()),
            Error::Strange(list, path) => {
                write!(f, "{}: {path} is no path that was installed", list.display())
            }
            Error::Taken(path) => write!(
                f,
                "{} is there already and is not of an earlier `ranks install`, or was changed since: choose another PREFIX, \
                 or move it away",
                path.display()
            ),
            Error::Elsewhere(folder, real) => write!(
                f,
                "{} is a link to {}, and what is installed could not find its other files there: choose a PREFIX without \
                 such a link, or the folder that it leads to",
                folder.display(),
                real.display()
            ),
            Error::OddPrefix(prefix, character) => write!(
                f,
                "{}: a PREFIX with `{character}` cannot stand in PATH or in a linker's options: choose another one",
                prefix.display()
            ),
            Error::NothingInstalled(prefix) => write!(f, "nothing is installed in {}", prefix.display()),
        }
    }
}

impl std::error::Error for Error {}
