//! The `ranks` command: argument parsing and help, nothing else.
#![forbid(unsafe_code)]

fn main() {}
