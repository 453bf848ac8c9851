//! One rank's fetching: a thread with its own runtime, so that the rank's main thread is free for messages.
//!
//! `concurrency` tasks take lines from a common queue, visit them and put records into a basket. The main thread is
//! woken when it is worth its while: when the basket holds a batch, when nothing is left to do, and at the latest
//! [`REPORT_DELAY`] after a record came. Waking it for each record would cost more than the visit, on a fast network.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

use super::host_queue::{HostLimits, HostQueue, Next, Task};
use super::input::Line;
use super::messages::Hold;
use crate::bounds::{HELD_LINES, HOLD_SLACK};
use crate::host::host_of;
use crate::record::Record;
use crate::{Client, FailureKind, Retries, Visit};

/// What one rank is to fetch with, and how fast.
#[derive(Clone)]
pub(super) struct Work {
    pub(super) client: Client,
    pub(super) concurrency: usize,
    pub(super) hosts: HostLimits,
    pub(super) retries: Retries,
    /// The folder that bodies are kept in.
    pub(super) save: Option<PathBuf>,
}

impl Work {
    /// With `client`, `concurrency` at once, and nothing else.
    #[cfg(test)]
    pub(super) fn plain(client: Client, concurrency: usize) -> Work {
        Work { client, concurrency, hosts: HostLimits::default(), retries: Retries::default(), save: None }
    }

    /// Lines a rank may have without having reported on them: those under way and as many in queue; many more where
    /// most of them wait for their host.
    pub(super) fn window(&self) -> usize {
        let window = 2 * self.concurrency;
        if self.hosts.any() { window.max(HELD_LINES) } else { window }
    }
}

/// How long a record waits for company, at most.
const REPORT_DELAY: Duration = Duration::from_millis(10);

/// The fetching thread, seen from the main thread. Dropped, it abandons what is under way.
pub(super) struct Fetcher {
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    /// There is news in the queue. Whoever takes a line and leaves others passes it on, so one is told at a time.
    stocked: Notify,
    /// The basket is no longer empty.
    first_record: Notify,
    wake: Box<dyn Fn() + Send + Sync>,
    batch: usize,
}

struct State {
    queue: HostQueue,
    basket: Vec<Record>,
    holds: Vec<Hold>,
    /// Lines added whose record has not been put into the basket.
    owed: usize,
}

impl Shared {
    /// No user code runs under this lock, so a panic elsewhere leaves the state whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, record: Record) {
        let mut state = self.state();
        state.basket.push(record);
        state.owed -= 1;
        let (ready, owed) = (state.basket.len(), state.owed);
        drop(state);
        if ready == self.batch || owed == 0 {
            (self.wake)();
        } else if ready == 1 {
            self.first_record.notify_one();
        }
    }
}

impl Fetcher {
    /// Starts the thread. `wake` is called from it when [`Fetcher::take`] should be.
    pub(super) fn start(work: Work, wake: impl Fn() + Send + Sync + 'static) -> io::Result<Fetcher> {
        let concurrency = work.concurrency;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            // Names are resolved there, by the C library, one thread for each under way.
            .max_blocking_threads(concurrency.min(512))
            .build()?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queue: HostQueue::new(work.hosts),
                basket: Vec::new(),
                holds: Vec::new(),
                owed: 0,
            }),
            stocked: Notify::new(),
            first_record: Notify::new(),
            wake: Box::new(wake),
            batch: concurrency.div_ceil(2),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let theirs = shared.clone();
        let thread = std::thread::Builder::new().name("fetch".into()).spawn(move || {
            let work = Arc::new(work);
            for _ in 0..concurrency {
                runtime.spawn(visit_lines(work.clone(), theirs.clone()));
            }
            runtime.spawn(report_in_time(theirs));
            // Stopped by a message or by the main thread's end: the same.
            let _ = runtime.block_on(stopped);
            // Not waiting for names still being resolved.
            runtime.shutdown_background();
        })?;
        Ok(Fetcher { shared, stop: Some(stop), thread: Some(thread) })
    }

    /// More lines to visit.
    pub(super) fn add(&self, lines: Vec<Line>) {
        let mut state = self.shared.state();
        state.owed += lines.len();
        lines.into_iter().for_each(|line| state.queue.add(Task { line, tries: 0 }, None));
        drop(state);
        self.shared.stocked.notify_one();
    }

    /// What has come since the last call: records, and hosts that want to be left alone.
    pub(super) fn take(&self) -> (Vec<Record>, Vec<Hold>) {
        let mut state = self.shared.state();
        (std::mem::take(&mut state.basket), std::mem::take(&mut state.holds))
    }

    /// Another rank was told to leave this host alone.
    pub(super) fn hold(&self, hold: Hold) {
        let until = Instant::now() + Duration::from_millis(hold.millis);
        self.shared.state().queue.hold(&hold.host, until);
        self.shared.stocked.notify_one();
    }
}

impl Drop for Fetcher {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed; there is nothing to add.
            let _ = thread.join();
        }
    }
}

