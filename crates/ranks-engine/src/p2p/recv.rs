//! Receiving: MPI 5.0 sections 3.2, 3.7, 3.9, 3.10.

use super::core::{Core, Incoming, Kept};
use super::rendezvous::Pull;
use super::request::{Kind, Request, RequestId, State, Status};
use super::returned::Heir;
use super::{Engine, Mode, wire};
use crate::error::{Class, Error, Result};
use crate::group::CommId;
use crate::memory::{RecvBuf, SendBuf};
use crate::transport::{Arrival, Head, Transport};
use crate::{ANY_SOURCE, ANY_TAG, PROC_NULL};
use ranks_shm::blocked::Call;

/// What became of a receive that looked only a few times.
pub(super) enum Quick {
    /// Received.
    Done(Status),
    /// Its first piece has come; the rest is on its way.
    Begun(RequestId),
    /// Not the next message, or not yet; what came instead was taken in.
    No,
}

impl<T: Transport> Engine<T> {
    /// Receives, and waits for the message.
    #[inline]
    pub fn recv(&mut self, buf: RecvBuf, source: i32, tag: i32, comm: CommId) -> Result<Status> {
        self.enter(Call::Recv)?;
        if let Some((context, from)) = self.core.comms.fast(comm, source)
            && from != self.core.me
            && tag >= ANY_TAG
            && self.core.matcher.idle(context)
        {
            match self.recv_quickly(buf, source, from, tag, context) {
                Quick::Done(status) => return Ok(status),
                Quick::Begun(id) => {
                    // The sender may wait for an answer.
                    self.settle();
                    return self.wait_in(Call::Recv, id);
                }
                Quick::No => {}
            }
        }
        self.in_wait(|engine| {
            let id = engine.irecv_as(Call::Recv, buf, source, tag, comm)?;
            engine.wait_in(Call::Recv, id)
        })
    }

    /// The usual case: nothing is queued and the message comes next. Then it goes from the ring to the
    /// buffer, without a request unless it comes in pieces.
    #[inline]
    pub(super) fn recv_quickly(
        &mut self,
        buf: RecvBuf,
        source: i32,
        from: usize,
        tag: i32,
        context: u32,
    ) -> Quick {
        let core = &mut self.core;
        let mut outcome = Quick::No;
        let mut here = 0;
        let ours = |head: Head| head.context == context && (tag == head.tag || tag == ANY_TAG);
        let status = |head: Head, len| Status {
            source,
            tag: head.tag,
            bytes: len as u64,
            cancelled: false,
            mark: head.mark,
        };
        for _ in 0..core.quick_looks {
            let found = self.transport.poll(from, |arrival| match arrival {
                Arrival::Inline(head, len, data)
                    if head.kind == wire::EAGER && ours(head) && len <= buf.len() =>
                {
                    buf.write(0, data);
                    here = data.len();
                    outcome = Quick::Done(status(head, len));
                }
                // What follows ours in the same poll is ours.
                Arrival::More(data) if here > 0 => {
                    buf.write_line(here, data);
                    here += data.len();
                }
                Arrival::Bulk(head, words, data)
                    if head.kind == wire::LONG && ours(head) && words[0] as usize <= buf.len() =>
                {
                    if data.len() == words[0] as usize && words[1] == 0 {
                        buf.write(0, data);
                        outcome = Quick::Done(status(head, data.len()));
                    } else {
                        let status = status(head, words[0] as usize);
                        outcome = Quick::Begun(core.adopt(buf, from, context, status, words[1], data));
                    }
                }
                other => core.arrival(from, other),
            });
            if found {
                return outcome;
            }
            std::hint::spin_loop();
        }
        Quick::No
    }

    /// Begins to receive.
    pub fn irecv(&mut self, buf: RecvBuf, source: i32, tag: i32, comm: CommId) -> Result<RequestId> {
        self.enter(Call::Recv)?;
        self.irecv_as(Call::Recv, buf, source, tag, comm)
    }

    /// Begins to receive a message of any length; [`Self::wait_data`] gives its bytes.
    pub fn irecv_data(&mut self, source: i32, tag: i32, comm: CommId) -> Result<RequestId> {
        self.enter(Call::Recv)?;
        let id = self.recv_init_as(Call::Recv, RecvBuf::EMPTY, source, tag, comm)?;
        self.core.requests.at(id.index()).grows = true;
        self.launch_recv(id.index());
        Ok(id)
    }

    /// Waits for what [`Self::irecv_data`] began.
    pub fn wait_data(&mut self, id: RequestId) -> Result<(Vec<u8>, Status)> {
        self.enter(Call::Recv)?;
        self.wait_until_done(Call::Recv, id)?;
        self.take_data(Call::Recv, id)
    }

    /// Completes what [`Self::irecv_data`] began if it is done; does not wait.
    pub fn test_data(&mut self, id: RequestId) -> Result<Option<(Vec<u8>, Status)>> {
        self.enter(Call::Recv)?;
        match self.status_of(id)? {
            None => Ok(None),
            Some(_) => self.take_data(Call::Recv, id).map(Some),
        }
    }

