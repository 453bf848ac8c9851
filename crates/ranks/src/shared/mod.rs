//! A communicator for several threads and for tasks of any executor. Section 11.6.
//!
//! The engine is behind a lock that nobody holds while waiting. A thread that has to wait polls as a task does
//! (`request::awaiting`), with a waker that unparks it; so any number of waiting threads cost one sleeper.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod` | the rank and its lock; the communicator: its name, its copies and parts |
//! | `operation` | an operation under way: a future, and a wait for threads |
//! | `messages` | messages: sending, receiving, probing |
//! | `slices` | blocking calls on borrowed slices |
//! | `buffers` | collectives of buffers |
//! | `varying` | collectives of buffers with parts of different lengths |
//! | `neighbors` | grids, graphs, and exchanges in them |
//! | `objects` | collectives of objects |
//! | `work` | what runs without the lock: the program's functions in reductions of buffers |
//! | `incoming` | streams: of messages, and of ranks that have died |

mod buffers;
mod incoming;
mod messages;
mod neighbors;
mod objects;
mod operation;
mod slices;
mod varying;
mod work;

pub use incoming::{Failures, Incoming};
pub use messages::SharedMessage;
pub use operation::Operation;

use crate::communicator::{Communicator, Finalising};
use crate::request::Awaiting;
use crate::{Class, Error, Result};
use operation::Keeping;
use ranks_engine::{Call, CommId, RequestId, ShmEngine, UNDEFINED};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use work::Discarded;

/// A rank whose calls any thread may make.
struct Rank {
    engine: Mutex<Finalising>,
    awaiting: Awaiting,
    /// Threads that wait for the engine.
    wanted: AtomicUsize,
    discarded: Arc<Discarded>,
}

/// What the clones of a communicator share.
pub(crate) struct Comm {
    rank: Arc<Rank>,
    id: CommId,
    me: usize,
    size: usize,
    name: Mutex<String>,
}

/// A communicator that several threads and tasks use; [`crate::World::into_shared`] gives the first. All clones are one
/// communicator, which is freed when the last of them is dropped, and the rank finalises when the last communicator is.
///
/// Each operation is begun by one method, at once, and gives an [`Operation`]: a task awaits it, a thread calls
/// [`Operation::wait`]. None keeps another out while it waits. Which of several receives that fit gets a message is a
/// matter of who began first: tags keep them apart. All ranks begin the collectives of a communicator in the same
/// order, so one task or thread of each rank should begin them.
///
/// ```
/// # #[tokio::main(flavor = "multi_thread", worker_threads = 2)]
/// # async fn main() -> ranks::Result<()> {
/// let world = ranks::init()?.into_shared()?;
/// let server = world.clone();
/// let task = tokio::spawn(async move {
///     let (number, status) = server.receive::<i32>(ranks::ANY_SOURCE, 1).await?;
///     server.send(&(number + 1), status.source, 2).await
/// });
/// world.send(&41, 0, 1).await?;
/// assert_eq!(world.receive::<i32>(0, 2).await?.0, 42);
/// task.await.expect("it does not panic")
/// # }
/// ```
#[derive(Clone)]
pub struct SharedCommunicator(Arc<Comm>);

impl Rank {
    fn lock(&self) -> MutexGuard<'_, Finalising> {
        match self.engine.try_lock() {
            Ok(engine) => engine,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                self.wanted.fetch_add(1, Ordering::Relaxed);
                let engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
                self.wanted.fetch_sub(1, Ordering::Relaxed);
                engine
            }
        }
    }

    /// Does `work` on the engine, alone.
    fn with<R>(&self, work: impl FnOnce(&mut ShmEngine) -> R) -> R {
        let mut engine = self.lock();
        let outcome = work(&mut engine.0);
        let woken = self.woken(&mut engine.0);
        self.unlock(engine, woken);
        outcome
    }
}

