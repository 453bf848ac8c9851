//! The environment of a rank.

use crate::parse::{Environment, Pass};
use ranks_shm::job::{self, Job};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Variables by name.
pub type Variables = BTreeMap<OsString, OsString>;

/// The name of the library for programs of the MPICH ABI.
const LIBRARY: &str = "libmpi.so.12";

/// What the ranks of one program have in common. What is said for a program goes before what is said for all.
pub fn assemble(all: &Environment, program: &Environment, library: Option<&Path>) -> Variables {
    let own = || std::env::vars_os().filter(|(name, _)| !is_of_a_job(name));
    let pass = if program.pass == Pass::Unsaid { &all.pass } else { &program.pass };
    let mut variables: Variables = match pass {
        Pass::Unsaid | Pass::All => own().collect(),
        Pass::None => Variables::new(),
        Pass::Except(names) => own().filter(|(name, _)| !names.contains(name)).collect(),
        Pass::List(names) => own().filter(|(name, _)| names.contains(name)).collect(),
    };
    for (name, value) in all.set.iter().chain(&program.set) {
        match value.clone().or_else(|| std::env::var_os(name)) {
            Some(value) => drop(variables.insert(name.clone(), value)),
            None => drop(variables.remove(name)),
        }
    }
    if let Some(library) = library {
        name_library(&mut variables, library);
    }
    variables
}

/// Says which of the launcher's standard streams are terminals, as in `out,error`: a rank's own are pipes, and
/// a program that draws progress or tables wants to know.
pub const TERMINAL: &str = "RANKS_TERMINAL";

