//! One rank's HTTP client: visits a URL, follows redirects, looks at the body without keeping it, or into a file.

mod body;
mod expect;
mod failure;
mod method;
mod options;
mod pool;
mod proxied;
mod redirect;
mod retry;
mod robots;
mod save;
mod tls;

use std::cell::RefCell;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use reqwest::{Url, header};

use crate::bounds::{IDLE_CONNECTION, RESPONSE_HEADERS};
use body::Sink;
use expect::Search;
use failure::classify;
use pool::Pool;
use proxied::Proxied;
use redirect::Redirect;
use robots::Robots;
use save::Saved;

pub use expect::Expectation;
pub use failure::{Failure, FailureKind};
pub use method::Method;
pub use options::{ClientOptions, HttpVersion, Proxy};
pub(crate) use redirect::is_http;
pub use retry::Retries;
pub use tls::{Certificates, Trust};

tokio::task_local! {
    /// Where the last redirect of a request leads: the library's errors name its first URL alone.
    static HOP: RefCell<Option<Url>>;
}

/// What a visit found. All that was learnt before a failure is kept: a page cut short has status and bytes too.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Visit {
    /// The status of the last response; none when no response came.
    pub status: Option<u16>,
    /// Bytes of body received.
    pub bytes: u64,
    /// From the start to the end of the body or the failure.
    pub elapsed: Duration,
    /// Where the redirects ended; none when no response came.
    pub final_url: Option<String>,
    /// How long the server wants to be left alone (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// Whether the body is in the file it was to be kept in.
    pub saved: bool,
    /// What failed, if something did. A status such as 404 or 503 is an answer, not a failure.
    pub failure: Option<Failure>,
}

/// An HTTP client with its pool of connections. Must be used inside a tokio runtime.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool,
    options: ClientOptions,
    robots: Option<Robots>,
    /// To be told where a connection fails.
    proxied: Proxied,
}

impl Client {
    /// A client that behaves as `options` say. Fails when they cannot be met (a user agent that is no header value).
    pub fn new(options: ClientOptions) -> Result<Client, Failure> {
        let refuse = |error: &dyn std::fmt::Display| Failure::new(FailureKind::Other, error.to_string());
        let agent = header::HeaderValue::from_str(&options.user_agent)
            .map_err(|_| refuse(&"the user agent holds characters that no header may hold"))?;
        let mut headers = options.header_map().map_err(|error| refuse(&error))?;
        if options.compression && !headers.contains_key(header::ACCEPT_ENCODING) {
            headers.insert(header::ACCEPT_ENCODING, header::HeaderValue::from_static(body::ACCEPTED));
        }
        let mut tls = tls::config(&options.trust).map_err(|error| refuse(&error))?;
        match options.http {
            HttpVersion::Auto => {}
            HttpVersion::One => tls.alpn_protocols.retain(|name| name != b"h2"),
            HttpVersion::Two => tls.alpn_protocols.retain(|name| name == b"h2"),
        }
        let proxy = match &options.proxy {
            Proxy::Url(url) => Some(reqwest::Proxy::all(url).map_err(|error| refuse(&error))?),
            _ => None,
        };
        // Kept when the pool is not.
        let jar = options.cookies.then(|| Arc::new(reqwest::cookie::Jar::default()));
        let of = options.clone();
        let make = move |keeps: bool| {
            let (limit, cookies) = (of.max_redirects, of.cookies);
            // `stop` rather than an error at the limit: that keeps the response, and with it the status. Where cookies
            // are kept, the second visit to a URL may go otherwise than the first.
            let policy = reqwest::redirect::Policy::custom(move |attempt| {
                let _ = HOP.try_with(|hop| hop.replace(Some(attempt.url().clone())));
                let round = !cookies && attempt.previous().contains(attempt.url());
                let stops = round || attempt.previous().len() > limit || !redirect::is_http(attempt.url());
                if stops { attempt.stop() } else { attempt.follow() }
            });
            let mut builder = reqwest::Client::builder()
                .user_agent(agent.clone())
                .default_headers(headers.clone())
                .referer(false)
                .redirect(policy)
                .connect_timeout(of.connect_timeout)
                .pool_idle_timeout(IDLE_CONNECTION)
                .pool_max_idle_per_host(if keeps { usize::MAX } else { 0 })
                // A page with an odd line in its head is still a page.
                .http1_ignore_invalid_headers_in_responses(true)
                .http1_allow_obsolete_multiline_headers_in_responses(true)
                .http1_allow_spaces_after_header_name_in_responses(true)
                .http1_max_headers(RESPONSE_HEADERS)
                .tls_backend_preconfigured(tls.clone());
            if let Some(jar) = &jar {
                builder = builder.cookie_provider(jar.clone());
            }
            if of.proxy == Proxy::Direct || of.proxy == Proxy::Environment && nothing_by_proxy() {
                builder = builder.no_proxy();
            }
            if let Some(proxy) = &proxy {
                builder = builder.proxy(proxy.clone());
            }
            match of.http {
                HttpVersion::Auto => builder,
                HttpVersion::One => builder.http1_only(),
                HttpVersion::Two => builder.http2_prior_knowledge(),
            }
            .build()
        };
        let pool = Pool::new(Box::new(make)).map_err(|error| refuse(&error))?;
        let robots = options.robots.then(|| Robots::new(&options.user_agent));
        let proxied = Proxied::of(&options.proxy, nothing_by_proxy());
        Ok(Client { inner: Arc::new(Inner { pool, options, robots, proxied }) })
    }

