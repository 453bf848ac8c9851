//! Commands that are rank programs themselves: `ranks fetch -n 4 ...` is `ranks run -n 4 ranks fetch ...`.

use crate::error::Error;
use ranks_launch::{Launch, StartError};
use std::io::Write;
use std::process::ExitCode;

/// Starts this very command line on `ranks` ranks, when a number is given and this is not one of them yet;
/// returns how that ended. `None`: carry on here, as a rank of the job or as a job of one.
pub fn started(ranks: Option<usize>, name: &str) -> Option<ExitCode> {
    started_as(ranks, name, |launch| launch)
}

/// As [`started`] does, starts this command line on several ranks; `more` sets further properties of the job.
pub fn started_as(ranks: Option<usize>, name: &str, more: impl FnOnce(Launch) -> Launch) -> Option<ExitCode> {
    let ranks = ranks.filter(|_| !ranks_launch::inside_job())?;
    let run = || -> Result<i32, StartError> {
        let program = std::env::current_exe().unwrap_or_else(|_| "ranks".into());
        let words = std::env::args_os().skip(1);
        let launch = Launch::new(program).ranks(ranks).name(name).args(words).says_why().take_signals();
        Ok(more(launch).run()?.code)
    };
    Some(exit_code(run().unwrap_or_else(|error| {
        complain(name, &error);
        error.code
    })))
}

/// A number of ranks, as an option's value.
pub fn count(text: &str) -> Result<usize, Error> {
    match text.parse::<usize>() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err(Error::NoRanks),
    }
}

/// As a process gives it back.
pub fn exit_code(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

/// One line on standard error, if anyone reads it.
pub fn complain(name: &str, error: &dyn std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{name}: {error}");
}
