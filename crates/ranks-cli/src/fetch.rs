//! `ranks fetch`.

use crate::own_ranks;
use clap::Args;
use std::process::ExitCode;

/// `ranks fetch -n 4 ...` is `ranks run -n 4 ranks fetch ...`.
#[derive(Args)]
pub struct Fetch {
    /// Ranks to start; without it this process fetches alone
    #[arg(short = 'n', long = "ranks", visible_alias = "np", value_name = "N", value_parser = own_ranks::count)]
    ranks: Option<usize>,

    #[command(flatten)]
    options: ranks_fetch::Options,
}

/// Runs it.
pub fn run(task: &Fetch) -> ExitCode {
    const NAME: &str = "ranks fetch";
    if let Some(code) = own_ranks::started(task.ranks, NAME) {
        return code;
    }
    let mut expected = true;
    let code = crate::ended(NAME, |world| {
        expected = ranks_fetch::run(world, &task.options)?;
        Ok(())
    });
    if expected { code } else { ExitCode::FAILURE }
}
