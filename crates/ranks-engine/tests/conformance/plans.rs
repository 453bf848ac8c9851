//! Collectives as requests: several at once, completed in any order, beside other communication; started
//! again.

use crate::Case;
use crate::collectives::{out, room};
use crate::support::*;
use ranks_engine::collective::{
    Allgather, Allreduce, Alltoall, Barrier, Bcast, ExchangeParts, Gather, ReduceScatter, Scan, Scatter,
};
use ranks_engine::op::{Element, Op, Operation, StoredOp};
use ranks_engine::transport::Transport;
use ranks_engine::{ANY_SOURCE, ANY_TAG, Class, Engine, Form, Mode, Result, Status};
use std::sync::Arc;

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![
        ("collectives under way together", together),
        ("a barrier that does not block", barrier),
        ("persistent collectives", persistent),
        ("persistent collectives started in another order", restarted),
        ("wait for any of requests of all kinds", any_kind),
        ("collective requests that are not cancelled or freed", not_cancelled),
        ("an abandoned collective goes on", abandoned),
        ("a collective of different lengths as a request", wrong_lengths),
    ]
}

pub fn sum() -> StoredOp {
    StoredOp::built_in(Operation::Sum, Element::I32).expect("it is one")
}

pub fn words(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_ne_bytes()).collect()
}

/// Sum of the first n numbers, each plus `more`.
pub fn total(n: i32, more: i32) -> Vec<u8> {
    words(&[n * (n - 1) / 2 + n * more])
}

fn together<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, next, previous) = ring(e);
    const MANY: usize = 12;
    for len in [4usize, 3_000, 100_000] {
        let row = |rank: i32, at: usize| pattern(len, rank, at as i32);
        let mine: Vec<_> = (0..MANY).map(|at| row(me, at)).collect();
        let numbers: Vec<_> = (0..MANY).map(|at| words(&[me + at as i32])).collect();
        let mut sums = vec![vec![0; 4]; MANY];
        let mut rows = vec![vec![0; len * n as usize]; MANY];
        let mut told: Vec<_> = (0..MANY).map(|at| row(me, at)).collect();
        let mut requests = Vec::new();
        for at in 0..MANY {
            let root = at as i32 % n;
            requests.push(e.begin(
                WORLD,
                Form::Nonblocking,
                Allgather { send: Some(out(&mine[at])), recv: room(&mut rows[at]), parts: None },
            )?);
            requests.push(e.begin(WORLD, Form::Nonblocking, Bcast { buf: room(&mut told[at]), root })?);
            let (own, recv) = (Some(out(&numbers[at])), room(&mut sums[at]));
            requests.push(e.begin(WORLD, Form::Nonblocking, Allreduce { send: own, recv, op: sum() })?);
            // Beside them: a message that any receive may take, and a blocking collective.
            let sending = isend(e, Mode::Standard, &numbers[at], next, at as i32)?;
            let mut got = [0; 4];
            let status = recv_any(e, &mut got)?;
            assert_eq!(
                (status.source, status.tag, &got[..]),
                (previous, at as i32, &words(&[previous + at as i32])[..])
            );
            e.wait(sending)?;
            if at % 5 == 0 {
                let mut op = Op::built_in(Operation::Sum, Element::I32).expect("it is one");
                let mut got = [0; 4];
                e.run(WORLD, Allreduce { send: Some(out(&numbers[at])), recv: room(&mut got), op: &mut op })?;
                assert_eq!(got[..], total(n, at as i32));
                e.run(WORLD, Barrier)?;
            }
        }
        // The last ones first; at every second rank from the middle.
        let half = requests.len() / 2;
        if me % 2 == 0 {
            requests.reverse();
        } else {
            requests.rotate_left(half);
        }
        let (some, rest) = requests.split_at(half);
        for &id in some {
            e.wait(id)?;
        }
        for outcome in e.wait_all(rest)? {
            assert_eq!(outcome?, Status::EMPTY);
        }
        for at in 0..MANY {
            let all: Vec<u8> = (0..n).flat_map(|rank| row(rank, at)).collect();
            assert!(rows[at] == all, "{len} bytes, {at}");
            assert!(told[at] == row(at as i32 % n, at), "{len} bytes, {at}");
            assert_eq!(sums[at], total(n, at as i32));
        }
    }
    Ok(())
}

