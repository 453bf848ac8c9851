//! Collective operations: MPI 5.0 chapter 6. Each operation is a file; each algorithm a function.
//!
//! Their messages travel in the odd context of the communicator, one tag an operation, so neither
//! wildcard receives nor another collective can take them.

mod barrier;
mod bcast;

pub use barrier::BarrierAlgorithm;

/// One tag an operation.
pub(crate) mod tags {
    pub const COMM: i32 = 1;
    pub const BARRIER: i32 = 2;
    pub const BCAST: i32 = 3;
}
