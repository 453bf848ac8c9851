//! Finding the launcher and starting it.
//!
//! A rank does not fork ranks itself: it is a program with threads and files of its own. It runs the command `ranks`, which
//! starts the job, forwards its output, and ends it when the job of this rank ends.

use super::spawn::Program;
use ranks_shm::job::{self, Job};
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The command, as a file.
const NAME: &str = "ranks";

/// Its first argument here. `ranks-launch` knows it by the same name.
const TASK: &str = "--started-by-a-rank";

/// Where the command may be: what the environment says, then beside the library that this program uses, beside the program,
/// and in PATH.
fn candidates() -> impl Iterator<Item = PathBuf> {
    let told = std::env::var_os(job::LAUNCHER).map(PathBuf::from);
    let beside = library().into_iter().chain(std::env::current_exe().ok()).flat_map(|file| {
        let above: Vec<PathBuf> = file.ancestors().skip(1).take(3).map(Path::to_owned).collect();
        above.into_iter().flat_map(|folder| [folder.join(NAME), folder.join("bin").join(NAME)])
    });
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path: Vec<PathBuf> = std::env::split_paths(&path).map(|folder| folder.join(NAME)).collect();
    told.into_iter().chain(beside).chain(in_path)
}

/// The file of the C library, where this process has loaded it.
fn library() -> Option<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let path = |line: &str| line.find('/').map(|at| line[at..].to_owned());
    let file = maps.lines().filter(|line| line.contains("libmpi.so")).find_map(path)?;
    Some(file.into())
}

fn words(programs: &[Program]) -> Vec<OsString> {
    let mut words = Vec::new();
    for program in programs {
        words.push(program.ranks.to_string().into());
        words.push(program.folder.clone().unwrap_or_default().into());
        words.push(program.path.clone().unwrap_or_default());
        words.push(program.arguments.len().to_string().into());
        words.push(program.file.clone());
        words.extend(program.arguments.iter().cloned());
    }
    words
}

/// Starts the launcher of a new job, whose ranks meet this rank's over the bridge at `at`.
pub(super) fn start(at: &Job, programs: &[Program]) -> io::Result<Child> {
    let is_file = |file: &PathBuf| std::fs::metadata(file).is_ok_and(|about| about.is_file());
    let Some(launcher) = candidates().find(is_file) else {
        let text = format!(
            "the command `{NAME}` starts processes, and is neither beside this program and its MPI library nor in PATH; \
             {} may name its file",
            job::LAUNCHER
        );
        return Err(io::Error::new(io::ErrorKind::NotFound, text));
    };
    let mut command = Command::new(&launcher);
    command
        .arg(TASK)
        .args(words(programs))
        .env(job::SPAWN, at.to_string())
        .stdin(Stdio::null())
        .process_group(0);
    command.spawn().map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", launcher.display())))
}
