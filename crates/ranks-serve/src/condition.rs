//! Conditional requests, in the order of RFC 9110, 13.2.2.

use super::head::Head;

/// What the conditions of a request come to.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answer as if there were none.
    Proceed,
    /// 304.
    NotModified,
    /// 412.
    Failed,
}

/// What a representation is known by: its tag with quotes, and its last change in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Validators<'a> {
    /// `"..."` or `W/"..."`.
    pub tag: &'a str,
    /// Since 1970.
    pub modified: u64,
}

/// Looks at the conditions of a GET or HEAD. A date that cannot be read counts as absent.
pub fn outcome(head: &Head<'_>, now: Validators<'_>) -> Outcome {
    let passes = match head.list("if-match") {
        Some(tags) => any_tag(&tags, |tag| strong(tag, now.tag)),
        None => date(head, "if-unmodified-since").is_none_or(|date| now.modified <= date),
    };
    if !passes {
        return Outcome::Failed;
    }
    let fresh = match head.list("if-none-match") {
        Some(tags) => any_tag(&tags, |tag| weak(tag, now.tag)),
        None => date(head, "if-modified-since").is_some_and(|date| now.modified <= date),
    };
    if fresh { Outcome::NotModified } else { Outcome::Proceed }
}

/// Whether a `Range` is to be obeyed, as `If-Range` has it.
pub fn range_counts(head: &Head<'_>, now: Validators<'_>) -> bool {
    match head.get("if-range") {
        None => true,
        Some(value) if value.starts_with(b"\"") => strong(value, now.tag),
        // A date must be the very one, and it is weak when the change may be within its second: nothing is known here
        // of when it was given out, so only an exact match counts.
        Some(_) => date(head, "if-range") == Some(now.modified),
    }
}

fn date(head: &Head<'_>, name: &str) -> Option<u64> {
    let text = std::str::from_utf8(head.get(name)?).ok()?;
    let time = httpdate::parse_http_date(text.trim()).ok()?;
    time.duration_since(std::time::UNIX_EPOCH).ok().map(|since| since.as_secs())
}

fn strong(tag: &[u8], own: &str) -> bool {
    !tag.starts_with(b"W/") && tag == own.as_bytes()
}

fn weak(tag: &[u8], own: &str) -> bool {
    tag.strip_prefix(b"W/").unwrap_or(tag) == own.strip_prefix("W/").unwrap_or(own).as_bytes()
}

/// Whether `test` holds for `*` or a tag of the list. Tags may hold commas, so quotes count.
fn any_tag(list: &[u8], test: impl Fn(&[u8]) -> bool) -> bool {
    if list.trim_ascii() == b"*" {
        return true;
    }
    let mut rest = list;
    loop {
        rest = rest.trim_ascii_start();
        while let Some(more) = rest.strip_prefix(b",") {
            rest = more.trim_ascii_start();
        }
        let open = if rest.starts_with(b"W/\"") { 3 } else { 1 };
        if !rest.starts_with(b"W/\"") && !rest.starts_with(b"\"") {
            return false;
        }
        let Some(length) = rest[open..].iter().position(|&byte| byte == b'"') else { return false };
        let (tag, more) = rest.split_at(open + length + 1);
        if test(tag) {
            return true;
        }
        rest = more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const NOW: Validators<'static> = Validators { tag: "\"abc\"", modified: 784_111_777 };

    fn head<'a>(headers: &'a [httparse::Header<'a>]) -> Head<'a> {
        Head { method: "GET", target: "/", minor: 1, headers }
    }

    fn header<'a>(name: &'a str, value: &'a str) -> httparse::Header<'a> {
        httparse::Header { name, value: value.as_bytes() }
    }

    #[test]
    fn conditions_one_by_one_and_together() {
        use Outcome::{Failed, NotModified, Proceed};
        for (headers, wanted) in [
            (vec![], Proceed),
            (vec![("If-None-Match", "\"abc\"")], NotModified),
            (vec![("If-None-Match", "W/\"abc\"")], NotModified),
            (vec![("If-None-Match", "\"x,\", \"abc\"")], NotModified),
            (vec![("If-None-Match", "*")], NotModified),
            (vec![("If-None-Match", "\"x\""), ("If-None-Match", "\"abc\"")], NotModified),
            (vec![("If-None-Match", "abc")], Proceed),
            (vec![("If-None-Match", "\"abc")], Proceed),
            (vec![("If-None-Match", "")], Proceed),
            (vec![("If-Modified-Since", CHANGED)], NotModified),
            (vec![("If-Modified-Since", BEFORE)], Proceed),
            (vec![("If-Modified-Since", "yesterday")], Proceed),
            // The tag goes before the date.
            (vec![("If-None-Match", "\"x\""), ("If-Modified-Since", CHANGED)], Proceed),
            (vec![("If-Match", "\"abc\"")], Proceed),
            (vec![("If-Match", "*")], Proceed),
            (vec![("If-Match", "W/\"abc\"")], Failed),
            (vec![("If-Match", "\"x\"")], Failed),
            (vec![("If-Match", "\"abc\""), ("If-Unmodified-Since", BEFORE)], Proceed),
            (vec![("If-Unmodified-Since", BEFORE)], Failed),
            (vec![("If-Unmodified-Since", CHANGED)], Proceed),
            (vec![("If-Match", "\"x\""), ("If-None-Match", "\"abc\"")], Failed),
        ] {
            let lines: Vec<_> = headers.iter().map(|(name, value)| header(name, value)).collect();
            assert_eq!(outcome(&head(&lines), NOW), wanted, "{headers:?}");
        }
    }

    #[test]
    fn if_range() {
        for (value, wanted) in [
            ("\"abc\"", true),
            ("W/\"abc\"", false),
            ("\"x\"", false),
            (CHANGED, true),
            (BEFORE, false),
            ("x", false),
        ] {
            assert_eq!(range_counts(&head(&[header("If-Range", value)]), NOW), wanted, "{value}");
        }
        assert!(range_counts(&head(&[]), NOW));
        let weak = Validators { tag: "W/\"abc\"", ..NOW };
        assert!(!range_counts(&head(&[header("If-Range", "W/\"abc\"")]), weak));
    }
}
