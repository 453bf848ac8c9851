//! The command line of `ranks run`, `mpiexec` and `mpirun`.
//!
//! It is the union of what the launchers in use accept, with one dash or two, and `:` between programs;
//! no general parser does that. Parsing looks at nothing but the words: no file, no variable, no clock.

mod nearest;
mod options;

pub use nearest::nearest;
pub use options::{HELP_GROUPS, OPTIONS, Opt, Spec, Takes, written};

use ranks_shm::bounds::MAX_RANKS;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

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
    /// Which rank reads standard input.
    pub stdin: Stdin,
    /// Hosts that were named, to be checked.
    pub hosts: Vec<String>,
    /// Files with hosts, to be checked.
    pub host_files: Vec<PathBuf>,
}

/// One program of a job as written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// How many ranks, if said.
    pub ranks: Option<usize>,
    /// The folder to run in.
    pub folder: Option<PathBuf>,
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
}

/// Which rank reads standard input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdin {
    /// This one.
    Rank(usize),
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

/// Reads the words after the command's name.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Request, UsageError> {
    let words: Vec<OsString> = words.into_iter().collect();
    let mut command = Command::default();
    let sections: Vec<&[OsString]> = words.split(|word| word == ":").collect();
    let several = sections.len() > 1;
    for (index, section) in sections.iter().enumerate() {
        let mut program = Program::default();
        let mut words = Words { rest: section };
        while let Some((spec, name, attached)) = words.option()? {
            match spec.opt {
                Opt::Help => return Ok(Request::Help),
                Opt::Version => return Ok(Request::Version),
                _ => words.apply(spec, &name, attached, &mut command, &mut program)?,
            }
        }
        program.words = words.rest.to_vec();
        if program.words.is_empty() && program.cargo.target.is_none() {
            return wrong(match several {
                false => "no program given; write for instance -n 4 python hello.py".to_owned(),
                true => format!(
                    "no program given in part {} of {} (parts are separated by `:`)",
                    index + 1,
                    sections.len()
                ),
            });
        }
        if program.cargo.target.is_none() && !program.cargo.flags.is_empty() {
            let flag = program.cargo.flags[0].to_string_lossy();
            return wrong(format!("{flag} needs --example NAME or --bin NAME beside it"));
        }
        command.programs.push(program);
    }
    let said: usize = command.programs.iter().map(|p| p.ranks.unwrap_or(1)).sum();
    if said > MAX_RANKS {
        return wrong(format!("{said} ranks: at most {MAX_RANKS} run on one machine"));
    }
    Ok(Request::Run(Box::new(command)))
}

struct Words<'a> {
    rest: &'a [OsString],
}

/// An option that was found, as it was written, and the value that was attached with `=`.
type Found = (&'static Spec, String, Option<OsString>);

impl<'a> Words<'a> {
    /// Takes the next option, or `None` where the program begins.
    fn option(&mut self) -> Result<Option<Found>, UsageError> {
        let Some(word) = self.rest.first() else { return Ok(None) };
        if word == "--" {
            self.rest = &self.rest[1..];
            return Ok(None);
        }
        let bytes = word.as_encoded_bytes();
        if bytes.first() != Some(&b'-') || bytes.len() == 1 {
            return Ok(None);
        }
        let Some(text) = word.to_str() else {
            return wrong(format!("unknown option {}", word.to_string_lossy()));
        };
        self.rest = &self.rest[1..];
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(OsString::from(value))),
            None => (text, None),
        };
        let bare = name.strip_prefix("--").or_else(|| name.strip_prefix('-')).unwrap_or(name);
        if let Some(spec) = options::find(bare) {
            if value.is_some() && spec.takes == Takes::Nothing {
                return wrong(format!("{name} takes no value, but {text} gives one"));
            }
            return Ok(Some((spec, name.to_owned(), value)));
        }
        // As in -n4.
        if let Some(digits) = text.strip_prefix("-n").filter(|d| d.bytes().all(|b| b.is_ascii_digit()))
            && let Some(spec) = options::find("n")
        {
            return Ok(Some((spec, "-n".to_owned(), Some(digits.into()))));
        }
        match nearest(bare, OPTIONS.iter().flat_map(|spec| spec.names.iter().copied())) {
            Some(near) => wrong(format!("unknown option {name}; did you mean {}?", options::written(near))),
            None => wrong(format!("unknown option {name}; --help lists them")),
        }
    }

    fn value(&mut self, spec: &Spec, name: &str, attached: Option<OsString>) -> Result<OsString, UsageError> {
        if let Some(value) = attached {
            return Ok(value);
        }
        match self.rest.split_first() {
            Some((value, rest)) => {
                self.rest = rest;
                Ok(value.clone())
            }
            None => wrong(format!("{name} needs a value: {}", spec.value)),
        }
    }

    /// NAME VALUE, or NAME=VALUE.
    fn pair(
        &mut self,
        spec: &Spec,
        name: &str,
        attached: Option<OsString>,
    ) -> Result<(OsString, OsString), UsageError> {
        let first = self.value(spec, name, attached)?;
        let (variable, value) = match split_at_equals(&first) {
            (variable, Some(value)) => (variable, value),
            (variable, None) => (variable, self.value(spec, name, None)?),
        };
        Ok((variable_name(name, variable)?, value))
    }

    fn apply(
        &mut self,
        spec: &'static Spec,
        name: &str,
        attached: Option<OsString>,
        command: &mut Command,
        program: &mut Program,
    ) -> Result<(), UsageError> {
        match spec.opt {
            Opt::Ranks => program.ranks = Some(number_of_ranks(name, &self.value(spec, name, attached)?)?),
            Opt::PerHost => {
                let ranks = number_of_ranks(name, &self.value(spec, name, attached)?)?;
                // One host: as many on it as there are in all. A number of ranks says more.
                program.ranks.get_or_insert(ranks);
            }
            Opt::Folder => program.folder = Some(self.value(spec, name, attached)?.into()),
            Opt::Export => {
                let word = self.value(spec, name, attached)?;
                let (variable, value) = split_at_equals(&word);
                command.environment.set.push((variable_name(name, variable)?, value));
            }
            Opt::GlobalVariable => {
                let (variable, value) = self.pair(spec, name, attached)?;
                command.environment.set.push((variable, Some(value)));
            }
            Opt::LocalVariable => {
                let (variable, value) = self.pair(spec, name, attached)?;
                program.environment.set.push((variable, Some(value)));
            }
            Opt::GlobalList => command.environment.pass = list(&self.value(spec, name, attached)?),
            Opt::LocalList => program.environment.pass = list(&self.value(spec, name, attached)?),
            Opt::GlobalNone => command.environment.pass = Pass::None,
            Opt::LocalNone => program.environment.pass = Pass::None,
            Opt::GlobalAll => command.environment.pass = Pass::All,
            Opt::LocalAll => program.environment.pass = Pass::All,
            Opt::Tag => command.tag_output = true,
            Opt::Quiet => command.quiet = true,
            Opt::Timeout => command.timeout = seconds(name, &self.value(spec, name, attached)?)?,
            Opt::Grace => {
                let word = self.value(spec, name, attached)?;
                command.grace = Some(seconds(name, &word)?.unwrap_or_default());
            }
            Opt::Universe => {
                let word = self.value(spec, name, attached)?;
                command.universe = universe(name, &word.to_string_lossy())?;
            }
            Opt::Stdin => command.stdin = stdin(name, &self.value(spec, name, attached)?)?,
            Opt::Hosts => {
                let hosts = self.value(spec, name, attached)?;
                command.hosts.extend(hosts.to_string_lossy().split(',').map(str::to_owned));
            }
            Opt::HostFile => command.host_files.push(self.value(spec, name, attached)?.into()),
            Opt::Example => {
                program.cargo.target = Some((Target::Example, self.value(spec, name, attached)?));
            }
            Opt::Bin => program.cargo.target = Some((Target::Bin, self.value(spec, name, attached)?)),
            Opt::CargoFlag => program.cargo.flags.push(options::written(spec.names[0]).into()),
            Opt::CargoValue => {
                let value = self.value(spec, name, attached)?;
                program.cargo.flags.extend([options::written(spec.names[0]).into(), value]);
            }
            Opt::Unneeded => {
                let mut attached = attached;
                for _ in 0..spec.takes.count() {
                    self.value(spec, name, attached.take())?;
                }
            }
            Opt::Help | Opt::Version => {}
        }
        Ok(())
    }
}

