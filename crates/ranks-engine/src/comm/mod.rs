//! Making, asking and freeing communicators: MPI 5.0 chapters 7 and 8.
//!
//! | file | what it holds |
//! |---|---|
//! | `steps` | a communicator in the making: hear, decide, tell, step by step while the rank does something else |
//! | `news` | what the ranks of a new communicator must know alike |
//! | `dup`, `split`, `create` | from a communicator, or from a group |
//! | `inter` | intercommunicators: made, and merged |
//! | `topologies` | communicators whose ranks have neighbours |
//! | `free` | freeing and disconnecting |
//! | `ask` | groups, comparison, neighbours |
//! | `blocking` | the calls that wait until the communicator is there |
//!
//! Every making is a request: `begin_x` gives a [`Making`], whose request is waited for as any other, and
//! no call keeps another thread of the rank out. Context ids come from a counter of the job, taken by one
//! rank and told to the others.

mod ask;
mod blocking;
mod create;
mod dup;
mod free;
mod inter;
mod news;
mod split;
mod steps;
mod topologies;

pub(crate) use news::{Words, contexts_key};
pub use steps::Making;
pub(crate) use steps::{Found, Step};
pub use topologies::Edges;