impl Comm {
    fn error(&self, class: Class, call: Call, detail: impl Into<String>) -> Error {
        let rank = self.rank.with(|engine| engine.rank());
        Error::new(class, call, rank, detail)
    }
}

impl Drop for Comm {
    fn drop(&mut self) {
        if self.id != CommId::WORLD && !std::thread::panicking() {
            // It exists, so freeing it cannot fail but after finalising, which it would have delayed.
            let _ = self.rank.with(|engine| engine.comm_free(self.id));
        }
    }
}

impl SharedCommunicator {
    pub(crate) fn new(engine: Finalising, me: usize, size: usize) -> Self {
        engine.0.expect_other_threads();
        let awaiting = Awaiting::default();
        let (wanted, discarded) = (AtomicUsize::new(0), Arc::default());
        let rank = Arc::new(Rank { engine: Mutex::new(engine), awaiting, wanted, discarded });
        Self(Arc::new(Comm { rank, id: CommId::WORLD, me, size, name: Mutex::new("world".to_owned()) }))
    }

    fn of(rank: Arc<Rank>, id: CommId) -> Result<Self> {
        let (me, size) = rank.with(|engine| Result::Ok((engine.comm_rank(id)?, engine.comm_size(id)?)))?;
        let (me, size) = (me as usize, size as usize);
        Ok(Self(Arc::new(Comm { rank, id, me, size, name: Mutex::default() })))
    }

    fn with<R>(&self, work: impl FnOnce(&mut ShmEngine) -> R) -> R {
        self.0.rank.with(work)
    }

