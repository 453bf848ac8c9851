//! Why a job could not run, or not to its end.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a job could not run, or not to its end. URLs that fail are no errors, but records.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The input is missing, empty or cannot be read.
    Input(String),
    /// An option cannot be met.
    Options(String),
    /// The records cannot be written.
    Output(io::Error),
    /// The picture cannot be written.
    Picture(PathBuf, io::Error),
    /// A file of output cannot be opened or written.
    File(PathBuf, io::Error),
    /// The database cannot be opened.
    Database(PathBuf, Box<dyn std::error::Error + Send + Sync>),
    /// The folder of bodies cannot be made.
    Folder(PathBuf, io::Error),
    /// The checkpoint is not one of this job.
    Checkpoint(String),
    /// The sample site cannot be started.
    Sample(io::Error),
    /// Fetching could not start: no thread, no runtime.
    Start(io::Error),
    /// A message between ranks failed.
    Messages(String),
}

impl Error {
    /// An error of the options, in these words.
    pub(super) fn options(what: impl Into<String>) -> Error {
        Error::Options(what.into())
    }

    pub(super) fn messages(error: impl fmt::Display) -> Error {
        Error::Messages(error.to_string())
    }

    /// Whether the reader of standard output has gone (`ranks fetch ... | head`): not worth a word.
    pub(super) fn is_broken_pipe(&self) -> bool {
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
            Error::Input(what) | Error::Options(what) | Error::Checkpoint(what) | Error::Messages(what) => {
                f.write_str(what)
            }
            Error::Output(error) => {
                match error.get_ref().and_then(|inner| inner.downcast_ref::<NotSaved>()) {
                    Some(not_saved) => write!(f, "{not_saved}"),
                    None => write!(f, "cannot write the records: {error}"),
                }
            }
            Error::Picture(file, error) | Error::File(file, error) => {
                write!(f, "cannot write {}: {error}", file.display())
            }
            Error::Database(file, error) => {
                write!(f, "cannot write the database {}: {error}", file.display())
            }
            Error::Folder(folder, error) => {
                write!(f, "cannot make the folder {}: {error}", folder.display())
            }
            Error::Sample(error) => write!(f, "cannot start the sample site: {error}"),
            Error::Start(error) => write!(f, "cannot start fetching: {error}"),
        }
    }
}

impl std::error::Error for Error {}

/// The checkpoint could not be written; the one before is as it was.
#[derive(Debug)]
pub(super) struct NotSaved {
    pub(super) path: PathBuf,
    pub(super) error: io::Error,
}

impl fmt::Display for NotSaved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write the checkpoint {}: {}", self.path.display(), self.error)
    }
}

impl std::error::Error for NotSaved {}
