//! The lines to fetch: read from arguments, files and standard input by a thread of their own, on demand.
//!
//! The thread stays a few batches ahead and no further, so a million lines never are in memory together; and rank 0
//! never waits for a slow pipe while other ranks wait for rank 0. A batch is what one read brought: lines that trickle
//! in are fetched as they come.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::{Failure, FailureKind};

/// A line with a URL, or what should be one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    /// 1 for the first line of the input.
    pub(super) number: u64,
    /// The line without surrounding white space.
    pub(super) url: String,
}

/// A line as read: to be fetched, or already known to be impossible.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Fetch(Line),
    Unusable(Line, Failure),
}

/// The longest line taken for a URL. Longer ones get a record with an error; of them the beginning alone is kept.
const LINE_BYTES: usize = 64 * 1024;
/// Of a line that is too long, the bytes shown in its record.
const SHOWN_BYTES: usize = 200;
/// Lines in a batch, at most, and batches read ahead.
const BATCH_LINES: usize = 256;
const BATCHES_AHEAD: usize = 2;

/// What the reading thread has to say.
#[derive(Debug)]
pub(super) enum Next {
    /// Lines, at least one.
    Lines(Vec<Entry>),
    /// Nothing yet; the wake-up function will be called.
    NotYet,
    /// All was read; so many lines were blank or comments.
    End { skipped: u64 },
    /// Reading failed.
    Failed(String),
}

enum Message {
    Lines(Vec<Entry>),
    End { skipped: u64 },
    Failed(String),
}

/// The reading thread's other end.
pub(super) struct Input {
    messages: Receiver<Message>,
}

/// One source of lines, opened.
enum Source {
    Url(String),
    Reader { name: String, reader: Box<dyn Read + Send> },
}

impl Input {
    /// Opens everything named by `names` (URLs, files, `-`; none: standard input) and starts to read. What cannot be
    /// opened is an error here, before anything is fetched. `wake` is called after each piece of news.
    pub(super) fn open(names: &[String], wake: impl Fn() + Send + 'static) -> Result<Input, Error> {
        if names.is_empty() && io::stdin().is_terminal() {
            let what = "no URL given: name URLs or files, or send a list to standard input";
            return Err(Error::Input(what.to_owned()));
        }
        let standard = ["-".to_owned()];
        let names = if names.is_empty() { &standard } else { names };
        let sources = names.iter().map(|name| open(name)).collect::<Result<Vec<_>, _>>()?;
        Input::start(sources, wake)
    }

    /// The given URLs, as if they had been arguments.
    pub(super) fn of(urls: Vec<String>, wake: impl Fn() + Send + 'static) -> Result<Input, Error> {
        Input::start(urls.into_iter().map(Source::Url).collect(), wake)
    }

    fn start(sources: Vec<Source>, wake: impl Fn() + Send + 'static) -> Result<Input, Error> {
        let (sender, messages) = sync_channel(BATCHES_AHEAD);
        std::thread::Builder::new()
            .name("read-urls".into())
            .spawn(move || Lines { sender, wake, number: 0, skipped: 0, batch: Vec::new() }.run(sources))
            .map_err(|error| Error::Input(format!("cannot start a thread: {error}")))?;
        Ok(Input { messages })
    }

    /// What has been read, without waiting.
    pub(super) fn next(&self) -> Next {
        match self.messages.try_recv() {
            Ok(Message::Lines(lines)) => Next::Lines(lines),
            Ok(Message::End { skipped }) => Next::End { skipped },
            Ok(Message::Failed(error)) => Next::Failed(error),
            Err(TryRecvError::Empty) => Next::NotYet,
            Err(TryRecvError::Disconnected) => Next::Failed("the reading thread died".into()),
        }
    }
}

fn open(name: &str) -> Result<Source, Error> {
    if name.contains("://") {
        return Ok(Source::Url(name.to_owned()));
    }
    if name == "-" {
        return Ok(Source::Reader { name: "standard input".into(), reader: Box::new(io::stdin()) });
    }
    let cannot = |error: io::Error| {
        Error::Input(match error.kind() {
            io::ErrorKind::NotFound if !name.starts_with(['/', '.']) => {
                format!("cannot read {name}: no such file; for a URL write http://{name}")
            }
            _ => format!("cannot read {name}: {error}"),
        })
    };
    let file = File::open(name).map_err(cannot)?;
    // A directory opens well and fails at the first read; that would be after the job began.
    if file.metadata().map_err(cannot)?.is_dir() {
        return Err(Error::Input(format!("cannot read {name}: it is a directory")));
    }
    Ok(Source::Reader { name: name.to_owned(), reader: Box::new(file) })
}

/// The reading thread: cuts what it reads into lines and sends them in batches.
struct Lines<W> {
    sender: SyncSender<Message>,
    wake: W,
    number: u64,
    skipped: u64,
    batch: Vec<Entry>,
}

/// The receiver is gone: nobody wants the rest.
struct Unwanted;

