//! The header `Range` (RFC 9110, 14).

use crate::bounds::RANGES;

/// What a request for ranges comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Ranges {
    /// The whole, as if nothing had been asked: not in bytes, not understood, or not worth it.
    Whole,
    /// Nothing that there is: 416.
    Unsatisfiable,
    /// These (first byte and length), in the order asked for. At least one.
    Parts(Vec<(u64, u64)>),
}

/// Reads the header's value for a representation of `size` bytes. More than [`RANGES`] ranges, and several that overlap
/// or together are longer than the whole, get the whole: nobody but an attacker asks for them (RFC 9110, 14.2).
pub fn ranges(value: &[u8], size: u64) -> Ranges {
    let Some(list) = std::str::from_utf8(value).ok().and_then(bytes_unit) else { return Ranges::Whole };
    let mut parts = Vec::new();
    let (mut given, mut total) = (0, 0u64);
    for item in list.split(',').map(|item| item.trim_matches([' ', '\t'])).filter(|item| !item.is_empty()) {
        given += 1;
        if given > RANGES {
            return Ranges::Whole;
        }
        match part(item, size) {
            None => return Ranges::Whole,
            Some(None) => {}
            Some(Some((first, length))) => {
                total = total.saturating_add(length);
                parts.push((first, length));
            }
        }
    }
    match parts.len() {
        0 if given == 0 => Ranges::Whole,
        0 => Ranges::Unsatisfiable,
        1 => Ranges::Parts(parts),
        _ if total > size || overlap(&parts) => Ranges::Whole,
        _ => Ranges::Parts(parts),
    }
}

fn bytes_unit(value: &str) -> Option<&str> {
    let (unit, list) = value.split_once('=')?;
    unit.trim().eq_ignore_ascii_case("bytes").then_some(list)
}

/// One range: `None` if it is none, `Some(None)` if there are no such bytes.
#[allow(clippy::option_option)]
fn part(item: &str, size: u64) -> Option<Option<(u64, u64)>> {
    let (first, last) = item.split_once('-')?;
    let (first, last) = (first.trim_end(), last.trim_start());
    if first.is_empty() {
        let asked = number(last)?;
        // The last bytes of an empty file are all of it (RFC 9110, 14.1.2).
        if size == 0 && asked > 0 {
            return None;
        }
        let suffix = asked.min(size);
        return Some((suffix > 0).then_some((size - suffix, suffix)));
    }
    let first = number(first)?;
    let last = if last.is_empty() { u64::MAX } else { number(last)? };
    if last < first {
        return None;
    }
    Some((first < size).then(|| (first, last.min(size - 1) - first + 1)))
}

/// A number too great to count is a number beyond any end.
fn number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u64::MAX))
}

fn overlap(parts: &[(u64, u64)]) -> bool {
    let mut sorted = parts.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0].0 + pair[0].1 > pair[1].0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(parts: &[(u64, u64)]) -> Ranges {
        Ranges::Parts(parts.to_vec())
    }

    #[test]
    fn ranges_of_a_hundred_bytes() {
        for (value, wanted) in [
            ("bytes=0-0", parts(&[(0, 1)])),
            ("bytes=10-", parts(&[(10, 90)])),
            ("bytes=-5", parts(&[(95, 5)])),
            ("bytes=-500", parts(&[(0, 100)])),
            ("bytes=90-2000", parts(&[(90, 10)])),
            ("bytes=99-99999999999999999999999", parts(&[(99, 1)])),
            ("Bytes = 1-2 , ,5-6", parts(&[(1, 2), (5, 2)])),
            ("bytes=50-59,0-9", parts(&[(50, 10), (0, 10)])),
            ("bytes=200-,1-1", parts(&[(1, 1)])),
            ("bytes=100-", Ranges::Unsatisfiable),
            ("bytes=-0", Ranges::Unsatisfiable),
            ("bytes=100-200,-0", Ranges::Unsatisfiable),
            ("bytes=5-4", Ranges::Whole),
            ("bytes=a-b", Ranges::Whole),
            ("bytes=+1-2", Ranges::Whole),
            ("bytes=--1", Ranges::Whole),
            ("bytes=-", Ranges::Whole),
            ("bytes=", Ranges::Whole),
            ("bytes 1-2", Ranges::Whole),
            ("lines=1-2", Ranges::Whole),
            ("bytes=0-50,50-99", Ranges::Whole),
            ("bytes=0-,0-", Ranges::Whole),
        ] {
            assert_eq!(ranges(value.as_bytes(), 100), wanted, "{value}");
        }
        assert_eq!(ranges(b"bytes=\xff-1", 100), Ranges::Whole);
        assert_eq!(ranges(b"bytes=0-", 0), Ranges::Unsatisfiable);
        assert_eq!(ranges(b"bytes=-1", 0), Ranges::Whole);
        assert_eq!(ranges(b"bytes=-0", 0), Ranges::Unsatisfiable);
    }

    #[test]
    fn too_many_are_the_whole() {
        let list =
            |count: u64| (0..count).map(|i| format!("{}-{}", 2 * i, 2 * i)).collect::<Vec<_>>().join(",");
        assert!(matches!(ranges(format!("bytes={}", list(RANGES)).as_bytes(), 1000), Ranges::Parts(_)));
        assert_eq!(ranges(format!("bytes={}", list(RANGES + 1)).as_bytes(), 1000), Ranges::Whole);
    }
}
