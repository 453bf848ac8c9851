//! What a blocking or nonblocking collective leaves to whoever drives the engine: operations that are applied
//! outside of it, and the rest of a call that was interrupted.

use crate::Case;
use crate::collectives::{out, room};
use crate::plans::{total, words};
use crate::support::*;
use ranks_engine::collective::{Allreduce, Barrier, Scan};
use ranks_engine::op::{Element, Op, Operation, StoredOp};
use ranks_engine::transport::Transport;
use ranks_engine::{Call, Engine, Form, RequestId, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![
        ("operations outside of the engine", outside),
        ("a blocking collective that is interrupted", interrupted),
    ]
}

/// Waits for a request, doing what work there is.
fn wait_working<T: Transport>(e: &mut Engine<T>, id: RequestId) -> Result<usize> {
    let mut done = 0;
    loop {
        while let Some(work) = e.take_work() {
            work.run();
            e.work_done(work);
            done += 1;
        }
        if e.wait_interruptible(Call::Wait, &[id], true)? {
            e.wait(id)?;
            return Ok(done);
        }
    }
}

/// What a rank puts in: the function x -> factor x + term, in half a word each.
fn own_step(rank: i32) -> u64 {
    (2 * rank as u64 + 3) << 32 | (rank as u64 + 1)
}

/// One function after the other: the order matters, and however many are put together fit in a word.
fn then(first: u64, second: u64) -> u64 {
    let [a, b] = [first, second].map(|word| ((word >> 32) as u32, word as u32));
    let term = a.1.wrapping_mul(b.0).wrapping_add(b.1);
    u64::from(a.0.wrapping_mul(b.0)) << 32 | u64::from(term)
}

/// All of them, in the order of ranks.
fn steps(ranks: std::ops::Range<i32>) -> [u8; 8] {
    ranks.map(own_step).reduce(then).expect("some").to_ne_bytes()
}

/// The operation that puts steps one after the other, and how often it was called.
fn joined() -> (StoredOp, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let function = move |input: *const u8, inout: *mut u8, len: usize| {
        counted.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the engine gives as many bytes of both, and nobody else uses them meanwhile.
        let (input, inout) =
            unsafe { (std::slice::from_raw_parts(input, len), std::slice::from_raw_parts_mut(inout, len)) };
        for (a, b) in input.chunks(8).zip(inout.chunks_mut(8)) {
            let [a, b_now] = [a, &b[..]].map(|x| u64::from_ne_bytes(x.try_into().expect("eight bytes")));
            b.copy_from_slice(&then(a, b_now).to_ne_bytes());
        }
    };
    (StoredOp::deferred(Arc::new(function), 8, false), calls)
}

fn outside<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    for count in [1usize, 5_000] {
        let own: Vec<u8> = (0..count).flat_map(|_| own_step(me).to_ne_bytes()).collect();
        let expected: Vec<u8> = (0..count).flat_map(|_| steps(0..n)).collect();
        let ((op, calls), (scan_op, scan_calls)) = (joined(), joined());
        let (mut got, mut scanned) = (vec![0; own.len()], vec![0; own.len()]);
        let (send, form) = (Some(out(&own)), Form::Persistent);
        let reduction = e.begin(WORLD, form, Allreduce { send, recv: room(&mut got), op })?;
        let scan =
            e.begin(WORLD, form, Scan { send, recv: room(&mut scanned), op: scan_op, inclusive: true })?;
        for _ in 0..2 {
            assert!(!e.defers());
            e.start(reduction)?;
            e.start(scan)?;
            let done = wait_working(e, reduction)? + wait_working(e, scan)?;
            let called = calls.swap(0, Ordering::Relaxed) + scan_calls.swap(0, Ordering::Relaxed);
            assert_eq!(done, called, "the engine has called no function itself");
            assert!(got == expected, "{count}");
            assert!(scanned.chunks(8).all(|word| *word == steps(0..me + 1)), "{count}");
        }
        e.request_free(reduction)?;
        e.request_free(scan)?;
        // A call that blocks applies it itself, and so does one that another collective keeps waiting.
        let id =
            e.begin(WORLD, Form::Nonblocking, Allreduce { send, recv: room(&mut got), op: joined().0 })?;
        e.run(WORLD, Scan { send, recv: room(&mut scanned), op: &mut joined().0.as_op(), inclusive: true })?;
        e.run(WORLD, Barrier)?;
        wait_working(e, id)?;
        assert!(got == expected && scanned.chunks(8).all(|word| *word == steps(0..me + 1)));
    }
    Ok(())
}

/// As in the C library: what an interrupt ends becomes a request.
fn interrupted<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    e.make_divisible(true);
    let handle = e.wake_handle();
    let (mut divided, mut op) = (0, Op::built_in(Operation::Sum, Element::I32).expect("it is one"));
    for round in 0..40 {
        if me == round % n {
            // The others wait meanwhile.
            std::thread::sleep(std::time::Duration::from_micros(300));
        }
        let (own, mut got) = (words(&[me]), [0; 4]);
        handle.interrupt();
        let outcome = match round % 2 {
            0 => e.run(WORLD, Allreduce { send: Some(out(&own)), recv: room(&mut got), op: &mut op }),
            _ => e.run(WORLD, Barrier),
        };
        match (outcome, e.take_rest()) {
            (Err(error), Some(rest)) => {
                assert!(error.is_interrupted(), "{error}");
                divided += 1;
                e.wait(rest)?;
            }
            (outcome, None) => outcome?,
            (Ok(()), Some(_)) => panic!("complete, and yet there is a rest"),
        }
        assert!(round % 2 == 1 || got[..] == total(n, 0), "round {round}");
        if let Some(work) = e.take_work() {
            panic!("nothing is deferred here: {}", work.len());
        }
    }
    // Who comes last never waits, and under load that may be the same rank again and again; not all of them.
    e.make_divisible(false);
    let mut all = words(&[divided]);
    e.run(WORLD, Allreduce { send: None, recv: room(&mut all), op: &mut op })?;
    assert!(n == 1 || all != words(&[0]), "no wait was interrupted");
    e.make_divisible(true);
    // With an operation that is applied elsewhere it always comes to that.
    let (own, mut got) = (own_step(me).to_ne_bytes(), [0; 8]);
    let outcome =
        e.run(WORLD, Allreduce { send: Some(out(&own)), recv: room(&mut got), op: &mut joined().0.as_op() });
    match e.take_rest() {
        Some(rest) => {
            assert!(outcome.unwrap_err().is_interrupted());
            wait_working(e, rest)?;
        }
        None => outcome?,
    }
    assert_eq!(got, steps(0..n));
    e.make_divisible(false);
    // An interrupt that came too late must not end the next case's waits.
    while !e.wait_interruptible(Call::Wait, &[], true)? {}
    Ok(())
}
