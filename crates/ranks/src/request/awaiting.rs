//! What a poll does, and what a call does that is no poll, while tasks wait on a rank.
//!
//! Progress runs in `poll`, on the thread that polls. One of the tasks is on duty ([`ranks_shm::duty`]): its polls look
//! for a while, through the executor, so that other tasks run in between. Then it announces that the rank sleeps, as a
//! blocking wait does, and leaves the sleeping to the *sleeper* ([`super::sleeper`]). The polls of all others look
//! once and leave their wakers.
//!
//! Whoever takes a message in wakes the task whose request it completes, and no other: the engine puts the ids of
//! completed requests down. So a message costs the same however many tasks wait.
//!
//! Wakers are called when the engine is free again: they may come back.

use super::sleeper::Sleeper;
use super::waiting::{Place, Woken};
use crate::{Class, Error, Result};
use ranks_engine::{Call, RequestId, ShmEngine};
use ranks_shm::duty::{Part, State};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;
use std::time::Instant;

/// Looks within a poll between two looks at the clock.
const LOOKS: u32 = 8;

/// The tasks that await requests of a rank.
#[derive(Default)]
pub(crate) struct Awaiting {
    /// Made at the first poll that finds nothing.
    sleeper: OnceLock<Sleeper>,
    /// A task may be waiting.
    any: AtomicBool,
}

impl Awaiting {
    /// Whether [`Self::after_call`] has anything to do.
    #[inline(always)]
    pub fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// After a call that was no poll: it may have taken in messages for tasks that wait, and a call that slept itself
    /// has taken the announcement back.
    #[inline(never)]
    pub fn after_call(&self, engine: &mut ShmEngine) -> Woken {
        let mut woken = Woken::default();
        let Some(sleeper) = self.sleeper.get() else { return woken };
        let mut waiting = sleeper.lock();
        waiting.collect(engine, &mut woken);
        if matches!(waiting.duty.state(), State::Asleep(_)) && engine.is_unannounced() {
            let driver = waiting.duty.slept();
            if let Some(waker) = driver.and_then(|id| waiting.waker(id)) {
                woken.wake(waker);
            }
            sleeper.watch(&mut waiting);
        }
        woken
    }

    /// Looks at a request; if it is not done, `waker` is called when it is, or when its task is to look for all.
    pub fn poll(&self, engine: &mut ShmEngine, id: RequestId, waker: &Waker) -> Result<(bool, Woken)> {
        let mut woken = Woken::default();
        let (mut moved, mut done) = engine.poll_request(id)?;
        if done && !self.any() {
            return Ok((true, woken));
        }
        let sleeper = self.sleeper(engine)?;
        let mut waiting = sleeper.lock();
        waiting.collect(engine, &mut woken);
        if done {
            drop(waiting);
            self.leave(engine, id, &mut woken);
            return Ok((true, woken));
        }
        waiting.register(id, waker, &mut woken);
        engine.watch(id);
        self.any.store(true, Ordering::Relaxed);
        let part = waiting.duty.pending(id, || engine.is_unannounced());
        if part == Part::Waits {
            return Ok((false, woken));
        }
        if waiting.published.is_some_and(|published| moved || published != id) {
            waiting.published = None;
            engine.clear_wait();
        }
        if part == Part::Begins {
            sleeper.watch(&mut waiting);
        }
        let (policy, begun) = (engine.policy(), Instant::now());
        let limit = waiting.clock.begins(policy, part == Part::Begins, begun);
        drop(waiting);
        let mut now = begun;
        while !moved && !done && now - begun < limit {
            for _ in 0..LOOKS {
                (moved, done) = engine.poll_request(id)?;
                if moved || done {
                    break;
                }
                std::hint::spin_loop();
            }
            now = Instant::now();
        }
        let mut waiting = sleeper.lock();
        if !done && !moved && !waiting.clock.goes_on(policy, now) {
            // Others that use the engine wait for this barrier, as they would for any other call.
            moved = engine.fetch_late();
            if !moved {
                engine.announce_sleep();
                (moved, done) = engine.poll_request(id)?;
            }
            if !moved && !done {
                waiting.collect(engine, &mut woken);
                if waiting.duty.sleeps(id) {
                    if waiting.published.replace(id).is_none() {
                        engine.publish_wait(id);
                    }
                    sleeper.sleep(&mut waiting);
                }
                return Ok((false, woken));
            }
            now = Instant::now();
        }
        if (moved || done) && waiting.published.take().is_some() {
            engine.clear_wait();
        }
        waiting.collect(engine, &mut woken);
        if done {
            drop(waiting);
            self.leave(engine, id, &mut woken);
        } else {
            if moved {
                waiting.clock.restart(now);
                waiting.clock.goes_on(policy, now);
            }
            woken.wake_again(waker, !policy.fits);
        }
        Ok((done, woken))
    }

    /// No task waits for the request any more.
    pub fn forget(&self, engine: &mut ShmEngine, id: RequestId) -> Woken {
        let mut woken = Woken::default();
        if self.any() {
            engine.unwatch(id);
            self.leave(engine, id, &mut woken);
        }
        woken
    }

    fn leave(&self, engine: &mut ShmEngine, id: RequestId, woken: &mut Woken) {
        let Some(sleeper) = self.sleeper.get() else { return };
        let mut waiting = sleeper.lock();
        let before = waiting.duty.state();
        waiting.leave(id, woken);
        let after = waiting.duty.state();
        if after != before {
            if waiting.published.take().is_some() {
                engine.clear_wait();
            }
            // A task that was woken to take the duty is watched.
            if after != State::Vacant && waiting.sleeper != Place::Watching {
                sleeper.watch(&mut waiting);
            }
        }
        if waiting.is_empty() {
            self.any.store(false, Ordering::Relaxed);
        }
    }

    fn sleeper(&self, engine: &ShmEngine) -> Result<&Sleeper> {
        if let Some(sleeper) = self.sleeper.get() {
            return Ok(sleeper);
        }
        engine.expect_other_threads();
        let new = Sleeper::new(engine.wake_handle()).map_err(|error| {
            let detail = format!("no thread to sleep while tasks wait: {error}");
            Error::new(Class::Other, Call::Wait, engine.rank(), detail)
        })?;
        Ok(self.sleeper.get_or_init(|| new))
    }
}
