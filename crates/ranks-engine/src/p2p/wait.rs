//! Progress, waiting, testing: MPI 5.0 section 3.7.
//!
//! Progress happens in calls. A wait looks, spins or yields, and sleeps, as `ranks_shm::backoff` says;
//! before it sleeps it announces that and looks once more, so nothing that was published is missed.

use super::Engine;
use super::request::{RequestId, State, Status};
use crate::ANY_SOURCE;
use crate::bounds::LINES_A_LOOK;
use crate::error::{Class, Error, Result};
use crate::group::Comm;
use crate::transport::Transport;
use ranks_shm::Segment;
use ranks_shm::backoff::{Backoff, Step};
use ranks_shm::blocked::{ANY, Blocked, Call, NOBODY};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ends an interruptible wait of a rank from another thread.
#[derive(Clone)]
pub struct WakeHandle {
    flag: Arc<AtomicBool>,
    pub(super) segment: Arc<Segment>,
    pub(super) rank: usize,
}

impl WakeHandle {
    /// Ends the current interruptible wait, or the next one at once.
    pub fn interrupt(&self) {
        self.flag.store(true, Ordering::Release);
        // Another thread than the rank's own: it fences, whatever the job does.
        self.segment.wake(self.rank, true);
    }
}

/// What a receive or probe waits for, as others see it.
pub(crate) fn blocked_on(call: Call, comm: &Comm, peer: i32, tag: i32) -> Blocked {
    let peer = if peer == ANY_SOURCE { ANY } else { comm.slot_of(peer).map_or(NOBODY, |slot| slot as i32) };
    let tag = if tag == crate::ANY_TAG { ANY } else { tag };
    Blocked { call, peer, tag, context: comm.context, requests: 0, bytes: 0 }
}

/// What a wait is about that concerns no one rank.
pub(super) fn blocked_on_several(call: Call) -> Blocked {
    Blocked { call, peer: NOBODY, tag: NOBODY, context: 0, requests: 0, bytes: 0 }
}

impl<T: Transport> Engine<T> {
    /// Takes in what has arrived and sends what there is room for. True when anything moved.
    #[inline]
    pub fn progress(&mut self) -> bool {
        let mut moved = self.look_at_failures();
        for from in 0..self.core.ranks {
            if from != self.core.me {
                moved |= self.drain(from);
            }
        }
        moved |= self.settle();
        moved |= self.do_chores();
        if !self.core.plans.is_empty() {
            moved |= self.advance_plans();
        }
        moved
    }

    /// Takes in what has arrived from one rank.
    #[inline]
    pub(crate) fn drain(&mut self, from: usize) -> bool {
        let core = &mut self.core;
        for look in 0..LINES_A_LOOK {
            if !self.transport.poll(from, |arrival| core.arrival(from, arrival)) {
                return look > 0;
            }
        }
        true
    }

    /// Waits until `check` gives something. `what` says what for, to whoever asks.
    pub(crate) fn wait_until<R>(
        &mut self,
        what: Blocked,
        interruptible: bool,
        check: impl FnMut(&mut Self) -> Option<R>,
    ) -> Result<R> {
        self.in_wait(|engine| engine.wait_until_now(what, interruptible, check))
    }

    fn wait_until_now<R>(
        &mut self,
        what: Blocked,
        interruptible: bool,
        mut check: impl FnMut(&mut Self) -> Option<R>,
    ) -> Result<R> {
        let mut backoff = Backoff::new(self.core.policy);
        // A wait that another sleeps in the rank's place, and that only its time limit ended, is still published.
        let mut told = self.sleeps_outside && self.is_published(&what);
        // The rank's sleep is announced, and the caller sleeps it.
        let mut left = false;
        let outcome = loop {
            let moved = self.progress();
            if let Some(result) = check(self) {
                break Ok(result);
            }
            if interruptible && (self.take_interrupt() || !self.core.work.is_empty()) {
                break Err(Error::interrupted(what.call, self.core.me));
            }
            if !self.core.work.is_empty() {
                self.work_off();
                continue;
            }
            if moved {
                backoff.reset();
                continue;
            }
            if !told && backoff.is_slow() {
                told = true;
                let me = self.core.me;
                self.transport.segment().slot(me).blocked.publish(&what);
            }
            if backoff.pause() == Step::Look || self.fetch_all() {
                continue;
            }
            self.transport.announce();
            let moved = self.progress();
            let result = check(self);
            let interrupted = interruptible && self.interrupted.load(Ordering::Acquire);
            if moved || result.is_some() || interrupted {
                self.transport.stay_awake();
                match result {
                    Some(result) => break Ok(result),
                    None => continue,
                }
            }
            if interruptible && self.sleeps_outside {
                self.asleep = true;
                left = true;
                let me = self.core.me;
                // What is published already keeps its time: the rank has waited since then.
                if !told {
                    self.transport.segment().slot(me).blocked.publish(&what);
                }
                break Err(Error::interrupted(what.call, me));
            }
            if self.transport.sleep() && self.progress() {
                // Only the time limit ended the sleep, and yet there was work.
                self.transport.count_lost();
            }
        };
        if told && !left {
            self.clear_wait();
        }
        outcome
    }

