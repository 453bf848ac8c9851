//! The state of a rank, and what an arriving message does to it.
//!
//! Nothing here touches the transport: an arrival changes requests and queues, and what it makes
//! necessary (an answer, a copy) is put down in `outbox` and `pulls` for whoever polled.

use super::attached::{Attached, Place};
use super::burst::Burst;
use super::outbox::{Out, Outbox};
use super::partitioned::Made;
use super::plan::{Plan, Work};
use super::rendezvous::{Pull, Push, Sharing};
use super::request::{Request, RequestId, State, Status};
use super::requests::Requests;
use super::stream::Stream;
use super::unmatched::Unmatched;
use super::ways::{Way, Ways};
use super::wire;
use crate::bounds;
use crate::error::{Class, Error};
use crate::group::{CommId, Comms};
use crate::matching::Matcher;
use crate::memory::SendBuf;
use crate::transport::{Arrival, Head, Transport, Words};
use ranks_shm::Segment;
use ranks_shm::backoff::Policy;
use ranks_shm::life::Life;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// The data of a message that no receive was posted for.
pub(crate) enum Kept {
    Small([u8; bounds::SMALL_UNEXPECTED], u8),
    Heap(Vec<u8>),
    /// It waits at its sender.
    Announced(Announced),
    /// It is this rank's own, and waits in the request of its send.
    Own(SendBuf, RequestId),
    /// It is still on its way to a receive that has given it back: see `returned`.
    Returned(RequestId),
}

/// Where an announced message waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Announced {
    pub address: u64,
    /// The sender's request.
    pub request: u64,
    /// The CPU that the sender ran on.
    pub cpu: u32,
}

/// A message that no receive was posted for.
pub(crate) struct Unexpected {
    pub source: usize,
    pub context: u32,
    pub tag: i32,
    pub mark: u16,
    pub total: u64,
    /// Bytes that have come (all of an eager message, sooner or later).
    pub here: u64,
    /// The sender's request to answer, 0 for none.
    pub answer: u64,
    pub kept: Kept,
    /// Its sender died before all of it came.
    pub broken: bool,
    /// A matched probe took it out of its queue.
    pub taken: bool,
    /// When it arrived, among the others.
    pub number: u64,
    /// Bytes that it holds on the heap.
    held: u64,
    used: bool,
}

/// Where the rest of the message goes that a source is sending in pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    Nowhere,
    Request(u32),
    Unexpected(u32),
}

/// Why a send fails that its receiver could not copy.
const NOT_COPIED: &str = "the send buffer is not memory that this process may read";

/// The state of a rank.
pub(crate) struct Core {
    pub me: usize,
    /// Ranks of the job.
    pub world: usize,
    /// Peers: the ranks of the job, then those of other jobs. See `peers`.
    pub ranks: usize,
    /// Of each peer after those of the job: the segment of its job, and its rank there.
    pub homes: Vec<(Arc<Segment>, usize)>,
    /// The communicator to the ranks that have started this one's job.
    pub parent: Option<CommId>,
    /// Up to this length messages go before they are matched; up to the second where the receiver allows it.
    pub eager: usize,
    pub eager_most: usize,
    pub unmatched: Unmatched,
    pub policy: Policy,
    /// Looks at the ring before a blocking receive becomes a request: one where looking keeps the
    /// sender off its CPU.
    pub quick_looks: u32,
    pub matcher: Matcher,
    pub requests: Requests,
    pub unexpected: Vec<Unexpected>,
    pub unexpected_free: Vec<u32>,
    pub incoming: Vec<Incoming>,
    pub outbox: Outbox,
    /// Messages to be copied, in the order of their matches.
    pub pulls: VecDeque<Pull>,
    pub pushes: Vec<Push>,
    pub sharing: Vec<Sharing>,
    pub streams: Vec<Stream>,
    pub ways: Ways,
    pub burst: Burst,
    /// The caller waits, so this rank goes on looking at its rings.
    pub waiting: bool,
    /// Messages to each rank that went before they were matched, though longer than usual, since one was announced.
    pub early: Vec<u32>,
    /// Long messages of ours that wait for each rank to fetch them.
    pub announced: Vec<u32>,
    pub comms: Comms,
    /// Ranks that will send no more, and how they ended.
    pub gone: Vec<Option<Life>>,
    pub gone_count: usize,
    /// Where this rank writes down whose end made its calls fail.
    pub segment: Arc<Segment>,
    /// It is finalising: a failure now is no reason for its end.
    pub finalizing: bool,
    pub epoch: u32,
    /// The attached buffers of buffered sends.
    pub attached: BTreeMap<Place, Attached>,
    /// Contexts of communicators that share a buffer, and its number.
    pub one_buffer: BTreeMap<u32, u32>,
    /// How many partitioned messages have been made.
    pub made: Made,
    /// Buffers for packed messages, kept for the next ones.
    pub staging: Vec<Vec<u8>>,
    /// Watched requests that have completed, until whoever watches them takes their ids.
    pub completed: Vec<RequestId>,
    /// Requests whose plan is under way.
    pub plans: Vec<u32>,
    /// How many of them have an operation that the engine does not apply itself.
    pub deferring: usize,
    /// Their reductions that wait to be done.
    pub work: VecDeque<Work>,
    /// Blocking collectives may leave their rest as a request, and the last one did.
    pub divisible: bool,
    pub rest: Option<RequestId>,
    /// Plans that are over: their memory is kept, so that its pages are there the next time.
    #[allow(clippy::vec_box)]
    pub spare_plans: Vec<Box<Plan>>,
}

