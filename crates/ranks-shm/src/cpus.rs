//! How many CPUs the ranks of a job may really use: affinity and cgroup quota counted.

use crate::primitive::Ordering::Relaxed;
use crate::segment::Segment;
use crate::sys;
use std::path::Path;

impl Segment {
    /// Adds this rank's CPUs to those of the job. Before the start barrier.
    pub fn publish_cpus(&self) {
        let header = self.header();
        for (shared, mine) in header.cpus.iter().zip(sys::affinity()) {
            shared.fetch_or(mine, Relaxed);
        }
        if let Some(quota) = quota() {
            let old = header.quota.load(Relaxed);
            if old == 0 || quota < old {
                header.quota.store(quota, Relaxed);
            }
        }
    }

    /// CPUs that the ranks of the job may use together. After the start barrier.
    pub fn usable_cpus(&self) -> usize {
        // For experiments, and for machines whose quota cannot be read.
        if let Some(n) = std::env::var("RANKS_CPUS").ok().and_then(|text| text.parse().ok()) {
            return n;
        }
        let header = self.header();
        let cpus: u32 = header.cpus.iter().map(|word| word.load(Relaxed).count_ones()).sum();
        match header.quota.load(Relaxed) {
            0 => cpus.max(1) as usize,
            quota => cpus.min(quota).max(1) as usize,
        }
    }
}

/// The CPU that this thread runs on, at this moment.
#[inline(always)]
pub fn current() -> u32 {
    sys::current_cpu()
}

/// CPUs that the cgroup's quota leaves to this process, if there is one; a fraction counts as none, but
/// at least one.
fn quota() -> Option<u32> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mut smallest: Option<f64> = None;
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let found = match controllers {
            "" => quota_upwards(Path::new("/sys/fs/cgroup"), path, read_v2),
            c if c.split(',').any(|c| c == "cpu") => {
                quota_upwards(Path::new("/sys/fs/cgroup/cpu"), path, read_v1)
            }
            _ => None,
        };
        smallest = match (smallest, found) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    smallest.map(|cpus| (cpus.floor() as u32).max(1))
}

/// The smallest quota of a group and those above it: each binds.
fn quota_upwards(root: &Path, path: &str, read: fn(&Path) -> Option<f64>) -> Option<f64> {
    let mut smallest: Option<f64> = None;
    let mut at = root.join(path.trim_start_matches('/'));
    loop {
        if let Some(found) = read(&at) {
            smallest = Some(smallest.map_or(found, |s: f64| s.min(found)));
        }
        if at == root || !at.pop() {
            return smallest;
        }
    }
}

fn read_v2(group: &Path) -> Option<f64> {
    parse_v2(&std::fs::read_to_string(group.join("cpu.max")).ok()?)
}

fn parse_v2(text: &str) -> Option<f64> {
    let mut words = text.split_whitespace();
    let quota: f64 = words.next()?.parse().ok()?;
    let period: f64 = words.next()?.parse().ok()?;
    (period > 0.0).then(|| quota / period)
}

fn read_v1(group: &Path) -> Option<f64> {
    let number = |name: &str| std::fs::read_to_string(group.join(name)).ok()?.trim().parse::<f64>().ok();
    let (quota, period) = (number("cpu.cfs_quota_us")?, number("cpu.cfs_period_us")?);
    (quota > 0.0 && period > 0.0).then(|| quota / period)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_read() {
        assert_eq!(parse_v2("max 100000\n"), None);
        assert_eq!(parse_v2("150000 100000\n"), Some(1.5));
        assert_eq!(parse_v2(""), None);
    }

    #[test]
    fn there_is_a_cpu() {
        let segment = Segment::private(1);
        segment.publish_cpus();
        assert!(segment.usable_cpus() >= 1);
    }
}
