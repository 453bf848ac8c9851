//! How long many requests took, in little memory: counts by length, each step a twentieth longer than the last.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Counts of times. Percentiles are exact to 2.5%.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Times {
    counts: BTreeMap<u16, u64>,
    total: u64,
    longest: f64,
}

const SHORTEST: f64 = 1e-5;
const STEP: f64 = 1.05;

impl Times {
    /// Counts one.
    pub fn add(&mut self, seconds: f64) {
        let step = (seconds.max(SHORTEST) / SHORTEST).ln() / STEP.ln();
        *self.counts.entry(step as u16).or_default() += 1;
        self.total += 1;
        self.longest = self.longest.max(seconds);
    }

    /// The seconds within which `share` (of 1) were done; 0 if there are none.
    pub fn percentile(&self, share: f64) -> f64 {
        let wanted = ((self.total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (&step, &count) in &self.counts {
            seen += count;
            if seen >= wanted {
                return (SHORTEST * STEP.powf(f64::from(step) + 0.5)).min(self.longest);
            }
        }
        self.longest
    }

    /// The longest.
    pub fn longest(&self) -> f64 {
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_near_the_truth() {
        let mut times = Times::default();
        assert_eq!(times.percentile(0.5), 0.0);
        (1..=1000).for_each(|ms| times.add(f64::from(ms) / 1000.0));
        for (share, truth) in [(0.5, 0.5), (0.9, 0.9), (0.99, 0.99), (1.0, 1.0)] {
            let found = times.percentile(share);
            assert!((found / truth - 1.0).abs() < 0.03, "{share}: {found}");
        }
        assert_eq!(times.longest(), 1.0);
        times.add(0.0);
        times.add(1e9);
        assert!(times.percentile(1.0) <= 1e9);
    }
}