impl Core {
    pub fn new<T: Transport>(transport: &T) -> Self {
        let (me, ranks) = (transport.me(), transport.segment().ranks());
        let policy = Policy::new(transport.fits());
        let eager = bounds::eager();
        let spins = policy.fits && policy.sleep_after > 0;
        let mut core = Self {
            me,
            world: ranks,
            ranks,
            homes: Vec::new(),
            parent: None,
            eager,
            eager_most: if bounds::eager_is_set() { eager } else { bounds::EAGER_MOST.max(eager) },
            unmatched: Unmatched::new(ranks),
            policy,
            quick_looks: if spins { bounds::QUICK_LOOKS } else { 1 },
            matcher: Matcher::new(ranks),
            requests: Requests::default(),
            unexpected: Vec::new(),
            unexpected_free: Vec::new(),
            incoming: vec![Incoming::Nowhere; ranks],
            outbox: Outbox::new(ranks),
            pulls: VecDeque::new(),
            pushes: Vec::new(),
            sharing: Vec::new(),
            streams: Vec::new(),
            ways: Ways::new(ranks),
            burst: Burst::new(),
            waiting: false,
            early: vec![0; ranks],
            announced: vec![0; ranks],
            comms: Comms::new(ranks, me),
            gone: vec![None; ranks],
            gone_count: 0,
            segment: transport.segment().clone(),
            finalizing: false,
            // One behind, so that the first progress looks at the lives of all.
            epoch: transport.epoch().wrapping_sub(1),
            attached: BTreeMap::new(),
            one_buffer: BTreeMap::new(),
            made: Made::default(),
            staging: Vec::new(),
            completed: Vec::new(),
            plans: Vec::new(),
            deferring: 0,
            work: VecDeque::new(),
            divisible: false,
            rest: None,
            spare_plans: Vec::new(),
        };
        if let Some(way) = core.ways.prescribed {
            core.prescribe(way);
        }
        core
    }

    /// Long messages take this way wherever it is possible.
    pub fn prescribe(&mut self, way: Way) {
        self.ways.prescribed = Some(way);
        let longest = if way == Way::Ring { self.eager_most } else { 0 };
        (0..self.ranks).for_each(|from| self.unmatched.permit(from, longest));
    }

    /// What an arrival from `from` does.
    #[inline]
    pub fn arrival(&mut self, from: usize, arrival: Arrival<'_>) {
        match arrival {
            Arrival::Inline(head, total, data) => self.message(from, head, total as u64, 0, data),
            Arrival::More(data) => self.more(from, data),
            Arrival::Bulk(head, words, data) => self.bulk(from, head, words, data),
        }
    }

