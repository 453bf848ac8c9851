//! The options of `ranks fetch`.

mod limits;
mod request;

use std::io::{IsTerminal, stderr, stdout};
use std::path::PathBuf;

use super::output::Format;
use crate::ClientOptions;
use crate::error::Error;
pub use limits::Limits;
pub use request::RequestOptions;

/// When something is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum When {
    /// If standard error is a terminal.
    #[default]
    Auto,
    /// Even if it is none.
    Always,
    /// Not at all.
    Never,
}

/// Fetch a list of URLs with several ranks: one record for each line.
///
/// A record tells the line's number, the URL, the status (null when no response came), the bytes of body received,
/// the seconds it took, the URL at which redirects ended, and the error, null or a few words: "timed out",
/// "connection refused", "dns", "tls", "bad response", "body cut short", "invalid url" and so on. Records come in
/// the order in which they are done, unless --ordered.
///
/// A URL that fails is a record, not a failure of the command: its exit status is 0 when every line has its record.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// What to fetch: URLs (anything with "://"), files with one URL a line, or "-" for standard input
    ///
    /// Without any, standard input is read. Lines are numbered from 1 through all of them. Blank lines and lines that
    /// begin with "#" are counted but have no record.
    #[arg(value_name = "URL|FILE")]
    pub inputs: Vec<String>,

    /// How records are written [default: as the output's name ends; table on a terminal, else jsonl]
    #[arg(long, value_enum)]
    pub format: Option<Format>,

    /// Write records to FILE, not to standard output; .csv, .db and .sqlite tell the format
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Keep in FILE which lines are done: the same command then goes on where it was stopped or killed
    ///
    /// With the same inputs and the same --output, which in the end holds one record for each line.
    #[arg(long, value_name = "FILE", requires = "output", conflicts_with = "sample")]
    pub checkpoint: Option<PathBuf>,

    /// Save bodies in DIR, each under the number of its line
    #[arg(long, value_name = "DIR")]
    pub save: Option<PathBuf>,

    /// At the end, show counts and times by host on standard error
    #[arg(long)]
    pub by_host: bool,

    /// At the end, draw the job's course and the hosts' times into FILE, as SVG
    #[arg(long, value_name = "FILE")]
    pub picture: Option<PathBuf>,

    /// Write records in the order of their lines, not as they are done
    ///
    /// A slow URL then holds up the records after it, and when 10000 wait, the job.
    #[arg(long)]
    pub ordered: bool,

    /// Request every line, even where an earlier one names the same URL
    ///
    /// Otherwise a URL is requested once, and the lines that repeat it get a record that says of which line it is a copy.
    /// So many different URLs are remembered: 32768. Methods other than GET and HEAD are always repeated.
    #[arg(long)]
    pub repeat: bool,

    /// Show progress on standard error
    #[arg(long, value_enum, default_value_t = When::Auto, value_name = "WHEN")]
    pub progress: When,

    /// Fetch COUNT pages of a sample site instead, served on this machine by rank 0 while the job runs
    #[arg(long, value_name = "COUNT", num_args = 0..=1, default_missing_value = "100", conflicts_with = "inputs")]
    pub sample: Option<usize>,

    #[allow(missing_docs)] // A text here would become the help's heading.
    #[command(flatten)]
    pub request: RequestOptions,

    #[allow(missing_docs)]
    #[command(flatten)]
    pub limits: Limits,
}

impl Options {
    /// What each rank's client is to do, or why that cannot be.
    pub fn client(&self) -> Result<ClientOptions, Error> {
        let mut client = self.request.client()?;
        if self.sample.is_some() {
            // On this machine: no proxy can reach it.
            client.proxy = crate::Proxy::Direct;
        }
        Ok(client)
    }

    /// The format asked for, or the one that suits the output.
    pub fn format(&self) -> Format {
        let ending = self.output.as_ref().map(|file| file.extension().unwrap_or_default().to_string_lossy());
        self.format.unwrap_or(match ending.as_deref() {
            Some("csv") => Format::Csv,
            Some("db" | "sqlite" | "sqlite3") => Format::Sqlite,
            None if on_terminal("out") => Format::Table,
            _ => Format::Jsonl,
        })
    }

    /// What of the options does not go together.
    pub(super) fn check(&self) -> Result<(), Error> {
        match self.format() {
            Format::Sqlite if self.output.is_none() => {
                Err(Error::options("a database needs a file: name it with --output"))
            }
            Format::Table if self.checkpoint.is_some() => Err(Error::options(
                "a table has an end and cannot be gone on with: take another --format with --checkpoint",
            )),
            _ => Ok(()),
        }
    }
}

