//! MPI on one machine's shared memory.
//!
//! An [`Engine`] is one rank: a value, not a global, so that ranks can be processes, threads of one
//! process, or the subjects of a seeded simulation. The layers, each using only those below it:
//!
//! | module | what it holds |
//! |---|---|
//! | `dynamic` | processes that start processes, and jobs that meet |
//! | [`comm`] | making and freeing communicators |
//! | [`collective`] | barrier, broadcast, gather, reduce and their kin: algorithms over point-to-point and shared areas |
//! | [`p2p`] | sends, receives, probes, requests, waiting: MPI 5.0 chapter 3 |
//! | `group` | groups of ranks and their contexts |
//! | [`topology`] | which ranks are neighbours: arithmetic |
//! | [`matching`] | which message goes to which receive: a pure state machine |
//! | [`transport`] | how bytes and small control messages move between ranks |
//! | [`op`] | what a reduction does to two values |
//! | [`datatype`] | which bytes of memory a message is made of |
//! | [`memory`] | the caller's buffers |
//! | [`error`] | the one error type |
//!
//! Ranks, tags and wildcards are the integers of the C binding, as MPICH numbers them.

#![deny(unsafe_code)]

pub mod bounds;
pub mod collective;
pub mod comm;
pub mod datatype;
mod dynamic;
pub mod error;
mod group;
pub mod matching;
#[allow(unsafe_code)]
pub mod memory;
pub mod op;
pub mod p2p;
pub mod threads;
pub mod topology;
pub mod transport;

pub use comm::Making;
pub use dynamic::Program;
pub use error::{Class, Error, Received, Result};
pub use group::{CommId, Comparison, Group};
pub use memory::{RecvBuf, SendBuf};
pub use p2p::{BufferOf, Engine, Form, MessageId, Mode, RequestId, Status, WakeHandle, Way, Work};
pub use ranks_shm::blocked::Call;
pub use ranks_shm::life::Life;
pub use ranks_shm::ring::MARK_BITS;

/// A rank as a process of a job, or as a thread.
pub type ShmEngine = Engine<transport::shm::Shm>;

/// Receive from any rank.
pub const ANY_SOURCE: i32 = -2;
/// Receive with any tag.
pub const ANY_TAG: i32 = -1;
/// No rank: communication with it completes at once and moves nothing.
pub const PROC_NULL: i32 = -1;
/// The root in the root's group of an intercommunicator.
pub const ROOT: i32 = -3;
/// No value, as a colour of `comm_split`.
pub const UNDEFINED: i32 = -32766;
/// The largest tag.
pub const TAG_UB: i32 = i32::MAX;