    fn bulk(&mut self, from: usize, head: Head, words: Words, data: &[u8]) {
        match head.kind {
            wire::LONG => self.message(from, head, words[0], words[1], data),
            wire::CHUNK => self.more(from, data),
            wire::ANNOUNCE => self.announced(from, head, words),
            wire::TO_RING => self.wanted_by_ring(from, words),
            wire::SHARE => self.pushes.push(Push::from_words(from, words)),
            wire::DATA => self.data(from, words[0], data),
            wire::DONE => self.answered(from, words),
            wire::STORED => self.stored(from, words),
            // Versions are checked when attaching; an unknown kind can only be a damaged segment.
            _ => {}
        }
    }

    /// The first part of a message.
    fn message(&mut self, from: usize, head: Head, total: u64, answer: u64, data: &[u8]) {
        let here = data.len() as u64;
        // Only a damaged segment says less than it brings.
        let total = total.max(here);
        let number = self.matcher.number();
        let rest = if let Some(index) = self.matcher.arrive(head.context, from, head.tag) {
            self.begin(index, from, head.tag, total, head.mark, number);
            if answer != 0 {
                self.answer(from, answer, false);
            }
            self.deliver(index, data);
            Incoming::Request(index)
        } else {
            let kept = if total as usize <= bounds::SMALL_UNEXPECTED {
                let mut small = [0; bounds::SMALL_UNEXPECTED];
                small[..data.len()].copy_from_slice(data);
                Kept::Small(small, data.len() as u8)
            } else {
                // No more than an eager message has: a damaged length must not exhaust the memory.
                let mut heap =
                    Vec::with_capacity((total as usize).min(self.eager_most.max(bounds::EAGER_ELEMENTS)));
                heap.extend_from_slice(data);
                Kept::Heap(heap)
            };
            let id = self.keep(from, head, total, here, answer, kept, number);
            Incoming::Unexpected(id)
        };
        self.incoming[from] = if here < total { rest } else { Incoming::Nowhere };
    }

    /// A further part of the message that `from` is sending.
    fn more(&mut self, from: usize, data: &[u8]) {
        match self.incoming[from] {
            Incoming::Nowhere => {}
            Incoming::Request(index) => {
                let request = self.requests.at(index);
                let complete = request.received + data.len() as u64 >= request.total;
                self.deliver(index, data);
                if complete {
                    self.incoming[from] = Incoming::Nowhere;
                }
            }
            Incoming::Unexpected(id) => {
                let message = &mut self.unexpected[id as usize];
                let data = &data[..data.len().min((message.total - message.here) as usize)];
                message.here += data.len() as u64;
                match &mut message.kept {
                    Kept::Heap(heap) => heap.extend_from_slice(data),
                    Kept::Small(small, len) => {
                        let at = usize::from(*len);
                        small[at..at + data.len()].copy_from_slice(data);
                        *len += data.len() as u8;
                    }
                    Kept::Announced(..) | Kept::Own(..) | Kept::Returned(..) => {}
                }
                if message.here >= message.total {
                    self.incoming[from] = Incoming::Nowhere;
                }
            }
        }
    }

    /// A message that waits at its sender.
    fn announced(&mut self, from: usize, head: Head, words: Words) {
        let [total, address, request, cpu, ..] = words;
        let at = Announced { address, request, cpu: cpu as u32 };
        let number = self.matcher.number();
        if let Some(index) = self.matcher.arrive(head.context, from, head.tag) {
            self.begin(index, from, head.tag, total, head.mark, number);
            self.pulls.push_back(Pull::new(index, from, total, at));
        } else {
            self.keep(from, head, total, 0, 0, Kept::Announced(at), number);
        }
    }

    /// A piece for a request of ours that asked for it.
    fn data(&mut self, from: usize, word: u64, data: &[u8]) {
        let Some(id) = RequestId::from_word(word) else { return };
        let from_peer = |r: &&mut Request| r.is_recv() && r.state == State::Active && r.peer == Some(from);
        if self.requests.get(id).filter(from_peer).is_none() {
            return;
        }
        self.deliver(id.index(), data);
    }