fn recv_any<T: Transport>(e: &mut Engine<T>, got: &mut [u8]) -> Result<Status> {
    recv(e, got, ANY_SOURCE, ANY_TAG)
}

fn barrier<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    // The last rank begins only when it has heard from all others, who do not wait for it.
    let id = if me == n - 1 {
        for _ in 0..n - 1 {
            recv_any(e, &mut [0; 1])?;
        }
        e.begin(WORLD, Form::Nonblocking, Barrier)?
    } else {
        let id = e.begin(WORLD, Form::Nonblocking, Barrier)?;
        assert_eq!(e.test(id)?, None, "the last rank has not come");
        send(e, Mode::Standard, &[1], n - 1, 3)?;
        id
    };
    while e.test(id)?.is_none() {}
    Ok(())
}

fn persistent<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    let ranks = n as usize;
    let (mut data, mut one, mut all, mut every) =
        (vec![0u8; 4 * ranks], [0u8; 4], vec![0u8; 4 * ranks], vec![0u8; 4 * ranks]);
    let (mut told, mut dealt, mut before, mut part) = ([0u8; 4], [0u8; 4], [0u8; 4], [0u8; 4]);
    let send = room(&mut data).as_send();
    let own = Some(room(&mut data[..4]).as_send());
    let form = Form::Persistent;
    let requests = [
        e.begin(WORLD, form, Allreduce { send: own, recv: room(&mut one), op: sum() })?,
        e.begin(WORLD, form, Allgather { send: own, recv: room(&mut all), parts: None })?,
        e.begin(
            WORLD,
            form,
            Alltoall { send: Some(send), recv: room(&mut every), parts: ExchangeParts::Equal },
        )?,
        e.begin(WORLD, form, Bcast { buf: room(&mut told), root: 0 })?,
        e.begin(WORLD, form, Scatter { send, parts: None, recv: Some(room(&mut dealt)), root: 0 })?,
        e.begin(WORLD, form, Scan { send: own, recv: room(&mut before), op: sum(), inclusive: false })?,
        e.begin(
            WORLD,
            form,
            ReduceScatter { send: Some(send), recv: room(&mut part), lengths: None, op: sum() },
        )?,
        e.begin(WORLD, form, Barrier)?,
    ];
    for round in 0..3 {
        let value = |rank: i32, to: i32| rank * 100 + to * 10 + round;
        data.copy_from_slice(&words(&(0..n).map(|to| value(me, to)).collect::<Vec<_>>()));
        told = if me == 0 { round.to_ne_bytes() } else { [0; 4] };
        std::hint::black_box((&mut data, &mut told));
        for id in requests {
            assert!(e.is_persistent(id) && !e.is_active(id));
            e.start(id)?;
            assert!(e.start(id).is_err(), "it is under way or done");
        }
        for outcome in e.wait_all(&requests)? {
            outcome?;
        }
        let each = |f: &dyn Fn(i32) -> i32| words(&(0..n).map(f).collect::<Vec<_>>());
        assert_eq!(one[..], words(&[(0..n).map(|rank| value(rank, 0)).sum()]));
        assert_eq!(all, each(&|rank| value(rank, 0)));
        assert_eq!(every, each(&|rank| value(rank, me)));
        assert_eq!(told, round.to_ne_bytes());
        assert_eq!(dealt, value(0, me).to_ne_bytes());
        assert_eq!(before[..], words(&[(0..me).map(|rank| value(rank, 0)).sum()]));
        assert_eq!(part[..], words(&[(0..n).map(|rank| value(rank, me)).sum()]));
    }
    for id in requests {
        e.request_free(id)?;
    }
    Ok(())
}

