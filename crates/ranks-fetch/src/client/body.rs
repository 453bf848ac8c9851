//! Where the body of an answer goes: it is decoded as it comes, counted, searched and kept.

use std::io::{self, Write};

use brotli::DecompressorWriter;
use flate2::write::MultiGzDecoder;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::expect::Search;
use super::save::Saved;
use super::{Failure, FailureKind, Visit};
use crate::bounds::{CONTENT_CODINGS, DECODED_PIECE, ZSTD_WINDOW_LOG};

/// A content coding that can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Brotli,
    Zstd,
}

/// What is asked for (`Accept-Encoding`).
pub(super) const ACCEPTED: &str = "gzip, br, zstd";

/// The codings that the lines `Content-Encoding` name, in the order in which they were applied. None at all when one of
/// them is unknown: the body is then taken as it comes.
pub(super) fn codings<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Result<Vec<Coding>, Failure> {
    let mut codings = Vec::new();
    for line in lines {
        for name in line.split(|byte| *byte == b',') {
            match &*name.trim_ascii().to_ascii_lowercase() {
                b"" | b"identity" => {}
                b"gzip" | b"x-gzip" => codings.push(Coding::Gzip),
                b"br" => codings.push(Coding::Brotli),
                b"zstd" => codings.push(Coding::Zstd),
                _ => return Ok(Vec::new()),
            }
        }
    }
    if codings.len() > CONTENT_CODINGS {
        let detail = format!("compressed {} times; {CONTENT_CODINGS} are undone", codings.len());
        return Err(Failure::new(FailureKind::BadResponse, detail));
    }
    Ok(codings)
}

/// The end of the way: counts, searches, keeps.
pub(super) struct Sink<'a, 'b> {
    pub(super) visit: &'a mut Visit,
    pub(super) limit: Option<u64>,
    pub(super) search: &'a mut Search<'b>,
    pub(super) saved: Option<Saved<'a>>,
    pub(super) failure: &'a mut Option<Failure>,
}

impl Sink<'_, '_> {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.visit.bytes += bytes.len() as u64;
        if let Some(limit) = self.limit.filter(|&limit| self.visit.bytes > limit) {
            self.visit.bytes = limit;
            return Err(Failure::new(FailureKind::BodyTooLong, format!("more than {limit} bytes")));
        }
        self.search.piece(bytes);
        self.saved.as_mut().map_or(Ok(()), |saved| saved.piece(bytes))
    }
}

impl Write for Sink<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failure.is_none() {
            *self.failure = self.take(bytes).err();
        }
        match self.failure {
            None => Ok(bytes.len()),
            Some(_) => Err(io::ErrorKind::Other.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A decoder, or what takes the decoded bytes.
pub(super) trait Stage: Write + Send {
    /// No more bytes come. An error if what came is not whole.
    fn end(self: Box<Self>) -> io::Result<()>;
}

impl Stage for Sink<'_, '_> {
    fn end(mut self: Box<Self>) -> io::Result<()> {
        if let Some(saved) = self.saved.take() {
            match saved.end() {
                Ok(()) => self.visit.saved = true,
                Err(failure) => *self.failure = Some(failure),
            }
        }
        Ok(())
    }
}

type Next<'a> = Box<dyn Stage + 'a>;

/// The way of a body through its decoders; the coding applied last is undone first.
pub(super) fn undo<'a>(codings: &[Coding], sink: impl Stage + 'a) -> io::Result<Next<'a>> {
    let mut next: Next<'a> = Box::new(sink);
    for coding in codings {
        next = match coding {
            Coding::Gzip => Box::new(Gzip(MultiGzDecoder::new(next))),
            Coding::Brotli => Box::new(Brotli(DecompressorWriter::new(next, DECODED_PIECE))),
            Coding::Zstd => Box::new(Zstd::new(next)?),
        };
    }
    Ok(next)
}

/// All members of a gzip file, one behind the other.
struct Gzip<'a>(MultiGzDecoder<Next<'a>>);

impl Write for Gzip<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Stage for Gzip<'_> {
    fn end(self: Box<Self>) -> io::Result<()> {
        self.0.finish()?.end()
    }
}

struct Brotli<'a>(DecompressorWriter<Next<'a>>);

impl Write for Brotli<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Stage for Brotli<'_> {
    fn end(mut self: Box<Self>) -> io::Result<()> {
        self.0.close()?;
        match self.0.into_inner() {
            Ok(next) | Err(next) => next.end(),
        }
    }
}

/// Zstandard with a window of 8 MiB at most, as RFC 9659 asks: a larger one is a way to use up memory.
struct Zstd<'a> {
    decoder: Decoder<'static>,
    /// A frame has begun and is not whole.
    open: bool,
    piece: Vec<u8>,
    next: Next<'a>,
}

impl<'a> Zstd<'a> {
    fn new(next: Next<'a>) -> io::Result<Zstd<'a>> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG))?;
        Ok(Zstd { decoder, open: false, piece: vec![0; DECODED_PIECE], next })
    }
}

impl Write for Zstd<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut input = InBuffer::around(bytes);
        loop {
            let mut output = OutBuffer::around(&mut self.piece[..]);
            let wanted = self.decoder.run(&mut input, &mut output)?;
            let length = output.pos();
            self.open = wanted != 0;
            self.next.write_all(&self.piece[..length])?;
            // A full piece may leave decoded bytes behind.
            if input.pos() == bytes.len() && length < self.piece.len() {
                return Ok(bytes.len());
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.next.flush()
    }
}

impl Stage for Zstd<'_> {
    fn end(self: Box<Self>) -> io::Result<()> {
        if self.open { Err(io::ErrorKind::UnexpectedEof.into()) } else { self.next.end() }
    }
}

/// What an error of a decoder means.
pub(super) fn failure(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Failure::new(FailureKind::BodyCutShort, "compressed"),
        _ => Failure::new(FailureKind::BadResponse, format!("cannot be decompressed: {error}")),
    }
}
