//! What this machine allows ranks to do: found out by two ranks that try.

use crate::launch::Launch;
use crate::outcome::StartError;
use crate::parse::Stdin;
use ranks_shm::Segment;
use ranks_shm::job::Job;
use ranks_shm::life::Stage;
use std::ffi::OsString;
use std::time::{Duration, Instant};

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examination {
    /// CPUs that the ranks may use: affinity and cgroup quota counted.
    pub cpus: usize,
    /// A rank may copy from another's memory.
    pub cross_memory_attach: bool,
    /// Ranks need no fence for each message.
    pub membarrier: bool,
}

/// A rank that finds its partner missing gives up after this time.
const PATIENCE: Duration = Duration::from_secs(5);

/// Starts two ranks of this very program with `arguments`; they must call [`be_examined`].
pub fn examine(arguments: &[&str]) -> Result<Examination, StartError> {
    let program =
        std::env::current_exe().map_err(|error| StartError::system("this program's own file", &error))?;
    let outcome = Launch::new(program)
        .ranks(2)
        .args(arguments.iter().map(OsString::from))
        .stdin(Stdin::None)
        .timeout(2 * PATIENCE)
        .capture()
        .run()?;
    let said = String::from_utf8_lossy(&outcome.stdout).into_owned();
    let words: Vec<&str> = said.split_whitespace().take(3).collect();
    match (outcome.code, &words[..]) {
        (0, [cpus, attach, membarrier]) => Ok(Examination {
            cpus: cpus.parse().unwrap_or(1),
            cross_memory_attach: *attach == "true",
            membarrier: *membarrier == "true",
        }),
        _ => {
            let why = String::from_utf8_lossy(&outcome.stderr).trim().to_owned();
            Err(StartError::new(1, format!("two ranks could not be tried: {why}")))
        }
    }
}

/// Why a rank could not be examined.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExamineError {
    /// This process was not started by a launcher.
    NoJob,
    /// What the launcher said of the job cannot be read.
    Job(ranks_shm::job::JobError),
    /// The memory of the job cannot be reached.
    Segment(ranks_shm::segment::AttachError),
    /// The other rank was waited for in vain.
    NobodyCame,
}

impl std::fmt::Display for ExamineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ExamineError::NoJob => f.write_str("not inside a job"),
            ExamineError::Job(why) => write!(f, "{why}"),
            ExamineError::Segment(error) => write!(f, "{error}"),
            ExamineError::NobodyCame => f.write_str("the other rank does not come"),
        }
    }
}

impl std::error::Error for ExamineError {}

/// The part of one of the two ranks. Says on standard output what it found.
pub fn be_examined() -> Result<(), ExamineError> {
    let job = Job::from_environment().map_err(ExamineError::Job)?.ok_or(ExamineError::NoJob)?;
    let segment = Segment::attach(&job).map_err(ExamineError::Segment)?;
    let other = 1 - job.rank.min(1);
    let own = 0x5ca1_ab1e_0000_0000 | u64::from(std::process::id());
    segment.claim(job.rank);
    segment.publish_cpus();
    segment.register_for_sleep();
    segment.publish_probe(job.rank, &own);
    segment.set_stage(job.rank, Stage::Attached);
    wait_for(|| segment.stage(other) != Stage::Absent)?;
    let attach = segment.probe(other).is_some();
    if job.rank == 0 {
        println!("{} {attach} {}", segment.usable_cpus(), !segment.fences());
    }
    // The value must stay where it is until the other has read it.
    segment.set_stage(job.rank, Stage::Finished);
    wait_for(|| segment.stage(other) == Stage::Finished)
}

fn wait_for(condition: impl Fn() -> bool) -> Result<(), ExamineError> {
    let began = Instant::now();
    while !condition() {
        if began.elapsed() > PATIENCE {
            return Err(ExamineError::NobodyCame);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}
