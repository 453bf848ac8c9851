//! The options of `ranks fetch`.

use std::io::{IsTerminal, stderr, stdout};
use std::time::Duration;

use super::output::Format;
use crate::{ClientOptions, Method};

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

    /// How records are written to standard output [default: table on a terminal, else jsonl]
    #[arg(long, value_enum)]
    pub format: Option<Format>,

    /// Write records in the order of their lines, not as they are done
    ///
    /// A slow URL then holds up the records after it, and when 10000 wait, the job.
    #[arg(long)]
    pub ordered: bool,

    /// URLs that each rank fetches at once
    #[arg(short, long, default_value_t = 50, value_name = "N", value_parser = concurrency)]
    pub concurrency: usize,

    /// Longest time for one URL, in seconds, with its redirects and its body
    #[arg(short, long, default_value = "30", value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Duration,

    /// Longest time to connect, in seconds
    #[arg(long, default_value = "10", value_name = "SECONDS", value_parser = seconds)]
    pub connect_timeout: Duration,

    /// How to ask: with HEAD no body is sent
    #[arg(short = 'X', long, value_enum, default_value_t = Method::Get, ignore_case = true)]
    pub method: Method,

    /// Short for --method HEAD
    #[arg(short = 'I', long, conflicts_with = "method")]
    pub head: bool,

    /// Redirects followed at most; 0 follows none
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub max_redirects: usize,

    /// Longest body read; a longer one is recorded as "body too long"
    #[arg(long, value_name = "BYTES")]
    pub max_bytes: Option<u64>,

    /// The User-Agent header
    #[arg(short = 'A', long, default_value = concat!("ranks/", env!("CARGO_PKG_VERSION")), value_name = "TEXT")]
    pub user_agent: String,

    /// Show progress on standard error
    #[arg(long, value_enum, default_value_t = When::Auto, value_name = "WHEN")]
    pub progress: When,

    /// Fetch COUNT pages of a sample site instead, served on this machine by rank 0 while the job runs
    #[arg(long, value_name = "COUNT", num_args = 0..=1, default_missing_value = "100", conflicts_with = "inputs")]
    pub sample: Option<usize>,
}

impl Options {
    /// What each rank's client is to do.
    pub fn client(&self) -> ClientOptions {
        ClientOptions {
            method: if self.head { Method::Head } else { self.method },
            timeout: self.timeout,
            connect_timeout: self.connect_timeout,
            user_agent: self.user_agent.clone(),
            max_bytes: self.max_bytes,
            max_redirects: self.max_redirects,
        }
    }

    /// The format asked for, or the one that suits this process's standard output.
    pub fn format(&self) -> Format {
        self.format.unwrap_or(if on_terminal("out") { Format::Table } else { Format::Jsonl })
    }
}

/// Whether a person reads what this process writes to standard output (`"out"`) or error (`"error"`). A rank writes
/// into its launcher's pipes; the launcher says in a variable what lies behind them.
pub(super) fn on_terminal(stream: &str) -> bool {
    let own = if stream == "out" { stdout().is_terminal() } else { stderr().is_terminal() };
    own || std::env::var("RANKS_TERMINAL").is_ok_and(|names| names.split(',').any(|name| name == stream))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    match number > 0.0 && number <= 1e8 {
        true => Ok(Duration::from_secs_f64(number)),
        false => Err("must be more than 0".to_owned()),
    }
}

fn concurrency(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=10_000) => Ok(number),
        _ => Err("must be a number from 1 to 10000".to_owned()),
    }
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
        assert_eq!((options.concurrency, options.timeout), (8, Duration::from_millis(500)));
        assert_eq!(options.client().method, Method::Head);
        assert_eq!(parse("--method head").unwrap().client().method, Method::Head);
        assert_eq!(parse("").unwrap().client().method, Method::Get);
        assert_eq!(parse("--sample").unwrap().sample, Some(100));
        assert_eq!(parse("--sample 28 --format csv").unwrap().sample, Some(28));
        assert_eq!(parse("").unwrap().sample, None);
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
            "--method PUT",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
