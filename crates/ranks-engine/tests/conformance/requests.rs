//! Requests: waiting and testing in all forms, persistence, cancelling, freeing, interrupting.

use crate::Case;
use crate::support::*;
use ranks_engine::collective::Barrier;
use ranks_engine::transport::Transport;
use ranks_engine::{ANY_SOURCE, Call, Class, Engine, Mode, RecvBuf, Result, SendBuf, Status};

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![
        ("wait all, in any order", wait_all),
        ("windows of messages", windows),
        ("sends that are complete when they are made", complete_at_once),
        ("wait any", wait_any),
        ("wait some, test some", wait_some),
        ("test until done", test),
        ("a failure among several", failure_among_several),
        ("persistent requests", persistent),
        ("cancel", cancel),
        ("free a request under way", request_free),
        ("stale requests", stale),
        ("interrupts", interrupts),
        ("requests that are watched", watched),
    ]
}

fn wait_all<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    let lens = [0usize, 8, 300, 3_000, 30_000, 300_000];
    let data: Vec<_> = lens.iter().map(|&len| pattern(len, me, len as i32)).collect();
    let mut got: Vec<_> = lens.iter().map(|&len| vec![0; len]).collect();
    let mut requests = Vec::new();
    for (buffer, &len) in got.iter_mut().zip(&lens).rev() {
        requests.push(irecv(e, buffer, previous, len as i32)?);
    }
    for (part, &len) in data.iter().zip(&lens) {
        requests.push(isend(e, Mode::Standard, part, next, len as i32)?);
    }
    for outcome in e.wait_all(&requests)? {
        outcome?;
    }
    for (buffer, &len) in got.iter().zip(&lens) {
        assert_eq!(*buffer, pattern(len, previous, len as i32));
    }
    assert!(e.wait_all(&[])?.is_empty());
    Ok(())
}

/// Many messages both ways at once, of each length that goes another way.
fn windows<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    const WINDOW: i32 = 80;
    for len in [0usize, 8, 700, 3_000, 12_000, 20_000] {
        let data: Vec<_> = (0..WINDOW).map(|n| pattern(len, me, n)).collect();
        let mut got = vec![vec![0; len]; WINDOW as usize];
        let mut requests = Vec::new();
        for buffer in &mut got {
            requests.push(irecv(e, buffer, previous, 1)?);
        }
        for part in &data {
            requests.push(isend(e, Mode::Standard, part, next, 1)?);
        }
        for (n, outcome) in e.wait_all(&requests)?.into_iter().enumerate() {
            let bytes = if n < WINDOW as usize { len as u64 } else { 0 };
            assert_eq!(outcome?.bytes, bytes);
        }
        assert!((0..WINDOW).all(|n| got[n as usize] == pattern(len, previous, n)), "in order, len {len}");
    }
    Ok(())
}

/// Such sends may share a request: whatever is done with one says nothing of the others.
fn complete_at_once<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (_, _, next, previous) = ring(e);
    let data: Vec<[u8; 8]> = (0..6).map(|n| [n; 8]).collect();
    let sends =
        data.iter().map(|part| isend(e, Mode::Standard, part, next, 1)).collect::<Result<Vec<_>>>()?;
    let kept = std::sync::Arc::new(());
    e.cancel(sends[0])?;
    e.leave(sends[0], Box::new(kept.clone()));
    assert!(!e.is_persistent(sends[0]) && e.is_active(sends[1]));
    assert_eq!(e.start(sends[1]).unwrap_err().class(), Class::Request);
    e.request_free(sends[1])?;
    e.abandon(sends[2], Box::new(kept.clone()));
    let mut got = [0; 8];
    for n in 0..6 {
        recv(e, &mut got, previous, 1)?;
        assert_eq!(got, [n; 8]);
    }
    for send in [sends[0], sends[3], sends[4]] {
        assert_eq!(e.wait(send)?, Status::EMPTY);
    }
    e.wait_all(&sends[5..])?.remove(0)?;
    // What was left to a send goes with it.
    e.run(WORLD, Barrier)?;
    while std::sync::Arc::strong_count(&kept) > 1 {
        e.progress();
    }
    Ok(())
}

