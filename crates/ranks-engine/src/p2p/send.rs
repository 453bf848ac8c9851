//! Sending: MPI 5.0 sections 3.2, 3.4, 3.7, 3.9.

use super::core::{Core, Kept};
use super::outbox::{Out, piece_of};
use super::request::{Kind, Mode, Request, RequestId, State, Status};
use super::{Engine, wire};
use crate::bounds::WAY_TRIED;
use crate::error::{Class, Result};
use crate::group::CommId;
use crate::memory::SendBuf;
use crate::transport::{HEAD_WORDS, Head, Transport};
use crate::{PROC_NULL, TAG_UB};
use ranks_shm::blocked::Call;

/// MPI_BSEND_OVERHEAD of the MPICH ABI: what a buffered message uses beside its data.
pub(super) const BSEND_OVERHEAD: usize = 96;

impl<T: Transport> Engine<T> {
    /// Sends, and waits until the buffer may be used again.
    #[inline]
    pub fn send(&mut self, mode: Mode, buf: SendBuf, dest: i32, tag: i32, comm: CommId) -> Result<()> {
        self.enter(mode.call())?;
        if self.send_quickly(mode, buf, dest, tag, comm) {
            return Ok(());
        }
        let id = self.isend_as(mode.call(), mode, buf, dest, tag, comm, true)?;
        if mode == Mode::Buffered {
            self.request_free(id)?;
            return Ok(());
        }
        self.wait_in(mode.call(), id).map(|_| ())
    }

    /// The usual case: an eager message, a ring with room. Takes no request.
    #[inline(always)]
    pub(super) fn send_quickly(
        &mut self,
        mode: Mode,
        buf: SendBuf,
        dest: i32,
        tag: i32,
        comm: CommId,
    ) -> bool {
        match self.may_go(mode, buf.len() <= self.core.eager_most, dest, tag, comm) {
            None => false,
            Some((slot, head)) => self.send_whole(slot, Head { mark: buf.mark(), ..head }, buf.bytes()),
        }
    }

    /// Where an eager message goes that nothing keeps from going now, and its head.
    #[inline(always)]
    pub(super) fn may_go(
        &self,
        mode: Mode,
        eager: bool,
        dest: i32,
        tag: i32,
        comm: CommId,
    ) -> Option<(usize, Head)> {
        let (context, slot) = self.core.comms.fast(comm, dest)?;
        let goes =
            matches!(mode, Mode::Standard | Mode::Ready) && eager && tag >= 0 && self.core.is_clear(slot);
        goes.then_some((slot, Head { kind: wire::EAGER, context, tag, mark: 0 }))
    }

    /// Puts an eager message into the ring if all of it fits now. A part alone would leave the rest to the sender's
    /// next call, which may be long after the send is complete.
    #[inline(always)]
    fn send_whole(&mut self, to: usize, head: Head, data: &[u8]) -> bool {
        match data.len() <= self.transport.inline_limit() {
            true => self.transport.try_inline(to, head, data),
            false => self.send_pieces(to, head, data),
        }
    }

    /// Puts a longer eager message into the bulk ring, piece by piece, if all pieces fit now.
    fn send_pieces(&mut self, to: usize, head: Head, data: &[u8]) -> bool {
        let piece = piece_of(data.len());
        if data.len() > self.core.eager && !self.may_go_early(to, data.len()) {
            return false;
        }
        if !self.transport.fits_whole(to, data.len(), piece) {
            return false;
        }
        let mut next = Head { kind: wire::LONG, ..head };
        let mut words = [data.len() as u64, 0, 0, 0, 0];
        let mut at = 0;
        while at < data.len() {
            let taken = self.transport.try_bulk(to, next, words, &data[at..], piece);
            at += taken.expect("there was room for all of it, and nobody else writes");
            (next.kind, words) = (wire::CHUNK, [0; HEAD_WORDS]);
        }
        true
    }

    /// Whether a message longer than usual may go before it is matched. The receiver has found that such messages best
    /// take the ring; one in a while is announced, so that it can measure whether that is still so.
    fn may_go_early(&mut self, to: usize, len: usize) -> bool {
        if self.core.early[to] >= WAY_TRIED || !self.transport.allows(to, len, self.core.eager) {
            return false;
        }
        self.core.early[to] += 1;
        true
    }

