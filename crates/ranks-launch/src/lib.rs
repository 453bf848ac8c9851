//! Starts ranks, forwards their output, reports their ends.