/// Two of one kind at once, a different one first each time; one rank runs ahead of the others.
fn restarted<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    let mut own = [[0u8; 4]; 2];
    let mut got = [[0u8; 4]; 2];
    let mut ids = Vec::new();
    for (own, got) in own.iter_mut().zip(&mut got) {
        let send = Some(room(own).as_send());
        ids.push(e.begin(WORLD, Form::Persistent, Allreduce { send, recv: room(got), op: sum() })?);
    }
    for round in 0..6 {
        own = [(me + round).to_ne_bytes(), (me + 2 * round).to_ne_bytes()];
        // The engine reads it behind the compiler's back.
        std::hint::black_box(&mut own);
        let first = round as usize % 2;
        e.start(ids[first])?;
        e.start(ids[1 - first])?;
        e.wait(ids[1 - first])?;
        e.wait(ids[first])?;
        assert_eq!(got.concat(), [total(n, round), total(n, 2 * round)].concat());
    }
    ids.into_iter().try_for_each(|id| e.request_free(id))
}

fn any_kind<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, next, previous) = ring(e);
    let (mut got, mut sums) = ([0; 4], [0; 4]);
    let own = words(&[me]);
    let mut requests = vec![
        irecv(e, &mut got, previous, 8)?,
        e.begin(
            WORLD,
            Form::Nonblocking,
            Allreduce { send: Some(out(&own)), recv: room(&mut sums), op: sum() },
        )?,
        e.begin(WORLD, Form::Nonblocking, Barrier)?,
        isend(e, Mode::Standard, &own, next, 8)?,
    ];
    let mut turn = 0;
    while !requests.is_empty() {
        turn += 1;
        let done: Vec<(usize, Result<Status>)> = match turn % 4 {
            0 => e.wait_any(&requests)?.into_iter().collect(),
            1 => e.test_some(&requests)?,
            2 => e.test_any(&requests)?.flatten().into_iter().collect(),
            _ => e.wait_some(&requests)?,
        };
        for (at, outcome) in done.into_iter().rev() {
            outcome?;
            requests.remove(at);
        }
    }
    assert_eq!((&got[..], &sums[..]), (&words(&[previous])[..], &total(n, 0)[..]));
    Ok(())
}

fn not_cancelled<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    if me > 0 {
        recv(e, &mut [], 0, 5)?;
    }
    let id = e.begin(WORLD, Form::Nonblocking, Barrier)?;
    if me == 0 && n > 1 {
        // The others begin after this rank's message, so it cannot be over.
        for error in [e.cancel(id).unwrap_err(), e.request_free(id).unwrap_err()] {
            assert_eq!((error.class(), error.call().name()), (Class::Request, "MPI_Ibarrier"), "{error}");
        }
        (1..n).try_for_each(|rank| send(e, Mode::Standard, &[], rank, 5))?;
    }
    e.wait(id)?;
    let id = e.begin(WORLD, Form::Persistent, Barrier)?;
    e.request_free(id)
}

fn abandoned<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    let alive = Arc::new(());
    let mut buffers = Box::new((vec![me as u8; 50_000], vec![0; 50_000 * n as usize], alive.clone()));
    let (send, recv) = (room(&mut buffers.0).as_send(), room(&mut buffers.1));
    let id = e.begin(WORLD, Form::Nonblocking, Allgather { send: Some(send), recv, parts: None })?;
    e.abandon(id, buffers);
    // The buffers go when it is over, though nobody has asked for it.
    while Arc::strong_count(&alive) > 1 {
        e.progress();
    }
    Ok(())
}

fn wrong_lengths<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    // Where there are more, a receive that was given up leaves its message behind.
    if n != 2 {
        return Ok(());
    }
    let mine = vec![1; if me == 1 { 5 } else { 4 }];
    let mut got = vec![0; 4 * n as usize];
    let recv = if me == 0 { room(&mut got) } else { ranks_engine::RecvBuf::EMPTY };
    let id =
        e.begin(WORLD, Form::Nonblocking, Gather { send: Some(out(&mine)), recv, parts: None, root: 0 })?;
    match e.wait(id) {
        Err(error) if me == 0 => {
            assert_eq!((error.class(), error.call().name()), (Class::Truncate, "MPI_Igather"), "{error}");
        }
        outcome => {
            outcome?;
            assert!(me != 0);
        }
    }
    Ok(())
}
