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
    fn the_processes_above() {
        let above: Vec<u32> = ancestors().collect();
        let parent = std::os::unix::process::parent_id();
        assert!(parent <= 1 || above[0] == parent, "{above:?}");
        assert!(!is_ancestor(std::process::id()) && above.iter().all(|&pid| is_ancestor(pid)));
    }
}
