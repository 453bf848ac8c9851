//! URLs already asked for, so that a line that repeats one is answered without asking again.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::input::Line;
use crate::bounds::DEDUP_URLS;
use crate::record::Record;

enum State {
    /// Asked for; these lines wait for the same record.
    Asked(Vec<u64>),
    /// Its record, without the URL.
    Answered(Box<Record>),
}

/// What to do with a line.
pub(super) enum Entered {
    /// The first that names its URL.
    Fresh(Line),
    /// Its record will come with that of an earlier one.
    Waits,
    /// Its record.
    Copy(Record),
}

/// The URLs asked for, of those answered the latest ones.
#[derive(Default)]
pub(super) struct Dedup {
    urls: HashMap<Rc<str>, State>,
    /// Those answered, in the order of their answers.
    answered: VecDeque<Rc<str>>,
    /// Lines that wait for the record of another.
    waiting: usize,
}

impl Dedup {
    pub(super) fn enter(&mut self, line: Line) -> Entered {
        match self.urls.get_mut(&*line.url) {
            None => {
                self.urls.insert(line.url.as_str().into(), State::Asked(Vec::new()));
                Entered::Fresh(line)
            }
            Some(State::Asked(lines)) => {
                lines.push(line.number);
                self.waiting += 1;
                Entered::Waits
            }
            Some(State::Answered(record)) => Entered::Copy(copy(record, line.number, &line.url)),
        }
    }

    /// A record came; these are those of the lines that waited for it.
    pub(super) fn settle(&mut self, record: &Record) -> Vec<Record> {
        let Some((url, State::Asked(lines))) = self.urls.remove_entry(&*record.url) else {
            return Vec::new();
        };
        self.waiting -= lines.len();
        let copies = lines.into_iter().map(|line| copy(record, line, &record.url)).collect();
        let bare = Record { url: String::new(), ..record.clone() };
        self.urls.insert(url.clone(), State::Answered(Box::new(bare)));
        self.answered.push_back(url);
        if self.answered.len() > DEDUP_URLS
            && let Some(oldest) = self.answered.pop_front()
        {
            self.urls.remove(&oldest);
        }
        copies
    }

    /// Lines that wait for others: what a list that names one slow URL a million times would pile up.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }
}

fn copy(of: &Record, line: u64, url: &str) -> Record {
    Record { line, url: url.to_owned(), copy_of: Some(of.line), tries: 0, ..of.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Visit;

    fn line(number: u64, url: &str) -> Line {
        Line { number, url: url.to_owned() }
    }

    #[test]
    fn a_url_is_asked_for_once() {
        let mut dedup = Dedup::default();
        assert!(matches!(dedup.enter(line(1, "a")), Entered::Fresh(_)));
        assert!(matches!(dedup.enter(line(2, "b")), Entered::Fresh(_)));
        assert!(matches!(dedup.enter(line(3, "a")), Entered::Waits));
        assert_eq!(dedup.waiting(), 1);
        let record = Record {
            tries: 2,
            ..Record::new(1, "a".into(), Visit { status: Some(200), ..Visit::default() })
        };
        let copies = dedup.settle(&record);
        assert_eq!((copies.len(), dedup.waiting()), (1, 0));
        let Entered::Copy(later) = dedup.enter(line(4, "a")) else { panic!("it is known") };
        for (copy, number) in [(&copies[0], 3), (&later, 4)] {
            assert_eq!((copy.line, &*copy.url, copy.status), (number, "a", Some(200)));
            assert_eq!((copy.copy_of, copy.tries), (Some(1), 0));
        }
    }

    #[test]
    fn so_many_are_remembered() {
        let mut dedup = Dedup::default();
        for number in 0..DEDUP_URLS as u64 + 2 {
            assert!(matches!(dedup.enter(line(number, &number.to_string())), Entered::Fresh(_)));
            dedup.settle(&Record::new(number, number.to_string(), Visit::default()));
        }
        assert_eq!((dedup.urls.len(), dedup.answered.len()), (DEDUP_URLS, DEDUP_URLS));
        assert!(matches!(dedup.enter(line(0, "2")), Entered::Copy(_)));
        assert!(matches!(dedup.enter(line(0, "1")), Entered::Fresh(_)));
    }
}
