//! Waiting, so that other threads can call meanwhile.
//!
//! Below `MPI_THREAD_MULTIPLE` a wait is the engine's own. At `MPI_THREAD_MULTIPLE`:
//!
//! - One waiting thread is the *pilot*: it waits inside the engine, with the lock, asleep if it is long.
//!   A thread that wants the lock interrupts it; the pilot lets go, gives way, and comes back.
//! - Other threads that must wait leave word in [`Waiters`] what for, and park. The pilot looks at their
//!   conditions too and wakes those that are met.
//! - A pilot that is done hands over to one of the parked threads.
//!
//! So any number of waiting threads cost one sleeper, and nobody polls.
//!
//! A reduction with a function of the program is done here too, without the lock, by whichever thread waits
//! when a collective comes to it. While such a collective is under way every wait is in steps, at any
//! thread level.

use crate::datatype::Buffer;
use crate::failure::{Failure, Result};
use crate::global;
use crate::process::Process;
use ranks_engine::datatype::Elements;
use ranks_engine::{Call, CommId, Mode, RecvBuf, RequestId, SendBuf, ShmEngine, Status, Work};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;

/// What a thread waits for.
#[derive(Clone, Debug)]
enum Condition {
    /// All of the requests, or any of them; in which call.
    Requests(Vec<RequestId>, bool, Call),
    /// A message that a probe would find.
    Message(i32, i32, CommId),
}

impl Condition {
    /// Met, or so wrong that waiting makes no sense: whoever waits then finds out what it is.
    fn holds(&self, engine: &mut ShmEngine) -> bool {
        match self {
            Condition::Requests(ids, all, _) => engine.is_settled(ids, *all),
            &Condition::Message(source, tag, comm) => !matches!(engine.iprobe(source, tag, comm), Ok(None)),
        }
    }