fn wait_any<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    if me > 0 {
        return send(e, Mode::Standard, &[me as u8], 0, 1);
    }
    let mut got = vec![[0u8; 1]; n as usize - 1];
    let mut requests = Vec::new();
    for (at, buffer) in got.iter_mut().enumerate() {
        requests.push(irecv(e, buffer, at as i32 + 1, 1)?);
    }
    let mut positions: Vec<usize> = (0..requests.len()).collect();
    while let Some((at, outcome)) = e.wait_any(&requests)? {
        assert_eq!(outcome?.source, positions[at] as i32 + 1);
        requests.remove(at);
        positions.remove(at);
    }
    assert!(requests.is_empty());
    assert!(got.iter().enumerate().all(|(at, byte)| byte[0] == at as u8 + 1));
    Ok(())
}

fn wait_some<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    let mut got = [[0u8; 4]; 10];
    let mut requests = Vec::new();
    for (tag, buffer) in got.iter_mut().enumerate() {
        requests.push(irecv(e, buffer, previous, tag as i32)?);
    }
    for tag in 0..10 {
        send(e, Mode::Standard, &pattern(4, me, tag), next, tag)?;
    }
    let mut turn = 0;
    while !requests.is_empty() {
        turn += 1;
        let done = if turn % 2 == 0 { e.wait_some(&requests)? } else { e.test_some(&requests)? };
        for (at, outcome) in done.into_iter().rev() {
            outcome?;
            requests.remove(at);
        }
    }
    for (tag, buffer) in got.iter().enumerate() {
        assert_eq!(buffer[..], pattern(4, previous, tag as i32));
    }
    Ok(())
}

fn test<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    let mut got = vec![0; 50_000];
    let receive = irecv(e, &mut got, previous, 1)?;
    assert!(e.is_active(receive));
    assert_eq!(e.status_of(receive)?, None);
    e.run(WORLD, Barrier)?;
    let data = pattern(50_000, me, 1);
    let sending = isend(e, Mode::Standard, &data, next, 1)?;
    while e.status_of(receive)?.is_none() {}
    while e.test_all(&[receive, sending])?.is_none() {}
    assert!(!e.is_active(receive));
    assert_eq!(got, pattern(50_000, previous, 1));
    assert!(matches!(e.test_any(&[])?, Some(None)));
    Ok(())
}

fn failure_among_several<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    let (mut a, mut b) = ([0u8; 4], [0u8; 100]);
    let requests = [irecv(e, &mut a, previous, 1)?, irecv(e, &mut b, previous, 2)?];
    send(e, Mode::Standard, &pattern(50, me, 1), next, 1)?;
    send(e, Mode::Standard, &pattern(50, me, 2), next, 2)?;
    let outcomes = e.wait_all(&requests)?;
    assert_eq!(outcomes[0].as_ref().unwrap_err().class(), Class::Truncate);
    assert_eq!(outcomes[1].as_ref().unwrap().bytes, 50);
    Ok(())
}

fn persistent<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    for len in [8usize, 3_000, 100_000] {
        let mut data = vec![0; len];
        let mut got = vec![0; len];
        // SAFETY: both are written only while no request is under way, and outlive the requests.
        let (s, r) = unsafe { (SendBuf::of(&data), RecvBuf::of(&mut got)) };
        let sending = e.send_init(Mode::Standard, s, next, 7, WORLD)?;
        let receive = e.recv_init(r, ANY_SOURCE, 7, WORLD)?;
        assert_eq!(e.test(receive)?, Some(Status::EMPTY), "inactive counts as done");
        for round in 0..5 {
            data.copy_from_slice(&pattern(len, me, round));
            e.start(receive)?;
            assert_eq!(e.start(receive).unwrap_err().class(), Class::Request, "it is under way");
            e.start(sending)?;
            e.wait(sending)?;
            assert_eq!(e.wait(receive)?.source, previous);
            assert!(e.is_persistent(receive) && !e.is_active(receive));
            assert_eq!(got, pattern(len, previous, round));
            e.run(WORLD, Barrier)?;
        }
        e.request_free(sending)?;
        e.request_free(receive)?;
    }
    Ok(())
}

