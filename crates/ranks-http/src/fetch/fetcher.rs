//! One rank's fetching: a thread with its own runtime, so that the rank's main thread is free for messages.
//!
//! `concurrency` tasks take lines from a common stock, visit them and put records into a basket. The main thread is
//! woken when it is worth its while: when the basket holds a batch, when nothing is left to do, and at the latest
//! [`REPORT_DELAY`] after a record came. Waking it for each record would cost more than the visit, on a fast network.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, oneshot};

use super::input::Line;
use crate::Client;
use crate::record::Record;

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
    /// One permit for each line in the stock.
    stocked: Semaphore,
    /// The basket is no longer empty.
    first_record: Notify,
    wake: Box<dyn Fn() + Send + Sync>,
    batch: usize,
}

#[derive(Default)]
struct State {
    stock: VecDeque<Line>,
    basket: Vec<Record>,
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

/// Lines a rank may have without having reported on them: those under way and as many in stock.
pub(super) fn window(concurrency: usize) -> usize {
    2 * concurrency
}

impl Fetcher {
    /// Starts the thread. `wake` is called from it when [`Fetcher::take`] should be.
    pub(super) fn start(
        client: Client,
        concurrency: usize,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> io::Result<Fetcher> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            // Names are resolved there, by the C library, one thread for each under way.
            .max_blocking_threads(concurrency.min(512))
            .build()?;
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            stocked: Semaphore::new(0),
            first_record: Notify::new(),
            wake: Box::new(wake),
            batch: concurrency.div_ceil(2),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let theirs = shared.clone();
        let thread = std::thread::Builder::new().name("fetch".into()).spawn(move || {
            for _ in 0..concurrency {
                runtime.spawn(visit_lines(client.clone(), theirs.clone()));
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
        let count = lines.len();
        let mut state = self.shared.state();
        state.owed += count;
        state.stock.extend(lines);
        drop(state);
        self.shared.stocked.add_permits(count);
    }

    /// The records that have come since the last call.
    pub(super) fn take(&self) -> Vec<Record> {
        std::mem::take(&mut self.shared.state().basket)
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

async fn visit_lines(client: Client, shared: Arc<Shared>) {
    while let Ok(permit) = shared.stocked.acquire().await {
        permit.forget();
        let line = shared.state().stock.pop_front();
        let Some(line) = line else { continue };
        let visit = client.check(&line.url).await;
        shared.put(Record::new(line.number, line.url, visit));
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
            let fetcher =
                Fetcher::start(client, concurrency, move || wake.lock().unwrap().send(()).unwrap_or(()))
                    .unwrap();
            let mut left = lines(&urls);
            let mut records: Vec<Record> = Vec::new();
            let mut given = 0;
            while records.len() < urls.len() {
                while given - records.len() < window(concurrency) && !left.is_empty() {
                    fetcher.add(vec![left.remove(0)]);
                    given += 1;
                }
                woken.recv_timeout(Duration::from_secs(10)).expect("a wake-up while records are owed");
                records.extend(fetcher.take());
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
        let fetcher = Fetcher::start(client, 4, || ()).unwrap();
        fetcher.add(lines(&vec![site.url("/slow/60000/1"); 8]));
        std::thread::sleep(Duration::from_millis(50));
        let start = Instant::now();
        drop(fetcher);
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
