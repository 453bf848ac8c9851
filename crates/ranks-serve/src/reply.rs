//! An answer, before it is written in one of the two protocols.

use std::fs::File;
use std::sync::Arc;

use bytes::Bytes;

/// Status, headers and body.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Header lines (`name: value\r\n`) made beforehand for a file.
    pub made: Bytes,
    /// Header lines of this answer alone.
    pub own: String,
    /// What to send; for a HEAD, what would have been.
    pub body: Body,
}

/// What is sent, in order.
#[derive(Debug)]
pub enum Body {
    /// One piece, as nearly always.
    One(Piece),
    /// Several: parts of a file and what stands between them.
    Many(Vec<Piece>),
}

/// Bytes in memory or in a file.
#[derive(Clone, Debug)]
pub enum Piece {
    /// In memory.
    Memory(Bytes),
    /// In a file: from where, how many.
    File(Arc<File>, u64, u64),
}

impl Piece {
    /// How many bytes.
    pub fn len(&self) -> u64 {
        match self {
            Piece::Memory(bytes) => bytes.len() as u64,
            Piece::File(_, _, length) => *length,
        }
    }

    /// A part of it, which must be within.
    pub fn part(&self, first: u64, length: u64) -> Piece {
        match self {
            Piece::Memory(bytes) => Piece::Memory(bytes.slice(first as usize..(first + length) as usize)),
            Piece::File(file, at, _) => Piece::File(file.clone(), at + first, length),
        }
    }
}

impl Body {
    /// Nothing.
    pub const EMPTY: Body = Body::One(Piece::Memory(Bytes::new()));

    /// Its pieces.
    pub fn pieces(&self) -> &[Piece] {
        match self {
            Body::One(piece) => std::slice::from_ref(piece),
            Body::Many(pieces) => pieces,
        }
    }

    /// How many bytes.
    pub fn len(&self) -> u64 {
        self.pieces().iter().map(Piece::len).sum()
    }
}

impl Reply {
    /// Without a body.
    pub fn empty(status: u16) -> Reply {
        Reply { status, made: Bytes::new(), own: String::new(), body: Body::EMPTY }
    }

    /// With a body of this type.
    pub fn text(status: u16, content_type: &str, body: impl Into<Bytes>) -> Reply {
        let mut reply = Reply::empty(status);
        reply.header("content-type", content_type);
        reply.body = Body::One(Piece::Memory(body.into()));
        reply
    }

    /// Adds a header.
    pub fn header(&mut self, name: &str, value: &str) {
        for part in [name, ": ", value, "\r\n"] {
            self.own.push_str(part);
        }
    }

    /// Whether its length is said: not where there can be no body (RFC 9110, 8.6).
    pub fn has_length(&self) -> bool {
        !matches!(self.status, 100..=199 | 204 | 304)
    }
}

/// The words that go with a status.
pub fn reason(status: u16) -> &'static str {
    hyper::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Unknown")
}

/// The page for an error that has none of its own.
pub fn page(status: u16) -> String {
    let reason = reason(status);
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{status} {reason}</title>\n<body style=\"font-family: sans-serif; \
         margin: 3em\"><h1>{status} {reason}</h1></body></html>\n"
    )
}
