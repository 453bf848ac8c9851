//! Requests that somebody else completes, and those that wait for buffered messages to leave.

use super::Engine;
use super::attached::BufferOf;
use super::request::{RequestId, Status};
use crate::error::Result;
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

impl<T: Transport> Engine<T> {
    /// A request that is complete once `done` is set; whoever sets it sees to it that this rank looks.
    pub fn begin_external(&mut self, done: Arc<AtomicBool>) -> RequestId {
        self.expect_other_threads();
        let look = move |_: &mut Self| done.load(Ordering::Acquire).then_some(Ok(Status::EMPTY));
        self.begin_chore(Call::Wait, None, Box::new(look))
    }

    /// Nobody will ask for such a request again.
    pub fn forget_external(&mut self, id: RequestId) {
        if self.core.requests.get(id).is_some() {
            self.core.forget(id.index());
        }
    }

    /// A request that is complete once the messages in an attached buffer have left.
    pub fn begin_flush(&mut self, of: impl Into<BufferOf>) -> Result<RequestId> {
        self.enter(Call::BufferDetach)?;
        let which = self.attached_to(of.into(), Call::BufferDetach)?;
        let look = move |engine: &mut Self| {
            let charged = engine.core.attached.get(&which).map_or(0, |room| room.charged);
            (charged == 0).then_some(Ok(Status::EMPTY))
        };
        Ok(self.begin_chore(Call::BufferDetach, None, Box::new(look)))
    }
}
