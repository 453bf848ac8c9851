//! Requests by chance: whatever bytes come, what is read out of them keeps within what there is.

use std::mem::MaybeUninit;
use std::path::{Component, Path};

use httparse::Header;

use super::auth::{Auth, credentials};
use super::chunks::Chunks;
use super::coding::accepted;
use super::condition::{Outcome, Validators, outcome, range_counts};
use super::head::{Framing, Head, Limits, Parsed, framing, host_is_right, keeps_alive, parse};
use super::range::{Ranges, ranges};
use super::target::{encode, names, split};
use crate::bounds::RANGES;
use ranks_http::fuzz::{fuzz, rough};

#[test]
fn fuzz_paths() {
    let words =
        ["..", "/", "%2e", "%2f", "%5c", "%00", "//", "http://h", "?", "#", "%25", "%c0%ae", "\\", "."];
    fuzz("paths", &words, |input| {
        let text = String::from_utf8_lossy(input);
        let Some(target) = split(&text) else { return "no target".into() };
        assert!(target.raw.starts_with('/') && !target.raw.contains('?'));
        let Some(found) = names(target.raw) else { return "refused".to_owned() };
        let path = Path::new(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(&found.path));
        assert!(path.components().all(|part| matches!(part, Component::Normal(_))), "{path:?}");
        assert!(!found.path.iter().any(|&byte| byte < 0x20 || byte == b'\\' || byte == 0x7f));
        let hidden = found.path.split(|&byte| byte == b'/').any(|name| name.starts_with(b"."));
        assert_eq!(hidden, found.hidden);
        // A link to it leads to it, and to no other host.
        let link = format!("/{}", encode(&found.path));
        assert!(!link.starts_with("//") && link.is_ascii());
        assert_eq!(names(&link).map(|again| again.path), Some(found.path.clone()));
        format!("{} {} {}", rough(found.path.len()), found.slash, hidden)
    });
}

#[test]
fn fuzz_ranges() {
    fuzz("ranges", &["bytes=", "-", ",", "0-", "18446744073709551615", "\n", "0", "999", " "], |input| {
        let text = String::from_utf8_lossy(input);
        let (size, value) = text.split_once('\n').unwrap_or(("1000", &text));
        let size = size.parse().unwrap_or(1000);
        match ranges(value.as_bytes(), size) {
            Ranges::Parts(parts) => {
                assert!((1..=RANGES).contains(&(parts.len() as _)));
                let ends = parts.iter().map(|&(first, length)| {
                    assert!(length > 0);
                    first.checked_add(length).expect("an end that can be counted")
                });
                assert!(ends.max() <= Some(size));
                assert!(parts.len() == 1 || parts.iter().map(|part| part.1).sum::<u64>() <= size);
                format!("{} parts", parts.len())
            }
            other => format!("{other:?}"),
        }
    });
}

