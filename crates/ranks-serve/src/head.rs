//! The head of a request, and how long its body is. HTTP/1.1 is parsed by httparse; what is decided here is what it
//! leaves open: limits, which status a malformed head gets, and framing (RFC 9112, 6).

use std::borrow::Cow;
use std::mem::MaybeUninit;

use httparse::{Error, Header, Request, Status};

/// A request without its body, of either protocol.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// As it was sent; methods are case-sensitive.
    pub method: &'a str,
    /// Path and query, or a whole URL.
    pub target: &'a str,
    /// 0 or 1 for HTTP/1; 2 for HTTP/2.
    pub minor: u8,
    /// In their order.
    pub headers: &'a [Header<'a>],
}

impl<'a> Head<'a> {
    /// The first header with this name.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// All headers with this name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value)
    }

    /// All headers with this name as one list.
    pub fn list(&self, name: &str) -> Option<Cow<'a, [u8]>> {
        let mut all = self.all(name);
        let first = all.next()?;
        let Some(second) = all.next() else { return Some(Cow::Borrowed(first)) };
        let mut joined = [first, second].join(&b","[..]);
        all.for_each(|more| joined.extend(b",".iter().chain(more)));
        Some(Cow::Owned(joined))
    }
}

/// How much of a head is taken.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the target.
    pub uri: usize,
    /// Bytes of the whole head, its first line apart.
    pub head: usize,
}

impl Limits {
    /// Bytes a head may have, all in all: the first line is a method, the target and a version.
    pub fn bytes(&self) -> usize {
        self.uri + self.head + LINE
    }
}

/// What else a first line may hold: a method, spaces, a version.
const LINE: usize = 64;

/// What the bytes of a connection begin with.
#[derive(Debug)]
pub enum Parsed<'a> {
    /// A head, and its length.
    Head(Head<'a>, usize),
    /// Not yet a whole head.
    Partial,
    /// A later version of HTTP/1, said by the digit at this place. It is to be read as HTTP/1.1 (RFC 9110, 2.5).
    Later(usize),
    /// Never a head that is taken: this status, and the end of the connection.
    Refused(u16),
}

/// Reads a head of HTTP/1. There may be as many headers as slots.
pub fn parse<'a>(bytes: &'a [u8], slots: &'a mut [MaybeUninit<Header<'a>>], limits: Limits) -> Parsed<'a> {
    let mut request = Request::new(&mut []);
    match request.parse_with_uninit_headers(bytes, slots) {
        Ok(Status::Complete(length)) => {
            let (Some(method), Some(target), Some(minor)) = (request.method, request.path, request.version)
            else {
                return Parsed::Refused(400);
            };
            // What too_long says of a part of it holds of the whole, so that it does not matter how it comes.
            if target.len() > limits.uri || first_line(bytes).len() > limits.uri + LINE {
                return Parsed::Refused(414);
            }
            if length > target.len() + limits.head + LINE {
                return Parsed::Refused(431);
            }
            Parsed::Head(Head { method, target, minor, headers: request.headers }, length)
        }
        Ok(Status::Partial) => match too_long(bytes, limits) {
            Some(status) => Parsed::Refused(status),
            None => Parsed::Partial,
        },
        Err(Error::TooManyHeaders) => Parsed::Refused(431),
        Err(Error::Version) => match other_version(bytes) {
            Some((b'1', at)) => Parsed::Later(at),
            Some(_) => Parsed::Refused(505),
            None => Parsed::Refused(too_long(bytes, limits).unwrap_or(400)),
        },
        Err(_) => Parsed::Refused(too_long(bytes, limits).unwrap_or(400)),
    }
}

/// The first line, as far as it has come, after empty ones.
fn first_line(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    bytes[start..].split(|&byte| byte == b'\n').next().unwrap_or(&[])
}

/// Whether what has come of a head is too long already.
fn too_long(bytes: &[u8], limits: Limits) -> Option<u16> {
    let line = first_line(bytes);
    if line.len() > limits.uri + LINE {
        return Some(414);
    }
    let target = line.split(|&byte| byte == b' ').nth(1).unwrap_or(&[]);
    if target.len() > limits.uri {
        Some(414)
    } else {
        (bytes.len() - target.len() > limits.head + LINE).then_some(431)
    }
}

/// The major version that the first line ends with, and where its minor version stands, if it is none of 1.0 and 1.1.
/// Without any version it is no request (HTTP/0.9 is not spoken).
fn other_version(bytes: &[u8]) -> Option<(u8, usize)> {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
    let line = first_line(bytes).trim_ascii_end();
    match line.rsplit(|&byte| byte == b' ').next()? {
        // These the parser takes: another word of the line is wrong, for example a target with a space in it.
        b"HTTP/1.0" | b"HTTP/1.1" => None,
        [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', b'0'..=b'9'] => {
            Some((*major, start + line.len() - 1))
        }
        _ => None,
    }
}

/// The body that follows a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// None.
    Empty,
    /// So many bytes.
    Length(u64),
    /// In chunks.
    Chunked,
}

/// How long the body is. What two readers could take differently is refused (400, or 501 for an unknown coding), and
/// the connection ends with it: Content-Length beside Transfer-Encoding, several lengths, chunks in HTTP/1.0.
pub fn framing(head: &Head<'_>) -> Result<Framing, u16> {
    let lengths = head.all("content-length").count();
    if let Some(coding) = head.list("transfer-encoding") {
        if lengths > 0 || head.minor == 0 {
            return Err(400);
        }
        return match coding.trim_ascii() {
            coding if coding.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
            coding if coding.to_ascii_lowercase().windows(7).any(|part| part == b"chunked") => Err(400),
            _ => Err(501),
        };
    }
    match head.get("content-length") {
        None => Ok(Framing::Empty),
        Some(_) if lengths > 1 => Err(400),
        Some(value) if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
            let length = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
            // More than can be counted: too long, whatever the limit.
            Ok(length.map_or(Framing::Length(u64::MAX), |n: u64| {
                if n == 0 { Framing::Empty } else { Framing::Length(n) }
            }))
        }
        Some(_) => Err(400),
    }
}

/// The rules for `Host` (RFC 9112, 3.2): one in HTTP/1.1, at most one in HTTP/1.0, and nothing in it that is no host.
pub fn host_is_right(head: &Head<'_>) -> bool {
    let mut hosts = head.all("host");
    match (hosts.next(), hosts.next()) {
        (None, _) => head.minor == 0,
        (Some(host), None) => {
            let port = match host.iter().rposition(|&byte| byte == b':') {
                Some(at) if !host[at..].contains(&b']') => &host[at + 1..],
                _ => &[],
            };
            let plain = |byte: &u8| byte.is_ascii_graphic() && !b"/\\?#@\"<>^`{|},".contains(byte);
            host.iter().all(plain) && port.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// Whether the connection goes on after this request, as far as the client has a say (RFC 9112, 9.3).
pub fn keeps_alive(head: &Head<'_>) -> bool {
    let Some(list) = head.list("connection") else { return head.minor >= 1 };
    let says = |word: &str| {
        list.split(|&byte| byte == b',').any(|one| one.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
    };
    !says("close") && (head.minor >= 1 || says("keep-alive"))
}

#[cfg(test)]
mod tests;
