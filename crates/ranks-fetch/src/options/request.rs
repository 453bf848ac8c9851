//! What is asked of each URL, and how.

use std::io::Read;
use std::time::Duration;

use bytes::Bytes;
use ranks_http::{parse_header, seconds};

use crate::bounds::BODY_BYTES;
use crate::error::Error;
use crate::{Certificates, ClientOptions, Expectation, HttpVersion, Method, Proxy, Trust};

/// The options that each rank's client is made from.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Requests")]
pub struct RequestOptions {
    /// How to ask: GET, HEAD, POST or any other method [default: GET, with --data POST]
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub method: Option<Method>,

    /// Ask with HEAD, which brings no body, and with GET where a server does not do HEAD
    ///
    /// With --method HEAD there is no second request.
    #[arg(short = 'I', long, conflicts_with_all = ["method", "data"])]
    pub head: bool,

    /// A header to send, "Name: value"; may be given several times
    #[arg(short = 'H', long = "header", value_name = "HEADER", value_parser = header)]
    pub headers: Vec<String>,

    /// The body to send; "@FILE": what is in the file
    #[arg(short = 'd', long, value_name = "DATA|@FILE", value_parser = data)]
    pub data: Option<Bytes>,

    /// The User-Agent header
    #[arg(short = 'A', long, default_value = concat!("ranks/", env!("CARGO_PKG_VERSION")), value_name = "TEXT")]
    pub user_agent: String,

    /// Longest time for one URL, in seconds, with its redirects and its body
    #[arg(short, long, default_value = "30", value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Duration,

    /// Longest time to connect, in seconds
    #[arg(long, default_value = "10", value_name = "SECONDS", value_parser = seconds)]
    pub connect_timeout: Duration,

    /// Redirects followed at most; 0 follows none
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub max_redirects: usize,

    /// Longest body read; a longer one is recorded as "body too long"
    #[arg(long, value_name = "BYTES")]
    pub max_bytes: Option<u64>,

    /// Do not ask for compressed bodies (gzip, br, zstd)
    ///
    /// Bytes are counted, and bodies saved, as they are when decompressed.
    #[arg(long)]
    pub no_compression: bool,

    /// Keep cookies and send them back; each rank has its own
    #[arg(long)]
    pub cookies: bool,

    /// Proxy for all requests (http, https, socks5, socks5h), or "none" [default: as http_proxy and the like say]
    #[arg(long, value_name = "URL")]
    pub proxy: Option<Proxy>,

    /// HTTP to speak; "2" does so without TLS too
    #[arg(long, value_enum, default_value_t = HttpVersion::Auto, value_name = "VERSION")]
    pub http: HttpVersion,

    /// Trust the certificates in FILE (PEM) and what they have signed, in place of the system's
    #[arg(long, value_name = "FILE", value_parser = Certificates::from_file, conflicts_with = "insecure")]
    pub cacert: Option<Certificates>,

    /// Trust any certificate: whoever is in between can read and change everything
    #[arg(short = 'k', long)]
    pub insecure: bool,

    /// Ask each site's robots.txt first, and leave alone what it does not want fetched
    #[arg(long)]
    pub robots: bool,

    /// What answers must be like: status=CODES, text=TEXT or size=BYTES; may be given several times
    ///
    /// "status=200,3xx", "size=1-" and "size=100-200" are understood. Where an answer is not like that, its record has
    /// the error "unexpected"; the command then ends with exit status 1, as it does when any URL fails.
    #[arg(long, value_name = "WHAT")]
    pub expect: Vec<Expectation>,
}

impl RequestOptions {
    /// What each rank's client is to do, or why that cannot be.
    pub(super) fn client(&self) -> Result<ClientOptions, Error> {
        let method = match (&self.method, self.head, &self.data) {
            (Some(method), ..) => method.clone(),
            (None, true, _) => Method::HeadOrGet,
            (None, false, Some(_)) => Method::Other("POST".into()),
            (None, false, None) => Method::Get,
        };
        let body = |one: &Expectation| !matches!(one, Expectation::Status(_));
        if matches!(method, Method::Head | Method::HeadOrGet) && self.expect.iter().any(body) {
            return Err(Error::options("--expect text= and size= need the body, which HEAD does not bring"));
        }
        Ok(ClientOptions {
            method,
            headers: self.headers.clone(),
            body: self.data.clone(),
            timeout: self.timeout,
            connect_timeout: self.connect_timeout,
            user_agent: self.user_agent.clone(),
            max_bytes: self.max_bytes,
            max_redirects: self.max_redirects,
            compression: !self.no_compression,
            cookies: self.cookies,
            proxy: self.proxy.clone().unwrap_or_default(),
            http: self.http,
            trust: match &self.cacert {
                Some(certificates) => Trust::These(certificates.clone()),
                None if self.insecure => Trust::Anything,
                None => Trust::System,
            },
            robots: self.robots,
            expect: self.expect.clone(),
        })
    }
}

fn header(text: &str) -> Result<String, ranks_http::Error> {
    parse_header(text).map(|_| text.to_owned())
}

fn data(text: &str) -> Result<Bytes, Error> {
    let Some(file) = text.strip_prefix('@') else { return Ok(text.to_owned().into()) };
    let mut bytes = Vec::new();
    std::fs::File::open(file)
        .and_then(|file| file.take(BODY_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| Error::Options(format!("cannot read {file}: {error}")))?;
    match bytes.len() as u64 > BODY_BYTES {
        true => Err(Error::Options(format!("{file} is longer than {BODY_BYTES} bytes"))),
        false => Ok(bytes.into()),
    }
}