    /// This rank's number in the communicator, from 0.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.rank(), 0);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn rank(&self) -> usize {
        self.0.me
    }

    /// The number of ranks in the communicator.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.size(), 1);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn size(&self) -> usize {
        self.0.size
    }

    /// The communicator's name: `world`, or what [`Self::set_name`] was given last. Section 7.8.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// assert_eq!(world.name(), "world");
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn name(&self) -> String {
        self.0.name.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Gives the communicator a name, for all clones of this rank. Section 7.8.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// world.set_name("everyone");
    /// assert_eq!(world.clone().name(), "everyone");
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn set_name(&self, name: &str) {
        *self.0.name.lock().unwrap_or_else(PoisonError::into_inner) = name.to_owned();
    }

    /// A communicator of the same ranks with a context of its own. Collective. Section 7.4.2.
    ///
    /// If the operation is dropped, the communicator is made all the same, and stays until the rank finalises.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let apart = world.duplicate().wait()?;
    /// apart.send("apart", 0, 0).wait()?;
    /// // The rank and the tag are the same, but the communicator keeps the messages apart.
    /// assert_eq!(world.probe_now(0, 0)?, None);
    /// assert_eq!(apart.receive::<String>(0, 0).wait()?.0, "apart");
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `ProcFailed` when a rank that it needs has ended.
    pub fn duplicate(&self) -> Operation<SharedCommunicator> {
        let making = match self.with(|engine| engine.begin_dup(self.0.id)) {
            Ok(making) => making,
            Err(error) => return Operation::failed(error),
        };
        self.begun(making.request, (), move |(), comm, status| match making.made(&status) {
            Some(id) => SharedCommunicator::of(comm.rank.clone(), id),
            None => Err(comm.error(Class::Intern, Call::CommDup, "there is no communicator")),
        })
    }

    /// Communicators of the ranks that give the same colour, ordered by key, then by rank; none for a rank without a
    /// colour. Collective. Section 7.4.2.
    ///
    /// If the operation is dropped, the communicator is made all the same, and stays until the rank finalises.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let part = world.split(Some(world.rank() as u32 % 2), 0).wait()?.expect("it gave a colour");
    /// assert_eq!((part.rank(), part.size()), (0, 1));
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when the colour is more than 2147483647; class `ProcFailed` when a rank of the communicator has
    /// ended.
    pub fn split(&self, color: Option<u32>, key: i32) -> Operation<Option<SharedCommunicator>> {
        let color = match color.map(i32::try_from) {
            None => UNDEFINED,
            Some(Ok(color)) => color,
            Some(Err(_)) => {
                let detail = "a colour is at most 2147483647";
                return Operation::failed(self.0.error(Class::Arg, Call::CommSplit, detail));
            }
        };
        let making = match self.with(|engine| engine.begin_split(self.0.id, color, key)) {
            Ok(making) => making,
            Err(error) => return Operation::failed(error),
        };
        self.begun(making.request, (), move |(), comm, status| {
            making.made(&status).map(|id| SharedCommunicator::of(comm.rank.clone(), id)).transpose()
        })
    }

    /// An operation that keeps `buffer` until it is over; `finish` makes of both what the caller gets.
    fn begun<V, B: Send + 'static>(
        &self,
        id: RequestId,
        buffer: B,
        finish: impl FnOnce(B, &Comm, ranks_engine::Status) -> Result<V> + Send + 'static,
    ) -> Operation<V> {
        let finish = move |buffer, comm: &Comm, outcome: Result<(Vec<u8>, ranks_engine::Status)>| {
            outcome.and_then(|(_, status)| finish(buffer, comm, status))
        };
        Operation::begun(&self.0, id, Keeping { buffer, data: false, finish })
    }

    /// As [`Self::begun`], with errors that are told as those of `call`.
    fn begun_as<V, B: Send + 'static>(
        &self,
        call: Call,
        id: RequestId,
        buffer: B,
        finish: impl FnOnce(B, &Comm, ranks_engine::Status) -> Result<V> + Send + 'static,
    ) -> Operation<V> {
        let finish = move |buffer, comm: &Comm, outcome: Result<(Vec<u8>, ranks_engine::Status)>| {
            let (_, status) = outcome.map_err(|error| error.in_call(call))?;
            finish(buffer, comm, status)
        };
        Operation::begun(&self.0, id, Keeping { buffer, data: false, finish })
    }

    /// Ends all ranks of the job, with `code` as the exit code; with 0, the exit code is 1. It does not
    /// return. Section 9.7.
    ///
    /// ```no_run
    /// let world = ranks::init()?.into_shared()?;
    /// if std::fs::metadata("input.dat").is_err() {
    ///     eprintln!("rank {}: there is no input.dat", world.rank());
    ///     world.abort(2);
    /// }
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn abort(&self, code: i32) -> ! {
        self.with(|engine| engine.abort(self.0.id, code))
    }

    /// Makes this the rank of one thread again. This must be the last clone of the world, and the other communicators
    /// and all operations must be gone.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let clone = world.clone();
    /// let world = world.into_world().expect_err("there is another clone");
    /// drop(clone);
    /// let world = world.into_world().expect("this is the last one");
    /// assert_eq!(world.duplicate()?.size(), 1);
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Gives this one back, unchanged, while there are others.
    pub fn into_world(self) -> std::result::Result<crate::World, SharedCommunicator> {
        let Self(comm) = self;
        // The rank is kept by each communicator, and by nothing else.
        if comm.id != CommId::WORLD || Arc::strong_count(&comm) > 1 || Arc::strong_count(&comm.rank) > 1 {
            return Err(Self(comm));
        }
        let rank = comm.rank.clone();
        drop(comm);
        match Arc::try_unwrap(rank) {
            Ok(rank) => {
                let engine = rank.engine.into_inner().unwrap_or_else(PoisonError::into_inner);
                Ok(crate::World::of(engine))
            }
            Err(_) => unreachable!("there was one communicator, and it was ours"),
        }
    }

    fn to(rank: usize) -> i32 {
        Communicator::to(rank)
    }
}

impl std::fmt::Debug for SharedCommunicator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SharedCommunicator(rank {} of {})", self.rank(), self.size())
    }
}
