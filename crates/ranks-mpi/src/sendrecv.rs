//! Sending and receiving in one call: MPI 5.0 section 3.10.

// The standard decides how many there are.
#![allow(clippy::too_many_arguments)]

use crate::abi::{Abi, Handle};
use crate::argument::{Count, In, Out};
use crate::block;
use crate::datatype::{Buffer, any_elements, recv_buffer, send_buffer};
use crate::entry::Call;
use crate::failure::Result;
use crate::global;
use crate::p2p::handle;
use crate::status;
use ranks_engine::{CommId, RecvBuf, SendBuf};
use std::ffi::{c_int, c_void};

/// `MPI_Sendrecv`.
pub fn sendrecv<A: Abi, C: Count>(
    call: &Call<A>,
    send: In<c_void>,
    send_count: C,
    send_type: A::Datatype,
    dest: c_int,
    send_tag: c_int,
    recv: Out<c_void>,
    recv_count: C,
    recv_type: A::Datatype,
    source: c_int,
    recv_tag: c_int,
    comm: A::Comm,
    status: Out<A::Status>,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let send = send_buffer::<A>(send.address(), send_count, send_type)?;
    let recv = recv_buffer::<A>(recv.address(), recv_count, recv_type)?;
    status::settle::<A>(status, both::<A>(send, dest, send_tag, recv, source, recv_tag, comm))
}

fn both<A: Abi>(
    send: Buffer<SendBuf>,
    dest: c_int,
    send_tag: c_int,
    recv: Buffer<RecvBuf>,
    source: c_int,
    recv_tag: c_int,
    comm: CommId,
) -> Result<ranks_engine::Status> {
    let (dest, source) = (A::rank_in(dest), A::rank_in(source));
    let (send_tag, recv_tag) = (A::tag_in(send_tag), A::tag_in(recv_tag));
    block::sendrecv((send, dest, send_tag), (recv, source, recv_tag), comm)
}

/// `MPI_Sendrecv_replace`: the message leaves from a copy.
pub fn sendrecv_replace<A: Abi>(
    call: &Call<A>,
    buf: Out<c_void>,
    count: impl Count,
    datatype: A::Datatype,
    dest: c_int,
    send_tag: c_int,
    source: c_int,
    recv_tag: c_int,
    comm: A::Comm,
    status: Out<A::Status>,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let recv = recv_buffer::<A>(buf.address(), count, datatype)?;
    let copy = recv.copy();
    // SAFETY: the copy lives until both have completed.
    let send = Buffer::Row(unsafe { SendBuf::of(&copy) });
    status::settle::<A>(status, both::<A>(send, dest, send_tag, recv, source, recv_tag, comm))
}

/// `MPI_Isendrecv`: what is sent is a copy, so the request is that of the receive.
pub fn isendrecv<A: Abi, C: Count>(
    call: &Call<A>,
    send: In<c_void>,
    send_count: C,
    send_type: A::Datatype,
    dest: c_int,
    send_tag: c_int,
    recv: Out<c_void>,
    recv_count: C,
    recv_type: A::Datatype,
    source: c_int,
    recv_tag: c_int,
    comm: A::Comm,
    request: Out<A::Request>,
) -> Result<()> {
    request.set(A::Request::NULL)?;
    let comm = call.comm(comm)?;
    let send = any_elements::<A>(send.address().cast_mut(), send_count, send_type)?;
    let recv = recv_buffer::<A>(recv.address(), recv_count, recv_type)?;
    let (dest, source) = (A::rank_in(dest), A::rank_in(source));
    let (send_tag, recv_tag) = (A::tag_in(send_tag), A::tag_in(recv_tag));
    request.set(global::with(|process| {
        // The copy first: the receive may be complete at once, and with the same buffer overwrite it.
        process.engine.send_copy(&send, dest, send_tag, comm)?;
        let id = recv.irecv(&mut process.engine, source, recv_tag, comm)?;
        handle::<A>(process, id, comm)
    })?)
}

/// `MPI_Isendrecv_replace`.
pub fn isendrecv_replace<A: Abi, C: Count>(
    call: &Call<A>,
    buf: Out<c_void>,
    count: C,
    datatype: A::Datatype,
    dest: c_int,
    send_tag: c_int,
    source: c_int,
    recv_tag: c_int,
    comm: A::Comm,
    request: Out<A::Request>,
) -> Result<()> {
    request.set(A::Request::NULL)?;
    let same = buf.as_input();
    isendrecv(
        call, same, count, datatype, dest, send_tag, buf, count, datatype, source, recv_tag, comm, request,
    )
}
