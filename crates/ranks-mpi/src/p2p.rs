//! Sends, receives, probes: MPI 5.0 chapter 3.

// The standard decides how many there are.
#![allow(clippy::too_many_arguments)]

use crate::abi::{Abi, Handle, Ref, builtin};
use crate::argument::{Count, In, Out};
use crate::block;
use crate::datatype::{Buffer, recv_buffer, send_buffer};
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use crate::process::{Also, Process, RequestRecord};
use crate::status;
use ranks_engine::{Call as Waits, CommId, MessageId, Mode, RequestId};
use std::ffi::{c_int, c_void};

/// Makes the handle of a request that has just begun.
#[inline]
pub fn handle<A: Abi>(process: &mut Process, id: RequestId, comm: CommId) -> Result<A::Request> {
    if id == RequestId::SENT {
        return Ok(A::Request::encode(Ref::Builtin(builtin::SENT)));
    }
    match process.requests.insert(RequestRecord { id, comm: comm.index(), also: Also::Nothing }) {
        Some(key) => Ok(A::Request::encode(Ref::Dynamic(key))),
        None => {
            // It goes on, only nobody can ask for it: better than a buffer in use that was given back.
            process.engine.request_free(id)?;
            Err(Failure::new(class::NO_MEM, "too many requests"))
        }
    }
}

/// The three forms of a send in one mode.
macro_rules! sends {
    ($($blocking:ident, $nonblocking:ident, $persistent:ident, $mode:ident;)*) => {$(
        #[doc = concat!("A send, mode ", stringify!($mode), ".")]
        #[inline(always)]
        pub fn $blocking<A: Abi>(
            call: &Call<A>, buf: In<c_void>, count: impl Count, datatype: A::Datatype, dest: c_int, tag: c_int, comm: A::Comm,
        ) -> Result<()> {
            let comm = call.comm(comm)?;
            if Mode::$mode == Mode::Buffered {
                crate::bsend::assign(comm)?;
            }
            let buf = send_buffer::<A>(buf.address(), count, datatype)?;
            match buf {
                Buffer::Row(buf) => block::send(Mode::$mode, buf, A::rank_in(dest), A::tag_in(tag), comm),
                Buffer::Elements(elements) => {
                    block::send_elements(Mode::$mode, elements, A::rank_in(dest), A::tag_in(tag), comm)
                }
            }
        }

        #[doc = concat!("A nonblocking send, mode ", stringify!($mode), ".")]
        pub fn $nonblocking<A: Abi>(
            call: &Call<A>, buf: In<c_void>, count: impl Count, datatype: A::Datatype, dest: c_int, tag: c_int, comm: A::Comm,
            request: Out<A::Request>,
        ) -> Result<()> {
            request.set(A::Request::NULL)?;
            let comm = call.comm(comm)?;
            if Mode::$mode == Mode::Buffered {
                crate::bsend::assign(comm)?;
            }
            let buf = send_buffer::<A>(buf.address(), count, datatype)?;
            request.set(global::with(|process| {
                let id = buf.isend(&mut process.engine, Mode::$mode, A::rank_in(dest), A::tag_in(tag), comm)?;
                handle::<A>(process, id, comm)
            })?)
        }

        #[doc = concat!("A persistent send, mode ", stringify!($mode), ".")]
        pub fn $persistent<A: Abi>(
            call: &Call<A>, buf: In<c_void>, count: impl Count, datatype: A::Datatype, dest: c_int, tag: c_int, comm: A::Comm,
            request: Out<A::Request>,
        ) -> Result<()> {
            request.set(A::Request::NULL)?;
            let comm = call.comm(comm)?;
            if Mode::$mode == Mode::Buffered {
                crate::bsend::assign(comm)?;
            }
            let buf = send_buffer::<A>(buf.address(), count, datatype)?;
            request.set(global::with(|process| {
                let id = buf.send_init(&mut process.engine, Mode::$mode, A::rank_in(dest), A::tag_in(tag), comm)?;
                handle::<A>(process, id, comm)
            })?)
        }
    )*};
}

sends! {
    send, isend, send_init, Standard;
    ssend, issend, ssend_init, Synchronous;
    bsend, ibsend, bsend_init, Buffered;
    rsend, irsend, rsend_init, Ready;
}

/// `MPI_Recv`.
#[inline(always)]
pub fn recv<A: Abi>(
    call: &Call<A>,
    buf: Out<c_void>,
    count: impl Count,
    datatype: A::Datatype,
    source: c_int,
    tag: c_int,
    comm: A::Comm,
    status: Out<A::Status>,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let buf = recv_buffer::<A>(buf.address(), count, datatype)?;
    let (source, tag) = (A::rank_in(source), A::tag_in(tag));
    let found = match buf {
        Buffer::Row(buf) => block::recv(buf, source, tag, comm),
        elements => {
            let id = global::with(|process| elements.irecv(&mut process.engine, source, tag, comm))?;
            block::finish(Waits::Recv, id)
        }
    };
    status::settle::<A>(status, found)
}

/// `MPI_Irecv`.
pub fn irecv<A: Abi>(
    call: &Call<A>,
    buf: Out<c_void>,
    count: impl Count,
    datatype: A::Datatype,
    source: c_int,
    tag: c_int,
    comm: A::Comm,
    request: Out<A::Request>,
) -> Result<()> {
    request.set(A::Request::NULL)?;
    let comm = call.comm(comm)?;
    let buf = recv_buffer::<A>(buf.address(), count, datatype)?;
    request.set(global::with(|process| {
        let id = buf.irecv(&mut process.engine, A::rank_in(source), A::tag_in(tag), comm)?;
        handle::<A>(process, id, comm)
    })?)
}

