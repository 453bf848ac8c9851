//! Which host a URL names, for limits and counts.

use std::borrow::Cow;

/// The host and port of `url`, as one word: `example.org`, `127.0.0.1:8000`. By looking at the text alone, since this
/// is done for each of a million lines; of what is no URL, something that stays the same.
pub(crate) fn host_of(url: &str) -> Cow<'_, str> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or("");
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let default = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    let host = host.strip_suffix(default).unwrap_or(host);
    match host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(host.to_ascii_lowercase()),
        false => Cow::Borrowed(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fuzz_urls() {
        crate::fuzz::fuzz(
            "host",
            &["http://", "https://", "@", ":80", ":443", "[::1]", "//", "\\"],
            |input| {
                let url = String::from_utf8_lossy(input);
                let host = host_of(&url);
                assert!(
                    !host.contains(['/', '?', '#', '\\', '@'])
                        && !host.bytes().any(|b| b.is_ascii_uppercase())
                );
                assert!(url.to_ascii_lowercase().contains(&*host));
                // What stands after the host makes no other of it.
                let (scheme, rest) = url.split_once("://").unwrap_or(("", &url));
                if !scheme.is_empty() && !rest.contains(['/', '?', '#', '\\']) {
                    assert_eq!(host_of(&format!("{url}/x@y:80")), host);
                }
                (crate::fuzz::rough(host.len()), host.contains('['), host.contains(':'), host.is_empty())
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
        assert_eq!(host_of("nonsense"), "nonsense");
        assert_eq!(host_of(""), "");
    }
}
