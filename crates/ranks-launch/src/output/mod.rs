//! Forwarding what the ranks write, in whole lines.
//!
//! A line goes out when its end has come, so lines of different ranks never mix. A line without an end goes
//! out when its stream closes, when it has grown past [`LONG_LINE`], or when it has stood idle, as a prompt
//! does. If another rank writes after such a piece, a newline comes between.

mod files;
mod lines;
mod sink;
mod words;

use crate::outcome::StartError;
use crate::sys::{self, Kind, PollFd};
use files::Asked;
pub use lines::{Line, LineQueue};
use sink::Sink;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};
use words::Words;

/// A line that is longer is forwarded in pieces.
const LONG_LINE: usize = 1 << 20;

/// Bytes read at a time.
const CHUNK: usize = 64 << 10;

/// A prompt on a terminal appears after this time.
const IDLE_TERMINAL: Duration = Duration::from_millis(60);

/// A prompt that a program reads appears after this time: longer, because a line written in pieces should
/// rather stay whole.
const IDLE_PIPE: Duration = Duration::from_millis(500);

/// One of the two output streams of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StdStream {
    /// Standard output.
    Out,
    /// Standard error.
    Error,
}

struct Stream {
    rank: usize,
    sink: usize,
    /// A file that gets the same.
    copy: Option<usize>,
    pipe: Option<OwnedFd>,
    /// What was read and not yet forwarded.
    held: Vec<u8>,
    last_read: Instant,
    /// Of standard error.
    words: Option<Words>,
}

/// All streams of a job and where they go.
pub struct Outputs {
    sinks: Vec<Sink>,
    /// After which time an unfinished line is shown, by sink.
    idle: Vec<Option<Duration>>,
    streams: Vec<Stream>,
    /// Files that were asked for, each with its sink.
    files: Vec<(String, usize)>,
    tag: bool,
    /// Where our standard error goes.
    error_sink: usize,
    asked: Asked,
    chunk: Box<[u8]>,
}

impl Outputs {
    /// Forwarding to our own standard output and error.
    pub fn to_own(tag: bool) -> io::Result<Self> {
        let (out, error) = (io::stdout(), io::stderr());
        let (kind_out, file_out) = sys::describe(out.as_fd());
        let (kind_error, file_error) = sys::describe(error.as_fd());
        let mut sinks = vec![Sink::to(out.as_fd())?];
        let mut idle = vec![idle_time(kind_out)];
        if file_out != file_error {
            sinks.push(Sink::to(error.as_fd())?);
            idle.push(idle_time(kind_error));
        }
        Ok(Self::new(sinks, idle, tag))
    }

    /// Keeping everything.
    pub fn to_memory(tag: bool) -> Self {
        Self::new(vec![Sink::memory(), Sink::memory()], vec![None, None], tag)
    }

    /// Handing out line by line.
    pub fn to_lines(queue: &Arc<LineQueue>) -> Self {
        let sink = |stream| Sink::lines(queue.clone(), stream);
        Self::new(vec![sink(StdStream::Out), sink(StdStream::Error)], vec![None, None], false)
    }

    fn new(sinks: Vec<Sink>, idle: Vec<Option<Duration>>, tag: bool) -> Self {
        let error_sink = sinks.len() - 1;
        let asked = Asked::default();
        Self {
            sinks,
            idle,
            streams: Vec::new(),
            files: Vec::new(),
            tag,
            error_sink,
            asked,
            chunk: vec![0; CHUNK].into(),
        }
    }

    /// Takes over the reading end of a rank's pipe.
    pub fn add(&mut self, rank: usize, which: StdStream, pipe: OwnedFd) -> Result<(), StartError> {
        sys::set_nonblocking(&pipe).map_err(|error| StartError::system("a rank's output", &error))?;
        let file = match self.asked.file(rank, which) {
            Some((path, copy)) => Some((self.open(&path)?, copy)),
            None => None,
        };
        let own = self.sink_of(if self.asked.merges() { StdStream::Out } else { which });
        let (sink, copy) = match file {
            Some((file, true)) => (own, Some(file)),
            Some((file, false)) => (file, None),
            None => (own, None),
        };
        self.streams.push(Stream {
            rank,
            sink,
            copy,
            pipe: Some(pipe),
            held: Vec::new(),
            last_read: Instant::now(),
            words: (which == StdStream::Error).then(Words::default),
        });
        Ok(())
    }

    fn sink_of(&self, which: StdStream) -> usize {
        if which == StdStream::Error { self.error_sink } else { 0 }
    }

