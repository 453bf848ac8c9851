//! The tasks that await requests of a rank: their wakers, and which of them is on duty.

use ranks_engine::{RequestId, ShmEngine};
use ranks_shm::backoff::Policy;
use ranks_shm::bounds::{SLEEP_AFTER_MICROS, SPIN_MICROS};
use ranks_shm::duty::Duty;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;
use std::time::{Duration, Instant};

/// What is done with wakers once neither the engine nor the list of tasks is locked: a waker may come back.
#[derive(Default)]
pub(crate) struct Woken {
    first: Option<Waker>,
    more: Vec<Waker>,
    replaced: Option<Waker>,
    left: Option<Waker>,
    /// The CPU is given way to other ranks first.
    yields: bool,
}

impl Woken {
    pub fn wake(&mut self, waker: Waker) {
        match self.first {
            None => self.first = Some(waker),
            Some(_) => self.more.push(waker),
        }
    }

    /// The task is to be polled again, after all other tasks of its executor that are ready.
    pub fn wake_again(&mut self, waker: &Waker, yields: bool) {
        self.wake(waker.clone());
        self.yields = yields;
    }
}

impl Drop for Woken {
    #[inline(always)]
    fn drop(&mut self) {
        if self.yields {
            std::thread::yield_now();
        }
        if let Some(waker) = self.first.take() {
            wake(waker);
            std::mem::take(&mut self.more).into_iter().for_each(wake);
        }
    }
}

/// Wakes a task. A waker that panics must keep neither the other tasks from being woken nor the sleeper from its work.
pub(super) fn wake(waker: Waker) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
        // Dropping it could panic again.
        std::mem::forget(panic);
    }
}

struct Task {
    id: RequestId,
    waker: Waker,
    /// Where `ids` has it.
    at: usize,
    /// It was on duty and was not polled: see [`ranks_shm::duty`].
    silent: bool,
}

/// The tasks, and who is on duty. A task is found by the index of its request, whatever their number.
#[derive(Default)]
pub(super) struct Waiting {
    pub duty: Duty<RequestId>,
    tasks: Vec<Option<Task>>,
    /// Those that are there, in no order.
    ids: Vec<RequestId>,
    /// Where the next one to be on duty is looked for.
    turn: usize,
    pub clock: Clock,
    /// The roll-call says that the driver waits for this. It goes on saying so while the driver looks and finds nothing:
    /// the wait is one, and how long it lasts tells that no rank can go on.
    pub published: Option<RequestId>,
    pub sleeper: Place,
    /// The duty was begun since the sleeper looked last.
    pub stirred: bool,
    pub ended: bool,
}

/// Where the sleeper is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
    /// It looks from time to time whether the driver is polled.
    #[default]
    Watching,
    /// Nobody has waited for a while: it has to be told.
    Parked,
    /// It sleeps in the rank's place.
    Asleep,
}

impl Waiting {
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    fn task(&mut self, id: RequestId) -> Option<&mut Task> {
        self.tasks.get_mut(id.index() as usize)?.as_mut().filter(|task| task.id == id)
    }

    pub fn waker(&mut self, id: RequestId) -> Option<Waker> {
        self.task(id).map(|task| task.waker.clone())
    }

    /// Keeps the waker of a task that has polled.
    pub fn register(&mut self, id: RequestId, waker: &Waker, woken: &mut Woken) {
        if let Some(task) = self.task(id) {
            task.silent = false;
            if !task.waker.will_wake(waker) {
                woken.replaced = Some(std::mem::replace(&mut task.waker, waker.clone()));
            }
            return;
        }
        let index = id.index() as usize;
        if index >= self.tasks.len() {
            self.tasks.resize_with(index + 1, || None);
        }
        // A task of an earlier request in this place has been forgotten with it.
        let task = Task { id, waker: waker.clone(), at: self.ids.len(), silent: false };
        debug_assert!(self.tasks[index].is_none());
        self.tasks[index] = Some(task);
        self.ids.push(id);
    }

    fn take(&mut self, id: RequestId) -> Option<Waker> {
        self.task(id)?;
        let task = self.tasks[id.index() as usize].take()?;
        self.ids.swap_remove(task.at);
        if let Some(&moved) = self.ids.get(task.at)
            && let Some(other) = self.task(moved)
        {
            other.at = task.at;
        }
        Some(task.waker)
    }

