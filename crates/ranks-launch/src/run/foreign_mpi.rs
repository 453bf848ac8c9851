//! Ranks that use another MPI's library: when they are looked at, and what is said.

use super::Job;
use crate::report::program_name;
use crate::{environment, foreign};
use ranks_shm::life::Stage;

impl Job<'_> {
    /// Looks at the ranks that have not attached: is it because they talk to another library?
    pub(super) fn look_for_foreign(&mut self) {
        let ours = environment::library();
        let absent = |rank: &usize| self.segment.stage(*rank) == Stage::Absent;
        let alive = |rank: &usize| self.ranks[*rank].death.is_none();
        // One of each program: the others do the same.
        let mut left: Vec<usize> = (0..self.ranks.len()).filter(alive).filter(absent).collect();
        left.dedup_by_key(|rank| self.ranks[*rank].program);
        if left.is_empty() {
            return self.foreign.stop();
        }
        let found = left.iter().find_map(|&rank| {
            let rank = &self.ranks[rank];
            Some((rank.program, foreign::loaded(rank.pid, ours.as_deref())?))
        });
        if let Some((program, library)) = found {
            self.foreign.stop();
            self.say_foreign(program, &library);
        }
    }

    /// Says that a program uses another MPI.
    pub(super) fn say_foreign(&mut self, program: usize, library: &str) {
        let name = program_name(&self.launch.programs[program].file);
        let heading = format!(
            "{name} uses {library}, not libmpi.so.12 of ranks: each of its ranks will be rank 0 of 1"
        );
        let advice = "  Start it with that MPI's own mpiexec; or compile it with the mpicc of `ranks install`, or \
                      install mpi4py from PyPI, which works with either.\n";
        self.say(&heading, advice);
    }
}
