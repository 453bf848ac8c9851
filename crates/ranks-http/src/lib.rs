//! What `ranks fetch` and `ranks serve` share: how people write a header and a time, which file a
//! path means, and room for connections.
//!
//! It knows neither a client nor a server, so that each of them can be built without the other.
#![forbid(unsafe_code)]

#[cfg(feature = "fuzz")]
pub mod fuzz;
pub mod identity;
mod value;

pub use value::{Error, parse_header, seconds};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Allows this process as many open descriptors as it may have: each connection takes one.
pub fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    // Refused: the limit stays as it is.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}
