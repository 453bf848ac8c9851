//! How a job went over time: records and errors in equal slices of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::bounds::TIMELINE_COLUMNS;

/// Records and errors by slice of time. The slices grow with the job, so that their number stays bounded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Timeline {
    /// Seconds in a slice.
    slice: f64,
    counts: Vec<(u64, u64)>,
}

impl Default for Timeline {
    fn default() -> Self {
        Timeline { slice: 0.05, counts: Vec::new() }
    }
}

impl Timeline {
    /// A record came, so long after the start.
    pub(super) fn add(&mut self, after: Duration, failed: bool) {
        while after.as_secs_f64() / self.slice >= TIMELINE_COLUMNS as f64 {
            self.slice *= 2.0;
            self.counts = self.counts.chunks(2).map(sum).collect();
        }
        let at = (after.as_secs_f64() / self.slice) as usize;
        if self.counts.len() <= at {
            self.counts.resize(at + 1, (0, 0));
        }
        self.counts[at].0 += 1;
        self.counts[at].1 += u64::from(failed);
    }

    /// Seconds in a slice, and records and errors a second in each.
    pub(super) fn rates(&self) -> (f64, Vec<(f64, f64)>) {
        let rate = |count: u64| count as f64 / self.slice;
        (self.slice, self.counts.iter().map(|&(all, failed)| (rate(all), rate(failed))).collect())
    }
}

fn sum(counts: &[(u64, u64)]) -> (u64, u64) {
    counts.iter().fold((0, 0), |(all, failed), count| (all + count.0, failed + count.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_job_has_longer_slices_and_the_same_sum() {
        let mut timeline = Timeline::default();
        (0..5000u64).for_each(|i| timeline.add(Duration::from_millis(i * 20), i % 10 == 0));
        let (slice, rates) = timeline.rates();
        assert!(rates.len() <= TIMELINE_COLUMNS && slice > 0.05);
        let total = |of: fn(&(f64, f64)) -> f64| rates.iter().map(of).sum::<f64>() * slice;
        assert_eq!((total(|rate| rate.0).round(), total(|rate| rate.1).round()), (5000.0, 500.0));
    }
}
