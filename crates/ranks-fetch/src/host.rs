//! Which host a URL names, for limits and counts.

use std::borrow::Cow;

use reqwest::Url;

use crate::client::is_http;

/// The host and port of `url`, as one word: `example.org`, `127.0.0.1:8000`. Usual spellings are read from the text alone,
/// since this is done for each of a million lines; others as the client reads them, so that `http:/a.org` and
/// `http://%61.org` are `a.org` too. Of what is no URL, something that stays the same.
pub(crate) fn host_of(url: &str) -> Cow<'_, str> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or("");
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let https = scheme.eq_ignore_ascii_case("https");
    if !(https || scheme.eq_ignore_ascii_case("http")) || !is_usual(host) {
        return match Url::parse(url) {
            Ok(url) if is_http(&url) => match (url.host_str(), url.port()) {
                (host, None) => Cow::Owned(host.unwrap_or_default().to_owned()),
                (host, Some(port)) => Cow::Owned(format!("{}:{port}", host.unwrap_or_default())),
            },
            _ => lowercase(host),
        };
    }
    lowercase(host.strip_suffix(if https { ":443" } else { ":80" }).unwrap_or(host))
}

fn lowercase(text: &str) -> Cow<'_, str> {
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(text.to_ascii_lowercase()),
        false => Cow::Borrowed(text),
    }
}

/// Whether a host, with its port, has one spelling but for capitals: an ASCII name, or an address of four numbers.
fn is_usual(host: &str) -> bool {
    let (name, port) = host.split_once(':').unwrap_or((host, "1"));
    let last = name.rsplit('.').next().unwrap_or("");
    let number = |part: &str| {
        (1..=3).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (part.len() == 1 || !part.starts_with('0'))
    };
    let address = || name.split('.').count() == 4 && name.split('.').all(number);
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        && (last.starts_with(|c: char| c.is_ascii_alphabetic()) || address())
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && !port.starts_with('0')
        && (1..=5).contains(&port.len())
        && !name.contains("xn--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fuzz_urls() {
        ranks_http::fuzz::fuzz(
            "host",
            &["http://", "https://", "@", ":80", ":443", "[::1]", "//", "\\"],
            |input| {
                let url = String::from_utf8_lossy(input);
                let host = host_of(&url);
                assert!(
                    !host.contains(['/', '?', '#', '\\', '@'])
                        && !host.bytes().any(|b| b.is_ascii_uppercase())
                );
                // A host is read from the text as the client reads it.
                let parsed = Url::parse(&url).ok().filter(is_http);
                if let Some(parsed) = &parsed {
                    assert_eq!(
                        host.split(':').next(),
                        parsed.host_str().unwrap().split(':').next(),
                        "{url:?}"
                    );
                }
                // What stands after the host makes no other of it.
                let (_, rest) = url.split_once("://").unwrap_or(("", &url));
                if parsed.is_some() && !rest.contains(['/', '?', '#', '\\']) {
                    assert_eq!(host_of(&format!("{url}/x@y:80")), host, "{url:?}");
                }
                (ranks_http::fuzz::rough(host.len()), host.contains('['), host.contains(':'), host.is_empty())
            },
        );
    }

    #[test]
    fn spellings_of_one_host_are_one() {
        for url in [
            "http://a.org",
            "HTTP://A.org/x",
            "http://me:pw@a.org:80?x",
            "https://a.org:443/",
            "http://a.org#:1",
        ] {
            assert_eq!(host_of(url), "a.org", "{url}");
        }
        assert_eq!(host_of("http://a.org:8080/"), "a.org:8080");
        assert_eq!(host_of("http://[::1]:80/x"), "[::1]");
        assert_eq!(host_of("https://a.org:80/"), "a.org:80");
        for url in ["http:/a.org/x", "http:a.org", "http:\\\\a.org", "http://%61.org/", "http:///a.org"] {
            assert_eq!(host_of(url), "a.org", "{url}");
        }
        assert_eq!(host_of("http://127.1:8000/"), "127.0.0.1:8000");
        assert_eq!(host_of("http://a.org:0080/"), "a.org");
        assert_eq!(host_of("http://b\u{fc}cher.example/"), "xn--bcher-kva.example");
        assert_eq!(host_of("nonsense"), "nonsense");
        assert_eq!(host_of(""), "");
    }
}
