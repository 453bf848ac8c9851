//! The options of `ranks bench`, and the plan they make.

use crate::Error;
use crate::bounds::SIZE_MOST;
use crate::file::WholeFile;
use crate::operation::{Operation, names};
use crate::words::{doubling, named, sizes, time};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What standard output shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Tables to read, a line for each size
    Text,
    /// Comma-separated values with a header line
    Csv,
}

/// Measure how fast ranks talk on this machine: one table for each operation.
///
/// OPERATION is one or more of latency, bandwidth, bidirectional, rate (messages a second), barrier, bcast, allreduce,
/// allgather, alltoall, gather, scatter, reduce. Without one, all are measured, at sizes from 1 B to 4 MiB that are four
/// times apart (half a minute); one that is named, at every power of two.
///
/// Latency, bandwidth and bidirectional are between ranks 0 and 1, rate between pairs of ranks (0 and 1, 2 and 3, ...),
/// the others between all. Where there is a root, it changes from turn to turn, so no rank runs ahead.
///
/// Turns are timed in batches, long enough that the clock does not count; a batch takes as long as its slowest rank.
/// Shown are the best batch (least time or highest rate), the median, and p99: 99 of 100 batches were at least this good.
/// Times are in microseconds; MB/s are millions of bytes a second. For bandwidth and rate, 64 messages are under way
/// at once, fewer where they would be more than 16 MiB, each with a buffer of its own.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// What to measure [default: all]
    #[arg(value_name = "OPERATION")]
    pub operations: Vec<String>,

    /// Sizes in bytes, like 8,1k,1m; 1k:64k doubles from 1k to 64k [default: 1:4m]
    #[arg(long, value_name = "SIZES")]
    pub sizes: Option<String>,

    /// Time spent at each size, like 50ms or 2s; warming up takes some more
    #[arg(long, value_name = "TIME", default_value = "100ms")]
    pub time: String,

    /// Let ranks move between CPUs; without it, each is pinned to a CPU, in turn
    #[arg(long)]
    pub no_pin: bool,

    /// What standard output shows [default: text]
    #[arg(long, value_enum)]
    pub format: Option<Format>,

    /// Write all figures to FILE as comma-separated values; "-" is short for --format csv
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,

    /// Write a picture to FILE: figures over sizes for each operation
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

/// What is to be done, as the options say it for a number of ranks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub points: Vec<Points>,
    /// What was asked for and is left out, and why.
    pub left_out: Vec<String>,
    pub time: Duration,
    pub pin: bool,
    pub format: Format,
    pub csv: Option<PathBuf>,
    pub svg: Option<PathBuf>,
}

/// An operation and the sizes to measure it at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Points {
    pub operation: Operation,
    pub sizes: Vec<usize>,
}

impl Options {
    /// Whether a job of `ranks` ranks can do this: mistakes are found before it is started.
    pub fn check(&self, ranks: usize) -> Result<(), Error> {
        self.plan(ranks, u64::MAX)?.files().map(|_| ())
    }

    /// The plan for `ranks` ranks that may use `memory` bytes for buffers together.
    pub(crate) fn plan(&self, ranks: usize, memory: u64) -> Result<Plan, Error> {
        let mut operations = Vec::new();
        for word in &self.operations {
            let operation = Operation::named(word)?;
            if !operations.contains(&operation) {
                operations.push(operation);
            }
        }
        let all = operations.is_empty();
        if all {
            operations.extend(Operation::ALL);
        }
        let sizes = match &self.sizes {
            Some(text) => sizes(text)?,
            None => doubling(1, SIZE_MOST, if all { 2 } else { 1 }).collect(),
        };

        let mut left_out = Vec::new();
        if ranks < 2 {
            let (pairs, others): (Vec<_>, Vec<_>) =
                operations.iter().partition(|operation| operation.needs_two());
            if !pairs.is_empty() {
                let detail = format!("{}: between two ranks, and this job has one", names(&pairs));
                if others.is_empty() {
                    return Err(Error::Options(format!("{detail}; try -n 2")));
                }
                left_out.push(detail);
            }
            operations = others;
        }

        let mut points = Vec::new();
        for operation in operations {
            let asked = if operation == Operation::Barrier { &[0][..] } else { &sizes };
            let part = operation.part(ranks);
            let fits = |size: &usize| operation.memory(*size, part) <= memory;
            let sizes: Vec<usize> = asked.iter().copied().filter(|&size| operation.takes(size)).collect();
            if sizes.len() < asked.len() && (self.sizes.is_some() || sizes.is_empty()) {
                left_out.push(format!("{}: sizes that are no whole number of f32 (4 B)", operation.name()));
            }
            if let Some(large) = sizes.iter().find(|size| !fits(size)) {
                let needed = usize::try_from(operation.memory(*large, part)).unwrap_or(usize::MAX);
                left_out.push(format!(
                    "{} from {} on: buffers of {} in all, which is too much for the memory available",
                    operation.name(),
                    named(*large),
                    named(needed)
                ));
            }
            let sizes: Vec<usize> = sizes.into_iter().filter(fits).collect();
            if !sizes.is_empty() {
                points.push(Points { operation, sizes });
            }
        }
        if points.is_empty() {
            return Err(Error::Options(format!(
                "nothing is left to measure: left out are {}",
                left_out.join("; ")
            )));
        }

        let to_output = self.csv.as_deref() == Some(Path::new("-"));
        if to_output && self.format == Some(Format::Text) {
            return Err(Error::Options("--csv - and --format text both want standard output".to_owned()));
        }
        if self.svg.as_deref() == Some(Path::new("-")) {
            return Err(Error::Options(
                "--svg needs the name of a file: standard output has the figures".to_owned(),
            ));
        }
        if self.svg.is_some() && self.svg == self.csv {
            return Err(Error::Options("--csv and --svg name the same file".to_owned()));
        }
        Ok(Plan {
            points,
            left_out,
            time: time(&self.time)?,
            pin: !self.no_pin,
            format: if to_output { Format::Csv } else { self.format.unwrap_or(Format::Text) },
            csv: self.csv.clone().filter(|_| !to_output),
            svg: self.svg.clone(),
        })
    }
}