/// What is left of a head when its bytes are gone.
fn head<T: std::fmt::Debug>(bytes: &[u8], look: impl Fn(&Head<'_>) -> T) -> Result<(usize, T), u16> {
    let mut slots = [const { MaybeUninit::<Header<'_>>::uninit() }; 20];
    match parse(bytes, &mut slots, Limits { uri: 200, head: 1000 }) {
        Parsed::Head(head, length) => Ok((length, look(&head))),
        Parsed::Partial => Err(0),
        Parsed::Later(_) => Err(1),
        Parsed::Refused(status) => Err(status),
    }
}

const HEADERS: [&str; 20] = [
    "\r\n",
    "GET / HTTP/1.1",
    "HTTP/1.0",
    "Host: a",
    "Content-Length: 5",
    "Transfer-Encoding: chunked",
    "\r\n\r\n",
    ": ",
    "If-Match: ",
    "If-None-Match: ",
    "If-Range: ",
    "If-Modified-Since: ",
    "If-Unmodified-Since: ",
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "\"tag\"",
    "W/",
    "Accept-Encoding: ",
    "gzip;q=0.5",
    "*",
    ",",
];

#[test]
fn fuzz_heads() {
    fuzz("heads", &HEADERS, |input| {
        let whole = head(input, |head| {
            let lengths = head.all("content-length").count();
            match framing(head) {
                Ok(Framing::Chunked) => assert!(lengths == 0 && head.minor > 0),
                Ok(Framing::Length(length)) => {
                    assert!(lengths == 1 && length > 0 && head.get("transfer-encoding").is_none());
                }
                Ok(Framing::Empty) => assert!(lengths <= 1 && head.get("transfer-encoding").is_none()),
                Err(status) => assert!(matches!(status, 400 | 501)),
            }
            let bytes = head.headers.iter().flat_map(|header| header.value);
            assert!(!bytes.into_iter().any(|byte| b"\r\n\0".contains(byte)));
            (framing(head), host_is_right(head), keeps_alive(head))
        });
        // However the bytes come in, it is the same head, and not refused before it is whole.
        for end in (0..input.len()).step_by(1 + input.len() / 40) {
            match (head(&input[..end], |_| ()), &whole) {
                (Ok((early, ())), Ok((length, _))) => assert_eq!(early, *length),
                (Err(0), _) => assert!(!matches!(whole, Ok((length, _)) if length <= end)),
                (Err(status), whole) => {
                    assert!(matches!(whole, Err(other) if *other > 0), "{status}, {whole:?}")
                }
                (Ok(_), Err(status)) => panic!("a head, and with more behind it {status}"),
            }
        }
        whole.map(|(length, found)| (rough(length), found))
    });
}

#[test]
fn fuzz_conditions() {
    const NOW: Validators<'static> = Validators { tag: "\"tag\"", modified: 784_111_777 };
    fuzz("conditions", &HEADERS, |input| {
        let bytes = [b"GET / HTTP/1.1\r\n", input, b"\r\n\r\n"].concat();
        head(&bytes, |head| {
            let found = outcome(head, NOW);
            let asked = |name| head.get(name).is_some();
            assert!(found != Outcome::Failed || asked("if-match") || asked("if-unmodified-since"));
            assert!(found != Outcome::NotModified || asked("if-none-match") || asked("if-modified-since"));
            assert!(range_counts(head, NOW) || asked("if-range"));
            let only = |name| head.all(name).count() == 1 && head.get(name) == Some(b"\"tag\"");
            assert!(!only("if-none-match") || found != Outcome::Proceed);
            assert!(!only("if-match") || found != Outcome::Failed);
            let codings = accepted(head.get("accept-encoding"));
            assert!(codings.len() <= 3 && (codings.is_empty() || asked("accept-encoding")));
            (found, range_counts(head, NOW), codings)
        })
        .map(|(_, found)| found)
    });
}

/// Whether a body ended or was none, and how many bytes it took, coming in pieces of so many.
fn body(bytes: &[u8], piece: usize) -> (Option<bool>, usize) {
    let (mut chunks, mut taken, mut end) = (Chunks::default(), 0, 0);
    while end < bytes.len() && !chunks.ended() {
        end = (end + piece).min(bytes.len());
        match chunks.take(&bytes[taken..end]) {
            Ok(more) => taken += more,
            Err(_) => return (None, 0),
        }
        assert!(taken <= end);
    }
    (Some(chunks.ended()), taken)
}

#[test]
fn fuzz_chunks() {
    let words = ["0\r\n\r\n", "\r\n", "5\r\nhello\r\n", ";a=b", "ffffffffffffffff", "0", "a: b\r\n", "\n"];
    fuzz("chunks", &words, |input| {
        let whole = body(input, usize::MAX >> 1);
        for piece in [1, 2, 7] {
            assert_eq!(body(input, piece), whole, "in pieces of {piece}");
        }
        (whole.0, rough(whole.1))
    });
}

#[test]
fn fuzz_users() {
    let file = std::env::temp_dir().join(format!("ranks-fuzz-users-{}", std::process::id()));
    let words = ["{SHA256}", ":", "$2a$05$", "\n", "#", "Basic ", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "\r"];
    fuzz("users", &words, |input| {
        std::fs::write(&file, input).unwrap();
        let found = Auth::read(&file).map(|_| ()).map_err(|error| {
            let error = error.to_string();
            assert!(error.contains("ranks-fuzz-users") && error.lines().count() == 1, "{error:?}");
            error.contains(": line ")
        });
        (found, credentials(input).map(|(name, word)| (name.is_empty(), rough(word.len()))))
    });
    let _ = std::fs::remove_file(&file);
}
