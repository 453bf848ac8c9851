//! The command line of `ranks run`, `mpiexec` and `mpirun`.
//!
//! It is the union of what the launchers in use accept, with one dash or two, and `:` between programs;
//! no general parser does that. Parsing looks at nothing but the words: no file, no variable, no clock.

mod lines;
mod nearest;
mod options;
mod output;
mod words;

pub use nearest::nearest;
pub use options::{HELP_GROUPS, OPTIONS, Opt, Spec, Takes, written};
pub use output::{Copies, Output, Pattern};

use ranks_shm::bounds::MAX_RANKS;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;
use words::Words;

/// What the words ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// A job.
    Run(Box<Command>),
    /// The list of options.
    Help,
    /// The version.
    Version,
}

/// A job as written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Command {
    /// The programs, separated by `:`.
    pub programs: Vec<Program>,
    /// The environment of all ranks.
    pub environment: Environment,
    /// Prefix lines with their rank.
    pub tag_output: bool,
    /// End the job after this time.
    pub timeout: Option<Duration>,
    /// From the request to end to the end by force.
    pub grace: Option<Duration>,
    /// How many ranks there is room for.
    pub universe: Option<usize>,
    /// No reports.
    pub quiet: bool,
    /// No notice when no rank can go on.
    pub no_deadlock_notice: bool,
    /// Which rank reads standard input.
    pub stdin: Stdin,
    /// Hosts that were named, to be checked.
    pub hosts: Vec<String>,
    /// Files with hosts, to be checked.
    pub host_files: Vec<PathBuf>,
    /// Files that say where each rank runs.
    pub rank_files: Vec<PathBuf>,
    /// Files that programs were read from.
    pub program_files: Vec<PathBuf>,
    /// Where output goes besides, or instead.
    pub output: Output,
    /// Say how each rank has ended.
    pub exit_codes: bool,
    /// Options, as written, that do nothing yet.
    pub not_yet: Vec<String>,
}

/// One program of a job as written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// How many ranks, if said.
    pub ranks: Option<usize>,
    /// The folder to run in.
    pub folder: Option<PathBuf>,
    /// Where it is looked for before the search path.
    pub path: Option<OsString>,
    /// Its environment, besides that of all.
    pub environment: Environment,
    /// What cargo is to build first, if anything.
    pub cargo: Cargo,
    /// The program (absent when cargo builds it) and its arguments.
    pub words: Vec<OsString>,
}

/// What cargo is to build.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cargo {
    /// `--example NAME` or `--bin NAME`.
    pub target: Option<(Target, OsString)>,
    /// `--release`, `--package P` and so on, passed to cargo as they are.
    pub flags: Vec<OsString>,
}

/// A kind of cargo target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// `--example`
    Example,
    /// `--bin`
    Bin,
}

/// Changes of an environment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Environment {
    /// What is passed on of the launcher's own.
    pub pass: Pass,
    /// Variables set; `None` passes the launcher's value on.
    pub set: Vec<(OsString, Option<OsString>)>,
}

/// What is passed on of an environment.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Pass {
    /// Nothing was said: everything.
    #[default]
    Unsaid,
    /// Everything.
    All,
    /// Nothing.
    None,
    /// These variables.
    List(Vec<OsString>),
    /// All but these variables.
    Except(Vec<OsString>),
}

/// Which rank reads standard input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdin {
    /// This one.
    Rank(usize),
    /// Every rank, each all of it.
    All,
    /// None.
    None,
}

impl Default for Stdin {
    fn default() -> Self {
        Self::Rank(0)
    }
}

/// Why the words ask for nothing that can be done: one line, without the command's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError(pub String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

fn wrong<T>(text: impl Into<String>) -> Result<T, UsageError> {
    Err(UsageError(text.into()))
}

/// Reads the words after the command's name. A file of programs is refused here: see [`parse_with`].
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Request, UsageError> {
    parse_with(words, &|file| wrong(format!("{}: files of programs are not read here", file.display())))
}

