//! What is known of one URL after its visit.

use serde::{Deserialize, Serialize};

use crate::{Failure, Visit};

/// One line of input and what became of it. In this form it travels between ranks; `fetch` prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The number of the input line, from 1.
    pub line: u64,
    /// The URL as it was written there.
    pub url: String,
    /// The status; none when no response came.
    pub status: Option<u16>,
    /// Bytes of body received.
    pub bytes: u64,
    /// Seconds from the start to the end of the body or the failure.
    pub seconds: f64,
    /// Where the redirects ended; none when no response came.
    pub final_url: Option<String>,
    /// What failed, if something did.
    pub error: Option<Failure>,
    /// Requests sent; redirects count as one with what led there.
    pub tries: u32,
    /// The file that holds the body.
    pub saved: Option<String>,
    /// The line that was requested in place of this one, which names the same URL.
    pub copy_of: Option<u64>,
    /// The server wanted to be left alone for a while. Tells the scheduler; not printed.
    pub held: bool,
}

impl Record {
    /// The record of a visit.
    pub fn new(line: u64, url: String, visit: Visit) -> Record {
        Record {
            line,
            url,
            status: visit.status,
            bytes: visit.bytes,
            seconds: visit.elapsed.as_secs_f64(),
            final_url: visit.final_url,
            error: visit.failure,
            tries: 1,
            saved: None,
            copy_of: None,
            held: false,
        }
    }

    /// The record of a line that could not be tried.
    pub fn untried(line: u64, url: String, error: Failure) -> Record {
        Record { tries: 0, ..Record::new(line, url, Visit { failure: Some(error), ..Visit::default() }) }
    }
}
