//! Options that limit what clients can take.

use std::time::Duration;

use super::value::ValueError;
use crate::bounds::{HEAD_BYTES, HEADERS};
use ranks_http::seconds;

/// What clients can take; slow ones are cut off.
#[derive(Clone, Debug, clap::Args)]
pub struct Limits {
    /// How long a connection may be idle between requests, in seconds
    #[arg(long, default_value = "60", value_name = "SECONDS", value_parser = seconds)]
    pub keep_alive: Duration,

    /// Requests on one connection, which then is closed
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_alive_requests: u32,

    /// How long the head of a request may take, in seconds; then 408
    #[arg(long, default_value = "10", value_name = "SECONDS", value_parser = seconds)]
    pub header_timeout: Duration,

    /// Bytes of all headers of a request together; above, 431
    #[arg(long, default_value_t = 16 * 1024, value_name = "BYTES", value_parser = bytes)]
    pub max_header: usize,

    /// Headers of a request; above, 431
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = headers)]
    pub max_headers: usize,

    /// Bytes of a request's target; above, 414
    #[arg(long, default_value_t = 8 * 1024, value_name = "BYTES", value_parser = bytes)]
    pub max_uri: usize,

    /// Bytes of a request's body, which is read and dropped; above, 413
    #[arg(long, default_value_t = 64 * 1024, value_name = "BYTES")]
    pub max_body: u64,

    /// How long a body may take, in seconds; then 408
    #[arg(long, default_value = "10", value_name = "SECONDS", value_parser = seconds)]
    pub body_timeout: Duration,

    /// How long a client may take nothing of an answer, in seconds; then the connection is closed
    #[arg(long, default_value = "30", value_name = "SECONDS", value_parser = seconds)]
    pub send_timeout: Duration,

    /// Connections of a rank; one more gets 503 and is closed
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = connections)]
    pub max_connections: usize,

    /// How long answers under way may take when the server is ended, in seconds
    #[arg(long, default_value = "10", value_name = "SECONDS", value_parser = seconds)]
    pub drain: Duration,
}

fn bytes(text: &str) -> Result<usize, ValueError> {
    within(text, HEAD_BYTES, "bytes")
}

fn headers(text: &str) -> Result<usize, ValueError> {
    within(text, HEADERS, "headers")
}

fn connections(text: &str) -> Result<usize, ValueError> {
    within(text, usize::MAX, "connections")
}

fn within(text: &str, most: usize, what: &'static str) -> Result<usize, ValueError> {
    match text.parse() {
        Ok(number) if (1..=most).contains(&number) => Ok(number),
        Ok(_) => Err(ValueError::Beyond(most, what)),
        Err(_) => Err(ValueError::NoNumber),
    }
}
