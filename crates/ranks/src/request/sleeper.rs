//! The thread that sleeps in the rank's place while tasks wait. It never touches the engine.

use super::waiting::{Place, Waiting, wake};
use ranks_engine::WakeHandle;
use ranks_shm::duty::State;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long the sleeper sleeps before the driver looks all the same: only against a lost wake-up.
const BACKSTOP: Duration = Duration::from_secs(1);

/// When the sleeper first looks whether a driver that is awake is polled. Executors poll a task that was woken within
/// microseconds unless they are very busy, so a driver that is silent that long does something else.
const FIRST_LOOK: Duration = Duration::from_millis(1);

/// The longest time between two such looks. It bounds what a silent driver can delay, and what the looks cost.
const LAST_LOOK: Duration = Duration::from_millis(16);

pub(super) struct Sleeper {
    common: Arc<Common>,
    handle: WakeHandle,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Common {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

impl Common {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&'a self, waiting: MutexGuard<'a, Waiting>) -> MutexGuard<'a, Waiting> {
        self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes a task without the lock: its waker may come back.
    fn wake<'a>(&'a self, waiting: MutexGuard<'a, Waiting>, waker: Option<Waker>) -> MutexGuard<'a, Waiting> {
        let Some(waker) = waker else { return waiting };
        drop(waiting);
        wake(waker);
        self.lock()
    }

    /// The life of the sleeper.
    fn live(&self, handle: &WakeHandle) {
        let mut waiting = self.lock();
        let mut pause = FIRST_LOOK;
        while !waiting.ended {
            match waiting.duty.state() {
                State::Asleep(_) => {
                    waiting.sleeper = Place::Asleep;
                    drop(waiting);
                    handle.sleep_in_place(BACKSTOP);
                    waiting = self.lock();
                    waiting.sleeper = Place::Watching;
                    waiting.clock.called = Some(Instant::now());
                    let driver = waiting.duty.slept();
                    let waker = driver.and_then(|id| waiting.waker(id));
                    waiting = self.wake(waiting, waker);
                    pause = FIRST_LOOK;
                }
                State::Vacant if !std::mem::take(&mut waiting.stirred) => {
                    waiting.sleeper = Place::Parked;
                    waiting = self.wait(waiting);
                    waiting.sleeper = Place::Watching;
                    pause = FIRST_LOOK;
                }
                _ => {
                    let (again, limit) =
                        self.changed.wait_timeout(waiting, pause).unwrap_or_else(PoisonError::into_inner);
                    waiting = again;
                    if limit.timed_out() {
                        pause = (pause * 2).min(LAST_LOOK);
                        let waker = waiting.lapse();
                        waiting = self.wake(waiting, waker);
                    }
                }
            }
        }
    }
}

impl Sleeper {
    pub fn new(handle: WakeHandle) -> std::io::Result<Self> {
        let common = Arc::new(Common::default());
        let (theirs, its_handle) = (common.clone(), handle.clone());
        let thread = std::thread::Builder::new()
            .name("ranks sleeper".into())
            .spawn(move || theirs.live(&its_handle))?;
        Ok(Self { common, handle, thread: Some(thread) })
    }

    pub fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.common.lock()
    }

    /// A task is awake and on duty: the sleeper looks after it from now on.
    pub fn watch(&self, waiting: &mut Waiting) {
        waiting.stirred = true;
        match waiting.sleeper {
            Place::Watching => {}
            Place::Parked => self.common.changed.notify_one(),
            Place::Asleep => self.handle.rouse(),
        }
    }

    /// The driver sleeps: the sleeper does so in its place.
    pub fn sleep(&self, waiting: &mut Waiting) {
        if waiting.sleeper != Place::Asleep {
            self.common.changed.notify_one();
        }
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.common.lock().ended = true;
        self.common.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It may be just about to sleep: roused until it has ended.
            while !thread.is_finished() {
                self.handle.rouse();
                std::thread::yield_now();
            }
            let _ = thread.join();
        }
    }
}
