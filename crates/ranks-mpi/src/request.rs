//! Requests: waiting, testing, starting, cancelling. MPI 5.0 sections 3.7 to 3.9.

pub mod look;

use crate::abi::{Abi, Handle, Ref, builtin};
use crate::argument::{Out, length};
use crate::block;
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use crate::grequest;
use crate::process::{Also, Process, RequestRecord};
use crate::status;
use ranks_engine::{Call as Waits, RequestId, Status, UNDEFINED};
use std::ffi::c_int;

/// The record of a request; `None` for the null request.
#[inline]
fn look<A: Abi>(process: &Process, request: A::Request) -> Result<Option<RequestRecord>> {
    match request.decode() {
        Ref::Null => Ok(None),
        Ref::Builtin(builtin::SENT) => {
            Ok(Some(RequestRecord { id: RequestId::SENT, comm: builtin::WORLD, also: Also::Nothing }))
        }
        Ref::Dynamic(key) => {
            process.requests.get(key).copied().map(Some).ok_or_else(|| {
                Failure::new(class::REQUEST, "no such request: it is complete or freed already")
            })
        }
        _ => Err(Failure::new(class::REQUEST, format!("{:#x} is no request", request.to_int()))),
    }
}

/// The record of a request that was just made.
pub fn record<A: Abi>(process: &mut Process, request: A::Request) -> Result<&mut RequestRecord> {
    let found = match request.decode() {
        Ref::Dynamic(key) => process.requests.get_mut(key),
        _ => None,
    };
    found.ok_or_else(|| Failure::new(class::REQUEST, "no such request"))
}

fn find<A: Abi>(call: &Call<A>, request: A::Request) -> Result<Option<RequestRecord>> {
    let record = global::with(|process| look::<A>(process, request))?;
    if let Some(record) = record {
        call.about(record.comm);
    }
    Ok(record)
}

/// Completes a request that is done, as far as the engine knows it: what came of it, or `None` while it is under way.
/// Unless it is persistent, its handle becomes null.
#[inline]
fn complete<A: Abi>(
    process: &mut Process,
    place: Out<A::Request>,
    id: RequestId,
) -> Result<Option<Result<Status>>> {
    let Some((outcome, stays)) = process.engine.complete(id) else { return Ok(None) };
    if !stays {
        retire::<A>(process, place)?;
    }
    Ok(Some(outcome.map_err(Failure::from)))
}

/// A request is gone: so is its handle.
#[inline]
fn retire<A: Abi>(process: &mut Process, place: Out<A::Request>) -> Result<()> {
    if let Ref::Dynamic(key) = place.get()?.decode() {
        process.requests.remove(key);
    }
    place.set(A::Request::NULL)
}

/// `MPI_Wait`.
pub fn wait<A: Abi>(call: &Call<A>, request: Out<A::Request>, status: Out<A::Status>) -> Result<()> {
    let Some(record) = find(call, request.get()?)? else {
        return status::store_with_error::<A>(status, &Status::EMPTY, 0);
    };
    let outcome = block::finish(Waits::Wait, record.id);
    global::with(|process| match process.engine.is_persistent(record.id) {
        true => Ok(()),
        false => retire::<A>(process, request),
    })?;
    status::store::<A>(status, &grequest::finish::<A>(record, false, outcome)?)
}

/// `MPI_Test`.
pub fn test<A: Abi>(
    call: &Call<A>,
    request: Out<A::Request>,
    flag: Out<c_int>,
    status: Out<A::Status>,
) -> Result<()> {
    let Some(record) = find(call, request.get()?)? else {
        flag.set(1)?;
        return status::store_with_error::<A>(status, &Status::EMPTY, 0);
    };
    block::work();
    let outcome = global::with(|process| {
        let engine = &mut process.engine;
        if !engine.is_settled(&[record.id], true) {
            engine.progress();
        }
        complete::<A>(process, request, record.id)
    })?;
    let Some(outcome) = outcome else {
        return block::tell(flag, false);
    };
    flag.set(1)?;
    status::store::<A>(status, &grequest::finish::<A>(record, false, outcome)?)
}

