//! Sleeps across processes: no wake-up may be lost.
//!
//! Two ranks play ping-pong and sleep at every turn. The backstop would find work that a lost wake-up
//! left behind; the test fails when it ever did. `RANKS_SLEEP_ROUNDS` sets the length.

#[path = "conformance/support.rs"]
#[allow(dead_code)]
mod support;

use ranks_engine::Mode;
use support::{processes_once, recv, ring, send, watchdog};

fn rounds() -> u64 {
    std::env::var("RANKS_SLEEP_ROUNDS").map_or(10_000, |text| text.parse().expect("a number"))
}

#[test]
fn no_wake_up_is_lost_across_processes() {
    for n in [2, 3] {
        for fences in [false, true] {
            let _dog = watchdog("sleeps", 60 + rounds() / 2_000);
            let mut settings = vec![("RANKS_SLEEP_AFTER", "0")];
            if fences {
                settings.push(("RANKS_FENCES", "1"));
            }
            let (sleeps, lost) = processes_once(n, "sleeper_entry", &settings);
            assert!(lost.is_empty(), "ranks {lost:?} of {n} found work only by the backstop, {settings:?}");
            eprintln!(
                "n = {n}, fences {fences}: {sleeps} sleeps, none ended by the backstop with work to do"
            );
            // On a busy machine a message is often there before its receiver lies down.
            assert!(sleeps > rounds() / 10, "the ranks hardly slept: {sleeps} sleeps");
        }
    }
}

#[test]
fn sleeper_entry() {
    if std::env::var_os("RANKS_JOB").is_none() {
        return;
    }
    let mut engine = ranks_engine::ShmEngine::from_environment().unwrap();
    let (me, _, next, previous) = ring(&engine);
    let mut ball = [0u8; 8];
    for _ in 0..rounds() {
        if me == 0 {
            send(&mut engine, Mode::Standard, &ball, next, 0).unwrap();
            recv(&mut engine, &mut ball, previous, 0).unwrap();
        } else {
            recv(&mut engine, &mut ball, previous, 0).unwrap();
            send(&mut engine, Mode::Standard, &ball, next, 0).unwrap();
        }
    }
    engine.finalize().unwrap();
}
