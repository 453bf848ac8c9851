//! Looking without waiting, for callers that have a sleeper of their own: a rank whose tasks await
//! requests leaves the sleeping to another thread, which never touches the engine.
//!
//! The order is that of `ranks_shm::sleep`: [`Engine::announce_sleep`], [`Engine::poll_request`] once more, and
//! only if nothing is there may the other thread call [`WakeHandle::sleep_in_place`].

use super::request::{RequestId, State};
use super::{Engine, WakeHandle};
use crate::error::Result;
use crate::transport::Transport;
use ranks_shm::backoff::Policy;
use ranks_shm::blocked::{Blocked, Call};
use std::sync::atomic::Ordering;
use std::time::Duration;

impl<T: Transport> Engine<T> {
    /// Makes progress and looks at a request: whether anything moved, and whether a wait for it would
    /// return at once.
    pub fn poll_request(&mut self, id: RequestId) -> Result<(bool, bool)> {
        self.enter(Call::Wait)?;
        let index = self.known(Call::Wait, id)?;
        let moved = self.progress();
        self.give_up(index);
        Ok((moved, self.core.requests.at(index).state != State::Active))
    }

    /// Puts the request's id down when it completes, for [`Self::take_completed`]. False when it is not under way.
    pub fn watch(&mut self, id: RequestId) -> bool {
        match self.core.requests.get(id).filter(|request| request.state == State::Active) {
            Some(request) => {
                request.watched = true;
                true
            }
            None => false,
        }
    }

    /// Ends [`Self::watch`]. An id that was put down already stays.
    pub fn unwatch(&mut self, id: RequestId) {
        if let Some(request) = self.core.requests.get(id) {
            request.watched = false;
        }
    }

    /// Before a sleep: fetches what of long messages has been announced and not yet been sent. True when there was any.
    pub fn fetch_late(&mut self) -> bool {
        self.fetch_all()
    }

    /// One of the watched requests that have completed since they were last taken. Each is told once.
    #[inline]
    pub fn take_completed(&mut self) -> Option<RequestId> {
        self.core.completed.pop()
    }

    /// How long a wait looks before it sleeps, and whether each rank has a CPU.
    pub fn policy(&self) -> Policy {
        self.core.policy
    }

    /// A rank has ended: of the requests that are watched, those that can never complete fail.
    pub(super) fn give_up_watched(&mut self) {
        for index in self.core.requests.active(|request| request.watched) {
            self.give_up(index);
        }
    }

    /// Says in the job's roll-call what this rank waits for, as a wait inside the engine does.
    pub fn publish_wait(&mut self, id: RequestId) {
        let Some(call) = self.core.requests.get(id).map(|request| request.call) else { return };
        let what = self.what_of(call, id.index(), 0);
        self.transport.segment().slot(self.core.me).blocked.publish(&what);
    }

    /// Takes that back.
    pub fn clear_wait(&mut self) {
        self.transport.segment().slot(self.core.me).blocked.clear();
    }

    /// Whether the roll-call says already that this rank waits for this; what it says of another wait is taken back.
    pub(super) fn is_published(&mut self, what: &Blocked) -> bool {
        let seen = self.transport.segment().slot(self.core.me).blocked.look();
        let same = seen.is_some_and(|seen| seen.what == *what);
        if !same {
            self.clear_wait();
        }
        same
    }

    /// Whether a wait for a request would return at once, as far as is known. No progress.
    pub fn is_done(&mut self, id: RequestId) -> bool {
        self.core.requests.get(id).is_none_or(|request| request.state != State::Active)
    }

    /// Waits until all (or any) of the requests are done, completing none. `call` is what the user called.
    pub fn wait_settled(&mut self, call: Call, ids: &[RequestId], all: bool) -> Result<()> {
        self.enter(call)?;
        self.wait_for(call, ids, all, false)
    }

    /// Announces that this rank will sleep; the caller looks once more. False when it was announced
    /// already, and nobody has woken the rank since.
    pub fn announce_sleep(&mut self) -> bool {
        let announced = self.transport.segment().is_sleeping(self.core.me);
        if !announced {
            self.transport.announce();
        }
        !announced
    }

    /// From now on a wait that can be interrupted ends, as if it were, where it would sleep. The sleep is
    /// announced then and everything looked at: the caller sleeps in the rank's place, with no hold on the engine.
    pub fn leave_sleeping(&mut self) {
        self.sleeps_outside = true;
        self.expect_other_threads();
    }

    /// Says in the job's segment that other threads of this process may end a wait of this rank, or send while it
    /// waits. The launcher then never concludes from the wait alone that this rank cannot go on.
    pub fn expect_other_threads(&self) {
        self.transport.segment().slot(self.core.me).threads.store(1, Ordering::Release);
    }

    /// True once after a wait that ended for the caller to sleep.
    pub fn is_to_sleep(&mut self) -> bool {
        std::mem::take(&mut self.asleep)
    }

    /// True when nothing would wake whoever sleeps in the rank's place: the announcement was taken back.
    pub fn is_unannounced(&self) -> bool {
        !self.transport.segment().is_sleeping(self.core.me)
    }

    /// Takes an announcement back: whoever slept in the rank's place is awake. What the roll-call says is taken back too,
    /// unless the time limit alone ended the sleep: then the next wait for the same goes on where this one was.
    pub fn stay_awake(&mut self) {
        if self.is_unannounced() {
            self.transport.count_woken();
            self.clear_wait();
        } else {
            self.transport.stay_awake();
        }
    }
}

impl WakeHandle {
    /// Sleeps in the place of the rank, which has announced it, until it is woken or until `limit`.
    /// Called by a thread that is not the rank's.
    pub fn sleep_in_place(&self, limit: Duration) {
        self.segment.sleep_in_place(self.rank, limit);
    }

    /// Asks for the end of the job with `code`. Any thread may call this.
    pub fn request_abort(&self, code: i32) {
        self.segment.request_abort(self.rank, code);
    }

    /// Ends a [`Self::sleep_in_place`], or the rank's own sleep, which then looks and sleeps again.
    pub fn rouse(&self) {
        self.segment.rouse(self.rank);
    }
}
