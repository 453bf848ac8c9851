//! A larger check of `ranks fetch`, from outside: a local server, a list of URLs, and what each must give.
//!
//! ```text
//! fetch_check FILE COUNT    serve; write COUNT URLs to FILE and what each must give to FILE.expect; print "ready";
//!                           end with standard input
//! fetch_check --compare FILE RECORDS.jsonl
//!                           compare; exit status 1 and the first differences if there are any
//! ```
//!
//! Fetch with `--timeout 2` or so: one kind of URL never answers.
//!
//! ```text
//! mkfifo hold; fetch_check urls 2000 < hold & exec 3> hold    (wait for "ready")
//! ranks fetch -n 4 --timeout 2 urls > records.jsonl
//! fetch_check --compare urls records.jsonl
//! ```

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use ranks_fetch::sample::Site;
use serde::{Deserialize, Serialize};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What a line must give.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Expected {
    line: u64,
    url: String,
    status: Option<u16>,
    bytes: u64,
    final_url: Option<String>,
    /// The kind of error: what comes before the colon.
    error: Option<String>,
}

/// What a record says. `seconds` is checked to be there and no more.
#[derive(Deserialize)]
struct Found {
    line: u64,
    url: String,
    status: Option<u16>,
    bytes: u64,
    seconds: f64,
    final_url: Option<String>,
    error: Option<String>,
}

impl Found {
    fn expected(self) -> Expected {
        let error = self.error.map(|error| error.split(':').next().unwrap_or_default().to_owned());
        let Found { line, url, status, bytes, final_url, .. } = self;
        Expected { line, url, status, bytes, final_url, error }
    }
}

/// The `i`th URL and what it gives. One in 40 is slow, one in 200 never answers.
fn case(site: &Site, i: usize) -> Expected {
    let line = i as u64 + 1;
    let size = (i * 7919) % 30_000;
    let page = |path: String, status: u16, bytes: usize| {
        let url = site.url(&path);
        Expected {
            line,
            final_url: Some(url.clone()),
            url,
            status: Some(status),
            bytes: bytes as u64,
            error: None,
        }
    };
    let broken = |url: String, error: &str| Expected {
        line,
        url,
        status: None,
        bytes: 0,
        final_url: None,
        error: Some(error.to_owned()),
    };
    match i % 40 {
        3 => page(format!("/slow/{}/{size}", 100 + i % 400), 200, size),
        7 | 23 => page("/status/404".into(), 404, 9),
        11 => page("/status/500".into(), 500, 9),
        13 => broken(site.refused_url(&format!("/page/{size}")), "connection refused"),
        17 => broken(site.url("/garbage"), "bad response"),
        19 if i % 200 == 19 => broken(site.url("/slow/3600000/1"), "timed out"),
        19 => broken(site.url("/close"), "connection closed"),
        29 => Expected {
            error: Some("body cut short".into()),
            ..page(format!("/cut/30000/{}", 1 + size / 2), 200, 1 + size / 2)
        },
        31 => page(format!("/chunked/{size}"), 200, size),
        33 => Expected {
            final_url: Some(site.url("/page/64")),
            ..page(format!("/redirect/{}", 1 + i % 5), 200, 64)
        },
        37 if i % 80 == 37 => broken(format!("no-url-{i}"), "invalid url"),
        37 => Expected { error: Some("too many redirects".into()), ..page("/loop".into(), 302, 0) },
        _ => page(format!("/page/{size}"), 200, size),
    }
}

fn serve(file: &str, count: usize) -> Result<()> {
    let site = Site::start()?;
    let (mut urls, mut expectations) = (String::new(), String::new());
    for i in 0..count {
        let case = case(&site, i);
        writeln!(urls, "{}", case.url)?;
        writeln!(expectations, "{}", serde_json::to_string(&case)?)?;
    }
    fs::write(file, urls)?;
    fs::write(format!("{file}.expect"), expectations)?;
    println!("ready");
    io::stdout().flush()?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn compare(file: &str, records: &str) -> Result<usize> {
    let mut expected: HashMap<u64, Expected> = HashMap::new();
    for line in fs::read_to_string(format!("{file}.expect"))?.lines() {
        let case: Expected = serde_json::from_str(line)?;
        expected.insert(case.line, case);
    }
    let total = expected.len();
    let mut differences = Vec::new();
    for line in fs::read_to_string(records)?.lines() {
        let found: Found = serde_json::from_str(line)?;
        if !(found.seconds >= 0.0 && found.seconds < 3600.0) {
            differences.push(format!("line {}: {} seconds", found.line, found.seconds));
        }
        let found = found.expected();
        match expected.remove(&found.line) {
            None => differences.push(format!("line {}: twice, or not of the list", found.line)),
            Some(case) if case != found => differences.push(format!("expected {case:?}\n   found {found:?}")),
            Some(_) => {}
        }
    }
    differences.extend(expected.values().map(|case| format!("no record for {case:?}")));
    differences.iter().take(10).for_each(|difference| println!("{difference}"));
    println!("{total} lines, {} differences", differences.len());
    Ok(differences.len())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        ["--compare", file, records] => compare(file, records),
        [file, count] => count.parse().map_err(Into::into).and_then(|count| serve(file, count)).map(|()| 0),
        _ => Err("usage: fetch_check FILE COUNT | fetch_check --compare FILE RECORDS.jsonl".into()),
    };
    match outcome {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("fetch_check: {error}");
            ExitCode::FAILURE
        }
    }
}