    /// As [`Self::wait_until`], for waits that are about no one rank.
    pub(crate) fn wait_quietly<R>(
        &mut self,
        call: Call,
        check: impl FnMut(&mut Self) -> Option<R>,
    ) -> Result<R> {
        self.wait_until(blocked_on_several(call), false, check)
    }

    fn take_interrupt(&mut self) -> bool {
        self.interrupted.load(Ordering::Relaxed) && self.interrupted.swap(false, Ordering::AcqRel)
    }

    /// A handle with which another thread ends an interruptible wait.
    pub fn wake_handle(&self) -> WakeHandle {
        let segment = self.transport.segment().clone();
        WakeHandle { flag: self.interrupted.clone(), segment, rank: self.core.me }
    }

    /// Waits until all messages have left that nobody waits for any more, buffered ones included. This rank receives
    /// no more.
    pub(crate) fn flush_all(&mut self, call: Call) -> Result<()> {
        self.wait_quietly(call, |engine| {
            engine.core.refuse_announced();
            let core = &engine.core;
            let quiet = core.outbox.count == 0
                && core.attached.values().all(|room| room.charged == 0)
                && !core.is_copying();
            (quiet && !engine.owes()).then_some(())
        })
    }

    fn bad_request(&self, call: Call) -> Error {
        self.error(Class::Request, call, "no such request: it was freed, or never made")
    }

    /// Refuses a request that does not exist.
    pub(super) fn known(&mut self, call: Call, id: RequestId) -> Result<u32> {
        match self.core.requests.get(id) {
            Some(_) => Ok(id.index()),
            None => Err(self.bad_request(call)),
        }
    }

    /// Done (or inactive, which counts as done with an empty status).
    fn outcome(&mut self, index: u32) -> Option<Result<Status>> {
        match self.core.requests.at(index).state {
            State::Done => Some(self.core.requests.take(index)),
            State::Inactive => Some(Ok(Status::EMPTY)),
            State::Active | State::Free => None,
        }
    }

    /// What a wait for a request is about.
    pub(super) fn what_of(&mut self, call: Call, index: u32, requests: u32) -> Blocked {
        let request = self.core.requests.at(index);
        let peer = match request.peer {
            Some(slot) => slot as i32,
            None if request.is_collective() => NOBODY,
            None => ANY,
        };
        let tag = match request.tag {
            crate::ANY_TAG => ANY,
            _ if request.is_collective() => NOBODY,
            tag => tag,
        };
        let bytes = request.send_buf().len().max(request.room()) as u64;
        Blocked { call, peer, tag, context: request.context, requests, bytes }
    }

    /// A receive from any source that nobody is left to answer.
    pub(super) fn give_up(&mut self, index: u32) {
        if self.core.gone_count == 0 {
            return;
        }
        let request = self.core.requests.at(index);
        if request.state != State::Active || !request.is_recv() || request.matched || !request.wildcard {
            return;
        }
        let (call, context, tag) = (request.call, request.context, request.wanted_tag());
        let Some(comm) = request.comm.clone() else { return };
        if let Some(error) = self.hopeless(call, ANY_SOURCE, &comm)
            && self.core.matcher.withdraw(context, None, tag, index)
        {
            self.core.fail(index, error);
        }
    }

    /// Completes a request that is done; does not wait.
    pub fn test(&mut self, id: RequestId) -> Result<Option<Status>> {
        self.enter(Call::Wait)?;
        let index = self.known(Call::Wait, id)?;
        if self.core.requests.at(index).state == State::Active {
            self.progress();
        }
        self.outcome(index).transpose()
    }

    /// What became of a request, which stays (MPI_Request_get_status).
    pub fn status_of(&mut self, id: RequestId) -> Result<Option<Status>> {
        self.enter(Call::Wait)?;
        let index = self.known(Call::Wait, id)?;
        if self.core.requests.at(index).state == State::Active {
            self.progress();
        }
        let request = self.core.requests.at(index);
        Ok(match request.state {
            State::Done => Some(request.outcome()),
            State::Inactive => Some(Status::EMPTY),
            State::Active | State::Free => None,
        })
    }

