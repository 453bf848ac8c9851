//! Records as text: JSON lines, CSV, or a table.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::colour::Colour;
use super::summary::Summary;
use crate::record::Record;

/// How records are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values with a header line.
    Csv,
    /// Columns to read, and a count of the statuses at the end.
    Table,
    /// A table of an SQLite database; needs --output.
    Sqlite,
}

/// Something that takes records.
pub(super) trait Target {
    /// Before the first record.
    fn begin(&mut self) -> io::Result<()>;
    /// One record; it may stay in a buffer.
    fn record(&mut self, record: &Record) -> io::Result<()>;
    /// All records so far are where they can be read, if perhaps a moment later.
    fn flush(&mut self) -> io::Result<()>;
    /// All records so far are there whatever happens now; how many bytes that makes.
    fn commit(&mut self) -> io::Result<u64>;
    /// After the last record.
    fn end(&mut self, summary: &Summary) -> io::Result<()>;
}

impl Target for Box<dyn Target> {
    fn begin(&mut self) -> io::Result<()> {
        (**self).begin()
    }
    fn record(&mut self, record: &Record) -> io::Result<()> {
        (**self).record(record)
    }
    fn flush(&mut self) -> io::Result<()> {
        (**self).flush()
    }
    fn commit(&mut self) -> io::Result<u64> {
        (**self).commit()
    }
    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        (**self).end(summary)
    }
}

/// Records as text.
pub(super) struct Text<W> {
    pub(super) format: Format,
    /// Whether a table is in colour.
    pub(super) colour: bool,
    pub(super) out: W,
}

impl<W: Write> Target for Text<W> {
    fn begin(&mut self) -> io::Result<()> {
        self.format.begin(&mut self.out, self.colour)
    }
    fn record(&mut self, record: &Record) -> io::Result<()> {
        self.format.record(&mut self.out, record, self.colour)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
    fn commit(&mut self) -> io::Result<u64> {
        self.flush().map(|()| 0)
    }
    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        if self.format == Format::Table {
            summary.table(&mut self.out, self.colour)?;
        }
        self.out.flush()
    }
}

/// What JSON shows of a record, in this order.
#[derive(Serialize)]
struct JsonRecord<'a> {
    line: u64,
    url: &'a str,
    status: Option<u16>,
    bytes: u64,
    seconds: f64,
    final_url: Option<&'a str>,
    error: Option<String>,
    /// Requests sent.
    tries: u32,
    saved: Option<&'a str>,
    copy_of: Option<u64>,
}

impl Format {
    /// Writes what comes before the first record.
    pub(super) fn begin(self, to: &mut impl Write, colour: bool) -> io::Result<()> {
        match self {
            Format::Jsonl | Format::Sqlite => Ok(()),
            Format::Csv => {
                to.write_all(b"line,url,status,bytes,seconds,final_url,error,tries,saved,copy_of\r\n")
            }
            Format::Table => {
                let head = format!("{:>7}  {:>6}  {:>11}  {:>9}  url", "line", "status", "bytes", "seconds");
                writeln!(to, "{}", Colour::Bold.paint(colour, head))
            }
        }
    }

    /// Writes one record.
    pub(super) fn record(self, to: &mut impl Write, record: &Record, colour: bool) -> io::Result<()> {
        match self {
            // A database is not written as text: see `database`.
            Format::Jsonl | Format::Sqlite => json(to, record),
            Format::Csv => csv(to, record),
            Format::Table => table(to, record, colour),
        }
    }
}

fn json(to: &mut impl Write, record: &Record) -> io::Result<()> {
    let shown = JsonRecord {
        line: record.line,
        url: &record.url,
        status: record.status,
        bytes: record.bytes,
        // Whole microseconds: more digits would be noise.
        seconds: (record.seconds * 1e6).round() / 1e6,
        final_url: record.final_url.as_deref(),
        error: record.error.as_ref().map(ToString::to_string),
        tries: record.tries,
        saved: record.saved.as_deref(),
        copy_of: record.copy_of,
    };
    serde_json::to_writer(&mut *to, &shown)?;
    to.write_all(b"\n")
}

/// As RFC 4180 has it: lines end with CR LF, null is empty.
fn csv(to: &mut impl Write, record: &Record) -> io::Result<()> {
    let status = record.status.map(|status| status.to_string()).unwrap_or_default();
    let error = record.error.as_ref().map(ToString::to_string).unwrap_or_default();
    write!(
        to,
        "{},{},{},{},{:.6},{},{},{},{},{}\r\n",
        record.line,
        quoted(&record.url),
        status,
        record.bytes,
        record.seconds,
        quoted(record.final_url.as_deref().unwrap_or_default()),
        quoted(&error),
        record.tries,
        quoted(record.saved.as_deref().unwrap_or_default()),
        record.copy_of.map(|line| line.to_string()).unwrap_or_default(),
    )
}

