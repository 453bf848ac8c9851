//! MPI on one machine's shared memory.
