//! Plans: what a collective operation does at this rank, as steps. MPI 5.0 sections 6.12 and 6.13.
//!
//! An algorithm is a function that writes a plan. A blocking call runs it at once; a nonblocking one makes
//! a request whose plan progress takes further; a persistent one keeps it and starts it again. So each
//! algorithm is there once.
//!
//! | file | what it holds |
//! |---|---|
//! | this | the steps, and writing them |
//! | `run` | taking a plan further, running one to its end |
//! | `request` | plans as requests |
//! | `work` | reductions whose function must not run inside the engine |
//! | `scratch` | memory of the plan's own |
//!
//! Sends and receives are begun in the order of the steps; a wait is over when all begun before it are
//! complete. Between two ranks, messages of one plan match in order.

mod request;
mod run;
#[allow(unsafe_code)]
mod scratch;
mod work;

pub use request::Form;
pub use work::Work;

use super::request::RequestId;
use super::{Core, Engine};
use crate::error::{Error, Result};
use crate::group::Comm;
use crate::memory::{RecvBuf, SendBuf};
use crate::op::StoredOp;
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use scratch::Scratch;
use std::sync::Arc;

/// One step. Ranks are those of a side.
#[derive(Clone, Copy, Debug)]
enum Step {
    Send {
        to: i32,
        buf: SendBuf,
        side: Side,
    },
    /// A message of exactly this length.
    Recv {
        from: i32,
        buf: RecvBuf,
        side: Side,
    },
    Copy {
        from: SendBuf,
        to: RecvBuf,
    },
    /// `inout = input op inout`.
    Reduce {
        input: SendBuf,
        inout: RecvBuf,
    },
    /// Everything begun so far is complete.
    Wait,
    /// The poll of this number says so.
    Until(usize),
    /// The hook of this number.
    Then(usize),
}

/// Which ranks a step talks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Those of the communicator: of an intercommunicator, the remote group.
    Comm,
    /// An intercommunicator's local group.
    Local,
}

/// What a plan does beside moving and combining bytes. It may write further steps.
pub(crate) type Hook = Box<dyn FnOnce(&mut Core, &mut Plan) -> Result<()> + Send>;

/// What a plan waits for that is no message; called again and again until it gives something.
pub(crate) type Poll = Box<dyn FnMut(&Core) -> Option<Result<()>> + Send>;

/// A send or receive under way.
#[derive(Clone, Copy, Debug)]
struct PlanUnderWay {
    id: RequestId,
    /// Of a receive: from whom, and how many bytes it must be.
    expected: Option<(i32, usize)>,
}

/// What a collective does at this rank.
pub struct Plan {
    call: Call,
    pub(crate) comm: Arc<Comm>,
    tag: i32,
    side: Side,
    steps: Vec<Step>,
    hooks: Vec<Option<Hook>>,
    polls: Vec<Poll>,
    scratch: Scratch,
    op: Option<StoredOp>,
    /// The next step.
    at: usize,
    begun: Vec<PlanUnderWay>,
    failure: Option<Error>,
    /// After a failure: what can be withdrawn is.
    withdrawn: bool,
    /// The step is a reduction that was handed out.
    handed_out: bool,
}

impl Plan {
    fn new(call: Call, comm: Arc<Comm>, tag: i32) -> Self {
        Self {
            call,
            comm,
            tag,
            side: Side::Comm,
            steps: Vec::new(),
            hooks: Vec::new(),
            polls: Vec::new(),
            scratch: Scratch::default(),
            op: None,
            at: 0,
            begun: Vec::new(),
            failure: None,
            withdrawn: false,
            handed_out: false,
        }
    }

    /// The ranks that the steps written from now on talk to.
    pub(crate) fn turn_to(&mut self, side: Side) {
        self.side = side;
    }

    fn of(&self, side: Side) -> &Arc<Comm> {
        match (side, &self.comm.local) {
            (Side::Local, Some(local)) => local,
            _ => &self.comm,
        }
    }

