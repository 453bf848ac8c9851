//! Blocking sends and receives, ordering, wildcards, probes.

use crate::Case;
use crate::support::*;
use ranks_engine::collective::{Barrier, Bcast};
use ranks_engine::transport::Transport;
use ranks_engine::{
    ANY_SOURCE, ANY_TAG, Class, Engine, MessageId, Mode, PROC_NULL, RecvBuf, Result, SendBuf, Status,
};

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![
        ("every length round the ring", every_length),
        ("every mode", every_mode),
        ("messages do not overtake", order),
        ("tags choose", tags),
        ("any source, any tag", any_source),
        ("no rank", proc_null),
        ("self", to_self),
        ("truncation", truncation),
        ("wrong arguments", wrong_arguments),
        ("sendrecv", sendrecv),
        ("probe", probe),
        ("matched probe", matched_probe),
        ("an unexpected flood", flood),
    ]
}

const LENGTHS: [usize; 22] = [
    0, 1, 2, 7, 8, 47, 48, 49, 107, 108, 109, 199, 200, 201, 1000, 1907, 1909, 4096, 16_384, 16_385, 70_000,
    600_000,
];

fn every_length<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, next, previous) = ring(e);
    for (round, &len) in LENGTHS.iter().enumerate() {
        let tag = round as i32;
        let data = pattern(len, me, tag);
        let mut got = vec![0; len + 3];
        let receive = irecv(e, &mut got, previous, tag)?;
        send(e, Mode::Standard, &data, next, tag)?;
        let status = e.wait(receive)?;
        assert_eq!(status, Status { source: previous, tag, bytes: len as u64, cancelled: false, mark: 0 });
        assert_eq!(got[..len], pattern(len, previous, tag), "n {n} len {len}");
        assert_eq!(got[len..], [0; 3], "nothing beyond the message");
    }
    Ok(())
}

fn every_mode<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    e.buffer_attach(3_000_000)?;
    for mode in [Mode::Standard, Mode::Synchronous, Mode::Buffered, Mode::Ready] {
        for len in [0, 5, 300, 5_000, 40_000, 300_000] {
            let mut got = vec![0; len];
            let data = pattern(len, me, 1);
            let receive = irecv(e, &mut got, previous, 1)?;
            e.run(WORLD, Barrier)?;
            send(e, mode, &data, next, 1)?;
            if mode == Mode::Buffered {
                // The buffer is the caller's again.
                drop(data);
            }
            e.wait(receive)?;
            assert_eq!(got, pattern(len, previous, 1));
            let data = pattern(len, me, 2);
            let request = isend(e, mode, &data, next, 2)?;
            assert_eq!(recv(e, &mut got, previous, 2)?.bytes, len as u64);
            assert_eq!(got, pattern(len, previous, 2));
            e.wait(request)?;
        }
    }
    e.buffer_detach()?;
    let refused = send(e, Mode::Buffered, &[1], next, 1).unwrap_err();
    assert_eq!(refused.class(), Class::Buffer);
    Ok(())
}

fn order<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    // Lengths of all protocols, mixed: the order must hold across them.
    let len_of = |i: usize| [3, 100, 20_000, 0, 2_500, 48, 70_000][i % 7];
    let data: Vec<Vec<u8>> = (0..40).map(|i| pattern(len_of(i), me, i as i32)).collect();
    let mut sends = Vec::new();
    for part in &data {
        sends.push(isend(e, Mode::Standard, part, next, 9)?);
    }
    let mut got = vec![0; 100_000];
    for i in 0..40 {
        let tag = if i % 2 == 0 { 9 } else { ANY_TAG };
        let status = recv(e, &mut got, if i % 3 == 0 { ANY_SOURCE } else { previous }, tag)?;
        assert_eq!(status.bytes as usize, len_of(i), "message {i}");
        assert_eq!(got[..len_of(i)], pattern(len_of(i), previous, i as i32));
    }
    for outcome in e.wait_all(&sends)? {
        outcome?;
    }
    Ok(())
}

