//! Background tasks: what goes on in progress. A task is what the engine does for a call that does not wait, in steps between
//! which messages of its own travel. It is a request like any other to whoever began it.

use super::Engine;
use super::request::{Kind, Request, RequestId, State, Status};
use super::send::lasting;
use crate::error::{Error, Result};
use crate::group::Comm;
use crate::memory::RecvBuf;
use crate::p2p::Mode;
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use std::sync::Arc;

/// Does what can be done without waiting; the outcome once all is done. It is not asked again then. It must
/// not call progress.
pub(crate) type BackgroundTask<T> = Box<dyn FnMut(&mut Engine<T>) -> Option<Result<Status>> + Send>;

/// A chore under way, and the request that it completes.
pub(super) struct TaskUnderWay<T: Transport> {
    request: u32,
    /// Taken out while it is asked.
    chore: Option<BackgroundTask<T>>,
}

/// What a message of the engine's own belongs to: the call, the messages' context and their tag.
#[derive(Clone, Copy)]
pub(crate) struct InternalMessage {
    pub call: Call,
    pub context: u32,
    pub tag: i32,
}

impl<T: Transport> Engine<T> {
    /// Begins a chore; the request completes when it is done.
    pub(crate) fn begin_chore(
        &mut self,
        call: Call,
        comm: Option<&Arc<Comm>>,
        chore: BackgroundTask<T>,
    ) -> RequestId {
        let mut request = Request::new(call, Kind::Collective);
        request.nobody = true;
        request.context = comm.map_or(0, |comm| comm.context);
        request.comm = comm.cloned();
        let id = self.core.requests.insert(request);
        self.background_tasks.push(TaskUnderWay { request: id.index(), chore: Some(chore) });
        self.ask_chores();
        id
    }

    /// Goes on with all background_tasks. True when any is done.
    #[inline(always)]
    pub(super) fn do_chores(&mut self) -> bool {
        !self.background_tasks.is_empty() && self.ask_chores()
    }

    #[cold]
    fn ask_chores(&mut self) -> bool {
        let mut done = false;
        let mut at = 0;
        while at < self.background_tasks.len() {
            let Some(mut chore) = self.background_tasks[at].chore.take() else {
                at += 1;
                continue;
            };
            let outcome = chore(self);
            let Some(outcome) = outcome else {
                self.background_tasks[at].chore = Some(chore);
                at += 1;
                continue;
            };
            let index = self.background_tasks.remove(at).request;
            let request = self.core.requests.at(index);
            match outcome {
                Ok(status) => request.status = status,
                Err(error) => request.error = Some(error),
            }
            self.core.finish(index);
            done = true;
        }
        done
    }

    /// Sends bytes of the engine's own and forgets about it.
    pub(crate) fn tell(&mut self, message: InternalMessage, slot: usize, bytes: Vec<u8>) -> Result<()> {
        if self.core.gone[slot].is_some() {
            return Err(self.core.gone_error(message.call, slot));
        }
        let buf = lasting(&bytes);
        let mut request = self.of_errand(message, slot, Kind::Send { buf, mode: Mode::Standard });
        request.owned = Some(bytes);
        request.detached = true;
        let id = self.core.requests.insert(request);
        self.launch_send(id.index(), true);
        Ok(())
    }

    /// Begins to hear bytes of any length.
    pub(crate) fn hear(&mut self, message: InternalMessage, slot: usize) -> RequestId {
        let mut request = self.of_errand(message, slot, Kind::Recv { buf: RecvBuf::EMPTY });
        request.grows = true;
        let id = self.core.requests.insert(request);
        self.launch_recv(id.index());
        id
    }

    fn of_errand(&self, message: InternalMessage, slot: usize, kind: Kind) -> Request {
        let mut request = Request::new(message.call, kind);
        request.context = message.context;
        request.tag = message.tag;
        request.peer = Some(slot);
        request
    }

    /// True when nothing that was to be heard is still on its way.
    pub(crate) fn all_heard(&mut self, ids: &[RequestId]) -> bool {
        ids.iter().all(|id| self.core.requests.at(id.index()).state != State::Active)
    }

    /// What was heard. The error of a rank that is gone is told in the name of the call.
    pub(crate) fn heard(&mut self, message: InternalMessage, id: RequestId) -> Result<Vec<u8>> {
        let slot = self.core.requests.at(id.index()).peer;
        let heard = self.take_data(message.call, id).map(|(bytes, _)| bytes);
        heard.map_err(|error| match slot.filter(|&slot| self.core.gone[slot].is_some()) {
            Some(slot) => self.core.gone_error(message.call, slot),
            None => error.in_call(message.call),
        })
    }

    /// True while messages of a communicator are under way that this rank has begun.
    pub(crate) fn is_busy(&self, comm: &Comm) -> bool {
        let in_parts = |request: &Request| {
            request.partitions.is_some() && request.comm.as_ref().is_some_and(|of| of.context == comm.context)
        };
        let ours = |request: &Request| {
            request.context == comm.context || request.context == comm.context + 1 || in_parts(request)
        };
        !self.core.requests.active(|request| !request.nobody && ours(request)).is_empty()
    }

    /// True while a message is on its way whose call is over. Its receiver fetches it, lets go of it as it finishes, or
    /// ends. What a program has begun and then dropped, with its buffer, is not owed.
    pub(super) fn owes(&self) -> bool {
        let owed = |request: &Request| request.detached && !request.is_recv() && request.keep.is_none();
        !self.core.requests.active(owed).is_empty()
    }

    /// An error of a call on a communicator.
    pub(crate) fn error_on(&self, comm: &Comm, call: Call, class: crate::Class, detail: String) -> Error {
        self.error(class, call, detail).context(comm.context)
    }
}
