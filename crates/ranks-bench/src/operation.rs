//! What can be measured: names, who takes part, what a figure means.

use crate::bounds::{WINDOW, WINDOW_BYTES, WINDOW_LEAST};
use crate::error::Error;
use ranks_launch::parse::nearest;

/// An operation. Each is one line of [`Operation::ALL`] and one arm of `Work::turn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operation {
    Latency,
    Bandwidth,
    Bidirectional,
    Rate,
    Barrier,
    Bcast,
    Allreduce,
    Allgather,
    Alltoall,
    Gather,
    Scatter,
    Reduce,
}

use Operation::*;

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Microseconds: less is better.
    Microseconds,
    /// Millions of bytes a second.
    MegabytesPerSecond,
    /// Messages a second.
    MessagesPerSecond,
}

impl Unit {
    /// In tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Microseconds => "us",
            Self::MegabytesPerSecond => "MB/s",
            Self::MessagesPerSecond => "messages/s",
        }
    }

    /// Whether the best figure is the highest.
    pub fn is_rate(self) -> bool {
        self != Self::Microseconds
    }
}

impl Operation {
    /// All, in the order of tables.
    pub const ALL: [Self; 12] = [
        Latency,
        Bandwidth,
        Bidirectional,
        Rate,
        Barrier,
        Bcast,
        Allreduce,
        Allgather,
        Alltoall,
        Gather,
        Scatter,
        Reduce,
    ];

    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Latency => "latency",
            Bandwidth => "bandwidth",
            Bidirectional => "bidirectional",
            Rate => "rate",
            Barrier => "barrier",
            Bcast => "bcast",
            Allreduce => "allreduce",
            Allgather => "allgather",
            Alltoall => "alltoall",
            Gather => "gather",
            Scatter => "scatter",
            Reduce => "reduce",
        }
    }

    /// What a turn is, and between whom.
    pub fn about(self) -> &'static str {
        match self {
            Latency => "one way between ranks 0 and 1, half a round trip",
            Bandwidth => "rank 0 to rank 1, a window of messages, then an answer",
            Bidirectional => "ranks 0 and 1 to each other, both directions added, a window of messages each",
            Rate => {
                "pairs of ranks (0 to 1, 2 to 3, ...) added up, a window of messages each, then an answer"
            }
            Barrier => "all ranks",
            Bcast => "from one rank to all, the root changes from turn to turn",
            Allreduce => "sum of f32 at all ranks",
            Allgather => "the size is what each rank gives",
            Alltoall => "the size is what each rank gives each",
            Gather => "the size is what each rank gives, the root changes from turn to turn",
            Scatter => "the size is what each rank gets, the root changes from turn to turn",
            Reduce => "sum of f32 at one rank, the root changes from turn to turn",
        }
    }

    /// What its figures count.
    pub fn unit(self) -> Unit {
        match self {
            Bandwidth | Bidirectional => Unit::MegabytesPerSecond,
            Rate => Unit::MessagesPerSecond,
            _ => Unit::Microseconds,
        }
    }

    /// The operation of this name; `_` and `-` do not count, and OSU's names are known.
    pub fn named(word: &str) -> Result<Self, Error> {
        let plain = word.to_ascii_lowercase().replace(['_', '-'], "");
        let plain = match plain.strip_prefix("osu").unwrap_or(&plain) {
            "bw" => "bandwidth",
            "bibw" => "bidirectional",
            "mbwmr" | "messagerate" => "rate",
            "broadcast" => "bcast",
            plain => plain,
        };
        if let Some(found) = Self::ALL.into_iter().find(|operation| operation.name() == plain) {
            return Ok(found);
        }
        Err(Error::Options(match nearest(plain, Self::ALL.iter().map(|operation| operation.name())) {
            Some(near) => format!("unknown operation {word:?}; did you mean {near}?"),
            None => format!("unknown operation {word:?}; there are {}", names(&Self::ALL)),
        }))
    }

    /// Of `ranks` ranks, the first so many take part.
    pub fn part(self, ranks: usize) -> usize {
        match self {
            Latency | Bandwidth | Bidirectional => ranks.min(2),
            // Pairs.
            Rate => ranks - ranks % 2,
            _ => ranks,
        }
    }

    /// Whether it takes two.
    pub fn needs_two(self) -> bool {
        matches!(self, Latency | Bandwidth | Bidirectional | Rate)
    }

    /// Whether it can be done with this size. The barrier has none: its one size is 0.
    pub fn takes(self, bytes: usize) -> bool {
        match self {
            Allreduce | Reduce => bytes.is_multiple_of(size_of::<f32>()),
            _ => true,
        }
    }

    /// Bytes of buffers that all ranks need together, of which `ranks` take part.
    pub fn memory(self, bytes: usize, ranks: usize) -> u64 {
        let (bytes, ranks) = (bytes as u64, ranks as u64);
        let window = window(bytes as usize) as u64;
        let parts = match self {
            Barrier => 0,
            Bcast => 1,
            Latency | Allreduce | Reduce => 2,
            Bandwidth | Rate => window,
            Bidirectional => 2 * window,
            Allgather | Gather | Scatter => ranks + 1,
            Alltoall => 2 * ranks,
        };
        bytes.saturating_mul(parts).saturating_mul(ranks)
    }

    /// The figure that the time of a turn, in seconds, means.
    pub fn figure(self, bytes: usize, ranks: usize, seconds: f64) -> f64 {
        let window = window(bytes) as f64;
        match self {
            Latency => seconds / 2.0 * 1e6,
            Bandwidth => bytes as f64 * window / seconds / 1e6,
            Bidirectional => 2.0 * bytes as f64 * window / seconds / 1e6,
            Rate => (ranks / 2) as f64 * window / seconds,
            _ => seconds * 1e6,
        }
    }
}

/// Names, as a list.
pub fn names(operations: &[Operation]) -> String {
    operations.iter().map(|operation| operation.name()).collect::<Vec<_>>().join(", ")
}

/// Messages of this size under way at once.
pub fn window(bytes: usize) -> usize {
    (WINDOW_BYTES / bytes.max(1)).clamp(WINDOW_LEAST, WINDOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_mistakes() {
        for operation in Operation::ALL {
            assert_eq!(Operation::named(operation.name()).unwrap(), operation);
        }
        assert_eq!(Operation::named("osu_bibw").unwrap(), Bidirectional);
        assert_eq!(Operation::named("all-reduce").unwrap(), Allreduce);
        assert!(Operation::named("latnecy").unwrap_err().to_string().contains("did you mean latency?"));
        assert!(Operation::named("speed").unwrap_err().to_string().contains("latency, bandwidth"));
        assert!(Operation::named("").is_err());
    }

    #[test]
    fn windows_shrink_for_long_messages() {
        assert_eq!([0, 1, 1 << 18, 1 << 20, 4 << 20, 1 << 30].map(window), [64, 64, 64, 16, 4, 4]);
    }

    #[test]
    fn figures_have_the_units_said() {
        assert_eq!(Latency.figure(8, 2, 3e-6), 1.5);
        assert_eq!(Barrier.figure(0, 4, 3e-6), 3.0);
        assert_eq!(Bandwidth.figure(1000, 2, 64e-6), 1000.0);
        assert_eq!(Bidirectional.figure(1000, 2, 64e-6), 2000.0);
        assert_eq!(Rate.figure(8, 4, 64e-6), 2e6);
    }
}
