//! What a whole job came to. Of bounded size: statuses and kinds of failure are few.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use crate::FailureKind;
use crate::record::Record;

/// Counts over all records of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Records printed.
    pub records: u64,
    /// Blank lines and comments, which have none.
    pub skipped: u64,
    /// Bytes of all bodies.
    pub bytes: u64,
    /// Records by status; `None`: no response came.
    pub statuses: BTreeMap<Option<u16>, u64>,
    /// Records by kind of failure.
    pub failures: BTreeMap<FailureKind, u64>,
    /// Ranks that took part.
    pub ranks: usize,
    /// How long it took.
    pub elapsed: Duration,
}

impl Summary {
    pub(super) fn count(&mut self, record: &Record) {
        self.records += 1;
        self.bytes += record.bytes;
        *self.statuses.entry(record.status).or_default() += 1;
        if let Some(error) = &record.error {
            *self.failures.entry(error.kind).or_default() += 1;
        }
    }

    /// Records with an error.
    pub fn failed(&self) -> u64 {
        self.failures.values().sum()
    }

    /// The one line for standard error.
    pub fn line(&self) -> String {
        let seconds = self.elapsed.as_secs_f64();
        let rate = self.records as f64 / seconds.max(1e-9);
        let mut line = counted(self.records, "record");
        if self.skipped > 0 {
            write!(line, " ({} blank or comment)", counted(self.skipped, "line")).unwrap_or(());
        }
        let answered = self.statuses.iter().filter_map(|(status, count)| Some((status.as_ref()?, count)));
        let statuses: Vec<String> = answered.map(|(status, count)| format!("{status}: {count}")).collect();
        if !statuses.is_empty() {
            write!(line, "; {}", statuses.join(", ")).unwrap_or(());
        }
        write!(line, "; {}", counted(self.failed(), "error")).unwrap_or(());
        if !self.failures.is_empty() {
            write!(line, " ({})", self.kinds()).unwrap_or(());
        }
        let ranks = counted(self.ranks as u64, "rank");
        write!(line, "; {ranks}, {seconds:.3} s, {rate:.1} URLs/s").unwrap_or(());
        line
    }

    fn kinds(&self) -> String {
        let kinds = self.failures.iter().map(|(kind, count)| format!("{}: {count}", kind.as_str()));
        kinds.collect::<Vec<_>>().join(", ")
    }

    /// The count of statuses under a table.
    pub(super) fn table(&self, to: &mut impl Write) -> io::Result<()> {
        writeln!(to, "\n{:>6}  {:>9}  {:>6}", "status", "records", "share")?;
        let share = |count: u64| 100.0 * count as f64 / self.records.max(1) as f64;
        for (status, &count) in &self.statuses {
            let status = status.map_or("-".to_owned(), |status| status.to_string());
            writeln!(to, "{status:>6}  {count:>9}  {:>5.1}%", share(count))?;
        }
        if !self.failures.is_empty() {
            writeln!(to, "errors  {:>9}  {:>5.1}%  {}", self.failed(), share(self.failed()), self.kinds())?;
        }
        Ok(())
    }
}

fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Failure;

    #[test]
    fn one_line_says_it_all() {
        let mut summary =
            Summary { ranks: 2, skipped: 1, elapsed: Duration::from_millis(500), ..Summary::default() };
        let mut record = Record::untried(1, "x".into(), Failure::new(FailureKind::TimedOut, "no response"));
        summary.count(&record);
        (record.status, record.error) = (Some(200), None);
        summary.count(&record);
        summary.count(&record);
        assert_eq!(
            summary.line(),
            "3 records (1 line blank or comment); 200: 2; 1 error (timed out: 1); 2 ranks, 0.500 s, 6.0 URLs/s"
        );
        let mut table = Vec::new();
        summary.table(&mut table).unwrap();
        assert_eq!(
            String::from_utf8(table).unwrap(),
            "\nstatus    records   share\n     -          1   33.3%\n   200          2   66.7%\n\
             errors          1   33.3%  timed out: 1\n"
        );
    }
}
