//! The `ranks` command: argument parsing and help, and what concerns the command itself (`info`, `install`).
//!
//! `ranks run` has a parser of its own (`ranks_launch::parse`): no general one knows `:` between programs and
//! long options with one dash. Called `mpiexec` or `mpirun`, the program is `ranks run`.
#![forbid(unsafe_code)]

mod completions;
mod error;
#[cfg(feature = "fetch")]
mod fetch;
mod info;
mod install;
mod left_out;
mod namesake;
mod overview;
mod own_ranks;
#[cfg(feature = "serve")]
mod serve;

use clap::{Args, CommandFactory, Parser, Subcommand};
use ranks_launch::{command, spawned};
use std::error::Error;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Message passing for Rust, Python and C: N processes that send messages to each other by number.
#[derive(Parser)]
#[command(name = "ranks", version, after_help = left_out::without(overview::GROUPS), help_template = overview::TEMPLATE,
    disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

/// What there is to do. A new task is a variant here, a line in `overview.rs` and an arm in `main`.
#[derive(Subcommand)]
enum Task {
    /// Start N ranks of a program and watch over them
    #[command(disable_help_flag = true)]
    Run {
        /// Options, program, its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_hint = clap::ValueHint::CommandWithArguments)]
        words: Vec<OsString>,
    },
    /// Fetch a list of URLs with several ranks: one record for each line
    #[cfg(feature = "fetch")]
    Fetch(Box<fetch::Fetch>),
    /// Serve the files of a folder over HTTP, with several ranks
    #[cfg(feature = "serve")]
    Serve(Box<serve::Serve>),
    // Without a text here, the one of `ranks_bench::Options` is shown.
    Bench(Bench),
    /// Show version, CPUs, and what this machine allows ranks to do
    Info(info::Options),
    // Without a text here, the one of `install::Options` is shown.
    Install(install::Options),
    /// Write the completions of a shell to standard output
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

// As for `Fetch`; a plain comment, so that the help is the one of `ranks_bench::Options`.
#[derive(Args)]
struct Bench {
    /// Ranks to start
    #[arg(short = 'n', long = "ranks", visible_alias = "np", value_name = "N", default_value = "2", value_parser = own_ranks::count)]
    ranks: usize,

    #[command(flatten)]
    options: ranks_bench::Options,
}

fn bench(task: &Bench) -> ExitCode {
    const NAME: &str = "ranks bench";
    // Mistakes are said before ranks are started; in a job of others' making, rank 0 says them.
    if !ranks_launch::inside_job()
        && let Err(error) = task.options.check(task.ranks)
    {
        own_ranks::complain(NAME, &error);
        return ExitCode::from(2);
    }
    if let Some(code) = own_ranks::started(Some(task.ranks), NAME) {
        return code;
    }
    ended(NAME, |world| Ok(ranks_bench::run(world, &task.options)?))
}

/// Joins the job and plays this rank's part in it.
fn ended(name: &str, part: impl FnOnce(&ranks::World) -> Result<(), Box<dyn Error>>) -> ExitCode {
    // A file that may not grow is an error with its name, not the end of the process.
    ranks_launch::survive_long_files();
    let outcome = ranks::init().map_err(Into::into).and_then(|world| part(&world));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !is_told_by_the_launcher(&*error) {
                own_ranks::complain(name, &error);
            }
            ExitCode::from(2)
        }
    }
}

/// True when another rank has ended: the launcher says which one, and how.
fn is_told_by_the_launcher(error: &(dyn Error + 'static)) -> bool {
    let first = error.downcast_ref::<ranks::Error>();
    let cause = first.or_else(|| error.source()?.downcast_ref::<ranks::Error>());
    ranks_launch::inside_job() && cause.is_some_and(|cause| cause.class() == ranks::Class::ProcFailed)
}

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let name = words.next().unwrap_or_default();
    let mut words = words.peekable();
    if words.peek().is_some_and(|first| first == spawned::TASK) {
        return own_ranks::exit_code(spawned::main(words.skip(1)));
    }
    if let Some(launcher) = command::launcher_name(Path::new(&name)) {
        namesake::tell(Path::new(&name));
        return own_ranks::exit_code(command::main(launcher, words));
    }
    // Before clap: it would take `--` and `:` apart.
    let words: Vec<OsString> = words.collect();
    let first = words.first().map(Path::new).unwrap_or(Path::new(""));
    // `ranks mpiexec ...` is `mpiexec ...`, for places that have no links: wheels.
    let launcher = if first == Path::new("run") { Some("ranks run") } else { command::launcher_name(first) };
    if let Some(launcher) = launcher {
        namesake::tell(first);
        return own_ranks::exit_code(command::main(launcher, words.into_iter().skip(1)));
    }
    if first.to_str().is_some_and(|word| word.starts_with("-n")) {
        own_ranks::complain(
            "ranks",
            &"how many ranks stands behind a command: `ranks run -n 4 PROGRAM` starts a program on 4",
        );
        return ExitCode::from(2);
    }
    if let Some(told) = left_out::told(first) {
        own_ranks::complain("ranks", &told);
        return ExitCode::from(2);
    }
    match Arguments::parse().task {
        Task::Run { words } => own_ranks::exit_code(command::main("ranks run", words)),
        #[cfg(feature = "fetch")]
        Task::Fetch(task) => fetch::run(&task),
        #[cfg(feature = "serve")]
        Task::Serve(task) => serve::run(&task),
        Task::Bench(task) => bench(&task),
        Task::Info(options) => info::run(&options),
        Task::Install(options) => install::run(&options),
        Task::Completions { shell } => {
            match std::io::stdout().write_all(&completions::write(shell, Arguments::command())) {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::FAILURE,
            }
        }
    }
}
