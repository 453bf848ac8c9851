//! The values of options that are more than a word or a number.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use ranks_http::parse_header;

/// Why a text is no value of an option.
#[derive(Debug)]
pub(super) enum ValueError {
    NoName,
    Path,
    ErrorPage(String),
    Status(String),
    Origin,
    Header(ranks_http::Error),
    Ours(String),
    Ascii,
    Printable,
    NoSlash,
    Address,
    NoNumber,
    /// Not between 1 and this number of these things.
    Beyond(usize, &'static str),
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValueError::NoName => f.write_str("not the name of a file"),
            ValueError::Path => f.write_str("a name, not a path"),
            ValueError::ErrorPage(text) => write!(f, "{text:?} is not STATUS=FILE, as 404=404.html is"),
            ValueError::Status(status) => write!(f, "{status:?} is not the status of an error (400 to 599)"),
            ValueError::Origin => f.write_str("not an origin, as https://example.org is (without a path)"),
            ValueError::Header(error) => write!(f, "{error}"),
            ValueError::Ours(name) => write!(f, "{name} is set by the server itself"),
            ValueError::Ascii => f.write_str("not in ASCII"),
            ValueError::Printable => f.write_str("a header's value is printable ASCII"),
            ValueError::NoSlash => f.write_str("a path begins with a slash: /metrics"),
            ValueError::Address => f.write_str(
                "write an IP address and a port, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080",
            ),
            ValueError::NoNumber => f.write_str("not a number"),
            ValueError::Beyond(most, what) => write!(f, "between 1 and {most} {what}"),
        }
    }
}

impl std::error::Error for ValueError {}

pub(super) fn name(text: &str) -> Result<String, ValueError> {
    match text {
        "" | "." | ".." => Err(ValueError::NoName),
        _ if text.contains('/') => Err(ValueError::Path),
        _ => Ok(text.to_owned()),
    }
}

pub(super) fn error_page(text: &str) -> Result<(u16, PathBuf), ValueError> {
    let wrong = || ValueError::ErrorPage(text.to_owned());
    let (status, file) = text.split_once('=').filter(|(_, file)| !file.is_empty()).ok_or_else(wrong)?;
    match status.parse() {
        Ok(status @ 400..=599) => Ok((status, file.into())),
        _ => Err(ValueError::Status(status.to_owned())),
    }
}

pub(super) fn origin(text: &str) -> Result<String, ValueError> {
    let host = |text: &str| {
        let host = text.split_once("://").map(|(_, host)| host);
        host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@']))
    };
    match text {
        "*" | "null" => Ok(text.to_owned()),
        _ if text.bytes().all(|byte| byte.is_ascii_graphic()) && host(text) => Ok(text.to_owned()),
        _ => Err(ValueError::Origin),
    }
}

/// Headers that say how long a message is and how it is sent: a second opinion would break it.
const OURS: [&str; 9] = [
    "connection",
    "content-length",
    "transfer-encoding",
    "keep-alive",
    "content-encoding",
    "content-range",
    "date",
    "upgrade",
    "trailer",
];

pub(super) fn header(text: &str) -> Result<String, ValueError> {
    let (name, header_value) = parse_header(text).map_err(ValueError::Header)?;
    if OURS.contains(&name.as_str()) {
        return Err(ValueError::Ours(name.to_string()));
    }
    Ok(format!("{name}: {}", value(header_value.to_str().map_err(|_| ValueError::Ascii)?)?))
}

pub(super) fn value(text: &str) -> Result<String, ValueError> {
    match text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ' || byte == b'\t') {
        true => Ok(text.to_owned()),
        false => Err(ValueError::Printable),
    }
}

pub(super) fn path(text: &str) -> Result<String, ValueError> {
    let plain = text.starts_with('/')
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#%\\".contains(&byte));
    if plain { Ok(text.to_owned()) } else { Err(ValueError::NoSlash) }
}

/// An address and a port; `localhost` is the address 127.0.0.1.
pub(super) fn address(text: &str) -> Result<SocketAddr, ValueError> {
    let text =
        text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    text.parse().map_err(|_| ValueError::Address)
}
