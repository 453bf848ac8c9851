//! Bodies in chunks (RFC 9112, 7.1), read only to find their end: nothing that is sent here is wanted.

use httparse::{Status, parse_chunk_size};

use crate::bounds::CHUNK_LINE;

/// Where in a body the next byte stands.
#[derive(Debug, Default)]
pub struct Chunks {
    at: At,
}

#[derive(Debug, Default)]
enum At {
    #[default]
    Size,
    /// So many bytes of data are to come.
    Data(u64),
    /// The line end after the data.
    DataEnd,
    /// Lines up to an empty one.
    Trailer,
    End,
}

/// The body is none: 400.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

impl Chunks {
    /// Takes what it can of `bytes`: how many they are. The rest must be handed in again, with more behind it.
    pub fn take(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        let mut taken = 0;
        loop {
            let rest = &bytes[taken..];
            match self.at {
                At::Size => match parse_chunk_size(rest).map_err(|_| Malformed)? {
                    Status::Complete((length, _)) if length > CHUNK_LINE => return Err(Malformed),
                    Status::Complete((length, size)) => {
                        check_line(&rest[..length])?;
                        taken += length;
                        self.at = if size == 0 { At::Trailer } else { At::Data(size) };
                    }
                    Status::Partial if rest.len() > CHUNK_LINE => return Err(Malformed),
                    Status::Partial => return Ok(taken),
                },
                At::Data(left) => {
                    let step = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                    taken += step;
                    self.at = At::Data(left - step as u64);
                    if step as u64 == left {
                        self.at = At::DataEnd;
                    } else {
                        return Ok(taken);
                    }
                }
                At::DataEnd => match rest {
                    [b'\r', b'\n', ..] => {
                        taken += 2;
                        self.at = At::Size;
                    }
                    [] | [b'\r'] => return Ok(taken),
                    _ => return Err(Malformed),
                },
                At::Trailer => match rest.iter().position(|&byte| byte == b'\n') {
                    Some(end) if end > CHUNK_LINE => return Err(Malformed),
                    Some(end) => {
                        check_line(&rest[..=end])?;
                        taken += end + 1;
                        match &rest[..end - 1] {
                            [] => self.at = At::End,
                            line if line.contains(&b':') => {}
                            _ => return Err(Malformed),
                        }
                    }
                    None if rest.len() > CHUNK_LINE => return Err(Malformed),
                    None => return Ok(taken),
                },
                At::End => return Ok(taken),
            }
        }
    }

    /// The body is whole.
    pub fn ended(&self) -> bool {
        matches!(self.at, At::End)
    }
}

/// A line must end with CR LF, and have no other CR, LF or NUL. A proxy that takes one of these for the end of the line
/// would see another request behind it than this server sees.
fn check_line(line: &[u8]) -> Result<(), Malformed> {
    let text = line.strip_suffix(b"\r\n").ok_or(Malformed)?;
    if text.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) { Err(Malformed) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands `body` in by pieces of `step` bytes: how much of it was the body, or that it is none, or not whole.
    fn read(body: &[u8], step: usize) -> Result<Option<usize>, Malformed> {
        let (mut chunks, mut taken, mut end) = (Chunks::default(), 0, 0);
        while end < body.len() {
            end = (end + step).min(body.len());
            taken += chunks.take(&body[taken..end])?;
        }
        Ok(chunks.ended().then_some(taken))
    }

    #[test]
    fn whole_bodies_broken_ones_and_unfinished_ones() {
        let long = format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(CHUNK_LINE));
        let long_trailer = format!("0\r\na:{}\r\n\r\n", "x".repeat(CHUNK_LINE));
        for (body, wanted) in [
            ("0\r\n\r\n", Ok(Some(5))),
            ("5\r\nhello\r\n0\r\n\r\nGET", Ok(Some(15))),
            ("A;name=value\r\n0123456789\r\n1\r\nx\r\n0\r\nTrailer: x\r\n\r\n", Ok(Some(49))),
            ("5\r\nhel", Ok(None)),
            ("0\r\n", Ok(None)),
            ("", Ok(None)),
            ("5\r\nhello0\r\n\r\n", Err(Malformed)),
            ("x\r\n", Err(Malformed)),
            ("-1\r\n\r\n", Err(Malformed)),
            ("0x5\r\nhello\r\n", Err(Malformed)),
            ("fffffffffffffffff\r\n", Err(Malformed)),
            ("0\r\nno trailer\r\n\r\n", Err(Malformed)),
            ("0\r\nA: b\n\r\n", Err(Malformed)),
            ("0\r\nA: b\0c\r\n\r\n", Err(Malformed)),
            ("0\r\nA: b\rc\r\n\r\n", Err(Malformed)),
            ("1;a\nb\r\nx\r\n0\r\n\r\n", Err(Malformed)),
            ("1;a\0b\r\nx\r\n0\r\n\r\n", Err(Malformed)),
            ("1;a\rb\r\nx\r\n0\r\n\r\n", Err(Malformed)),
            ("1\nx\r\n0\r\n\r\n", Err(Malformed)),
            (&long, Err(Malformed)),
            (&long_trailer, Err(Malformed)),
        ] {
            for step in [1, 2, 3, 7, 1000, 1 << 20] {
                assert_eq!(read(body.as_bytes(), step), wanted, "{body} by {step}");
            }
        }
    }
}