fn split_at_equals(word: &OsStr) -> (OsString, Option<OsString>) {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    match word.as_bytes().iter().position(|&b| b == b'=') {
        Some(at) => (
            OsString::from_vec(word.as_bytes()[..at].to_vec()),
            Some(OsString::from_vec(word.as_bytes()[at + 1..].to_vec())),
        ),
        None => (word.to_owned(), None),
    }
}

fn variable_name(option: &str, name: OsString) -> Result<OsString, UsageError> {
    if name.is_empty() { wrong(format!("{option}: the variable has no name")) } else { Ok(name) }
}

fn list(word: &OsStr) -> Pass {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let names = word.as_bytes().split(|&b| b == b',').filter(|name| !name.is_empty());
    Pass::List(names.map(|name| OsString::from_vec(name.to_vec())).collect())
}

fn number_of_ranks(name: &str, word: &OsStr) -> Result<usize, UsageError> {
    let text = word.to_string_lossy();
    match text.parse::<u64>() {
        Ok(0) => wrong(format!("{name} 0: a job has at least 1 rank")),
        Ok(n) if n > MAX_RANKS as u64 => {
            wrong(format!("{name} {n}: at most {MAX_RANKS} ranks run on one machine"))
        }
        Ok(n) => Ok(n as usize),
        Err(_) => wrong(format!("{name} {text}: not a number of ranks; write for instance {name} 4")),
    }
}

fn universe(name: &str, text: &str) -> Result<Option<usize>, UsageError> {
    match text {
        "SYSTEM" => Ok(None),
        "INFINITE" => Ok(Some(i32::MAX as usize)),
        _ => match text.parse::<usize>() {
            Ok(n) if (1..=i32::MAX as usize).contains(&n) => Ok(Some(n)),
            _ => wrong(format!("{name} {text}: neither a number of ranks nor SYSTEM nor INFINITE")),
        },
    }
}

fn seconds(name: &str, word: &OsStr) -> Result<Option<Duration>, UsageError> {
    match time_limit(&word.to_string_lossy()) {
        Some(limit) => Ok(limit),
        None => wrong(format!("{name} {}: not a number of seconds", word.to_string_lossy())),
    }
}

/// A time limit in seconds; 0 is none.
pub fn time_limit(text: &str) -> Option<Option<Duration>> {
    let seconds: f64 = text.trim().parse().ok()?;
    let limit = Duration::try_from_secs_f64(seconds).ok()?;
    Some((!limit.is_zero()).then_some(limit))
}

fn stdin(name: &str, word: &OsStr) -> Result<Stdin, UsageError> {
    let text = word.to_string_lossy();
    match (&*text, text.parse()) {
        ("none", _) => Ok(Stdin::None),
        ("all", _) => wrong(format!("{name} all: one rank reads standard input; name it, or say none")),
        (_, Ok(rank)) => Ok(Stdin::Rank(rank)),
        _ => wrong(format!("{name} {text}: neither a rank nor none")),
    }
}

#[cfg(test)]
mod tests;
