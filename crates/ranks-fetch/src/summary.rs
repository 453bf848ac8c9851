//! What a whole job came to. Of bounded size: statuses and kinds of failure are few.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::colour::Colour;
use super::timeline::Timeline;
use super::times::Times;
use crate::FailureKind;
use crate::bounds::{HOSTS_COUNTED, HOSTS_SHOWN};
use crate::host::host_of;
use crate::record::Record;

/// Counts over all records of a job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Records printed.
    pub records: u64,
    /// Blank lines and comments, which have none.
    pub skipped: u64,
    /// Bytes of all bodies.
    pub bytes: u64,
    /// Records by status; `None`: no response came.
    #[serde(with = "pairs")]
    pub statuses: BTreeMap<Option<u16>, u64>,
    /// Records by kind of failure.
    pub failures: BTreeMap<FailureKind, u64>,
    /// Ranks that took part.
    pub ranks: usize,
    /// How long it took.
    pub elapsed: Duration,
    /// What became of each host's URLs; of hosts beyond the first thousand, together. Lines that are no URL have no host.
    pub hosts: BTreeMap<String, HostCount>,
    pub(super) timeline: Timeline,
}

/// Counts over the records of one host. Records that copy another, and those of lines that are no URL, are not among them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HostCount {
    /// URLs requested.
    pub requested: u64,
    /// Those with an error.
    pub failed: u64,
    /// Bytes of bodies.
    pub bytes: u64,
    /// How long they took, those that got an answer.
    pub times: Times,
}

/// The name under which hosts are counted that have no count of their own.
const OTHERS: &str = "(other hosts)";

/// A map whose keys are no text, as JSON wants them.
mod pairs {
    use super::*;
    use serde::{Deserializer, Serializer};

    type Statuses = BTreeMap<Option<u16>, u64>;

    pub(super) fn serialize<S: Serializer>(map: &Statuses, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(map)
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Statuses, D::Error> {
        Ok(Vec::deserialize(from)?.into_iter().collect())
    }
}

impl Summary {
    pub(super) fn count(&mut self, record: &Record) {
        self.records += 1;
        self.bytes += record.bytes;
        *self.statuses.entry(record.status).or_default() += 1;
        if let Some(error) = &record.error {
            *self.failures.entry(error.kind).or_default() += 1;
        }
        // A line that is no URL names no host.
        let no_url = record.error.as_ref().is_some_and(|error| error.kind == FailureKind::InvalidUrl);
        if record.copy_of.is_none() && !no_url {
            self.count_host(record);
        }
    }

    fn count_host(&mut self, record: &Record) {
        let name = host_of(&record.url);
        if !self.hosts.contains_key(&*name) {
            let name = if self.hosts.len() < HOSTS_COUNTED { &*name } else { OTHERS };
            self.hosts.entry(name.to_owned()).or_default();
        }
        let name = if self.hosts.contains_key(&*name) { &*name } else { OTHERS };
        let Some(host) = self.hosts.get_mut(name) else { return };
        host.requested += 1;
        host.failed += u64::from(record.error.is_some());
        host.bytes += record.bytes;
        if record.status.is_some() {
            host.times.add(record.seconds);
        }
    }

    /// The hosts with the most URLs.
    pub(super) fn largest_hosts(&self) -> Vec<(&String, &HostCount)> {
        let mut hosts: Vec<_> = self.hosts.iter().collect();
        hosts.sort_by_key(|(_, host)| std::cmp::Reverse(host.requested));
        hosts.truncate(HOSTS_SHOWN);
        hosts
    }

    /// A row for each of the largest hosts: how many, how many failed, and how long they took.
    pub fn by_host(&self) -> String {
        let mut text = format!(
            "{:>9}  {:>7}  {:>9}  {:>9}  {:>9}  {:>9}  host (seconds)\n",
            "URLs", "errors", "median", "p90", "p99", "longest"
        );
        for (name, host) in self.largest_hosts() {
            let [median, p90, p99] = [0.5, 0.9, 0.99].map(|share| host.times.percentile(share));
            let name = name.replace(char::is_control, "\u{fffd}");
            writeln!(
                text,
                "{:>9}  {:>7}  {median:>9.4}  {p90:>9.4}  {p99:>9.4}  {:>9.4}  {name}",
                host.requested,
                host.failed,
                host.times.longest()
            )
            .unwrap_or(());
        }
        if self.hosts.len() > HOSTS_SHOWN {
            writeln!(text, "and {} more hosts", self.hosts.len() - HOSTS_SHOWN).unwrap_or(());
        }
        text
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
    pub(super) fn table(&self, to: &mut impl Write, colour: bool) -> io::Result<()> {
        let head = format!("{:>6}  {:>9}  {:>6}", "status", "records", "share");
        writeln!(to, "\n{}", Colour::Bold.paint(colour, head))?;
        let share = |count: u64| 100.0 * count as f64 / self.records.max(1) as f64;
        for (status, &count) in &self.statuses {
            let shown = format!("{:>6}", status.map_or("-".to_owned(), |status| status.to_string()));
            let shown = Colour::of(*status).paint(colour, shown);
            writeln!(to, "{shown}  {count:>9}  {:>5.1}%", share(count))?;
        }
        if !self.failures.is_empty() {
            let errors = Colour::Red.paint(colour, "errors");
            writeln!(to, "{errors}  {:>9}  {:>5.1}%  {}", self.failed(), share(self.failed()), self.kinds())?;
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
        // What is no URL has no host, whatever it looks like.
        for line in ["nonsense", "ftp://b.example/x", "http://", "http://c.example:99999/"] {
            let mut other = Summary::default();
            other.count(&Record::untried(1, line.into(), Failure::new(FailureKind::InvalidUrl, "")));
            assert_eq!((other.by_host().lines().count(), other.failed()), (1, 1), "{line}");
        }
        let hosts = summary.by_host();
        assert_eq!(hosts.lines().count(), 2, "{hosts}");
        assert!(hosts.ends_with("0.0000  x\n") && hosts.contains("        3        1"), "{hosts}");
        let mut table = Vec::new();
        summary.table(&mut table, false).unwrap();
        assert_eq!(
            String::from_utf8(table).unwrap(),
            "\nstatus    records   share\n     -          1   33.3%\n   200          2   66.7%\n\
             errors          1   33.3%  timed out: 1\n"
        );
    }
}
