//! Standard input: one rank reads it, the others read `/dev/null`.

use crate::sys::{self, PollFd};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// Input that is at its end from the start.
pub fn null() -> io::Result<OwnedFd> {
    Ok(std::fs::File::options().read(true).write(true).open("/dev/null")?.into())
}

/// Forwarding a terminal's input to a rank. The ranks are in other process groups, which may not read it.
pub struct Input {
    pipe: Option<OwnedFd>,
    held: Vec<u8>,
    /// In the background: when to look again whether we are not any more.
    again: Option<Instant>,
}

/// How often to look whether we are in the foreground again.
const FOREGROUND_EVERY: Duration = Duration::from_millis(300);

impl Input {
    /// Forwards to a pipe's writing end.
    pub fn new(pipe: OwnedFd) -> io::Result<Self> {
        sys::set_nonblocking(&pipe)?;
        Ok(Self { pipe: Some(pipe), held: Vec::new(), again: None })
    }

    /// What is to be waited for.
    pub fn waits_for(&self) -> PollFd {
        match &self.pipe {
            Some(pipe) if !self.held.is_empty() => sys::writable(pipe.as_raw_fd()),
            Some(_) if self.again.is_none() => sys::readable(0),
            _ => sys::readable(-1),
        }
    }

    /// When to look again even if nothing happens.
    pub fn deadline(&self) -> Option<Instant> {
        self.again
    }

    /// Reads and writes what is ready.
    pub fn handle(&mut self, ready: bool, now: Instant) {
        if self.again.is_some_and(|again| again <= now) {
            self.again = None;
        }
        if !ready {
            return;
        }
        let stdin = io::stdin();
        let terminal: BorrowedFd<'_> = stdin.as_fd();
        if self.held.is_empty() {
            // Reading in the background would stop us, and the watch over the ranks with us.
            if !sys::in_foreground(terminal) {
                self.again = Some(now + FOREGROUND_EVERY);
                return;
            }
            let mut chunk = [0; 4096];
            match sys::read(terminal, &mut chunk) {
                Ok(n) if n > 0 => self.held.extend_from_slice(&chunk[..n]),
                Err(error) if error.kind() == ErrorKind::Interrupted => return,
                Ok(_) | Err(_) => self.pipe = None,
            }
        }
        if let Some(pipe) = &self.pipe {
            match sys::write(pipe.as_fd(), &self.held) {
                Ok(n) => drop(self.held.drain(..n)),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                // The rank has closed its input: nobody wants what is typed.
                Err(_) => self.pipe = None,
            }
        }
    }
}
