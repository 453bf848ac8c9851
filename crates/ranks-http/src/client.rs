//! One rank's HTTP client: visits a URL, follows redirects, counts the body without keeping it.

mod failure;
mod pool;
mod tls;

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{StatusCode, Url, header, redirect};

use failure::classify;
pub use failure::{Failure, FailureKind};
use pool::Pool;

/// How a URL is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "UPPER")]
pub enum Method {
    /// The page with its body, which is read and counted.
    #[default]
    Get,
    /// Status and headers alone.
    Head,
}

/// How a [`Client`] behaves.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// GET or HEAD.
    pub method: Method,
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
}

impl Default for ClientOptions {
    fn default() -> Self {
        ClientOptions {
            method: Method::Get,
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            user_agent: concat!("ranks/", env!("CARGO_PKG_VERSION")).to_owned(),
            max_bytes: None,
            max_redirects: 10,
        }
    }
}

/// What a visit found. All that was learnt before a failure is kept: a page cut short has status and bytes too.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    /// The status of the last response; none when no response came.
    pub status: Option<u16>,
    /// Bytes of body received.
    pub bytes: u64,
    /// From the start to the end of the body or the failure.
    pub elapsed: Duration,
    /// Where the redirects ended; none when no response came.
    pub final_url: Option<String>,
    /// What failed, if something did. A status such as 404 or 503 is an answer, not a failure.
    pub failure: Option<Failure>,
}

/// An HTTP client with its pool of connections. Must be used inside a tokio runtime.
#[derive(Clone, Debug)]
pub struct Client {
    pool: Arc<Pool>,
    options: ClientOptions,
}

/// How long an unused connection is kept.
const IDLE_CONNECTION: Duration = Duration::from_secs(5);

impl Client {
    /// A client that behaves as `options` say. Fails when they cannot be met (a user agent that is no header value).
    pub fn new(options: ClientOptions) -> Result<Client, Failure> {
        let refuse = |error: &dyn std::fmt::Display| Failure::new(FailureKind::Other, error.to_string());
        let agent = header::HeaderValue::from_str(&options.user_agent)
            .map_err(|_| refuse(&"the user agent holds characters that no header may hold"))?;
        let tls = tls::config().map_err(|error| refuse(&error))?;
        let (limit, connect_timeout) = (options.max_redirects, options.connect_timeout);
        let make = move || {
            // `stop` rather than an error at the limit: that keeps the response, and with it the status.
            let policy = redirect::Policy::custom(move |attempt| {
                if attempt.previous().len() > limit { attempt.stop() } else { attempt.follow() }
            });
            reqwest::Client::builder()
                .user_agent(agent.clone())
                .referer(false)
                .redirect(policy)
                .connect_timeout(connect_timeout)
                .pool_idle_timeout(IDLE_CONNECTION)
                .tls_backend_preconfigured(tls.clone())
                .build()
        };
        let pool = Pool::new(Box::new(make)).map_err(|error| refuse(&error))?;
        Ok(Client { pool: Arc::new(pool), options })
    }

    /// Visits `url` and tells what it found.
    pub async fn check(&self, url: &str) -> Visit {
        let start = Instant::now();
        let mut visit =
            Visit { status: None, bytes: 0, elapsed: Duration::ZERO, final_url: None, failure: None };
        let outcome = match parse(url) {
            Err(failure) => Err(failure),
            Ok(url) => tokio::time::timeout(self.options.timeout, self.exchange(url, &mut visit))
                .await
                .unwrap_or_else(|_| {
                    let detail = if visit.status.is_some() { "in the body" } else { "no response" };
                    Err(Failure::new(FailureKind::TimedOut, detail))
                }),
        };
        visit.failure = outcome.err();
        visit.elapsed = start.elapsed();
        visit
    }

    async fn exchange(&self, url: Url, visit: &mut Visit) -> Result<(), Failure> {
        let mut response = match self.send(url.clone()).await {
            // A server may close a kept connection at the very moment it is used again. That is no fault of the
            // page, so a closed connection is tried once more; GET and HEAD may be repeated.
            Err(failure) if failure.kind == FailureKind::ConnectionClosed => self.send(url).await?,
            other => other?,
        };
        visit.status = Some(response.status().as_u16());
        visit.final_url = Some(response.url().to_string());
        self.pool.saw(response.url());
        while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error, true))? {
            visit.bytes += chunk.len() as u64;
            if let Some(limit) = self.options.max_bytes.filter(|&limit| visit.bytes > limit) {
                visit.bytes = limit;
                return Err(Failure::new(FailureKind::BodyTooLong, format!("more than {limit} bytes")));
            }
        }
        if self.options.max_redirects > 0 && leads_on(&response) {
            let detail = format!("more than {}", self.options.max_redirects);
            return Err(Failure::new(FailureKind::TooManyRedirects, detail));
        }
        Ok(())
    }

    async fn send(&self, url: Url) -> Result<reqwest::Response, Failure> {
        let client = self.pool.client(&url);
        let request = match self.options.method {
            Method::Get => client.get(url),
            Method::Head => client.head(url),
        };
        request.send().await.map_err(|error| classify(&error, false))
    }
}

fn parse(url: &str) -> Result<Url, Failure> {
    let invalid = |detail: String| Failure::new(FailureKind::InvalidUrl, detail);
    let parsed = Url::parse(url).map_err(|error| invalid(error.to_string()))?;
    match parsed.scheme() {
        "http" | "https" if parsed.has_host() => Ok(parsed),
        "http" | "https" => Err(invalid("no host".into())),
        other => Err(invalid(format!("{other} is not http or https"))),
    }
}

/// Whether the response would have been followed had there not been too many before it.
fn leads_on(response: &reqwest::Response) -> bool {
    let follows = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    let target = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    follows && target.is_some_and(|target| response.url().join(target).is_ok())
}