    /// Begins to send. What goes into the ring whole takes no request: it is [`RequestId::SENT`].
    #[inline]
    pub fn isend(
        &mut self,
        mode: Mode,
        buf: SendBuf,
        dest: i32,
        tag: i32,
        comm: CommId,
    ) -> Result<RequestId> {
        self.enter(mode.call())?;
        if let Some((slot, head)) = self.may_go(mode, buf.len() <= self.core.eager_most, dest, tag, comm)
            && self.send_whole(slot, Head { mark: buf.mark(), ..head }, buf.bytes())
        {
            return Ok(RequestId::SENT);
        }
        self.isend_as(mode.call(), mode, buf, dest, tag, comm, false)
    }

    #[allow(clippy::too_many_arguments)]
    fn isend_as(
        &mut self,
        call: Call,
        mode: Mode,
        buf: SendBuf,
        dest: i32,
        tag: i32,
        comm: CommId,
        blocking: bool,
    ) -> Result<RequestId> {
        let id = self.send_init_as(call, mode, buf, dest, tag, comm, false)?;
        self.begin_send(id, blocking)
    }

    /// Begins a send whose request has just been made.
    pub(super) fn begin_send(&mut self, id: RequestId, blocking: bool) -> Result<RequestId> {
        self.launch_send(id.index(), blocking);
        match self.core.requests.at(id.index()).error.take() {
            // A call that fails at once reports it at once.
            Some(error) if self.core.requests.at(id.index()).state == State::Done => {
                self.core.requests.remove(id.index());
                Err(error)
            }
            error => {
                self.core.requests.at(id.index()).error = error;
                Ok(id)
            }
        }
    }

    /// Makes a persistent send; [`Self::start`] begins it.
    pub fn send_init(
        &mut self,
        mode: Mode,
        buf: SendBuf,
        dest: i32,
        tag: i32,
        comm: CommId,
    ) -> Result<RequestId> {
        self.enter(mode.call())?;
        let id = self.send_init_as(mode.call(), mode, buf, dest, tag, comm, true)?;
        self.core.requests.at(id.index()).state = State::Inactive;
        Ok(id)
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn send_init_as(
        &mut self,
        call: Call,
        mode: Mode,
        buf: SendBuf,
        dest: i32,
        tag: i32,
        comm: CommId,
        persistent: bool,
    ) -> Result<RequestId> {
        let Some(comm) = self.core.comms.get(comm) else { return Err(self.no_comm(call)) };
        if !(0..=TAG_UB).contains(&tag) {
            let detail = format!("tag {tag} is not between 0 and {TAG_UB}");
            return Err(self.error(Class::Tag, call, detail).peer(dest).context(comm.context));
        }
        let peer = match dest {
            PROC_NULL => None,
            _ => Some(self.slot_of(comm, dest, call).map_err(|error| error.tag(tag))?),
        };
        let request = self.core.requests.make(call, Kind::Send { buf, mode }, comm);
        request.nobody = peer.is_none();
        request.peer = peer;
        request.tag = tag;
        request.persistent = persistent;
        Ok(request.id())
    }

    /// Begins the send that a request describes. `blocking`: the caller waits for it next. Where nobody will ask for
    /// the request (it is detached already), what does not fit into the ring now is announced: its receiver can
    /// fetch it though the sender makes no further call.
    pub(crate) fn launch_send(&mut self, index: u32, blocking: bool) {
        let (me, eager, most) = (self.core.me, self.core.eager, self.core.eager_most);
        let request = self.core.requests.at(index);
        request.state = State::Active;
        request.status = Status::EMPTY;
        request.error = None;
        request.pushed = false;
        request.answered = true;
        let alone = request.detached;
        let Some(to) = request.peer else {
            self.core.finish(index);
            return;
        };
        if request.elements.is_some() {
            self.core.pack(index);
        }
        let request = self.core.requests.at(index);
        let Kind::Send { buf, mode } = request.kind else { return };
        let (context, tag, call) = (request.context, request.tag, request.call);
        if self.core.gone[to].is_some() {
            let error = self.core.gone_error(call, to);
            self.core.fail(index, error);
            return;
        }
        if mode == Mode::Buffered {
            match self.charge(index, buf) {
                Ok(()) => self.launch_copy(index),
                Err(error) => self.core.fail(index, error),
            }
            return;
        }
        if to == me {
            // A blocking send to oneself could never be received: it is kept whatever its length.
            self.core.send_to_self(index, if blocking || alone { usize::MAX } else { eager });
            return;
        }
        let len = buf.len();
        let word = self.core.requests.id_of(index).word();
        let head = Head { kind: wire::EAGER, context, tag, mark: buf.mark() };
        let whole = len <= most && mode != Mode::Synchronous && self.core.outbox.is_empty(to);
        if whole && self.send_whole(to, head, buf.bytes()) {
            self.core.requests.at(index).pushed = true;
            self.core.finish(index);
            return;
        }
        if len > eager || alone {
            let address = if alone { self.fetchable(index, to) } else { buf.address() };
            let announcement = self.core.announce(index, head, address);
            self.core.outbox.push(to, announcement);
            self.core.outbox.owes |= alone;
        } else if len <= self.transport.inline_limit() && mode != Mode::Synchronous {
            self.core.outbox.push(to, Out::Inline { request: index, head });
        } else {
            let answer = if mode == Mode::Synchronous { word } else { 0 };
            self.core.requests.at(index).answered = answer == 0;
            let head = Head { kind: wire::LONG, ..head };
            let words = [len as u64, answer, 0, 0, 0];
            self.core.outbox.push(to, Out::Long { request: index, head, words, at: None });
        }
        self.flush();
    }

    /// A buffered send completes at once: a copy of the message goes on by itself.
    fn launch_copy(&mut self, index: u32) {
        let mut copy = self.core.take_staging();
        let request = self.core.requests.at(index);
        let mark = request.send_buf().mark();
        match request.owned.take() {
            Some(packed) => copy = packed,
            None => copy.extend_from_slice(request.send_buf().bytes()),
        }
        let kind = Kind::Send { buf: lasting(&copy).marked(mark), mode: Mode::Standard };
        let mut message = Request::new(request.call, kind);
        message.peer = request.peer;
        message.context = request.context;
        message.tag = request.tag;
        message.comm = request.comm.clone();
        message.charged = std::mem::take(&mut request.charged);
        message.owned = Some(copy);
        message.detached = true;
        let message = self.core.requests.insert(message).index();
        self.launch_send(message, false);
        self.core.finish(index);
    }
}

impl Core {
    /// True when a message may go into the ring to another rank at once: none waits before it, and the
    /// rank is there.
    #[inline(always)]
    pub fn is_clear(&self, slot: usize) -> bool {
        self.outbox.is_empty(slot) && slot != self.me && self.gone[slot].is_none()
    }

