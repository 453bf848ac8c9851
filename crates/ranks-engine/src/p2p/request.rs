//! Requests: what is under way, and what came of it.

use super::attached::Place;
use super::partitioned::Partitions;
use super::plan::Plan;
use super::returned::Heir;
use crate::datatype::Elements;
use crate::error::{Class, Error, Received};
use crate::group::Comm;
use crate::memory::{RecvBuf, SendBuf};
use crate::{ANY_SOURCE, ANY_TAG, PROC_NULL};
use ranks_shm::blocked::Call;
use std::any::Any;
use std::sync::Arc;

/// Names a request until it is freed. A stale one is recognised by its generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId {
    pub(super) index: u32,
    pub(super) generation: u32,
}

impl RequestId {
    /// A send that was complete when it was made. It stands for any number of them, and stays.
    pub const SENT: RequestId = RequestId { index: 0, generation: 0 };

    /// A small number, dense and reused.
    pub fn index(self) -> u32 {
        self.index
    }

    /// As it travels in messages; never 0.
    pub(crate) fn word(self) -> u64 {
        u64::from(self.index + 1) << 32 | u64::from(self.generation)
    }

    pub(crate) fn from_word(word: u64) -> Option<Self> {
        let index = ((word >> 32) as u32).checked_sub(1)?;
        Some(Self { index, generation: word as u32 })
    }
}

/// How a message is sent: MPI 5.0 section 3.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Complete when the buffer may be used again.
    Standard,
    /// Complete when the receiver has begun to receive.
    Synchronous,
    /// Complete at once; the message is copied if need be.
    Buffered,
    /// As standard; the receive must have been posted, which nobody checks.
    Ready,
}

impl Mode {
    /// The call that sends so.
    pub fn call(self) -> Call {
        match self {
            Mode::Standard => Call::Send,
            Mode::Synchronous => Call::Ssend,
            Mode::Buffered => Call::Bsend,
            Mode::Ready => Call::Rsend,
        }
    }
}

/// What came of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The sender's rank in the communicator.
    pub source: i32,
    /// The message's tag.
    pub tag: i32,
    /// Bytes received.
    pub bytes: u64,
    /// True when the operation was cancelled.
    pub cancelled: bool,
    /// The type of the data, as the sender marked it; 0 where it did not.
    pub mark: u16,
}

impl Status {
    /// Of a send, and of an inactive or null request.
    pub const EMPTY: Status =
        Status { source: ANY_SOURCE, tag: ANY_TAG, bytes: 0, cancelled: false, mark: 0 };
    /// Of a receive from no rank.
    pub const PROC_NULL: Status =
        Status { source: PROC_NULL, tag: ANY_TAG, bytes: 0, cancelled: false, mark: 0 };
}

/// What a request does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Send {
        buf: SendBuf,
        mode: Mode,
    },
    Recv {
        buf: RecvBuf,
    },
    /// What the request's plan says.
    Collective,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Free,
    /// Persistent, not started.
    Inactive,
    Active,
    Done,
}

/// One operation.
pub(crate) struct Request {
    pub index: u32,
    pub generation: u32,
    pub state: State,
    pub persistent: bool,
    /// Nobody will ask again: free it when it is done.
    pub detached: bool,
    /// A task waits for it: its end is put down in `Core::completed`.
    pub watched: bool,
    pub call: Call,
    pub kind: Kind,
    pub comm: Option<Arc<Comm>>,
    /// The context the messages carry.
    pub context: u32,
    /// The peer's slot in the job; `None` is any (or nobody, see `nobody`).
    pub peer: Option<usize>,
    /// A receive from any source.
    pub wildcard: bool,
    /// The peer is PROC_NULL.
    pub nobody: bool,
    /// The tag; ANY_TAG for a receive with any.
    pub tag: i32,
    /// The message of a buffered send, or what a receive that makes its own room has received.
    pub owned: Option<Vec<u8>>,
    /// A receive that makes room for whatever matches.
    pub grows: bool,
    /// Elements that do not lie in a row: packed into `owned` when they are sent, unpacked as they come.
    pub elements: Option<Box<Elements>>,
    /// A buffer that whoever began the operation has left to it.
    pub keep: Option<Box<dyn Any + Send>>,
    /// Of a collective: what it does.
    pub plan: Option<Box<Plan>>,
    /// Which attached buffer it is in, and its bytes there.
    pub charged: Option<(Place, usize)>,
    /// The parts of a partitioned message.
    pub partitions: Option<Box<Partitions>>,
    /// Send: its peer is to fetch it, and has not yet.
    pub announced: bool,
    /// Send: an announced message that lies in the job's file.
    pub stored: bool,
    /// Receive: the sender's request that was asked to send through the ring.
    pub asked: u64,
    /// The message goes through the ring by claims: see `stream`.
    pub streaming: bool,
    /// Send: all bytes have left the buffer.
    pub pushed: bool,
    /// Send: the receiver has answered, or need not.
    pub answered: bool,
    /// Receive: who gets the message instead, once it is here.
    pub heir: Option<Heir>,
    /// Receive: when its message arrived, among the others.
    pub number: u64,
    /// Receive: matched to a message.
    pub matched: bool,
    /// Receive: bytes of the message, and how many have come.
    pub total: u64,
    pub received: u64,
    pub status: Status,
    pub error: Option<Error>,
}