/// An array of requests as a program gives it.
struct Array<A: Abi> {
    places: Out<A::Request>,
    /// Position and record of those that are not null.
    live: Vec<(usize, RequestRecord)>,
    len: usize,
}

impl<A: Abi> Array<A> {
    fn new(call: &Call<A>, count: c_int, places: Out<A::Request>) -> Result<Self> {
        let len = length(count)?;
        let mut live = Vec::with_capacity(len);
        global::with(|process| {
            for at in 0..len {
                if let Some(record) = look::<A>(process, places.element(at)?.get()?)? {
                    live.push((at, record));
                }
            }
            Ok::<_, Failure>(())
        })?;
        if let Some((_, record)) = live.first() {
            call.about(record.comm);
        }
        Ok(Self { places, live, len })
    }

    fn ids(&self) -> Vec<ranks_engine::RequestId> {
        self.live.iter().map(|(_, record)| record.id).collect()
    }

    /// Completes one that is done, as far as the engine knows it.
    fn complete(&self, process: &mut Process, live: usize) -> Result<Result<Status>> {
        let (at, record) = self.live[live];
        let outcome = complete::<A>(process, self.places.element(at)?, record.id)?;
        Ok(outcome.unwrap_or_else(|| Err(Failure::new(class::PENDING, "still under way"))))
    }

    /// What the program itself says of one that is complete: without the lock.
    fn finish(&self, live: usize, outcome: Result<Status>) -> Result<Status> {
        grequest::finish::<A>(self.live[live].1, false, outcome)
    }

    /// Those that a wait for any or some is about: a persistent one that was not started is not.
    fn active(&self) -> Vec<usize> {
        global::with(|process| {
            (0..self.live.len()).filter(|&n| process.engine.is_active(self.live[n].1.id)).collect()
        })
    }
}

/// The status of a place in a program's array, which may be no array.
#[inline]
fn status_at<A: Abi>(statuses: Out<A::Status>, at: usize) -> Result<Out<A::Status>> {
    if A::is_ignored(statuses.address()) { Ok(statuses) } else { statuses.element(at) }
}

/// Statuses of a call that completes several requests: only when one failed is the error of each written.
fn report<A: Abi>(statuses: Out<A::Status>, outcomes: Vec<(usize, Result<Status>)>) -> Result<()> {
    let places: Vec<usize> = outcomes.iter().map(|(at, _)| *at).collect();
    let mut failed = Vec::new();
    for (at, outcome) in outcomes {
        match outcome {
            Ok(found) => status::store::<A>(status_at::<A>(statuses, at)?, &found)?,
            Err(failure) => failed.push((at, failure)),
        }
    }
    report_failed::<A>(statuses, &places, failed)
}

/// The errors of those of `places` that failed; none in the others.
fn report_failed<A: Abi>(
    statuses: Out<A::Status>,
    places: &[usize],
    failed: Vec<(usize, Failure)>,
) -> Result<()> {
    let Some((_, first)) = failed.first().cloned() else { return Ok(()) };
    let count = failed.len();
    for &at in places {
        status::store_error::<A>(status_at::<A>(statuses, at)?, 0)?;
    }
    for (at, failure) in failed {
        let code = global::with(|process| process.recent.code(failure.class, failure.text));
        status::store_error::<A>(status_at::<A>(statuses, at)?, code)?;
    }
    let text = match count {
        1 => first.text,
        _ => format!("{} (and {} more)", first.text, count - 1),
    };
    Err(Failure { class: class::IN_STATUS, text, ..first })
}

fn empty<A: Abi>(statuses: Out<A::Status>, array: &Array<A>) -> Result<()> {
    if A::is_ignored(statuses.address()) {
        return Ok(());
    }
    let mut live = array.live.iter().map(|(at, _)| *at).peekable();
    for at in 0..array.len {
        if live.next_if_eq(&at).is_none() {
            status::store_with_error::<A>(statuses.element(at)?, &Status::EMPTY, 0)?;
        }
    }
    Ok(())
}

