//! Threads that wait: MPI 5.0 section 11.6, `MPI_THREAD_MULTIPLE`.
//!
//! - One waiting thread is the *pilot*. It looks, inside the engine and with the lock, for as long as a wait of a
//!   single thread would look before it sleeps; a thread that wants the lock interrupts it, and it gives way.
//! - A pilot that would sleep lets go of the lock, and sleeps on the rank's word in the rank's place. So threads that
//!   only look in find the lock free, and disturb nobody.
//! - Other threads that must wait leave word in [`Waiters`] what for, and park. The pilot looks at their
//!   conditions too and wakes those that are met; so does every other call, before it gives the lock back, since it
//!   may have taken in what they wait for ([`Waiters::after_call`]).
//! - A pilot that is done hands over to one of the parked threads.
//!
//! So any number of waiting threads cost one sleeper, and nobody polls.

use crate::block::do_work;
use crate::failure::{Failure, Result};
use crate::global;
use crate::process::Process;
use ranks_engine::{Call, CommId, RequestId, ShmEngine, Work};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;

/// What a thread waits for.
#[derive(Clone, Debug)]
pub enum Condition {
    /// All of the requests, or any of them; in which call.
    Requests(Vec<RequestId>, bool, Call),
    /// A message that a probe, or a matched probe, would find: the call, the source, the tag.
    Message(Call, i32, i32, CommId),
}

impl Condition {
    /// Met, or so wrong that waiting makes no sense: whoever waits then finds out what it is.
    pub fn holds(&self, engine: &mut ShmEngine) -> bool {
        match self {
            Condition::Requests(ids, all, _) => engine.is_settled(ids, *all),
            &Condition::Message(_, source, tag, comm) => {
                !matches!(engine.iprobe(source, tag, comm), Ok(None))
            }
        }
    }

    /// Waits inside the engine for this alone; false when interrupted.
    fn wait(&self, engine: &mut ShmEngine) -> Result<bool> {
        match self {
            Condition::Requests(ids, all, call) => Ok(engine.wait_interruptible(*call, ids, *all)?),
            &Condition::Message(call, source, tag, comm) => {
                Ok(engine.probe_interruptible(call, source, tag, comm)?.is_some())
            }
        }
    }
}

/// A parked thread.
struct Waiter {
    condition: Condition,
    thread: Thread,
    /// Set when it shall look again: its condition holds, or it is to be the pilot.
    called: Arc<AtomicBool>,
}

impl Waiter {
    fn call(&self) {
        self.called.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Who waits, and whether somebody does so for all.
#[derive(Default)]
pub struct Waiters {
    pilot: bool,
    /// What the pilot waits for, while it sleeps outside of the engine.
    asleep: Option<Condition>,
    parked: Vec<Waiter>,
}

impl Waiters {
    /// True when some thread waits without holding the lock: then [`Self::after_call`] has something to do.
    #[inline(always)]
    pub fn any(&self) -> bool {
        self.asleep.is_some() || !self.parked.is_empty()
    }

    /// Wakes those whose condition holds, after a call that may have taken in what they wait for.
    #[cold]
    pub fn after_call(&mut self, engine: &mut ShmEngine) {
        self.call_the_met(engine);
        let Some(condition) = &self.asleep else { return };
        // Work can be done by a waiting thread alone; and a wait inside the engine takes announcements back.
        if condition.holds(engine) || engine.has_work() || engine.is_unannounced() {
            self.asleep = None;
            engine.wake_handle().rouse();
        }
    }

    fn call_the_met(&mut self, engine: &mut ShmEngine) {
        self.parked.retain(|waiter| {
            let met = waiter.condition.holds(engine);
            if met {
                waiter.call();
            }
            !met
        });
    }

    /// The pilot goes; one of the others takes over.
    fn hand_over(&mut self) {
        self.pilot = false;
        if let Some(next) = self.parked.pop() {
            next.call();
        }
    }
}

/// What one round of waiting came to.
enum Round {
    Met,
    Interrupted,
    Sleep,
    Work(Work),
    Parked(Arc<AtomicBool>),
}

/// One round, with the lock. `piloting`: this thread is the pilot, back from an interruption or a sleep.
fn round(process: &mut Process, condition: &Condition, piloting: &mut bool) -> Result<Round> {
    let Process { engine, waiters, .. } = process;
    if !*piloting && waiters.pilot {
        engine.progress();
        if condition.holds(engine) {
            return Ok(Round::Met);
        }
        let called = Arc::new(AtomicBool::new(false));
        let thread = std::thread::current();
        waiters.parked.push(Waiter { condition: condition.clone(), thread, called: called.clone() });
        return Ok(Round::Parked(called));
    }
    waiters.pilot = true;
    waiters.asleep = None;
    *piloting = true;
    // Of a collective that went on as a request instead of sleeping.
    engine.is_to_sleep();
    let outcome = if waiters.parked.is_empty() {
        condition.wait(engine)
    } else {
        let check = |engine: &mut ShmEngine| {
            let met = condition.holds(engine);
            (met || waiters.parked.iter().any(|waiter| waiter.condition.holds(engine))).then_some(met)
        };
        match engine.wait_for_condition(Call::Waitany, check) {
            Ok(met) => Ok(met.unwrap_or(false)),
            Err(error) => Err(Failure::from(error)),
        }
    };
    waiters.call_the_met(engine);
    if matches!(outcome, Ok(true) | Err(_)) {
        engine.clear_wait();
    }
    if !matches!(outcome, Ok(false)) {
        waiters.hand_over();
        *piloting = false;
    }
    if outcome? {
        return Ok(Round::Met);
    }
    let to_sleep = engine.is_to_sleep();
    if !to_sleep {
        engine.clear_wait();
    }
    if let Some(work) = engine.take_work() {
        // What it runs may wait itself, so somebody else must be able to.
        waiters.hand_over();
        *piloting = false;
        return Ok(Round::Work(work));
    }
    if to_sleep {
        waiters.asleep = Some(condition.clone());
        return Ok(Round::Sleep);
    }
    Ok(Round::Interrupted)
}

/// Waits until a condition holds.
pub fn wait_for(condition: &Condition) -> Result<()> {
    let mut piloting = false;
    loop {
        match global::with(|process| round(process, condition, &mut piloting))? {
            Round::Met => return Ok(()),
            Round::Interrupted => global::give_way(),
            Round::Sleep => {
                global::sleep();
                global::with(|process| process.engine.stay_awake());
            }
            Round::Work(work) => do_work(work),
            Round::Parked(called) => {
                while !called.load(Ordering::Acquire) {
                    std::thread::park();
                }
            }
        }
    }
}