    /// The tag of messages on a side. On the local one numbers of the intercommunicator must not meet those
    /// of the local group's own collectives.
    fn tag_of(&self, side: Side) -> i32 {
        const LOCAL: i32 = request::FIRST_TAG >> 1;
        match side {
            Side::Local if self.tag >= request::FIRST_TAG => self.tag & (LOCAL - 1) | LOCAL,
            _ => self.tag,
        }
    }

    /// The communicator of the current side.
    pub(crate) fn here(&self) -> &Arc<Comm> {
        self.of(self.side)
    }

    /// This rank in it.
    pub fn me(&self) -> i32 {
        self.here().me
    }

    /// Its number of ranks.
    pub fn size(&self) -> i32 {
        self.here().size()
    }

    /// Begins to send.
    pub fn send(&mut self, to: i32, buf: SendBuf) {
        self.steps.push(Step::Send { to, buf, side: self.side });
    }

    /// Begins to receive a message of exactly this length.
    pub fn recv(&mut self, from: i32, buf: RecvBuf) {
        self.steps.push(Step::Recv { from, buf, side: self.side });
    }

    /// Waits for all that was begun.
    pub fn wait(&mut self) {
        self.steps.push(Step::Wait);
    }

    /// Sends to one and receives from one, and waits for both.
    pub fn swap(&mut self, send: Option<(i32, SendBuf)>, recv: Option<(i32, RecvBuf)>) {
        if let Some((from, buf)) = recv {
            self.recv(from, buf);
        }
        if let Some((to, buf)) = send {
            self.send(to, buf);
        }
        self.wait();
    }

    /// Copies within this rank.
    pub fn copy(&mut self, from: SendBuf, to: RecvBuf) {
        if !from.is_empty() && from.pointer() != to.pointer().cast_const() {
            self.steps.push(Step::Copy { from, to });
        }
    }

    /// `inout = input op inout`.
    pub fn reduce(&mut self, input: SendBuf, inout: RecvBuf) {
        if !inout.is_empty() {
            self.steps.push(Step::Reduce { input, inout });
        }
    }

    /// Waits for something that is no message. Such a plan runs as a request.
    pub(crate) fn until(&mut self, poll: Poll) {
        self.steps.push(Step::Until(self.polls.len()));
        self.polls.push(poll);
    }

    /// Does something else. Such a plan runs once.
    pub(crate) fn then(&mut self, hook: Hook) {
        self.steps.push(Step::Then(self.hooks.len()));
        self.hooks.push(Some(hook));
    }

    /// Memory of the plan's own, until it is done. It is not cleared.
    pub fn room(&mut self, len: usize) -> RecvBuf {
        self.scratch.room(len)
    }

    /// To be run from its first step.
    fn rewind(&mut self) {
        self.at = 0;
        self.begun.clear();
        self.failure = None;
        self.withdrawn = false;
        self.handed_out = false;
    }
}

impl<T: Transport> Engine<T> {
    /// An empty plan. The tag is that of a blocking call; a request gives its plan one of its own.
    pub(crate) fn plan(&mut self, call: Call, comm: &Arc<Comm>, tag: i32) -> Box<Plan> {
        let Some(mut plan) = self.core.spare_plans.pop() else {
            return Box::new(Plan::new(call, comm.clone(), tag));
        };
        plan.call = call;
        plan.comm = comm.clone();
        plan.tag = tag;
        plan.side = Side::Comm;
        plan
    }

    /// Keeps the memory of a plan that is over for the next ones.
    fn recycle(&mut self, mut plan: Box<Plan>) {
        plan.rewind();
        plan.steps.clear();
        plan.hooks.clear();
        plan.polls.clear();
        plan.op = None;
        plan.scratch.give_back();
        if self.core.spare_plans.len() < crate::bounds::SPARE_PLANS {
            self.core.spare_plans.push(plan);
        }
    }
}