    /// Completes a request if it is done or inactive: what came of it, and whether it stays because it can be started
    /// again. `None` while it is under way. It looks at nothing else.
    #[inline]
    pub fn complete(&mut self, id: RequestId) -> Option<(Result<Status>, bool)> {
        let Some(request) = self.core.requests.get(id) else {
            return Some((Err(self.bad_request(Call::Wait)), false));
        };
        let stays = request.persistent;
        self.outcome(id.index()).map(|outcome| (outcome, stays))
    }

    /// Completes a request that is done and leaves nothing but its status, as most do; `None` for every other one.
    #[inline]
    pub fn complete_plain(&mut self, id: RequestId) -> Option<Status> {
        self.core.requests.take_plain(id)
    }

    /// Waits for a request.
    pub fn wait(&mut self, id: RequestId) -> Result<Status> {
        self.wait_as(Call::Wait, id)
    }

    /// Waits for a request on behalf of `call`, which errors and the roll-call then name.
    pub fn wait_as(&mut self, call: Call, id: RequestId) -> Result<Status> {
        self.enter(call)?;
        self.wait_in(call, id)
    }

    pub(crate) fn wait_in(&mut self, call: Call, id: RequestId) -> Result<Status> {
        let index = self.wait_until_done(call, id)?;
        self.outcome(index).unwrap_or_else(|| Err(self.bad_request(call)))
    }

    /// Waits until a request is done, without completing it; its index.
    pub(crate) fn wait_until_done(&mut self, call: Call, id: RequestId) -> Result<u32> {
        let index = self.known(call, id)?;
        if self.core.requests.at(index).state != State::Active {
            return Ok(index);
        }
        let what = self.what_of(call, index, 0);
        self.wait_until(what, false, |engine| {
            engine.give_up(index);
            (engine.core.requests.at(index).state != State::Active).then_some(index)
        })
    }

    /// Waits for all requests; the outcome of each.
    pub fn wait_all(&mut self, ids: &[RequestId]) -> Result<Vec<Result<Status>>> {
        self.enter(Call::Waitall)?;
        self.wait_for(Call::Waitall, ids, true, false)?;
        ids.iter().map(|&id| self.take_done(Call::Waitall, id)).collect()
    }

    fn take_done(&mut self, call: Call, id: RequestId) -> Result<Result<Status>> {
        let index = self.known(call, id)?;
        let missing = || Err(Error::new(Class::Intern, call, 0, "the request is not complete"));
        Ok(self.outcome(index).unwrap_or_else(missing))
    }

    /// Waits until one of the requests is done: its position and outcome. `None` when none is active.
    pub fn wait_any(&mut self, ids: &[RequestId]) -> Result<Option<(usize, Result<Status>)>> {
        self.enter(Call::Waitany)?;
        self.wait_for(Call::Waitany, ids, false, false)?;
        self.first_done(Call::Waitany, ids)
    }

    /// Waits until at least one of the requests is done: all that are. Empty when none is active.
    pub fn wait_some(&mut self, ids: &[RequestId]) -> Result<Vec<(usize, Result<Status>)>> {
        self.enter(Call::Waitsome)?;
        self.wait_for(Call::Waitsome, ids, false, false)?;
        self.all_done(Call::Waitsome, ids)
    }

    /// Completes all requests if all are done; does not wait.
    pub fn test_all(&mut self, ids: &[RequestId]) -> Result<Option<Vec<Result<Status>>>> {
        self.enter(Call::Waitall)?;
        if !self.condition(ids, true)? {
            self.progress();
            if !self.condition(ids, true)? {
                return Ok(None);
            }
        }
        ids.iter().map(|&id| self.take_done(Call::Waitall, id)).collect::<Result<_>>().map(Some)
    }

    /// Completes one request that is done, if any is; does not wait. The second `Option` is as in
    /// [`Self::wait_any`]: none active.
    #[allow(clippy::type_complexity)]
    pub fn test_any(&mut self, ids: &[RequestId]) -> Result<Option<Option<(usize, Result<Status>)>>> {
        self.enter(Call::Waitany)?;
        if !self.condition(ids, false)? {
            self.progress();
            if !self.condition(ids, false)? {
                return Ok(None);
            }
        }
        self.first_done(Call::Waitany, ids).map(Some)
    }

