//! What `#[ranks::test]` calls.
//!
//! The test starts its own program again, as ranks, for this one test. There the body runs, and its end
//! is the rank's exit code; the test that started them reports who failed, and all that was said.

use crate::World;
use ranks_launch::{Cause, Launch, Outcome};
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Says in a rank which test it is part of.
const VARIABLE: &str = "RANKS_TEST";

/// The exit code of a rank whose test has failed, as of a program that panics.
const FAILED: i32 = 101;

/// What a test may return.
pub trait Verdict {
    /// Why it failed.
    fn failure(self) -> Option<String>;
}

impl Verdict for () {
    fn failure(self) -> Option<String> {
        None
    }
}

impl<T: Verdict, E: Debug> Verdict for Result<T, E> {
    fn failure(self) -> Option<String> {
        match self {
            Ok(verdict) => verdict.failure(),
            Err(error) => Some(format!("{error:?}")),
        }
    }
}

/// Runs the test of this path, `module_path!()` and its name, on `n` processes. The body gets the world.
///
/// ```no_run
/// ranks::testing::run("sums::everyone_is_counted", 2, 10.0, |world| assert_eq!(world.size(), 2));
/// ```
#[track_caller]
pub fn run<V: Verdict>(path: &str, n: usize, seconds: f64, body: impl FnOnce(&World) -> V) {
    run_alone(path, n, seconds, || match crate::init() {
        Ok(world) => Ok(body(&world)),
        Err(error) => Err(error),
    });
}

/// Runs the test of this path on `n` processes. The body calls [`crate::init`] itself, where [`run`] hands it the world.
///
/// ```no_run
/// ranks::testing::run_alone("sums::everyone_is_counted", 2, 10.0, || {
///     let world = ranks::init()?;
///     assert_eq!(world.size(), 2);
///     world.barrier()
/// });
/// ```
#[track_caller]
pub fn run_alone<V: Verdict>(path: &str, n: usize, seconds: f64, body: impl FnOnce() -> V) {
    // The name that the test harness knows is without the crate's.
    let name = path.split_once("::").map_or(path, |(_, name)| name);
    if ranks_launch::inside_job() && std::env::var(VARIABLE).is_ok_and(|test| test == name) {
        std::process::exit(as_rank(body));
    }
    let program = std::env::current_exe().expect("this program has a path");
    let words = ["--exact", name, "--include-ignored", "--nocapture", "--test-threads=1"];
    let launch = Launch::new(program).ranks(n).name("test").args(words).env(VARIABLE, name);
    let outcome = launch.capture().tag_output(true).timeout(Duration::from_secs_f64(seconds)).run();
    match outcome {
        Ok(outcome) => judge(name, n, seconds, &outcome),
        Err(error) => panic!("the ranks of {name} could not be started: {error}"),
    }
}

/// A rank's part; its exit code.
fn as_rank<V: Verdict>(body: impl FnOnce() -> V) -> i32 {
    match catch_unwind(AssertUnwindSafe(|| body().failure())) {
        Ok(None) => 0,
        Ok(Some(failure)) => {
            eprintln!("the test failed: {failure}");
            FAILED
        }
        // The panic has said why.
        Err(_) => FAILED,
    }
}

#[track_caller]
fn judge(name: &str, n: usize, seconds: f64, outcome: &Outcome) {
    let said = said(&outcome.stdout) + &said(&outcome.stderr);
    if outcome.code == 0 {
        // Shown as the test's own output.
        print!("{said}");
        return;
    }
    let why = match &outcome.failure {
        _ if outcome.timed_out => format!("was not over after {seconds} s"),
        Some(failure) => match failure.cause {
            Cause::Exit(FAILED) => format!("failed at rank {}", failure.rank),
            Cause::Exit(code) => format!("rank {} exited with code {code}", failure.rank),
            Cause::Signal(signal) => format!("rank {} was killed by signal {signal}", failure.rank),
            Cause::Abort(code) => format!("rank {} ended the job with code {code}", failure.rank),
            Cause::NotFinalised => format!("rank {} exited without finalising", failure.rank),
            Cause::LeftEarly(_) => {
                format!("rank {} finished its part while other ranks still needed it", failure.rank)
            }
            Cause::NotStarted { error, .. } => {
                format!("rank {} could not start, error {error}", failure.rank)
            }
        },
        None => format!("ended with code {}", outcome.code),
    };
    panic!("{name} on {n} ranks: {why}\n{said}");
}

/// What the ranks wrote, without what the test harness in each of them says.
fn said(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let mut kept = String::new();
    for line in text.lines() {
        let (tag, rest) = match line.split_once("] ") {
            Some((tag, rest)) if tag.starts_with('[') => (&line[..tag.len() + 2], rest),
            _ => ("", line),
        };
        let of_harness = rest.is_empty() || rest == "running 1 test";
        // The harness begins a line with the test's name, and the test's own output goes on in it.
        let rest = rest.strip_prefix("test ").and_then(|rest| rest.split_once(" ... ")).map_or(rest, |r| r.1);
        if !of_harness && !rest.is_empty() {
            kept += tag;
            kept += rest;
            kept.push('\n');
        }
    }
    kept
}
