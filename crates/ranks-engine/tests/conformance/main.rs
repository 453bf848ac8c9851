//! The conformance cases, written once, over every transport and rank count.
//!
//! A case is a function of one rank, generic over the transport; all ranks run it. The same list runs
//! on threads over the shared layout (with long and with very short rings), on the seeded simulation,
//! and on real processes, which this test starts by running itself again.

mod between;
mod boards;
mod collectives;
mod comms;
mod delivery;
mod failures;
mod intercomms;
mod large;
mod neighbors;
mod outside;
mod p2p;
mod partitioned;
mod plans;
mod reductions;
mod requests;
mod returned;
mod support;
mod topologies;
mod typed;
mod ways;

use ranks_engine::collective::Barrier;
use ranks_engine::transport::Transport;
use ranks_engine::{Engine, Result, Way, threads};
use ranks_shm::layout::Geometry;
use support::{processes, watchdog};

/// A name, and what each rank does.
pub type Case<T> = (&'static str, fn(&mut Engine<T>) -> Result<()>);

/// Every case, or those whose names contain the words in `RANKS_CASE`.
fn cases<T: Transport>() -> Vec<Case<T>> {
    let mut all = of_messages();
    all.extend(comms::cases());
    all.extend(intercomms::cases());
    all.extend(topologies::cases());
    all.extend(collectives::cases());
    all.extend(reductions::cases());
    all.extend(boards::cases());
    all.extend(plans::cases());
    all.extend(between::cases());
    all.extend(neighbors::cases());
    let chosen = chosen(all);
    assert!(!chosen.is_empty(), "no case has the words of RANKS_CASE in its name");
    chosen
}

/// The cases of messages: the others send the same messages, and take much longer. None, where RANKS_CASE names one of
/// the others.
fn message_cases<T: Transport>() -> Vec<Case<T>> {
    chosen(of_messages())
}

fn of_messages<T: Transport>() -> Vec<Case<T>> {
    let mut all = p2p::cases();
    all.extend(requests::cases());
    all.extend(returned::cases());
    all.extend(outside::cases());
    all.extend(large::cases());
    all.extend(typed::cases());
    all.extend(partitioned::cases());
    all.extend(delivery::cases());
    all.extend(ways::cases());
    all
}

fn chosen<T: Transport>(mut all: Vec<Case<T>>) -> Vec<Case<T>> {
    if let Ok(words) = std::env::var("RANKS_CASE") {
        all.retain(|(name, _)| name.contains(&words));
    }
    all
}

fn run_all<T: Transport>(engine: &mut Engine<T>) -> Result<()> {
    run_cases(engine, cases())
}

fn run_cases<T: Transport>(engine: &mut Engine<T>, cases: Vec<Case<T>>) -> Result<()> {
    for (name, case) in cases {
        support::set_case(name);
        case(engine)?;
        engine.run(ranks_engine::CommId::WORLD, Barrier)?;
        assert_eq!(engine.unexpected(), 0, "{name} left messages behind");
        // Nobody begins the next case, whose messages would count, before all have looked.
        engine.run(ranks_engine::CommId::WORLD, Barrier)?;
    }
    Ok(())
}

fn check(outcome: Vec<Result<()>>) {
    for result in outcome {
        result.unwrap();
    }
}

/// Rank counts: `RANKS_COUNTS=16,64` tries others.
fn counts() -> Vec<usize> {
    let number = |text: &str| text.trim().parse().expect("RANKS_COUNTS has numbers, by comma");
    match std::env::var("RANKS_COUNTS") {
        Ok(list) => list.split(',').map(number).collect(),
        Err(_) => vec![1, 2, 3, 4, 7],
    }
}

#[test]
fn threads_over_the_shared_layout() {
    for n in counts() {
        let _dog = watchdog(&format!("threads, n = {n}"), 300);
        check(threads::run(n, run_all));
    }
}

#[test]
fn threads_over_short_rings() {
    for n in counts() {
        let _dog = watchdog(&format!("short rings, n = {n}"), 240);
        check(threads::run_with(Geometry { ranks: n, ring_lines: 8, bulk_bytes: 4096 }, run_all));
    }
}

#[test]
fn the_seeded_simulation() {
    let seeds: u64 = std::env::var("RANKS_SEEDS").map_or(6, |text| text.parse().expect("a number"));
    let counts = counts();
    for seed in 0..seeds {
        let n = counts[seed as usize % counts.len()];
        let _dog = watchdog(&format!("simulation, n = {n}, seed {seed}"), 240);
        check(threads::simulate(n, seed, run_all));
    }
}

/// Long messages take each way in turn, whatever is measured.
fn by_each_way<T: Transport>(run: impl Fn(usize, &(dyn Fn(&mut Engine<T>) -> Result<()> + Sync))) {
    for way in [Way::Alone, Way::Both, Way::Ring] {
        for n in [2, 3] {
            let _dog = watchdog(&format!("{way:?}, n = {n}"), 240);
            run(n, &|engine| {
                engine.prescribe(way);
                run_cases(engine, message_cases())
            });
        }
    }
}

#[test]
fn threads_by_each_way() {
    by_each_way(|n, one| check(threads::run(n, one)));
}

#[test]
fn threads_over_short_rings_by_each_way() {
    let short = |ranks| Geometry { ranks, ring_lines: 8, bulk_bytes: 4096 };
    by_each_way(|n, one| check(threads::run_with(short(n), one)));
}

#[test]
fn the_seeded_simulation_by_each_way() {
    // Seed 0 is of ranks that can read each other's memory and have a CPU each.
    by_each_way(|n, one| (0..3).for_each(|seed| check(threads::simulate(n, 4 * seed, one))));
}

#[test]
fn processes_by_memory_and_by_ring() {
    let mut jobs: Vec<(usize, Vec<(&str, &str)>)> = counts().into_iter().map(|n| (n, vec![])).collect();
    if std::env::var_os("RANKS_COUNTS").is_none() {
        jobs.push((2, vec![("RANKS_NO_CMA", "1")]));
        jobs.push((4, vec![("RANKS_NO_CMA", "1")]));
        jobs.push((2, vec![("RANKS_PATH", "both")]));
        jobs.push((3, vec![("RANKS_PATH", "ring")]));
        jobs.push((2, vec![("RANKS_PATH", "ring"), ("RANKS_SLEEP_AFTER", "0")]));
        jobs.push((3, vec![("RANKS_FENCES", "1")]));
        jobs.push((2, vec![("RANKS_CPUS", "1")]));
    }
    for (n, settings) in jobs {
        let _dog = watchdog(&format!("processes, n = {n}, {settings:?}"), 240);
        processes(n, "process_entry", &settings);
    }
}

/// Not a test of its own: what the processes above run.
#[test]
fn process_entry() {
    if std::env::var_os("RANKS_JOB").is_none() {
        return;
    }
    // Whoever started it may be ended first, by a watchdog of its own.
    let _dog = watchdog("a rank that is a process", 300);
    let mut engine = ranks_engine::ShmEngine::from_environment().unwrap();
    run_all(&mut engine).unwrap();
    engine.finalize().unwrap();
}
