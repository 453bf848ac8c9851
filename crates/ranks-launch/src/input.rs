//! Standard input: one rank reads it, the others read `/dev/null`.

use crate::sys::{self, PollFd};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// Input that is at its end from the start.
pub fn null() -> io::Result<OwnedFd> {
    Ok(std::fs::File::options().read(true).write(true).open("/dev/null")?.into())
}

/// Forwarding standard input to ranks: a terminal's, because the ranks are in other process groups, which may not read
/// it; or any to all ranks. All get the same, so the slowest of them sets the pace.
pub struct Input {
    pipes: Vec<Pipe>,
    held: Vec<u8>,
    terminal: bool,
    /// In the background: when to look again whether we are not any more.
    again: Option<Instant>,
}

/// To one rank.
struct Pipe {
    end: OwnedFd,
    /// How much of what is held has gone.
    sent: usize,
}

/// How often to look whether we are in the foreground again.
const FOREGROUND_EVERY: Duration = Duration::from_millis(300);

impl Input {
    /// Forwards to nobody yet.
    pub fn new(terminal: bool) -> Self {
        Self { pipes: Vec::new(), held: Vec::new(), terminal, again: None }
    }

    /// Forwards to this pipe's writing end, too.
    pub fn add(&mut self, pipe: OwnedFd) -> io::Result<()> {
        sys::set_nonblocking(&pipe)?;
        self.pipes.push(Pipe { end: pipe, sent: 0 });
        Ok(())
    }

    /// What is to be waited for.
    pub fn waits_for(&self) -> PollFd {
        match self.pipes.iter().find(|pipe| pipe.sent < self.held.len()) {
            Some(pipe) => sys::writable(pipe.end.as_raw_fd()),
            None if self.again.is_none() && !self.pipes.is_empty() => sys::readable(0),
            None => sys::readable(-1),
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
            if self.terminal && !sys::in_foreground(terminal) {
                self.again = Some(now + FOREGROUND_EVERY);
                return;
            }
            let mut chunk = [0; 16 << 10];
            match sys::read(terminal, &mut chunk) {
                Ok(n) if n > 0 => self.held.extend_from_slice(&chunk[..n]),
                Err(error) if error.kind() == ErrorKind::Interrupted => return,
                Ok(_) | Err(_) => self.pipes.clear(),
            }
        }
        let held = &self.held;
        self.pipes.retain_mut(|pipe| match sys::write(pipe.end.as_fd(), &held[pipe.sent..]) {
            Ok(n) => {
                pipe.sent += n;
                true
            }
            // The rank has closed its input otherwise: it does not want what is left.
            Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
        });
        if self.pipes.iter().all(|pipe| pipe.sent == self.held.len()) {
            self.held.clear();
            self.pipes.iter_mut().for_each(|pipe| pipe.sent = 0);
        }
    }
}
