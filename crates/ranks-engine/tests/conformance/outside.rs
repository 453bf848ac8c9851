//! What a blocking or nonblocking collective leaves to whoever drives the engine: operations that are applied
//! outside of it, and the rest of a call that was interrupted.

use crate::Case;
use crate::collectives::{out, room};
use crate::plans::{total, words};
use crate::support::*;
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

/// Puts words one after the other in base 10: the order matters.
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
            let digits = if b_now == 0 { 1 } else { b_now.ilog10() + 1 };
            b.copy_from_slice(&(a * 10u64.pow(digits) + b_now).to_ne_bytes());
        }
    };
    (StoredOp::deferred(Arc::new(function), 8, false), calls)
}

fn outside<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    let number = |ranks: std::ops::Range<i32>| ranks.fold(0u64, |all, rank| all * 10 + rank as u64 + 1);
    for count in [1usize, 5_000] {
        let own: Vec<u8> = (0..count).flat_map(|_| (me as u64 + 1).to_ne_bytes()).collect();
        let expected: Vec<u8> = (0..count).flat_map(|_| number(0..n).to_ne_bytes()).collect();
        let ((op, calls), (scan_op, scan_calls)) = (joined(), joined());
        let (mut got, mut scanned) = (vec![0; own.len()], vec![0; own.len()]);
        let (send, form) = (Some(out(&own)), Form::Persistent);
        let reduction = e.iallreduce(form, send, room(&mut got), op, WORLD)?;
        let scan = e.iscan(form, send, room(&mut scanned), scan_op, WORLD)?;
        for _ in 0..2 {
            assert!(!e.defers());
            e.start(reduction)?;
            e.start(scan)?;
            let done = wait_working(e, reduction)? + wait_working(e, scan)?;
            let called = calls.swap(0, Ordering::Relaxed) + scan_calls.swap(0, Ordering::Relaxed);
            assert_eq!(done, called, "the engine has called no function itself");
            assert!(got == expected, "{count}");
            assert!(scanned.chunks(8).all(|word| *word == number(0..me + 1).to_ne_bytes()), "{count}");
        }
        e.request_free(reduction)?;
        e.request_free(scan)?;
        // A call that blocks applies it itself, and so does one that another collective keeps waiting.
        let id = e.iallreduce(Form::Nonblocking, send, room(&mut got), joined().0, WORLD)?;
        e.scan(send, room(&mut scanned), &mut joined().0.as_op(), WORLD)?;
        e.barrier(WORLD)?;
        wait_working(e, id)?;
        assert!(got == expected && scanned.chunks(8).all(|word| *word == number(0..me + 1).to_ne_bytes()));
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
            0 => e.allreduce(Some(out(&own)), room(&mut got), &mut op, WORLD),
            _ => e.barrier(WORLD),
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
    e.allreduce(None, room(&mut all), &mut op, WORLD)?;
    assert!(n == 1 || all != words(&[0]), "no wait was interrupted");
    e.make_divisible(true);
    // With an operation that is applied elsewhere it always comes to that.
    let (own, mut got) = ((me as u64 + 1).to_ne_bytes(), [0; 8]);
    let outcome = e.allreduce(Some(out(&own)), room(&mut got), &mut joined().0.as_op(), WORLD);
    match e.take_rest() {
        Some(rest) => {
            assert!(outcome.unwrap_err().is_interrupted());
            wait_working(e, rest)?;
        }
        None => outcome?,
    }
    let all = (0..n).fold(0u64, |all, rank| all * 10 + rank as u64 + 1);
    assert_eq!(got, all.to_ne_bytes());
    e.make_divisible(false);
    // An interrupt that came too late must not end the next case's waits.
    while !e.wait_interruptible(Call::Wait, &[], true)? {}
    Ok(())
}
