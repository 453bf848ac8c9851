//! Partitioned messages, and requests that somebody else completes.

use crate::Case;
use crate::support::*;
use ranks_engine::transport::Transport;
use ranks_engine::{ANY_SOURCE, ANY_TAG, Call, Class, CommId, Engine, Mode, RecvBuf, Result, SendBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![
        ("partitioned messages", partitioned),
        ("partitioned messages of one tag match as they were made", as_made),
        ("wrong uses of partitioned messages", wrong),
        ("requests that are completed from outside", external),
        ("attached buffers of communicators", attached),
    ]
}

fn partitioned<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    for (len, parts) in [(0, 1), (12, 3), (60_000, 4), (600_000, 2)] {
        let (mut data, mut got) = (vec![0u8; len], vec![0u8; len]);
        // SAFETY: both outlive their requests.
        let (out, into) = unsafe { (SendBuf::of(&data), RecvBuf::of(&mut got)) };
        let send = e.send_init(Mode::Standard, out, next, 7, CommId::WORLD)?;
        let recv = e.recv_init(into, previous, 7, CommId::WORLD)?;
        e.partition(send, parts)?;
        e.partition(recv, 1)?;
        for round in 0..3 {
            data.copy_from_slice(&pattern(len, me, round));
            e.start(recv)?;
            e.start(send)?;
            // A message of the program with the same tag is another.
            e.send(Mode::Standard, unsafe_of(&[round as u8]), next, 7, CommId::WORLD)?;
            let mut byte = [0u8];
            // SAFETY: the receive is complete before the byte goes.
            let status = e.recv(unsafe { RecvBuf::of(&mut byte) }, ANY_SOURCE, ANY_TAG, CommId::WORLD)?;
            assert_eq!((status.source, status.tag, status.bytes, byte[0]), (previous, 7, 1, round as u8));
            for part in (1..parts).rev() {
                e.part_ready(send, part)?;
            }
            assert!(e.test(send)?.is_none(), "a part is missing");
            e.part_ready(send, 0)?;
            while !e.part_arrived(recv, 0)? {
                std::thread::yield_now();
            }
            let status = e.wait(recv)?;
            assert_eq!((status.source, status.tag, status.bytes), (previous, 7, len as u64));
            e.wait(send)?;
            assert_eq!(got, pattern(len, previous, round));
        }
        e.request_free(send)?;
        e.request_free(recv)?;
    }
    Ok(())
}

fn as_made<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    const COUNT: usize = 3;
    let (me, _, next, previous) = ring(e);
    let comm = e.comm_dup(CommId::WORLD)?;
    let data: Vec<_> = (0..COUNT).map(|n| pattern(500, me, n as i32)).collect();
    let mut got = vec![vec![0u8; 500]; COUNT];
    let sends = data.iter().map(|data| e.send_init(Mode::Standard, unsafe_of(data), next, 7, comm));
    let sends = sends.collect::<Result<Vec<_>>>()?;
    // SAFETY: all of them outlive their requests.
    let recvs = got.iter_mut().map(|got| e.recv_init(unsafe { RecvBuf::of(got) }, previous, 7, comm));
    let recvs = recvs.collect::<Result<Vec<_>>>()?;
    sends.iter().chain(&recvs).try_for_each(|&id| e.partition(id, 1))?;
    // All orders of starting give the same pairs.
    for (started, posted) in [([0, 1, 2], [2, 1, 0]), ([2, 0, 1], [0, 1, 2]), ([1, 2, 0], [2, 0, 1])] {
        posted.iter().try_for_each(|&n| e.start(recvs[n]))?;
        for n in started {
            e.start(sends[n])?;
            e.part_ready(sends[n], 0)?;
        }
        for n in 0..COUNT {
            let status = e.wait(recvs[n])?;
            assert_eq!((status.source, status.tag, status.bytes), (previous, 7, 500));
            e.wait(sends[n])?;
            assert_eq!(got[n], pattern(500, previous, n as i32), "message {n}");
            got[n].fill(0);
        }
    }
    sends.iter().chain(&recvs).try_for_each(|&id| e.request_free(id))?;
    e.comm_free(comm)
}

fn wrong<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (_, _, next, _) = ring(e);
    let recv = e.recv_init(RecvBuf::EMPTY, ANY_SOURCE, 7, CommId::WORLD)?;
    assert_eq!(e.partition(recv, 2).unwrap_err().class(), Class::Arg);
    let send = e.send_init(Mode::Standard, SendBuf::EMPTY, next, 7, CommId::WORLD)?;
    assert_eq!(e.part_ready(send, 0).unwrap_err().class(), Class::Request);
    assert_eq!(e.partition(send, 0).unwrap_err().class(), Class::Arg);
    e.partition(send, 2)?;
    assert_eq!(e.part_ready(send, 0).unwrap_err().class(), Class::Request, "not started");
    e.start(send)?;
    e.part_ready(send, 1)?;
    assert_eq!(e.part_ready(send, 1).unwrap_err().class(), Class::Arg, "ready already");
    assert_eq!(e.part_ready(send, 2).unwrap_err().class(), Class::Arg, "there are two");
    assert_eq!(e.part_arrived(send, 0).unwrap_err().class(), Class::Request);
    // It leaves after all, so that nothing is under way.
    let (_, _, _, previous) = ring(e);
    let other = e.recv_init(RecvBuf::EMPTY, previous, 7, CommId::WORLD)?;
    e.partition(other, 5)?;
    e.start(other)?;
    e.part_ready(send, 0)?;
    e.wait(send)?;
    e.wait(other)?;
    [send, other, recv].into_iter().try_for_each(|id| e.request_free(id))
}

fn external<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let done = Arc::new(AtomicBool::new(false));
    let id = e.begin_external(done.clone());
    assert!(e.test(id)?.is_none());
    done.store(true, Ordering::Release);
    assert_eq!(e.wait_as(Call::Wait, id)?.bytes, 0);
    let forgotten = e.begin_external(done.clone());
    e.forget_external(forgotten);
    e.progress();
    assert!(e.test(forgotten).is_err());
    Ok(())
}

fn attached<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    let comm = e.comm_dup(CommId::WORLD)?;
    let data = pattern(1000, me, 1);
    let refused = e.send(Mode::Buffered, unsafe_of(&data), next, 1, comm).unwrap_err();
    assert_eq!(refused.class(), Class::Buffer);
    e.buffer_attach_to(Some(comm), 10_000)?;
    assert_eq!(e.buffer_attach_to(Some(comm), 1).unwrap_err().class(), Class::Buffer);
    e.send(Mode::Buffered, unsafe_of(&data), next, 1, comm)?;
    let elsewhere = e.send(Mode::Buffered, unsafe_of(&data), next, 1, CommId::WORLD).unwrap_err();
    assert_eq!(elsewhere.class(), Class::Buffer, "the buffer is another communicator's");
    let mut got = vec![0; 1000];
    // SAFETY: the receive is complete before the buffer goes.
    e.recv(unsafe { RecvBuf::of(&mut got) }, previous, 1, comm)?;
    assert_eq!(got, pattern(1000, previous, 1));
    let flush = e.begin_flush(Some(comm))?;
    e.wait(flush)?;
    e.buffer_detach_from(Some(comm))?;
    assert_eq!(e.buffer_detach_from(Some(comm)).unwrap_err().class(), Class::Buffer);
    e.comm_free(comm)
}

/// What is sent before the call returns, or copied.
fn unsafe_of(bytes: &[u8]) -> SendBuf {
    // SAFETY: the callers keep the bytes until their sends have returned.
    unsafe { SendBuf::of(bytes) }
}
