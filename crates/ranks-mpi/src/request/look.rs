//! Looking at requests, which stay: MPI 5.0 section 3.7.6.

use super::several::{Array, empty, report};
use super::{RequestRecord, find};
use crate::abi::Abi;
use crate::argument::{In, Out};
use crate::block;
use crate::entry::Call;
use crate::failure::Result;
use crate::global;
use crate::grequest;
use crate::status;
use ranks_engine::{Status, UNDEFINED};
use std::ffi::c_int;

/// What is known of a request; `None` while it is under way.
fn known<A: Abi>(record: RequestRecord) -> Result<Option<Status>> {
    let found = global::with(|process| process.engine.status_of(record.id))?;
    found.map(|found| grequest::finish::<A>(record, true, Ok(found))).transpose()
}

/// `MPI_Request_get_status`.
pub fn one<A: Abi>(
    call: &Call<A>,
    request: A::Request,
    flag: Out<c_int>,
    status: Out<A::Status>,
) -> Result<()> {
    let Some(record) = find(call, request)? else {
        flag.set(1)?;
        return status::store_with_error::<A>(status, &Status::EMPTY, 0);
    };
    block::work();
    let found = known::<A>(record)?;
    block::tell(flag, found.is_some())?;
    found.map_or(Ok(()), |found| status::store::<A>(status, &found))
}

/// `MPI_Request_get_status_any`.
pub fn any<A: Abi>(
    call: &Call<A>,
    count: c_int,
    requests: In<A::Request>,
    index: Out<c_int>,
    flag: Out<c_int>,
    status: Out<A::Status>,
) -> Result<()> {
    let array = Array::new(call, count, requests.not_written())?;
    let active = array.active();
    block::work();
    for &n in &active {
        if let Some(found) = known::<A>(array.live[n].1)? {
            flag.set(1)?;
            index.set(array.live[n].0 as c_int)?;
            return status::store::<A>(status, &found);
        }
    }
    index.set(UNDEFINED)?;
    block::tell(flag, active.is_empty())?;
    match active.is_empty() {
        true => status::store_with_error::<A>(status, &Status::EMPTY, 0),
        false => Ok(()),
    }
}

/// `MPI_Request_get_status_all`.
pub fn all<A: Abi>(
    call: &Call<A>,
    count: c_int,
    requests: In<A::Request>,
    flag: Out<c_int>,
    statuses: Out<A::Status>,
) -> Result<()> {
    let array = Array::new(call, count, requests.not_written())?;
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
    let mut outcomes = Vec::with_capacity(ids.len());
    for (at, record) in &array.live {
        let found = known::<A>(*record).map(|found| found.unwrap_or(Status::EMPTY));
        outcomes.push((*at, found));
    }
    report::<A>(statuses, outcomes)
}

/// `MPI_Request_get_status_some`.
pub fn some<A: Abi>(
    call: &Call<A>,
    count: c_int,
    requests: In<A::Request>,
    out_count: Out<c_int>,
    indices: Out<c_int>,
    statuses: Out<A::Status>,
) -> Result<()> {
    let array = Array::new(call, count, requests.not_written())?;
    let active = array.active();
    if active.is_empty() {
        return out_count.set(UNDEFINED);
    }
    block::work();
    let mut outcomes = Vec::new();
    for &n in &active {
        let (at, record) = array.live[n];
        if let Some(outcome) = known::<A>(record).transpose() {
            indices.element(outcomes.len())?.set(at as c_int)?;
            outcomes.push((outcomes.len(), outcome));
        }
    }
    if outcomes.is_empty() {
        global::looked_in_vain();
    }
    out_count.set(outcomes.len() as c_int)?;
    report::<A>(statuses, outcomes)
}
