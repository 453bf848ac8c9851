//! Values as people type them: a header, a time in seconds.

use http::header::{HeaderName, HeaderValue};
use std::fmt;
use std::time::Duration;

/// Why a text is no such value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A header has no colon.
    NoColon,
    /// What stands before the colon is no name of a header.
    Name(String),
    /// This header follows from the message itself.
    Reserved(HeaderName),
    /// The value of this header holds characters that no header may hold.
    Value(HeaderName),
    /// It is not a number.
    NoNumber,
    /// The time is not more than 0, or too long to be meant.
    NoTime,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoColon => f.write_str("a header is \"Name: value\""),
            Error::Name(name) => write!(f, "{name:?} is no name of a header"),
            Error::Reserved(name) => write!(f, "{name} is not yours to set: it follows from the request"),
            Error::Value(name) => write!(f, "the value of {name} holds characters that no header may hold"),
            Error::NoNumber => f.write_str("not a number of seconds"),
            Error::NoTime => f.write_str("must be more than 0"),
        }
    }
}

impl std::error::Error for Error {}

/// Reads a header that is written as `Name: value`.
///
/// # Errors
///
/// What is no header, and headers that follow from the message itself, such as its length.
pub fn parse_header(text: &str) -> Result<(HeaderName, HeaderValue), Error> {
    let (name, value) = text.split_once(':').ok_or(Error::NoColon)?;
    let name =
        HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| Error::Name(name.trim().to_owned()))?;
    if matches!(name.as_str(), "content-length" | "transfer-encoding" | "connection") {
        return Err(Error::Reserved(name));
    }
    match HeaderValue::from_str(value.trim()) {
        Ok(value) => Ok((name, value)),
        Err(_) => Err(Error::Value(name)),
    }
}

/// Reads a time in seconds, such as `0.5`.
///
/// # Errors
///
/// What is no number, and times that are not more than 0.
pub fn seconds(text: &str) -> Result<Duration, Error> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 1e8 => Ok(Duration::from_secs_f64(number)),
        Ok(_) => Err(Error::NoTime),
        Err(_) => Err(Error::NoNumber),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_value_is_told() {
        assert_eq!(parse_header("X-One:  1 ").unwrap().1, "1");
        assert_eq!(parse_header("no header").unwrap_err().to_string(), "a header is \"Name: value\"");
        assert_eq!(parse_header("a b: c"), Err(Error::Name("a b".into())));
        assert!(matches!(parse_header("Content-Length: 1"), Err(Error::Reserved(_))));
        assert!(matches!(parse_header("A: b\nc"), Err(Error::Value(_))));
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!((seconds("0"), seconds("soon")), (Err(Error::NoTime), Err(Error::NoNumber)));
    }
}
