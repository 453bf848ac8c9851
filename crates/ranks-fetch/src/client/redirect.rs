//! Where an answer leads: `Location`, read as curl reads it. A redirect that names no place is a failure here and an
//! ordinary answer to curl: whoever checks links wants to hear of it, since no browser can follow it either.

use reqwest::{Response, StatusCode, Url, header};

use super::{Failure, FailureKind};

/// What an answer says of another place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Redirect {
    /// It is no redirect.
    No,
    /// To a URL of HTTP.
    To(Url),
    /// To something that cannot be fetched.
    Bad(String),
}

/// Whether an answer is a redirect, and where it leads.
pub(super) fn redirect_of(response: &Response) -> Redirect {
    let follows = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    if !follows {
        return Redirect::No;
    }
    match response.headers().get(header::LOCATION) {
        Some(target) => target_of(response.url(), target.as_bytes()),
        None => Redirect::Bad("no Location says where to".into()),
    }
}

/// The place that a `Location` names, seen from `base`. An empty one leads nowhere. Spaces, and bytes beyond ASCII that
/// are no UTF-8, are taken as if they had been escaped.
fn target_of(base: &Url, location: &[u8]) -> Redirect {
    let location = location.trim_ascii();
    if location.is_empty() {
        return Redirect::Bad("its Location is empty".into());
    }
    let text = match std::str::from_utf8(location) {
        Ok(text) => text.to_owned(),
        Err(_) => escaped(location),
    };
    let bad = |why: &str| Redirect::Bad(format!("to {}: {why}", text.escape_debug()));
    match base.join(&text) {
        Err(error) => bad(&error.to_string()),
        // `http:///path` has no host; it must not be read as `http://path`.
        Ok(_) if has_empty_host(&text) => bad("no host"),
        Ok(url) if !is_http(&url) => bad(&format!("{} is not http or https", url.scheme())),
        Ok(url) => Redirect::To(url),
    }
}

/// Whether a URL can be fetched here.
pub(crate) fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

fn has_empty_host(text: &str) -> bool {
    let rest = text.split_once("://").filter(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphanumeric()));
    let rest = rest.map(|(_, rest)| rest).or_else(|| text.strip_prefix("//"));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#', '\\']))
}

fn escaped(bytes: &[u8]) -> String {
    let one =
        |byte: &u8| if byte.is_ascii() { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    bytes.iter().map(one).collect()
}

/// The failure that a bad redirect is.
pub(super) fn failure(why: String) -> Failure {
    Failure::new(FailureKind::BadRedirect, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_as_curl_reads_them() {
        let base = Url::parse("http://a.example/dir/page?x").unwrap();
        for (location, wanted) in [
            (&b"/b"[..], "http://a.example/b"),
            (b"b c", "http://a.example/dir/b%20c"),
            (b"/caf\xe9", "http://a.example/caf%E9"),
            ("/caf\u{e9}".as_bytes(), "http://a.example/caf%C3%A9"),
            (b" //b.example:81/x ", "http://b.example:81/x"),
            (b"HTTPS://b.example", "https://b.example/"),
            (b"?y", "http://a.example/dir/page?y"),
        ] {
            assert_eq!(target_of(&base, location), Redirect::To(Url::parse(wanted).unwrap()), "{location:?}");
        }
        for location in [
            &b"http://"[..],
            b"http:///path",
            b"http://[::1",
            b"http://a b/",
            b"http://a:99999/",
            b"http://a:x/",
            b"http://caf\xe9\xff/",
            b"//",
            b"ftp://a/b",
            b"file:///etc/passwd",
            b"mailto:a@b",
            b"javascript:alert(1)",
            b"data:text/plain,x",
        ] {
            let found = target_of(&base, location);
            assert!(matches!(found, Redirect::Bad(_)), "{:?}: {found:?}", String::from_utf8_lossy(location));
        }
        assert_eq!(target_of(&base, b"  "), Redirect::Bad("its Location is empty".into()));
    }
}