impl Plan {
    /// The files to write at the end, which can be written now.
    pub fn files(&self) -> Result<Files, Error> {
        let file = |path: &Option<PathBuf>| path.as_deref().map(WholeFile::of).transpose();
        Ok(Files { csv: file(&self.csv)?, svg: file(&self.svg)? })
    }
}

/// See [`Plan::files`].
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub csv: Option<WholeFile>,
    pub svg: Option<WholeFile>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        options: Options,
    }

    fn plan(line: &str, ranks: usize, memory: u64) -> Result<Plan, String> {
        let words = std::iter::once("bench").chain(line.split_whitespace());
        let options = Command::try_parse_from(words).unwrap().options;
        options.plan(ranks, memory).map_err(|error| error.to_string())
    }

    #[test]
    fn definitions_are_consistent_and_name_every_operation() {
        use clap::CommandFactory;
        Command::command().debug_assert();
        let help = Command::command().render_long_help().to_string();
        for operation in Operation::ALL {
            assert!(help.contains(operation.name()), "{operation:?}");
        }
    }

    #[test]
    fn what_people_type() {
        let all = plan("", 2, u64::MAX).unwrap();
        assert_eq!(all.points.len(), Operation::ALL.len());
        assert_eq!((all.points[0].sizes.len(), all.time, all.pin), (12, Duration::from_millis(100), true));
        assert_eq!(all.left_out, [""; 0]);
        let some = plan("barrier allreduce barrier --sizes 4,1k,6 --no-pin --csv -", 4, u64::MAX).unwrap();
        let points = |operation, sizes: &[usize]| Points { operation, sizes: sizes.to_vec() };
        assert_eq!(some.points, [points(Operation::Barrier, &[0]), points(Operation::Allreduce, &[4, 1024])]);
        assert_eq!((some.pin, some.format, some.csv), (false, Format::Csv, None));
        assert!(some.left_out[0].contains("allreduce"), "{:?}", some.left_out);
        assert_eq!(plan("latency", 2, u64::MAX).unwrap().points[0].sizes.len(), 23);
    }

    #[test]
    fn one_rank_does_what_one_can() {
        let alone = plan("", 1, u64::MAX).unwrap();
        assert_eq!(alone.points.len(), 8);
        assert!(
            alone.left_out[0].starts_with("latency, bandwidth, bidirectional, rate: "),
            "{:?}",
            alone.left_out
        );
        let error = plan("latency rate", 1, u64::MAX).unwrap_err();
        assert!(error.contains("latency, rate: between two ranks") && error.contains("-n 2"), "{error}");
    }

    #[test]
    fn sizes_that_do_not_fit_into_memory_are_left_out() {
        let small = plan("alltoall", 16, 1 << 30).unwrap();
        assert_eq!(small.points[0].sizes.last(), Some(&(2 << 20)));
        assert!(
            small.left_out[0].contains("alltoall from 4 MiB on: buffers of 2 GiB"),
            "{:?}",
            small.left_out
        );
        assert!(plan("alltoall --sizes 1g", 16, 1 << 30).unwrap_err().contains("nothing is left"));
    }

    #[test]
    fn mistakes_are_one_line() {
        for line in [
            "latnecy",
            "--sizes 0",
            "--time 0s",
            "allreduce --sizes 1,2,3",
            "--csv - --format text",
            "--svg -",
            "--svg a --csv a",
        ] {
            let error = plan(line, 2, u64::MAX).unwrap_err();
            assert!(!error.contains('\n') && !error.is_empty(), "{line}: {error}");
        }
    }
}