fn quoted(field: &str) -> Cow<'_, str> {
    match field.contains(['"', ',', '\r', '\n']) {
        true => Cow::Owned(format!("\"{}\"", field.replace('"', "\"\""))),
        false => Cow::Borrowed(field),
    }
}

fn table(to: &mut impl Write, record: &Record, colour: bool) -> io::Result<()> {
    let status = record.status.map_or("-".to_owned(), |status| status.to_string());
    write!(
        to,
        "{:>7}  {}  {:>11}  {:>9.3}  {}",
        record.line,
        Colour::of_record(record).paint(colour, format_args!("{status:>6}")),
        record.bytes,
        record.seconds,
        printable(&record.url)
    )?;
    if let Some(end) = record.final_url.as_deref().filter(|end| !same(end, &record.url)) {
        write!(to, " -> {}", printable(end))?;
    }
    if let Some(error) = &record.error {
        let error = error.to_string();
        write!(to, "  {}", Colour::Red.paint(colour, format_args!("({})", printable(&error))))?;
    }
    writeln!(to)
}

/// Whether two URLs differ at most by the slash that `http://host` gains.
fn same(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}

/// Without control characters: a list of URLs has no business driving the terminal.
fn printable(text: &str) -> Cow<'_, str> {
    match text.chars().any(char::is_control) {
        true => Cow::Owned(text.replace(char::is_control, "\u{fffd}")),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Failure, FailureKind};

    fn text(format: Format, record: &Record) -> String {
        let mut out = Vec::new();
        format.record(&mut out, record, false).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn page() -> Record {
        Record {
            line: 7,
            url: "http://a/x".into(),
            status: Some(200),
            bytes: 1234,
            seconds: 0.012345678,
            final_url: Some("http://a/y".into()),
            error: None,
            tries: 1,
            saved: None,
            copy_of: None,
            held: false,
        }
    }

    fn failed() -> Record {
        let url = "http://a/\"q\",\u{1b}[2Jß\n".to_owned();
        Record::untried(8, url, Failure::new(FailureKind::InvalidUrl, "not \"good\""))
    }

    #[test]
    fn json_lines() {
        assert_eq!(
            text(Format::Jsonl, &page()),
            "{\"line\":7,\"url\":\"http://a/x\",\"status\":200,\"bytes\":1234,\"seconds\":0.012346,\
             \"final_url\":\"http://a/y\",\"error\":null,\"tries\":1,\"saved\":null,\"copy_of\":null}\n"
        );
        let line = text(Format::Jsonl, &failed());
        assert_eq!(line.matches('\n').count(), 1);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["url"], "http://a/\"q\",\u{1b}[2Jß\n");
        assert_eq!(value["error"], "invalid url: not \"good\"");
        assert!(value["status"].is_null() && value["final_url"].is_null());
    }

    #[test]
    fn csv_quotes_what_must_be_quoted() {
        assert_eq!(text(Format::Csv, &page()), "7,http://a/x,200,1234,0.012346,http://a/y,,1,,\r\n");
        assert_eq!(
            text(Format::Csv, &failed()),
            "8,\"http://a/\"\"q\"\",\u{1b}[2Jß\n\",,0,0.000000,,\"invalid url: not \"\"good\"\"\",0,,\r\n"
        );
    }

    #[test]
    fn table_rows_stay_one_line_and_leave_the_terminal_alone() {
        assert_eq!(
            text(Format::Table, &page()),
            "      7     200         1234      0.012  http://a/x -> http://a/y\n"
        );
        let row = text(Format::Table, &failed());
        assert!(!row.trim_end_matches('\n').contains(char::is_control), "{row:?}");
        let mut bare = page();
        (bare.url, bare.final_url) = ("http://a".into(), Some("http://a/".into()));
        assert!(!text(Format::Table, &bare).contains("->"));
    }

    #[test]
    fn colours_change_nothing_of_a_table_but_its_looks() {
        for record in [page(), failed()] {
            let mut out = Vec::new();
            Format::Table.record(&mut out, &record, true).unwrap();
            let coloured = String::from_utf8(out).unwrap();
            let codes = ["\x1b[0m", "\x1b[31m", "\x1b[32m"];
            let plain = codes.into_iter().fold(coloured.clone(), |text, code| text.replace(code, ""));
            assert_eq!(plain, text(Format::Table, &record));
            assert_eq!(coloured.contains("\x1b[32m   200\x1b[0m"), record.status.is_some(), "{coloured:?}");
        }
        let mut out = Vec::new();
        Format::Jsonl.record(&mut out, &page(), true).unwrap();
        assert!(!out.contains(&b'\x1b'));
    }
}