    /// What it was made with.
    pub fn options(&self) -> &ClientOptions {
        &self.inner.options
    }

    /// Visits `url` and tells what it found.
    pub async fn check(&self, url: &str) -> Visit {
        self.visit(url, None).await
    }

    /// Visits `url`; the body of an answer is kept in the file `save`, if given, once it is whole.
    pub async fn visit(&self, url: &str, save: Option<&Path>) -> Visit {
        let start = Instant::now();
        let mut visit = Visit::default();
        let outcome = match parse(url) {
            Err(failure) => Err(failure),
            Ok(url) => {
                let exchange = self.inner.exchange(url, save, &mut visit);
                tokio::time::timeout(self.inner.options.timeout, exchange).await.unwrap_or_else(|_| {
                    let detail = if visit.status.is_some() { "in the body" } else { "no response" };
                    Err(Failure::new(FailureKind::TimedOut, detail))
                })
            }
        };
        visit.failure = outcome.err();
        visit.elapsed = start.elapsed();
        visit
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("options", &self.inner.options).finish_non_exhaustive()
    }
}

impl Inner {
    async fn exchange(&self, url: Url, save: Option<&Path>, visit: &mut Visit) -> Result<(), Failure> {
        let options = &self.options;
        if let Some(robots) = &self.robots {
            robots.permit(&self.pool, &url).await?;
        }
        let (response, method) = self.answer(&url).await?;
        let (response, onward) = self.follow_odd(response, &method).await?;
        let status = response.status().as_u16();
        visit.status = Some(status);
        visit.final_url = Some(response.url().to_string());
        let after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        visit.retry_after = after.and_then(|value| retry::retry_after(value, SystemTime::now()));
        self.pool.saw(response.url());
        let mut search = Search::new(&options.expect);
        // What is asked for with GET because HEAD is not done is not read: the connection is given up instead.
        if options.method != Method::HeadOrGet || method == reqwest::Method::HEAD {
            self.body(response, save, &mut search, visit).await?;
        }
        match onward {
            Redirect::No => {}
            Redirect::Bad(why) => return Err(redirect::failure(why)),
            Redirect::To(_) => {
                let detail = format!("more than {}, or in a loop", options.max_redirects);
                return Err(Failure::new(FailureKind::TooManyRedirects, detail));
            }
        }
        match expect::unmet(&options.expect, status, visit.bytes, &search) {
            Some(unmet) => Err(Failure::new(FailureKind::Unexpected, unmet)),
            None => Ok(()),
        }
    }

    /// The answer, and the method that brought it.
    async fn answer(&self, url: &Url) -> Result<(reqwest::Response, reqwest::Method), Failure> {
        let method = self.options.method.first();
        let answer = match self.send(&method, url).await {
            // A server may close a kept connection at the very moment it is used again, on the way of a redirect too.
            // That is no fault of the page, so the request is made once more, if it may be repeated, over connections
            // that nobody had time to close.
            Err(failure)
                if failure.kind == FailureKind::ConnectionClosed && self.options.method.may_be_repeated() =>
            {
                match self.pool.without_kept() {
                    Ok(client) => self.send_by(&client, &method, url).await,
                    Err(_) => Err(failure),
                }
            }
            other => other,
        };
        let no_head = match &answer {
            // Some servers redirect HEAD for ever, and answer GET.
            Ok(response) if matches!(redirect::redirect_of(response), Redirect::To(_)) => {
                self.options.max_redirects > 0
            }
            Ok(response) => method::may_mean_no_head(response.status().as_u16()),
            Err(failure) => matches!(failure.kind, FailureKind::ConnectionClosed | FailureKind::BadResponse),
        };
        if self.options.method == Method::HeadOrGet && no_head {
            let get = reqwest::Method::GET;
            return Ok((self.send(&get, url).await?, get));
        }
        Ok((answer?, method))
    }

