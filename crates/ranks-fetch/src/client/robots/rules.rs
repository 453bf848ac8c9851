//! What a robots.txt allows (RFC 9309): the groups that name us, or else those for `*`; of the rules that match a
//! path, the longest decides.

/// The rules of a site for one robot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rules {
    /// Pattern, and whether what it matches is allowed.
    rules: Vec<(String, bool)>,
}

impl Rules {
    /// Everything is allowed: there is no robots.txt.
    pub(super) fn open() -> Rules {
        Rules::default()
    }

    /// Nothing is allowed: whether there is one could not be found out (2.3.1.4).
    pub(super) fn closed() -> Rules {
        Rules { rules: vec![("/".into(), false)] }
    }

    /// The rules in `text` for the robot called `name`.
    pub(super) fn parse(text: &str, name: &str) -> Rules {
        let (mut ours, mut others) = (Rules::default(), Rules::default());
        let mut named = false;
        // Of the group being read: whether it is ours, or everyone's; and whether its rules have begun.
        let (mut for_us, mut for_all, mut begun) = (false, false, true);
        for line in text.trim_start_matches('\u{feff}').split(['\n', '\r']) {
            let line = line.split('#').next().unwrap_or("");
            let Some((key, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "user-agent" => {
                    if std::mem::replace(&mut begun, false) {
                        (for_us, for_all) = (false, false);
                    }
                    for_us |= value.eq_ignore_ascii_case(name);
                    for_all |= value == "*";
                    named |= for_us;
                }
                key @ ("allow" | "disallow") => {
                    begun = true;
                    if value.is_empty() {
                        continue;
                    }
                    let rule = (plain(value), key == "allow");
                    if for_us {
                        ours.rules.push(rule.clone());
                    }
                    if for_all {
                        others.rules.push(rule);
                    }
                }
                // Sitemap and the like stand outside groups.
                _ => {}
            }
        }
        if named { ours } else { others }
    }

    /// Whether `path` (with its query) may be fetched.
    pub(super) fn allow(&self, path: &str) -> bool {
        let path = plain(path);
        let matching = self.rules.iter().filter(|(pattern, _)| matches(pattern.as_bytes(), path.as_bytes()));
        // Of two equally long, the one that allows (2.2.2).
        matching.max_by_key(|(pattern, allow)| (pattern.len(), *allow)).is_none_or(|(_, allow)| *allow)
    }
}

/// One spelling of a path: escapes of plain characters undone, other bytes escaped (2.2.2).
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
        let escape = || Some((digit(at + 1)? * 16 + digit(at + 2)?) as u8);
        let (byte, length, escaped) = match bytes[at] {
            b'%' => escape().map_or((b'%', 1, false), |byte| (byte, 3, true)),
            byte => (byte, 1, false),
        };
        let unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if unreserved || (!escaped && byte.is_ascii_graphic() && byte != b'%') {
            plain.push(char::from(byte));
        } else {
            plain.push_str(&format!("%{byte:02X}"));
        }
        at += length;
    }
    plain
}

