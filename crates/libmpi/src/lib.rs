//! libmpi.so.12: the library that programs built for the MPICH ABI load.
