//! What has been read of a connection, and where in it a body ends.

use super::chunks::{Chunks, Malformed};
use super::head::Framing;

/// Bytes that have been read and not been taken yet.
pub struct Input {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Input {
    /// Beginning with these.
    pub fn new(begun: &[u8]) -> Input {
        let mut bytes = vec![0; (2 * begun.len()).max(4096)];
        bytes[..begun.len()].copy_from_slice(begun);
        Input { bytes, start: 0, end: begun.len() }
    }

    /// What is there.
    pub fn filled(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Puts another byte in the place of one that is there.
    pub fn replace(&mut self, at: usize, byte: u8) {
        self.bytes[self.start + at] = byte;
    }

    /// So many of them are done with.
    pub fn take(&mut self, count: usize) {
        self.start += count;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Room for more behind what is there.
    pub fn room(&mut self) -> &mut [u8] {
        if self.end == self.bytes.len() {
            if self.start > 0 {
                self.bytes.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
            } else {
                self.bytes.resize(2 * self.bytes.len(), 0);
            }
        }
        &mut self.bytes[self.end..]
    }

    /// So many have come into the room.
    pub fn add(&mut self, count: usize) {
        self.end += count;
    }
}

/// Where a body ends, in either framing.
pub enum BodyEnd {
    /// After so many bytes.
    After(u64),
    /// After the last chunk.
    Chunks(Chunks),
}

impl BodyEnd {
    /// At its start.
    pub fn new(framing: Framing) -> BodyEnd {
        match framing {
            Framing::Empty => BodyEnd::After(0),
            Framing::Length(length) => BodyEnd::After(length),
            Framing::Chunked => BodyEnd::Chunks(Chunks::default()),
        }
    }

    /// Takes what belongs to the body: how many bytes that is. An error: it is none.
    pub fn take(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        match self {
            BodyEnd::After(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= taken as u64;
                Ok(taken)
            }
            BodyEnd::Chunks(chunks) => chunks.take(bytes),
        }
    }

    /// The body is whole.
    pub fn reached(&self) -> bool {
        match self {
            BodyEnd::After(left) => *left == 0,
            BodyEnd::Chunks(chunks) => chunks.ended(),
        }
    }
}
