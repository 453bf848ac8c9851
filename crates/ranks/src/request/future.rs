//! Awaiting a request.
//!
//! Progress runs in `poll`, on the rank's own thread. When nothing is there, the rank announces that it
//! sleeps, as in a blocking wait, but leaves the sleeping to one thread of the process, the *sleeper*,
//! which never touches the engine: woken, it calls the wakers of all tasks that wait, and these poll.
//!
//! Two rules keep wake-ups from being lost. Whatever a poll takes in for other requests, it wakes their
//! tasks. And a call of the engine that is no poll, and so may take in anything and end the announcement,
//! is followed by [`Awaiting::after_call`], which does the same and announces anew.
//!
//! Wakers are called when the engine is free again: they may come back.

use super::Request;
use super::kind::Kind;
use crate::communicator::Shared;
use crate::{Class, Error, Result};
use ranks_engine::{Call, RequestId, ShmEngine, WakeHandle};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long the sleeper sleeps before the tasks look all the same: only against a lost wake-up.
const BACKSTOP: Duration = Duration::from_secs(1);

/// The tasks that await requests of a rank.
#[derive(Default)]
pub(crate) struct Awaiting {
    /// Made at the first poll that finds nothing.
    sleeper: OnceLock<Sleeper>,
    /// A task may be waiting.
    any: AtomicBool,
}

/// Wakers to be called when this goes.
#[derive(Default)]
pub(crate) struct Woken(Vec<Waker>);

impl Drop for Woken {
    #[inline(always)]
    fn drop(&mut self) {
        std::mem::take(&mut self.0).into_iter().for_each(Waker::wake);
    }
}

struct Sleeper {
    common: Arc<Common>,
    handle: WakeHandle,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Common {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    wakers: Vec<(RequestId, Waker)>,
    /// The rank has announced its sleep.
    armed: bool,
    ended: bool,
}

impl Common {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, id: RequestId) -> Option<(RequestId, Waker)> {
        let wakers = &mut self.state().wakers;
        let at = wakers.iter().position(|(other, _)| *other == id)?;
        Some(wakers.swap_remove(at))
    }

    fn wake_all(&self) {
        let wakers = std::mem::take(&mut self.state().wakers);
        wakers.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// The life of the sleeper.
    fn sleep(&self, handle: &WakeHandle) {
        loop {
            let mut state = self.state();
            while !state.armed && !state.ended {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.ended {
                return;
            }
            state.armed = false;
            drop(state);
            handle.sleep_in_place(BACKSTOP);
            self.wake_all();
        }
    }
}

impl Awaiting {
    /// Whether [`Self::after_call`] has anything to do.
    #[inline(always)]
    pub fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// After a call that was no poll.
    #[cold]
    pub fn after_call(&self, engine: &mut ShmEngine) -> Woken {
        let mut woken = Woken::default();
        let Some(sleeper) = self.sleeper.get() else { return woken };
        self.take_done(engine, &mut woken);
        if engine.announce_sleep() {
            engine.progress();
            self.take_done(engine, &mut woken);
        }
        let mut state = sleeper.common.state();
        if state.wakers.is_empty() {
            self.any.store(false, Ordering::Relaxed);
            engine.clear_wait();
        } else {
            engine.publish_wait(state.wakers[0].0);
            state.armed = true;
            sleeper.common.changed.notify_one();
        }
        woken
    }

    /// Looks at a request; if it is not done, `waker` is called when something has come.
    pub fn poll(&self, engine: &mut ShmEngine, id: RequestId, waker: &Waker) -> Result<(bool, Woken)> {
        let mut woken = Woken::default();
        let (moved, mut done) = engine.poll_request(id)?;
        if moved {
            self.take_done(engine, &mut woken);
        }
        if !done {
            self.register(engine, id, waker)?;
            if engine.announce_sleep() {
                let (moved, found) = engine.poll_request(id)?;
                done = found;
                if moved {
                    self.take_done(engine, &mut woken);
                }
            }
        }
        if done {
            // An announcement that was made stands for the others; unheard it costs a sender one call.
            self.forget(id);
            if self.any() {
                engine.clear_wait();
            }
        } else if let Some(sleeper) = self.sleeper.get() {
            // From now on the sleeper sleeps.
            engine.publish_wait(id);
            sleeper.common.state().armed = true;
            sleeper.common.changed.notify_one();
        }
        Ok((done, woken))
    }

    /// No task waits for the request any more.
    pub fn forget(&self, id: RequestId) {
        if self.any()
            && let Some(sleeper) = self.sleeper.get()
        {
            // Dropped without the lock: with a waker may go a task, and with it another request.
            drop(sleeper.common.take(id));
        }
    }

    fn register(&self, engine: &ShmEngine, id: RequestId, waker: &Waker) -> Result<()> {
        let sleeper = match self.sleeper.get() {
            Some(sleeper) => sleeper,
            None => {
                engine.expect_other_threads();
                let new = Sleeper::new(engine.wake_handle()).map_err(|error| {
                    let detail = format!("no thread to sleep while tasks wait: {error}");
                    Error::new(Class::Other, Call::Wait, engine.rank(), detail)
                })?;
                self.sleeper.get_or_init(|| new)
            }
        };
        self.any.store(true, Ordering::Relaxed);
        drop(sleeper.common.take(id));
        sleeper.common.state().wakers.push((id, waker.clone()));
        Ok(())
    }

    /// Takes out the wakers of those whose requests are done.
    fn take_done(&self, engine: &mut ShmEngine, woken: &mut Woken) {
        let Some(sleeper) = self.sleeper.get() else { return };
        let wakers = &mut sleeper.common.state().wakers;
        let done = wakers.extract_if(.., |(id, _)| engine.is_done(*id));
        woken.0.extend(done.map(|(_, waker)| waker));
    }
}

impl Sleeper {
    fn new(handle: WakeHandle) -> std::io::Result<Self> {
        let common = Arc::new(Common::default());
        let (theirs, its_handle) = (common.clone(), handle.clone());
        let thread = std::thread::Builder::new()
            .name("ranks sleeper".into())
            .spawn(move || theirs.sleep(&its_handle))?;
        Ok(Self { common, handle, thread: Some(thread) })
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.common.state().ended = true;
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

impl Shared {
    fn poll(&self, id: RequestId, waker: &Waker) -> Result<bool> {
        let mut engine = self.engine_in_poll();
        let outcome = self.awaiting().poll(&mut engine, id, waker);
        drop(engine);
        outcome.map(|(done, _woken)| done)
    }
}

impl<K: Kind> Unpin for Request<'_, K> {}

impl<K: Kind> Future for Request<'_, K> {
    type Output = Result<K::Value>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<K::Value>> {
        match self.comm.engine.poll(self.id, cx.waker()) {
            Ok(false) => Poll::Pending,
            Ok(true) => Poll::Ready(self.finish_in_poll()),
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}