    /// Wakes the tasks whose requests have completed: only these are looked at.
    #[inline]
    pub fn collect(&mut self, engine: &mut ShmEngine, woken: &mut Woken) {
        while let Some(id) = engine.take_completed() {
            if let Some(task) = self.task(id) {
                // It stays until it is polled or dropped: it may be on duty.
                woken.wake(task.waker.clone());
            }
        }
    }

    /// A task waits no more. If it was on duty another one is woken to take the duty.
    pub fn leave(&mut self, id: RequestId, woken: &mut Woken) {
        woken.left = self.take(id);
        let Self { duty, .. } = self;
        let mut duty = std::mem::take(duty);
        let next = duty.leave(id, || self.next(None));
        self.duty = duty;
        if let Some(waker) = next.and_then(|next| self.waker(next)) {
            woken.wake(waker);
        }
    }

    /// The driver has not been polled for a while: the waker of the one that takes its duty.
    pub fn lapse(&mut self) -> Option<Waker> {
        let mut duty = std::mem::take(&mut self.duty);
        let next = duty.lapse(|driver| {
            if let Some(task) = self.task(driver) {
                task.silent = true;
            }
            self.next(Some(driver))
        });
        self.duty = duty;
        next.and_then(|next| self.waker(next))
    }

    /// The next to be on duty: not `except`, and not one that was silent when others are there.
    fn next(&mut self, except: Option<RequestId>) -> Option<RequestId> {
        let count = self.ids.len();
        let mut silent = None;
        for _ in 0..count {
            self.turn = (self.turn + 1) % count;
            let id = self.ids[self.turn];
            if Some(id) == except {
                continue;
            }
            match self.task(id) {
                Some(task) if task.silent => silent = silent.or(Some(id)),
                _ => return Some(id),
            }
        }
        // Asked to take over from another, one that was silent itself would be no better.
        silent.filter(|_| except.is_none())
    }
}

/// How long the driver looks: within a poll no longer than the executor takes for its other tasks, and altogether as
/// long as it costs to sleep and to be woken. Both are measured as they happen.
pub(super) struct Clock {
    /// When something came last, or the looking began.
    since: Instant,
    /// When the last poll ended that asked for another.
    left: Option<Instant>,
    /// When the sleeper called the driver.
    pub called: Option<Instant>,
    /// What a sleep costs: from the announcement to the driver's poll.
    cost: Duration,
}

impl Default for Clock {
    fn default() -> Self {
        // Blocking calls sleep after ten times what it costs.
        let cost = Duration::from_micros(SLEEP_AFTER_MICROS / 10);
        Self { since: Instant::now(), left: None, called: None, cost }
    }
}

impl Clock {
    /// The driver's poll begins: how long it may look within this poll.
    pub fn begins(&mut self, policy: Policy, new: bool, now: Instant) -> Duration {
        if let Some(called) = self.called.take() {
            // Another rank's wake-up of the sleeper takes as long as the sleeper's of the driver.
            self.learn(2 * now.saturating_duration_since(called));
        }
        let left = self.left.take();
        if new {
            self.since = now;
        }
        match left {
            Some(left) if !new && policy.fits => {
                now.saturating_duration_since(left).min(Duration::from_micros(SPIN_MICROS))
            }
            _ => Duration::ZERO,
        }
    }

    fn learn(&mut self, cost: Duration) {
        let most = Duration::from_micros(SLEEP_AFTER_MICROS);
        let least = Duration::from_micros(SPIN_MICROS);
        self.cost = ((self.cost * 7 + cost.min(most)) / 8).max(least);
    }

    /// Something came.
    pub fn restart(&mut self, now: Instant) {
        self.since = now;
    }

    /// Whether the driver goes on looking, by being polled again.
    pub fn goes_on(&mut self, policy: Policy, now: Instant) -> bool {
        let goes_on = policy.sleep_after > 0 && now.saturating_duration_since(self.since) < self.cost;
        if goes_on {
            self.left = Some(now);
        }
        goes_on
    }
}