async fn visit_lines(work: Arc<Work>, shared: Arc<Shared>) {
    loop {
        // Enlisted before looking: what is added after the look is heard of.
        let mut news = pin!(shared.stocked.notified());
        news.as_mut().enable();
        let (next, more) = {
            let mut state = shared.state();
            (state.queue.next(Instant::now()), state.queue.has_more())
        };
        match next {
            Next::Nothing => news.await,
            Next::Wait(time) => {
                tokio::select! {
                    () = news => {}
                    () = tokio::time::sleep_until(time.into()) => {}
                }
            }
            Next::Fetch(task) => {
                if more {
                    shared.stocked.notify_one();
                }
                visit_line(&work, &shared, task).await;
            }
        }
    }
}

async fn visit_line(work: &Work, shared: &Shared, task: Task) {
    let Task { line, tries } = task;
    let tries = tries + 1;
    let file = work.save.as_deref().map(|folder| saved_name(folder, &line));
    let visit = work.client.visit(&line.url, file.as_deref()).await;
    let wait = work.retries.wait(&visit);
    let again = work.retries.again(&visit, tries, work.client.options().method.may_be_repeated());
    let now = Instant::now();
    let news = {
        let mut state = shared.state();
        let news = wait.is_some_and(|wait| state.queue.is_news(&line.url, now + wait));
        if let Some(wait) = wait.filter(|_| news) {
            let millis = (wait + HOLD_SLACK).as_millis() as u64;
            state.holds.push(Hold { host: host_of(&line.url).into(), millis });
        }
        state.queue.done(&line.url, wait.map(|wait| now + wait));
        news
    };
    if news {
        (shared.wake)();
    }
    if let Some(pause) = again {
        return shared.state().queue.add(Task { line, tries }, Some(now + pause));
    }
    shared.put(record(line, visit, tries, wait.is_some(), file.as_deref()));
}

fn record(line: Line, visit: Visit, tries: u32, held: bool, file: Option<&Path>) -> Record {
    // What is no URL was never requested.
    let invalid = visit.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::InvalidUrl);
    let tries = if invalid && visit.status.is_none() { 0 } else { tries };
    let saved = file.filter(|_| visit.saved).map(|file| file.to_string_lossy().into_owned());
    Record { tries, held, saved, ..Record::new(line.number, line.url, visit) }
}

/// The file for the body of a line: its number, and the ending of the URL's path if it has a plain one.
fn saved_name(folder: &Path, line: &Line) -> PathBuf {
    let after_host = line.url.splitn(4, '/').nth(3).unwrap_or("");
    let path = after_host.split(['?', '#']).next().unwrap_or("");
    let ending = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
    match ending {
        Some(ending)
            if (1..=8).contains(&ending.len()) && ending.bytes().all(|b| b.is_ascii_alphanumeric()) =>
        {
            folder.join(format!("{}.{ending}", line.number))
        }
        _ => folder.join(line.number.to_string()),
    }
}

async fn report_in_time(shared: Arc<Shared>) {
    loop {
        shared.first_record.notified().await;
        tokio::time::sleep(REPORT_DELAY).await;
        if !shared.state().basket.is_empty() {
            (shared.wake)();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClientOptions;
    use crate::sample::Site;
    use std::sync::mpsc::channel;
    use std::time::Instant;

    fn lines(urls: &[String]) -> Vec<Line> {
        (1..).zip(urls).map(|(number, url)| Line { number, url: url.clone() }).collect()
    }

    #[test]
    fn every_line_added_comes_back_as_a_record() {
        let site = Site::start().unwrap();
        let urls: Vec<String> = (0..500).map(|i| site.url(&format!("/page/{i}"))).collect();
        for concurrency in [1, 3, 50] {
            let (wake, woken) = channel();
            let wake = Mutex::new(wake);
            let client = Client::new(ClientOptions::default()).unwrap();
            let work = Work::plain(client, concurrency);
            let window = work.window();
            let fetcher = Fetcher::start(work, move || wake.lock().unwrap().send(()).unwrap_or(())).unwrap();
            let mut left = lines(&urls);
            let mut records: Vec<Record> = Vec::new();
            let mut given = 0;
            while records.len() < urls.len() {
                while given - records.len() < window && !left.is_empty() {
                    fetcher.add(vec![left.remove(0)]);
                    given += 1;
                }
                woken.recv_timeout(Duration::from_secs(40)).expect("a wake-up while records are owed");
                records.extend(fetcher.take().0);
            }
            records.sort_by_key(|record| record.line);
            for (i, record) in records.iter().enumerate() {
                assert_eq!((record.status, record.bytes, &record.error), (Some(200), i as u64, &None));
            }
        }
    }

    #[test]
    fn dropping_it_abandons_what_is_under_way() {
        let site = Site::start().unwrap();
        let client = Client::new(ClientOptions::default()).unwrap();
        let fetcher = Fetcher::start(Work::plain(client, 4), || ()).unwrap();
        fetcher.add(lines(&vec![site.url("/slow/60000/1"); 8]));
        std::thread::sleep(Duration::from_millis(50));
        let start = Instant::now();
        drop(fetcher);
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}
