//! Starting a job: everything that can be wrong is found before the first process is made.

use super::{Job, Rank};
use crate::environment::{self, Variables};
use crate::foreign;
use crate::fork::{self, CStrings, Start};
use crate::input::{self, Input};
use crate::launch::Launch;
use crate::outcome::StartError;
use crate::output::{LineQueue, Outputs, StdStream};
use crate::parent::Parent;
use crate::parse::Stdin;
use crate::program;
use crate::sys::{self, Kind, SignalSet};
use ranks_shm::{Segment, bounds, job};
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// Signals that a launcher acts on.
const SIGNALS: [i32; 7] =
    [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT, libc::SIGUSR1, libc::SIGUSR2, libc::SIGTSTP];

/// A program ready to be executed.
struct Ready {
    path: PathBuf,
    arguments: Vec<OsString>,
    folder: Option<CString>,
    variables: Variables,
}

/// Starts all ranks.
pub fn start<'a>(launch: &'a Launch, lines: Option<&Arc<LineQueue>>) -> Result<Job<'a>, StartError> {
    let size: usize = launch.programs.iter().map(|program| program.ranks).sum();
    if !(1..=bounds::MAX_RANKS).contains(&size) || launch.programs.iter().any(|p| p.ranks == 0) {
        let each = if launch.programs.len() > 1 { ", each program at least 1" } else { "" };
        let text = format!("{size} ranks: a job has 1 to {} ranks{each}", bounds::MAX_RANKS);
        return Err(StartError::usage(text));
    }
    if let Stdin::Rank(rank) = launch.stdin
        && rank >= size
    {
        return Err(StartError::usage(format!("--stdin {rank}: the job has ranks 0 to {}", size - 1)));
    }
    let universe = launch.universe.unwrap_or_else(crate::command::usable_cpus).max(size);
    let library = environment::library();
    let mut programs: Vec<Ready> =
        launch.programs.iter().map(|p| prepare(launch, p, library.as_deref())).collect::<Result<_, _>>()?;
    let terminals = if lines.is_some() { String::new() } else { terminals(launch) };
    for program in &mut programs {
        program.variables.insert(environment::TERMINAL.into(), terminals.clone().into());
    }

    let old_signals = SignalSet::blocked_now();
    let signals = launch.signals.then(take_signals).transpose().map_err(failed("signals"))?;
    let descriptors = make_room();
    let long_files_end_it = sys::survive_long_files();
    let (segment, fd) = Segment::create(size).map_err(failed("shared memory for the job"))?;
    // Closed on exec in every process but the ranks, which undo that for themselves; and numbered above 2.
    let segment_fd = sys::duplicate(fd.as_fd()).map_err(failed("shared memory for the job"))?;
    drop(fd);
    if let Some(parent) = &launch.parent {
        parent.announce(&segment, segment_fd.as_raw_fd());
    }
    let outputs = match (lines, launch.capture) {
        (Some(queue), _) => Outputs::to_lines(queue),
        (None, true) => Outputs::to_memory(launch.tag_output),
        (None, false) => Outputs::to_own(launch.tag_output).map_err(failed("standard output"))?,
    };
    let read = programs.iter().map(|ready| ready.path.clone()).chain(launch.reads.iter().cloned());
    let outputs = outputs.also_to(&launch.output, size).never_to(read.chain(["/dev/stdin".into()]));
    let (errors, errors_end) = sys::pipe().map_err(failed("a pipe"))?;
    sys::set_nonblocking(&errors).map_err(failed("a pipe"))?;
    let keeper = fork::start_keeper(&segment).map_err(failed("a process"))?;
    let mut job = Job::new(launch, segment, keeper, outputs, signals, errors);
    let null = input::null().map_err(failed("/dev/null"))?;

    for (index, ready) in programs.iter().enumerate() {
        let path = program::c_string(ready.path.as_os_str())?;
        let arguments = c_strings(ready.arguments.iter().map(OsString::as_os_str))?;
        let script = [OsStr::new("/bin/sh"), ready.path.as_os_str()];
        let rest = ready.arguments.iter().skip(1).map(OsString::as_os_str);
        let as_script = c_strings(script.into_iter().chain(rest))?;
        for _ in 0..launch.programs[index].ranks {
            let rank = job.ranks.len();
            let told = job::Job {
                launcher: std::process::id(),
                descriptor: segment_fd.as_raw_fd(),
                nonce: job.segment.nonce(),
                rank,
            };
            let parent = launch.parent.as_ref().map(Parent::at);
            let told = environment::Told { job: told, size, program: index, universe, parent };
            let environment = c_environment(&environment::for_rank(&ready.variables, &told))?;
            let stdin = stdin_of(&mut job, rank, &null)?;
            let (out, out_end) = sys::pipe().map_err(failed_at(rank))?;
            let (error, error_end) = sys::pipe().map_err(failed_at(rank))?;
            let pid = fork::start_rank(&Start {
                segment: &job.segment,
                segment_fd: segment_fd.as_fd(),
                rank,
                path: &path,
                arguments: &arguments,
                as_script: &as_script,
                environment: &environment,
                folder: ready.folder.as_deref(),
                stdio: [stdin.as_fd(), out_end.as_fd(), error_end.as_fd()],
                errors: errors_end.as_fd(),
                signals: &old_signals,
                descriptors,
                long_files_end_it,
            })
            .map_err(failed_at(rank))?;
            job.ranks.push(Rank { pid, watch: sys::pidfd(pid), death: None, program: index });
            job.outputs.add(rank, StdStream::Out, out)?;
            job.outputs.add(rank, StdStream::Error, error)?;
        }
    }
    job.keep_open(segment_fd);
    job.deadline = launch.timeout.map(|limit| Instant::now() + limit);
    // A job of one rank is what any library takes it for.
    let linked = |ready: &Ready| foreign::linked(&ready.path).filter(|_| size > 1);
    match programs.iter().enumerate().find_map(|(index, ready)| Some((index, linked(ready)?))) {
        Some((program, library)) => job.say_foreign(program, &library),
        None => job.foreign = foreign::Watch::new(size),
    }
    Ok(job)
}

