//! One option after the other, until the program begins.

use super::options::{self, OPTIONS, Opt, Spec, Takes};
use super::{Command, Copies, Pass, Pattern, Program, Stdin, Target, UsageError, nearest, time_limit, wrong};
use ranks_shm::bounds::MAX_RANKS;
use ranks_shm::job::INITIAL_ERRHANDLER;
use std::ffi::{OsStr, OsString};
use std::time::Duration;

/// The words of one program that are still to be read.
pub(super) struct Words<'a> {
    pub(super) rest: &'a [OsString],
    /// The last word that an option took as its value, and that option's name.
    pub(super) taken: Option<(String, &'a OsString)>,
}

/// An option that was found, as it was written, and the value that was attached with `=`.
type Found = (&'static Spec, String, Option<OsString>);

impl<'a> Words<'a> {
    /// Takes the next option, or `None` where the program begins.
    pub(super) fn option(&mut self, has_target: bool) -> Result<Option<Found>, UsageError> {
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
        let elsewhere = options::without_target(name).filter(|_| !has_target);
        if let Some(spec) = elsewhere.or_else(|| options::find(bare)) {
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

    pub(super) fn value(
        &mut self,
        spec: &Spec,
        name: &str,
        attached: Option<OsString>,
    ) -> Result<OsString, UsageError> {
        if let Some(value) = attached {
            return Ok(value);
        }
        match self.rest.split_first() {
            Some((value, rest)) => {
                self.rest = rest;
                self.taken = Some((name.to_owned(), value));
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
            (variable, None) => {
                let variable = variable_name(name, variable)?;
                let value = self.value(spec, name, None)?;
                if is_option(&value) {
                    let (variable, value) = (variable.to_string_lossy(), value.to_string_lossy());
                    return wrong(format!(
                        "{name} {variable} needs a value, and {value} looks like an option; if it is the value, write \
                         {name} {variable}={value}"
                    ));
                }
                (variable, value)
            }
        };
        Ok((variable_name(name, variable)?, value))
    }

    pub(super) fn apply(
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
            Opt::OnePerHost => drop(program.ranks.get_or_insert(1)),
            Opt::MapBy => {
                let how = self.value(spec, name, attached)?.to_string_lossy().to_ascii_lowercase();
                let each = how.strip_prefix("ppr:").and_then(|rest| rest.split_once(':'));
                match each.filter(|(_, unit)| unit.split([':', ',']).next() == Some("node")) {
                    Some((n, _)) => {
                        let ranks = number_of_ranks(&format!("{name} ppr:N:node, N ="), n.as_ref())?;
                        program.ranks.get_or_insert(ranks);
                    }
                    None if how.contains("pe=") => command.not_yet.push(format!("{name} {how}")),
                    None => {}
                }
            }
            Opt::RankFile => command.rank_files.push(self.value(spec, name, attached)?.into()),
            Opt::Path => program.path = Some(self.value(spec, name, attached)?),
            Opt::GlobalExcept => command.environment.pass = except(&self.value(spec, name, attached)?),
            Opt::LocalExcept => program.environment.pass = except(&self.value(spec, name, attached)?),
            Opt::Output => {
                let word = self.value(spec, name, attached)?;
                command.tag_output |= command.output.add(name, &word)?;
            }
            Opt::OutputFolder => {
                let word = self.value(spec, name, attached)?;
                command.output.copies = Some(Copies::read(true, &word)?);
            }
            Opt::OutFile => {
                let word = self.value(spec, name, attached)?;
                command.output.out = Some(Pattern::read(name, &word)?);
            }
            Opt::ErrFile => {
                let word = self.value(spec, name, attached)?;
                command.output.error = Some(Pattern::read(name, &word)?);
            }
            Opt::Timestamp => command.output.timestamp = true,
            Opt::Merge => command.output.merge = true,
            Opt::ExitCodes => command.exit_codes = true,
            Opt::NotYet => {
                let mut written = name.to_owned();
                if spec.takes == Takes::One {
                    let value = self.value(spec, name, attached)?;
                    written = format!("{name} {}", value.to_string_lossy());
                }
                // To be bound to nothing is what happens.
                if !written.ends_with(" none") {
                    command.not_yet.push(written);
                }
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
            Opt::NoDeadlockNotice => command.no_deadlock_notice = true,
            Opt::Timeout => command.timeout = seconds(name, &self.value(spec, name, attached)?)?,
            Opt::Grace => {
                let word = self.value(spec, name, attached)?;
                command.grace = Some(seconds(name, &word)?.unwrap_or_default());
            }
            Opt::Universe => {
                let word = self.value(spec, name, attached)?;
                command.universe = universe(name, &word.to_string_lossy())?;
            }
            Opt::InitialErrhandler => {
                let word = self.value(spec, name, attached)?;
                let handler = initial_errhandler(name, &word.to_string_lossy())?;
                command.environment.set.push((INITIAL_ERRHANDLER.into(), Some(handler.into())));
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
            Opt::Help | Opt::Version | Opt::ConfigFile => {}
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
    match name.to_str() {
        Some("") => wrong(format!("{option}: the variable has no name")),
        Some(text) if text.starts_with('-') => {
            wrong(format!("{option} needs the name of a variable, and {text} looks like an option"))
        }
        _ => Ok(name),
    }
}

/// Whether a word is the name of an option, with its dashes.
fn is_option(word: &OsStr) -> bool {
    word.to_str()
        .and_then(|text| text.strip_prefix('-'))
        .is_some_and(|rest| options::find(rest.strip_prefix('-').unwrap_or(rest)).is_some())
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

/// The names that MPI gives to the handlers that a program can begin with.
fn initial_errhandler(name: &str, text: &str) -> Result<&'static str, UsageError> {
    let names = ["mpi_errors_abort", "mpi_errors_are_fatal", "mpi_errors_return"];
    match names.into_iter().find(|known| known.eq_ignore_ascii_case(text)) {
        Some(known) => Ok(known),
        None => wrong(format!("{name} {text}: not one of {}", names.join(", "))),
    }
}

fn except(word: &OsStr) -> Pass {
    match list(word) {
        Pass::List(names) => Pass::Except(names),
        other => other,
    }
}

fn seconds(name: &str, word: &OsStr) -> Result<Option<Duration>, UsageError> {
    match time_limit(&word.to_string_lossy()) {
        Some(limit) => Ok(limit),
        None => wrong(format!("{name} {}: not a number of seconds", word.to_string_lossy())),
    }
}

fn stdin(name: &str, word: &OsStr) -> Result<Stdin, UsageError> {
    let text = word.to_string_lossy();
    match (&*text, text.parse()) {
        ("none", _) => Ok(Stdin::None),
        ("all", _) => Ok(Stdin::All),
        (_, Ok(rank)) => Ok(Stdin::Rank(rank)),
        _ => wrong(format!("{name} {text}: neither a rank nor all nor none")),
    }
}
