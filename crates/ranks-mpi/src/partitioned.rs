//! Partitioned communication: MPI 5.0 section 4.2.

// The standard decides how many there are.
#![allow(clippy::too_many_arguments)]

use crate::abi::{Abi, Handle};
use crate::argument::{In, Out};
use crate::block;
use crate::datatype::{recv_buffer, send_buffer};
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use crate::p2p::handle;
use crate::process::Process;
use crate::request;
use ranks_engine::{CommId, Mode, RequestId};
use std::ffi::{c_int, c_void};

/// Elements of the whole message, and its parts.
fn whole(partitions: c_int, count: i64) -> Result<(i64, usize)> {
    let parts = usize::try_from(partitions).ok().filter(|&parts| parts > 0);
    let wrong = || Failure::new(class::ARG, format!("{partitions} is no number of partitions"));
    let parts = parts.ok_or_else(wrong)?;
    let all = count.checked_mul(partitions.into());
    let all = all.ok_or_else(|| Failure::new(class::COUNT, format!("{count} elements in each partition")))?;
    Ok((all, parts))
}

fn divided<A: Abi>(process: &mut Process, id: RequestId, parts: usize, comm: CommId) -> Result<A::Request> {
    if let Err(error) = process.engine.partition(id, parts) {
        process.engine.request_free(id)?;
        return Err(error.into());
    }
    handle::<A>(process, id, comm)
}

/// `MPI_Psend_init`.
pub fn send_init<A: Abi>(
    call: &Call<A>,
    buf: In<c_void>,
    partitions: c_int,
    count: i64,
    datatype: A::Datatype,
    dest: c_int,
    tag: c_int,
    comm: A::Comm,
    _: A::Info,
    request: Out<A::Request>,
) -> Result<()> {
    request.set(A::Request::NULL)?;
    let comm = call.comm(comm)?;
    let (count, parts) = whole(partitions, count)?;
    let buf = send_buffer::<A>(buf.address(), count, datatype)?;
    request.set(global::with(|process| {
        let (dest, tag) = (A::rank_in(dest), A::tag_in(tag));
        let id = buf.send_init(&mut process.engine, Mode::Standard, dest, tag, comm)?;
        divided::<A>(process, id, parts, comm)
    })?)
}

/// `MPI_Precv_init`.
pub fn recv_init<A: Abi>(
    call: &Call<A>,
    buf: Out<c_void>,
    partitions: c_int,
    count: i64,
    datatype: A::Datatype,
    source: c_int,
    tag: c_int,
    comm: A::Comm,
    _: A::Info,
    request: Out<A::Request>,
) -> Result<()> {
    request.set(A::Request::NULL)?;
    let comm = call.comm(comm)?;
    let (count, parts) = whole(partitions, count)?;
    let buf = recv_buffer::<A>(buf.address(), count, datatype)?;
    request.set(global::with(|process| {
        let (source, tag) = (A::rank_in(source), A::tag_in(tag));
        let id = buf.recv_init(&mut process.engine, source, tag, comm)?;
        divided::<A>(process, id, parts, comm)
    })?)
}

fn part(partition: c_int) -> Result<usize> {
    let wrong = || Failure::new(class::ARG, format!("there is no partition {partition}"));
    usize::try_from(partition).map_err(|_| wrong())
}

fn ready_all<A: Abi>(
    call: &Call<A>,
    request: A::Request,
    partitions: impl Iterator<Item = c_int>,
) -> Result<()> {
    let record = request::existing(call, request)?;
    for partition in partitions {
        let part = part(partition)?;
        global::with(|process| process.engine.part_ready(record.id, part))?;
    }
    Ok(())
}

/// `MPI_Pready`.
pub fn ready<A: Abi>(call: &Call<A>, partition: c_int, request: A::Request) -> Result<()> {
    ready_all(call, request, std::iter::once(partition))
}

/// `MPI_Pready_range`: both ends are of it.
pub fn ready_range<A: Abi>(call: &Call<A>, low: c_int, high: c_int, request: A::Request) -> Result<()> {
    ready_all(call, request, low..=high)
}

/// `MPI_Pready_list`.
pub fn ready_list<A: Abi>(
    call: &Call<A>,
    length: c_int,
    partitions: In<c_int>,
    request: A::Request,
) -> Result<()> {
    ready_all(call, request, partitions.slice(length)?.iter().copied())
}

/// `MPI_Parrived`. Of `MPI_REQUEST_NULL` every partition has arrived.
pub fn arrived<A: Abi>(
    call: &Call<A>,
    request: A::Request,
    partition: c_int,
    flag: Out<c_int>,
) -> Result<()> {
    if request == A::Request::NULL {
        return flag.set(1);
    }
    let record = request::existing(call, request)?;
    let part = part(partition)?;
    block::tell(flag, global::with(|process| process.engine.part_arrived(record.id, part))?)
}
