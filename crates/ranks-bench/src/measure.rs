//! Measuring one size of one operation.
//!
//! ```text
//!   warm-up:    a turn with each root, then batches of 1, 2, 4, ... turns until one takes long enough for the clock
//!   measuring:  [agree on times, barrier] [k turns, timed as a whole] [agree, barrier] [k turns] ...   until time is up
//! ```
//!
//! A batch's time is that of the slowest rank. All ranks learn it, so they agree on how long batches are and when to
//! stop without a word more.

use crate::bounds::{
    BATCH_LEAST, BATCH_MOST, BATCHES_LEAST, BATCHES_MOST, BATCHES_WANTED, TRIES, TURNS_MOST,
};
use crate::operation::Operation;
use crate::statistics::Figures;
use crate::work::Work;
use ranks::{Communicator, Result, op};
use std::time::{Duration, Instant};

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measurement {
    /// Time of a turn, in seconds.
    pub seconds: Figures,
    /// Batches that were timed.
    pub batches: usize,
    /// Turns in each.
    pub turns: u32,
}

/// A batch's time and the time since measuring began, in seconds: the slowest rank's.
struct Slowest {
    batch: f64,
    since: f64,
}

struct Batches<'c> {
    comm: &'c Communicator,
    work: Work<'c>,
    /// Turns so far: roots go on changing from batch to batch.
    turn: usize,
    begun: Instant,
}

impl Batches<'_> {
    fn run(&mut self, turns: u32) -> Result<Slowest> {
        self.comm.barrier()?;
        let begun = Instant::now();
        for _ in 0..turns {
            self.work.turn(self.turn)?;
            self.turn = self.turn.wrapping_add(1);
        }
        let mine = [begun.elapsed().as_secs_f64(), self.begun.elapsed().as_secs_f64()];
        let mut slowest = [0.0; 2];
        self.comm.all_reduce_into(&mine, &mut slowest, op::max)?;
        Ok(Slowest { batch: slowest[0], since: slowest[1] })
    }

    /// How many turns make a batch of this length.
    fn calibrate(&mut self, batch: Duration, time: Duration) -> Result<u32> {
        let mut calibration = Calibration::new(batch, time);
        loop {
            let slowest = self.run(calibration.turns)?;
            if calibration.is_over_after(&slowest) {
                return Ok(calibration.turns);
            }
        }
    }
}

/// Finds out how many turns make a batch long enough, from the times of the batches so far.
///
/// Each number of turns is tried several times and the shortest time counts, because a rank that lost its CPU makes a
/// batch look long. The number doubles until the shortest time is long enough.
struct Calibration {
    turns: u32,
    tries: usize,
    shortest: f64,
    /// The length that a batch should have, in seconds.
    batch: f64,
    /// After this time, in seconds, a batch of `BATCH_LEAST` is long enough.
    early: f64,
}

impl Calibration {
    fn new(batch: Duration, time: Duration) -> Self {
        let (batch, early) = (batch.as_secs_f64(), time.as_secs_f64() / 2.0);
        Self { turns: 1, tries: 0, shortest: f64::INFINITY, batch, early }
    }

    /// Takes the time of a batch of `turns` turns. Says whether this number of turns is the answer.
    fn is_over_after(&mut self, slowest: &Slowest) -> bool {
        self.tries += 1;
        self.shortest = self.shortest.min(slowest.batch);
        if self.tries < TRIES {
            return false;
        }
        let wanted = if slowest.since > self.early { BATCH_LEAST.as_secs_f64() } else { self.batch };
        if self.shortest >= wanted || self.turns >= TURNS_MOST {
            return true;
        }
        *self = Self { turns: self.turns * 2, tries: 0, shortest: f64::INFINITY, ..*self };
        false
    }
}

/// Measures for about `time`, and warms up for less. All ranks of `comm` call and get the same.
pub fn measure(
    comm: &Communicator,
    operation: Operation,
    bytes: usize,
    time: Duration,
) -> Result<Measurement> {
    let work = Work::new(comm, operation, bytes);
    let mut batches = Batches { comm, work, turn: 0, begun: Instant::now() };
    for _ in 0..comm.size() {
        batches.run(1)?;
    }
    batches.begun = Instant::now();
    let turns = batches.calibrate((time / BATCHES_WANTED).clamp(BATCH_LEAST, BATCH_MOST), time)?;

    batches.begun = Instant::now();
    let mut times = Vec::new();
    loop {
        let slowest = batches.run(turns)?;
        times.push(slowest.batch / f64::from(turns));
        let over = slowest.since >= time.as_secs_f64();
        if (over && times.len() >= BATCHES_LEAST) || times.len() >= BATCHES_MOST {
            break;
        }
    }
    let batches = times.len();
    let seconds = Figures::of(times).expect("there are batches");
    Ok(Measurement { seconds, batches, turns })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watchdog::watchdog;

    #[test]
    fn ranks_agree_on_what_was_measured() {
        let _dog = watchdog("measuring");
        for n in [1, 2, 3] {
            let time = Duration::from_millis(20);
            let found = ranks::threads(n, |world| measure(world, Operation::Bcast, 8, time)).unwrap();
            assert!(found.iter().all(|measurement| *measurement == found[0]), "{found:?}");
            let Measurement { seconds, batches, .. } = found[0];
            assert!(batches >= BATCHES_LEAST, "{found:?}");
            assert!(seconds.best > 0.0 && seconds.best <= seconds.median && seconds.median <= seconds.p99);
        }
    }

    /// How many turns are chosen if a turn takes `turn` seconds, each batch numbered in `late` takes 10 ms longer,
    /// batches should take 1 ms, and the measurement may take `time` seconds.
    fn turns_for(turn: f64, late: &[usize], time: f64) -> u32 {
        let mut calibration = Calibration::new(Duration::from_millis(1), Duration::from_secs_f64(time));
        let mut since = 0.0;
        for number in 0.. {
            let delay = if late.contains(&number) { 0.01 } else { 0.0 };
            let batch = turn * f64::from(calibration.turns) + delay;
            since += batch;
            if calibration.is_over_after(&Slowest { batch, since }) {
                break;
            }
        }
        calibration.turns
    }

    #[test]
    fn batches_are_long_enough_although_a_rank_loses_its_cpu() {
        assert_eq!(turns_for(1e-6, &[], 1.0), 1024);
        assert_eq!(turns_for(1e-6, &[0], 1.0), 1024);
        assert_eq!(turns_for(1e-6, &[0, 1, 4, 5, 8], 1.0), 1024);
        // Half of the time is over at once: the least length has to do, and it is kept.
        assert_eq!(turns_for(1e-6, &[0, 1], 0.02), 64);
        assert_eq!(turns_for(0.5, &[], 0.02), 1);
    }

    #[test]
    fn time_that_is_over_at_once_still_gives_a_median() {
        let _dog = watchdog("measuring without time");
        let time = Duration::from_nanos(1);
        let found = ranks::threads(2, |world| measure(world, Operation::Alltoall, 1 << 20, time)).unwrap();
        assert!(found[0].batches >= BATCHES_LEAST, "{found:?}");
    }
}
