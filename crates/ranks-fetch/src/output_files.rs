//! Opens what records go to: standard output, a file or a database; and the checkpoint with it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::checkpoint::{Checkpoint, Command};
use super::database::Database;
use super::options::{Options, on_terminal};
use super::output::{Format, Target, Text};
use super::summary::Summary;
use crate::bounds::LOCK_WAIT;
use crate::error::Error;
use crate::record::Record;

/// What is opened.
pub(super) struct OutputFiles {
    pub(super) target: Box<dyn Target>,
    pub(super) checkpoint: Option<Checkpoint>,
}

const BUFFER: usize = 64 * 1024;

impl OutputFiles {
    pub(super) fn open(options: &Options) -> Result<OutputFiles, Error> {
        let format = options.format();
        let Some(path) = &options.output else {
            let out = BufWriter::with_capacity(BUFFER, io::stdout());
            let text = Text { format, colour: super::colour::wanted(on_terminal("out")), out };
            return Ok(OutputFiles { target: Box::new(text), checkpoint: None });
        };
        let command = || Command::of(&options.inputs, path);
        let open = |file: &std::path::PathBuf| Checkpoint::open(file, command());
        if format == Format::Sqlite {
            let checkpoint = options.checkpoint.as_ref().map(open).transpose()?;
            let continues = checkpoint.as_ref().is_some_and(|checkpoint| checkpoint.summary().records > 0);
            if continues && !path.exists() {
                return Err(shorter(path));
            }
            return Ok(OutputFiles { target: Box::new(Database::open(path, continues)?), checkpoint });
        }
        let file = locked(path)?;
        // Only now: a job that was just killed may have written to both until it let go of the lock.
        let checkpoint = options.checkpoint.as_ref().map(open).transpose()?;
        let held = checkpoint.as_ref().map_or(0, Checkpoint::length);
        Ok(OutputFiles { target: Box::new(Written::new(path, file, format, held)?), checkpoint })
    }

    /// Nothing is written: this rank does not, or the job will not run.
    pub(super) fn none() -> OutputFiles {
        OutputFiles { target: Box::new(Nothing), checkpoint: None }
    }
}

fn shorter(path: &Path) -> Error {
    Error::Checkpoint(format!(
        "the output {} does not hold what the checkpoint says it does; remove the checkpoint to begin anew",
        path.display()
    ))
}

/// Opens the file for this job alone.
fn locked(path: &Path) -> Result<File, Error> {
    let cannot = |error: io::Error| Error::File(path.to_owned(), error);
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(cannot)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if start.elapsed() < LOCK_WAIT => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Options(format!("another ranks fetch is writing {}", path.display())));
            }
            // No file that knows locks, such as /dev/full: then it is no file that two jobs could spoil.
            Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
}

/// A file with text in it.
struct Written {
    text: Text<BufWriter<File>>,
    /// Bytes that an earlier run of this job left, and that stay.
    held: u64,
}

impl Written {
    fn new(path: &Path, file: File, format: Format, held: u64) -> Result<Written, Error> {
        let data = file.metadata().map_err(|error| Error::File(path.to_owned(), error))?;
        if data.is_file() && data.len() < held {
            return Err(shorter(path));
        }
        let out = BufWriter::with_capacity(BUFFER, file);
        Ok(Written { text: Text { format, colour: false, out }, held })
    }
}

impl Target for Written {
    /// Only here is the file cut: a job that does not come to its first line leaves it as it was.
    fn begin(&mut self) -> io::Result<()> {
        let file = self.text.out.get_mut();
        if file.metadata()?.is_file() {
            file.set_len(self.held)?;
            file.seek(SeekFrom::Start(self.held))?;
        }
        if self.held > 0 { Ok(()) } else { self.text.begin() }
    }
    fn record(&mut self, record: &Record) -> io::Result<()> {
        self.text.record(record)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.text.flush()
    }
    fn commit(&mut self) -> io::Result<u64> {
        self.text.out.flush()?;
        let file = self.text.out.get_mut();
        file.sync_data()?;
        file.stream_position()
    }
    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        self.text.end(summary)
    }
}

struct Nothing;

impl Target for Nothing {
    fn begin(&mut self) -> io::Result<()> {
        Ok(())
    }
    fn record(&mut self, _: &Record) -> io::Result<()> {
        Ok(())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
    fn commit(&mut self) -> io::Result<u64> {
        Ok(0)
    }
    fn end(&mut self, _: &Summary) -> io::Result<()> {
        Ok(())
    }
}
