//! Message passing between ranks, in the manner of MPI.
