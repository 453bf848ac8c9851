//! What the program that has started a job may ask of it while it runs: an end in good order, or at once.

use super::Job;
use super::signals::Ending;
use crate::sys;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Instant;

const NOTHING: u8 = 0;
const TERMINATE: u8 = 1;
const KILL: u8 = 2;

/// The job's end of a pipe by which it is woken, and what is wanted of it.
pub struct Control {
    wanted: Arc<AtomicU8>,
    reader: OwnedFd,
}

/// The other end.
pub struct Remote {
    wanted: Arc<AtomicU8>,
    writer: OwnedFd,
}

impl Control {
    /// Makes both ends.
    pub fn pair() -> io::Result<(Self, Remote)> {
        let (reader, writer) = sys::pipe()?;
        sys::set_nonblocking(&reader)?;
        sys::set_nonblocking(&writer)?;
        let wanted = Arc::new(AtomicU8::new(NOTHING));
        Ok((Self { wanted: wanted.clone(), reader }, Remote { wanted, writer }))
    }

    /// The descriptor to wait for.
    pub fn waits_for(&self) -> RawFd {
        self.reader.as_raw_fd()
    }

    /// What is wanted, once.
    fn take(&self) -> u8 {
        let mut words = [0; 64];
        while sys::read(self.reader.as_fd(), &mut words).is_ok_and(|n| n > 0) {}
        self.wanted.swap(NOTHING, Ordering::Acquire)
    }
}

impl Remote {
    /// Ends the job as the signal TERM does.
    pub fn terminate(&self) {
        self.wanted.fetch_max(TERMINATE, Ordering::Release);
        self.wake();
    }

    /// Kills the ranks at once.
    pub fn kill(&self) {
        self.wanted.fetch_max(KILL, Ordering::Release);
        self.wake();
    }

    /// Lets the job look at its output again.
    pub fn wake(&self) {
        // A full pipe wakes it too.
        let _ = sys::write(self.writer.as_fd(), &[0]);
    }
}

impl Job<'_> {
    /// Does what the program wants.
    pub(super) fn obey(&mut self, now: Instant) {
        match self.control.as_ref().map_or(NOTHING, Control::take) {
            TERMINATE => self.on_signal(libc::SIGTERM, now),
            KILL => self.kill_now(now),
            _ => {}
        }
    }

    fn kill_now(&mut self, now: Instant) {
        if self.ending.as_ref().is_some_and(|ending| ending.killed_at.is_some()) {
            return;
        }
        self.code.get_or_insert(128 + libc::SIGKILL);
        self.ending = Some(Ending::killed(now));
        self.signal_all(libc::SIGKILL);
    }
}
