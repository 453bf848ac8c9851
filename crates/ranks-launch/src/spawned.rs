//! The launcher of a job that a rank has started: `MPI_Comm_spawn`.
//!
//! It is a process of its own, beside the launcher of the job that the rank belongs to. It says over the bridge between the
//! two jobs where the new one is, or why there is none, and it ends the new job when the old one ends before its time.

use crate::launch::Launch;
use crate::outcome::{Cause, StartError};
use crate::parent::Parent;
use crate::run::Control;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

/// The first argument of such a launcher. The engine, which starts it, knows it by the same name.
pub const TASK: &str = "--started-by-a-rank";

/// How long the new ranks have to end once the old job has ended before its time.
const GRACE: Duration = Duration::from_secs(1);

fn number(words: &mut dyn Iterator<Item = OsString>) -> Option<usize> {
    words.next()?.to_str()?.parse().ok()
}

/// The job, of what the engine has written: for each program the number of ranks, folder, path, number of arguments, file,
/// arguments.
fn read(words: &mut dyn Iterator<Item = OsString>) -> Option<Launch> {
    let mut launch: Option<Launch> = None;
    while let Some(ranks) = number(words) {
        let (folder, path, count) = (words.next()?, words.next()?, number(words)?);
        let file = words.next()?;
        let mut next = match launch.take() {
            None => Launch::new(file),
            Some(before) => before.and(file),
        };
        next = next.ranks(ranks).search_path(Some(path).filter(|path| !path.is_empty()));
        if !folder.is_empty() {
            next = next.folder(folder);
        }
        for _ in 0..count {
            next = next.arg(words.next()?);
        }
        launch = Some(next);
    }
    launch
}

/// Why a job did not come to the meeting, if its ranks could not be started.
fn not_started(launch: &Launch, cause: Cause) -> Option<String> {
    let Cause::NotStarted { error, folder } = cause else { return None };
    let what = if folder { "the folder cannot be entered" } else { "the program cannot be executed" };
    let file = launch.programs.first().map(|program| program.file.clone().into_vec()).unwrap_or_default();
    let why = std::io::Error::from_raw_os_error(error);
    Some(format!("{}: {what}: {}", String::from_utf8_lossy(&file), crate::outcome::reason(&why)))
}

/// Starts the job that a rank wants, and watches over it to its end. The exit code.
pub fn main(mut words: impl Iterator<Item = OsString>) -> i32 {
    let parent = match Parent::from_environment() {
        Ok(parent) => parent,
        Err(why) => {
            eprintln!("ranks: {TASK} is for the ranks of a job: {why}");
            return why.code;
        }
    };
    let Some(launch) = read(&mut words) else {
        parent.refuse("the launcher was told to start nothing: use one version of ranks throughout");
        return 2;
    };
    let process = std::process::id();
    if !parent.add_launcher(process) {
        parent.refuse(&format!("more than {} started jobs still run", ranks_shm::bounds::STARTED_JOBS));
        return 1;
    }
    let launch = launch.name("ranks: started by a rank").grace(GRACE).take_signals().of(parent.clone());
    let outcome = watched(&launch, &parent);
    let code =
        match outcome {
            Err(error) => {
                parent.refuse(&error.to_string());
                error.code
            }
            Ok(outcome) => {
                let why = outcome.failure.and_then(|failure| not_started(&launch, failure.cause));
                if !parent.is_met() {
                    parent.refuse(&why.unwrap_or_else(|| {
                        "the new processes have ended before all had initialised MPI".into()
                    }));
                }
                outcome.code
            }
        };
    parent.remove_launcher(process);
    code
}

fn watched(launch: &Launch, parent: &Parent) -> Result<crate::Outcome, StartError> {
    let no_pipe = |error| StartError::system("cannot make a pipe", &error);
    let (control, remote) = Control::pair().map_err(no_pipe)?;
    let watch = parent.clone();
    launch.run_controlled(control, None, |_| {
        // The thread ends with the process.
        std::thread::spawn(move || {
            watch.wait_for_its_end();
            if !watch.has_finished() {
                remote.terminate();
                std::thread::sleep(2 * GRACE);
                remote.kill();
            }
        });
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_engine_writes_is_read() {
        let words = ["2", "/tmp", "", "1", "a", "-n", "1", "", "/p:/q", "0", "b"];
        let launch = read(&mut words.iter().map(OsString::from)).unwrap();
        let seen: Vec<_> =
            launch.programs.iter().map(|p| (p.ranks, p.file.clone(), p.arguments.len())).collect();
        assert_eq!(seen, [(2, "a".into(), 1), (1, "b".into(), 0)]);
        assert_eq!(launch.programs[0].folder.as_deref(), Some(std::path::Path::new("/tmp")));
        assert_eq!(
            (launch.programs[0].path.clone(), launch.programs[1].path.clone()),
            (None, Some("/p:/q".into()))
        );
        assert!(read(&mut ["2", "/tmp"].iter().map(OsString::from)).is_none());
        assert!(read(&mut std::iter::empty()).is_none());
    }
}
