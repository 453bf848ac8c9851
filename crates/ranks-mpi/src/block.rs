//! Blocking calls, so that other threads can call meanwhile.
//!
//! Below `MPI_THREAD_MULTIPLE` a wait is the engine's own; at `MPI_THREAD_MULTIPLE` it is one of [`crate::waiters`].
//!
//! A reduction with a function of the program is done here too, without the lock, by whichever thread waits
//! when a collective comes to it. While such a collective is under way every wait is in steps, at any
//! thread level.

use crate::argument::Out;
use crate::datatype::Buffer;
use crate::failure::{Failure, Result};
use crate::global;
use crate::waiters::{Condition, wait_for};
use ranks_engine::datatype::Elements;
use ranks_engine::{Call, CommId, Mode, RecvBuf, RequestId, SendBuf, ShmEngine, Status, Work};
use std::ffi::c_int;

/// Does a reduction of the program's own.
pub fn do_work(work: Work) {
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

/// Says whether a call that does not wait has found what it looked for.
pub fn tell(flag: Out<c_int>, found: bool) -> Result<()> {
    if !found {
        global::looked_in_vain();
    }
    flag.set(found.into())
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
        wait_for(&Condition::Message(Call::Probe, source, tag, comm))?;
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
        wait_for(&Condition::Message(Call::Mprobe, source, tag, comm))?;
    }
}