impl Request {
    /// The tag that a receive asks for; `None` for any.
    pub fn wanted_tag(&self) -> Option<i32> {
        (self.tag != ANY_TAG).then_some(self.tag)
    }

    pub fn new(call: Call, kind: Kind) -> Self {
        Self {
            index: 0,
            generation: 0,
            state: State::Active,
            persistent: false,
            detached: false,
            watched: false,
            call,
            kind,
            comm: None,
            context: 0,
            peer: None,
            wildcard: false,
            nobody: false,
            tag: 0,
            owned: None,
            grows: false,
            elements: None,
            keep: None,
            plan: None,
            charged: None,
            partitions: None,
            announced: false,
            stored: false,
            asked: 0,
            streaming: false,
            pushed: false,
            answered: true,
            heir: None,
            number: 0,
            matched: false,
            total: 0,
            received: 0,
            status: Status::EMPTY,
            error: None,
        }
    }

    #[inline(always)]
    pub fn id(&self) -> RequestId {
        RequestId { index: self.index, generation: self.generation }
    }

    /// Holds what has to be dropped, beside its communicator.
    #[inline(always)]
    pub fn has_more(&self) -> bool {
        self.owned.is_some()
            | self.elements.is_some()
            | self.keep.is_some()
            | self.plan.is_some()
            | self.charged.is_some()
            | self.partitions.is_some()
            | self.error.is_some()
    }

    /// Drops it.
    #[cold]
    pub fn clear(&mut self) {
        self.owned = None;
        self.elements = None;
        self.keep = None;
        self.plan = None;
        self.charged = None;
        self.partitions = None;
        self.error = None;
    }

    /// The rank of the peer in the request's communicator, for messages to people.
    pub fn peer_rank(&self) -> i32 {
        match (self.peer, &self.comm) {
            (Some(slot), Some(comm)) => comm.rank_of(slot),
            _ => ANY_SOURCE,
        }
    }

    pub fn recv_buf(&self) -> RecvBuf {
        match self.kind {
            Kind::Recv { buf } => buf,
            Kind::Send { .. } | Kind::Collective => RecvBuf::EMPTY,
        }
    }

    /// Bytes that a receive has room for.
    pub fn room(&self) -> usize {
        self.elements.as_ref().map_or_else(|| self.recv_buf().len(), |elements| elements.len())
    }

    pub fn send_buf(&self) -> SendBuf {
        match self.kind {
            Kind::Send { buf, .. } => buf,
            Kind::Recv { .. } | Kind::Collective => SendBuf::EMPTY,
        }
    }

    /// Makes room for a message of any length, kept until the outcome is taken; false when there is none.
    #[allow(unsafe_code)]
    pub fn make_room(&mut self, len: usize) -> bool {
        let mut room = Vec::new();
        let made = room.try_reserve_exact(len).is_ok();
        room.resize(if made { len } else { 0 }, 0);
        // SAFETY: `owned` keeps the vector, whose heap memory does not move, until the outcome is taken,
        // and nobody else uses it before.
        self.kind = Kind::Recv { buf: unsafe { RecvBuf::of(&mut room) } };
        self.owned = Some(room);
        made
    }

    /// What a receive has received: all of its message, once it is done without an error.
    pub fn received_bytes(&self) -> Vec<u8> {
        let bytes = self.recv_buf().as_send();
        bytes.bytes()[..bytes.len().min(self.status.bytes as usize)].to_vec()
    }

    /// The status, with the tag as the program knows it.
    pub fn outcome(&self) -> Status {
        match &self.partitions {
            Some(parts) if self.is_recv() && !self.nobody => Status { tag: parts.tag, ..self.status },
            _ => self.status,
        }
    }

    /// An error of a receive, with what is known of the message.
    #[cold]
    pub fn tell_received(&self, error: Error) -> Error {
        if !self.is_recv() {
            return error;
        }
        let known = self.outcome();
        let received = match error.class() {
            _ if !self.matched => Received { source: self.peer_rank(), tag: self.tag, bytes: 0 },
            Class::Truncate => Received { source: known.source, tag: known.tag, bytes: known.bytes },
            _ => Received { source: known.source, tag: known.tag, bytes: known.bytes.min(self.received) },
        };
        error.with_received(received)
    }

    pub fn is_collective(&self) -> bool {
        matches!(self.kind, Kind::Collective)
    }

    pub fn is_recv(&self) -> bool {
        matches!(self.kind, Kind::Recv { .. })
    }
}
