//! Starts ranks, forwards their output, reports their ends.
#![deny(unsafe_code)]

mod fork;
mod keeper;
pub mod parse;
mod sys;
