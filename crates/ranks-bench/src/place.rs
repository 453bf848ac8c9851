//! Where ranks run: pinning, and what the header says about the machine.

use crate::bounds::{MEMORY_SHARE, MEMORY_UNKNOWN};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::fs;

/// The ranks and the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub ranks: usize,
    /// Usable ones: affinity and cgroup quota counted.
    pub cpus: usize,
    /// By rank; none for a rank that was not pinned.
    pub pinned: Vec<Option<usize>>,
    /// The processor's name, if the system tells.
    pub model: Option<String>,
}

impl Place {
    /// Pins this rank if asked to, and looks around. Collective; complete at rank 0.
    pub fn take(world: &ranks::World, pin: bool) -> ranks::Result<Self> {
        // Before pinning, which leaves one.
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        let mine = if pin { pin_to(world.rank()) } else { None };
        let pinned = world.gather(mine, 0)?.unwrap_or_default();
        Ok(Self { ranks: world.size(), cpus, pinned, model: model() })
    }

    /// Whether two ranks must share a CPU.
    pub fn shared(&self) -> bool {
        let mut used: Vec<usize> = self.pinned.iter().flatten().copied().collect();
        used.sort_unstable();
        self.ranks > self.cpus || used.windows(2).any(|two| two[0] == two[1])
    }

    /// The first line of a report.
    pub fn header(&self) -> String {
        let some = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let pinned = match self.pinned.iter().flatten().count() {
            0 => "not pinned",
            n if n == self.ranks => "pinned",
            _ => "some pinned",
        };
        let shared = if self.shared() { "ranks share CPUs" } else { "a CPU for each rank" };
        format!(
            "ranks bench {}: {} on {}, {pinned}, {shared}; {}",
            env!("CARGO_PKG_VERSION"),
            some(self.ranks, "rank"),
            some(self.cpus, "CPU"),
            self.model.as_deref().unwrap_or("unknown processor"),
        )
    }
}

/// The CPU that this thread runs on from now on: the `rank`-th of those it may use, in turn. None if the system refuses.
fn pin_to(rank: usize) -> Option<usize> {
    let allowed = sched_getaffinity(None).ok()?;
    let cpus: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|&cpu| allowed.is_set(cpu)).collect();
    let cpu = *cpus.get(rank % cpus.len().max(1))?;
    let mut one = CpuSet::new();
    one.set(cpu);
    sched_setaffinity(None, &one).ok()?;
    Some(cpu)
}

fn model() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let value = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned()).filter(|value| !value.is_empty())
    };
    value("model name").or_else(|| value("Model")).or_else(|| value("Processor"))
}

/// Bytes that the buffers of all ranks may take together.
pub fn memory() -> u64 {
    let available = fs::read_to_string("/proc/meminfo").ok().and_then(|text| available(&text));
    // Of a container that sees its own group as the root; else there is no such file.
    let limit =
        fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
    available.unwrap_or(MEMORY_UNKNOWN).min(limit.unwrap_or(u64::MAX)) / MEMORY_SHARE
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_say_whether_ranks_share() {
        let mut place =
            Place { ranks: 2, cpus: 2, pinned: vec![Some(0), Some(3)], model: Some("Z80".into()) };
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            place.header(),
            format!("ranks bench {version}: 2 ranks on 2 CPUs, pinned, a CPU for each rank; Z80")
        );
        place.pinned = vec![Some(1), Some(1)];
        assert!(place.header().contains("ranks share CPUs"));
        place = Place { ranks: 1, cpus: 1, pinned: vec![None], model: None };
        assert!(
            place.header().ends_with("1 rank on 1 CPU, not pinned, a CPU for each rank; unknown processor")
        );
        place = Place { ranks: 3, cpus: 2, pinned: vec![None; 3], model: None };
        assert!(place.shared());
    }

    #[test]
    fn memory_is_read() {
        assert_eq!(available("MemTotal: 9 kB\nMemAvailable:      123 kB\n"), Some(123 << 10));
        assert_eq!(available("MemTotal: 9 kB\n"), None);
        assert!(memory() > 0);
    }

    #[test]
    fn a_thread_can_be_pinned() {
        std::thread::spawn(|| {
            if let Some(cpu) = pin_to(5) {
                let now = sched_getaffinity(None).unwrap();
                assert!(now.count() == 1 && now.is_set(cpu));
            }
        })
        .join()
        .unwrap();
    }
}