    /// Adds what is to be waited for; `handle` wants the same slice back.
    pub fn wait_for(&self, fds: &mut Vec<PollFd>) {
        for stream in &self.streams {
            // -1: not waited for, but the places stay the same.
            // What another rank's line holds back is read up to a limit, so that memory stays bounded.
            let room = !self.sinks[stream.sink].is_full() && stream.held.len() < LONG_LINE;
            let open = stream.pipe.as_ref().filter(|_| room);
            fds.push(sys::readable(open.map_or(-1, AsRawFd::as_raw_fd)));
        }
        for sink in &self.sinks {
            fds.push(sys::writable(sink.waits_for().unwrap_or(-1)));
        }
    }

    /// Reads and writes what is ready.
    pub fn handle(&mut self, fds: &[PollFd], now: Instant) {
        for (index, fd) in fds.iter().take(self.streams.len()).enumerate() {
            if fd.revents != 0 {
                if self.streams[index].words.is_some() {
                    self.collect_before(index, now);
                }
                self.read(index, now);
                self.forward(index, now);
            }
        }
        self.tick(now);
    }

    /// Forwards what only time holds back, and writes.
    pub fn tick(&mut self, now: Instant) {
        for index in 0..self.streams.len() {
            if !self.streams[index].held.is_empty() {
                self.forward(index, now);
            }
        }
        for sink in &mut self.sinks {
            sink.flush();
        }
    }

    /// When `tick` has something to do even if nothing happens.
    pub fn deadline(&self) -> Option<Instant> {
        let due = self.streams.iter().filter(|s| !s.held.is_empty()).filter_map(|s| {
            let sink = &self.sinks[s.sink];
            let held = sink.held_until(s.rank);
            if s.pipe.is_none() || s.held.len() >= LONG_LINE || s.held.contains(&b'\n') {
                return held;
            }
            // Bytes that wait for our reader come first; when it is slow, the rank is not idle, we are.
            let idle = s.last_read + self.idle[s.sink].filter(|_| sink.is_empty())?;
            Some(held.map_or(idle, |held| held.max(idle)))
        });
        due.min()
    }

