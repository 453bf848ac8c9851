//! `ranks run`, `mpiexec` and `mpirun` as commands: words in, exit code out.

use crate::launch::Launch;
use crate::outcome::StartError;
use crate::parse::{self, Command, HELP_GROUPS, OPTIONS, Opt, Request, Takes};
use crate::{cargo, hosts};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// The name to run as, when a program called so is a launcher: `mpiexec`, `mpirun`, and with a suffix
/// (`mpirun.openmpi`), as distributions call them.
pub fn launcher_name(program: &Path) -> Option<&'static str> {
    let name = program.file_name()?.to_str()?;
    ["mpiexec", "mpirun"]
        .into_iter()
        .find(|known| name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// Runs the command called `name` with the words after it; returns its exit code. Errors go to standard
/// error, one line each.
pub fn main(name: &str, words: impl IntoIterator<Item = OsString>) -> i32 {
    let complain = |error: StartError| {
        say_error(&format!("{name}: {error}"));
        error.code
    };
    match parse::parse_with(words, &|file| read_programs(file)) {
        Err(error) => complain(StartError::usage(error.0)),
        Ok(Request::Help) => say(&help(name)),
        Ok(Request::Version) => say(&version(name)),
        Ok(Request::Run(command)) => match plan(name, &command).and_then(Launch::run) {
            Ok(outcome) => outcome.code,
            Err(error) => complain(error),
        },
    }
}

/// Names the project too: several have a command called mpiexec.
fn version(name: &str) -> String {
    let of = if name.starts_with("ranks") { "" } else { " (ranks)" };
    format!("{name}{of} {}\n", env!("CARGO_PKG_VERSION"))
}

fn say(text: &str) -> i32 {
    use std::io::Write as _;
    // `--help | head` is no error.
    let _ = std::io::stdout().write_all(text.as_bytes());
    0
}

fn say_error(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn read_programs(file: &Path) -> Result<String, parse::UsageError> {
    std::fs::read_to_string(file).map_err(|error| parse::UsageError(crate::outcome::reason(&error)))
}

/// The job that a command line asks for.
pub fn plan(name: &str, command: &Command) -> Result<Launch, StartError> {
    let slots = hosts::check(&command.hosts, &command.host_files, usable_cpus())?;
    let placed = hosts::ranks_of_files(&command.rank_files)?.or(slots);
    if !command.not_yet.is_empty() && !command.quiet {
        say_error(&format!("{name}: {}: accepted, and does nothing yet", command.not_yet.join(", ")));
    }
    let several = command.programs.len() > 1;
    let mut launch: Option<Launch> = None;
    for program in &command.programs {
        // One program fills the machine, or the slots of its hosts, unless told otherwise; of several, each runs once.
        let ranks = match program.ranks {
            Some(ranks) => ranks,
            None if several => 1,
            None => placed.unwrap_or_else(usable_cpus),
        };
        let mut words = program.words.iter();
        let file = match &program.cargo.target {
            Some((target, name)) => cargo::build(&program.cargo, *target, name)?.into_os_string(),
            None => words.next().cloned().unwrap_or_default(),
        };
        let job = match launch {
            None => Launch::new(file),
            Some(job) => job.and(file),
        };
        let job = job.ranks(ranks).args(words.cloned()).program_environment(program.environment.clone());
        let job = job.search_path(program.path.clone());
        launch = Some(match &program.folder {
            Some(folder) => job.folder(folder),
            None => job,
        });
    }
    let launch = launch.ok_or_else(|| StartError::usage("no program given"))?;
    let launch = launch
        .name(name)
        .environment(command.environment.clone())
        .tag_output(command.tag_output)
        .quiet(command.quiet)
        .deadlock_notice(
            !command.no_deadlock_notice && std::env::var_os("RANKS_NO_DEADLOCK_NOTICE").is_none(),
        )
        .output(command.output.clone())
        .reads([&command.host_files[..], &command.rank_files, &command.program_files].concat())
        .exit_codes(command.exit_codes)
        .stdin(command.stdin)
        .take_signals();
    let launch = match command.universe {
        Some(ranks) => launch.universe(ranks),
        None => launch,
    };
    let launch = match command.grace.map_or_else(grace_from_environment, |grace| Ok(Some(grace)))? {
        Some(grace) => launch.grace(grace),
        None => launch,
    };
    Ok(match command.timeout.map_or_else(timeout_from_environment, |limit| Ok(Some(limit)))? {
        Some(limit) => launch.timeout(limit),
        None => launch,
    })
}

fn timeout_from_environment() -> Result<Option<Duration>, StartError> {
    Ok(seconds_from_environment("MPIEXEC_TIMEOUT")?.flatten())
}

fn grace_from_environment() -> Result<Option<Duration>, StartError> {
    Ok(seconds_from_environment("RANKS_GRACE")?.map(Option::unwrap_or_default))
}

/// The seconds that a variable names, if it is set; 0 is `Some(None)`.
fn seconds_from_environment(name: &str) -> Result<Option<Option<Duration>>, StartError> {
    let Some(text) = std::env::var_os(name) else { return Ok(None) };
    let text = text.to_string_lossy();
    let seconds = parse::time_limit(&text);
    seconds.map(Some).ok_or_else(|| StartError::usage(format!("{name}={text}: not a number of seconds")))
}

/// CPUs that this process may use: affinity and cgroup quota counted.
pub fn usable_cpus() -> usize {
    let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    cpus.min(ranks_shm::bounds::MAX_RANKS)
}

/// The text of `--help`.
pub fn help(name: &str) -> String {
    let mut text = format!(
        "Starts N ranks of a program on this machine and watches over them.\n\n\
         {name} [OPTIONS] PROGRAM [ARGUMENTS] [: [OPTIONS] PROGRAM [ARGUMENTS]]...\n\n  \
         {name} -n 4 python hello.py\n  \
         {name} -n 4 --example hello                cargo builds it first\n  \
         {name} -n 1 ./master : -n 3 ./worker       several programs, one job\n  \
         {name} -n 4 --timeout 60 ./solver          who waits where, should it hang\n"
    );
    for (heading, names) in HELP_GROUPS {
        let _ = writeln!(text, "\n{heading}");
        for spec in names.iter().filter_map(|name| OPTIONS.iter().find(|spec| spec.names[0] == *name)) {
            let mut left: Vec<String> = spec.names.iter().map(|name| parse::written(name)).collect();
            left.truncate(4);
            let mut left = left.join(", ");
            if spec.takes != Takes::Nothing {
                let _ = write!(left, " {}", spec.value);
            }
            let _ = writeln!(text, "  {left:<38} {}", spec.help);
        }
    }
    text.push_str(
        "\nAll options are accepted with one dash or two. These of other launchers are accepted, and nothing here needs\n\
         them; or (bind-to, display, report-bindings and their like) a line says that they do nothing yet:\n",
    );
    let mut line = String::new();
    let silent = OPTIONS.iter().filter(|spec| matches!(spec.opt, Opt::Unneeded | Opt::NotYet));
    for name in silent.flat_map(|spec| spec.names) {
        if line.len() + name.len() > 105 {
            let _ = writeln!(text, " {line}");
            line.clear();
        }
        let _ = write!(line, " {name}");
    }
    let _ = writeln!(text, " {line}");
    text.push_str(
        "\n\
         Exit code: that of the first rank that fails, 128 + number for a signal; 110 after --timeout;\n\
         141 when the reader of the output goes away; 2 for a mistake in the command line, 126 and 127 for a\n\
         program that cannot be run or found.\n\
         Ctrl-C interrupts the ranks, then ends the job; a second and a third one hurry that.\n\
         Ctrl-\\ shows who waits where, and the job goes on.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_names_the_project() {
        assert!(version("mpiexec").starts_with("mpiexec (ranks) "));
        assert!(
            version("ranks run").starts_with("ranks run 0")
                || version("ranks run").starts_with("ranks run 1")
        );
    }

    #[test]
    fn names_of_launchers() {
        assert_eq!(launcher_name(Path::new("/usr/bin/mpiexec")), Some("mpiexec"));
        assert_eq!(launcher_name(Path::new("mpirun.openmpi")), Some("mpirun"));
        assert_eq!(launcher_name(Path::new("mpirunner")), None);
        assert_eq!(launcher_name(Path::new("ranks")), None);
    }

    #[test]
    fn help_lists_every_option_that_has_a_line() {
        let text = help("ranks run");
        for spec in OPTIONS.iter().filter(|spec| !spec.help.is_empty()) {
            assert!(text.contains(spec.help), "{}", spec.names[0]);
        }
        assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
    }
}