    /// The receiver has begun (a synchronous send), or finished (a long message).
    fn answered(&mut self, from: usize, words: Words) {
        let Some(id) = RequestId::from_word(words[0]) else { return };
        let Some(request) = self.requests.get(id) else { return };
        if request.is_recv() || request.peer != Some(from) || request.state != State::Active {
            return;
        }
        if words[1] == wire::UNWANTED {
            // Whoever waits for such a send learns soon that the rank has finished.
            if request.detached {
                self.finish(id.index());
            }
            return;
        }
        request.answered = true;
        if request.streaming && !self.outbox.withdraw_claimed(from, id.index()) {
            // It ends with the piece that is being put into the ring.
            if words[1] != 0 {
                request.error = Some(Error::new(Class::Other, request.call, self.me, NOT_COPIED));
            }
            return;
        }
        request.streaming = false;
        if words[1] != 0 {
            let call = request.call;
            let error = Error::new(Class::Other, call, self.me, NOT_COPIED);
            self.fail(id.index(), error);
        } else {
            // An answer to a long message says that all of it was copied; one to a synchronous eager
            // send can come before its last piece has left.
            if request.announced || request.pushed {
                self.finish(id.index());
            }
        }
    }

    /// Puts down an answer to the sender's request.
    pub fn answer(&mut self, to: usize, request: u64, failed: bool) {
        let words = [request, failed.into(), 0, 0, 0];
        self.outbox
            .push(to, Out::Control { head: Head { kind: wire::DONE, context: 0, tag: 0, mark: 0 }, words });
    }

    /// Lets go of messages that wait at their senders: this rank receives no more. They still count as not received.
    pub fn refuse_announced(&mut self) {
        for id in 0..self.unexpected.len() {
            let message = &mut self.unexpected[id];
            if let Kept::Announced(Announced { request, .. }) = message.kept
                && message.used
            {
                message.kept = Kept::Small([0; bounds::SMALL_UNEXPECTED], 0);
                let (to, words) = (message.source, [request, wire::UNWANTED, 0, 0, 0]);
                let head = Head { kind: wire::DONE, context: 0, tag: 0, mark: 0 };
                self.outbox.push(to, Out::Control { head, words });
            }
        }
    }

    /// Keeps a message that no receive was posted for; returns its id.
    #[allow(clippy::too_many_arguments)]
    pub fn keep(
        &mut self,
        from: usize,
        head: Head,
        total: u64,
        here: u64,
        answer: u64,
        kept: Kept,
        number: u64,
    ) -> u32 {
        let id = self.record(from, head, total, here, answer, kept, number);
        self.matcher.keep(head.context, from, head.tag, id, number);
        id
    }

    /// The record of a message that no receive has, not yet in its queue.
    #[allow(clippy::too_many_arguments)]
    pub fn record(
        &mut self,
        from: usize,
        head: Head,
        total: u64,
        here: u64,
        answer: u64,
        kept: Kept,
        number: u64,
    ) -> u32 {
        let (context, tag) = (head.context, head.tag);
        let held = if matches!(kept, Kept::Heap(_)) { total } else { 0 };
        self.unmatched.add(from, held);
        let message = Unexpected {
            source: from,
            context,
            tag,
            mark: head.mark,
            total,
            here,
            answer,
            kept,
            broken: false,
            taken: false,
            number,
            held,
            used: true,
        };
        match self.unexpected_free.pop() {
            Some(id) => {
                self.unexpected[id as usize] = message;
                id
            }
            None => {
                self.unexpected.push(message);
                self.unexpected.len() as u32 - 1
            }
        }
    }

    /// Frees the record of a message that was received.
    pub fn release(&mut self, id: u32) {
        let message = &mut self.unexpected[id as usize];
        message.used = false;
        let held = std::mem::take(&mut message.held);
        self.unmatched.take(message.source, held);
        let message = &mut self.unexpected[id as usize];
        message.kept = Kept::Small([0; bounds::SMALL_UNEXPECTED], 0);
        self.unexpected_free.push(id);
        // After a flood the memory goes back.
        if self.unexpected_free.len() == self.unexpected.len() && self.unexpected.len() > 4096 {
            self.unexpected = Vec::new();
            self.unexpected_free = Vec::new();
        }
    }

    /// The record of a kept message, if it is one.
    pub fn kept(&self, id: u32) -> Option<&Unexpected> {
        self.unexpected.get(id as usize).filter(|message| message.used)
    }

    /// The messages that no receive was posted for, or that a matched probe has found and nobody received.
    pub fn kept_messages(&self) -> impl Iterator<Item = &Unexpected> {
        self.unexpected.iter().filter(|message| message.used)
    }

