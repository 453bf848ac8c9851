//! The one error type: MPI class, call, context.

use ranks_shm::blocked::Call;
use ranks_shm::method::in_rust;
use std::fmt;

/// A result of the engine.
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! classes {
    ($($name:ident = $code:literal, $mpi:literal, $text:literal;)*) => {
        /// The error classes of MPI 5.0, section 9.4. The numbers are those of the MPICH ABI.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(i32)]
        #[allow(missing_docs)]
        pub enum Class { $($name = $code,)* }

        impl Class {
            /// Every class.
            pub const ALL: &[Class] = &[$(Class::$name,)*];

            /// The standard's name.
            pub fn name(self) -> &'static str {
                match self { $(Class::$name => $mpi,)* }
            }

            /// What it means, in a few words.
            pub fn text(self) -> &'static str {
                match self { $(Class::$name => $text,)* }
            }
        }
    };
}

classes! {
    Buffer = 1, "MPI_ERR_BUFFER", "invalid buffer";
    Count = 2, "MPI_ERR_COUNT", "invalid count";
    Type = 3, "MPI_ERR_TYPE", "invalid datatype";
    Tag = 4, "MPI_ERR_TAG", "invalid tag";
    Comm = 5, "MPI_ERR_COMM", "invalid communicator";
    Rank = 6, "MPI_ERR_RANK", "invalid rank";
    Root = 7, "MPI_ERR_ROOT", "invalid root";
    Group = 8, "MPI_ERR_GROUP", "invalid group";
    Op = 9, "MPI_ERR_OP", "invalid reduction operation";
    Topology = 10, "MPI_ERR_TOPOLOGY", "invalid topology";
    Dims = 11, "MPI_ERR_DIMS", "invalid dimensions";
    Arg = 12, "MPI_ERR_ARG", "invalid argument";
    Unknown = 13, "MPI_ERR_UNKNOWN", "unknown error";
    Truncate = 14, "MPI_ERR_TRUNCATE", "message longer than the receive buffer";
    Other = 15, "MPI_ERR_OTHER", "other error";
    Intern = 16, "MPI_ERR_INTERN", "internal error";
    InStatus = 17, "MPI_ERR_IN_STATUS", "error code in status";
    Pending = 18, "MPI_ERR_PENDING", "pending request";
    Request = 19, "MPI_ERR_REQUEST", "invalid request";
    Name = 33, "MPI_ERR_NAME", "no such name";
    Port = 38, "MPI_ERR_PORT", "invalid port";
    Service = 41, "MPI_ERR_SERVICE", "no such published name";
    Spawn = 42, "MPI_ERR_SPAWN", "processes could not be started";
    UnsupportedOperation = 44, "MPI_ERR_UNSUPPORTED_OPERATION", "unsupported operation";
    NoMem = 34, "MPI_ERR_NO_MEM", "out of memory";
    ProcFailed = 101, "MPIX_ERR_PROC_FAILED", "a rank has ended";
    ProcFailedPending = 102, "MPIX_ERR_PROC_FAILED_PENDING", "a rank that could match has ended";
    Revoked = 103, "MPIX_ERR_REVOKED", "the communicator is revoked";
}

impl Class {
    /// The number of the class in the MPICH ABI.
    pub fn code(self) -> i32 {
        self as i32
    }
}

/// What went wrong, in which call, at which rank, with whom.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    class: Class,
    call: Call,
    rank: i32,
    peer: Option<i32>,
    tag: Option<i32>,
    context: Option<u32>,
    detail: String,
    interrupted: bool,
    received: Option<Received>,
}

/// What is known of a message whose receive failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// The sender's rank in the communicator, or a wildcard where it is not known.
    pub source: i32,
    /// The tag, or a wildcard where it is not known.
    pub tag: i32,
    /// Bytes that were received.
    pub bytes: u64,
}

impl Error {
    /// An error of `class` in `call`, at rank `rank` of the job.
    pub fn new(class: Class, call: Call, rank: usize, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            class,
            call,
            rank: rank as i32,
            peer: None,
            tag: None,
            context: None,
            detail: detail.into(),
            interrupted: false,
            received: None,
        }))
    }

    /// With the peer, as its rank in the communicator (or a wildcard).
    #[must_use]
    pub fn peer(mut self, peer: i32) -> Self {
        self.0.peer = Some(peer);
        self
    }

    /// With the tag.
    #[must_use]
    pub fn tag(mut self, tag: i32) -> Self {
        self.0.tag = Some(tag);
        self
    }

    /// With what is known of the message, as its status would tell it.
    #[must_use]
    pub fn with_received(mut self, received: Received) -> Self {
        self.0.received = Some(received);
        self
    }

    /// What is known of the message, of a receive that failed.
    pub fn received(&self) -> Option<Received> {
        self.0.received
    }

    /// Without a tag: that of a message within a collective tells nobody anything.
    #[must_use]
    pub(crate) fn without_tag(mut self) -> Self {
        self.0.tag = None;
        self
    }

    /// With the communicator's context id.
    #[must_use]
    pub fn context(mut self, context: u32) -> Self {
        self.0.context = Some(context);
        self
    }

    /// The same error as seen by another call (the one the user made).
    #[must_use]
    pub fn in_call(mut self, call: Call) -> Self {
        self.0.call = call;
        self
    }

    pub(crate) fn interrupted(call: Call, rank: usize) -> Self {
        let mut error = Self::new(Class::Pending, call, rank, "interrupted");
        error.0.interrupted = true;
        error
    }

    /// True when the wait was ended by a [`crate::WakeHandle`], not by a failure.
    pub fn is_interrupted(&self) -> bool {
        self.0.interrupted
    }

    /// The MPI class.
    pub fn class(&self) -> Class {
        self.0.class
    }

    /// The call it happened in.
    pub fn call(&self) -> Call {
        self.0.call
    }

    /// The rank (in the job) it happened at.
    pub fn rank(&self) -> i32 {
        self.0.rank
    }

    /// The peer's rank in the communicator, where there is one.
    pub fn peer_rank(&self) -> Option<i32> {
        self.0.peer
    }

    /// The tag, where there is one.
    pub fn tag_value(&self) -> Option<i32> {
        self.0.tag
    }

    /// What happened, without the context.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }
}

impl fmt::Display for Error {
    /// In the words of the Rust interface, as in `rank 1: receive from rank 0, tag 5 on world: message of 40 bytes ...
    /// (Class::Truncate)`. The C library has words of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        write!(f, "rank {}: {}", inner.rank, inner.call.method())?;
        let sends = matches!(inner.call, Call::Send | Call::Ssend | Call::Bsend | Call::Rsend);
        let preposition = if sends { "to" } else { "from" };
        match inner.peer {
            None => {}
            Some(crate::ANY_SOURCE) => write!(f, " {preposition} any rank")?,
            Some(peer) => write!(f, " {preposition} rank {peer}")?,
        }
        match inner.tag {
            None => {}
            Some(crate::ANY_TAG) => f.write_str(", any tag")?,
            Some(tag) => write!(f, ", tag {tag}")?,
        }
        match inner.context {
            None => {}
            Some(0 | 1) => f.write_str(" on world")?,
            Some(2 | 3) => f.write_str(" on self")?,
            Some(context) => write!(f, " on communicator {}", context / 2)?,
        }
        write!(f, ": {} (Class::{:?})", in_rust(&inner.detail), inner.class)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}