    /// What a receive that makes its own room has received, once it is done.
    pub(super) fn take_data(&mut self, call: Call, id: RequestId) -> Result<(Vec<u8>, Status)> {
        let data = self.core.requests.get(id).and_then(|request| request.owned.take());
        let status = self.wait_in(call, id)?;
        Ok((data.unwrap_or_default(), status))
    }

    /// Leaves something to a request that goes as soon as it is done: now, if it is already.
    pub fn leave(&mut self, id: RequestId, what: Box<dyn std::any::Any + Send>) {
        if let Some(request) = self.core.requests.get(id).filter(|request| request.state == State::Active) {
            request.keep = Some(what);
        }
    }

    /// Frees a request and leaves its buffer to it for as long as it is under way. A receive that is not
    /// matched is withdrawn first, and one that is gives its message back, so no message is lost with it.
    pub fn abandon(&mut self, id: RequestId, buffer: Box<dyn std::any::Any + Send>) {
        // After finalising nothing is under way any more that could use the buffer, or the process ends.
        let _ = self.cancel(id);
        if let Some(request) = self.core.requests.get(id) {
            request.keep = Some(buffer);
            self.core.give_back(id.index());
            self.detach(id.index());
            self.settle();
        } else {
            drop(buffer);
        }
    }

    #[inline]
    pub(crate) fn irecv_as(
        &mut self,
        call: Call,
        buf: RecvBuf,
        source: i32,
        tag: i32,
        comm: CommId,
    ) -> Result<RequestId> {
        let id = self.recv_init_as(call, buf, source, tag, comm)?;
        self.post_recv(id.index());
        Ok(id)
    }

    /// Makes a persistent receive; [`Self::start`] begins it.
    pub fn recv_init(&mut self, buf: RecvBuf, source: i32, tag: i32, comm: CommId) -> Result<RequestId> {
        self.enter(Call::Recv)?;
        let id = self.recv_init_as(Call::Recv, buf, source, tag, comm)?;
        let request = self.core.requests.at(id.index());
        request.persistent = true;
        request.state = State::Inactive;
        Ok(id)
    }

    #[inline(always)]
    pub(super) fn recv_init_as(
        &mut self,
        call: Call,
        buf: RecvBuf,
        source: i32,
        tag: i32,
        comm: CommId,
    ) -> Result<RequestId> {
        let Some(comm) = self.core.comms.get(comm) else { return Err(self.no_comm(call)) };
        if tag < ANY_TAG {
            let detail = format!("tag {tag} is neither a tag (0 and more) nor the wildcard for any tag");
            return Err(self.error(Class::Tag, call, detail).peer(source).context(comm.context));
        }
        let peer = match source {
            PROC_NULL | ANY_SOURCE => None,
            source => Some(self.slot_of(comm, source, call).map_err(|error| error.tag(tag))?),
        };
        let request = self.core.requests.make(call, Kind::Recv { buf }, comm);
        request.nobody = source == PROC_NULL;
        request.wildcard = source == ANY_SOURCE;
        request.peer = peer;
        request.tag = tag;
        Ok(request.id())
    }

    /// Begins the receive that a request describes.
    pub(crate) fn launch_recv(&mut self, index: u32) {
        let request = self.core.requests.at(index);
        request.state = State::Active;
        request.matched = false;
        request.received = 0;
        request.total = 0;
        if request.error.is_some() {
            request.error = None;
        }
        if request.wildcard {
            // A persistent receive forgets whom it had its last message from.
            request.peer = None;
        }
        self.post_recv(index);
    }

    /// Begins a receive that is as it was made.
    #[inline]
    fn post_recv(&mut self, index: u32) {
        let request = self.core.requests.at(index);
        if request.nobody {
            request.status = Status::PROC_NULL;
            self.core.finish(index);
            return;
        }
        let (context, peer, call) = (request.context, request.peer, request.call);
        let tag = request.wanted_tag();
        if let Some(id) = self.core.matcher.post(context, peer, tag, index) {
            self.core.receive_kept(index, id);
            self.settle();
        } else if let Some(slot) = peer
            && self.core.gone[slot].is_some()
        {
            self.core.matcher.withdraw(context, peer, tag, index);
            let error = self.core.gone_error(call, slot);
            self.core.fail(index, error);
        }
    }

    /// Starts a persistent request.
    pub fn start(&mut self, id: RequestId) -> Result<()> {
        self.enter(Call::Unknown)?;
        let me = self.core.me;
        let bad = |detail: &str| Error::new(Class::Request, Call::Unknown, me, detail);
        let request = self.core.requests.get(id).ok_or_else(|| bad("no such request to start"))?;
        if !request.persistent || request.state != State::Inactive {
            return Err(bad("only an inactive persistent request can be started"));
        }
        match request.kind {
            Kind::Recv { .. } => self.launch_recv(id.index()),
            Kind::Send { .. } if request.partitions.is_some() => {
                request.partitions.iter_mut().for_each(|parts| parts.reset());
                request.state = State::Active;
            }
            Kind::Send { .. } => self.launch_send(id.index(), false),
            Kind::Collective => self.launch_plan(id.index()),
        }
        Ok(())
    }

