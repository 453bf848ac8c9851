//! How much at once, how fast, how often again.

use std::time::Duration;

use crate::Retries;
use crate::bounds::RETRIES;

/// The options on pace.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Limits and retries")]
pub struct Limits {
    /// URLs that each rank fetches at once
    #[arg(short, long, default_value_t = 50, value_name = "N", value_parser = concurrency)]
    pub concurrency: usize,

    /// URLs of one host fetched at once, by all ranks together
    #[arg(long, value_name = "N", value_parser = concurrency)]
    pub per_host: Option<usize>,

    /// Requests to one host in a second at most, by all ranks together: 10, 0.5
    #[arg(long, value_name = "N", value_parser = rate)]
    pub rate: Option<f64>,

    /// Tries after the first, for URLs that fail in a way that may pass
    ///
    /// After 0.5 s, 1 s, 2 s and so on, up to 30 s, less a part by chance. What may pass: no connection, a time-out, a
    /// response cut short, and the statuses of --retry-on. After a request that may not be sent twice (POST), only what
    /// the server cannot have seen is sent again.
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u32).range(..=i64::from(RETRIES)))]
    pub retries: u32,

    /// Statuses that are tried again
    #[arg(long, value_name = "CODES", value_delimiter = ',', default_value = "429,500,502,503,504",
        value_parser = status)]
    pub retry_on: Vec<u16>,

    /// Longest time to leave a host alone that answers 429 or 503 with Retry-After, in seconds; 0 ignores it
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    pub max_wait: u64,
}

impl Limits {
    /// The time between two requests to one host.
    pub fn interval(&self) -> Option<Duration> {
        self.rate.map(|rate| Duration::from_secs_f64(1.0 / rate))
    }

    /// What is tried again.
    pub fn retries(&self) -> Retries {
        Retries {
            most: self.retries,
            statuses: self.retry_on.clone(),
            longest_wait: Duration::from_secs(self.max_wait),
        }
    }
}

/// A number that is none, or beyond what is possible.
#[derive(Debug)]
struct Beyond(&'static str);

impl std::fmt::Display for Beyond {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Beyond {}

fn status(text: &str) -> Result<u16, Beyond> {
    match text.trim().parse() {
        Ok(number @ 100..=999) => Ok(number),
        _ => Err(Beyond("a status is a number from 100 to 999; write for instance 500,503")),
    }
}

fn concurrency(text: &str) -> Result<usize, Beyond> {
    match text.parse() {
        Ok(number @ 1..=10_000) => Ok(number),
        _ => Err(Beyond("must be a number from 1 to 10000")),
    }
}

fn rate(text: &str) -> Result<f64, Beyond> {
    match text.parse() {
        Ok(number) if (0.001..=1e6).contains(&number) => Ok(number),
        _ => Err(Beyond("must be a number of requests a second, from 0.001 to 1000000")),
    }
}