/// `MPI_Recv_init`.
pub fn recv_init<A: Abi>(
    call: &Call<A>,
    buf: Out<c_void>,
    count: impl Count,
    datatype: A::Datatype,
    source: c_int,
    tag: c_int,
    comm: A::Comm,
    request: Out<A::Request>,
) -> Result<()> {
    request.set(A::Request::NULL)?;
    let comm = call.comm(comm)?;
    let buf = recv_buffer::<A>(buf.address(), count, datatype)?;
    request.set(global::with(|process| {
        let id = buf.recv_init(&mut process.engine, A::rank_in(source), A::tag_in(tag), comm)?;
        handle::<A>(process, id, comm)
    })?)
}

/// `MPI_Probe`.
pub fn probe<A: Abi>(
    call: &Call<A>,
    source: c_int,
    tag: c_int,
    comm: A::Comm,
    status: Out<A::Status>,
) -> Result<()> {
    let comm = call.comm(comm)?;
    status::store::<A>(status, &block::probe(A::rank_in(source), A::tag_in(tag), comm)?)
}

/// `MPI_Iprobe`.
pub fn iprobe<A: Abi>(
    call: &Call<A>,
    source: c_int,
    tag: c_int,
    comm: A::Comm,
    flag: Out<c_int>,
    status: Out<A::Status>,
) -> Result<()> {
    let comm = call.comm(comm)?;
    block::work();
    let found = global::with(|process| process.engine.iprobe(A::rank_in(source), A::tag_in(tag), comm))?;
    block::tell(flag, found.is_some())?;
    found.map_or(Ok(()), |found| status::store::<A>(status, &found))
}

fn message<A: Abi>(message: MessageId) -> A::Message {
    A::Message::encode(match message {
        MessageId::NO_PROC => Ref::Builtin(builtin::NO_PROC),
        message => Ref::Dynamic(message.index()),
    })
}

fn message_in<A: Abi>(message: A::Message) -> Result<MessageId> {
    match message.decode() {
        Ref::Builtin(_) => Ok(MessageId::NO_PROC),
        Ref::Dynamic(index) => Ok(MessageId::from_index(index)),
        Ref::Null => Err(Failure::new(class::REQUEST, "the message is MPI_MESSAGE_NULL")),
        Ref::Invalid => Err(Failure::new(class::REQUEST, format!("{:#x} is no message", message.to_int()))),
    }
}

/// `MPI_Mprobe`.
pub fn mprobe<A: Abi>(
    call: &Call<A>,
    source: c_int,
    tag: c_int,
    comm: A::Comm,
    found: Out<A::Message>,
    status: Out<A::Status>,
) -> Result<()> {
    found.set(A::Message::NULL)?;
    let comm = call.comm(comm)?;
    let (id, what) = block::mprobe(A::rank_in(source), A::tag_in(tag), comm)?;
    found.set(message::<A>(id))?;
    status::store::<A>(status, &what)
}

/// `MPI_Improbe`.
pub fn improbe<A: Abi>(
    call: &Call<A>,
    source: c_int,
    tag: c_int,
    comm: A::Comm,
    flag: Out<c_int>,
    found: Out<A::Message>,
    status: Out<A::Status>,
) -> Result<()> {
    found.set(A::Message::NULL)?;
    let comm = call.comm(comm)?;
    block::work();
    let taken = global::with(|process| process.engine.improbe(A::rank_in(source), A::tag_in(tag), comm))?;
    block::tell(flag, taken.is_some())?;
    if let Some((id, what)) = taken {
        found.set(message::<A>(id))?;
        status::store::<A>(status, &what)?;
    }
    Ok(())
}

/// The message of a handle, and its communicator, to which errors belong from here on.
fn taken_out<A: Abi>(call: &Call<A>, message: A::Message) -> Result<(MessageId, CommId)> {
    let id = message_in::<A>(message)?;
    let comm = global::with(|process| process.engine.comm_of_message(id));
    if let Some(comm) = comm {
        call.about(comm.index());
    }
    Ok((id, comm.unwrap_or(CommId::WORLD)))
}

/// `MPI_Mrecv`.
pub fn mrecv<A: Abi>(
    call: &Call<A>,
    buf: Out<c_void>,
    count: impl Count,
    datatype: A::Datatype,
    message: Out<A::Message>,
    status: Out<A::Status>,
) -> Result<()> {
    let (id, _) = taken_out(call, message.get()?)?;
    let buf = recv_buffer::<A>(buf.address(), count, datatype)?;
    let request = global::with(|process| buf.imrecv(&mut process.engine, id))?;
    message.set(A::Message::NULL)?;
    status::settle::<A>(status, block::finish(Waits::Mrecv, request))
}

/// `MPI_Imrecv`.
pub fn imrecv<A: Abi>(
    call: &Call<A>,
    buf: Out<c_void>,
    count: impl Count,
    datatype: A::Datatype,
    message: Out<A::Message>,
    request: Out<A::Request>,
) -> Result<()> {
    request.set(A::Request::NULL)?;
    let (id, comm) = taken_out(call, message.get()?)?;
    let buf = recv_buffer::<A>(buf.address(), count, datatype)?;
    request.set(global::with(|process| {
        let id = buf.imrecv(&mut process.engine, id)?;
        handle::<A>(process, id, comm)
    })?)?;
    message.set(A::Message::NULL)
}
