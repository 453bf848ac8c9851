//! Opens what records go to: standard output, a file or a database; and the checkpoint with it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::checkpoint::{Checkpoint, Command};
use super::database::Database;
use super::options::Options;
use super::output::{Format, Target, Text};
use super::summary::Summary;
use crate::bounds::LOCK_WAIT;
use crate::record::Record;

/// What is opened.
pub(super) struct Outlet {
    pub(super) target: Box<dyn Target>,
    pub(super) checkpoint: Option<Checkpoint>,
}

const BUFFER: usize = 64 * 1024;

impl Outlet {
    pub(super) fn open(options: &Options) -> Result<Outlet, String> {
        let format = options.format();
        let Some(path) = &options.output else {
            let out = BufWriter::with_capacity(BUFFER, io::stdout());
            return Ok(Outlet { target: Box::new(Text { format, out }), checkpoint: None });
        };
        let command = || Command::of(&options.inputs, path);
        let open = |file: &std::path::PathBuf| Checkpoint::open(file, command());
        if format == Format::Sqlite {
            let checkpoint = options.checkpoint.as_ref().map(open).transpose()?;
            let continues = checkpoint.as_ref().is_some_and(|checkpoint| checkpoint.summary().records > 0);
            if continues && !path.exists() {
                return Err(shorter(path));
            }
            return Ok(Outlet { target: Box::new(Database::open(path, continues)?), checkpoint });
        }
        let file = locked(path)?;
        // Only now: a job that was just killed may have written to both until it let go of the lock.
        let checkpoint = options.checkpoint.as_ref().map(open).transpose()?;
        let out = continued(path, file, checkpoint.as_ref().map_or(0, Checkpoint::length))?;
        Ok(Outlet { target: Box::new(out.with(format)), checkpoint })
    }

    /// Nothing is written: this rank does not, or the job will not run.
    pub(super) fn none() -> Outlet {
        Outlet { target: Box::new(Nothing), checkpoint: None }
    }
}

fn shorter(path: &Path) -> String {
    format!(
        "the output {} does not hold what the checkpoint says it does; remove the checkpoint to begin anew",
        path.display()
    )
}

/// Opens the file for this job alone.
fn locked(path: &Path) -> Result<File, String> {
    let cannot = |error: io::Error| format!("cannot write {}: {error}", path.display());
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(cannot)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if start.elapsed() < LOCK_WAIT => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(format!("another ranks fetch is writing {}", path.display()));
            }
            // No file that knows locks, such as /dev/full: then it is no file that two jobs could spoil.
            Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
}

/// A file of records, with what it held before this job went on.
struct Continued {
    file: File,
    held: u64,
}

fn continued(path: &Path, mut file: File, length: u64) -> Result<Continued, String> {
    let cannot = |error: io::Error| format!("cannot write {}: {error}", path.display());
    let data = file.metadata().map_err(cannot)?;
    if data.is_file() {
        if data.len() < length {
            return Err(shorter(path));
        }
        file.set_len(length).map_err(cannot)?;
        file.seek(SeekFrom::Start(length)).map_err(cannot)?;
    }
    Ok(Continued { file, held: length })
}

impl Continued {
    fn with(self, format: Format) -> Written {
        let out = BufWriter::with_capacity(BUFFER, self.file);
        Written { text: Text { format, out }, continues: self.held > 0 }
    }
}

/// A file with text in it.
struct Written {
    text: Text<BufWriter<File>>,
    continues: bool,
}

impl Target for Written {
    fn begin(&mut self) -> io::Result<()> {
        if self.continues { Ok(()) } else { self.text.begin() }
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