    /// Follows a `Location` that the library does not take, since it is no UTF-8, as far as it stays at its host: headers
    /// that are meant for one host alone must not reach another. Says what is left of redirects.
    async fn follow_odd(
        &self,
        mut response: reqwest::Response,
        method: &reqwest::Method,
    ) -> Result<(reqwest::Response, Redirect), Failure> {
        if self.options.max_redirects == 0 {
            return Ok((response, Redirect::No));
        }
        let mut hops = 0;
        loop {
            let onward = redirect::redirect_of(&response);
            let location = response.headers().get(header::LOCATION);
            let odd = location.is_some_and(|location| std::str::from_utf8(location.as_bytes()).is_err());
            let url = match &onward {
                Redirect::To(url) if odd && url.origin() == response.url().origin() => url.clone(),
                Redirect::To(url) if odd => {
                    let why = format!("to {url}: its bytes are no UTF-8, and it leads to another host");
                    return Ok((response, Redirect::Bad(why)));
                }
                _ => return Ok((response, onward)),
            };
            let safe = *method == reqwest::Method::GET || *method == reqwest::Method::HEAD;
            if hops == self.options.max_redirects || !safe {
                return Ok((response, onward));
            }
            hops += 1;
            response = self.send(method, &url).await?;
        }
    }

    async fn send(&self, method: &reqwest::Method, url: &Url) -> Result<reqwest::Response, Failure> {
        self.send_by(&self.pool.client(url), method, url).await
    }

    async fn send_by(
        &self,
        client: &reqwest::Client,
        method: &reqwest::Method,
        url: &Url,
    ) -> Result<reqwest::Response, Failure> {
        let mut request = client.request(method.clone(), url.clone());
        if let Some(body) = &self.options.body {
            request = request.body(body.clone());
        }
        let sending = async {
            let answer = request.send().await;
            (answer, HOP.with(RefCell::take))
        };
        match HOP.scope(RefCell::default(), sending).await {
            (Ok(response), _) => Ok(response),
            (Err(error), None) => Err(classify(&error, false).through(self.proxied.for_url(url))),
            (Err(error), Some(at)) => {
                Err(classify(&error, false).through(self.proxied.for_url(&at)).after_redirect(&at))
            }
        }
    }

    async fn body(
        &self,
        mut response: reqwest::Response,
        save: Option<&Path>,
        search: &mut Search<'_>,
        visit: &mut Visit,
    ) -> Result<(), Failure> {
        let codings = if self.options.compression {
            let lines = response.headers().get_all(header::CONTENT_ENCODING);
            body::codings(lines.iter().map(header::HeaderValue::as_bytes))?
        } else {
            Vec::new()
        };
        let saved = save.map(Saved::begin).transpose()?;
        let mut failure = None;
        let sink = Sink { visit, limit: self.options.max_bytes, search, saved, failure: &mut failure };
        // What has no body, the answer to HEAD for example, is not decoded.
        let first = response.chunk().await.map_err(|error| classify(&error, true))?;
        let codings = if first.is_some() { &codings[..] } else { &[] };
        let mut next = first;
        let mut outcome = Ok(());
        {
            let mut stage = body::undo(codings, sink).map_err(|error| body::failure(&error))?;
            while let Some(chunk) = next {
                outcome = stage.write_all(&chunk);
                if outcome.is_err() {
                    break;
                }
                next = response.chunk().await.map_err(|error| classify(&error, true))?;
            }
            if outcome.is_ok() {
                outcome = stage.end();
            }
        }
        match (failure, outcome) {
            (Some(failure), _) => Err(failure),
            (None, outcome) => outcome.map_err(|error| body::failure(&error)),
        }
    }
}

fn parse(url: &str) -> Result<Url, Failure> {
    let invalid = |detail: String| Failure::new(FailureKind::InvalidUrl, detail);
    let parsed = Url::parse(url).map_err(|error| match error.to_string() {
        text if text.starts_with("relative URL") => invalid("no http:// or https:// in front".into()),
        text => invalid(text),
    })?;
    match parsed.scheme() {
        "http" | "https" if parsed.has_host() => Ok(parsed),
        "http" | "https" => Err(invalid("no host".into())),
        other => Err(invalid(format!("{other} is not http or https"))),
    }
}

/// Whether `no_proxy` has `*`: then no host is asked through a proxy, whatever its form. reqwest takes that for names
/// of hosts, and not for addresses.
fn nothing_by_proxy() -> bool {
    let set = ["no_proxy", "NO_PROXY"].into_iter().find_map(|name| std::env::var(name).ok());
    set.is_some_and(|list| list.split(',').any(|entry| entry.trim() == "*"))
}