fn prepare(
    launch: &Launch,
    program: &crate::launch::Program,
    library: Option<&std::path::Path>,
) -> Result<Ready, StartError> {
    let variables = environment::assemble(&launch.environment, &program.environment, library);
    let folder = program.folder.as_deref().map(program::folder).transpose()?;
    let mut path = variables.get(OsStr::new("PATH")).cloned();
    if let Some(first) = &program.path {
        let rest = path.unwrap_or_else(|| program::DEFAULT_PATH.into());
        path = Some([first.as_os_str(), &rest].join(OsStr::new(":")));
    }
    let path = program::find(&program.file, path.as_deref(), program.folder.as_deref())?;
    let arguments = std::iter::once(&program.file).chain(&program.arguments).cloned().collect();
    Ok(Ready { path, arguments, folder, variables })
}

/// Which of our standard streams are terminals that the ranks' output will reach.
fn terminals(launch: &Launch) -> String {
    let is_terminal = |kind| kind == Kind::Terminal && !launch.capture;
    let out = is_terminal(sys::describe(io::stdout().as_fd()).0);
    let error = is_terminal(sys::describe(io::stderr().as_fd()).0);
    let names =
        [(out, "out"), (error, "error")].into_iter().filter(|(is, _)| *is).map(|(_, name)| name.to_owned());
    // How wide it is, for what is drawn there: the ranks cannot ask a terminal behind a pipe.
    let stream = if error { io::stderr().as_fd().as_raw_fd() } else { io::stdout().as_fd().as_raw_fd() };
    let width = (out || error).then(|| sys::terminal_columns(stream)).flatten();
    names.chain(width.map(|columns| format!("columns={columns}"))).collect::<Vec<_>>().join(",")
}

/// Blocks the signals we act on, but for those that we were told to ignore.
fn take_signals() -> io::Result<OwnedFd> {
    let wanted: Vec<i32> = SIGNALS.into_iter().filter(|&signal| !sys::is_ignored(signal)).collect();
    let set = SignalSet::of(&wanted);
    set.block();
    // Whoever ignores SIGCHLD has no say in its children's ends; we may have been started so.
    sys::default_child_signal();
    set.descriptor()
}

/// Raises the limit of open descriptors as far as it may be; returns the limit for the ranks.
fn make_room() -> Option<libc::rlimit> {
    sys::raise_descriptor_limit()
}

/// What a rank gets as standard input. A pipe or a file is handed on as it is; a terminal is read by us,
/// because the ranks are in other process groups.
fn stdin_of(job: &mut Job<'_>, rank: usize, null: &OwnedFd) -> Result<OwnedFd, StartError> {
    let own = io::stdin();
    let (reads, all) = match job.launch.stdin {
        Stdin::Rank(reader) => (reader == rank, false),
        Stdin::All => (true, true),
        Stdin::None => (false, false),
    };
    if !reads {
        return sys::duplicate(null.as_fd()).map_err(failed("standard input"));
    }
    let terminal = sys::describe(own.as_fd()).0 == Kind::Terminal;
    if !terminal && !all {
        // Closed: an empty input.
        return sys::duplicate(own.as_fd())
            .or_else(|_| sys::duplicate(null.as_fd()))
            .map_err(failed("standard input"));
    }
    let (end, pipe) = sys::pipe().map_err(failed_at(rank))?;
    job.input.get_or_insert_with(|| Input::new(terminal)).add(pipe).map_err(failed("standard input"))?;
    Ok(end)
}

fn c_strings<'a>(words: impl Iterator<Item = &'a OsStr>) -> Result<CStrings, StartError> {
    Ok(CStrings::new(words.map(program::c_string).collect::<Result<_, _>>()?))
}

fn c_environment(variables: &Variables) -> Result<CStrings, StartError> {
    let joined = variables.iter().map(|(name, value)| {
        let text = [name.as_bytes(), b"=", value.as_bytes()].concat();
        program::c_string(&OsString::from_vec(text))
    });
    Ok(CStrings::new(joined.collect::<Result<_, _>>()?))
}

fn failed(what: &str) -> impl Fn(io::Error) -> StartError + '_ {
    move |error| StartError::limited(&format!("cannot make {what}"), &error)
}

fn failed_at(rank: usize) -> impl Fn(io::Error) -> StartError {
    move |error| StartError::limited(&format!("cannot start rank {rank}"), &error)
}