/// Whether `pattern` matches the beginning of `path`: `*` stands for anything, `$` at its end for the end. In time
/// proportional to the two lengths' product, whatever the pattern.
fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let (pattern, to_end) = match pattern.strip_suffix(b"$") {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let (mut p, mut at) = (0, 0);
    // Where to try again: behind the last star, and one byte further than last time.
    let mut star = None;
    loop {
        if p == pattern.len() && (!to_end || at == path.len()) {
            return true;
        }
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p + 1, at));
            p += 1;
        } else if p < pattern.len() && at < path.len() && pattern[p] == path[at] {
            (p, at) = (p + 1, at + 1);
        } else if let Some((after, from)) = star.filter(|(_, from)| *from < path.len()) {
            star = Some((after, from + 1));
            (p, at) = (after, from + 1);
        } else {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the standard says it, one byte after the other; slow.
    fn simply(pattern: &[u8], path: &[u8]) -> bool {
        match pattern {
            [] => true,
            [b'$'] => path.is_empty(),
            [b'*', rest @ ..] => (0..=path.len()).any(|at| simply(rest, &path[at..])),
            [byte, rest @ ..] => path.first() == Some(byte) && simply(rest, &path[1..]),
        }
    }

    #[test]
    fn escapes_are_two_digits() {
        for (text, wanted) in [
            ("%41%7e", "A~"),
            ("%2a%2F", "%2A%2F"),
            ("%+5", "%25+5"),
            ("%", "%25"),
            ("%4", "%254"),
            ("%é", "%25%C3%A9"),
        ] {
            assert_eq!(plain(text), wanted);
        }
    }

    #[test]
    fn fuzz_robots() {
        let words = [
            "User-agent: ranks",
            "User-agent: *",
            "\nAllow: ",
            "\nDisallow: ",
            "*",
            "$",
            "%",
            "%2",
            "%41",
            "#",
            "\0/",
        ];
        ranks_http::fuzz::fuzz("robots", &words, |input| {
            let text = String::from_utf8_lossy(input);
            let (text, path) = text.split_once('\0').unwrap_or((&text, "/"));
            let rules = Rules::parse(text, "ranks");
            let once = plain(path);
            assert_eq!(plain(&once), once);
            let few = |pattern: &str| pattern.matches('*').count() < 4 && pattern.len() + once.len() < 200;
            for (pattern, _) in rules.rules.iter().filter(|(pattern, _)| few(pattern)) {
                assert_eq!(
                    matches(pattern.as_bytes(), once.as_bytes()),
                    simply(pattern.as_bytes(), once.as_bytes())
                );
            }
            (rules.allow(path), rules.rules.len(), rules.rules.iter().filter(|(_, allow)| *allow).count())
        });
    }

    #[test]
    fn patterns() {
        for (pattern, path, expected) in [
            ("/", "/x", true),
            ("/fish", "/fish.html", true),
            ("/fish", "/Fish", false),
            ("/*.php", "/a/b.php?x", true),
            ("/*.php$", "/a.php", true),
            ("/*.php$", "/a.php.php", true),
            ("/*.php$", "/a.php?x", false),
            ("/a*b*c", "/a--b--d", false),
            ("/*/x", "/x", false),
            ("$", "", true),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), path.as_bytes()), expected, "{pattern} {path}");
        }
        let long = "/a*".repeat(2000);
        assert!(!matches(format!("{long}z").as_bytes(), "/a".repeat(2000).as_bytes()));
    }

    #[test]
    fn groups_and_the_longest_rule() {
        let text = "Sitemap: /s\nUser-agent: *\nDisallow: /\n\nuser-agent: Other\nUSER-AGENT: ranks # us\n\
                    Disallow: /private/ \nAllow: /private/but%2Dnot\nDisallow:\nUser-agent: third\nDisallow: /x";
        let ours = Rules::parse(text, "ranks");
        assert!(ours.allow("/") && ours.allow("/x") && ours.allow("/private"));
        assert!(!ours.allow("/private/a") && ours.allow("/private/but-not-this"));
        assert!(!Rules::parse(text, "stranger").allow("/"));
        assert!(Rules::parse(text, "OTHER").allow("/x") && !Rules::parse(text, "third").allow("/x"));
        // Equally long: allowed. A group without rules allows everything.
        assert!(Rules::parse("User-agent: *\nDisallow: /a\nAllow: /a", "ranks").allow("/a"));
        assert!(Rules::parse("User-agent: *\nDisallow: /\n\nUser-agent: ranks\n", "ranks").allow("/a"));
        assert!(Rules::open().allow("/") && !Rules::closed().allow("/a"));
        for nonsense in ["", "\0\u{feff}:::\n%%%\nDisallow", "Disallow: /\n", "User-agent *\nDisallow /"] {
            assert!(Rules::parse(nonsense, "ranks").allow("/a"), "{nonsense:?}");
        }
    }

    #[test]
    fn spellings_of_a_path_are_one() {
        assert_eq!(plain("/a%7eb%2F\u{e4}%zz%"), "/a~b%2F%C3%A4%25zz%25");
    }
}
