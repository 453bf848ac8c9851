//! From the target of a request to names beneath the root: decoded once, and strictly (RFC 9112, 3.2; RFC 3986, 3.3).
//!
//! What comes out can be given to the file system: no empty name, no `.` or `..`, no slash or NUL within a name. What
//! could mean something else to somebody else (a proxy, a file system) is refused, not repaired.

/// The path of a request, and what else its target says.
#[derive(Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// As it stood in the request, without query.
    pub raw: &'a str,
    /// After the `?`.
    pub query: Option<&'a str>,
}

/// Takes path and query out of a target in origin form (`/a?b`) or absolute form (`http://host/a?b`). `None`: it is
/// neither.
pub fn split(target: &str) -> Option<Target<'_>> {
    let rest = match target.as_bytes().first()? {
        b'/' => target,
        _ => {
            let (scheme, rest) = target.split_once("://")?;
            if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
                return None;
            }
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            if end == 0 {
                return None;
            }
            &rest[end..]
        }
    };
    let (raw, query) = match rest.split_once('?') {
        Some((raw, query)) => (raw, Some(query)),
        None => (rest, None),
    };
    Some(Target { raw: if raw.is_empty() { "/" } else { raw }, query })
}

/// Names beneath the root.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// `a/b/c`: the names with single slashes between them; empty for the root itself.
    pub path: Vec<u8>,
    /// The path ended with a slash.
    pub slash: bool,
    /// One of them begins with a dot.
    pub hidden: bool,
}

/// Decodes a path. Empty names (`//`) are passed over. `None`, which is status 400: invalid escapes; a slash, backslash
/// or control character within a name, also when encoded; the names `.` and `..`.
pub fn names(raw: &str) -> Option<Names> {
    let mut names = Names { path: Vec::with_capacity(raw.len()), slash: raw.ends_with('/'), hidden: false };
    for part in raw.strip_prefix('/')?.split('/').filter(|part| !part.is_empty()) {
        if !names.path.is_empty() {
            names.path.push(b'/');
        }
        let start = names.path.len();
        decode(part.as_bytes(), &mut names.path)?;
        let name = &names.path[start..];
        if name == b"." || name == b".." {
            return None;
        }
        names.hidden |= name.starts_with(b".");
    }
    Some(names)
}

fn decode(part: &[u8], into: &mut Vec<u8>) -> Option<()> {
    let mut bytes = part.iter();
    while let Some(&byte) = bytes.next() {
        let byte = match byte {
            b'%' => 16 * digit(*bytes.next()?)? + digit(*bytes.next()?)?,
            // A fragment is never sent.
            b'#' => return None,
            other => other,
        };
        if byte < 0x20 || matches!(byte, b'/' | b'\\' | 0x7f) {
            return None;
        }
        into.push(byte);
    }
    Some(())
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// Encodes names for a link or a `Location`: slashes stay, so what begins with one name never names a host.
pub fn encode(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    for &byte in path {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(byte))
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(raw: &str) -> Option<String> {
        names(raw).map(|names| String::from_utf8_lossy(&names.path).into_owned())
    }

    #[test]
    fn both_forms_of_targets() {
        for (target, raw, query) in [
            ("/", "/", None),
            ("/a?b?c", "/a", Some("b?c")),
            ("http://h", "/", None),
            ("HTTPS://h:1/a/b?", "/a/b", Some("")),
            ("http://h?x", "/", Some("x")),
            ("//h/a", "//h/a", None),
        ] {
            assert_eq!(split(target), Some(Target { raw, query }), "{target}");
        }
        for target in ["", "*", "a/b", "h:443", "ftp://h/a", "http:///a", "file:///etc/passwd", "?a"] {
            assert_eq!(split(target), None, "{target}");
        }
    }

    #[test]
    fn names_are_decoded_once() {
        for (raw, wanted) in [
            ("/", ""),
            ("//", ""),
            ("/a", "a"),
            ("/a/b/", "a/b"),
            ("//evil//x", "evil/x"),
            ("/%61%20b", "a b"),
            ("/%252e%252e/a", "%2e%2e/a"),
            ("/a..b/...", "a..b/..."),
            ("/%c3%a4", "ä"),
            ("/ä", "ä"),
        ] {
            assert_eq!(path(raw).as_deref(), Some(wanted), "{raw}");
        }
        assert!(names("/a/").unwrap().slash && !names("/a").unwrap().slash);
        assert!(
            names("/a/.git/x").unwrap().hidden
                && names("/%2egit").unwrap().hidden
                && !names("/a.b").unwrap().hidden
        );
    }

    #[test]
    fn what_could_mean_something_else_is_refused() {
        for raw in [
            "/..",
            "/../a",
            "/a/..",
            "/a/../b",
            "/%2e%2e",
            "/%2E%2e/a",
            "/.%2e/",
            "/%2e/",
            "/.",
            "/a/./b",
            "/a%2fb",
            "/a%2Fb",
            "/..%2f..",
            "/a\\b",
            "/..\\..",
            "/%5c",
            "/%00",
            "/a%00.html",
            "/%",
            "/%2",
            "/%zz",
            "/%g0",
            "/a%0a",
            "/%7f",
            "/a#b",
            "a",
            "",
        ] {
            assert_eq!(path(raw), None, "{raw}");
        }
    }

    #[test]
    fn what_is_encoded_decodes_to_itself() {
        let all: Vec<u8> = (1..=255).filter(|byte| *byte >= 0x20 && !b"/\\\x7f".contains(byte)).collect();
        let decoded = names(&format!("/{}", encode(&all))).unwrap();
        assert_eq!(decoded.path, all);
    }
}
