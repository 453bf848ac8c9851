//! Which one of the tasks that wait on a rank looks for messages: the *driver*.
//!
//! Any number of tasks may wait on one rank. If each of them looked, or if each were woken by every message, the cost
//! of a message would grow with their number. So one of them is on duty. It looks for all, and it sleeps for all: a
//! thread of the process, the *sleeper*, waits on the rank's sleep word ([`crate::sleep`]) in its place and then
//! calls it. A task whose own message is there needs no duty; it is woken by whoever took the message in.
//!
//! ```text
//!            pending            sleeps
//!   Vacant ----------> Looking ---------> Asleep
//!      ^                 | ^                 |
//!      |  leave          | | pending         | slept
//!      +-----------------+ +----- Called <---+
//! ```
//! Three things could leave the duty with nobody, and each has its rule:
//! 1. The driver's request completes, or its future is dropped: [`Duty::leave`] hands the duty to another task that
//!    waits, which must then be woken.
//! 2. The announcement is taken back by a call of the rank that slept itself: [`Duty::slept`], as if the sleeper had
//!    been woken.
//! 3. The driver is woken, but its task does something else and polls its future only much later. The sleeper looks
//!    at [`Duty::lapse`] from time to time while the driver is awake. A driver that has not been polled since the last
//!    time is *silent*: the duty goes to another task, or to the next one that polls.
//!
//! This is only the state: no clock, no lock, no wakers. Its user keeps it under a lock. loom tries it together with
//! the sleep word, in every interleaving.

/// Who is on duty, and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State<K> {
    /// Nobody waits.
    Vacant,
    /// The driver looks: it has been polled, and has asked to be polled again.
    Looking(K),
    /// The rank's sleep is announced, and the sleeper calls the driver when it ends.
    Asleep(K),
    /// The driver was woken, and has not been polled since.
    Called(K),
}

/// What a task does whose request is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It is on duty since now: the sleeper may have to be told.
    Begins,
    /// It is on duty as before.
    Drives,
    /// Another one is, or the sleeper: it only waits to be woken.
    Waits,
}

/// The duty of the tasks that wait on one rank. `K` names a task's request.
#[derive(Debug)]
pub struct Duty<K> {
    state: State<K>,
    /// The driver has been polled since the last [`Self::lapse`].
    reported: bool,
    /// It had not: the next task that polls takes the duty.
    silent: bool,
}

impl<K> Default for Duty<K> {
    fn default() -> Self {
        Self { state: State::Vacant, reported: false, silent: false }
    }
}

impl<K: Copy + PartialEq> Duty<K> {
    /// Who is on duty.
    pub fn state(&self) -> State<K> {
        self.state
    }

    /// A task has polled, and its request is not done. `unannounced` says whether the announcement of the rank's sleep
    /// is no longer there; it is asked only when that matters.
    pub fn pending(&mut self, key: K, unannounced: impl FnOnce() -> bool) -> Part {
        let part = match self.state {
            State::Vacant => Part::Begins,
            State::Looking(driver) | State::Called(driver) if driver == key => Part::Drives,
            State::Looking(_) | State::Called(_) if self.silent => Part::Begins,
            // It was polled for another reason, or the sleeper is about to call it.
            State::Asleep(driver) if driver == key && unannounced() => Part::Begins,
            _ => return Part::Waits,
        };
        self.state = State::Looking(key);
        self.reported = true;
        self.silent = false;
        part
    }

    /// The driver has announced the rank's sleep, looked once more, and found nothing. False when the duty was taken
    /// from it meanwhile.
    pub fn sleeps(&mut self, key: K) -> bool {
        let drives = self.state == State::Looking(key);
        if drives {
            self.state = State::Asleep(key);
        }
        drives
    }

    /// The sleep has ended, however: the driver, which must be woken if there is one that sleeps.
    pub fn slept(&mut self) -> Option<K> {
        let State::Asleep(driver) = self.state else { return None };
        self.call(driver);
        Some(driver)
    }

    /// A task waits no more: its request is done, or its future was dropped. If it was the driver, the duty goes to
    /// the one that `next` gives, which must be woken.
    pub fn leave(&mut self, key: K, next: impl FnOnce() -> Option<K>) -> Option<K> {
        match self.state {
            State::Looking(driver) | State::Called(driver) | State::Asleep(driver) if driver == key => {}
            _ => return None,
        }
        let next = next();
        match next {
            Some(next) => self.call(next),
            None => self.state = State::Vacant,
        }
        next
    }

    /// Called from time to time while the driver is awake. If it has not been polled since the last time, the duty goes
    /// to the one that `next` gives, which must be woken; `next` gets the silent driver.
    pub fn lapse(&mut self, next: impl FnOnce(K) -> Option<K>) -> Option<K> {
        let (State::Looking(driver) | State::Called(driver)) = self.state else { return None };
        if std::mem::take(&mut self.reported) {
            return None;
        }
        let next = next(driver);
        match next {
            Some(next) => self.call(next),
            None => self.silent = true,
        }
        next
    }

    fn call(&mut self, key: K) {
        self.state = State::Called(key);
        self.reported = true;
        self.silent = false;
    }
}

#[cfg(test)]
#[path = "duty_tests.rs"]
mod tests;
