//! Writes the lines of the access log on a thread of its own, so that a reader who stops (a pipe, a FIFO, a full disk)
//! never holds up an answer.
//!
//! Lines are gathered for a moment and appended as a whole, so that ranks that write to one file do not mix their lines.
//! When the reader takes nothing, lines are kept up to a limit; further lines are dropped and counted.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::bounds::{LOG_BYTES, LOG_DELAY, LOG_PATIENCE, LOG_QUEUE};

/// The lines that wait, and the thread that writes them.
pub struct Writer {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    state: Mutex<State>,
    /// There is something to write, or to do.
    work: Condvar,
    /// What waited has been written.
    idle: Condvar,
}

#[derive(Default)]
struct State {
    lines: Vec<u8>,
    /// Lines dropped since the last report.
    dropped: u64,
    writing: bool,
    reopen: bool,
    /// Write at once, without gathering.
    hurry: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    /// Opens the file for appending; `-` is standard output. A FIFO is opened by the thread, since that waits for a reader.
    pub fn open(path: &Path) -> io::Result<Writer> {
        let is_fifo = path.metadata().is_ok_and(|metadata| metadata.file_type().is_fifo());
        let to = if is_fifo { None } else { Some(open(path)?) };
        let shared = Arc::new(Shared {
            path: path.to_owned(),
            state: Mutex::default(),
            work: Condvar::new(),
            idle: Condvar::new(),
        });
        let theirs = shared.clone();
        std::thread::Builder::new().name("access log".to_owned()).spawn(move || write_all(&theirs, to))?;
        Ok(Writer { shared })
    }

    /// Adds a line, or counts it as dropped.
    pub fn add(&self, line: &[u8]) {
        let mut state = self.shared.state();
        if state.lines.len() + line.len() > LOG_QUEUE {
            state.dropped += 1;
            return;
        }
        let first = state.lines.is_empty();
        state.lines.extend_from_slice(line);
        if first || state.lines.len() >= LOG_BYTES {
            self.shared.work.notify_one();
        }
    }

    /// Opens the file anew before the next lines.
    pub fn reopen(&self) {
        self.shared.state().reopen = true;
        self.shared.work.notify_one();
    }

    /// Waits until all lines are written, but not for a reader who takes nothing.
    pub fn finish(&self) {
        let mut state = self.shared.state();
        state.hurry = true;
        self.shared.work.notify_one();
        let until = Instant::now() + LOG_PATIENCE;
        while state.writing || !state.lines.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let lost = state.lines.iter().filter(|byte| **byte == b'\n').count() as u64;
                tell_dropped(&self.shared.path, state.dropped + lost);
                return;
            }
            state = self.shared.idle.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The thread: it ends with the process.
fn write_all(shared: &Shared, mut to: Option<Box<dyn Write + Send>>) {
    let mut lines = Vec::new();
    // Said once for a series of failures.
    let mut failing = false;
    loop {
        let mut state = shared.state();
        while state.lines.is_empty() && !state.reopen {
            state = shared.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let until = Instant::now() + LOG_DELAY;
        while !state.hurry && !state.reopen && state.lines.len() < LOG_BYTES {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = shared.work.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        lines.clear();
        std::mem::swap(&mut lines, &mut state.lines);
        let dropped = std::mem::take(&mut state.dropped);
        let reopen = std::mem::take(&mut state.reopen);
        state.writing = true;
        drop(state);

        if reopen || to.is_none() {
            match open(&shared.path) {
                Ok(file) => to = Some(file),
                Err(error) => {
                    tell(&format!("the access log {} cannot be opened anew: {error}", shared.path.display()));
                }
            }
        }
        if let Some(to) = &mut to {
            // A log that cannot be written (a full disk) is no reason to serve nothing.
            match to.write_all(&lines).and_then(|()| to.flush()) {
                Ok(()) => failing = false,
                Err(error) => {
                    if !failing {
                        let path = shared.path.display();
                        tell(&format!(
                            "the access log {path} cannot be written, so its lines are lost: {error}"
                        ));
                    }
                    failing = true;
                }
            }
        }
        if dropped > 0 {
            tell_dropped(&shared.path, dropped);
        }
        shared.state().writing = false;
        shared.idle.notify_all();
    }
}

fn tell_dropped(path: &Path, lines: u64) {
    let path = path.display();
    tell(&format!("the access log {path} is not read fast enough: {lines} lines were dropped"));
}

fn tell(what: &str) {
    let _ = writeln!(io::stderr(), "ranks serve: {what}");
}

fn open(path: &Path) -> io::Result<Box<dyn Write + Send>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdout()));
    }
    let file: File = OpenOptions::new().append(true).create(true).open(path)?;
    Ok(Box::new(file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::Command;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("ranks-log-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).unwrap();
        folder
    }

    #[test]
    fn a_reader_who_stops_holds_nobody_up_and_what_was_dropped_is_counted() {
        let folder = folder("fifo");
        let path = folder.join("log");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let writer = Writer::open(&path).unwrap();
        let line = [&[b'x'; 99][..], b"\n"].concat();
        // The thread holds the first line, and waits for somebody who opens the FIFO to read.
        writer.add(&line);
        while !writer.shared.state().writing {
            std::thread::yield_now();
        }
        let (kept, more) = (LOG_QUEUE / line.len(), 1000);
        for _ in 0..kept + more {
            writer.add(&line);
        }
        // This ends all the same.
        writer.finish();
        let state = writer.shared.state();
        assert_eq!((state.lines.len(), state.dropped), (kept * line.len(), more as u64));
        drop(state);
        // A reader who comes late gets what was kept, in whole lines.
        let mut reader = BufReader::new(File::open(&path).unwrap());
        let mut first = String::new();
        reader.read_line(&mut first).unwrap();
        assert_eq!(first.as_bytes(), line);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_renamed_file_is_left_for_a_new_one() {
        let folder = folder("reopen");
        let path = folder.join("log");
        let writer = Writer::open(&path).unwrap();
        writer.add(b"before\n");
        writer.finish();
        std::fs::rename(&path, folder.join("old")).unwrap();
        writer.reopen();
        writer.add(b"after\n");
        writer.finish();
        assert_eq!(std::fs::read_to_string(folder.join("old")).unwrap(), "before\n");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "after\n");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
