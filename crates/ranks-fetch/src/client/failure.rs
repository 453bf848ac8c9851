//! Why a URL failed, in a few plain words.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};

/// What kind of failure it was. There are few of them on purpose: they are what a summary counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FailureKind {
    /// Not a URL, or not one of HTTP.
    InvalidUrl,
    /// The name of the host could not be resolved.
    Dns,
    /// Nothing listens at that address.
    ConnectionRefused,
    /// No connection for another reason (network unreachable, too many open files, a proxy's refusal).
    ConnectionFailed,
    /// No TLS session: certificate, protocol version, or no TLS at all behind the port.
    Tls,
    /// The time was up, while connecting, before a response or in its body.
    TimedOut,
    /// The connection was closed before a response came.
    ConnectionClosed,
    /// What came is not an HTTP response.
    BadResponse,
    /// The body ended before its announced end.
    BodyCutShort,
    /// The body is longer than the caller wanted.
    BodyTooLong,
    /// Redirected more often than allowed.
    TooManyRedirects,
    /// Redirected to somewhere that cannot be fetched.
    BadRedirect,
    /// The site's robots.txt does not want it fetched.
    Disallowed,
    /// An answer came, and is not as expected.
    Unexpected,
    /// The body could not be written to its file.
    NotSaved,
    /// Anything else.
    Other,
}

impl FailureKind {
    /// The words a record's `error` begins with.
    pub fn as_str(self) -> &'static str {
        match self {
            FailureKind::InvalidUrl => "invalid url",
            FailureKind::Dns => "dns",
            FailureKind::ConnectionRefused => "connection refused",
            FailureKind::ConnectionFailed => "connection failed",
            FailureKind::Tls => "tls",
            FailureKind::TimedOut => "timed out",
            FailureKind::ConnectionClosed => "connection closed",
            FailureKind::BadResponse => "bad response",
            FailureKind::BodyCutShort => "body cut short",
            FailureKind::BodyTooLong => "body too long",
            FailureKind::TooManyRedirects => "too many redirects",
            FailureKind::BadRedirect => "bad redirect",
            FailureKind::Disallowed => "disallowed",
            FailureKind::Unexpected => "unexpected",
            FailureKind::NotSaved => "not saved",
            FailureKind::Other => "failed",
        }
    }
}

/// A failure: its kind, and a detail where there is one to tell. Prints as `kind: detail`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of failure it was.
    pub kind: FailureKind,
    /// More about it, on one line; may be empty.
    pub detail: String,
}

impl Failure {
    /// A failure of `kind`.
    pub fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Failure { kind, detail: detail.into() }
    }
}

impl Failure {
    /// With the place that a redirect led to, where the failure happened: the first server has answered.
    pub(super) fn after_redirect(self, to: &reqwest::Url) -> Self {
        let detail = match self.detail.as_str() {
            "" => format!("redirected to {to}"),
            detail => format!("redirected to {to}: {detail}"),
        };
        Failure { kind: self.kind, detail }
    }
}

impl Failure {
    /// With the proxy through which a connection was to be made: perhaps the fault is its own.
    pub(super) fn through(self, proxy: Option<String>) -> Self {
        use FailureKind::*;
        let connects = matches!(self.kind, Dns | ConnectionRefused | ConnectionFailed)
            || self.kind == TimedOut && self.detail == CONNECTING;
        let Some(proxy) = proxy.filter(|_| connects) else { return self };
        let detail = match self.detail.as_str() {
            "" => format!("through the proxy {proxy}"),
            detail => format!("through the proxy {proxy}: {detail}"),
        };
        Failure { kind: self.kind, detail }
    }
}

/// The detail of a time-out before there was a connection.
const CONNECTING: &str = "connecting";

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

impl StdError for Failure {}

/// The failure behind an error of reqwest. `response_began` tells whether status and headers had come: the same
/// closed connection is a cut body after them, and no response before them.
pub(super) fn classify(error: &reqwest::Error, response_began: bool) -> Failure {
    use FailureKind::*;
    let causes = Causes::of(error);
    let detail = causes.innermost.clone();
    if error.is_dns() {
        return Failure::new(Dns, detail);
    }
    if error.is_timeout() {
        // Only the connect time-out is reqwest's; the total is kept by the caller.
        return Failure::new(TimedOut, CONNECTING);
    }
    if error.is_redirect() {
        return Failure::new(BadRedirect, detail);
    }
    if causes.tls {
        return Failure::new(Tls, detail);
    }
    if error.is_connect() {
        return match causes.io {
            Some(io::ErrorKind::ConnectionRefused) => Failure::new(ConnectionRefused, ""),
            // Closed in the middle of the handshake: plain TCP cannot end that way while connecting.
            Some(io::ErrorKind::UnexpectedEof) => Failure::new(Tls, detail),
            _ => Failure::new(ConnectionFailed, detail),
        };
    }
    if error.is_builder() {
        return Failure::new(InvalidUrl, detail);
    }
    match (causes.protocol, causes.io) {
        (Some(Protocol::Nonsense), _) => Failure::new(BadResponse, detail),
        (Some(Protocol::Incomplete), _) | (None, Some(_)) if response_began => Failure::new(BodyCutShort, ""),
        (Some(Protocol::Incomplete), _) | (None, Some(_)) => Failure::new(ConnectionClosed, "no response"),
        // Compressed, it says, and is not.
        (None, None) if error.is_decode() => Failure::new(BadResponse, detail),
        (None, None) => Failure::new(Other, detail),
    }
}

/// What HTTP itself had to complain of.
#[derive(Clone, Copy)]
enum Protocol {
    Incomplete,
    Nonsense,
}

/// What the chain of causes under an error holds.
struct Causes {
    io: Option<io::ErrorKind>,
    tls: bool,
    protocol: Option<Protocol>,
    innermost: String,
}

impl Causes {
    fn of(error: &reqwest::Error) -> Causes {
        let mut causes = Causes { io: None, tls: false, protocol: None, innermost: String::new() };
        let mut next: Option<&(dyn StdError + 'static)> = error.source();
        if next.is_none() {
            causes.innermost = error.to_string();
        }
        while let Some(cause) = next {
            causes.innermost = one_line(&cause.to_string());
            next = cause.source();
            if let Some(error) = cause.downcast_ref::<rustls::Error>() {
                causes.tls = true;
                // The first bytes of the answer are no record of TLS; usually they are HTTP.
                if matches!(error, rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType))
                {
                    causes.innermost = "the server does not speak TLS on this port".to_owned();
                    break;
                }
            } else if let Some(io) = cause.downcast_ref::<io::Error>() {
                causes.io = Some(io.kind());
                // `source` of an io::Error skips the error it wraps and gives that one's source.
                if let Some(wrapped) = io.get_ref() {
                    next = Some(wrapped);
                }
            } else if let Some(http) = cause.downcast_ref::<hyper::Error>() {
                let gone = http.is_incomplete_message() || http.is_canceled() || http.is_closed();
                if gone {
                    causes.protocol = Some(Protocol::Incomplete);
                } else if cause.source().is_none() || http.is_parse() {
                    causes.protocol = Some(Protocol::Nonsense);
                }
            }
        }
        causes
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