fn tags<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    let data: Vec<_> = (0..20).map(|tag| pattern(64 * tag as usize, me, tag)).collect();
    let mut sends = Vec::new();
    for (tag, part) in data.iter().enumerate() {
        sends.push(isend(e, Mode::Standard, part, next, tag as i32)?);
    }
    for tag in (0..20).rev() {
        let mut got = vec![0; 64 * tag as usize];
        recv(e, &mut got, previous, tag)?;
        assert_eq!(got, pattern(64 * tag as usize, previous, tag));
    }
    e.wait_all(&sends)?;
    Ok(())
}

fn any_source<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    if me == 0 {
        let mut seen = vec![0; n as usize];
        for _ in 0..3 * (n - 1) {
            let mut got = [0; 8];
            let status = recv(e, &mut got, ANY_SOURCE, ANY_TAG)?;
            assert_eq!(i64::from_le_bytes(got) as i32, status.source);
            assert_eq!(status.tag, seen[status.source as usize], "in order for each source");
            seen[status.source as usize] += 1;
        }
        assert!(seen[1..].iter().all(|&count| count == 3));
    } else {
        for tag in 0..3 {
            send(e, Mode::Standard, &i64::from(me).to_le_bytes(), 0, tag)?;
        }
    }
    Ok(())
}

fn proc_null<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    send(e, Mode::Synchronous, &[1], PROC_NULL, 0)?;
    let mut got = [7];
    assert_eq!(recv(e, &mut got, PROC_NULL, 3)?, Status::PROC_NULL);
    assert_eq!(got, [7]);
    assert_eq!(e.probe(PROC_NULL, 0, WORLD)?, Status::PROC_NULL);
    let (message, status) = e.mprobe(PROC_NULL, 0, WORLD)?;
    assert_eq!((message, status), (MessageId::NO_PROC, Status::PROC_NULL));
    assert_eq!(e.mrecv(message, RecvBuf::EMPTY)?, Status::PROC_NULL);
    let request = irecv(e, &mut got, PROC_NULL, 3)?;
    assert_eq!(e.test(request)?, Some(Status::PROC_NULL));
    Ok(())
}

fn to_self<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let me = e.rank() as i32;
    for len in [0, 8, 5000, 100_000] {
        let data = pattern(len, me, 4);
        let mut got = vec![0; len];
        // Unexpected, then expected.
        send(e, Mode::Standard, &data, me, 4)?;
        assert_eq!(recv(e, &mut got, me, 4)?.source, me);
        assert_eq!(got, data);
        got.fill(0);
        let receive = irecv(e, &mut got, ANY_SOURCE, 4)?;
        send(e, Mode::Synchronous, &data, me, 4)?;
        e.wait(receive)?;
        assert_eq!(got, data);
        got.fill(0);
        let request = isend(e, Mode::Synchronous, &data, me, 5)?;
        assert_eq!(e.test(request)?, None, "nobody has received it");
        recv(e, &mut got, me, 5)?;
        assert_eq!(got, data);
        e.wait(request)?;
    }
    Ok(())
}

fn truncation<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    for len in [10, 500, 5_000, 50_000, 300_000] {
        for expected in [false, true] {
            let data = pattern(len, me, 6);
            let mut got = vec![0; len];
            let room = len / 2;
            let mut posted = None;
            if expected {
                posted = Some(irecv(e, &mut got[..room], previous, 6)?);
                e.run(WORLD, Barrier)?;
            }
            let request = isend(e, Mode::Standard, &data, next, 6)?;
            let outcome = match posted {
                Some(receive) => e.wait(receive),
                None => recv(e, &mut got[..room], previous, 6),
            };
            let error = outcome.unwrap_err();
            assert_eq!(error.class(), Class::Truncate);
            let text = error.to_string();
            assert!(text.contains(&format!("message of {len} bytes")), "{text}");
            assert!(text.contains(&format!("from rank {previous}, tag 6 on world")), "{text}");
            assert!(got[room..].iter().all(|&byte| byte == 0), "nothing beyond the buffer");
            e.wait(request)?;
        }
    }
    Ok(())
}

