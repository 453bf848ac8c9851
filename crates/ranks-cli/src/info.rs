//! `ranks info`.

use ranks_launch::examine;
use std::io::Write;
use std::process::ExitCode;

/// Options of `ranks info`.
#[derive(clap::Args)]
pub struct Options {
    /// Be one of the two ranks that try what is allowed.
    #[arg(long, hide = true)]
    examined: bool,
}

/// Runs it.
pub fn run(options: &Options) -> ExitCode {
    let result: Result<(), Box<dyn std::error::Error>> = match options.examined {
        true => examine::be_examined().map_err(Into::into),
        false => show().map_err(Into::into),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            crate::own_ranks::complain("ranks info", &error);
            ExitCode::FAILURE
        }
    }
}

fn show() -> Result<(), ranks_launch::StartError> {
    let found = examine::examine(&["info", "--examined"])?;
    let library = match ranks_launch::library() {
        Some(file) => file.display().to_string(),
        None => "not found in lib beside this program".to_owned(),
    };
    let lines = [
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("usable CPUs", found.cpus.to_string()),
        (
            "cross-memory attach",
            either(found.cross_memory_attach, "allowed", "refused: long messages go through shared memory"),
        ),
        ("membarrier", either(found.membarrier, "allowed", "refused: each message costs a fence")),
        ("libmpi.so.12", library),
    ];
    let mut out = std::io::stdout();
    for (name, value) in lines {
        // A closed reader (`ranks info | head -1`) is no error.
        if writeln!(out, "{name:<20} {value}").is_err() {
            break;
        }
    }
    Ok(())
}

fn either(condition: bool, yes: &str, no: &str) -> String {
    if condition { yes } else { no }.to_owned()
}