/// Whether a person reads what this process writes to standard output (`"out"`) or error (`"error"`). A rank writes
/// into its launcher's pipes; the launcher says in a variable what lies behind them.
pub(super) fn on_terminal(stream: &str) -> bool {
    let own = if stream == "out" { stdout().is_terminal() } else { stderr().is_terminal() };
    own || std::env::var("RANKS_TERMINAL").is_ok_and(|names| names.split(',').any(|name| name == stream))
}

/// How wide the launcher says that its terminal is.
pub(super) fn terminal_columns() -> Option<u16> {
    let names = std::env::var("RANKS_TERMINAL").ok()?;
    names
        .split(',')
        .find_map(|name| name.strip_prefix("columns=")?.parse().ok())
        .filter(|&columns| columns > 0)
}

/// Whether the terminal cannot move its cursor.
pub(super) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|name| name == "dumb" || name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Method;
    use clap::Parser;
    use std::time::Duration;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        options: Options,
    }

    fn parse(line: &str) -> Result<Options, clap::Error> {
        let words = std::iter::once("fetch").chain(line.split_whitespace());
        Command::try_parse_from(words).map(|command| command.options)
    }

    #[test]
    fn definitions_are_consistent() {
        use clap::CommandFactory;
        Command::command().debug_assert();
    }

    #[test]
    fn what_people_type() {
        let options = parse("http://a urls.txt - -c 8 --timeout 0.5 --head").unwrap();
        assert_eq!(options.inputs, ["http://a", "urls.txt", "-"]);
        let client = options.client().unwrap();
        assert_eq!((options.limits.concurrency, client.timeout), (8, Duration::from_millis(500)));
        assert_eq!(client.method, Method::HeadOrGet);
        let method = |line: &str| parse(line).unwrap().client().unwrap().method;
        assert_eq!(method("--method head"), Method::Head);
        assert_eq!(method("-X patch -d x"), Method::Other("PATCH".into()));
        assert_eq!(method("-d a=b"), Method::Other("POST".into()));
        assert_eq!(method(""), Method::Get);
        let client = parse("-d a=b -H Content-Type:text/plain -H x:y").unwrap().client().unwrap();
        assert_eq!(client.body.as_deref(), Some(&b"a=b"[..]));
        assert_eq!(client.headers, ["Content-Type:text/plain", "x:y"]);
        let limits = parse("--rate 4 --per-host 2 --retries 3 --retry-on 500,599").unwrap().limits;
        assert_eq!(limits.interval(), Some(Duration::from_millis(250)));
        assert_eq!((limits.per_host, limits.retries().most), (Some(2), 3));
        assert_eq!(limits.retries().statuses, [500, 599]);
        assert_eq!(parse("--sample").unwrap().sample, Some(100));
        assert_eq!(parse("--sample 28 --format csv").unwrap().sample, Some(28));
        assert_eq!(parse("").unwrap().sample, None);
    }

    #[test]
    fn fuzz_words() {
        ranks_http::fuzz::fuzz(
            "words",
            &["status=", "size=", "text=", "-", ",", "xx", ": ", "://", "\r\n"],
            |input| {
                let text = String::from_utf8_lossy(input);
                let header = ranks_http::parse_header(&text);
                if let Ok((_, value)) = &header {
                    assert!(!value.as_bytes().iter().any(|byte| b"\r\n\0".contains(byte)));
                }
                let expectation =
                    text.parse::<crate::Expectation>().map(|found| std::mem::discriminant(&found)).ok();
                let method = text.parse::<Method>().is_ok();
                (
                    header.is_ok(),
                    expectation,
                    method,
                    text.parse::<crate::Proxy>().is_ok(),
                    ranks_http::seconds(&text).is_ok(),
                )
            },
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for line in [
            "-c 0",
            "--timeout 0",
            "--timeout -1",
            "--timeout x",
            "--timeout nan",
            "--format xml",
            "--method connect",
            "--rate 0",
            "--rate 1e-9",
            "--per-host 0",
            "--retries 1000",
            "--retry-on 5",
            "--expect status",
            "-H nonsense",
            "-H Content-Length:1",
            "-d @/no/such/file",
            "--proxy nowhere",
            "--cacert /no/such/file",
            "--cacert Cargo.toml",
            "--head -X GET",
            "--head -d x",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
        let refused = parse("--retry-on x").unwrap_err().to_string();
        assert!(refused.contains("a status is a number from 100 to 999"), "{refused}");
        assert!(parse("--checkpoint x").is_err(), "without --output");
        for (line, format) in
            [("-o a.csv", Format::Csv), ("-o a.db", Format::Sqlite), ("-o a", Format::Jsonl)]
        {
            assert_eq!(parse(line).unwrap().format(), format);
        }
        assert!(parse("--format sqlite").unwrap().check().is_err());
        assert!(parse("--format table -o x --checkpoint y").unwrap().check().is_err());
        assert!(parse("--head --expect text=x").unwrap().client().is_err());
        assert!(parse("-X GET --expect text=x").unwrap().client().is_ok());
    }
}