fn cancel<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let mut got = [0; 8];
    let receive = irecv(e, &mut got, ANY_SOURCE, 77)?;
    e.cancel(receive)?;
    assert!(e.wait(receive)?.cancelled);
    let me = e.rank() as i32;
    let receive = irecv(e, &mut got, me, 77)?;
    send(e, Mode::Standard, &[1; 8], me, 77)?;
    e.cancel(receive)?;
    assert!(!e.wait(receive)?.cancelled, "it was matched before");
    assert_eq!(got, [1; 8]);
    Ok(())
}

fn request_free<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    let data = pattern(40_000, me, 1);
    let mut got = vec![0; 40_000];
    let receive = irecv(e, &mut got, previous, 1)?;
    let sending = isend(e, Mode::Standard, &data, next, 1)?;
    e.request_free(sending)?;
    e.wait(receive)?;
    assert_eq!(got, pattern(40_000, previous, 1));
    // The freed send may still be copied from until everyone has received.
    e.run(WORLD, Barrier)
}

fn stale<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let me = e.rank() as i32;
    let request = isend(e, Mode::Standard, &[1], me, 1)?;
    recv(e, &mut [0], me, 1)?;
    e.wait(request)?;
    let again = isend(e, Mode::Standard, &[1], me, 1)?;
    assert_eq!(again.index(), request.index(), "the place is used again");
    assert_eq!(e.wait(request).unwrap_err().class(), Class::Request);
    recv(e, &mut [0], me, 1)?;
    e.wait(again)?;
    assert_eq!(e.request_free(again).unwrap_err().class(), Class::Request);
    Ok(())
}

fn interrupts<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let me = e.rank() as i32;
    let mut got = [0; 1];
    let receive = irecv(e, &mut got, me, 1)?;
    let handle = e.wake_handle();
    handle.interrupt();
    assert!(!e.wait_interruptible(Call::Wait, &[receive], true)?, "an earlier interrupt is not lost");
    std::thread::scope(|scope| -> Result<()> {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            handle.interrupt();
        });
        assert_eq!(e.probe_interruptible(Call::Probe, me, 2, WORLD)?, None);
        Ok(())
    })?;
    send(e, Mode::Standard, &[5], me, 1)?;
    assert!(e.wait_interruptible(Call::Wait, &[receive], true)?);
    e.wait(receive)?;
    assert_eq!(got, [5]);
    Ok(())
}

/// Of many requests only those that are watched and have completed are told, each once.
fn watched<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    const PENDING: usize = 50;
    let mut rooms = [[0u8; 8]; PENDING];
    let mut receives = Vec::new();
    for (tag, room) in rooms.iter_mut().enumerate() {
        let id = irecv(e, room, previous, tag as i32)?;
        assert!(e.watch(id));
        receives.push(id);
    }
    e.unwatch(receives[7]);
    // Nobody sends before all have posted their receives: else some would be complete before they are watched.
    e.run(WORLD, Barrier)?;
    let mut told = Vec::new();
    for tag in [7, 30, 2] {
        let sent = [me as u8; 8];
        let send = isend(e, Mode::Standard, &sent, next, tag)?;
        e.wait(send)?;
        while !e.is_done(receives[tag as usize]) {
            e.progress();
        }
        // The other rank may be further: what it has sent by then is told too.
        told.extend(std::iter::from_fn(|| e.take_completed()));
        e.wait(receives[tag as usize])?;
    }
    told.sort_by_key(|id| *id == receives[30]);
    assert_eq!(told, [receives[2], receives[30]], "each once, and no other");
    assert!(!e.watch(receives[30]), "it is over");
    for (tag, &id) in receives.iter().enumerate().filter(|(tag, _)| ![7, 30, 2].contains(tag)) {
        e.cancel(id)?;
        assert!(e.wait(id)?.cancelled, "receive {tag}");
    }
    while e.take_completed().is_some() {}
    e.run(WORLD, Barrier)
}
