//! The buffers of buffered sends: of the process, of communicators, of sessions. MPI 5.0 section 3.6.
//!
//! The engine keeps its own memory, so only the sizes count. A session's buffer is shared by the communicators that were
//! made of its groups, and by those that were made of these.

use crate::abi::{Abi, Handle};
use crate::argument::{Count, Out};
use crate::block;
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use crate::p2p::handle;
use ranks_engine::{BufferOf, Call as Waits, CommId};
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

fn attach_to<A: Abi>(of: BufferOf, buffer: Out<c_void>, size: impl Count) -> Result<()> {
    let (given, room) = taken::<A>(buffer, size)?;
    global::with(|process| {
        process.engine.buffer_attach_to(of, room)?;
        process.attached.insert(of, given);
        Ok(())
    })
}

fn detach_from(of: BufferOf, address: Out<c_void>, size: Out<impl Count>) -> Result<()> {
    flush_of(of)?;
    let (buffer, length) = global::with(|process| {
        process.engine.buffer_detach_from(of)?;
        Ok::<_, Failure>(process.attached.remove(&of).unwrap_or((0, 0)))
    })?;
    address.pointer().set(buffer)?;
    size.put(length)
}

/// Waits without the lock, so other threads can call meanwhile.
fn flush_of(of: BufferOf) -> Result<()> {
    let request = global::with(|process| process.engine.begin_flush(of))?;
    block::finish(Waits::BufferDetach, request).map(|_| ())
}

fn flush_begun<A: Abi>(of: BufferOf, request: Out<A::Request>) -> Result<()> {
    request.set(global::with(|process| {
        let id = process.engine.begin_flush(of)?;
        let comm = if let BufferOf::Comm(comm) = of { comm } else { CommId::SELF };
        handle::<A>(process, id, comm)
    })?)
}

/// `MPI_Buffer_attach`.
pub fn attach<A: Abi>(_: &Call<A>, buffer: Out<c_void>, size: impl Count) -> Result<()> {
    attach_to::<A>(BufferOf::Process, buffer, size)
}

/// `MPI_Buffer_detach`: waits until the messages in it have left, then gives its address back.
pub fn detach<A: Abi>(_: &Call<A>, address: Out<c_void>, size: Out<impl Count>) -> Result<()> {
    detach_from(BufferOf::Process, address, size)
}

/// `MPI_Buffer_flush`.
pub fn flush<A: Abi>(_: &Call<A>) -> Result<()> {
    flush_of(BufferOf::Process)
}

/// `MPI_Buffer_iflush`.
pub fn iflush<A: Abi>(_: &Call<A>, request: Out<A::Request>) -> Result<()> {
    request.set(A::Request::NULL)?;
    flush_begun::<A>(BufferOf::Process, request)
}

/// `MPI_Comm_attach_buffer`.
pub fn comm_attach<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    buffer: Out<c_void>,
    size: impl Count,
) -> Result<()> {
    attach_to::<A>(BufferOf::Comm(call.comm(comm)?), buffer, size)
}

/// `MPI_Comm_detach_buffer`.
pub fn comm_detach<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    address: Out<c_void>,
    size: Out<impl Count>,
) -> Result<()> {
    detach_from(BufferOf::Comm(call.comm(comm)?), address, size)
}

/// `MPI_Comm_flush_buffer`.
pub fn comm_flush<A: Abi>(call: &Call<A>, comm: A::Comm) -> Result<()> {
    flush_of(BufferOf::Comm(call.comm(comm)?))
}

/// `MPI_Comm_iflush_buffer`.
pub fn comm_iflush<A: Abi>(call: &Call<A>, comm: A::Comm, request: Out<A::Request>) -> Result<()> {
    request.set(A::Request::NULL)?;
    flush_begun::<A>(BufferOf::Comm(call.comm(comm)?), request)
}

/// Before a buffered send: where its communicator belongs to a session, so does the message.
pub fn assign(comm: CommId) -> Result<()> {
    Ok(global::with(|process| match process.comm(comm.index()).and_then(|record| record.session) {
        Some(session) => process.engine.buffer_share(comm, session),
        None => Ok(()),
    })?)
}

/// The buffer of a session that ends: nobody can detach it later.
pub fn let_go(session: u32) -> Result<()> {
    let of = BufferOf::Shared(session);
    if !global::with(|process| process.attached.contains_key(&of)) {
        return Ok(());
    }
    flush_of(of)?;
    Ok(global::with(|process| {
        process.attached.remove(&of);
        process.engine.buffer_detach_from(of)
    })?)
}

fn of_session<A: Abi>(call: &Call<A>, session: A::Session) -> Result<BufferOf> {
    Ok(BufferOf::Shared(crate::session::key(call, session)?))
}

/// `MPI_Session_attach_buffer`.
pub fn session_attach<A: Abi>(
    call: &Call<A>,
    session: A::Session,
    buffer: Out<c_void>,
    size: impl Count,
) -> Result<()> {
    attach_to::<A>(of_session(call, session)?, buffer, size)
}

/// `MPI_Session_detach_buffer`.
pub fn session_detach<A: Abi>(
    call: &Call<A>,
    session: A::Session,
    address: Out<c_void>,
    size: Out<impl Count>,
) -> Result<()> {
    detach_from(of_session(call, session)?, address, size)
}

/// `MPI_Session_flush_buffer`.
pub fn session_flush<A: Abi>(call: &Call<A>, session: A::Session) -> Result<()> {
    flush_of(of_session(call, session)?)
}

/// `MPI_Session_iflush_buffer`.
pub fn session_iflush<A: Abi>(call: &Call<A>, session: A::Session, request: Out<A::Request>) -> Result<()> {
    request.set(A::Request::NULL)?;
    flush_begun::<A>(of_session(call, session)?, request)
}
