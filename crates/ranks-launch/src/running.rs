//! A job that runs beside the program that has started it. A thread of this process watches over the job.

use crate::launch::Launch;
use crate::outcome::{Outcome, StartError};
use crate::output::{Line, LineQueue};
use crate::run::{Control, Remote};
use futures_core::Stream;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread::JoinHandle;

/// A job that was started by [`Launch::start`] or [`Launch::start_with_lines`].
///
/// It is a future: `(&mut running).await` gives the [`Outcome`] when the job has ended. Dropping it kills the ranks and
/// waits for their end, which takes some milliseconds, so no process outlives it.
///
/// ```
/// let job = ranks_launch::Launch::new("sleep").ranks(2).arg("60").quiet(true).start()?;
/// assert_eq!(job.pids().len(), 2);
/// assert!(job.try_wait().is_none());
/// job.kill();
/// let outcome = job.wait();
/// assert_eq!((outcome.code, outcome.ends), (137, vec![Some(ranks_launch::Death::Signal(9)); 2]));
/// # Ok::<(), ranks_launch::StartError>(())
/// ```
pub struct Running {
    pids: Vec<u32>,
    remote: Arc<Remote>,
    end: Arc<End>,
    queue: Option<Arc<LineQueue>>,
    /// Joined when this is dropped.
    thread: Option<JoinHandle<()>>,
}

/// The lines of a job's output, one after the other: an iterator for plain threads and a stream for tasks.
///
/// It gives each line with its rank ([`Line`]), as soon as the line has come to its end. While nobody takes lines, some
/// 256 KiB are kept, and then the ranks wait in their writes. Once it is dropped, what the ranks still write is
/// thrown away.
pub struct Lines {
    queue: Arc<LineQueue>,
    remote: Arc<Remote>,
}

/// What came of the job, for whoever waits for that.
#[derive(Default)]
struct End {
    state: Mutex<Ended>,
    changed: Condvar,
}

#[derive(Default)]
struct Ended {
    outcome: Option<Outcome>,
    waker: Option<Waker>,
}

impl End {
    fn state(&self) -> MutexGuard<'_, Ended> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, outcome: Outcome) {
        let mut state = self.state();
        state.outcome = Some(outcome);
        let waker = state.waker.take();
        drop(state);
        self.changed.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Launch {
    /// Starts the job and returns while it runs. Its output goes where [`Self::run`] lets it go.
    ///
    /// ```
    /// let job = ranks_launch::Launch::new("true").ranks(3).start()?;
    /// assert_eq!(job.wait().code, 0);
    /// # Ok::<(), ranks_launch::StartError>(())
    /// ```
    ///
    /// # Errors
    /// A line that says why the job could not be started. No rank runs then.
    pub fn start(self) -> Result<Running, StartError> {
        Running::start(self, None)
    }

    /// Starts the job and returns while it runs. Its output, and the reports of the launcher, come line by line.
    ///
    /// ```
    /// use ranks_launch::{Launch, StdStream};
    ///
    /// let (job, lines) = Launch::new("sh").ranks(2).args(["-c", "echo I am rank $RANKS_RANK"]).start_with_lines()?;
    /// let mut said: Vec<_> = lines.map(|line| (line.rank, line.stream, line.text().into_owned())).collect();
    /// said.sort_by_key(|(rank, ..)| *rank);
    /// assert_eq!(said[1], (Some(1), StdStream::Out, "I am rank 1".to_owned()));
    /// assert_eq!(job.wait().code, 0);
    /// # Ok::<(), ranks_launch::StartError>(())
    /// ```
    ///
    /// # Errors
    /// A line that says why the job could not be started. No rank runs then.
    pub fn start_with_lines(self) -> Result<(Running, Lines), StartError> {
        let queue = Arc::new(LineQueue::default());
        let running = Running::start(self, Some(queue.clone()))?;
        let remote = running.remote.clone();
        Ok((running, Lines { queue, remote }))
    }
}

impl Running {
    fn start(launch: Launch, queue: Option<Arc<LineQueue>>) -> Result<Self, StartError> {
        let no_pipe = |error| StartError::system("cannot make a pipe", &error);
        let (control, remote) = Control::pair().map_err(no_pipe)?;
        let end = Arc::new(End::default());
        let (told, started) = mpsc::sync_channel(1);
        let (its_end, its_queue) = (end.clone(), queue.clone());
        let watch = move || {
            let said = told.clone();
            let on_start = |pids| drop(said.send(Ok(pids)));
            let outcome = launch.run_controlled(control, its_queue.as_ref(), on_start);
            if let Some(queue) = its_queue {
                queue.end();
            }
            match outcome {
                Ok(outcome) => its_end.tell(outcome),
                Err(error) => drop(told.send(Err(error))),
            }
        };
        let thread = std::thread::Builder::new().name("ranks launcher".into()).spawn(watch);
        let thread = thread.map_err(|error| StartError::system("cannot make a thread", &error))?;
        let pids = started.recv().expect("the thread says that the job runs, or why not")?;
        Ok(Self { pids, remote: Arc::new(remote), end, queue, thread: Some(thread) })
    }