    /// Completes all requests that are done; does not wait.
    pub fn test_some(&mut self, ids: &[RequestId]) -> Result<Vec<(usize, Result<Status>)>> {
        self.enter(Call::Waitsome)?;
        self.progress();
        self.all_done(Call::Waitsome, ids)
    }

    /// Waits until all (or any) of the requests are done, without completing them; false when a
    /// [`WakeHandle`] ended the wait, or there is work to take. Nothing is lost either way.
    /// `call` is what the user called, for whoever asks what this rank waits for.
    pub fn wait_interruptible(&mut self, call: Call, ids: &[RequestId], all: bool) -> Result<bool> {
        match self.wait_for(call, ids, all, true) {
            Ok(()) => Ok(true),
            Err(error) if error.is_interrupted() => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) fn wait_for(
        &mut self,
        call: Call,
        ids: &[RequestId],
        all: bool,
        interruptible: bool,
    ) -> Result<()> {
        if self.condition(ids, all)? {
            return Ok(());
        }
        // What is done stays done.
        let mut done = 0;
        let first = self.first_active(ids);
        let count = if ids.len() > 1 { ids.len() as u32 } else { 0 };
        let mut what = self.what_of(call, first, count);
        if count > 0 {
            (what.peer, what.tag) = (NOBODY, NOBODY);
        }
        self.wait_until(what, interruptible, |engine| {
            if engine.core.gone_count > 0 {
                ids.iter().for_each(|id| engine.give_up(id.index()));
            }
            if all {
                done += ids[done..].iter().take_while(|id| engine.is_done(**id)).count();
                return (done == ids.len()).then_some(Ok(()));
            }
            match engine.condition(ids, all) {
                Ok(false) => None,
                Ok(true) => Some(Ok(())),
                Err(error) => Some(Err(error)),
            }
        })?
    }

    fn first_active(&mut self, ids: &[RequestId]) -> u32 {
        let active = |id: &&RequestId| self.core.requests.at(id.index()).state == State::Active;
        ids.iter().find(active).or(ids.first()).map_or(0, |id| id.index())
    }

    /// All done or inactive; or any done, or none active.
    pub(super) fn condition(&mut self, ids: &[RequestId], all: bool) -> Result<bool> {
        let mut active = 0;
        for &id in ids {
            let index = self.known(Call::Wait, id)?;
            match self.core.requests.at(index).state {
                State::Active if all => return Ok(false),
                State::Active => active += 1,
                State::Done if !all => return Ok(true),
                _ => {}
            }
        }
        Ok(active == 0)
    }

    fn first_done(&mut self, call: Call, ids: &[RequestId]) -> Result<Option<(usize, Result<Status>)>> {
        for (position, &id) in ids.iter().enumerate() {
            if self.core.requests.get(id).is_some_and(|request| request.state == State::Done) {
                return Ok(Some((position, self.take_done(call, id)?)));
            }
        }
        Ok(None)
    }

    fn all_done(&mut self, call: Call, ids: &[RequestId]) -> Result<Vec<(usize, Result<Status>)>> {
        let mut out = Vec::new();
        for (position, &id) in ids.iter().enumerate() {
            if self.core.requests.get(id).is_some_and(|request| request.state == State::Done) {
                out.push((position, self.take_done(call, id)?));
            }
        }
        Ok(out)
    }

    /// True for a request that can be started again.
    pub fn is_persistent(&mut self, id: RequestId) -> bool {
        self.core.requests.get(id).is_some_and(|request| request.persistent)
    }

    /// True for a request that is under way or done and not yet completed.
    pub fn is_active(&mut self, id: RequestId) -> bool {
        self.core.requests.get(id).is_some_and(|request| matches!(request.state, State::Active | State::Done))
    }

    /// Frees a request; what is under way goes on. A collective must not be under way.
    pub fn request_free(&mut self, id: RequestId) -> Result<()> {
        let index = self.known(Call::Unknown, id)?;
        let request = self.core.requests.at(index);
        if request.is_collective() && request.state == State::Active {
            let call = request.call;
            let detail = "a collective under way cannot be freed: complete it first";
            return Err(self.error(Class::Request, call, detail));
        }
        self.detach(index);
        Ok(())
    }

    /// Nobody will ask for a request again; what is under way goes on.
    pub(super) fn detach(&mut self, index: u32) {
        let request = self.core.requests.at(index);
        request.persistent = false;
        let sends = request.state == State::Active && !request.is_recv();
        self.core.forget(index);
        if sends {
            self.leave_to_receiver(index);
        }
    }
}
