//! `ranks bench`: how fast ranks talk on this machine, as tables, comma-separated values and a picture.
//!
//! ```text
//!   options --plan--> for each operation, for each size:   measure (ranks that take part) --> report (rank 0)
//!                                                             |
//!                                                          batches of turns of work --> statistics
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`operation`](Operation) | what there is to measure: names, who takes part, units |
//! | `work` | buffers, and what a turn does |
//! | `measure` | warm-up, batches, when to stop |
//! | `statistics` | best, median, p99 |
//! | `options`, `words` | the command line, and the plan it makes |
//! | `place` | pinning, and what the header says |
//! | `report`, `picture`, `file` | tables, CSV, SVG; files that are whole or not there |
//! | `error` | what can go wrong |
//! | `bounds` | limits |
#![forbid(unsafe_code)]

mod bounds;
mod error;
mod file;
mod measure;
mod operation;
mod options;
mod picture;
mod place;
mod report;
mod statistics;
#[cfg(test)]
mod watchdog;
mod words;
mod work;

pub use error::Error;
pub use operation::{Operation, Unit};
pub use options::{Format, Options};

use options::{Files, Plan};
use place::Place;
use report::{Report, Row};
use std::io::{self, Write};

/// Measures what `options` say. Every rank of `world` calls this with the same options; rank 0 alone writes, and reports
/// what is wrong with options and output, so that one line is printed, not one for each rank.
pub fn run(world: &ranks::World, options: &Options) -> Result<(), Error> {
    run_to(world, options, io::stdout())
}

fn run_to(world: &ranks::World, options: &Options, out: impl Write) -> Result<(), Error> {
    let first = world.rank() == 0;
    let mut memory = [if first { place::memory() } else { 0 }];
    world.broadcast_into(&mut memory, 0)?;
    let plan = match options.plan(world.size(), memory[0]) {
        // The same options fail in the same way at every rank, so none is left waiting.
        Err(_) if !first => return Ok(()),
        plan => plan?,
    };
    let place = Place::take(world, plan.pin)?;
    let mut writer = if first { Writer::new(out, &plan, place) } else { Ok(None) };
    for points in &plan.points {
        let operation = points.operation;
        let part = operation.part(world.size());
        // Others wait apart from them: they sleep, and share no CPU that is measured.
        let split = match part < world.size() {
            true => world.split((world.rank() < part).then_some(0), 0)?,
            false => None,
        };
        let takes_part = if part == world.size() { Some(&**world) } else { split.as_ref() };
        step(&mut writer, |report| report.heading(operation));
        for &bytes in &points.sizes {
            // Rank 0 may be unable to write: then nobody goes on.
            let mut going = [u8::from(writer.is_ok())];
            world.broadcast_into(&mut going, 0)?;
            if going == [0] {
                return ended(writer.map(|_| ()));
            }
            if let Some(comm) = takes_part {
                let measured = measure::measure(comm, operation, bytes, plan.time)?;
                step(&mut writer, |report| report.row(Row::of(operation, bytes, part, measured)));
            }
        }
    }
    ended(writer.and_then(|writer| writer.map_or(Ok(()), |writer| writer.finish())))
}

/// What rank 0 writes to.
struct Writer<W> {
    report: Report<W>,
    files: Files,
}

impl<W: Write> Writer<W> {
    fn new(out: W, plan: &Plan, place: Place) -> Result<Option<Self>, Error> {
        let files = plan.files()?;
        let report = Report::new(out, plan, place).map_err(Error::Output)?;
        Ok(Some(Self { report, files }))
    }

    fn finish(self) -> Result<(), Error> {
        if let Some(file) = &self.files.csv {
            file.write(&self.report.csv())?;
        }
        if let Some(file) = &self.files.svg {
            file.write(&picture::picture(&self.report.rows, &self.report.place.header()))?;
        }
        Ok(())
    }
}

/// One more thing to write, at rank 0 and while nothing has failed.
fn step<W>(
    writer: &mut Result<Option<Writer<W>>, Error>,
    write: impl FnOnce(&mut Report<W>) -> io::Result<()>,
) {
    if let Ok(Some(here)) = writer
        && let Err(error) = write(&mut here.report)
    {
        *writer = Err(Error::Output(error));
    }
}

/// That the reader of standard output has gone (`ranks bench | head`) is not worth a word.
fn ended(outcome: Result<(), Error>) -> Result<(), Error> {
    match outcome {
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watchdog::watchdog;
    use clap::Parser;
    use std::sync::Mutex;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        options: Options,
    }

    /// What rank 0 of `n` writes, until `limit` bytes.
    struct Output<'a>(&'a Mutex<String>, usize);

    impl Write for Output<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut text = self.0.lock().unwrap();
            if text.len() + bytes.len() > self.1 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            text.push_str(std::str::from_utf8(bytes).unwrap());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn outcome(n: usize, line: &str, limit: usize) -> (String, Vec<Result<(), String>>) {
        let _dog = watchdog("a run");
        // Threads of a test share their CPUs with other tests'.
        let words = ["bench", "--no-pin", "--time", "1ms"].into_iter().chain(line.split_whitespace());
        let options = Command::try_parse_from(words).unwrap().options;
        let text = Mutex::new(String::new());
        let ends = ranks::threads(n, |world| {
            Ok(run_to(world, &options, Output(&text, limit)).map_err(|error| error.to_string()))
        });
        (text.into_inner().unwrap(), ends.unwrap())
    }

    #[test]
    fn every_operation_at_every_number_of_ranks() {
        for n in [1, 2, 3, 4, 7] {
            let (text, ends) = outcome(n, "--sizes 8,40000 --format csv", usize::MAX);
            assert_eq!(ends, vec![Ok(()); n]);
            let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
            assert_eq!(rows.len(), if n == 1 { 15 } else { 23 }, "{text}");
            for row in rows {
                let operation = Operation::named(row[0]).unwrap();
                assert_eq!((row[1].parse(), row[4]), (Ok(n), operation.unit().name()), "{row:?}");
                let figures: Vec<f64> = row[5..8].iter().map(|figure| figure.parse().unwrap()).collect();
                assert!(figures.iter().all(|figure| *figure > 0.0), "{row:?}");
                let falling = figures.is_sorted_by(|a, b| a >= b);
                assert!(if operation.unit().is_rate() { falling } else { figures.is_sorted() }, "{row:?}");
            }
        }
    }

    #[test]
    fn an_output_that_fails_ends_all_ranks() {
        for limit in [0, 300, 700] {
            let (_, ends) = outcome(3, "latency bcast --sizes 1,2,3,4,5,6,7,8,9", limit);
            assert!(ends[0].as_ref().is_err_and(|error| error.contains("standard output")), "{ends:?}");
            assert_eq!(ends[1..], [Ok(()), Ok(())]);
        }
    }

    #[test]
    fn mistakes_are_reported_once() {
        let (text, ends) = outcome(3, "bcats", usize::MAX);
        assert!(text.is_empty() && ends[0].is_err() && ends[1..] == [Ok(()), Ok(())], "{ends:?}");
    }
}
