//! Ranks as threads of one process.

use crate::error::{Error, Result};
use crate::p2p::Engine;
use crate::transport::Transport;
use crate::transport::shm::Shm;
use crate::transport::sim::{Sim, World};
use ranks_shm::Segment;
use ranks_shm::layout::Geometry;
use std::sync::Arc;

/// Runs `f` as `n` ranks, each a thread, on the layout that processes share. The results in order of
/// rank. A rank that panics or fails counts as dead to the others; its panic goes on in the caller.
pub fn run<R: Send>(n: usize, f: impl Fn(&mut Engine<Shm>) -> Result<R> + Sync) -> Vec<Result<R>> {
    run_with(Geometry::new(n), f)
}

/// Runs `f` as [`run`] does, in a segment whose number of ranks and length of rings the caller chooses.
pub fn run_with<R: Send>(
    geometry: Geometry,
    f: impl Fn(&mut Engine<Shm>) -> Result<R> + Sync,
) -> Vec<Result<R>> {
    let segment = Arc::new(Segment::private_with(geometry));
    each(geometry.ranks, |rank| Ok(Engine::new(Shm::thread(segment.clone(), rank)?)), f)
}

/// Runs `f` as `n` ranks on the simulated transport, which delays messages as the seed decides.
pub fn simulate<R: Send>(
    n: usize,
    seed: u64,
    f: impl Fn(&mut Engine<Sim>) -> Result<R> + Sync,
) -> Vec<Result<R>> {
    let world = World::new(n, seed);
    each(n, |rank| Ok(Engine::new(Sim::new(world.clone(), rank))), f)
}

fn each<T: Transport, R: Send>(
    n: usize,
    make: impl Fn(usize) -> Result<Engine<T>> + Sync,
    f: impl Fn(&mut Engine<T>) -> Result<R> + Sync,
) -> Vec<Result<R>> {
    let one = |rank: usize| -> Result<R> {
        let mut engine = make(rank)?;
        let result = f(&mut engine)?;
        engine.finalize()?;
        Ok(result)
    };
    in_threads(n, one)
}

/// Runs `one` as each of `n` ranks, each on a thread of its own; the results in order of rank. A panic
/// goes on in the caller.
pub fn in_threads<R: Send>(n: usize, one: impl Fn(usize) -> Result<R> + Sync) -> Vec<Result<R>> {
    let join =
        |joined: std::thread::Result<_>| joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    join_threads(n, one).into_iter().map(join).collect()
}

/// As [`in_threads`], with the panic of each rank that has panicked.
pub fn join_threads<R: Send>(
    n: usize,
    one: impl Fn(usize) -> Result<R> + Sync,
) -> Vec<std::thread::Result<Result<R>>> {
    std::thread::scope(|scope| {
        let one = &one;
        let spawn = |rank| {
            let builder = std::thread::Builder::new().name(format!("rank {rank}"));
            builder.spawn_scoped(scope, move || one(rank)).map_err(|error| {
                let detail = format!("cannot start a thread: {error}");
                Error::new(crate::Class::Other, crate::Call::Init, rank, detail)
            })
        };
        let handles: Vec<_> = (0..n).map(spawn).collect();
        let join = |handle: Result<std::thread::ScopedJoinHandle<'_, Result<R>>>| match handle {
            Ok(handle) => handle.join(),
            Err(error) => Ok(Err(error)),
        };
        handles.into_iter().map(join).collect()
    })
}