    /// Those messages, for changing them.
    pub fn kept_messages_mut(&mut self) -> impl Iterator<Item = &mut Unexpected> {
        self.unexpected.iter_mut().filter(|message| message.used)
    }

    /// Messages of `source` that are kept and not all here.
    pub fn break_messages_of(&mut self, source: usize) {
        for message in self.unexpected.iter_mut().filter(|m| m.used && m.source == source) {
            let waits = matches!(message.kept, Kept::Announced(..));
            message.broken = waits || message.here < message.total;
        }
    }

    /// A receive was matched to a message of `total` bytes.
    #[inline]
    pub fn begin(&mut self, index: u32, from: usize, tag: i32, total: u64, mark: u16, number: u64) {
        let request = self.requests.at(index);
        request.number = number;
        let no_room = request.grows && !request.make_room(total as usize);
        request.matched = true;
        request.total = total;
        request.received = 0;
        request.peer = Some(from);
        let source = request.comm.as_ref().map_or(0, |comm| comm.rank_of(from));
        let room = request.room() as u64;
        request.status = Status { source, tag, bytes: total.min(room), cancelled: false, mark };
        if total > room {
            self.begin_too_long(index, no_room);
        }
    }

    /// A receive was matched to a message that it has no room for.
    #[cold]
    fn begin_too_long(&mut self, index: u32, no_room: bool) {
        let me = self.me;
        let request = self.requests.at(index);
        let (total, room, status) = (request.total, request.room(), request.status);
        let (class, detail) = if no_room {
            (Class::NoMem, format!("there is no memory for a message of {total} bytes"))
        } else {
            let what = "is longer than the receive buffer of";
            (Class::Truncate, format!("message of {total} bytes {what} {room} bytes"))
        };
        let error = Error::new(class, request.call, me, detail).peer(status.source).tag(status.tag);
        request.error = Some(error.context(request.context));
    }

    /// Data of a matched message; completes the request with the last of it.
    #[inline]
    pub fn deliver(&mut self, index: u32, data: &[u8]) {
        let request = self.requests.at(index);
        if request.state != State::Active {
            return;
        }
        match &request.elements {
            None => request.recv_buf().write_line(request.received as usize, data),
            Some(elements) => {
                elements.unpack(request.received as usize, data);
            }
        }
        request.received += data.len() as u64;
        if request.received >= request.total {
            self.finish(index);
        }
    }

    /// An operation is complete.
    #[inline]
    pub fn finish(&mut self, index: u32) {
        let request = self.requests.at(index);
        request.state = State::Done;
        if request.detached
            || request.watched
            || request.heir.is_some()
            || request.streaming
            || request.announced
            || request.keep.is_some()
            || request.owned.is_some()
            || request.charged.is_some()
        {
            self.finish_more(index);
        }
    }

    /// Gives back what a complete request has used.
    #[inline(never)]
    fn finish_more(&mut self, index: u32) {
        let request = self.requests.at(index);
        let id = request.id();
        if std::mem::take(&mut request.watched) {
            self.completed.push(id);
        }
        if request.heir.is_some() {
            self.hand_on(index);
        }
        let request = self.requests.at(index);
        if std::mem::take(&mut request.streaming) && request.is_recv() {
            self.end_stream(id);
        }
        let request = self.requests.at(index);
        if let Some(to) = request.peer.filter(|_| request.announced) {
            self.announced[to] -= 1;
        }
        request.announced = false;
        request.stored = false;
        if let Some((which, bytes)) = request.charged.take() {
            self.discharge(which, bytes);
        }
        let request = self.requests.at(index);
        request.keep = None;
        let detached = request.detached;
        if !request.grows
            && let Some(owned) = request.owned.take()
        {
            self.keep_staging(owned);
        }
        if detached {
            self.requests.remove(index);
        }
    }

    /// An operation has failed.
    pub fn fail(&mut self, index: u32, error: Error) {
        let request = self.requests.at(index);
        let (peer, tag, context) = (request.peer_rank(), request.tag, request.context);
        request.error = Some(error.peer(peer).tag(tag).context(context));
        self.finish(index);
    }
}

#[cfg(test)]
#[path = "core_tests.rs"]
mod tests;
