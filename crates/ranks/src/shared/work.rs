//! The functions of the program that reductions of buffers call, and the values that are dropped for it. Both may use
//! a communicator, so neither may happen while the engine is locked.
//!
//! The engine hands a reduction out as [`Work`]. Whoever gives the lock back takes the work with it, runs it, and
//! locks the engine again to say that it is done.

use super::Rank;
use crate::collective::reductions::rows;
use crate::equivalence::Equivalence;
use crate::memory::deferred;
use crate::request::Woken;
use ranks_engine::WakeHandle;
use ranks_engine::op::StoredOp;
use ranks_engine::{RequestId, ShmEngine, Work};
use ranks_shm::say;
use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

thread_local! {
    /// How many reductions this thread is running, one within the other.
    static RUNNING: Cell<usize> = const { Cell::new(0) };
    /// The request that this thread waited for when it took the work, and the address of its rank.
    static WAITED: Cell<Option<(usize, RequestId)>> = const { Cell::new(None) };
}

/// Values that the engine no longer needs. They are dropped when it is not locked.
#[derive(Default)]
pub(super) struct Discarded {
    values: Mutex<Vec<Box<dyn Any + Send>>>,
    any: AtomicBool,
}

/// Drops what the program made: a value, or wakers that it also wakes. A panic of that goes no further than the
/// message that it prints. It must not end the call that is under way here, which has lent memory to the engine and has
/// to say so first.
fn drop_quietly<V>(value: V) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        // Dropping it could panic again.
        std::mem::forget(panic);
    }
}

impl Discarded {
    fn add(&self, value: Box<dyn Any + Send>) {
        self.values.lock().unwrap_or_else(PoisonError::into_inner).push(value);
        self.any.store(true, Ordering::Release);
    }

    /// Drops the values. The caller does not hold the lock of the engine.
    fn empty(&self) {
        if self.any.swap(false, Ordering::Acquire) {
            let values = std::mem::take(&mut *self.values.lock().unwrap_or_else(PoisonError::into_inner));
            values.into_iter().for_each(drop_quietly);
        }
    }
}

/// A value that the engine keeps. When the engine drops it, it is only put down, and dropped later.
pub(super) struct Kept<V: Send + 'static> {
    value: Option<V>,
    discarded: Arc<Discarded>,
}

impl<V: Send + 'static> Kept<V> {
    pub fn new(value: V, discarded: Arc<Discarded>) -> Self {
        Self { value: Some(value), discarded }
    }
}

impl<V: Send + 'static> Drop for Kept<V> {
    fn drop(&mut self) {
        if let Some(value) = self.value.take() {
            self.discarded.add(Box::new(value));
        }
    }
}

/// What became of the function of a reduction.
#[derive(Default)]
pub(super) struct Outcome {
    /// It was given bytes that are no element.
    wrong: AtomicBool,
    panicked: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    /// To end the job by, where other ranks would go on with a wrong result.
    job: Option<WakeHandle>,
}

/// The exit code of a job that a panic ends: that of a Rust program.
const PANICKED: i32 = 101;

impl Outcome {
    /// Whether all bytes were elements. If the function panicked, its panic goes on here.
    pub fn check(&self) -> bool {
        if self.panicked.load(Ordering::Acquire) {
            let panic = self.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
            resume_unwind(panic.unwrap_or_else(|| Box::new("the operation of a reduction panicked")));
        }
        !self.wrong.load(Ordering::Relaxed)
    }

    /// Calls `function`, unless it has panicked before.
    fn run(&self, function: impl FnOnce()) {
        if self.panicked.load(Ordering::Acquire) {
            return;
        }
        if let Err(panic) = catch_unwind(AssertUnwindSafe(function)) {
            *self.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
            self.panicked.store(true, Ordering::Release);
            if let Some(job) = &self.job {
                // Wrong numbers are on their way to the others, and nothing can call them back.
                say::line(
                    "ranks: the operation of a reduction panicked, so the results of other ranks are wrong: the job ends",
                );
                job.request_abort(PANICKED);
            }
        }
    }
}

impl Rank {
    /// An operation whose function runs without the lock, and what becomes of the function. Its panic ends the job.
    pub(super) fn operation<T: Equivalence>(
        &self,
        function: impl FnMut(T, T) -> T + Send + 'static,
    ) -> (StoredOp, Arc<Outcome>) {
        let job = Some(self.with(|engine| engine.wake_handle()));
        let outcome = Arc::new(Outcome { job, ..Outcome::default() });
        let told = outcome.clone();
        let rows = Mutex::new(rows(function, move || told.wrong.store(true, Ordering::Relaxed)));
        let kept = Kept::new((rows, outcome.clone()), self.discarded.clone());
        let function = deferred(move |input, inout| {
            let Some((rows, outcome)) = &kept.value else { return };
            // One reduction of an operation runs at a time, so nobody waits for this lock.
            outcome.run(|| (rows.lock().unwrap_or_else(PoisonError::into_inner))(input, inout));
        });
        (StoredOp::deferred(function, size_of::<T>(), false), outcome)
    }

    /// Gives the engine back after a call. Then it wakes the tasks and runs the work that the call came to.
    pub(super) fn unlock(&self, engine: MutexGuard<'_, super::Finalising>, woken: impl Sized) {
        if let Some(work) = self.unlock_and_take(engine, woken, false) {
            self.run(work);
        }
    }

    /// As [`Self::unlock`], but the work is left to the caller. Within a reduction only a wait takes the work of
    /// another one: all other calls leave it to the end of the reduction, so that it is not held up.
    pub(super) fn unlock_and_take(
        &self,
        mut engine: MutexGuard<'_, super::Finalising>,
        woken: impl Sized,
        waits: bool,
    ) -> Option<Work> {
        let takes = engine.0.has_work() && (waits || RUNNING.get() == 0);
        let work = if takes { engine.0.take_work() } else { None };
        drop(engine);
        drop_quietly(woken);
        self.discarded.empty();
        work
    }

    /// Runs a reduction, and those that it makes ready.
    pub(super) fn run(&self, work: Work) {
        let mut next = Some(work);
        while let Some(work) = next {
            RUNNING.set(RUNNING.get() + 1);
            work.run();
            RUNNING.set(RUNNING.get() - 1);
            let mut engine = self.lock();
            engine.0.work_done(work);
            let woken = self.woken(&mut engine.0);
            next = self.unlock_and_take(engine, woken, true);
        }
    }

    /// Runs a reduction in the place of a wait for `id`.
    pub(super) fn run_meanwhile(&self, work: Work, id: RequestId) {
        let before = WAITED.replace(Some((self.address(), id)));
        self.run(work);
        WAITED.set(before);
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// A reduction that this thread runs begins to wait itself: the request that the thread waited for before cannot
    /// look for messages meanwhile. It is registered again by its next poll.
    pub(super) fn wait_within(&self, engine: &mut ShmEngine) -> Option<Woken> {
        if RUNNING.get() == 0 {
            return None;
        }
        let (rank, id) = WAITED.get()?;
        (rank == self.address()).then(|| {
            WAITED.set(None);
            self.awaiting.forget(engine, id)
        })
    }

    /// The tasks that a call, which was no poll, has to wake.
    pub(super) fn woken(&self, engine: &mut ShmEngine) -> Option<Woken> {
        self.awaiting.any().then(|| self.awaiting.after_call(engine))
    }
}
