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

    /// How many turns make a batch of this length. Over early when half of the time is spent.
    fn calibrate(&mut self, batch: Duration, time: Duration) -> Result<u32> {
        let mut turns = 1;
        loop {
            let mut shortest = f64::INFINITY;
            for _ in 0..TRIES {
                let slowest = self.run(turns)?;
                shortest = shortest.min(slowest.batch);
                if slowest.since > time.as_secs_f64() / 2.0 && shortest >= BATCH_LEAST.as_secs_f64() {
                    return Ok(turns);
                }
            }
            if shortest >= batch.as_secs_f64() || turns >= TURNS_MOST {
                return Ok(turns);
            }
            turns *= 2;
        }
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
    fn ranks_agree_and_batches_are_long_enough_for_the_clock() {
        let _dog = watchdog("measuring");
        for n in [1, 2, 3] {
            let time = Duration::from_millis(20);
            let found = ranks::threads(n, |world| measure(world, Operation::Bcast, 8, time)).unwrap();
            assert!(found.iter().all(|measurement| *measurement == found[0]), "{found:?}");
            let Measurement { seconds, batches, turns } = found[0];
            assert!(batches >= BATCHES_LEAST, "{found:?}");
            assert!(seconds.best > 0.0 && seconds.best <= seconds.median && seconds.median <= seconds.p99);
            // The median batch; the length was calibrated, perhaps under other load.
            let batch = seconds.median * f64::from(turns);
            assert!(batch > BATCH_LEAST.as_secs_f64() / 4.0, "{found:?}");
        }
    }

    #[test]
    fn time_that_is_over_at_once_still_gives_a_median() {
        let _dog = watchdog("measuring without time");
        let time = Duration::from_nanos(1);
        let found = ranks::threads(2, |world| measure(world, Operation::Alltoall, 1 << 20, time)).unwrap();
        assert!(found[0].batches >= BATCHES_LEAST, "{found:?}");
    }
}