    /// The announcement of a send's message, which waits at this rank until its receiver fetches it.
    pub fn announce(&mut self, index: u32, head: Head, address: u64) -> Out {
        let request = self.requests.at(index);
        let (word, buf) = (request.id().word(), request.send_buf());
        request.answered = false;
        request.announced = true;
        if let Some(to) = request.peer {
            self.announced[to] += 1;
            self.early[to] = 0;
        }
        let words = [buf.len() as u64, address, word, ranks_shm::cpus::current().into(), 0];
        Out::Announce { request: index, head: Head { kind: wire::ANNOUNCE, ..head }, words }
    }

    /// Nobody will ask what became of a request: it goes when it is done.
    pub fn forget(&mut self, index: u32) {
        let request = self.requests.at(index);
        if request.state == State::Active {
            request.detached = true;
        } else {
            self.requests.remove(index);
        }
    }

    /// A message from this rank to itself.
    fn send_to_self(&mut self, index: u32, eager: usize) {
        let me = self.me;
        let id = self.requests.id_of(index);
        let request = self.requests.at(index);
        let Kind::Send { buf, mode } = request.kind else { return };
        let head = Head { kind: wire::EAGER, context: request.context, tag: request.tag, mark: buf.mark() };
        let total = buf.len() as u64;
        let number = self.matcher.number();
        if let Some(receive) = self.matcher.arrive(head.context, me, head.tag) {
            self.begin(receive, me, head.tag, total, head.mark, number);
            self.deliver(receive, buf.bytes());
            self.finish(index);
            return;
        }
        // What is nonblocking and long waits where it is, as it would for another rank.
        let waits = mode == Mode::Synchronous || buf.len() > eager && mode != Mode::Buffered;
        let kept = if waits { Kept::Own(buf, id) } else { Kept::Heap(buf.bytes().to_vec()) };
        self.keep(me, head, total, total, 0, kept, number);
        if !waits {
            self.finish(index);
        }
    }
}

/// A buffer for bytes that the request keeps until it is complete.
#[allow(unsafe_code)]
pub(super) fn lasting(bytes: &[u8]) -> SendBuf {
    // SAFETY: `owned` of the request keeps the vector, whose heap memory does not move, until `finish`.
    unsafe { SendBuf::of(bytes) }
}