    /// Reads once from a stream; false when there was nothing.
    fn read(&mut self, index: usize, now: Instant) -> bool {
        let stream = &mut self.streams[index];
        let Some(pipe) = &stream.pipe else { return false };
        match sys::read(pipe.as_fd(), &mut self.chunk) {
            Ok(n) if n > 0 => {
                stream.held.extend_from_slice(&self.chunk[..n]);
                stream.last_read = now;
                true
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            Ok(_) | Err(_) => {
                stream.pipe = None;
                false
            }
        }
    }

    /// Forwards what may go out of a stream now.
    fn forward(&mut self, index: usize, now: Instant) {
        let stream = &mut self.streams[index];
        let (sink, rank) = (&mut self.sinks[stream.sink], stream.rank);
        if sink.held_until(rank).is_some_and(|until| until > now) {
            return;
        }
        let whole = stream.held.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        let closed = stream.pipe.is_none();
        let rest = stream.held.len() - whole;
        let all = rest > 0
            && (closed
                || rest >= LONG_LINE
                || (whole == 0 && sink.is_inside_line_of(rank))
                || (self.idle[stream.sink].is_some_and(|idle| now >= stream.last_read + idle)
                    && sink.is_empty()
                    && stream.pipe.as_ref().is_none_or(|pipe| sys::bytes_waiting(pipe) == 0)));
        let upto = if all { stream.held.len() } else { whole };
        if self.tag || self.asked.timestamps() {
            let time = if self.asked.timestamps() { sys::local_time() + " " } else { String::new() };
            let name = if self.tag { format!("[{rank}] ") } else { String::new() };
            let tag = time + &name;
            let mut tagged = Vec::with_capacity(upto + upto / 4 + tag.len());
            for (at, line) in stream.held[..upto].split_inclusive(|&b| b == b'\n').enumerate() {
                if at > 0 || !sink.is_inside_line_of(rank) {
                    tagged.extend_from_slice(tag.as_bytes());
                }
                tagged.extend_from_slice(line);
            }
            sink.add(rank, &tagged, now);
        } else {
            sink.add(rank, &stream.held[..upto], now);
        }
        if let Some(copy) = stream.copy {
            self.sinks[copy].add(rank, &stream.held[..upto], now);
        }
        if let Some(words) = &mut stream.words {
            words.hear(&stream.held[..upto]);
        }
        stream.held.drain(..upto);
        if closed {
            self.sinks[stream.sink].release(rank, now);
        }
    }

    /// Reads what a rank that has ended left in its pipes, whether or not our reader is slow: a pipe holds
    /// little, and the report must come behind it.
    pub fn collect(&mut self, rank: usize, now: Instant) {
        for index in 0..self.streams.len() {
            if self.streams[index].rank == rank {
                self.collect_stream(index, now);
            }
        }
    }

    /// Where both streams of a rank go to one place: what it has written to standard output stands before what comes
    /// now on standard error, which it wrote later, as far as one can tell.
    fn collect_before(&mut self, error: usize, now: Instant) {
        let (rank, sink) = (self.streams[error].rank, self.streams[error].sink);
        let same = |stream: &Stream| stream.rank == rank && stream.sink == sink && stream.words.is_none();
        if let Some(out) = self.streams.iter().position(same) {
            self.collect_stream(out, now);
        }
    }

    fn collect_stream(&mut self, index: usize, now: Instant) {
        // Up to the end, or what is there now and no more: a daemon may go on writing.
        let waiting = self.streams[index].pipe.as_ref().map_or(0, sys::bytes_waiting);
        let enough = self.streams[index].held.len() + waiting;
        while self.streams[index].held.len() <= enough && self.read(index, now) {}
        self.forward(index, now);
    }

    /// The last line that says something of what a rank has written to its standard error, if another rank has written
    /// there since.
    pub fn last_words(&self, rank: usize) -> Option<String> {
        let stream = self.streams.iter().find(|stream| stream.rank == rank && stream.words.is_some())?;
        let last = self.sinks[stream.sink].last()?;
        // What went into a file is not before the reader's eyes.
        let words = stream.words.as_ref()?;
        let unseen = stream.sink > self.error_sink || last != rank || words.end_with_messages();
        if unseen { words.last() } else { None }
    }

    /// The ranks whose streams are still open: some process holds them.
    pub fn open_ranks(&self) -> Vec<usize> {
        let mut ranks: Vec<usize> =
            self.streams.iter().filter(|stream| stream.pipe.is_some()).map(|stream| stream.rank).collect();
        ranks.dedup();
        ranks
    }

    /// When something was last read.
    pub fn last_read(&self) -> Option<Instant> {
        self.streams.iter().map(|stream| stream.last_read).max()
    }

    /// True when every stream has closed.
    pub fn all_closed(&self) -> bool {
        self.streams.iter().all(|stream| stream.pipe.is_none())
    }

    /// Takes what is in the pipes and closes them; daemons may still hold the other ends.
    pub fn close(&mut self, now: Instant) {
        for index in 0..self.streams.len() {
            self.collect_stream(index, now);
            self.streams[index].pipe = None;
        }
        // Closed now: nobody's unfinished line is waited for, so this forwards everything.
        for sink in 0..self.sinks.len() {
            for index in 0..self.streams.len() {
                self.sinks[sink].release(self.streams[index].rank, now);
            }
            for index in (0..self.streams.len()).filter(|&i| self.streams[i].sink == sink).collect::<Vec<_>>()
            {
                self.forward(index, now);
                self.sinks[sink].release(self.streams[index].rank, now);
            }
        }
        self.tick(now);
    }

    /// Writes what can be written; true when something was.
    pub fn flush(&mut self) -> bool {
        let mut progress = false;
        for sink in &mut self.sinks {
            progress |= sink.flush();
        }
        progress
    }

    /// True when nothing is left to be written.
    pub fn is_written(&self) -> bool {
        self.sinks.iter().all(Sink::is_empty)
    }

    /// True when the ranks' output is not read, because whoever takes it is behind.
    pub fn is_behind(&self) -> bool {
        self.sinks.iter().any(|sink| !sink.is_empty() || sink.is_full())
    }

    /// The file that takes nothing more, our standard output or one that was asked for, and why.
    pub fn output_broken(&self) -> Option<(&str, &io::Error)> {
        let out = self.sinks[0].broken().map(|error| ("standard output", error));
        let files = self.files.iter().filter_map(|(name, sink)| Some((&**name, self.sinks[*sink].broken()?)));
        out.into_iter().chain(files).next()
    }

    /// Says something of our own on standard error.
    pub fn say(&mut self, text: &str) {
        let sink = self.sink_of(StdStream::Error);
        self.sinks[sink].say(text);
        self.sinks[sink].flush();
    }

    /// What was kept: standard output and standard error.
    pub fn into_memory(self) -> (Vec<u8>, Vec<u8>) {
        let mut sinks = self.sinks.into_iter().map(Sink::into_memory);
        (sinks.next().unwrap_or_default(), sinks.next().unwrap_or_default())
    }
}

fn idle_time(kind: Kind) -> Option<Duration> {
    match kind {
        Kind::Terminal => Some(IDLE_TERMINAL),
        Kind::Pipe | Kind::Socket => Some(IDLE_PIPE),
        // Nobody waits at the other end of a file.
        Kind::Other => None,
    }
}
