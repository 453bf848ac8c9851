//! Collective operations beyond barrier and broadcast. Chapter 6.
//!
//! | file | what it holds |
//! |---|---|
//! | `objects` | objects that serde serialises |
//! | `buffers` | slices of numbers, moved as they lie in memory |
//! | `reductions` | slices of numbers, combined element by element |

mod buffers;
mod objects;
mod reductions;
