//! Taking a plan further.

use super::work::Work;
use super::{Plan, PlanUnderWay, Side, Step};
use crate::error::{Class, Error, Result};
use crate::group::Comm;
use crate::memory::{RecvBuf, SendBuf};
use crate::op::{Op, StoredOp};
use crate::p2p::Engine;
use crate::p2p::recv::Quick;
use crate::p2p::request::{RequestId, State};
use crate::p2p::wait::blocked_on;
use crate::p2p::wire;
use crate::transport::{Head, Transport};
use ranks_shm::blocked::{Blocked, NOBODY};

/// Who takes a plan further.
#[derive(Clone, Copy)]
pub(super) enum Runner {
    /// A blocking call: it may look a while for what comes next, and applies every operation itself.
    Call,
    /// One that leaves the operations that it must not apply.
    Divisible,
    /// Progress, for this request.
    Request(RequestId),
}

/// A receive that is put off until all before the next wait has begun: it may be done without a request.
#[derive(Clone, Copy)]
struct Late {
    from: i32,
    buf: RecvBuf,
    side: Side,
}

impl<T: Transport> Engine<T> {
    /// Runs a plan to its end. After a failure nothing is under way any more either, so the buffers are the
    /// caller's again. Where the engine is divisible and the wait is interrupted, or comes to a reduction
    /// that must be done elsewhere, the rest becomes a request: see [`Self::take_rest`].
    pub(crate) fn run_divisible(&mut self, plan: Box<Plan>, op: Option<&mut Op<'_>>) -> Result<()> {
        self.in_wait(|engine| engine.run_in_wait(plan, op))
    }

    fn run_in_wait(&mut self, mut plan: Box<Plan>, mut op: Option<&mut Op<'_>>) -> Result<()> {
        let divisible = self.core.divisible && op.as_ref().is_none_or(|op| op.is_storable());
        let who = if divisible { Runner::Divisible } else { Runner::Call };
        while !self.advance(&mut plan, op.as_deref_mut(), who) {
            let what = self.what_of_plan(&plan);
            let waited = match plan.is_at_work() {
                true => Err(Error::interrupted(plan.call, self.core.me)),
                false => {
                    self.wait_until(what, divisible, |engine| engine.is_complete(&mut plan).then_some(()))
                }
            };
            if let Err(interrupted) = waited {
                self.divide(plan, op.and_then(|op| StoredOp::of(op)));
                return Err(interrupted);
            }
        }
        let failure = plan.failure.take();
        self.recycle(plan);
        failure.map_or(Ok(()), Err)
    }

    /// Takes a plan as far as it goes without waiting; true when it is over.
    pub(super) fn advance(&mut self, plan: &mut Plan, mut op: Option<&mut Op<'_>>, who: Runner) -> bool {
        if plan.handed_out || !plan.begun.is_empty() && !self.is_complete(plan) {
            return false;
        }
        let mut late: Option<Late> = None;
        while plan.failure.is_none() && plan.at < plan.steps.len() {
            match plan.steps[plan.at] {
                Step::Send { to, buf, side } => {
                    if !self.left_at_once(plan.of(side), plan.tag_of(side), to, buf) {
                        self.post(plan, late.take());
                        let comm = plan.of(side).clone();
                        let id = self.isend_on(plan.call, &comm, to, plan.tag_of(side), buf);
                        plan.began(id, None);
                    }
                }
                Step::Recv { from, buf, side } => {
                    let calls = !matches!(who, Runner::Request(_));
                    let first = calls && late.is_none() && plan.begun.is_empty();
                    self.post(plan, late.take());
                    let recv = Some(Late { from, buf, side });
                    if first {
                        late = recv;
                    } else {
                        self.post(plan, recv);
                    }
                }
                Step::Copy { from, to } => to.write(0, from.bytes()),
                Step::Reduce { input, inout } => {
                    let Some(op) = op.as_deref_mut() else { unreachable!("a reduction has an operation") };
                    match (op.deferred(), who) {
                        (Some(_), Runner::Divisible) => return false,
                        (Some(function), Runner::Request(id)) => {
                            let function = function.clone();
                            plan.handed_out = true;
                            self.core.work.push_back(Work { id, function, input, inout });
                            return false;
                        }
                        _ => inout.combine(input, |input, inout| op.apply(input, inout)),
                    }
                }
                Step::Wait => {
                    // Only when all sends are on their way may this rank do nothing but look for it.
                    match late.take() {
                        Some(recv) if plan.begun.is_empty() => self.come(plan, recv),
                        recv => self.post(plan, recv),
                    }
                    plan.at += 1;
                    if !plan.begun.is_empty() && !self.is_complete(plan) {
                        return false;
                    }
                    continue;
                }
                Step::Until(poll) => match (plan.polls[poll])(&self.core) {
                    None => return false,
                    Some(outcome) => plan.failure = outcome.err(),
                },
                Step::Then(hook) => {
                    let outcome = plan.hooks[hook].take().map(|hook| hook(&mut self.core, plan));
                    plan.failure = outcome.and_then(Result::err);
                }
            }
            plan.at += 1;
        }
        plan.begun.is_empty() || self.is_complete(plan)
    }

