//! Groups of ranks and their contexts: what a communicator is made of. MPI 5.0 sections 7.2 and 7.3.
//!
//! | file | what it holds |
//! |---|---|
//! | `members` | groups as values, and the operations on them |
//! | `comm` | what a communicator is |
//! | `table` | all communicators of a rank, by name and by context |
//! | `board_state` | what a rank remembers of a communicator's board |
//!
//! A context id is even; the odd one after it carries the communicator's collectives, so that no
//! receive with wildcards can take their messages.

mod board_state;
mod comm;
mod members;
mod table;

pub(crate) use board_state::{BoardState, Own};
pub(crate) use comm::Comm;
pub use members::{Comparison, Group};
pub(crate) use table::Comms;

/// The context of messages between ranks that have no communicator in common yet.
pub(crate) const BETWEEN: u32 = u32::MAX;

/// Names a communicator until it is freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommId(u32);

impl CommId {
    /// All ranks of the job.
    pub const WORLD: CommId = CommId(0);
    /// This rank alone.
    pub const SELF: CommId = CommId(1);

    /// A small number, dense and reused.
    pub fn index(self) -> u32 {
        self.0
    }

    /// The communicator of an index; one that does not exist is refused where it is used.
    pub fn from_index(index: u32) -> Self {
        Self(index)
    }
}
