//! What shells complete: the command as clap knows it, with the options of `ranks run`, which has a parser of its own.

use clap::{Arg, ArgAction, Command, ValueHint};
use ranks_launch::parse::{HELP_GROUPS, OPTIONS, Opt, Spec, Takes};

/// Writes the completions of a shell.
pub fn write(shell: clap_complete::Shell, command: Command) -> Vec<u8> {
    // Written in one piece: a reader that goes away ends it without a word, as with other tools.
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut without_colons(with_run_options(command)), "ranks", &mut text);
    text
}

/// The command, in which `run` has those options that its help lists.
fn with_run_options(command: Command) -> Command {
    let listed = HELP_GROUPS.iter().flat_map(|(_, names)| *names);
    let specs = listed.filter_map(|name| OPTIONS.iter().find(|spec| spec.names[0] == *name));
    // clap adds --help and --version itself.
    let specs = specs.filter(|spec| !matches!(spec.opt, Opt::Help | Opt::Version));
    command.mut_subcommand("run", |run| run.args(specs.map(argument)).disable_help_flag(false))
}

/// The command with value names that zsh takes as names: what stands behind a colon is a command to zsh, which it runs.
fn without_colons(command: Command) -> Command {
    let plain = |argument: Arg| match argument.get_value_names() {
        Some(names) if names.iter().any(|name| name.contains(':')) => {
            // clap keeps names of the program's own text; this process writes the completions and ends.
            let names: Vec<&'static str> = names.iter().map(|name| &*name.replace(':', "-").leak()).collect();
            argument.value_names(names)
        }
        _ => argument,
    };
    let names: Vec<String> = command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    names
        .into_iter()
        .fold(command.mut_args(plain), |command, name| command.mut_subcommand(name, without_colons))
}

/// An option of `ranks run` as clap sees it. One letter stands behind one dash, and all other names behind two.
fn argument(spec: &Spec) -> Arg {
    let (short, long): (Vec<&str>, Vec<&str>) = spec.names.iter().partition(|name| name.len() == 1);
    let mut short = short.into_iter().filter_map(|name| name.chars().next());
    let mut long = long.into_iter();
    let mut argument = Arg::new(spec.names[0]).help(spec.help);
    if let Some(first) = short.next() {
        argument = argument.short(first).visible_short_aliases(short.collect::<Vec<_>>());
    }
    if let Some(first) = long.next() {
        argument = argument.long(first).visible_aliases(long.collect::<Vec<_>>());
    }
    match spec.takes {
        Takes::Nothing => argument.action(ArgAction::SetTrue),
        Takes::One | Takes::Two => {
            argument.action(ArgAction::Append).value_name(spec.value).value_hint(hint(spec))
        }
    }
}

/// What a shell offers for the value of an option.
fn hint(spec: &Spec) -> ValueHint {
    match spec.opt {
        Opt::Folder | Opt::OutputFolder => ValueHint::DirPath,
        Opt::HostFile | Opt::RankFile | Opt::ConfigFile | Opt::OutFile | Opt::ErrFile => ValueHint::FilePath,
        Opt::Hosts => ValueHint::Hostname,
        _ => ValueHint::Other,
    }
}
