//! `--checkpoint FILE`: what the same command needs to go on where it stopped.
//!
//! The file says which lines have their record in the output file, and how long that was then. It is replaced as a
//! whole, after the records are in the output file: so that file is never shorter than the checkpoint says, and what is
//! longer is cut off when the job goes on, or, in a database, written again under the same line number. Whatever the
//! moment of a kill, each line has one record in the end.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Instant, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::runs::Runs;
use super::summary::Summary;
use crate::bounds::CHECKPOINT_EVERY;
use crate::error::{Error, NotSaved};

const VERSION: u32 = 1;

/// What the file holds, as JSON.
#[derive(Serialize, Deserialize)]
struct State {
    version: u32,
    command: Command,
    /// Lines whose records are in the output.
    done: Runs,
    /// Bytes of output with them.
    length: u64,
    summary: Summary,
}

/// Which job it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Command {
    /// Name, bytes and time of change of each input; of what is no file, the name.
    inputs: Vec<(String, u64, u64)>,
    output: String,
}

impl Command {
    pub(super) fn of(inputs: &[String], output: &Path) -> Command {
        let mark = |name: &String| {
            let data = fs::metadata(name).ok().filter(fs::Metadata::is_file);
            let changed = data.as_ref().and_then(|data| data.modified().ok());
            let since = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            let seconds = since.map_or(0, |time| time.as_nanos() as u64);
            (name.clone(), data.map_or(0, |data| data.len()), seconds)
        };
        Command { inputs: inputs.iter().map(mark).collect(), output: output.display().to_string() }
    }
}

/// A checkpoint being kept.
pub(super) struct Checkpoint {
    path: PathBuf,
    state: State,
    saved: Instant,
    /// Something was done since.
    changed: bool,
}

impl Checkpoint {
    /// Reads the file, if there is one.
    pub(super) fn open(path: &Path, command: Command) -> Result<Checkpoint, Error> {
        let name = path.display();
        let state = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let (done, summary) = (Runs::default(), Summary::default());
                State { version: VERSION, command, done, length: 0, summary }
            }
            Err(error) => {
                return Err(Error::Checkpoint(format!("cannot read the checkpoint {name}: {error}")));
            }
            Ok(bytes) => {
                let state: State = serde_json::from_slice(&bytes).map_err(|error| {
                    Error::Checkpoint(format!("{name} is no checkpoint of ranks fetch: {error}"))
                })?;
                if state.version != VERSION {
                    let what = format!("the checkpoint {name} is of another version of ranks fetch");
                    return Err(Error::Checkpoint(what));
                }
                if state.command != command {
                    return Err(Error::Checkpoint(format!(
                        "the checkpoint {name} is of another job, or the input has changed since; \
                         remove it to begin anew"
                    )));
                }
                state
            }
        };
        Ok(Checkpoint { path: path.to_owned(), state, saved: Instant::now(), changed: false })
    }

    /// Bytes of output that count; what comes after is of records that will be written again.
    pub(super) fn length(&self) -> u64 {
        self.state.length
    }

    /// What came before.
    pub(super) fn summary(&self) -> Summary {
        self.state.summary.clone()
    }

    pub(super) fn has(&self, line: u64) -> bool {
        self.state.done.contains(line)
    }

    /// The record of a line was given to the output.
    pub(super) fn mark(&mut self, line: u64) {
        self.state.done.insert(line);
        self.changed = true;
    }

    pub(super) fn is_due(&self) -> bool {
        self.changed && self.saved.elapsed() >= CHECKPOINT_EVERY
    }

    /// Writes the file. All records marked must be in the output, which is `length` bytes long.
    pub(super) fn save(&mut self, length: u64, summary: Summary) -> io::Result<()> {
        (self.state.length, self.state.summary) = (length, summary);
        let mut part = self.path.clone().into_os_string();
        part.push(".part");
        let replace = || {
            let mut file = fs::File::create(&part)?;
            file.write_all(&serde_json::to_vec(&self.state)?)?;
            file.sync_data()?;
            fs::rename(&part, &self.path)
        };
        replace().map_err(|error| {
            let _ = fs::remove_file(&part);
            io::Error::other(NotSaved { path: self.path.clone(), error })
        })?;
        (self.saved, self.changed) = (Instant::now(), false);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;
    use crate::{Failure, FailureKind};

    #[test]
    fn a_checkpoint_that_cannot_be_written_is_named() {
        let path = Path::new("/no/such/folder/checkpoint");
        let mut checkpoint = Checkpoint::open(path, Command::of(&[], Path::new("out"))).unwrap();
        let error = crate::Error::from(checkpoint.save(0, Summary::default()).unwrap_err());
        assert!(
            error.to_string().starts_with("cannot write the checkpoint /no/such/folder/checkpoint: "),
            "{error}"
        );
    }

    #[test]
    fn what_was_saved_is_read_again_by_the_same_command_only() {
        let folder = std::env::temp_dir().join(format!("ranks-checkpoint-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (path, list) = (folder.join("c"), folder.join("list"));
        fs::write(&list, "http://a\n").unwrap();
        let inputs = [list.display().to_string()];
        let command = || Command::of(&inputs, Path::new("out"));
        let mut first = Checkpoint::open(&path, command()).unwrap();
        let mut summary = Summary::default();
        summary.count(&Record::untried(3, "http://a/".into(), Failure::new(FailureKind::Dns, "")));
        [3, 1, 2].into_iter().for_each(|line| first.mark(line));
        first.save(77, summary.clone()).unwrap();

        let second = Checkpoint::open(&path, command()).unwrap();
        assert!(second.has(1) && second.has(3) && !second.has(4) && !second.is_due());
        assert_eq!((second.length(), second.summary().failed()), (77, 1));
        assert_eq!(second.summary().statuses, summary.statuses);

        let wrong = |command| Checkpoint::open(&path, command).err().expect("an error").to_string();
        assert!(wrong(Command::of(&inputs, Path::new("other"))).contains("another job"));
        fs::write(&list, "http://a\nhttp://b\n").unwrap();
        assert!(wrong(command()).contains("remove it to begin anew"));
        fs::write(&path, "{").unwrap();
        assert!(wrong(command()).contains("no checkpoint"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