/// Reads the words after the command's name; `read` gets the text of the files that they name programs in.
pub fn parse_with(
    words: impl IntoIterator<Item = OsString>,
    read: &dyn Fn(&Path) -> Result<String, UsageError>,
) -> Result<Request, UsageError> {
    let words: Vec<OsString> = words.into_iter().collect();
    let mut command = Command::default();
    let sections: Vec<&[OsString]> = words.split(|word| word == ":").collect();
    for (index, section) in sections.iter().enumerate() {
        let part = Part { index, of: sections.len(), file: None };
        if let Some(request) = part.read(section, &mut command, read)? {
            return Ok(request);
        }
    }
    let said = command.programs.iter().map(|p| p.ranks.unwrap_or(1)).fold(0, usize::saturating_add);
    if said > MAX_RANKS {
        return wrong(format!("{said} ranks: at most {MAX_RANKS} run on one machine"));
    }
    Ok(Request::Run(Box::new(command)))
}

/// A program with its options, and where it stands.
struct Part<'a> {
    index: usize,
    of: usize,
    /// The file it was read from.
    file: Option<&'a Path>,
}

impl Part<'_> {
    fn read(
        &self,
        section: &[OsString],
        command: &mut Command,
        read: &dyn Fn(&Path) -> Result<String, UsageError>,
    ) -> Result<Option<Request>, UsageError> {
        let mut program = Program::default();
        let mut words = Words { rest: section, taken: None };
        let mut file = None;
        while let Some((spec, name, attached)) = words.option(program.cargo.target.is_some())? {
            match spec.opt {
                Opt::Help => return Ok(Some(Request::Help)),
                Opt::Version => return Ok(Some(Request::Version)),
                Opt::ConfigFile if self.file.is_some() => {
                    return wrong(format!("{name}: a file of programs names no other"));
                }
                Opt::ConfigFile => {
                    file = Some((name.clone(), PathBuf::from(words.value(spec, &name, attached)?)))
                }
                _ => words.apply(spec, &name, attached, command, &mut program)?,
            }
        }
        program.words = words.rest.to_vec();
        if let Some((name, file)) = file {
            if !program.words.is_empty() || program.cargo.target.is_some() {
                return wrong(format!(
                    "{name} {}: the programs stand in the file; name none here",
                    file.display()
                ));
            }
            return self.read_file(&name, &file, command, read);
        }
        if program.words.is_empty() && program.cargo.target.is_none() {
            // The option that stands last may have taken the program.
            let taken = words.taken.filter(|(_, value)| section.last().is_some_and(|last| last == *value));
            let taken = taken.map(|(name, value)| (name, value.to_string_lossy()));
            let taken = taken.filter(|(_, value)| value.parse::<f64>().is_err());
            let taken =
                taken.map_or(String::new(), |(name, value)| format!(": {name} takes {value} as its value"));
            return wrong(match (self.file, self.of) {
                (Some(_), _) => format!("no program given{taken}"),
                (None, 1) => format!("no program given{taken}; write for instance -n 4 python hello.py"),
                (None, of) => format!(
                    "no program given in part {} of {of}{taken} (parts are separated by `:`)",
                    self.index + 1
                ),
            });
        }
        if program.cargo.target.is_none() && !program.cargo.flags.is_empty() {
            let flag = program.cargo.flags[0].to_string_lossy();
            return wrong(format!("{flag} needs --example NAME or --bin NAME beside it"));
        }
        command.programs.push(program);
        Ok(None)
    }

    /// Programs of a file, one a line.
    fn read_file(
        &self,
        name: &str,
        file: &Path,
        command: &mut Command,
        read: &dyn Fn(&Path) -> Result<String, UsageError>,
    ) -> Result<Option<Request>, UsageError> {
        let told = |error: UsageError| UsageError(format!("{name} {}: {error}", file.display()));
        let parts = lines::parts(&read(file).map_err(told)?).map_err(told)?;
        if parts.is_empty() {
            return wrong(format!("{name} {}: no program in it", file.display()));
        }
        command.program_files.push(file.to_owned());
        for (index, (line, section)) in parts.iter().enumerate() {
            let part = Part { index, of: parts.len(), file: Some(file) };
            let at = |error: UsageError| UsageError(format!("{}: line {line}: {error}", file.display()));
            if let Some(request) = part.read(section, command, read).map_err(at)? {
                return Ok(Some(request));
            }
        }
        Ok(None)
    }
}

/// A longer time limit is a mistake, and its end may be no time that the system can tell.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// A time limit in seconds; 0 is none.
pub fn time_limit(text: &str) -> Option<Option<Duration>> {
    let seconds: f64 = text.trim().parse().ok()?;
    let limit = Duration::try_from_secs_f64(seconds).ok().filter(|limit| *limit <= LONGEST)?;
    Some((!limit.is_zero()).then_some(limit))
}

#[cfg(test)]
mod tests;
