//! The client against the sample site: every kind of answer and of failure it can tell apart.

use std::time::{Duration, Instant};

use ranks_fetch::sample::Site;
use ranks_fetch::{Client, ClientOptions, FailureKind, Method, Visit};

/// Runs one visit; nothing here may take longer than its time-out by much.
fn visit(url: &str, options: ClientOptions) -> Visit {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let start = Instant::now();
    let visit = runtime.block_on(async { Client::new(options).unwrap().check(url).await });
    runtime.shutdown_background();
    assert!(start.elapsed() < Duration::from_secs(40), "{url} took {:?}", start.elapsed());
    visit
}

fn quick() -> ClientOptions {
    ClientOptions { timeout: Duration::from_secs(20), ..ClientOptions::default() }
}

fn kind(visit: &Visit) -> Option<FailureKind> {
    visit.failure.as_ref().map(|failure| failure.kind)
}

#[test]
fn pages_are_counted() {
    let site = Site::start().unwrap();
    for (path, bytes) in [
        ("/page/0", 0),
        ("/page/1", 1),
        ("/page/3000000", 3_000_000),
        ("/chunked/2500", 2500),
        ("/slow/50/10", 10),
    ] {
        let found = visit(&site.url(path), quick());
        assert_eq!((found.status, found.bytes, &found.failure), (Some(200), bytes, &None), "{path}");
        assert_eq!(found.final_url.as_deref(), Some(&*site.url(path)));
    }
    assert!(visit(&site.url("/slow/50/10"), quick()).elapsed >= Duration::from_millis(50));
}

#[test]
fn head_brings_no_body() {
    let site = Site::start().unwrap();
    let head = ClientOptions { method: Method::Head, ..quick() };
    for path in ["/page/3000", "/chunked/2500", "/cut/10/3"] {
        let found = visit(&site.url(path), head.clone());
        assert_eq!((found.status, found.bytes, &found.failure), (Some(200), 0, &None), "{path}");
    }
}

#[test]
fn a_status_is_an_answer_not_a_failure() {
    let site = Site::start().unwrap();
    for code in [204, 304, 404, 410, 429, 500, 503] {
        let found = visit(&site.url(&format!("/status/{code}")), quick());
        assert_eq!((found.status, &found.failure), (Some(code), &None));
    }
}

#[test]
fn redirects_are_followed_to_their_end() {
    let site = Site::start().unwrap();
    let found = visit(&site.url("/redirect/10"), quick());
    assert_eq!((found.status, found.bytes, &found.failure), (Some(200), 64, &None));
    assert_eq!(found.final_url, Some(site.url("/page/64")));

    let found = visit(&site.url("/redirect/11"), quick());
    assert_eq!((found.status, kind(&found)), (Some(302), Some(FailureKind::TooManyRedirects)));
    let found = visit(&site.url("/loop"), quick());
    assert_eq!((found.status, kind(&found)), (Some(302), Some(FailureKind::TooManyRedirects)));
    assert_eq!(found.failure.unwrap().to_string(), "too many redirects: more than 10, or in a loop");

    let stay = ClientOptions { max_redirects: 0, ..quick() };
    let found = visit(&site.url("/redirect/1"), stay);
    assert_eq!((found.status, found.failure), (Some(302), None));
    assert_eq!(found.final_url, Some(site.url("/redirect/1")));
}

#[test]
fn what_is_slow_times_out_and_keeps_what_came() {
    let site = Site::start().unwrap();
    let impatient = ClientOptions { timeout: Duration::from_millis(300), ..ClientOptions::default() };
    let found = visit(&site.url("/slow/60000/10"), impatient.clone());
    assert_eq!((found.status, found.bytes), (None, 0));
    assert_eq!(found.failure.unwrap().to_string(), "timed out: no response");
    assert!(found.elapsed >= Duration::from_millis(300) && found.elapsed < Duration::from_secs(20));

    let found = visit(&site.url("/drip/60000/10"), impatient);
    assert_eq!((found.status, found.bytes), (Some(200), 5));
    assert_eq!(found.failure.unwrap().to_string(), "timed out: in the body");
}

#[test]
fn broken_servers_are_told_apart() {
    let site = Site::start().unwrap();
    let found = visit(&site.refused_url("/page/1"), quick());
    assert_eq!((found.status, kind(&found)), (None, Some(FailureKind::ConnectionRefused)));
    let found = visit(&site.url("/garbage"), quick());
    assert_eq!((found.status, kind(&found)), (None, Some(FailureKind::BadResponse)));
    assert!(found.failure.unwrap().to_string().starts_with("bad response: "));
    let found = visit(&site.url("/close"), quick());
    assert_eq!((found.status, kind(&found)), (None, Some(FailureKind::ConnectionClosed)));
    let found = visit(&site.url("/cut/1000/400"), quick());
    assert_eq!((found.status, found.bytes, kind(&found)), (Some(200), 400, Some(FailureKind::BodyCutShort)));
    // TLS spoken to a server that has none.
    let found = visit(&site.url("/page/1").replace("http:", "https:"), quick());
    assert_eq!((found.status, kind(&found)), (None, Some(FailureKind::Tls)), "{:?}", found.failure);
}

#[test]
fn long_bodies_can_be_refused() {
    let site = Site::start().unwrap();
    let limited = ClientOptions { max_bytes: Some(1000), ..quick() };
    assert_eq!(visit(&site.url("/page/1000"), limited.clone()).failure, None);
    let found = visit(&site.url("/page/1001"), limited);
    assert_eq!((found.status, found.bytes, kind(&found)), (Some(200), 1000, Some(FailureKind::BodyTooLong)));
}

#[test]
fn what_is_no_url_is_refused_at_once() {
    for text in
        ["", "example.org", "ftp://example.org/", "http://", "http:// bad", "mailto:a@b", "http://[::1/"]
    {
        let found = visit(text, quick());
        assert_eq!((found.status, kind(&found)), (None, Some(FailureKind::InvalidUrl)), "{text:?}");
    }
}

#[test]
fn unknown_hosts_are_a_matter_of_dns() {
    // `.invalid` never resolves; without a resolver at all that is an answer too, if not always a quick one.
    let found =
        visit("http://nowhere.invalid/", ClientOptions { timeout: Duration::from_secs(2), ..quick() });
    let kind = kind(&found);
    assert!(matches!(kind, Some(FailureKind::Dns | FailureKind::TimedOut)), "{:?}", found.failure);
}

#[test]
fn a_bad_user_agent_is_an_error_of_the_options() {
    assert!(Client::new(ClientOptions { user_agent: "a\nb".into(), ..quick() }).is_err());
}

#[test]
fn the_list_of_samples_holds_every_kind() {
    let site = Site::start().unwrap();
    let urls = site.urls(100);
    assert_eq!(urls.len(), 100);
    for part in ["/page/", "/slow/", "/status/404", "/status/503", "/redirect/", "/cut/"] {
        assert!(urls.iter().any(|url| url.contains(part)), "{part}");
    }
}

#[test]
fn https_where_http_is_spoken_is_told() {
    let site = Site::start().unwrap();
    let found = visit(&site.url("/page/1").replace("http://", "https://"), quick());
    let said = found.failure.map(|failure| failure.to_string());
    assert_eq!(said.as_deref(), Some("tls: the server does not speak TLS on this port"));
}
