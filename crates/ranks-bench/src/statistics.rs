//! Statistics over batches.

/// What the batches of one size say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// The least time or the highest rate.
    pub best: f64,
    /// Half of the batches are better.
    pub median: f64,
    /// 99 of 100 batches reach this or better.
    pub p99: f64,
}

impl Figures {
    /// Of the batches' times; nothing without a batch.
    pub fn of(mut times: Vec<f64>) -> Option<Self> {
        times.sort_by(f64::total_cmp);
        let best = *times.first()?;
        Some(Self { best, median: percentile(&times, 50.0), p99: percentile(&times, 99.0) })
    }

    /// Each figure as something else, like the rate that a time means.
    pub fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Self { best: f(self.best), median: f(self.median), p99: f(self.p99) }
    }
}

/// The least of the sorted values that `percent` of them do not exceed (nearest rank: always a value that was
/// measured).
fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&hundred, 50.0), 50.0);
        assert_eq!(percentile(&hundred, 99.0), 99.0);
        assert_eq!(percentile(&hundred, 100.0), 100.0);
        assert_eq!(percentile(&hundred, 0.0), 1.0);
        assert_eq!(percentile(&[7.0], 99.0), 7.0);
        assert_eq!(percentile(&[1.0, 2.0, 3.0], 50.0), 2.0);
        assert_eq!(percentile(&[1.0, 2.0, 3.0], 99.0), 3.0);
    }

    #[test]
    fn figures_do_not_depend_on_order() {
        let figures = Figures::of(vec![5.0, 1.0, 3.0, 4.0, 2.0]).unwrap();
        assert_eq!(figures, Figures { best: 1.0, median: 3.0, p99: 5.0 });
        assert_eq!(figures.map(|time| 60.0 / time), Figures { best: 60.0, median: 20.0, p99: 12.0 });
        assert_eq!(Figures::of(Vec::new()), None);
    }
}
