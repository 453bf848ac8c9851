//! Awaiting a request.
//!
//! Progress runs in `poll`, on the rank's own thread. When nothing is there, the rank announces that it
//! sleeps, as in a blocking wait, but leaves the sleeping to one thread of the process, the *sleeper*,
//! which never touches the engine: woken, it calls the wakers of all tasks that wait, and these poll.
//!
//! Two rules keep wake-ups from being lost. Whatever a poll takes in for other requests, it wakes their
//! tasks. And a call of the engine that is no poll, and so may take in anything and end the announcement,
//! wakes all of them afterwards.

use super::Request;
use super::kind::Kind;
use crate::communicator::Shared;
use crate::{Class, Error, Result};
use ranks_engine::{Call, RequestId, ShmEngine, WakeHandle};
use std::cell::{Cell, OnceCell};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long the sleeper sleeps before the tasks look all the same: only against a lost wake-up.
const BACKSTOP: Duration = Duration::from_secs(1);

/// The tasks that await requests of a rank.
#[derive(Default)]
pub(crate) struct Awaiting {
    /// Made at the first poll that finds nothing.
    sleeper: OnceCell<Sleeper>,
    /// A task may be waiting.
    any: Cell<bool>,
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
    /// After a call that was no poll.
    #[inline(always)]
    pub fn wake(&self) {
        if self.any.get() {
            self.wake_now();
        }
    }

    #[cold]
    fn wake_now(&self) {
        self.any.set(false);
        if let Some(sleeper) = self.sleeper.get() {
            sleeper.common.wake_all();
        }
    }

    /// No task waits for the request any more.
    fn forget(&self, id: RequestId) {
        if self.any.get()
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
                let new = Sleeper::new(engine.wake_handle()).map_err(|error| {
                    let detail = format!("no thread to sleep while tasks wait: {error}");
                    Error::new(Class::Other, Call::Wait, engine.rank(), detail)
                })?;
                self.sleeper.get_or_init(|| new)
            }
        };
        self.any.set(true);
        drop(sleeper.common.take(id));
        sleeper.common.state().wakers.push((id, waker.clone()));
        Ok(())
    }

    /// The rank has announced that it sleeps: from now on the sleeper does.
    fn arm(&self) {
        if let Some(sleeper) = self.sleeper.get() {
            sleeper.common.state().armed = true;
            sleeper.common.changed.notify_one();
        }
    }

    /// Wakes the tasks whose requests are done.
    fn wake_done(&self, mut is_done: impl FnMut(RequestId) -> bool) {
        let Some(sleeper) = self.sleeper.get() else { return };
        let mut done = Vec::new();
        sleeper.common.state().wakers.retain(|(id, waker)| {
            let wake = is_done(*id);
            if wake {
                done.push(waker.clone());
            }
            !wake
        });
        done.into_iter().for_each(Waker::wake);
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
    /// No task waits for the request any more.
    pub(crate) fn forget(&self, id: RequestId) {
        self.awaiting().forget(id);
    }

    /// Looks at a request; if it is not done, `waker` is called when something has come.
    fn poll(&self, id: RequestId, waker: &Waker) -> Result<bool> {
        let awaiting = self.awaiting();
        let mut engine = self.engine_in_poll();
        let (moved, done) = engine.poll_request(id)?;
        if moved {
            awaiting.wake_done(|other| other != id && engine.is_done(other));
        }
        if done {
            awaiting.forget(id);
            return Ok(true);
        }
        awaiting.register(&engine, id, waker)?;
        if engine.announce_sleep() {
            let (moved, done) = engine.poll_request(id)?;
            if moved {
                awaiting.wake_done(|other| other != id && engine.is_done(other));
            }
            if done {
                // The announcement stands for the others; unheard it costs the next sender one call.
                awaiting.forget(id);
                return Ok(true);
            }
        }
        awaiting.arm();
        Ok(false)
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