fn wrong_arguments<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let n = e.size() as i32;
    let text = |outcome: Result<()>| outcome.unwrap_err().to_string();
    let me = e.rank();
    let shown = text(send(e, Mode::Standard, &[1], n + 5, 2));
    assert!(shown.starts_with(&format!("rank {me}: send to rank {}, tag 2 on world", n + 5)), "{shown}");
    assert!(shown.ends_with("(Class::Rank)"), "{shown}");
    assert!(text(send(e, Mode::Standard, &[1], 0, -5)).contains("Class::Tag"));
    assert!(text(recv(e, &mut [0], -7, 0).map(|_| ())).contains("Class::Rank"));
    let gone = ranks_engine::CommId::from_index(4000);
    assert!(text(e.run(gone, Barrier)).contains("Class::Comm"));
    assert!(text(e.run(WORLD, Bcast { buf: RecvBuf::EMPTY, root: n })).contains("Class::Root"));
    Ok(())
}

fn sendrecv<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    for len in [0, 8, 3_000, 200_000] {
        let data = pattern(len, me, 1);
        let mut got = vec![0; len];
        // SAFETY: both buffers live until the call returns.
        let (s, r) = unsafe { (SendBuf::of(&data), RecvBuf::of(&mut got)) };
        let status = e.sendrecv(s, next, 1, r, previous, 1, WORLD)?;
        assert_eq!((status.source, status.bytes), (previous, len as u64));
        assert_eq!(got, pattern(len, previous, 1));
    }
    Ok(())
}

fn probe<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    for len in [0, 40, 900, 9_000, 90_000] {
        let data = pattern(len, me, 3);
        let request = isend(e, Mode::Standard, &data, next, 3)?;
        let status = e.probe(ANY_SOURCE, ANY_TAG, WORLD)?;
        assert_eq!((status.source, status.tag, status.bytes), (previous, 3, len as u64));
        assert_eq!(e.iprobe(previous, 3, WORLD)?, Some(status), "probing takes nothing");
        assert_eq!(e.iprobe(previous, 4, WORLD)?, None);
        let mut got = vec![0; len];
        recv(e, &mut got, status.source, status.tag)?;
        assert_eq!(got, pattern(len, previous, 3));
        assert_eq!(e.iprobe(previous, 3, WORLD)?, None);
        e.wait(request)?;
        e.run(WORLD, Barrier)?;
    }
    Ok(())
}

fn matched_probe<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    for len in [0, 40, 900, 9_000, 90_000] {
        let data = [pattern(len, me, 3), pattern(len, me, 4)];
        let sends =
            [isend(e, Mode::Standard, &data[0], next, 3)?, isend(e, Mode::Standard, &data[1], next, 3)?];
        let (first, status) = e.mprobe(previous, 3, WORLD)?;
        assert_eq!(status.bytes, len as u64);
        let second = loop {
            if let Some((second, _)) = e.improbe(previous, 3, WORLD)? {
                break second;
            }
        };
        let (mut a, mut b) = (vec![0; len], vec![0; len]);
        // SAFETY: both live until the receives are over.
        let (to_a, to_b) = unsafe { (RecvBuf::of(&mut a), RecvBuf::of(&mut b)) };
        let request = e.imrecv(second, to_b)?;
        e.mrecv(first, to_a)?;
        e.wait(request)?;
        assert_eq!((a, b), (pattern(len, previous, 3), pattern(len, previous, 4)));
        assert_eq!(e.mrecv(first, RecvBuf::EMPTY).unwrap_err().class(), Class::Request);
        e.wait_all(&sends)?;
    }
    Ok(())
}

fn flood<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    const COUNT: u32 = 3_000;
    let mut sends = Vec::new();
    let data: Vec<[u8; 4]> = (0..COUNT).map(u32::to_le_bytes).collect();
    for part in &data {
        sends.push(isend(e, Mode::Standard, part, next, 8)?);
    }
    // The mark that all others were sent before it.
    let last = [me as u8];
    let mark = isend(e, Mode::Standard, &last, next, 9)?;
    let mut got = [0; 4];
    recv(e, &mut got[..1], previous, 9)?;
    for i in 0..COUNT {
        recv(e, &mut got, previous, 8)?;
        assert_eq!(u32::from_le_bytes(got), i);
    }
    e.wait_all(&sends)?;
    e.wait(mark)?;
    Ok(())
}
