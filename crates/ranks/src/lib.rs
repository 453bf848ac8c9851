//! Message passing between ranks, in the manner of MPI.
//!
//! A job is a number of processes, its *ranks*, numbered from 0. `ranks run -n 4 PROGRAM` starts four;
//! started without it, a program is a job of one. Ranks send each other *objects* (anything that serde
//! serialises) or *buffers* (slices of numbers, as they lie in memory).
//!
//! ```
//! ranks::threads(2, |world| {
//!     if world.rank() == 0 {
//!         world.send("hello", 1, 7)?;
//!     } else {
//!         let (text, status) = world.receive::<String>(0, 7)?;
//!         assert_eq!((text.as_str(), status.source), ("hello", 0));
//!     }
//!     Ok(())
//! })?;
//! # Ok::<(), ranks::Error>(())
//! ```
//!
//! Every call returns a [`Result`]; an [`Error`] names the call, this rank, the peer, the tag and the
//! communicator, in words and to programs. The section *Errors* of a call names the classes that its arguments and
//! messages can lead to. Besides these, each call that needs another rank fails with class `ProcFailed` when that
//! rank has ended. References to sections are to MPI 5.0.
//!
//! ```
//! use ranks::Class;
//!
//! ranks::threads(2, |world| {
//!     let error = world.send("letter", 7, 0).unwrap_err();
//!     assert_eq!((error.class(), error.peer_rank(), error.tag_value()), (Class::Rank, Some(7), Some(0)));
//!     assert_eq!(error.call().method(), "send");
//!     assert_eq!(error.rank() as usize, world.rank());
//!     Ok(())
//! })?;
//! # Ok::<(), ranks::Error>(())
//! ```
//!
//! | what | where |
//! |---|---|
//! | starting | [`init`], [`threads`](threads()), [`World::into_shared`] |
//! | tests on real processes | `#[ranks::test]`, with the feature `testing` |
//! | objects | [`Communicator::send`], [`receive`](Communicator::receive), [`broadcast`](Communicator::broadcast) ... |
//! | buffers | [`Communicator::send_from`], [`receive_into`](Communicator::receive_into), [`Equivalence`] |
//! | columns and blocks | [`Communicator::send_strided`], [`Communicator::exchange_strided`], [`Stride`] |
//! | nonblocking, futures | [`Request`], [`wait_all`], [`Requests`], [`Communicator::scope`] |
//! | threads, and tasks of any executor | [`SharedCommunicator`], [`Operation`], [`SharedCommunicator::incoming`] |
//! | reductions | [`op`], [`Communicator::all_reduce_into`], [`Communicator::all_reduce`] |
//! | groups of ranks | [`Communicator::split`], [`Communicator::duplicate`], [`Group`], [`Intercommunicator`], [`Root`] |
//! | grids and graphs | [`Communicator::cartesian`], [`Communicator::graph`], [`Communicator::neighbor_all_to_all_into`] |

#![deny(unsafe_code)]

#[cfg(feature = "ndarray")]
mod arrays;
mod buffer;
mod collective;
mod communicator;
mod equivalence;
mod group;
mod intercommunicator;
mod interrupt;
mod jobs;
#[doc(hidden)]
pub mod mark;
mod matched;
mod memory;
mod object;
pub mod op;
pub mod request;
mod scope;
mod shared;
mod strided;
#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod testing;
mod topology;
mod wire;
mod world;

pub use collective::Root;
pub use collective::begun::{Barrier, BufferCollective, RootCollective};
pub use communicator::{ANY_SOURCE, ANY_TAG, Communicator, Source, Status, Tag};
pub use equivalence::Equivalence;
pub use group::{Comparison, Group};
pub use intercommunicator::Intercommunicator;
pub use interrupt::Interrupt;
pub use jobs::Spawn;
pub use matched::Message;
pub use ranks_derive::Equivalence;
/// Runs a test on real processes, each a rank: `n` of them (4 if nothing is said), ended after `timeout`
/// (30 s if nothing is said). For `cargo test` it is a test like any other.
///
/// ```
/// #[ranks::test(n = 3, timeout = "10s")]
/// fn everyone_is_counted(world: &ranks::World) -> ranks::Result<()> {
///     let mut total = [0];
///     world.all_reduce_into(&[1], &mut total, ranks::op::sum)?;
///     assert_eq!(total, [3]);
///     Ok(())
/// }
/// ```
///
/// The feature `testing` of this crate turns it on; it belongs to a crate's tests:
///
/// ```toml
/// [dev-dependencies]
/// ranks = { version = "0.1", features = ["testing"] }
/// ```
///
/// The function takes `world: &ranks::World` or nothing, and returns nothing or a `Result`. The test fails
/// when a rank panics, returns an error, is killed, or when time is up; then it says which rank it was,
/// what all of them wrote, and after a time-out what each of them waits for.
#[cfg(feature = "testing")]
pub use ranks_derive::test;
pub use ranks_engine::{Call, Class, Error, Result};
pub use request::{
    AnyRequest, BufferReceive, BufferSend, ObjectReceive, ObjectSend, Persistent, Request, Requests, wait_all,
};
pub use scope::{Scope, Scoped, ScopedReceive, ScopedSend};
pub use shared::{Failures, Incoming, Operation, SharedCommunicator, SharedMessage};
pub use strided::{Exchange, Stride};
pub use topology::{Cartesian, Graph, balance};
pub use world::{World, init, threads};
