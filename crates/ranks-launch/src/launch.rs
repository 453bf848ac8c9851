//! A job to be started, for programs that start ranks themselves.

use crate::parent::Parent;
use crate::parse::{Environment, Output, Stdin};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// A job to be started: programs, each with a number of ranks, and what holds for all.
///
/// ```no_run
/// let outcome = ranks_launch::Launch::new("hostname").ranks(4).run()?;
/// assert_eq!(outcome.code, 0);
/// # Ok::<(), ranks_launch::StartError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Launch {
    pub(crate) name: String,
    pub(crate) programs: Vec<Program>,
    pub(crate) environment: Environment,
    pub(crate) timeout: Option<Duration>,
    pub(crate) tag_output: bool,
    pub(crate) quiet: bool,
    pub(crate) deadlock_notice: bool,
    pub(crate) says_why: bool,
    pub(crate) stdin: Stdin,
    pub(crate) capture: bool,
    pub(crate) signals: bool,
    pub(crate) drains: Option<Duration>,
    pub(crate) grace: Option<Duration>,
    pub(crate) universe: Option<usize>,
    pub(crate) output: Output,
    pub(crate) exit_codes: bool,
    /// The job that has started this one.
    pub(crate) parent: Option<Parent>,
    /// Files that say what the job is.
    pub(crate) reads: Vec<PathBuf>,
}

/// One program of a job.
#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    pub ranks: usize,
    pub file: OsString,
    pub arguments: Vec<OsString>,
    pub folder: Option<PathBuf>,
    pub path: Option<OsString>,
    pub environment: Environment,
}

impl Program {
    fn new(file: impl Into<OsString>) -> Self {
        Self { ranks: 1, file: file.into(), ..Self::default() }
    }
}

impl Launch {
    /// A job of a program: a path, or a name to be looked for in PATH. It has one rank until [`Self::ranks`] says
    /// otherwise.
    pub fn new(file: impl Into<OsString>) -> Self {
        Self {
            name: "ranks".into(),
            programs: vec![Program::new(file)],
            environment: Environment::default(),
            timeout: None,
            tag_output: false,
            quiet: false,
            deadlock_notice: true,
            says_why: false,
            stdin: Stdin::default(),
            capture: false,
            signals: false,
            drains: None,
            grace: None,
            universe: None,
            output: Output::default(),
            exit_codes: false,
            parent: None,
            reads: Vec::new(),
        }
    }

    /// What the job is called in reports; `ranks` if nothing is said.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Further ranks, of another program. What follows is said of that program.
    pub fn and(mut self, file: impl Into<OsString>) -> Self {
        self.programs.push(Program::new(file));
        self
    }

    /// The number of ranks that run the program.
    pub fn ranks(mut self, ranks: usize) -> Self {
        self.last().ranks = ranks;
        self
    }

    fn last(&mut self) -> &mut Program {
        self.programs.last_mut().expect("a job has a program from the start")
    }

    /// An argument of the program.
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.last().arguments.push(argument.into());
        self
    }

    /// Arguments of the program.
    pub fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.last().arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// A variable of the program's environment; the rest is this process's own.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.last().environment.set.push((name.into(), Some(value.into())));
        self
    }

    /// The folder the program runs in.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.last().folder = Some(folder.into());
        self
    }

    pub(crate) fn program_environment(mut self, environment: Environment) -> Self {
        self.last().environment = environment;
        self
    }

    pub(crate) fn search_path(mut self, path: Option<OsString>) -> Self {
        self.last().path = path;
        self
    }

    pub(crate) fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Ends the job after this time, with a roll-call and exit code 110.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Begins each line of output with its rank.
    pub fn tag_output(mut self, tag: bool) -> Self {
        self.tag_output = tag;
        self
    }

    /// No reports.
    pub fn quiet(mut self, quiet: bool) -> Self {
        self.quiet = quiet;
        self
    }

    /// Whether a roll-call is printed, once, when no rank can go on; it is unless this says otherwise.
    pub fn deadlock_notice(mut self, notice: bool) -> Self {
        self.deadlock_notice = notice;
        self
    }

    /// The program says itself why it exits with a code: no report of that, only of what it cannot say
    /// (signals, aborts, ranks that vanish).
    pub fn says_why(mut self) -> Self {
        self.says_why = true;
        self
    }

    /// Which rank reads this process's standard input; rank 0 if nothing is said.
    pub fn stdin(mut self, stdin: Stdin) -> Self {
        self.stdin = stdin;
        self
    }

    /// Keeps output and reports for [`Outcome`] instead of forwarding them.
    pub fn capture(mut self) -> Self {
        self.capture = true;
        self
    }

    /// Lets the signals of a terminal and of `kill` end the job in good order, for a process whose one
    /// purpose the job is. Its calling thread blocks these signals from then on; it must be the only one.
    pub fn take_signals(mut self) -> Self {
        self.signals = true;
        self
    }

    /// The program ends by itself, in good order, when it is told to (INT, TERM, HUP): the first of these signals only
    /// reaches the ranks as TERM, and if they end within this time it is they who say how. What lasts longer, and a
    /// second signal, are as without.
    pub fn drains(mut self, within: Duration) -> Self {
        self.drains = Some(within);
        self
    }

    /// How long the ranks have to end by themselves, once they are told to. Without it: 5 s after a signal (INT, TERM,
    /// HUP), which is enough to write a checkpoint, and 1 s after a failure.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = Some(grace);
        self
    }

    /// How many ranks there is room for (`MPI_UNIVERSE_SIZE`); without it the usable CPUs, and never fewer than ranks.
    pub fn universe(mut self, ranks: usize) -> Self {
        self.universe = Some(ranks);
        self
    }

    /// Where output goes besides this process's own, or instead.
    pub(crate) fn output(mut self, output: Output) -> Self {
        self.output = output;
        self
    }

    /// Files that the command has read, which no output may overwrite.
    pub(crate) fn reads(mut self, files: Vec<PathBuf>) -> Self {
        self.reads = files;
        self
    }

    /// It is started by a rank of another job.
    pub(crate) fn of(mut self, parent: Parent) -> Self {
        self.parent = Some(parent);
        self
    }

    /// Says at the end how each rank has ended.
    pub(crate) fn exit_codes(mut self, say: bool) -> Self {
        self.exit_codes = say;
        self
    }
}