    /// Waits inside the engine for this alone; false when interrupted.
    fn wait(&self, engine: &mut ShmEngine) -> Result<bool> {
        match self {
            Condition::Requests(ids, all, call) => Ok(engine.wait_interruptible(*call, ids, *all)?),
            &Condition::Message(source, tag, comm) => {
                Ok(engine.probe_interruptible(source, tag, comm)?.is_some())
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

/// Who waits, and whether somebody does so inside the engine.
#[derive(Default)]
pub struct Waiters {
    pilot: bool,
    parked: Vec<Waiter>,
}

impl Waiters {
    /// Wakes those whose condition holds.
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

impl Waiter {
    fn call(&self) {
        self.called.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// What one round of waiting came to.
enum Round {
    Met,
    Interrupted,
    Work(Work),
    Parked(Arc<AtomicBool>),
}

/// One round, with the lock. `piloting`: this thread is the pilot, back from an interruption.
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
    *piloting = true;
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
    if !matches!(outcome, Ok(false)) {
        waiters.hand_over();
        *piloting = false;
    }
    if outcome? {
        return Ok(Round::Met);
    }
    let Some(work) = engine.take_work() else { return Ok(Round::Interrupted) };
    // What it runs may wait itself, so somebody else must be able to.
    waiters.hand_over();
    *piloting = false;
    Ok(Round::Work(work))
}

/// Does a reduction of the program's own.
fn do_work(work: Work) {
    work.run();
    global::with(|process| process.engine.work_done(work));
}

/// Does what reductions there are to do: for calls that make progress and do not wait.
pub fn work() {
    while let Some(work) = global::with(|process| {
        let engine = &mut process.engine;
        if engine.defers() {
            engine.progress();
        }
        engine.take_work()
    }) {
        do_work(work);
    }
}

/// Does all of it inside the engine, where nobody else can want in and nothing else may have to be done
/// meanwhile.
#[inline(always)]
fn at_once<R>(wait: impl FnOnce(&mut ShmEngine) -> ranks_engine::Result<R>) -> Option<Result<R>> {
    if global::multiple() {
        return None;
    }
    let outcome = global::with(|process| {
        let engine = &mut process.engine;
        (!engine.defers()).then(|| wait(engine))
    });
    Some(outcome?.map_err(Failure::from))
}

fn wait_for(condition: &Condition) -> Result<()> {
    let mut piloting = false;
    loop {
        match global::with(|process| round(process, condition, &mut piloting))? {
            Round::Met => return Ok(()),
            Round::Interrupted => global::give_way(),
            Round::Work(work) => do_work(work),
            Round::Parked(called) => {
                while !called.load(Ordering::Acquire) {
                    std::thread::park();
                }
            }
        }
    }
}

/// Waits until all (or any) of the requests are done; completes none.
pub fn wait(call: Call, ids: &[RequestId], all: bool) -> Result<()> {
    // Nobody interrupts below MPI_THREAD_MULTIPLE.
    if let Some(outcome) = at_once(|engine| engine.wait_interruptible(call, ids, all)) {
        return outcome.map(|_| ());
    }
    // Mostly nothing is left to wait for.
    if global::with(|process| {
        process.engine.progress();
        Condition::Requests(ids.to_vec(), all, call).holds(&mut process.engine)
    }) {
        return Ok(());
    }
    wait_for(&Condition::Requests(ids.to_vec(), all, call))
}

/// Waits for a request and completes it.
pub fn finish(call: Call, id: RequestId) -> Result<Status> {
    if let Some(outcome) = at_once(|engine| engine.wait_as(call, id)) {
        return outcome;
    }
    loop {
        if let Some(status) = global::with(|process| process.engine.test(id))? {
            return Ok(status);
        }
        wait_for(&Condition::Requests(vec![id], true, call))?;
    }
}

/// A collective of the engine: what it leaves undone is waited for here.
pub fn collective(blocking: impl FnOnce(&mut ShmEngine) -> ranks_engine::Result<()>) -> Result<()> {
    let (outcome, rest) = global::with(|process| {
        let outcome = blocking(&mut process.engine);
        (outcome, process.engine.take_rest())
    });
    match (outcome, rest) {
        (Err(interrupted), Some(rest)) => finish(interrupted.call(), rest).map(|_| ()),
        (outcome, _) => Ok(outcome?),
    }
}

/// Sends and receives at the same time.
pub fn sendrecv(
    (send, dest, send_tag): (Buffer<SendBuf>, i32, i32),
    (recv, source, recv_tag): (Buffer<RecvBuf>, i32, i32),
    comm: CommId,
) -> Result<Status> {
    if let (&Buffer::Row(send), &Buffer::Row(recv)) = (&send, &recv)
        && let Some(outcome) =
            at_once(|engine| engine.sendrecv(send, dest, send_tag, recv, source, recv_tag, comm))
    {
        return outcome;
    }
    let (receiving, sending) = global::with(|process| {
        let engine = &mut process.engine;
        let receiving = recv.irecv(engine, source, recv_tag, comm)?;
        match send.isend(engine, Mode::Standard, dest, send_tag, comm) {
            Ok(sending) => Ok((receiving, sending)),
            Err(error) => {
                // The receive goes with the send: nobody would ever wait for it.
                engine.cancel(receiving)?;
                engine.request_free(receiving)?;
                Err(Failure::from(error))
            }
        }
    })?;
    let received = finish(Call::Sendrecv, receiving);
    finish(Call::Sendrecv, sending)?;
    received
}

/// Sends.
#[inline]
pub fn send(mode: Mode, buf: SendBuf, dest: i32, tag: i32, comm: CommId) -> Result<()> {
    if let Some(outcome) = at_once(|engine| engine.send(mode, buf, dest, tag, comm)) {
        return outcome;
    }
    let begun = global::with(|process| {
        let engine = &mut process.engine;
        // A buffered send never waits.
        if mode == Mode::Buffered {
            return engine.send(mode, buf, dest, tag, comm).map(|()| None);
        }
        if engine.send_at_once(mode, buf, dest, tag, comm)? {
            return Ok(None);
        }
        let id = engine.isend(mode, buf, dest, tag, comm)?;
        Ok(engine.test(id)?.is_none().then_some(id))
    })?;
    begun.map_or(Ok(()), |id| finish(mode.call(), id).map(|_| ()))
}

/// Sends elements that do not lie in a row.
pub fn send_elements(mode: Mode, elements: Elements, dest: i32, tag: i32, comm: CommId) -> Result<()> {
    if let Some(outcome) = at_once(|engine| engine.send_elements(mode, &elements, dest, tag, comm)) {
        return outcome;
    }
    let id = global::with(|process| process.engine.isend_elements(mode, elements, dest, tag, comm))?;
    finish(mode.call(), id).map(|_| ())
}

/// Receives.
#[inline]
pub fn recv(buf: RecvBuf, source: i32, tag: i32, comm: CommId) -> Result<Status> {
    if let Some(outcome) = at_once(|engine| engine.recv(buf, source, tag, comm)) {
        return outcome;
    }
    let begun = global::with(|process| {
        let engine = &mut process.engine;
        if let Some(begun) = engine.recv_at_once(buf, source, tag, comm)? {
            return Ok::<_, Failure>(begun);
        }
        let id = engine.irecv(buf, source, tag, comm)?;
        Ok(engine.test(id)?.ok_or(id))
    })?;
    begun.or_else(|id| finish(Call::Recv, id))
}

/// Waits for a message without receiving it.
pub fn probe(source: i32, tag: i32, comm: CommId) -> Result<Status> {
    if let Some(outcome) = at_once(|engine| engine.probe(source, tag, comm)) {
        return outcome;
    }
    loop {
        if let Some(status) = global::with(|process| process.engine.iprobe(source, tag, comm))? {
            return Ok(status);
        }
        wait_for(&Condition::Message(source, tag, comm))?;
    }
}

/// Waits for a message and takes it out.
pub fn mprobe(source: i32, tag: i32, comm: CommId) -> Result<(ranks_engine::MessageId, Status)> {
    if let Some(outcome) = at_once(|engine| engine.mprobe(source, tag, comm)) {
        return outcome;
    }
    loop {
        if let Some(found) = global::with(|process| process.engine.improbe(source, tag, comm))? {
            return Ok(found);
        }
        wait_for(&Condition::Message(source, tag, comm))?;
    }
}
