//! HTTP carried out by ranks.
//!
//! [`fetch`] is the command `ranks fetch`: a list of URLs shared out over the ranks, one record for each.
//! [`serve`] is the command `ranks serve`: the files of a folder. [`Client`] is what each rank fetches with, usable alone. [`sample`] is a small web site on this machine for
//! demonstrations and tests.
#![forbid(unsafe_code)]

mod bounds;
mod client;
pub mod fetch;
#[cfg(test)]
mod fuzz;
mod host;
mod record;
pub mod sample;
pub mod serve;

pub use client::{
    Certificates, Client, ClientOptions, Expectation, Failure, FailureKind, HttpVersion, Method, Proxy,
    Retries, Trust, Visit,
};
