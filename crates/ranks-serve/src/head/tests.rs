use super::*;
use crate::bounds::HEADERS;

const LIMITS: Limits = Limits { uri: 100, head: 400 };

/// The status, or 0 for a partial head, or 200 for a whole one, or 1 for one of a later version of HTTP/1.
fn status(bytes: &[u8]) -> u16 {
    let mut slots = [const { MaybeUninit::uninit() }; HEADERS];
    match parse(bytes, &mut slots[..10], LIMITS) {
        Parsed::Head(_, length) => {
            assert!(length <= bytes.len());
            200
        }
        Parsed::Partial => 0,
        Parsed::Later(at) => {
            assert!(bytes[at].is_ascii_digit());
            1
        }
        Parsed::Refused(status) => status,
    }
}

#[test]
fn heads_and_what_is_none() {
    let long = |n| "x".repeat(n);
    for (text, wanted) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 200),
        ("\r\n\r\nGET / HTTP/1.0\r\n\r\n".into(), 200),
        ("GET / HTTP/1.1\nHost: a\n\n".into(), 200),
        ("G".into(), 0),
        ("GET / HTTP/1.1\r\nHost: a\r\n".into(), 0),
        ("".into(), 0),
        ("GET /\r\n\r\n".into(), 400),
        ("GET / HTTP/1.2\r\n\r\n".into(), 1),
        ("GET /a b HTTP/1.1\r\n\r\n".into(), 400),
        ("GET /a b HTTP/1.0\r\n\r\n".into(), 400),
        ("GET /a b HTTP/1.2\r\n\r\n".into(), 1),
        ("GET / HTTP/2.0\r\n\r\n".into(), 505),
        ("GET / HTTP/9.9\r\n\r\n".into(), 505),
        ("GET / HTTP/11\r\n\r\n".into(), 400),
        ("GET / HTTX/1.1\r\n\r\n".into(), 400),
        ("GET  / HTTP/1.1\r\n\r\n".into(), 400),
        ("GET / HTTP/1.1\r\n Host: a\r\n\r\n".into(), 400),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n".into(), 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n".into(), 400),
        ("GET / HTTP/1.1\r\nHost: a\0\r\n\r\n".into(), 400),
        ("GET /\0 HTTP/1.1\r\n\r\n".into(), 400),
        ("\x16\x03\x01\x02\x00".into(), 400),
        (format!("GET /{} HTTP/1.1\r\n\r\n", long(100)), 414),
        (format!("GET /{} HTTP/1.1\r\n", long(100)), 414),
        (format!("GET /{}", long(400)), 414),
        (format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", long(500)), 431),
        (format!("GET / HTTP/1.1\r\nA: {}", long(500)), 431),
        (format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(10)), 200),
        (format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(11)), 431),
        ("\r\n".repeat(300), 431),
    ] {
        assert_eq!(status(text.as_bytes()), wanted, "{text}");
    }
}

fn with<T>(headers: &[(&str, &str)], minor: u8, look: impl FnOnce(&Head<'_>) -> T) -> T {
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| Header { name, value: value.as_bytes() }).collect();
    look(&Head { method: "GET", target: "/", minor, headers: &headers })
}

#[test]
fn bodies_are_as_long_as_all_readers_agree() {
    for (headers, wanted) in [
        (&[][..], Ok(Framing::Empty)),
        (&[("Content-Length", "0")], Ok(Framing::Empty)),
        (&[("content-length", "5")], Ok(Framing::Length(5))),
        (&[("Content-Length", "99999999999999999999999")], Ok(Framing::Length(u64::MAX))),
        (&[("Content-Length", "+5")], Err(400)),
        (&[("Content-Length", "-5")], Err(400)),
        (&[("Content-Length", "0x5")], Err(400)),
        (&[("Content-Length", "")], Err(400)),
        (&[("Content-Length", "5, 5")], Err(400)),
        (&[("Content-Length", "5"), ("Content-Length", "5")], Err(400)),
        (&[("Transfer-Encoding", "chunked")], Ok(Framing::Chunked)),
        (&[("Transfer-Encoding", "Chunked")], Ok(Framing::Chunked)),
        (&[("Transfer-Encoding", "gzip")], Err(501)),
        (&[("Transfer-Encoding", "xchunked")], Err(400)),
        (&[("Transfer-Encoding", "gzip, chunked")], Err(400)),
        (&[("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")], Err(400)),
        (&[("Transfer-Encoding", "chunked"), ("Content-Length", "5")], Err(400)),
        (&[("Content-Length", "5"), ("Transfer-Encoding", "identity")], Err(400)),
    ] {
        assert_eq!(with(headers, 1, framing), wanted, "{headers:?}");
    }
    assert_eq!(with(&[("Transfer-Encoding", "chunked")], 0, framing), Err(400));
}

#[test]
fn one_host() {
    for (headers, wanted) in [
        (&[][..], false),
        (&[("Host", "a")], true),
        (&[("Host", "")], true),
        (&[("Host", "[::1]:80")], true),
        (&[("Host", "a"), ("host", "a")], false),
        (&[("Host", "a/b")], false),
        (&[("Host", "a b")], false),
        (&[("Host", "u@a")], false),
        (&[("Host", "a\\b")], false),
        (&[("Host", "a:b")], false),
        (&[("Host", "[::1]:x")], false),
        (&[("Host", "a:80")], true),
    ] {
        assert_eq!(with(headers, 1, host_is_right), wanted, "{headers:?}");
    }
    assert!(with(&[], 0, host_is_right));
}

#[test]
fn connections_that_go_on() {
    for (headers, minor, wanted) in [
        (&[][..], 1, true),
        (&[], 0, false),
        (&[("Connection", "Keep-Alive")], 0, true),
        (&[("Connection", "close")], 1, false),
        (&[("Connection", "TE, Close")], 1, false),
        (&[("Connection", "TE"), ("Connection", "close")], 1, false),
    ] {
        assert_eq!(with(headers, minor, keeps_alive), wanted, "{headers:?}");
    }
}
