//! What is printed: tables, or comma-separated values.

use crate::measure::Measurement;
use crate::operation::Operation;
use crate::options::{Format, Plan};
use crate::place::Place;
use crate::statistics::Figures;
use std::io::{self, Write};

/// One measured size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    pub operation: Operation,
    pub bytes: usize,
    /// In the operation's unit.
    pub figures: Figures,
    pub batches: usize,
    pub turns: u32,
}

impl Row {
    /// Of what was measured by `part` ranks.
    pub fn of(operation: Operation, bytes: usize, part: usize, measured: Measurement) -> Self {
        let figures = measured.seconds.map(|seconds| operation.figure(bytes, part, seconds));
        Self { operation, bytes, figures, batches: measured.batches, turns: measured.turns }
    }
}

/// Writes rows as they come, and keeps them.
pub struct Report<W> {
    out: W,
    format: Format,
    pub place: Place,
    pub rows: Vec<Row>,
}

impl<W: Write> Report<W> {
    /// Begins with the header and what is left out.
    pub fn new(out: W, plan: &Plan, place: Place) -> io::Result<Self> {
        let mut report = Self { out, format: plan.format, place, rows: Vec::new() };
        let out = &mut report.out;
        match plan.format {
            Format::Csv => {
                out.write_all(csv_header().as_bytes())?;
                for line in &plan.left_out {
                    // Nobody reads standard error, perhaps.
                    let _ = writeln!(io::stderr(), "ranks bench: left out: {line}");
                }
            }
            Format::Text => {
                writeln!(out, "# {}", report.place.header())?;
                writeln!(
                    out,
                    "# {:?} at each size; statistics over batches of turns, a batch's time is its slowest \
                    rank's; p99: what 99 of 100 batches reach",
                    plan.time
                )?;
                for line in &plan.left_out {
                    writeln!(out, "# left out: {line}")?;
                }
            }
        }
        out.flush()?;
        Ok(report)
    }

    /// Comes before the rows of an operation.
    pub fn heading(&mut self, operation: Operation) -> io::Result<()> {
        if self.format == Format::Csv {
            return Ok(());
        }
        let unit = operation.unit();
        let best = if unit.is_rate() { "max" } else { "min" };
        let columns = [best, "median", "p99"].map(|name| format!("{name} {}", unit.name()));
        let out = &mut self.out;
        writeln!(out, "\n# {}: {}", operation.name(), operation.about())?;
        writeln!(
            out,
            "#{:>11}{:>20}{:>20}{:>20}{:>10}{:>10}",
            "bytes", columns[0], columns[1], columns[2], "batches", "of turns"
        )?;
        out.flush()
    }

    /// One size.
    pub fn row(&mut self, row: Row) -> io::Result<()> {
        self.rows.push(row);
        match self.format {
            Format::Csv => self.out.write_all(csv_row(&row, &self.place).as_bytes())?,
            Format::Text => {
                let [best, median, p99] = [row.figures.best, row.figures.median, row.figures.p99].map(figure);
                writeln!(
                    self.out,
                    "{:>12}{best:>20}{median:>20}{p99:>20}{:>10}{:>10}",
                    row.bytes, row.batches, row.turns
                )?;
            }
        }
        self.out.flush()
    }

    /// All rows as comma-separated values.
    pub fn csv(&self) -> String {
        let rows = self.rows.iter().map(|row| csv_row(row, &self.place));
        std::iter::once(csv_header()).chain(rows).collect()
    }
}

/// With as many digits as mean something.
pub fn figure(value: f64) -> String {
    match value {
        v if v < 100.0 => format!("{v:.3}"),
        v if v < 10_000.0 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}

// Lines end with CR LF, as RFC 4180 has it; no field needs quotes.
fn csv_header() -> String {
    "operation,ranks,cpus,bytes,unit,best,median,p99,batches,turns\r\n".to_owned()
}

fn csv_row(row: &Row, place: &Place) -> String {
    let Figures { best, median, p99 } = row.figures;
    format!(
        "{},{},{},{},{},{best:.4},{median:.4},{p99:.4},{},{}\r\n",
        row.operation.name(),
        place.ranks,
        place.cpus,
        row.bytes,
        row.operation.unit().name(),
        row.batches,
        row.turns
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn place() -> Place {
        Place { ranks: 2, cpus: 2, pinned: vec![Some(0), Some(1)], model: Some("Z80, 4 MHz".into()) }
    }

    fn plan(format: Format) -> Plan {
        let left_out = vec!["much".to_owned()];
        let time = Duration::from_millis(50);
        Plan { points: Vec::new(), left_out, time, pin: true, format, csv: None, svg: None }
    }

    fn row(operation: Operation, bytes: usize) -> Row {
        let figures = Figures { best: 0.12345, median: 2345.67, p99: 1_234_567.8 };
        Row { operation, bytes, figures, batches: 1000, turns: 64 }
    }

    fn report(format: Format) -> Report<Vec<u8>> {
        let mut report = Report::new(Vec::new(), &plan(format), place()).unwrap();
        report.heading(Operation::Bandwidth).unwrap();
        report.row(row(Operation::Bandwidth, 8)).unwrap();
        report
    }

    #[test]
    fn tables() {
        let text = String::from_utf8(report(Format::Text).out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("# ranks bench ") && lines[0].ends_with("Z80, 4 MHz"), "{text}");
        assert!(lines[1].contains("50ms"), "{text}");
        assert_eq!(lines[2], "# left out: much");
        assert!(lines[4].starts_with("# bandwidth: rank 0 to rank 1"), "{text}");
        let words: Vec<&str> = lines[5].split_whitespace().collect();
        assert_eq!(
            words,
            "# bytes max MB/s median MB/s p99 MB/s batches of turns".split(' ').collect::<Vec<_>>()
        );
        assert_eq!(
            lines[6].split_whitespace().collect::<Vec<_>>(),
            ["8", "0.123", "2345.7", "1234568", "1000", "64"]
        );
        assert_eq!((lines[5].len(), lines.len()), (lines[6].len(), 7));
    }

    #[test]
    fn comma_separated_values() {
        let report = report(Format::Csv);
        let want = "operation,ranks,cpus,bytes,unit,best,median,p99,batches,turns\r\n\
                    bandwidth,2,2,8,MB/s,0.1235,2345.6700,1234567.8000,1000,64\r\n";
        assert_eq!(String::from_utf8(report.out.clone()).unwrap(), want);
        assert_eq!(report.csv(), want);
    }
}