impl<W: Fn()> Lines<W> {
    fn run(mut self, sources: Vec<Source>) {
        let last = match self.read_all(sources) {
            Ok(()) => Message::End { skipped: self.skipped },
            Err(Some(error)) => Message::Failed(error),
            Err(None) => return,
        };
        if self.flush().is_ok() && self.sender.send(last).is_ok() {
            (self.wake)();
        }
    }

    fn read_all(&mut self, sources: Vec<Source>) -> Result<(), Option<String>> {
        for source in sources {
            match source {
                Source::Url(url) => self.line(url.as_bytes(), true).map_err(|Unwanted| None)?,
                Source::Reader { name, reader } => self.read(&name, reader)?,
            }
        }
        Ok(())
    }

    fn read(&mut self, name: &str, reader: impl Read) -> Result<(), Option<String>> {
        let mut reader = BufReader::with_capacity(LINE_BYTES, reader);
        let mut line = Vec::new();
        let mut whole = true;
        let mut first = true;
        loop {
            let buffer = match reader.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Some(format!("cannot read {name}: {error}"))),
            };
            if buffer.is_empty() {
                break;
            }
            let end = buffer.iter().position(|&byte| byte == b'\n');
            let part = &buffer[..end.unwrap_or(buffer.len())];
            let room = LINE_BYTES - line.len();
            whole &= part.len() <= room;
            line.extend_from_slice(&part[..part.len().min(room)]);
            let taken = end.map_or(buffer.len(), |end| end + 1);
            reader.consume(taken);
            if end.is_some() {
                self.take(&mut line, whole, &mut first).map_err(|Unwanted| None)?;
                whole = true;
            }
            // Before the next read may wait: what is complete goes out.
            if reader.buffer().is_empty() {
                self.flush().map_err(|Unwanted| None)?;
            }
        }
        if !line.is_empty() {
            self.take(&mut line, whole, &mut first).map_err(|Unwanted| None)?;
        }
        Ok(())
    }

    /// Takes a line read from a file; at the first, without the mark some editors put before it.
    fn take(&mut self, line: &mut Vec<u8>, whole: bool, first: &mut bool) -> Result<(), Unwanted> {
        let text = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| *first).unwrap_or(line);
        self.line(text, whole)?;
        *first = false;
        line.clear();
        Ok(())
    }

    fn line(&mut self, text: &[u8], whole: bool) -> Result<(), Unwanted> {
        self.number += 1;
        let number = self.number;
        let text = text.trim_ascii();
        if whole && (text.is_empty() || text[0] == b'#') {
            self.skipped += 1;
            return Ok(());
        }
        let shown = |text: &[u8]| Line { number, url: String::from_utf8_lossy(text).into_owned() };
        let invalid = |detail: &str| Failure::new(FailureKind::InvalidUrl, detail);
        let entry = match std::str::from_utf8(text) {
            _ if !whole => {
                let detail = format!("longer than {LINE_BYTES} bytes");
                Entry::Unusable(shown(&text[..text.len().min(SHOWN_BYTES)]), invalid(&detail))
            }
            // What reads URLs passes over tabs and line ends within one: another URL would be fetched.
            Ok(url) => match no_url(text) {
                Some(why) => Entry::Unusable(shown(text), invalid(why)),
                None => Entry::Fetch(Line { number, url: url.to_owned() }),
            },
            Err(_) if no_url(text) == Some(UTF_16) => Entry::Unusable(shown(text), invalid(UTF_16)),
            Err(_) => Entry::Unusable(shown(text), invalid("not UTF-8")),
        };
        self.batch.push(entry);
        if self.batch.len() < BATCH_LINES { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<(), Unwanted> {
        if !self.batch.is_empty() {
            self.sender.send(Message::Lines(std::mem::take(&mut self.batch))).map_err(|_| Unwanted)?;
            (self.wake)();
        }
        Ok(())
    }
}

const UTF_16: &str = "NUL bytes in the line, as in UTF-16: the input must be UTF-8";

/// Why a line cannot be one URL, as far as its bytes tell.
fn no_url(text: &[u8]) -> Option<&'static str> {
    if text.contains(&0) {
        return Some(UTF_16);
    }
    if text.contains(&b'\r') {
        return Some("a carriage return within the line: lines end with LF or CR LF");
    }
    text.iter()
        .any(|byte| *byte <= b' ' || *byte == 0x7f)
        .then_some("white space within the line: one URL a line")
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    /// All entries of one reader, and how many lines were skipped.
    fn entries(reader: impl Read + Send + 'static) -> (Vec<Entry>, u64) {
        let (wake, woken) = channel();
        let source = Source::Reader { name: "test".into(), reader: Box::new(reader) };
        let input = Input::start(vec![source], move || wake.send(()).unwrap_or(())).unwrap();
        let mut all = Vec::new();
        loop {
            match input.next() {
                Next::Lines(lines) => all.extend(lines),
                Next::NotYet => woken.recv_timeout(Duration::from_secs(10)).expect("a wake-up"),
                Next::End { skipped } => return (all, skipped),
                Next::Failed(error) => panic!("{error}"),
            }
        }
    }

    fn fetch(number: u64, url: &str) -> Entry {
        Entry::Fetch(Line { number, url: url.into() })
    }

    #[test]
    fn what_is_not_one_url_a_line_is_told_and_never_fetched() {
        let utf_16: Vec<u8> = "http://a/\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [b"\xff\xfe".to_vec(), utf_16.clone()].concat();
        for (input, words) in [
            (b"http://a/b c".to_vec(), "white space"),
            (b"http://a/\tb".to_vec(), "white space"),
            (b"http://a/ 200 OK".to_vec(), "white space"),
            (b"http://a/\rhttp://b/\r".to_vec(), "carriage return"),
            (utf_16, "UTF-16"),
            (marked, "UTF-16"),
            (b"http://a/\0".to_vec(), "NUL"),
            (b"http://a/\x7f".to_vec(), "white space"),
            (b"http://a/caf\xe9".to_vec(), "not UTF-8"),
            (b"\xff\xfe".to_vec(), "not UTF-8"),
        ] {
            let (found, _) = entries(std::io::Cursor::new(input.clone()));
            let Entry::Unusable(line, failure) = &found[0] else { panic!("{input:?}: {found:?}") };
            assert_eq!((line.number, failure.kind), (1, crate::FailureKind::InvalidUrl));
            assert!(failure.detail.contains(words), "{input:?}: {failure}");
            assert!(!found.iter().any(|entry| matches!(entry, Entry::Fetch(_))), "{input:?}: {found:?}");
        }
    }

    #[test]
    fn lines_are_numbered_and_trimmed() {
        let (all, skipped) =
            entries(&b"\xef\xbb\xbfhttp://a\r\n\n  # note\n\thttp://b  \nnonsense\n\nhttp://c"[..]);
        assert_eq!(
            all,
            [fetch(1, "http://a"), fetch(4, "http://b"), fetch(5, "nonsense"), fetch(7, "http://c")]
        );
        assert_eq!(skipped, 3);
    }

    #[test]
    fn lines_that_are_no_text_get_their_record() {
        let (all, _) = entries(&b"http://a/\xff\nhttp://b\n"[..]);
        assert!(
            matches!(&all[0], Entry::Unusable(line, why) if line.number == 1 && why.to_string().contains("UTF-8"))
        );
        assert_eq!(all[1], fetch(2, "http://b"));
    }

    #[test]
    fn endless_lines_are_cut_not_kept() {
        let endless = io::repeat(b'x').take(5_000_000).chain(&b"\nhttp://b\n"[..]);
        let (all, _) = entries(endless);
        assert!(matches!(&all[0], Entry::Unusable(line, _) if line.url.len() == SHOWN_BYTES));
        assert_eq!(all[1], fetch(2, "http://b"));
        // At the limit, exactly, a line is still whole.
        let at_limit = io::repeat(b'x').take(LINE_BYTES as u64);
        assert!(matches!(&entries(at_limit).0[..], [Entry::Fetch(line)] if line.url.len() == LINE_BYTES));
    }

    #[test]
    fn reading_stops_ahead_of_a_dealer_that_does_not_ask() {
        let source = Source::Reader { name: "endless".into(), reader: Box::new(io::repeat(b'\n').take(0)) };
        drop(Input::start(vec![source], || ()).unwrap());
        // A reader without end, nobody asking: the thread must be held up by the channel, then end with it.
        struct Endless;
        impl Read for Endless {
            fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
                to.iter_mut().enumerate().for_each(|(i, byte)| *byte = b"x\n"[i % 2]);
                Ok(to.len())
            }
        }
        let (wake, woken) = channel();
        let source = Source::Reader { name: "endless".into(), reader: Box::new(Endless) };
        let input = Input::start(vec![source], move || wake.send(()).unwrap_or(())).unwrap();
        for _ in 0..BATCHES_AHEAD {
            woken.recv_timeout(Duration::from_secs(10)).expect("a batch");
        }
        assert!(woken.recv_timeout(Duration::from_millis(100)).is_err(), "no more than the batches ahead");
        drop(input);
        // The sender of wake-ups goes with the thread.
        while woken.recv_timeout(Duration::from_secs(10)).is_ok() {}
    }

    #[test]
    fn what_cannot_be_opened_is_an_error_at_once() {
        for name in ["/nowhere/at/all", "/"] {
            let error = Input::open(&[name.to_owned()], || ()).err().expect("an error").to_string();
            assert!(error.starts_with(&format!("cannot read {name}: ")), "{error}");
        }
        let error =
            Input::open(&["127.0.0.1:1/p.html".to_owned()], || ()).err().expect("an error").to_string();
        assert!(error.ends_with("no such file; for a URL write http://127.0.0.1:1/p.html"), "{error}");
    }
}
