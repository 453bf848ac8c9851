//! `ranks serve`.

use crate::own_ranks;
use clap::Args;
use std::process::ExitCode;
use std::time::Duration;

/// `ranks serve -n 4 ...` is `ranks run -n 4 ranks serve ...`, but that TERM is no failure.
#[derive(Args)]
pub struct Serve {
    /// Ranks to start; without it this process serves alone
    #[arg(short = 'n', long = "ranks", visible_alias = "np", value_name = "N", value_parser = own_ranks::count)]
    ranks: Option<usize>,

    #[command(flatten)]
    options: ranks_serve::Options,
}

/// Runs it.
pub fn run(task: &Serve) -> ExitCode {
    const NAME: &str = "ranks serve";
    // The ranks keep to the limit themselves; the launcher waits a little longer.
    let within = task.options.limits.drain + Duration::from_secs(2);
    if let Some(code) = own_ranks::started_as(task.ranks, NAME, |launch| launch.drains(within)) {
        return code;
    }
    crate::ended(NAME, |world| Ok(ranks_serve::run(world, &task.options)?))
}
