//! What the sample site answers to a path, and what a visitor must find there.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};

/// The answer to one path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Page { status: u16, bytes: usize, before: Duration, within: Duration },
    Chunked { bytes: usize },
    Redirect { to: String },
    Cut { announced: usize, sent: usize },
    Garbage,
    Close,
}

impl Answer {
    /// The answer to `path`; a path that means nothing is a 404.
    pub(super) fn to(path: &str) -> Answer {
        let page =
            |status, bytes| Answer::Page { status, bytes, before: Duration::ZERO, within: Duration::ZERO };
        let path = path.split(['?', '#']).next().unwrap_or("");
        let words: Vec<&str> = path.split('/').skip(1).collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<u64>().ok());
        match (words.first().copied(), number(1), number(2)) {
            (Some("page"), Some(bytes), None) => page(200, bytes as usize),
            (Some("slow"), Some(ms), Some(bytes)) => Answer::Page {
                status: 200,
                bytes: bytes as usize,
                before: Duration::from_millis(ms),
                within: Duration::ZERO,
            },
            (Some("drip"), Some(ms), Some(bytes)) => Answer::Page {
                status: 200,
                bytes: bytes as usize,
                before: Duration::ZERO,
                within: Duration::from_millis(ms),
            },
            (Some("chunked"), Some(bytes), None) => Answer::Chunked { bytes: bytes as usize },
            (Some("status"), Some(code @ 200..=599), None) => page(code as u16, 9),
            (Some("redirect"), Some(0), None) => page(200, 64),
            (Some("redirect"), Some(1), None) => Answer::Redirect { to: "/page/64".into() },
            (Some("redirect"), Some(n), None) => Answer::Redirect { to: format!("/redirect/{}", n - 1) },
            (Some("loop"), None, None) => Answer::Redirect { to: "/loop".into() },
            (Some("cut"), Some(announced), Some(sent)) => {
                Answer::Cut { announced: announced as usize, sent: sent as usize }
            }
            (Some("garbage"), ..) => Answer::Garbage,
            (Some("close"), ..) => Answer::Close,
            _ => page(404, 9),
        }
    }

    /// Sends the answer; false: the connection is to be closed after it.
    pub(super) async fn send(&self, to: &mut (impl AsyncWrite + Unpin), head_only: bool) -> io::Result<bool> {
        let mut out = Vec::with_capacity(256);
        let body = |bytes: usize| if head_only { 0 } else { bytes };
        match self {
            Answer::Page { status, bytes, before, within } => {
                pause(*before).await;
                head(&mut out, *status, Some(*bytes), "");
                // Statuses without a body announce none.
                let bytes = if matches!(status, 204 | 304) { 0 } else { body(*bytes) };
                let first = if within.is_zero() { bytes } else { bytes / 2 };
                fill(&mut out, first);
                to.write_all(&out).await?;
                if first < bytes {
                    pause(*within).await;
                    out.clear();
                    fill(&mut out, bytes - first);
                    to.write_all(&out).await?;
                }
                Ok(true)
            }
            Answer::Chunked { bytes } => {
                head(&mut out, 200, None, "Transfer-Encoding: chunked\r\n");
                let mut left = body(*bytes);
                while left > 0 {
                    let now = left.min(1000);
                    out.extend_from_slice(format!("{now:x}\r\n").as_bytes());
                    fill(&mut out, now);
                    out.extend_from_slice(b"\r\n");
                    left -= now;
                }
                if !head_only {
                    out.extend_from_slice(b"0\r\n\r\n");
                }
                to.write_all(&out).await?;
                Ok(true)
            }
            Answer::Redirect { to: target } => {
                head(&mut out, 302, Some(0), &format!("Location: {target}\r\n"));
                to.write_all(&out).await?;
                Ok(true)
            }
            Answer::Cut { announced, sent } => {
                head(&mut out, 200, Some(*announced), "");
                fill(&mut out, body(*sent));
                to.write_all(&out).await?;
                Ok(false)
            }
            Answer::Garbage => {
                to.write_all(b"\x00\x01\x02 this is no HTTP \xff\xfe\r\n\r\n").await?;
                Ok(false)
            }
            Answer::Close => Ok(false),
        }
    }
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

fn head(out: &mut Vec<u8>, status: u16, length: Option<usize>, more: &str) {
    let length = match length {
        Some(_) if matches!(status, 204 | 304) => String::new(),
        Some(length) => format!("Content-Length: {length}\r\n"),
        None => String::new(),
    };
    out.extend_from_slice(
        format!("HTTP/1.1 {status} Sample\r\nContent-Type: text/plain\r\n{length}{more}\r\n").as_bytes(),
    );
}

fn fill(out: &mut Vec<u8>, bytes: usize) {
    out.resize(out.len() + bytes, b'x');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_mean_what_the_table_says() {
        assert_eq!(Answer::to("/cut/10/3"), Answer::Cut { announced: 10, sent: 3 });
        assert_eq!(Answer::to("/redirect/3"), Answer::Redirect { to: "/redirect/2".into() });
        assert_eq!(Answer::to("/redirect/1"), Answer::Redirect { to: "/page/64".into() });
        assert!(matches!(Answer::to("/page/7?a=b"), Answer::Page { status: 200, bytes: 7, .. }));
        for unknown in ["", "/", "/page", "/page/x", "/page/-1", "/status/999", "*"] {
            assert!(matches!(Answer::to(unknown), Answer::Page { status: 404, .. }), "{unknown}");
        }
    }
}