/// Names under which the launchers of others tell a rank its number: programs that pass no messages themselves
/// (scripts, frameworks) ask for these.
const RANK_ELSEWHERE: [&str; 4] =
    ["PMI_RANK", "MPI_LOCALRANKID", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_RANK"];

/// Names under which the launchers of others tell the number of ranks.
const SIZE_ELSEWHERE: [&str; 4] =
    ["PMI_SIZE", "MPI_LOCALNRANKS", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"];

/// Where the launcher of MPICH listens. Beside our `PMI_RANK` it would be asked for a rank of another job.
const OTHERS_LAUNCHER: [&str; 3] = ["PMI_FD", "PMI_PORT", "PMI_ID"];

/// What one rank is told.
pub struct Told {
    /// Its job and its number.
    pub job: Job,
    /// How many ranks there are.
    pub size: usize,
    /// The number of its program on the command line.
    pub program: usize,
    /// How many ranks there is room for.
    pub universe: usize,
    /// The bridge to the ranks that have started the job.
    pub parent: Option<Job>,
}

/// The variables of one rank: those that all have in common, and those that only this rank is told.
pub fn for_rank(common: &Variables, told: &Told) -> Variables {
    let mut variables = common.clone();
    let mut tell = |name: &str, value: String| drop(variables.insert(name.into(), value.into()));
    let (rank, size) = (told.job.rank.to_string(), told.size.to_string());
    let values = [
        told.job.to_string(),
        rank.clone(),
        size.clone(),
        told.program.to_string(),
        told.universe.to_string(),
    ];
    job::JOB_VARIABLES.into_iter().zip(values).for_each(|(name, value)| tell(name, value));
    if let Some(bridge) = told.parent {
        tell(job::PARENT, bridge.to_string());
    }
    if let Some(launcher) = own_file() {
        tell(job::LAUNCHER, launcher);
    }
    RANK_ELSEWHERE.into_iter().for_each(|name| tell(name, rank.clone()));
    SIZE_ELSEWHERE.into_iter().for_each(|name| tell(name, size.clone()));
    variables
}

/// The file of this launcher, where it is the command that ranks can start jobs with: not every program that starts ranks is.
fn own_file() -> Option<String> {
    let file = std::env::current_exe().ok()?;
    let known = ["ranks", "mpiexec", "mpirun"].iter().any(|name| file.file_name() == Some(OsStr::new(name)));
    file.to_str().filter(|_| known).map(str::to_owned)
}

/// True in a rank of a job, and in what a rank has started.
pub fn inside_job() -> bool {
    std::env::var_os(job::VARIABLE).is_some()
}

fn is_of_a_job(name: &OsStr) -> bool {
    let all = [&job::JOB_VARIABLES[..], &RANK_ELSEWHERE, &SIZE_ELSEWHERE, &OTHERS_LAUNCHER];
    all.into_iter().flatten().any(|variable| name == *variable)
}

/// Lets programs and Python's mpi4py find our library before any other. Both variables are needed: mpi4py
/// asks the loader only after it has looked into its own environment.
fn name_library(variables: &mut Variables, library: &Path) {
    let Some(folder) = library.parent() else { return };
    let path = variables.entry("LD_LIBRARY_PATH".into()).or_default();
    let mut folders: Vec<PathBuf> =
        std::env::split_paths(&*path).filter(|p| !p.as_os_str().is_empty()).collect();
    if folders.first().map(PathBuf::as_path) != Some(folder) {
        folders.insert(0, folder.to_owned());
        if let Ok(joined) = std::env::join_paths(folders) {
            *path = joined;
        }
    }
    variables.entry("MPI4PY_LIBMPI".into()).or_insert_with(|| library.into());
}

/// Where `libmpi.so.12` is: `lib` beside this program (a build) or beside its folder (an installation). A wheel has it in
/// `lib/ranks`: in an environment of Python, the place in `lib` may be another MPI's.
pub fn library() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let folder = program.parent()?;
    let prefix = folder.parent().unwrap_or(folder);
    let candidates = [folder.join("lib"), prefix.join("lib/ranks"), prefix.join("lib")];
    candidates.into_iter().map(|folder| folder.join(LIBRARY)).find(|file| file.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_last_counts_and_jobs_do_not_nest() {
        let set = |name: &str, value: &str| (OsString::from(name), Some(OsString::from(value)));
        let all = Environment { pass: Pass::None, set: vec![set("A", "1"), set("B", "2")] };
        let program = Environment { pass: Pass::Unsaid, set: vec![set("B", "3")] };
        let variables = assemble(&all, &program, None);
        assert_eq!(variables.len(), 2);
        assert_eq!(variables[OsStr::new("B")], "3");
        assert!(is_of_a_job(OsStr::new("RANKS_JOB")) && !is_of_a_job(OsStr::new("RANKS_CPUS")));
        let job = Job { launcher: 7, descriptor: 3, nonce: 1, rank: 2 };
        let told = for_rank(
            &variables,
            &Told { job, size: 4, program: 1, universe: 8, parent: Some(Job { rank: 0, ..job }) },
        );
        for (name, value) in [
            ("RANKS_SIZE", "4"),
            ("RANKS_APPNUM", "1"),
            ("RANKS_UNIVERSE", "8"),
            ("PMI_RANK", "2"),
            ("PMI_SIZE", "4"),
            ("MPI_LOCALRANKID", "2"),
            ("MPI_LOCALNRANKS", "4"),
            ("OMPI_COMM_WORLD_RANK", "2"),
            ("OMPI_COMM_WORLD_SIZE", "4"),
            ("OMPI_COMM_WORLD_LOCAL_RANK", "2"),
            ("OMPI_COMM_WORLD_LOCAL_SIZE", "4"),
        ] {
            assert_eq!(told[OsStr::new(name)], value, "{name}");
            assert!(is_of_a_job(OsStr::new(name)), "{name} would reach nested jobs");
        }
        assert_eq!(told[OsStr::new("RANKS_JOB")], "1:7:3:1:2");
        assert_eq!(told[OsStr::new("RANKS_PARENT")], "1:7:3:1:0");
        assert!(is_of_a_job(OsStr::new("RANKS_PARENT")) && is_of_a_job(OsStr::new("RANKS_SPAWN")));
    }

    #[test]
    fn the_library_is_named_once() {
        let mut variables = Variables::new();
        variables.insert("LD_LIBRARY_PATH".into(), "/other".into());
        for _ in 0..2 {
            name_library(&mut variables, Path::new("/p/lib/libmpi.so.12"));
        }
        assert_eq!(variables[OsStr::new("LD_LIBRARY_PATH")], "/p/lib:/other");
        assert_eq!(variables[OsStr::new("MPI4PY_LIBMPI")], "/p/lib/libmpi.so.12");
    }
}
