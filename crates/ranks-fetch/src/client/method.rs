//! How a URL is asked for.

use crate::error::Error;
use std::str::FromStr;

/// The method of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// The page with its body, which is read and counted.
    #[default]
    Get,
    /// Status and headers alone.
    Head,
    /// HEAD, and GET where the server turns out not to know HEAD. The body is not read then either.
    HeadOrGet,
    /// Any other, such as POST.
    Other(String),
}

impl Method {
    pub(super) fn first(&self) -> reqwest::Method {
        match self {
            Method::Get => reqwest::Method::GET,
            Method::Head | Method::HeadOrGet => reqwest::Method::HEAD,
            // Checked when it was made from text; made otherwise, it may be nonsense, and the server will say so.
            Method::Other(name) => reqwest::Method::from_bytes(name.as_bytes()).unwrap_or_default(),
        }
    }

    /// Whether asking twice does no more than asking once (RFC 9110, 9.2.2).
    pub fn may_be_repeated(&self) -> bool {
        match self {
            Method::Get | Method::Head | Method::HeadOrGet => true,
            Method::Other(name) => matches!(name.as_str(), "OPTIONS" | "TRACE" | "PUT" | "DELETE"),
        }
    }

    /// Whether it only reads: the same URL then need not be requested for each line that names it.
    pub(crate) fn only_reads(&self) -> bool {
        !matches!(self, Method::Other(_))
    }
}

impl FromStr for Method {
    type Err = Error;

    fn from_str(text: &str) -> Result<Method, Error> {
        let name = text.to_ascii_uppercase();
        match name.as_str() {
            "GET" => Ok(Method::Get),
            "HEAD" => Ok(Method::Head),
            "CONNECT" => Err(Error::options("CONNECT asks a proxy for a tunnel, not a server for a page")),
            _ => match reqwest::Method::from_bytes(name.as_bytes()) {
                Ok(_) => Ok(Method::Other(name)),
                Err(_) => Err(Error::options("a method is a word such as GET or POST")),
            },
        }
    }
}

/// Whether this answer to HEAD may only mean that the server does not do HEAD. Servers that do not are seen to answer
/// with any of these.
pub(super) fn may_mean_no_head(status: u16) -> bool {
    matches!(status, 400 | 403 | 404 | 405 | 406 | 500 | 501 | 503)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_words() {
        assert_eq!("get".parse::<Method>().unwrap(), Method::Get);
        assert_eq!("propfind".parse::<Method>().unwrap(), Method::Other("PROPFIND".into()));
        for wrong in ["", "A B", "G\u{e9}T", "connect", "a\nb"] {
            assert!(wrong.parse::<Method>().is_err(), "{wrong:?}");
        }
        assert!(
            Method::Other("PUT".into()).may_be_repeated() && !Method::Other("POST".into()).may_be_repeated()
        );
    }
}
