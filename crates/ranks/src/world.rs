//! Starting: a rank's world.

use crate::communicator::{Communicator, Finalising, Shared};
use crate::shared::SharedCommunicator;
use crate::{Class, Error, Result};
use ranks_engine::threads::join_threads;
use ranks_engine::transport::shm::Shm;
use ranks_engine::{Call, Engine, ShmEngine};
use ranks_shm::Segment;
use std::ops::Deref;
use std::panic::resume_unwind;
use std::rc::Rc;
use std::sync::Arc;

/// All ranks of the job, and the right to talk to them. A [`Communicator`] in every respect; finalises
/// when it and every communicator made from it are dropped.
#[derive(Debug)]
pub struct World(Communicator);

impl Deref for World {
    type Target = Communicator;

    fn deref(&self) -> &Communicator {
        &self.0
    }
}

impl World {
    pub(crate) fn of(engine: Finalising) -> Self {
        Self(Communicator::world(Shared::new(engine)))
    }

    /// This rank for several threads, and for tasks of any executor. Section 11.6.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// std::thread::scope(|threads| {
    ///     for tag in 0..4 {
    ///         let world = &world;
    ///         threads.spawn(move || {
    ///             world.send(&format!("thread {tag}"), world.rank(), tag).wait().expect("it is sent");
    ///             let (text, _) = world.receive::<String>(ranks::ANY_SOURCE, tag).wait().expect("it comes");
    ///             assert_eq!(text, format!("thread {tag}"));
    ///         });
    ///     }
    /// });
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Comm` when other communicators of this rank exist.
    pub fn into_shared(self) -> Result<SharedCommunicator> {
        let (rank, size) = (self.rank(), self.size());
        let engine = self.0.engine.clone();
        drop(self);
        match Rc::try_unwrap(engine) {
            Ok(shared) => Ok(SharedCommunicator::new(shared.into_engine(), rank, size)),
            Err(_) => {
                let detail = "other communicators of this rank exist: drop them before it is shared";
                Err(Error::new(Class::Comm, Call::Init, rank, detail))
            }
        }
    }
}

/// Joins the job that this process was started in by `ranks run` (or `mpiexec`); a program started
/// otherwise is a job of one rank. Once a process. Section 11.2.
///
/// ```no_run
/// let world = ranks::init()?;
/// println!("rank {} of {}", world.rank(), world.size());
/// # Ok::<(), ranks::Error>(())
/// ```
///
/// # Errors
/// Class `Other` when this process has been a rank of its job already, or when the job cannot be joined.
pub fn init() -> Result<World> {
    Ok(World::of(Finalising(ShmEngine::in_rust()?)))
}

/// Runs `f` as `n` ranks that are threads of this process: for tests, examples and small programs. The
/// results in order of rank. Where ranks fail, the error of the one that failed first: one that only says that
/// another rank has ended never hides the error of that rank. A panic goes on in the caller.
///
/// ```
/// let ranks = ranks::threads(3, |world| Ok(world.rank()))?;
/// assert_eq!(ranks, [0, 1, 2]);
/// # Ok::<(), ranks::Error>(())
/// ```
///
/// # Errors
/// Class `Arg` when `n` is 0 or more than there can be; otherwise the error of the rank that failed first.
pub fn threads<R: Send>(n: usize, f: impl Fn(&World) -> Result<R> + Sync) -> Result<Vec<R>> {
    let most = ranks_shm::bounds::MAX_RANKS;
    if !(1..=most).contains(&n) {
        return Err(Error::new(Class::Arg, Call::Init, 0, format!("{n} ranks: there can be 1 to {most}")));
    }
    let segment = Arc::new(Segment::private(n));
    let one = |rank: usize| -> Result<R> {
        let world = World::of(Finalising(Engine::new(Shm::thread(segment.clone(), rank)?)));
        f(&world)
    };
    let mut values = Vec::with_capacity(n);
    let (mut errors, mut panics) = (Vec::new(), Vec::new());
    for (rank, outcome) in join_threads(n, one).into_iter().enumerate() {
        match outcome {
            Ok(Ok(value)) => values.push(value),
            Ok(Err(error)) => errors.push((rank, error)),
            Err(panic) => panics.push((rank, panic)),
        }
    }
    // Those that fail because another rank has ended say so in the segment; the rest failed by themselves.
    let order =
        |rank: usize| (segment.blame(rank).is_some(), segment.finished_as(rank).unwrap_or(u32::MAX), rank);
    let error = errors.into_iter().min_by_key(|&(rank, _)| order(rank));
    if let Some((rank, panic)) = panics.into_iter().min_by_key(|&(rank, _)| order(rank)) {
        // Its message has been printed; the error that it panicked for would be lost.
        if let Some((first, error)) = error.filter(|&(first, _)| order(first) < order(rank)) {
            ranks_shm::say::line(format_args!("ranks: rank {first} failed first: {error}"));
        }
        resume_unwind(panic);
    }
    match error {
        Some((_, error)) => Err(error),
        None => Ok(values),
    }
}
