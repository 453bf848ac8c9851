//! How a client behaves.

use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use ranks_http::parse_header;
use reqwest::header::HeaderMap;

use super::{Expectation, Method, Trust};
use crate::error::Error;

/// How a [`Client`](super::Client) behaves.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// GET, HEAD or another.
    pub method: Method,
    /// Headers sent beside our own, as `Name: value` each; they replace ours of the same name.
    pub headers: Vec<String>,
    /// The request's body.
    pub body: Option<Bytes>,
    /// The longest time for one URL, from its start to the end of its body, redirects included.
    pub timeout: Duration,
    /// The longest time for one connection to be made.
    pub connect_timeout: Duration,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// The longest body read; what comes after is a failure.
    pub max_bytes: Option<u64>,
    /// Redirects followed at most; 0: none, the redirect is the answer.
    pub max_redirects: usize,
    /// Whether compressed bodies are asked for (gzip, br, zstd), and counted, searched and kept as they were before.
    pub compression: bool,
    /// Whether cookies are kept and sent back.
    pub cookies: bool,
    /// Through which proxy.
    pub proxy: Proxy,
    /// Which HTTP is spoken.
    pub http: HttpVersion,
    /// Whose certificates are believed.
    pub trust: Trust,
    /// Whether each site's robots.txt is asked first, and obeyed.
    pub robots: bool,
    /// What the answers must be like.
    pub expect: Vec<Expectation>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        ClientOptions {
            method: Method::Get,
            headers: Vec::new(),
            body: None,
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            user_agent: concat!("ranks/", env!("CARGO_PKG_VERSION")).to_owned(),
            max_bytes: None,
            max_redirects: 10,
            compression: true,
            cookies: false,
            proxy: Proxy::Environment,
            http: HttpVersion::Auto,
            trust: Trust::System,
            robots: false,
            expect: Vec::new(),
        }
    }
}

impl ClientOptions {
    pub(super) fn header_map(&self) -> Result<HeaderMap, ranks_http::Error> {
        let mut map = HeaderMap::new();
        for header in &self.headers {
            let (name, value) = parse_header(header)?;
            map.append(name, value);
        }
        Ok(map)
    }
}

/// Through which proxy requests go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Proxy {
    /// As `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` say.
    #[default]
    Environment,
    /// None.
    Direct,
    /// This one for everything: `http://`, `https://`, `socks5://` or `socks5h://`.
    Url(String),
}

impl FromStr for Proxy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Proxy, Error> {
        if matches!(text, "none" | "") {
            return Ok(Proxy::Direct);
        }
        match reqwest::Url::parse(text) {
            Ok(url)
                if matches!(url.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h")
                    && url.has_host() =>
            {
                Ok(Proxy::Url(text.to_owned()))
            }
            _ => {
                Err(Error::options("a proxy is http://HOST:PORT, https://, socks5:// or socks5h://, or none"))
            }
        }
    }
}

/// Which HTTP is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum HttpVersion {
    /// HTTP/2 where a TLS server offers it, else HTTP/1.1.
    #[default]
    Auto,
    /// HTTP/1.1 only.
    #[value(name = "1.1")]
    One,
    /// HTTP/2 only, without TLS too.
    #[value(name = "2")]
    Two,
}
