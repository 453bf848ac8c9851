//! Programs that run alone though they were started within a job: what can be told of it by looking at the processes that
//! started them.
//!
//! A program that a rank's own MPI program starts is meant to run alone, and so is one under `env -u RANKS_JOB`, which
//! keeps the other variables of the job. Nothing is said of these.

use crate::job::{JOB_VARIABLES, Job, VARIABLE};
use crate::segment::Segment;
use std::fs;

/// How many processes above this one are looked at.
const GENERATIONS: usize = 64;

/// The processes above this one, the nearest first.
fn ancestors() -> impl Iterator<Item = u32> {
    // Field 4 of the line; the name in field 2 may hold anything, and ends with the last bracket.
    let parent = |pid: &u32| {
        let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let parent = line.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()?;
        (parent > 1).then_some(parent)
    };
    std::iter::successors(Some(std::process::id()), parent).skip(1).take(GENERATIONS)
}

/// True if process `pid` started this one, or started a process that did.
pub fn is_ancestor(pid: u32) -> bool {
    ancestors().any(|above| above == pid)
}

/// The job that a process was started in, by its environment.
fn job_of(pid: u32) -> Option<Job> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let name = [VARIABLE.as_bytes(), b"="].concat();
    let value = environment.split(|&byte| byte == 0).find_map(|pair| pair.strip_prefix(&name[..]))?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// What is to be said of a program that has no job, in the environment of a rank that lost its variables.
pub fn without_job() -> Option<String> {
    if JOB_VARIABLES.iter().any(|name| std::env::var_os(name).is_some()) {
        return None;
    }
    let job = ancestors().find_map(job_of)?;
    let segment = Segment::attach(&job).ok().filter(|segment| job.rank < segment.ranks())?;
    let first = segment.claimed_by(job.rank);
    if first.is_some_and(is_ancestor) {
        return None;
    }
    Some(format!(
        "ranks: process {} runs alone, as rank 0 of 1: it was started in the place of rank {} of a job, but without \
         {VARIABLE} in its environment (env -i, sudo and others remove it); under `env -u {VARIABLE}` it runs alone \
         without this line",
        std::process::id(),
        job.rank
    ))
}

/// What other launchers say to the processes that they start: how many there are, which one this is, and whose launcher
/// it is.
const OTHER_LAUNCHERS: [(&str, &str, &str); 2] = [
    ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "Open MPI"),
    ("PMI_SIZE", "PMI_RANK", "MPICH or Intel MPI"),
];

/// What is to be said of a program that another MPI's launcher has started several times. The first of the processes
/// says it.
pub fn under_another_launcher() -> Option<String> {
    if JOB_VARIABLES.iter().any(|name| std::env::var_os(name).is_some()) {
        return None;
    }
    another_launcher(|name| std::env::var(name).ok()?.parse().ok())
}

fn another_launcher(number: impl Fn(&str) -> Option<u64>) -> Option<String> {
    let (size, _, whose) = OTHER_LAUNCHERS
        .into_iter()
        .find_map(|(size, rank, whose)| Some((number(size)?, number(rank)?, whose)))
        .filter(|&(size, rank, _)| size > 1 && rank == 0)?;
    Some(format!(
        "ranks: each of the {size} processes runs alone, as rank 0 of 1: the mpiexec of {whose} has started them, and this \
         program uses the library of ranks; start it with `ranks run -n {size}`, or with the mpiexec that stands beside `ranks`"
    ))
}

/// What is to be said of a program in the place of a rank that another process, which still runs, has taken.
pub fn beside(first: u32, rank: usize) -> Option<String> {
    if is_ancestor(first) {
        return None;
    }
    Some(format!(
        "ranks: process {} runs alone, as rank 0 of 1: process {first} is rank {rank} of this job and still runs; give \
         each program an mpiexec of its own, or start this one under `env -u {VARIABLE}` to run it alone without this line",
        std::process::id()
    ))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn another_mpis_launcher_is_named_once() {
        let told = |variables: &[(&str, u64)]| {
            another_launcher(|name| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
            })
        };
        let line = told(&[("OMPI_COMM_WORLD_SIZE", 3), ("OMPI_COMM_WORLD_RANK", 0)]).unwrap();
        assert!(
            line.contains("each of the 3 processes runs alone") && line.contains("of Open MPI"),
            "{line}"
        );
        assert!(told(&[("PMI_SIZE", 2), ("PMI_RANK", 0)]).unwrap().contains("of MPICH or Intel MPI"));
        assert_eq!(told(&[("PMI_SIZE", 2), ("PMI_RANK", 1)]), None, "the first one says it");
        assert_eq!(told(&[("PMI_SIZE", 1), ("PMI_RANK", 0)]), None, "it runs alone, as was asked");
        assert_eq!(told(&[]), None);
    }

    #[test]
    fn the_processes_above() {
        let above: Vec<u32> = ancestors().collect();
        let parent = std::os::unix::process::parent_id();
        assert!(parent <= 1 || above[0] == parent, "{above:?}");
        assert!(!is_ancestor(std::process::id()) && above.iter().all(|&pid| is_ancestor(pid)));
    }
}