/// `MPI_Waitall`.
pub fn wait_all<A: Abi>(
    call: &Call<A>,
    count: c_int,
    requests: Out<A::Request>,
    statuses: Out<A::Status>,
) -> Result<()> {
    let array = Array::new(call, count, requests)?;
    block::wait(Waits::Waitall, &array.ids(), true)?;
    empty(statuses, &array)?;
    finish_all(&array, statuses)
}

/// Completes all of them. What is usual is done at once; what failed, and what the program itself has to say of, later.
fn finish_all<A: Abi>(array: &Array<A>, statuses: Out<A::Status>) -> Result<()> {
    let others = global::with(|process| {
        let mut others = Vec::new();
        for (n, (at, record)) in array.live.iter().enumerate() {
            if record.also == Also::Nothing
                && let Some(found) = process.engine.complete_plain(record.id)
            {
                retire::<A>(process, array.places.element(*at)?)?;
                status::store::<A>(status_at::<A>(statuses, *at)?, &found)?;
                continue;
            }
            others.push((n, array.complete(process, n)?));
        }
        Ok::<_, Failure>(others)
    })?;
    let mut failed = Vec::new();
    for (n, outcome) in others {
        let at = array.live[n].0;
        match array.finish(n, outcome) {
            Ok(found) => status::store::<A>(status_at::<A>(statuses, at)?, &found)?,
            Err(failure) => failed.push((at, failure)),
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    let places: Vec<usize> = array.live.iter().map(|(at, _)| *at).collect();
    report_failed::<A>(statuses, &places, failed)
}

/// `MPI_Testall`.
pub fn test_all<A: Abi>(
    call: &Call<A>,
    count: c_int,
    requests: Out<A::Request>,
    flag: Out<c_int>,
    statuses: Out<A::Status>,
) -> Result<()> {
    let array = Array::new(call, count, requests)?;
    let ids = array.ids();
    block::work();
    let done = global::with(|process| {
        process.engine.progress();
        process.engine.is_settled(&ids, true)
    });
    block::tell(flag, done)?;
    if !done {
        return Ok(());
    }
    empty(statuses, &array)?;
    finish_all(&array, statuses)
}

/// Completes the first that is done of those that are active.
fn first_done<A: Abi>(array: &Array<A>, active: &[usize]) -> Result<Option<(usize, Result<Status>)>> {
    let found = global::with(|process| {
        for &n in active {
            if process.engine.is_settled(&[array.live[n].1.id], true) {
                return Ok::<_, Failure>(Some((n, array.complete(process, n)?)));
            }
        }
        Ok(None)
    })?;
    Ok(found.map(|(n, outcome)| (array.live[n].0, array.finish(n, outcome))))
}

/// `MPI_Waitany`.
pub fn wait_any<A: Abi>(
    call: &Call<A>,
    count: c_int,
    requests: Out<A::Request>,
    index: Out<c_int>,
    status: Out<A::Status>,
) -> Result<()> {
    let array = Array::new(call, count, requests)?;
    let active = array.active();
    if active.is_empty() {
        index.set(UNDEFINED)?;
        return status::store_with_error::<A>(status, &Status::EMPTY, 0);
    }
    let ids: Vec<_> = active.iter().map(|&n| array.live[n].1.id).collect();
    loop {
        block::wait(Waits::Waitany, &ids, false)?;
        if let Some((at, outcome)) = first_done(&array, &active)? {
            index.set(at as c_int)?;
            return status::store::<A>(status, &outcome?);
        }
    }
}

/// `MPI_Testany`.
pub fn test_any<A: Abi>(
    call: &Call<A>,
    count: c_int,
    requests: Out<A::Request>,
    index: Out<c_int>,
    flag: Out<c_int>,
    status: Out<A::Status>,
) -> Result<()> {
    let array = Array::new(call, count, requests)?;
    let active = array.active();
    if active.is_empty() {
        flag.set(1)?;
        index.set(UNDEFINED)?;
        return status::store_with_error::<A>(status, &Status::EMPTY, 0);
    }
    block::work();
    global::with(|process| process.engine.progress());
    match first_done(&array, &active)? {
        None => {
            block::tell(flag, false)?;
            index.set(UNDEFINED)
        }
        Some((at, outcome)) => {
            flag.set(1)?;
            index.set(at as c_int)?;
            status::store::<A>(status, &outcome?)
        }
    }
}

/// Completes all that are done; their statuses go to the first places of the array.
fn some<A: Abi>(
    array: &Array<A>,
    active: &[usize],
    out_count: Out<c_int>,
    indices: Out<c_int>,
    statuses: Out<A::Status>,
) -> Result<()> {
    let done = global::with(|process| {
        let mut done = Vec::new();
        for &n in active {
            if process.engine.is_settled(&[array.live[n].1.id], true) {
                done.push((n, array.complete(process, n)?));
            }
        }
        Ok::<_, Failure>(done)
    })?;
    if done.is_empty() {
        global::looked_in_vain();
    }
    out_count.set(done.len() as c_int)?;
    let mut outcomes = Vec::with_capacity(done.len());
    for (place, (n, outcome)) in done.into_iter().enumerate() {
        indices.element(place)?.set(array.live[n].0 as c_int)?;
        outcomes.push((place, array.finish(n, outcome)));
    }
    report::<A>(statuses, outcomes)
}

/// `MPI_Waitsome`.
pub fn wait_some<A: Abi>(
    call: &Call<A>,
    count: c_int,
    requests: Out<A::Request>,
    out_count: Out<c_int>,
    indices: Out<c_int>,
    statuses: Out<A::Status>,
) -> Result<()> {
    let array = Array::new(call, count, requests)?;
    let active = array.active();
    if active.is_empty() {
        return out_count.set(UNDEFINED);
    }
    let ids: Vec<_> = active.iter().map(|&n| array.live[n].1.id).collect();
    block::wait(Waits::Waitsome, &ids, false)?;
    some(&array, &active, out_count, indices, statuses)
}

/// `MPI_Testsome`.
pub fn test_some<A: Abi>(
    call: &Call<A>,
    count: c_int,
    requests: Out<A::Request>,
    out_count: Out<c_int>,
    indices: Out<c_int>,
    statuses: Out<A::Status>,
) -> Result<()> {
    let array = Array::new(call, count, requests)?;
    let active = array.active();
    if active.is_empty() {
        return out_count.set(UNDEFINED);
    }
    block::work();
    global::with(|process| process.engine.progress());
    some(&array, &active, out_count, indices, statuses)
}

/// The record of a request that is not null.
pub fn existing<A: Abi>(call: &Call<A>, request: A::Request) -> Result<RequestRecord> {
    find(call, request)?.ok_or_else(|| Failure::new(class::REQUEST, "the request is MPI_REQUEST_NULL"))
}

/// `MPI_Start`.
pub fn start<A: Abi>(call: &Call<A>, request: Out<A::Request>) -> Result<()> {
    let record = existing(call, request.get()?)?;
    Ok(global::with(|process| process.start(record.id))?)
}

/// `MPI_Startall`.
pub fn start_all<A: Abi>(call: &Call<A>, count: c_int, requests: Out<A::Request>) -> Result<()> {
    for at in 0..length(count)? {
        let record = existing(call, requests.element(at)?.get()?)?;
        global::with(|process| process.start(record.id))?;
    }
    Ok(())
}

/// `MPI_Cancel`.
pub fn cancel<A: Abi>(call: &Call<A>, request: Out<A::Request>) -> Result<()> {
    let record = existing(call, request.get()?)?;
    if let Also::General(key) = record.also {
        return grequest::cancel(key);
    }
    Ok(global::with(|process| process.engine.cancel(record.id))?)
}

/// `MPI_Request_free`.
pub fn free<A: Abi>(call: &Call<A>, request: Out<A::Request>) -> Result<()> {
    let record = existing(call, request.get()?)?;
    global::with(|process| {
        match record.also {
            // The engine's part goes on until the program completes it.
            Also::General(_) => process.engine.forget_external(record.id),
            Also::Nothing => process.engine.request_free(record.id)?,
        }
        process.staged.remove(&record.id);
        if let Ref::Dynamic(key) = request.get()?.decode() {
            process.requests.remove(key);
        }
        Ok::<_, Failure>(())
    })?;
    if let Also::General(key) = record.also {
        grequest::freed(key)?;
    }
    request.set(A::Request::NULL)
}
