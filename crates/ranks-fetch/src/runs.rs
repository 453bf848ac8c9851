//! A set of line numbers, kept as runs without gaps: lines are done nearly in order, so a million are a few runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// First to last of each run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(u64, u64)>", into = "Vec<(u64, u64)>")]
pub(super) struct Runs(BTreeMap<u64, u64>);

impl From<Vec<(u64, u64)>> for Runs {
    fn from(runs: Vec<(u64, u64)>) -> Runs {
        Runs(runs.into_iter().collect())
    }
}

impl From<Runs> for Vec<(u64, u64)> {
    fn from(runs: Runs) -> Vec<(u64, u64)> {
        runs.0.into_iter().collect()
    }
}

impl Runs {
    pub(super) fn contains(&self, number: u64) -> bool {
        self.0.range(..=number).next_back().is_some_and(|(_, &last)| number <= last)
    }

    pub(super) fn insert(&mut self, number: u64) {
        if self.contains(number) {
            return;
        }
        let last = self.0.remove(&(number + 1)).unwrap_or(number);
        match self.0.range_mut(..number).next_back() {
            Some((_, end)) if *end + 1 == number => *end = last,
            _ => drop(self.0.insert(number, last)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_like_any_other() {
        let (mut runs, mut plain) = (Runs::default(), std::collections::BTreeSet::new());
        for step in 0..300u64 {
            let number = 1 + (step * step * 31 + step * 7) % 200;
            runs.insert(number);
            plain.insert(number);
            assert!((0..210).all(|number| runs.contains(number) == plain.contains(&number)));
        }
        (1..=200).for_each(|number| runs.insert(number));
        assert_eq!(Vec::from(runs), [(1, 200)]);
    }
}
