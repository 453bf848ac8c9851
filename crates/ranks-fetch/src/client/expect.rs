//! What an answer must be like: `status=200-299`, `size=1-`, `text=Welcome`.

use crate::error::Error;
use std::ops::RangeInclusive;
use std::str::FromStr;

use memchr::memmem::Finder;

/// One thing that an answer must show, or the URL counts as failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// One of these statuses.
    Status(Vec<RangeInclusive<u16>>),
    /// So many bytes of body.
    Size(RangeInclusive<u64>),
    /// These bytes somewhere in the body.
    Text(Vec<u8>),
}

impl FromStr for Expectation {
    type Err = Error;

    fn from_str(text: &str) -> Result<Expectation, Error> {
        match text.split_once('=') {
            Some(("status", value)) => {
                value.split(',').map(statuses).collect::<Result<_, _>>().map(Expectation::Status)
            }
            Some(("size", value)) => range(value, u64::MAX).map(Expectation::Size).ok_or_else(|| {
                Error::Options(format!("{value:?} is no size: write 100, 100-200, 100- or -200"))
            }),
            Some(("text", "")) => Err(Error::options("text= needs a text that the body must hold")),
            Some(("text", value)) => Ok(Expectation::Text(value.into())),
            _ => Err(Error::options("write status=CODES, text=TEXT or size=BYTES")),
        }
    }
}

fn statuses(text: &str) -> Result<RangeInclusive<u16>, Error> {
    let class = text.strip_suffix("xx").and_then(|digit| digit.parse::<u16>().ok());
    let range = match class {
        Some(class @ 1..=5) => Some(class * 100..=class * 100 + 99),
        Some(_) => None,
        None => range(text, 999),
    };
    let range = range.filter(|range| *range.start() >= 100 && *range.end() <= 999);
    range.ok_or_else(|| {
        Error::Options(format!("{text:?} is no status: write 200, 2xx or 200-299, several with commas"))
    })
}

/// `5`, `5-9`, `5-` or `-9`.
fn range<T: FromStr + Default + Copy + PartialOrd>(text: &str, most: T) -> Option<RangeInclusive<T>> {
    let range = match text.split_once('-') {
        None => {
            let number = text.parse().ok()?;
            number..=number
        }
        Some(("", "")) => return None,
        Some(("", end)) => T::default()..=end.parse().ok()?,
        Some((start, "")) => start.parse().ok()?..=most,
        Some((start, end)) => start.parse().ok()?..=end.parse().ok()?,
    };
    (range.start() <= range.end()).then_some(range)
}

/// Looks for texts in a body that comes in pieces.
pub(super) struct Search<'a> {
    wanted: Vec<(Finder<'a>, bool)>,
    /// The end of what came, as long as a text may have begun in it.
    tail: Vec<u8>,
    longest: usize,
}

impl<'a> Search<'a> {
    pub(super) fn new(expectations: &'a [Expectation]) -> Search<'a> {
        let texts = expectations.iter().filter_map(|one| match one {
            Expectation::Text(text) => Some(text),
            _ => None,
        });
        let wanted: Vec<_> = texts.map(|text| (Finder::new(text), false)).collect();
        let longest = wanted.iter().map(|(finder, _)| finder.needle().len()).max().unwrap_or(0);
        Search { wanted, tail: Vec::new(), longest }
    }

    pub(super) fn piece(&mut self, bytes: &[u8]) {
        if self.wanted.iter().all(|(_, found)| *found) {
            return;
        }
        let keep = self.longest - 1;
        // A text that began in an earlier piece ends in the first bytes of this one.
        self.tail.extend_from_slice(&bytes[..bytes.len().min(keep)]);
        for (finder, found) in &mut self.wanted {
            *found = *found || finder.find(bytes).is_some() || finder.find(&self.tail).is_some();
        }
        if bytes.len() > keep {
            self.tail.clear();
            self.tail.extend_from_slice(&bytes[bytes.len() - keep..]);
        }
        self.tail.drain(..self.tail.len().saturating_sub(keep));
    }

    fn missing(&self) -> Option<String> {
        let (finder, _) = self.wanted.iter().find(|(_, found)| !found)?;
        Some(format!("no {:?} in the body", String::from_utf8_lossy(finder.needle())))
    }
}

/// What of `expectations` the answer does not meet: the first, in words.
pub(super) fn unmet(
    expectations: &[Expectation],
    status: u16,
    bytes: u64,
    search: &Search<'_>,
) -> Option<String> {
    let figures = expectations.iter().find_map(|one| match one {
        Expectation::Status(ranges) if !ranges.iter().any(|range| range.contains(&status)) => {
            Some(format!("status {status}"))
        }
        Expectation::Size(range) if !range.contains(&bytes) => Some(format!("{bytes} bytes")),
        _ => None,
    });
    figures.or_else(|| search.missing())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type() {
        assert_eq!(
            "status=200,3xx".parse::<Expectation>().unwrap(),
            Expectation::Status(vec![200..=200, 300..=399])
        );
        assert_eq!("status=200-299".parse::<Expectation>().unwrap(), Expectation::Status(vec![200..=299]));
        assert_eq!("size=5".parse::<Expectation>().unwrap(), Expectation::Size(5..=5));
        assert_eq!("size=1-".parse::<Expectation>().unwrap(), Expectation::Size(1..=u64::MAX));
        assert_eq!("size=-9".parse::<Expectation>().unwrap(), Expectation::Size(0..=9));
        assert_eq!("text=a=b".parse::<Expectation>().unwrap(), Expectation::Text(b"a=b".to_vec()));
        for wrong in [
            "",
            "status",
            "status=",
            "status=9xx",
            "status=20",
            "status=300-200",
            "size=-",
            "size=x",
            "text=",
            "x=1",
        ] {
            assert!(wrong.parse::<Expectation>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn texts_are_found_across_pieces() {
        let body = b"one two three four";
        let wanted = [Expectation::Text(b"two three".to_vec()), Expectation::Text(b"r".to_vec())];
        for size in 1..body.len() + 1 {
            let mut search = Search::new(&wanted);
            body.chunks(size).for_each(|piece| search.piece(piece));
            assert_eq!(search.missing(), None, "pieces of {size}");
            let absent = [Expectation::Text(b"twothree".to_vec()), Expectation::Text(b"one".to_vec())];
            let mut search = Search::new(&absent);
            body.chunks(size).for_each(|piece| search.piece(piece));
            assert_eq!(search.missing().as_deref(), Some("no \"twothree\" in the body"));
        }
        assert_eq!(
            unmet(&[Expectation::Status(vec![200..=299])], 404, 0, &Search::new(&[])).as_deref(),
            Some("status 404")
        );
    }
}
