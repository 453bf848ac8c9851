//! The buffers of buffered sends: of the process, of communicators, of sessions. MPI 5.0 section 3.6.
//!
//! The engine keeps its own memory, so only the sizes count. No communicator belongs to a session here, so nothing is
//! ever in the buffer of one.

use crate::abi::{Abi, Handle};
use crate::argument::{Count, Out};
use crate::block;
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use crate::p2p::handle;
use ranks_engine::{Call as Waits, CommId};
use std::ffi::c_void;

/// Address and size as the program gets them back, and the bytes that there are.
fn taken<A: Abi>(buffer: Out<c_void>, size: impl Count) -> Result<((usize, i64), usize)> {
    let size = size.get();
    if A::is_automatic(buffer.address()) {
        return Ok(((A::AUTOMATIC, 0), usize::MAX >> 1));
    }
    let room = usize::try_from(size);
    let room = room.map_err(|_| Failure::new(class::BUFFER, format!("a buffer of {size} bytes")))?;
    Ok(((buffer.address().addr(), size), room))
}

fn attach_to<A: Abi>(comm: Option<CommId>, buffer: Out<c_void>, size: impl Count) -> Result<()> {
    let (given, room) = taken::<A>(buffer, size)?;
    global::with(|process| {
        process.engine.buffer_attach_to(comm, room)?;
        process.attached.insert(comm.map(CommId::index), given);
        Ok(())
    })
}

fn detach_from(comm: Option<CommId>, address: Out<c_void>, size: Out<impl Count>) -> Result<()> {
    flush_of(comm)?;
    let (buffer, length) = global::with(|process| {
        process.engine.buffer_detach_from(comm)?;
        Ok::<_, Failure>(process.attached.remove(&comm.map(CommId::index)).unwrap_or((0, 0)))
    })?;
    address.pointer().set(buffer)?;
    size.put(length)
}

/// Waits without the lock, so other threads can call meanwhile.
fn flush_of(comm: Option<CommId>) -> Result<()> {
    let request = global::with(|process| process.engine.begin_flush(comm))?;
    block::finish(Waits::BufferDetach, request).map(|_| ())
}

fn flush_begun<A: Abi>(comm: Option<CommId>, request: Out<A::Request>) -> Result<()> {
    request.set(global::with(|process| {
        let id = process.engine.begin_flush(comm)?;
        handle::<A>(process, id, comm.unwrap_or(CommId::SELF))
    })?)
}

/// `MPI_Buffer_attach`.
pub fn attach<A: Abi>(_: &Call<A>, buffer: Out<c_void>, size: impl Count) -> Result<()> {
    attach_to::<A>(None, buffer, size)
}

/// `MPI_Buffer_detach`: waits until the messages in it have left, then gives its address back.
pub fn detach<A: Abi>(_: &Call<A>, address: Out<c_void>, size: Out<impl Count>) -> Result<()> {
    detach_from(None, address, size)
}

/// `MPI_Buffer_flush`.
pub fn flush<A: Abi>(_: &Call<A>) -> Result<()> {
    flush_of(None)
}

/// `MPI_Buffer_iflush`.
pub fn iflush<A: Abi>(_: &Call<A>, request: Out<A::Request>) -> Result<()> {
    request.set(A::Request::NULL)?;
    flush_begun::<A>(None, request)
}

/// `MPI_Comm_attach_buffer`.
pub fn comm_attach<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    buffer: Out<c_void>,
    size: impl Count,
) -> Result<()> {
    attach_to::<A>(Some(call.comm(comm)?), buffer, size)
}

/// `MPI_Comm_detach_buffer`.
pub fn comm_detach<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    address: Out<c_void>,
    size: Out<impl Count>,
) -> Result<()> {
    detach_from(Some(call.comm(comm)?), address, size)
}

/// `MPI_Comm_flush_buffer`.
pub fn comm_flush<A: Abi>(call: &Call<A>, comm: A::Comm) -> Result<()> {
    flush_of(Some(call.comm(comm)?))
}

/// `MPI_Comm_iflush_buffer`.
pub fn comm_iflush<A: Abi>(call: &Call<A>, comm: A::Comm, request: Out<A::Request>) -> Result<()> {
    request.set(A::Request::NULL)?;
    flush_begun::<A>(Some(call.comm(comm)?), request)
}

/// `MPI_Session_attach_buffer`.
pub fn session_attach<A: Abi>(
    call: &Call<A>,
    session: A::Session,
    buffer: Out<c_void>,
    size: impl Count,
) -> Result<()> {
    let key = crate::session::key(call, session)?;
    let (given, _) = taken::<A>(buffer, size)?;
    global::with(|process| match process.sessions.get_mut(key) {
        Some(session) if session.attached.is_none() => {
            session.attached = Some(given);
            Ok(())
        }
        Some(_) => Err(Failure::new(class::BUFFER, "a buffer is attached already: detach it first")),
        None => Err(crate::session::gone()),
    })
}

/// `MPI_Session_detach_buffer`.
pub fn session_detach<A: Abi>(
    call: &Call<A>,
    session: A::Session,
    address: Out<c_void>,
    size: Out<impl Count>,
) -> Result<()> {
    let key = crate::session::key(call, session)?;
    let taken = global::with(|process| process.sessions.get_mut(key)?.attached.take());
    let (buffer, length) = taken.ok_or_else(|| Failure::new(class::BUFFER, "no buffer is attached"))?;
    address.pointer().set(buffer)?;
    size.put(length)
}

/// `MPI_Session_flush_buffer`.
pub fn session_flush<A: Abi>(call: &Call<A>, session: A::Session) -> Result<()> {
    crate::session::key(call, session).map(|_| ())
}

/// `MPI_Session_iflush_buffer`.
pub fn session_iflush<A: Abi>(call: &Call<A>, session: A::Session, request: Out<A::Request>) -> Result<()> {
    request.set(A::Request::NULL)?;
    crate::session::key(call, session)?;
    flush_begun::<A>(None, request)
}
