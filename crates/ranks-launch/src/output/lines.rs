//! Lines of output for a program that has started a job: a queue between the thread that watches the job and whoever
//! takes the lines, by blocking calls or as a stream.

use super::StdStream;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// Bytes that may wait to be taken before the ranks have to wait in their own writes.
const FULL: usize = 256 << 10;

/// One line of a job's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The rank that wrote it; `None` for a report of the launcher.
    pub rank: Option<usize>,
    /// Where it was written to.
    pub stream: StdStream,
    /// The bytes of the line without the newline.
    pub bytes: Vec<u8>,
}

impl Line {
    /// The line as text. What is not UTF-8 is replaced.
    ///
    /// ```
    /// use ranks_launch::{Line, StdStream};
    ///
    /// let line = Line { rank: Some(0), stream: StdStream::Out, bytes: b"hello".to_vec() };
    /// assert_eq!(line.text(), "hello");
    /// ```
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

/// The queue. It is bounded: when it is full, the ranks' pipes are not read.
#[derive(Default)]
pub struct LineQueue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Line>,
    bytes: usize,
    /// No more lines come.
    ended: bool,
    /// The queue has no bound, because nobody takes lines one by one any longer.
    unbounded: bool,
    /// Nobody takes lines at all any longer.
    discards: bool,
    waker: Option<Waker>,
}

impl LineQueue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line at the end.
    pub fn push(&self, line: Line) {
        self.change(|state| {
            if state.discards {
                return;
            }
            state.bytes += line.bytes.len() + 1;
            state.lines.push_back(line);
        });
    }

    /// Says that no more lines come.
    pub fn end(&self) {
        self.change(|state| state.ended = true);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        let waker = state.waker.take();
        drop(state);
        self.changed.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whether the ranks have to wait until somebody takes lines.
    pub fn is_full(&self) -> bool {
        let state = self.state();
        state.bytes >= FULL && !state.unbounded
    }

    /// From now on the queue takes everything.
    pub fn remove_bound(&self) {
        self.state().unbounded = true;
    }

    /// Throws away what is there and what comes.
    pub fn discard(&self) {
        let mut state = self.state();
        *state = State { unbounded: true, discards: true, ended: state.ended, ..State::default() };
    }

    /// Waits for the next line; `None` when there are no more. Also says whether the queue is full no longer.
    pub fn take(&self) -> (Option<Line>, bool) {
        let mut state = self.state();
        while state.lines.is_empty() && !state.ended {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.pop()
    }

    /// The next line if it is there; else `waker` is called when there is one.
    pub fn poll_take(&self, waker: &Waker) -> Poll<(Option<Line>, bool)> {
        let mut state = self.state();
        if state.lines.is_empty() && !state.ended {
            let old = state.waker.replace(waker.clone());
            drop(state);
            // With a waker may go a task, and with it the reader of this queue.
            drop(old);
            return Poll::Pending;
        }
        Poll::Ready(state.pop())
    }
}

impl State {
    fn pop(&mut self) -> (Option<Line>, bool) {
        let was_full = self.bytes >= FULL;
        let line = self.lines.pop_front();
        self.bytes -= line.as_ref().map_or(0, |line| line.bytes.len() + 1);
        (line, was_full && self.bytes < FULL)
    }
}