    /// Sends and receives at the same time: MPI 5.0 section 3.10.
    #[allow(clippy::too_many_arguments)]
    pub fn sendrecv(
        &mut self,
        sbuf: SendBuf,
        dest: i32,
        stag: i32,
        rbuf: RecvBuf,
        source: i32,
        rtag: i32,
        comm: CommId,
    ) -> Result<Status> {
        self.enter(Call::Sendrecv)?;
        self.in_wait(|engine| engine.sendrecv_in_wait(sbuf, dest, stag, rbuf, source, rtag, comm))
    }

    #[allow(clippy::too_many_arguments)]
    fn sendrecv_in_wait(
        &mut self,
        sbuf: SendBuf,
        dest: i32,
        stag: i32,
        rbuf: RecvBuf,
        source: i32,
        rtag: i32,
        comm: CommId,
    ) -> Result<Status> {
        let receive = self.irecv_as(Call::Sendrecv, rbuf, source, rtag, comm)?;
        let send = match self.isend(Mode::Standard, sbuf, dest, stag, comm) {
            Ok(send) => send,
            Err(error) => {
                self.cancel(receive)?;
                self.request_free(receive)?;
                return Err(error.in_call(Call::Sendrecv));
            }
        };
        let status = self.wait_in(Call::Sendrecv, receive);
        let sent = self.wait_in(Call::Sendrecv, send);
        sent.and(status)
    }

    /// Cancels what can be cancelled without asking the peer: a receive that is not matched. Anything
    /// else completes as if nothing had been asked, as MPI 5.0 section 3.8.4 allows.
    pub fn cancel(&mut self, id: RequestId) -> Result<()> {
        self.enter(Call::Unknown)?;
        let me = self.core.me;
        let Some(request) = self.core.requests.get(id) else {
            return Err(Error::new(Class::Request, Call::Unknown, me, "no such request to cancel"));
        };
        if request.is_collective() {
            let detail = "a collective cannot be cancelled";
            return Err(Error::new(Class::Request, request.call, me, detail));
        }
        if !request.is_recv() || request.matched || request.state != State::Active {
            return Ok(());
        }
        let (context, peer, tag) = (request.context, request.peer, request.wanted_tag());
        if self.core.matcher.withdraw(context, peer, tag, id.index()) {
            let request = self.core.requests.at(id.index());
            request.status = Status { cancelled: true, ..Status::EMPTY };
            self.core.finish(id.index());
        }
        Ok(())
    }
}

impl Core {
    /// A blocking receive becomes a request after all, as its message comes in pieces.
    fn adopt(
        &mut self,
        buf: RecvBuf,
        from: usize,
        context: u32,
        status: Status,
        answer: u64,
        data: &[u8],
    ) -> RequestId {
        let mut request = Request::new(Call::Recv, Kind::Recv { buf });
        request.context = context;
        request.comm = self.comms.of_context(context);
        request.peer = Some(from);
        request.tag = status.tag;
        request.matched = true;
        request.status = status;
        request.total = status.bytes;
        let id = self.requests.insert(request);
        if answer != 0 {
            self.answer(from, answer, false);
        }
        if (data.len() as u64) < status.bytes {
            self.incoming[from] = Incoming::Request(id.index());
        }
        self.deliver(id.index(), data);
        id
    }

    /// A receive takes over a message that has come before it.
    pub fn receive_kept(&mut self, index: u32, id: u32) {
        let message = &mut self.unexpected[id as usize];
        let (from, tag, total, here) = (message.source, message.tag, message.total, message.here);
        let (answer, broken, mark, number) = (message.answer, message.broken, message.mark, message.number);
        let kept = std::mem::replace(&mut message.kept, Kept::Small([0; crate::bounds::SMALL_UNEXPECTED], 0));
        self.begin(index, from, tag, total, mark, number);
        if broken {
            let call = self.requests.at(index).call;
            let error = self.gone_error(call, from);
            self.fail(index, error);
            self.release(id);
            return;
        }
        if answer != 0 {
            self.answer(from, answer, false);
        }
        match kept {
            Kept::Small(small, len) => self.deliver(index, &small[..usize::from(len)]),
            Kept::Heap(heap) => self.deliver(index, &heap),
            Kept::Announced(at) => self.pulls.push_back(Pull::new(index, from, total, at)),
            Kept::Own(buf, send) => {
                self.deliver(index, buf.bytes());
                self.finish(send.index());
            }
            Kept::Returned(old) => self.requests.at(old.index()).heir = Some(Heir::Receive(index)),
        }
        if here < total && self.incoming[from] == Incoming::Unexpected(id) {
            self.incoming[from] = Incoming::Request(index);
        }
        self.release(id);
    }
}
