//! What a rank counts, and the text format of Prometheus for the sum of all ranks.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Upper ends of the classes of times, in microseconds.
const TIMES: [u64; 8] = [100, 300, 1_000, 3_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// Statuses counted apart; others cannot come up.
const STATUSES: [u16; 22] = [
    200, 204, 206, 301, 304, 400, 401, 403, 404, 405, 408, 412, 413, 414, 416, 417, 431, 500, 501, 503, 505,
    0,
];

/// Counters of one rank, written by its serving thread and read by any.
#[derive(Debug, Default)]
pub struct Counts {
    statuses: [AtomicU64; STATUSES.len()],
    times: [AtomicU64; TIMES.len()],
    microseconds: AtomicU64,
    bytes: AtomicU64,
    /// Connections taken.
    pub accepted: AtomicU64,
    /// Connections turned away.
    pub rejected: AtomicU64,
    /// Connections there are.
    pub open: AtomicU64,
    /// Files compressed.
    pub compressed: AtomicU64,
}

/// The counters at one moment; of one rank, or of several together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// How many ranks.
    pub ranks: u64,
    statuses: Vec<u64>,
    times: Vec<u64>,
    microseconds: u64,
    bytes: u64,
    accepted: u64,
    rejected: u64,
    open: u64,
    compressed: u64,
}

impl Counts {
    /// A request has been answered.
    pub fn request(&self, status: u16, bytes: u64, took: Duration) {
        let at = STATUSES.iter().position(|one| *one == status).unwrap_or(STATUSES.len() - 1);
        self.statuses[at].fetch_add(1, Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(at) = TIMES.iter().position(|end| micros <= *end) {
            self.times[at].fetch_add(1, Relaxed);
        }
        self.microseconds.fetch_add(micros, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
    }

    /// The counters now.
    pub fn snapshot(&self) -> Snapshot {
        let all = |counters: &[AtomicU64]| counters.iter().map(|one| one.load(Relaxed)).collect();
        Snapshot {
            ranks: 1,
            statuses: all(&self.statuses),
            times: all(&self.times),
            microseconds: self.microseconds.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            accepted: self.accepted.load(Relaxed),
            rejected: self.rejected.load(Relaxed),
            open: self.open.load(Relaxed),
            compressed: self.compressed.load(Relaxed),
        }
    }
}

impl Snapshot {
    /// Adds another rank's.
    pub fn add(&mut self, other: &Snapshot) {
        let all = |mine: &mut Vec<u64>, theirs: &[u64]| {
            mine.resize(theirs.len().max(mine.len()), 0);
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        };
        all(&mut self.statuses, &other.statuses);
        all(&mut self.times, &other.times);
        self.ranks += other.ranks;
        self.microseconds += other.microseconds;
        self.bytes += other.bytes;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.open += other.open;
        self.compressed += other.compressed;
    }

    /// As Prometheus reads it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut family = |name: &str, kind: &str, help: &str, lines: &[(String, String)]| {
            text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
            for (suffix, value) in lines {
                text.push_str(&format!("{name}{suffix} {value}\n"));
            }
        };
        let one = |value: u64| vec![(String::new(), value.to_string())];
        family("ranks_serve_ranks", "gauge", "Ranks that these counts are of.", &one(self.ranks));
        let total: u64 = self.statuses.iter().sum();
        let by_status: Vec<_> = STATUSES
            .iter()
            .zip(&self.statuses)
            .filter(|(_, count)| **count > 0)
            .map(|(status, count)| {
                let name = if *status == 0 { "other".to_owned() } else { status.to_string() };
                (format!("{{status=\"{name}\"}}"), count.to_string())
            })
            .collect();
        family("ranks_serve_requests_total", "counter", "Requests answered, by status.", &by_status);
        family("ranks_serve_sent_bytes_total", "counter", "Bytes of bodies sent.", &one(self.bytes));
        let mut times = Vec::new();
        let mut sum = 0;
        for (end, count) in TIMES.iter().zip(&self.times) {
            sum += count;
            times.push((format!("_bucket{{le=\"{}\"}}", *end as f64 / 1e6), sum.to_string()));
        }
        times.push(("_bucket{le=\"+Inf\"}".into(), total.to_string()));
        times.push(("_sum".into(), (self.microseconds as f64 / 1e6).to_string()));
        times.push(("_count".into(), total.to_string()));
        family("ranks_serve_seconds", "histogram", "From a request's head to the end of its answer.", &times);
        family("ranks_serve_connections", "gauge", "Connections open.", &one(self.open));
        family("ranks_serve_connections_total", "counter", "Connections taken.", &one(self.accepted));
        family("ranks_serve_rejected_total", "counter", "Connections turned away.", &one(self.rejected));
        family("ranks_serve_compressed_total", "counter", "Files compressed.", &one(self.compressed));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_summed() {
        let (one, two) = (Counts::default(), Counts::default());
        one.request(200, 10, Duration::from_micros(50));
        one.request(404, 5, Duration::from_secs(100));
        two.request(200, 7, Duration::from_micros(200));
        two.request(299, 0, Duration::ZERO);
        let mut sum = Snapshot::default();
        [one.snapshot(), two.snapshot()].iter().for_each(|part| sum.add(part));
        let text = sum.text();
        for line in [
            "ranks_serve_ranks 2",
            "ranks_serve_requests_total{status=\"200\"} 2",
            "ranks_serve_requests_total{status=\"other\"} 1",
            "ranks_serve_sent_bytes_total 22",
            "ranks_serve_seconds_bucket{le=\"0.0001\"} 2",
            "ranks_serve_seconds_bucket{le=\"10\"} 3",
            "ranks_serve_seconds_bucket{le=\"+Inf\"} 4",
            "ranks_serve_seconds_count 4",
        ] {
            assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
        }
    }
}
