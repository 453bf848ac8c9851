//! Where output goes: our own standard output or error, memory, or a queue of lines.
//!
//! Nothing here blocks. When the reader of our output is slow, bytes wait here; when many wait, the ranks'
//! pipes are no longer read, and so the ranks wait in their own writes: memory stays bounded.

use super::StdStream;
use super::lines::{Line, LineQueue};
use crate::sys::{self, Kind};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes that may wait before the ranks have to.
const FULL: usize = 256 << 10;

/// What a pipe that polls as writable takes without blocking: POSIX's least value of PIPE_BUF is 512, Linux
/// has a page.
const SAFE_WRITE: usize = 4096;

/// A line that has begun belongs to its rank for this long after its last byte.
const HOLD: Duration = Duration::from_millis(100);

/// However often more of it comes, it keeps others waiting no longer than this.
const LONGEST_HOLD: Duration = Duration::from_secs(1);

/// One destination. Standard output and error are the same one when they are the same file: otherwise the
/// half-written line of one could meet a line of the other.
pub struct Sink {
    target: Target,
    pending: Vec<u8>,
    sent: usize,
    line: Option<OpenLine>,
    /// Whose bytes came last.
    last: Option<usize>,
    broken: Option<io::Error>,
}

enum Target {
    File(OwnedFd, How),
    Memory,
    Lines(Arc<LineQueue>, StdStream),
}

#[derive(Clone, Copy)]
enum How {
    /// Our own open file description, which does not block.
    Nonblocking,
    /// A socket: the call itself can be told not to block.
    Socket,
    /// Shared with others: write little, and only when it polls as writable.
    Careful,
    /// A regular file or the like never blocks.
    Direct,
}

/// A line without an end, the last thing that was forwarded.
#[derive(Clone, Copy)]
struct OpenLine {
    rank: usize,
    begun: Instant,
    touched: Instant,
}

impl Sink {
    /// A destination that keeps everything.
    pub fn memory() -> Self {
        Self::new(Target::Memory)
    }

    /// A queue of lines.
    pub fn lines(queue: Arc<LineQueue>, stream: StdStream) -> Self {
        Self::new(Target::Lines(queue, stream))
    }

    /// One of our own standard streams.
    pub fn to(fd: BorrowedFd<'_>) -> io::Result<Self> {
        let how = match sys::describe(fd).0 {
            Kind::Socket => How::Socket,
            Kind::Pipe | Kind::Terminal => match sys::reopen_nonblocking(fd) {
                Ok(own) => return Ok(Self::new(Target::File(own, How::Nonblocking))),
                // No /proc, no permission, or nobody reads the pipe any more: the write will tell.
                Err(_) => How::Careful,
            },
            Kind::Other => How::Direct,
        };
        Ok(Self::new(Target::File(sys::duplicate(fd)?, how)))
    }

    fn new(target: Target) -> Self {
        Self { target, pending: Vec::new(), sent: 0, line: None, last: None, broken: None }
    }

    /// True when the ranks must wait.
    pub fn is_full(&self) -> bool {
        match &self.target {
            Target::File(..) => self.pending.len() - self.sent >= FULL,
            Target::Lines(queue, _) => queue.is_full(),
            Target::Memory => false,
        }
    }

    /// True when everything has been written.
    pub fn is_empty(&self) -> bool {
        matches!(self.target, Target::Memory) || self.sent == self.pending.len()
    }

    /// Why nothing more can be written.
    pub fn broken(&self) -> Option<&io::Error> {
        self.broken.as_ref()
    }

    /// The descriptor to wait for, when something is to be written.
    pub fn waits_for(&self) -> Option<RawFd> {
        match &self.target {
            Target::File(fd, _) if !self.is_empty() => Some(fd.as_raw_fd()),
            _ => None,
        }
    }

    /// What was kept.
    pub fn into_memory(self) -> Vec<u8> {
        match self.target {
            Target::Memory => self.pending,
            Target::File(..) | Target::Lines(..) => Vec::new(),
        }
    }

    /// Until when the line that is open is another rank's; `None` when `rank` may write now.
    pub fn held_until(&self, rank: usize) -> Option<Instant> {
        self.line
            .filter(|line| line.rank != rank)
            .map(|line| (line.touched + HOLD).min(line.begun + LONGEST_HOLD))
    }

    /// True when the open line is this rank's, of either of its streams.
    pub fn is_inside_line_of(&self, rank: usize) -> bool {
        self.line.is_some_and(|line| line.rank == rank)
    }

    /// The rank whose bytes came last.
    pub fn last(&self) -> Option<usize> {
        self.last
    }

    /// Nobody will continue the open line if it is this rank's: others need not wait for it.
    pub fn release(&mut self, rank: usize, now: Instant) {
        if let Some(line) = self.line.as_mut().filter(|line| line.rank == rank) {
            line.touched = now.checked_sub(HOLD).unwrap_or(now);
        }
    }

    /// Adds bytes of a rank, which may write now. They end a line, or begin one that stays open.
    pub fn add(&mut self, rank: usize, bytes: &[u8], now: Instant) {
        let Some(last) = bytes.last() else { return };
        if self.queued(Some(rank), bytes) {
            self.last = Some(rank);
            return;
        }
        if !self.is_inside_line_of(rank) {
            self.end_line();
        }
        let begun = self.line.filter(|_| !bytes.contains(&b'\n')).map_or(now, |line| line.begun);
        if self.broken.is_none() {
            self.pending.extend_from_slice(bytes);
        }
        self.last = Some(rank);
        self.line = (*last != b'\n').then_some(OpenLine { rank, begun, touched: now });
    }

