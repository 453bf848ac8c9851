//! The C ABI of MPI over the engine.
