//! Collective operations beyond barrier and broadcast. Chapter 6.
//!
//! | file | what it holds |
//! |---|---|
//! | `objects` | objects that serde serialises |
//! | `buffers` | slices of numbers, moved as they lie in memory |
//! | `reductions` | slices of numbers, combined element by element |
//! | `nonblocking`, `nonblocking_reductions` | the same as requests, and prepared to be begun again and again |
//! | `begun` | what these keep until they are over |

pub(crate) mod begun;
mod buffers;
mod nonblocking;
mod nonblocking_reductions;
mod objects;
pub(crate) mod reductions;
