//! Probes and matched probes: MPI 5.0 section 3.8.

use super::Engine;
use super::request::{Kind, Request, RequestId, Status};
use crate::datatype::Elements;
use crate::error::{Class, Error, Result};
use crate::group::CommId;
use crate::memory::RecvBuf;
use crate::transport::Transport;
use crate::{ANY_SOURCE, ANY_TAG, PROC_NULL};
use ranks_shm::blocked::Call;

/// Names a message that a matched probe took out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageId(u32);

impl MessageId {
    /// The message that a matched probe of PROC_NULL gives.
    pub const NO_PROC: MessageId = MessageId(u32::MAX);

    /// A small number, dense and reused.
    pub fn index(self) -> u32 {
        self.0
    }

    /// The message of an index; a wrong one is refused by the receive.
    pub fn from_index(index: u32) -> Self {
        Self(index)
    }
}

/// What a probe found: the kept message's id, its source's slot, and its status.
type Found = (u32, usize, Status);

impl<T: Transport> Engine<T> {
    /// Looks for a message without receiving it; does not wait.
    pub fn iprobe(&mut self, source: i32, tag: i32, comm: CommId) -> Result<Option<Status>> {
        if source == PROC_NULL {
            self.comm(comm, Call::Probe)?;
            return Ok(Some(Status::PROC_NULL));
        }
        // A message that is here already needs no look at the rings.
        let found = match self.look(Call::Probe, source, tag, comm)? {
            None => {
                self.progress();
                self.look(Call::Probe, source, tag, comm)?
            }
            found => found,
        };
        Ok(found.map(|(_, _, status)| status))
    }

    /// Waits for a message without receiving it.
    pub fn probe(&mut self, source: i32, tag: i32, comm: CommId) -> Result<Status> {
        let found = self.wait_for_message(Call::Probe, source, tag, comm, false)?;
        Ok(found.map_or(Status::PROC_NULL, |(_, _, status)| status))
    }

    /// Waits for a message without receiving it, in a probe or a matched probe (`call`). A [`super::WakeHandle`] ends the
    /// wait: `None`.
    pub fn probe_interruptible(
        &mut self,
        call: Call,
        source: i32,
        tag: i32,
        comm: CommId,
    ) -> Result<Option<Status>> {
        match self.wait_for_message(call, source, tag, comm, true) {
            Ok(found) => Ok(Some(found.map_or(Status::PROC_NULL, |(_, _, status)| status))),
            Err(error) if error.is_interrupted() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Takes a message out, so that only [`Self::mrecv`] can receive it; does not wait.
    pub fn improbe(&mut self, source: i32, tag: i32, comm: CommId) -> Result<Option<(MessageId, Status)>> {
        if source == PROC_NULL {
            self.comm(comm, Call::Mprobe)?;
            return Ok(Some((MessageId::NO_PROC, Status::PROC_NULL)));
        }
        let found = match self.look(Call::Mprobe, source, tag, comm)? {
            None => {
                self.progress();
                self.look(Call::Mprobe, source, tag, comm)?
            }
            found => found,
        };
        Ok(found.map(|found| self.take_out(found)))
    }

    /// Waits for a message and takes it out.
    pub fn mprobe(&mut self, source: i32, tag: i32, comm: CommId) -> Result<(MessageId, Status)> {
        let found = self.wait_for_message(Call::Mprobe, source, tag, comm, false)?;
        Ok(found.map_or((MessageId::NO_PROC, Status::PROC_NULL), |found| self.take_out(found)))
    }

    /// The communicator of a message that was taken out.
    pub fn comm_of_message(&self, message: MessageId) -> Option<CommId> {
        let kept = self.core.kept(message.0).filter(|kept| kept.taken)?;
        self.core.comms.id_of_context(kept.context)
    }

    /// Receives a message that was taken out.
    pub fn mrecv(&mut self, message: MessageId, buf: RecvBuf) -> Result<Status> {
        let id = self.imrecv_as(Call::Mrecv, message, buf, None)?;
        self.wait_in(Call::Mrecv, id)
    }

    /// Begins to receive a message that was taken out.
    pub fn imrecv(&mut self, message: MessageId, buf: RecvBuf) -> Result<RequestId> {
        self.imrecv_as(Call::Mrecv, message, buf, None)
    }

    pub(super) fn imrecv_as(
        &mut self,
        call: Call,
        message: MessageId,
        buf: RecvBuf,
        elements: Option<Box<Elements>>,
    ) -> Result<RequestId> {
        self.enter(call)?;
        let mut request = Request::new(call, Kind::Recv { buf });
        request.elements = elements;
        if message == MessageId::NO_PROC {
            request.nobody = true;
            request.status = Status::PROC_NULL;
            let id = self.core.requests.insert(request);
            self.core.finish(id.index());
            return Ok(id);
        }
        let Some(kept) = self.core.kept(message.0).filter(|kept| kept.taken) else {
            return Err(Error::new(
                Class::Request,
                call,
                self.core.me,
                "no such message: it was received already",
            ));
        };
        request.context = kept.context;
        request.tag = kept.tag;
        request.peer = Some(kept.source);
        request.comm = self.core.comms.of_context(kept.context);
        let id = self.core.requests.insert(request);
        self.core.receive_kept(id.index(), message.0);
        self.settle();
        Ok(id)
    }

    fn take_out(&mut self, (id, from, status): Found) -> (MessageId, Status) {
        let message = &mut self.core.unexpected[id as usize];
        message.taken = true;
        let (context, tag) = (message.context, message.tag);
        self.core.matcher.remove(context, from, tag, id);
        (MessageId(id), status)
    }

    /// The first kept message that fits.
    fn look(&mut self, call: Call, source: i32, tag: i32, comm: CommId) -> Result<Option<Found>> {
        self.enter(call)?;
        let comm = self.comm(comm, call)?;
        if tag < ANY_TAG {
            return Err(self.error(
                Class::Tag,
                call,
                format!("tag {tag} is neither a tag (0 and more) nor the wildcard for any tag"),
            ));
        }
        let from = match source {
            ANY_SOURCE => None,
            source => Some(self.slot_of(&comm, source, call)?),
        };
        let found = self.core.matcher.find(comm.context, from, (tag != ANY_TAG).then_some(tag));
        Ok(found.map(|(from, id)| {
            let message = &self.core.unexpected[id as usize];
            let (tag, bytes, mark) = (message.tag, message.total, message.mark);
            (id, from, Status { source: comm.rank_of(from), tag, bytes, cancelled: false, mark })
        }))
    }

    fn wait_for_message(
        &mut self,
        call: Call,
        source: i32,
        tag: i32,
        comm_id: CommId,
        interruptible: bool,
    ) -> Result<Option<Found>> {
        if source == PROC_NULL {
            self.comm(comm_id, call)?;
            return Ok(None);
        }
        let comm = self.comm(comm_id, call)?;
        let what = super::wait::blocked_on(call, &comm, source, tag);
        let found = self.wait_until(what, interruptible, |engine| {
            match engine.look(call, source, tag, comm_id) {
                Ok(None) => {}
                Ok(Some(found)) => return Some(Ok(found)),
                Err(error) => return Some(Err(error)),
            }
            let error = engine.hopeless(call, source, &comm)?;
            Some(Err(error.peer(source).tag(tag).context(comm.context)))
        })??;
        Ok(Some(found))
    }
}
