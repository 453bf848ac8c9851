//! Plans as requests: nonblocking and persistent collectives.

use super::Plan;
use super::run::Runner;
use crate::op::StoredOp;
use crate::p2p::Engine;
use crate::p2p::request::{Kind, Request, RequestId, State, Status};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// Whether a collective begins at once or is only made, for [`Engine::start`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Begins, and is over once: MPI 5.0 section 6.12.
    Nonblocking,
    /// Begins whenever it is started: MPI 5.0 section 6.13.
    Persistent,
}

impl Form {
    /// The name of a call in this form.
    pub(crate) fn of(self, call: Call) -> Call {
        let (nonblocking, persistent) = call.forms();
        match self {
            Form::Nonblocking => nonblocking,
            Form::Persistent => persistent,
        }
    }
}

/// Tags below are those of blocking collectives. Each other one has a tag of its own, so that several may
/// be under way on one communicator; after 2^30 they begin again.
pub(super) const FIRST_TAG: i32 = 1 << 30;

impl<T: Transport> Engine<T> {
    /// Makes a request of a plan and, unless it is persistent, begins.
    pub(crate) fn launch(&mut self, mut plan: Box<Plan>, op: Option<StoredOp>, form: Form) -> RequestId {
        plan.tag = FIRST_TAG + (plan.comm.next_collective() & (FIRST_TAG as u32 - 1)) as i32;
        plan.op = op;
        let mut request = Request::new(plan.call, Kind::Collective);
        request.context = plan.comm.context;
        request.comm = Some(plan.comm.clone());
        request.persistent = form == Form::Persistent;
        request.state = State::Inactive;
        request.plan = Some(plan);
        let id = self.core.requests.insert(request);
        if form == Form::Nonblocking {
            self.launch_plan(id.index());
        }
        id
    }

    /// The rest of what a blocking call has begun becomes a request.
    pub(crate) fn divide(&mut self, mut plan: Box<Plan>, op: Option<StoredOp>) {
        plan.op = op;
        self.core.deferring += usize::from(plan.is_deferred());
        let mut request = Request::new(plan.call, Kind::Collective);
        request.context = plan.comm.context;
        request.comm = Some(plan.comm.clone());
        request.plan = Some(plan);
        let id = self.core.requests.insert(request);
        self.core.plans.push(id.index());
        self.core.rest = Some(id);
    }

    /// When `divisible`, from now on a blocking collective may end early with an error that [`Error::is_interrupted`]: when a
    /// [`crate::WakeHandle`] interrupts its wait, or when a reduction is to be done outside of the engine. Its
    /// rest is then a request: the caller takes it with [`Self::take_rest`] and waits for it.
    ///
    /// [`Error::is_interrupted`]: crate::Error::is_interrupted
    pub fn make_divisible(&mut self, divisible: bool) {
        self.core.divisible = divisible;
    }

    /// The rest of the blocking collective that was called last.
    pub fn take_rest(&mut self) -> Option<RequestId> {
        self.core.rest.take()
    }

    /// Begins the collective that a request describes.
    pub(crate) fn launch_plan(&mut self, index: u32) {
        let request = self.core.requests.at(index);
        request.state = State::Active;
        request.error = None;
        request.status = Status::EMPTY;
        let Some(plan) = &mut request.plan else { return };
        plan.rewind();
        self.core.deferring += usize::from(plan.is_deferred());
        self.core.plans.push(index);
        if self.advance_request(index).1 {
            self.core.plans.retain(|&other| other != index);
        }
    }

    /// Takes all plans under way further. True when one moved.
    pub(crate) fn advance_plans(&mut self) -> bool {
        let mut moved = false;
        let mut at = 0;
        while at < self.core.plans.len() {
            let (moves, over) = self.advance_request(self.core.plans[at]);
            moved |= moves;
            if over {
                self.core.plans.remove(at);
            } else {
                at += 1;
            }
        }
        moved
    }

    /// Takes the plan of a request further: whether it moved, and whether it is over.
    pub(super) fn advance_request(&mut self, index: u32) -> (bool, bool) {
        let id = self.core.requests.id_of(index);
        let Some(mut plan) = self.core.requests.at(index).plan.take() else { return (false, true) };
        let before = (plan.at, plan.begun.len(), plan.handed_out);
        let mut stored = plan.op.take();
        let over =
            self.advance(&mut plan, stored.as_mut().map(StoredOp::as_op).as_mut(), Runner::Request(id));
        plan.op = stored;
        let moved = over || before != (plan.at, plan.begun.len(), plan.handed_out);
        if !over {
            self.core.requests.at(index).plan = Some(plan);
            return (moved, false);
        }
        self.core.deferring -= usize::from(plan.is_deferred());
        let request = self.core.requests.at(index);
        request.error = plan.failure.take();
        if request.persistent {
            request.plan = Some(plan);
        } else {
            self.recycle(plan);
        }
        self.core.finish(index);
        (true, true)
    }
}

impl Plan {
    pub(super) fn is_deferred(&self) -> bool {
        self.op.as_ref().is_some_and(StoredOp::is_deferred)
    }
}
