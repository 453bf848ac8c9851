//! Reductions whose function must not run inside the engine, because it may call it: a plan that comes to
//! one stops there, and hands its operands out.

use crate::memory::{RecvBuf, SendBuf};
use crate::op::Deferred;
use crate::p2p::Engine;
use crate::p2p::request::RequestId;
use crate::transport::Transport;

/// A reduction to be done outside of the engine: taken with [`Engine::take_work`], given back with
/// [`Engine::work_done`].
pub struct Work {
    pub(super) id: RequestId,
    pub(super) function: Deferred,
    pub(super) input: SendBuf,
    pub(super) inout: RecvBuf,
}

#[allow(clippy::len_without_is_empty)]
impl Work {
    /// Bytes of each operand; never 0.
    pub fn len(&self) -> usize {
        self.inout.len()
    }

    /// Does it. The engine may be used meanwhile, also by the function.
    pub fn run(&self) {
        (self.function)(self.input.pointer(), self.inout.pointer(), self.inout.len());
    }
}

impl<T: Transport> Engine<T> {
    /// True while a collective is under way whose operation the engine does not apply itself. Then every
    /// wait must be one that can be interrupted, and whoever waits must look for work.
    pub fn defers(&self) -> bool {
        self.core.deferring > 0
    }

    /// True when [`Self::take_work`] would give something.
    pub fn has_work(&self) -> bool {
        !self.core.work.is_empty()
    }

    /// A reduction that a collective waits for.
    pub fn take_work(&mut self) -> Option<Work> {
        self.core.work.pop_front()
    }

    /// The reduction is done: its collective goes on.
    pub fn work_done(&mut self, work: Work) {
        let Some(request) = self.core.requests.get(work.id) else { return };
        let Some(plan) = &mut request.plan else { return };
        plan.handed_out = false;
        plan.at += 1;
        self.progress();
    }

    /// For a wait that cannot return to whoever would take the work: it is done here, so that nobody
    /// waits for ever.
    pub(crate) fn work_off(&mut self) {
        while let Some(work) = self.take_work() {
            work.run();
            self.work_done(work);
        }
    }
}
