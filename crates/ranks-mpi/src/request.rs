//! Requests: waiting, testing, starting, cancelling. MPI 5.0 sections 3.7 to 3.9.

pub mod look;
mod several;

pub use several::{test_all, test_any, test_some, wait_all, wait_any, wait_some};

use crate::abi::{Abi, Handle, Ref, builtin};
use crate::argument::{Out, length};
use crate::block;
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use crate::grequest;
use crate::process::{Also, Process, RequestRecord};
use crate::status;
use ranks_engine::{Call as Waits, RequestId, Status};
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

/// Completes a request that is done and leaves nothing but its status, as most do; `None` for every other one.
#[inline]
fn complete_plain<A: Abi>(
    process: &mut Process,
    place: Out<A::Request>,
    record: &RequestRecord,
) -> Result<Option<Status>> {
    if record.also != Also::Nothing {
        return Ok(None);
    }
    let found = process.engine.complete_plain(record.id);
    if found.is_some() {
        retire::<A>(process, place)?;
    }
    Ok(found)
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
    if let Some(found) = global::with(|process| complete_plain::<A>(process, request, &record))? {
        return status::store::<A>(status, &found);
    }
    let outcome = block::finish(Waits::Wait, record.id);
    global::with(|process| match process.engine.is_persistent(record.id) {
        true => Ok(()),
        false => retire::<A>(process, request),
    })?;
    status::settle::<A>(status, grequest::finish::<A>(record, false, outcome))
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
    status::settle::<A>(status, grequest::finish::<A>(record, false, outcome))
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
