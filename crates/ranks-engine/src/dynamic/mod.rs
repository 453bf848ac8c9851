//! Processes that start processes, and jobs that meet: MPI 5.0 chapter 11.
//!
//! | file | what it holds |
//! |---|---|
//! | `bridge` | the ranks of another job become peers, and an intercommunicator to them |
//! | `spawn` | starting a job, and waiting until its ranks are there |
//! | `launcher` | finding the launcher and starting it |
//!
//! A started job is a job of its own, with a launcher, a segment and numbers of its own. Between the two lies a bridge
//! (`ranks_shm::meeting`).

mod bridge;
mod launcher;
mod spawn;

pub use spawn::Program;