    /// Begins a receive.
    fn post(&mut self, plan: &mut Plan, recv: Option<Late>) {
        if let Some(Late { from, buf, side }) = recv {
            let comm = plan.of(side).clone();
            let id = self.irecv_on(plan.call, &comm, from, plan.tag_of(side), buf);
            plan.began(id, Some((from, buf.len())));
        }
    }

    /// Receives what is on its way, if it comes soon; else begins to.
    fn come(&mut self, plan: &mut Plan, recv: Late) {
        match self.came_at_once(plan, recv) {
            Ok(Some(came)) if came as usize == recv.buf.len() => {}
            Ok(Some(came)) => plan.failure = Some(self.wrong_length(plan, recv.from, came, recv.buf.len())),
            Ok(None) => self.post(plan, Some(recv)),
            Err(error) => plan.failure = Some(error.without_tag()),
        }
    }

    /// Completes what is done of the sends and receives under way; true when none is left. Where one has
    /// failed, the others may never be matched: what can be withdrawn is.
    pub(super) fn is_complete(&mut self, plan: &mut Plan) -> bool {
        let mut at = 0;
        while at < plan.begun.len() {
            let PlanUnderWay { id, expected } = plan.begun[at];
            if self.core.requests.at(id.index()).state == State::Active {
                at += 1;
                continue;
            }
            plan.begun.swap_remove(at);
            match (self.core.requests.take(id.index()), expected) {
                (Err(error), _) => {
                    plan.failure.get_or_insert(error.without_tag());
                }
                (Ok(status), Some((from, len))) if !status.cancelled && status.bytes as usize != len => {
                    if plan.failure.is_none() {
                        plan.failure = Some(self.wrong_length(plan, from, status.bytes, len));
                    }
                }
                (Ok(_), _) => {}
            }
        }
        if plan.failure.is_some() && !plan.withdrawn && !plan.begun.is_empty() {
            plan.withdrawn = true;
            for begun in &plan.begun {
                // It is one of ours, so this cannot fail.
                let _ = self.cancel(begun.id);
            }
            return self.is_complete(plan);
        }
        plan.begun.is_empty()
    }

    /// Whoever asks learns the first one that is waited for.
    fn what_of_plan(&mut self, plan: &Plan) -> Blocked {
        let mut what = blocked_on(plan.call, &plan.comm, 0, plan.tag);
        let first = plan.begun.iter().find(|begun| begun.expected.is_some()).or(plan.begun.first());
        let peer = first.and_then(|begun| self.core.requests.at(begun.id.index()).peer);
        what.peer = peer.map_or(NOBODY, |slot| slot as i32);
        if plan.begun.len() > 2 {
            what.peer = NOBODY;
            what.requests = plan.begun.len() as u32;
        }
        what.tag = NOBODY;
        what
    }

    #[cold]
    fn wrong_length(&self, plan: &Plan, from: i32, came: u64, expected: usize) -> Error {
        let detail = format!("rank {from} sent {came} bytes where this rank expects {expected}");
        self.error(Class::Truncate, plan.call, detail).peer(from).context(plan.comm.context)
    }

    /// The usual case of a short message, as in `send_quickly`.
    fn left_at_once(&mut self, comm: &Comm, tag: i32, to: i32, buf: SendBuf) -> bool {
        let Some(slot) = comm.slot_of(to) else { return false };
        let head = Head { kind: wire::EAGER, context: comm.context + 1, tag, mark: 0 };
        buf.len() <= self.transport.inline_limit()
            && self.core.is_clear(slot)
            && self.transport.try_inline(slot, head, buf.bytes())
    }

    /// The usual case of a message that is next, as in `recv`: its length.
    fn came_at_once(&mut self, plan: &Plan, recv: Late) -> Result<Option<u64>> {
        let Late { from, buf, side } = recv;
        let comm = plan.of(side);
        let Some(slot) = comm.slot_of(from) else { return Ok(None) };
        let context = comm.context + 1;
        if slot == self.core.me || !self.core.matcher.idle(context) {
            return Ok(None);
        }
        match self.recv_quickly(buf, from, slot, plan.tag_of(side), context) {
            Quick::Done(status) => Ok(Some(status.bytes)),
            Quick::Begun(id) => {
                // Should it fail, it says what the user called.
                let request = self.core.requests.at(id.index());
                request.call = plan.call;
                request.comm = Some(comm.clone());
                self.settle();
                self.wait_in(plan.call, id).map(|status| Some(status.bytes))
            }
            Quick::No => Ok(None),
        }
    }
}

impl Plan {
    /// It stands at a reduction that the one who runs it must not do.
    fn is_at_work(&self) -> bool {
        self.begun.is_empty() && matches!(self.steps.get(self.at), Some(Step::Reduce { .. }))
    }

    /// A send or receive was begun.
    fn began(&mut self, id: Result<RequestId>, expected: Option<(i32, usize)>) {
        match id {
            Ok(id) => self.begun.push(PlanUnderWay { id, expected }),
            Err(error) => self.failure = Some(error),
        }
    }
}