    /// Puts lines into the queue, if that is where they go. A last line without an end counts as a line.
    fn queued(&self, rank: Option<usize>, bytes: &[u8]) -> bool {
        let Target::Lines(queue, stream) = &self.target else { return false };
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let bytes = line.strip_suffix(b"\n").unwrap_or(line).to_vec();
            queue.push(Line { rank, stream: *stream, bytes });
        }
        true
    }

    /// Adds lines of the launcher's own.
    pub fn say(&mut self, text: &str) {
        if self.queued(None, text.as_bytes()) {
            return;
        }
        self.end_line();
        if self.broken.is_none() {
            self.pending.extend_from_slice(text.as_bytes());
        }
    }

    /// Ends the open line: no line ever holds the bytes of two ranks.
    fn end_line(&mut self) {
        if self.line.take().is_some() && self.broken.is_none() {
            self.pending.push(b'\n');
        }
    }

    /// Writes what can be written now. True when something was.
    pub fn flush(&mut self) -> bool {
        let mut progress = false;
        while !self.is_empty() && self.broken.is_none() {
            let Target::File(fd, how) = &self.target else { break };
            let rest = &self.pending[self.sent..];
            let result = match how {
                How::Nonblocking | How::Direct => sys::write(fd.as_fd(), rest),
                How::Socket => sys::send(fd.as_fd(), rest),
                How::Careful => {
                    let mut ready = [sys::writable(fd.as_raw_fd())];
                    sys::poll(&mut ready, Some(Duration::ZERO));
                    match ready[0].revents {
                        0 => break,
                        _ => sys::write(fd.as_fd(), &rest[..rest.len().min(SAFE_WRITE)]),
                    }
                }
            };
            match result {
                Ok(n) => {
                    self.sent += n;
                    progress = true;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => {
                    self.broken = Some(error);
                    self.sent = self.pending.len();
                }
            }
        }
        if self.sent == self.pending.len() && self.sent > 0 {
            self.pending.clear();
            self.sent = 0;
        } else if self.sent > FULL {
            self.pending.drain(..self.sent);
            self.sent = 0;
        }
        progress
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// Writes `total` bytes in lines while a slow reader takes them; returns what arrived.
    fn through(mut sink: Sink, mut reader: impl Read + Send + 'static, total: usize) -> usize {
        let reader = std::thread::spawn(move || {
            let mut chunk = [0; 10_000];
            let mut seen = 0;
            loop {
                match reader.read(&mut chunk).unwrap() {
                    0 => return seen,
                    n => seen += n,
                }
                std::thread::sleep(Duration::from_micros(100));
            }
        });
        let line = [[b'x'; 99].as_slice(), b"\n"].concat();
        let mut added = 0;
        while added < total || !sink.is_empty() {
            while added < total && !sink.is_full() {
                sink.add(0, &line, Instant::now());
                added += line.len();
            }
            if !sink.flush() {
                let mut fds: Vec<_> = sink.waits_for().map(sys::writable).into_iter().collect();
                sys::poll(&mut fds, Some(Duration::from_secs(10)));
            }
        }
        assert!(sink.broken().is_none());
        drop(sink);
        reader.join().unwrap()
    }

    #[test]
    fn every_kind_of_file_takes_everything() {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let sink = Sink::to(ours.as_fd()).unwrap();
        assert!(matches!(sink.target, Target::File(_, How::Socket)));
        drop(ours);
        assert_eq!(through(sink, theirs, 3_000_000), 3_000_000);

        let (reader, writer) = std::io::pipe().unwrap();
        let sink = Sink::to(writer.as_fd()).unwrap();
        assert!(matches!(sink.target, Target::File(_, How::Nonblocking)));
        drop(writer);
        assert_eq!(through(sink, reader, 3_000_000), 3_000_000);

        let (reader, writer) = std::io::pipe().unwrap();
        let sink = Sink::new(Target::File(writer.into(), How::Careful));
        assert_eq!(through(sink, reader, 3_000_000), 3_000_000);
    }

    #[test]
    fn a_reader_that_goes_is_noticed() {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut sink = Sink::to(writer.as_fd()).unwrap();
        sink.add(0, b"x\n", Instant::now());
        sink.flush();
        assert_eq!(sink.broken().map(io::Error::kind), Some(ErrorKind::BrokenPipe));
        assert!(sink.is_empty(), "nothing waits for ever");
    }

    #[test]
    fn no_line_holds_the_bytes_of_two_streams() {
        let mut sink = Sink::memory();
        let now = Instant::now();
        sink.add(0, b"a", now);
        assert!(sink.is_inside_line_of(0) && sink.held_until(0).is_none());
        assert!(sink.held_until(1).is_some_and(|until| until > now));
        sink.release(0, now);
        assert!(sink.held_until(1).is_some_and(|until| until <= now));
        sink.add(1, b"b\n", now);
        sink.add(0, b"c", now);
        sink.say("report\n");
        assert_eq!(sink.into_memory(), b"a\nb\nc\nreport\n");
    }
}
