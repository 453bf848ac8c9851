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
//! communicator. References to sections are to MPI 5.0.

#![deny(unsafe_code)]

mod buffer;
mod collective;
mod communicator;
mod interrupt;
mod object;
pub mod op;
mod request;
mod world;

pub use buffer::Equivalence;
pub use communicator::{ANY_SOURCE, ANY_TAG, Communicator, Source, Status, Tag};
pub use interrupt::Interrupt;
pub use ranks_engine::{Class, Error, Result};
pub use request::{BufferReceive, BufferSend, ObjectReceive, ObjectSend};
pub use world::{World, init, threads};
