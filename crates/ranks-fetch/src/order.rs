//! Records in the order of their lines, for `--ordered`.

use std::collections::{BTreeMap, VecDeque};

use crate::record::Record;

/// Lines that may be on their way at once, records held back among them. What bounds the memory of a job in order: a
/// slow line holds up those after it, and past this number no more are read.
const LIMIT: usize = 10_000;

/// Holds back the records that are not next.
#[derive(Default)]
pub(super) struct Order {
    /// Lines read whose records have not been let go, in order.
    expected: VecDeque<u64>,
    held: BTreeMap<u64, Record>,
}

impl Order {
    /// A line was read that will have a record.
    pub(super) fn expect(&mut self, line: u64) {
        self.expected.push_back(line);
    }

    /// Whether no more lines should be read for now.
    pub(super) fn is_full(&self) -> bool {
        self.expected.len() >= LIMIT
    }

    /// Takes records in any order and gives back those whose turn it is.
    pub(super) fn sort(&mut self, records: Vec<Record>) -> Vec<Record> {
        self.held.extend(records.into_iter().map(|record| (record.line, record)));
        let mut ready = Vec::new();
        while let Some(record) = self.expected.front().and_then(|line| self.held.remove(line)) {
            self.expected.pop_front();
            ready.push(record);
        }
        ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Failure, FailureKind};

    #[test]
    fn records_wait_for_their_turn_and_numbers_may_be_missing() {
        let record = |line| Record::untried(line, String::new(), Failure::new(FailureKind::Other, ""));
        let lines = |records: Vec<Record>| records.iter().map(|record| record.line).collect::<Vec<_>>();
        let mut order = Order::default();
        [2, 3, 7, 8].into_iter().for_each(|line| order.expect(line));
        assert!(lines(order.sort(vec![record(8), record(3)])).is_empty());
        assert_eq!(lines(order.sort(vec![record(2)])), [2, 3]);
        assert_eq!(lines(order.sort(vec![record(7)])), [7, 8]);
        assert!(order.expected.is_empty() && order.held.is_empty() && !order.is_full());
    }
}