    /// The process of each rank, by rank.
    ///
    /// ```
    /// let job = ranks_launch::Launch::new("true").ranks(2).start()?;
    /// assert_eq!(job.pids().len(), 2);
    /// # Ok::<(), ranks_launch::StartError>(())
    /// ```
    pub fn pids(&self) -> &[u32] {
        &self.pids
    }

    /// Ends the job in good order, as the signal TERM to `ranks run` does: the ranks get TERM, have the grace time, and
    /// are killed. Returns at once.
    ///
    /// ```
    /// let job = ranks_launch::Launch::new("sleep").arg("60").quiet(true).start()?;
    /// job.terminate();
    /// assert_eq!(job.wait().code, 128 + 15);
    /// # Ok::<(), ranks_launch::StartError>(())
    /// ```
    pub fn terminate(&self) {
        self.remote.terminate();
    }

    /// Kills the ranks, and what they have started. Returns at once.
    ///
    /// ```
    /// let job = ranks_launch::Launch::new("sleep").arg("60").quiet(true).start()?;
    /// job.kill();
    /// assert_eq!(job.wait().code, 128 + 9);
    /// # Ok::<(), ranks_launch::StartError>(())
    /// ```
    pub fn kill(&self) {
        self.remote.kill();
    }

    /// How the job has ended, if it has.
    ///
    /// ```
    /// let job = ranks_launch::Launch::new("true").start()?;
    /// let outcome = loop {
    ///     match job.try_wait() {
    ///         Some(outcome) => break outcome,
    ///         None => std::thread::yield_now(),
    ///     }
    /// };
    /// assert_eq!(outcome.code, 0);
    /// # Ok::<(), ranks_launch::StartError>(())
    /// ```
    pub fn try_wait(&self) -> Option<Outcome> {
        self.end.state().outcome.clone()
    }

    /// Waits for the end of the job. Lines that nobody takes meanwhile are kept, however many they are.
    ///
    /// ```
    /// let outcome = ranks_launch::Launch::new("true").ranks(2).start()?.wait();
    /// assert_eq!((outcome.code, outcome.failure), (0, None));
    /// # Ok::<(), ranks_launch::StartError>(())
    /// ```
    pub fn wait(self) -> Outcome {
        if let Some(queue) = &self.queue {
            queue.remove_bound();
            self.remote.wake();
        }
        let mut state = self.end.state();
        loop {
            if let Some(outcome) = &state.outcome {
                return outcome.clone();
            }
            state = self.end.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Future for Running {
    type Output = Outcome;

    /// Lines that nobody takes while this is awaited stop the ranks: take them, or drop [`Lines`].
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let mut state = self.end.state();
        if let Some(outcome) = &state.outcome {
            return Poll::Ready(outcome.clone());
        }
        let old = state.waker.replace(cx.waker().clone());
        drop(state);
        // With a waker may go a task, and with it this job.
        drop(old);
        Poll::Pending
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(queue) = &self.queue {
            queue.remove_bound();
        }
        self.remote.kill();
        if let Some(thread) = self.thread.take() {
            // It has nothing to tell that is not told already; a panic in it was printed.
            let _ = thread.join();
        }
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Running({} ranks, processes {:?})", self.pids.len(), self.pids)
    }
}

impl Lines {
    fn taken(&self, (line, has_room): (Option<Line>, bool)) -> Option<Line> {
        if has_room {
            self.remote.wake();
        }
        line
    }
}

impl Iterator for Lines {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        self.taken(self.queue.take())
    }
}

impl Stream for Lines {
    type Item = Line;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Line>> {
        self.queue.poll_take(cx.waker()).map(|taken| self.taken(taken))
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.queue.discard();
        self.remote.wake();
    }
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lines")
    }
}
