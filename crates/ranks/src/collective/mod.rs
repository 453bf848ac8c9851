//! Collective operations beyond barrier and broadcast. Chapter 6.
//!
//! | file | what it holds |
//! |---|---|
//! | `objects` | objects that serde serialises |
//! | `buffers` | slices of numbers, moved as they lie in memory |
//! | `reductions` | slices of numbers, combined element by element |
//! | `nonblocking`, `nonblocking_v`, `nonblocking_reductions` | the same as requests, and prepared to be begun again and again |
//! | `across` | those between the two groups of an intercommunicator |
//! | `neighborhood` | exchanges with the neighbours in a grid or a graph |
//! | `begun` | what these keep until they are over |

mod across;
pub(crate) mod begun;
pub(crate) mod buffers;
pub(crate) mod neighborhood;
mod nonblocking;
mod nonblocking_reductions;
pub(crate) mod nonblocking_v;
mod objects;
pub(crate) mod reductions;

pub use across::Root;
