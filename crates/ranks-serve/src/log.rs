//! The access log: what a line of it looks like. Writing is `log/writer.rs`.

mod writer;

use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::head::Head;
use super::options::LogFormat;
use crate::error::Error;
use writer::Writer;

/// A request and what became of it.
#[derive(Debug)]
pub struct Request<'a> {
    /// Whose it was.
    pub client: IpAddr,
    /// What was asked; `None` if that could not be read.
    pub head: Option<&'a Head<'a>>,
    /// The answer's status.
    pub status: u16,
    /// The bytes of body sent.
    pub bytes: u64,
}

/// The log.
pub struct Log {
    format: LogFormat,
    writer: Writer,
}

impl Log {
    /// Opens the file for appending; `-` is standard output.
    pub fn open(file: &Path, format: LogFormat) -> Result<Log, Error> {
        let writer = Writer::open(file).map_err(|error| Error::file("the access log", file, error))?;
        Ok(Log { format, writer })
    }

    /// Adds a line. Never waits.
    pub fn write(&self, request: &Request<'_>, took: Duration) {
        let line = match self.format {
            LogFormat::Combined => combined(request, SystemTime::now()),
            LogFormat::Json => json(request, took, SystemTime::now()),
        };
        self.writer.add(line.as_bytes());
    }

    /// Opens the file anew before the next lines: it has been renamed.
    pub fn reopen(&self) {
        self.writer.reopen();
    }

    /// Writes what there is, as far as its reader takes it within a moment.
    pub fn finish(&self) {
        self.writer.finish();
    }
}

/// Bytes that would end a field or a line, or move a terminal's cursor, as `\xNN`.
fn clean(value: &[u8]) -> String {
    let mut text = String::with_capacity(value.len());
    for &byte in value {
        match byte {
            b'"' | b'\\' | 0..=0x1f | 0x7f.. => text.push_str(&format!("\\x{byte:02X}")),
            _ => text.push(char::from(byte)),
        }
    }
    text
}

fn version(head: &Head<'_>) -> &'static str {
    ["HTTP/1.0", "HTTP/1.1", "HTTP/2.0"][usize::from(head.minor.min(2))]
}

fn user(head: &Head<'_>) -> Option<String> {
    super::auth::credentials(head.get("authorization")?).map(|(user, _)| user)
}

fn combined(request: &Request<'_>, now: SystemTime) -> String {
    let Request { client, head, status, bytes } = request;
    let date = httpdate::fmt_http_date(now);
    // "Sun, 06 Nov 1994 08:49:37 GMT" as "06/Nov/1994:08:49:37 +0000".
    let date = format!("{}/{}/{}:{} +0000", &date[5..7], &date[8..11], &date[12..16], &date[17..25]);
    let field = |name| head.and_then(|head| head.get(name)).map_or("-".to_owned(), clean);
    let line = head.map_or("-".to_owned(), |head| {
        format!("{} {} {}", clean(head.method.as_bytes()), clean(head.target.as_bytes()), version(head))
    });
    let user = head.and_then(user).map_or("-".to_owned(), |user| clean(user.replace(' ', "_").as_bytes()));
    format!(
        "{client} - {user} [{date}] \"{line}\" {status} {bytes} \"{}\" \"{}\"\n",
        field("referer"),
        field("user-agent")
    )
}

#[derive(Serialize)]
struct Record<'a> {
    time: f64,
    client: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    method: Option<&'a str>,
    target: Option<&'a str>,
    protocol: Option<&'a str>,
    host: Option<String>,
    status: u16,
    bytes: u64,
    seconds: f64,
    referer: Option<String>,
    user_agent: Option<String>,
}

fn json(request: &Request<'_>, took: Duration, now: SystemTime) -> String {
    let Request { client, head, status, bytes } = *request;
    let field =
        |name| head.and_then(|head| head.get(name)).map(|value| String::from_utf8_lossy(value).into_owned());
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let record = Record {
        time: since.as_millis() as f64 / 1e3,
        client,
        user: head.and_then(user),
        method: head.map(|head| head.method),
        target: head.map(|head| head.target),
        protocol: head.map(version),
        host: field("host"),
        status,
        bytes,
        seconds: took.as_micros() as f64 / 1e6,
        referer: field("referer"),
        user_agent: field("user-agent"),
    };
    let mut line = serde_json::to_string(&record).unwrap_or_default();
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_request_writes_a_line_of_its_own() {
        let agent = b"evil\"\n\\x \x1b[2J\xff";
        let headers = [
            httparse::Header { name: "User-Agent", value: agent },
            httparse::Header { name: "Authorization", value: b"Basic YQpiOnB3" },
        ];
        let head = Head { method: "GET", target: "/a?\"b", minor: 1, headers: &headers };
        let client = "127.0.0.1".parse().unwrap();
        let request = Request { client, head: Some(&head), status: 200, bytes: 5 };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let line = combined(&request, now);
        assert_eq!(
            line,
            "127.0.0.1 - a\\x0Ab [06/Nov/1994:08:49:37 +0000] \"GET /a?\\x22b HTTP/1.1\" 200 5 \"-\" \
             \"evil\\x22\\x0A\\x5Cx \\x1B[2J\\xFF\"\n"
        );
        let line = json(&request, Duration::from_millis(3), now);
        assert_eq!(line.matches('\n').count(), 1);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&value["target"], &value["seconds"]), (&"/a?\"b".into(), &0.003.into()));
        let nothing = Request { client, head: None, status: 400, bytes: 0 };
        assert!(combined(&nothing, now).contains("\"-\" 400 0"));
        assert!(json(&nothing, Duration::ZERO, now).contains("\"method\":null"));
    }
}
