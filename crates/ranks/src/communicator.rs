//! Communicators: groups of ranks that talk apart from others.

use crate::request::{Awaiting, Woken};
use crate::{Error, Result};
use ranks_engine::collective::Barrier;
use ranks_engine::{Call, Class, CommId, ShmEngine, UNDEFINED};
use std::cell::{RefCell, RefMut};
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

/// A receive from any rank.
pub const ANY_SOURCE: Source = Source(ranks_engine::ANY_SOURCE);

/// A receive with any tag.
pub const ANY_TAG: Tag = Tag(ranks_engine::ANY_TAG);

/// Whom to receive from: a rank, or [`ANY_SOURCE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source(pub(crate) i32);

/// Which messages to receive: those with a tag, or with [`ANY_TAG`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag(pub(crate) i32);

/// A number that no communicator has as a rank; the engine refuses it by name.
const NO_RANK: i32 = i32::MAX;

impl From<usize> for Source {
    fn from(rank: usize) -> Self {
        Self(i32::try_from(rank).unwrap_or(NO_RANK))
    }
}

impl From<i32> for Source {
    /// A negative number is no rank, and no wildcard either: those have names.
    fn from(rank: i32) -> Self {
        Self(if rank < 0 { NO_RANK } else { rank })
    }
}

impl From<i32> for Tag {
    /// A negative number is no tag, and no wildcard either.
    fn from(tag: i32) -> Self {
        Self(if tag < 0 { i32::MIN } else { tag })
    }
}

/// What a receive or a probe found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The sender's rank in the communicator.
    pub source: usize,
    /// The message's tag.
    pub tag: i32,
    /// Bytes of the message.
    pub bytes: usize,
    pub(crate) mark: u16,
}

impl Status {
    pub(crate) fn of(source: usize, tag: i32, bytes: usize) -> Self {
        Self { source, tag, bytes, mark: crate::mark::NONE }
    }
}

impl From<ranks_engine::Status> for Status {
    fn from(status: ranks_engine::Status) -> Self {
        // There is no way in this interface to receive from PROC_NULL, the only negative source.
        let mark = status.mark;
        Self { mark, ..Self::of(status.source.max(0) as usize, status.tag, status.bytes as usize) }
    }
}

/// A group of ranks with a context of its own: what is sent in one communicator is never received in
/// another. Section 7.1.
///
/// A communicator keeps its rank's engine: finalising happens when the last one is dropped, so none can
/// outlive it. It stays on its thread:
///
/// ```compile_fail
/// let world = ranks::init().unwrap();
/// std::thread::spawn(move || world.rank());
/// ```
pub struct Communicator {
    pub(crate) engine: Rc<Shared>,
    pub(crate) id: CommId,
    rank: usize,
    size: usize,
    /// Ranks that the parts of a collective go to and come from: its own, or those of the other group.
    pub(crate) partners: usize,
    /// Made by `duplicate` or `split`: freed when dropped.
    owned: bool,
    pub(crate) name: RefCell<String>,
}

/// The engine of a rank, finalised when the last communicator goes.
pub(crate) struct Shared {
    engine: RefCell<Finalising>,
    awaiting: Awaiting,
}

/// An engine that is finalised when it goes.
pub(crate) struct Finalising(pub ShmEngine);

impl Drop for Finalising {
    fn drop(&mut self) {
        // A rank that unwinds has not finished its part: it must not look as if it had.
        if std::thread::panicking() {
            return;
        }
        if let Err(error) = self.0.finalize() {
            ranks_shm::say::line(format_args!("ranks: {error}"));
        }
        if let Some(line) = self.0.unreceived() {
            ranks_shm::say::line(line);
        }
    }
}

/// The engine, for one call; then tasks that await requests look again.
pub(crate) struct InUse<'a> {
    engine: RefMut<'a, ShmEngine>,
    awaiting: &'a Awaiting,
    // Dropped last: a waker may come back.
    woken: Woken,
}

impl Drop for InUse<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.awaiting.any() {
            self.woken = self.awaiting.after_call(&mut self.engine);
        }
    }
}

impl Deref for InUse<'_> {
    type Target = ShmEngine;

    #[inline(always)]
    fn deref(&self) -> &ShmEngine {
        &self.engine
    }
}

impl DerefMut for InUse<'_> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut ShmEngine {
        &mut self.engine
    }
}

#[cold]
#[inline(never)]
fn used_within() -> ! {
    panic!(
        "the operation of a reduction used a communicator of its rank: it must only combine its two values; \
         communicate before or after the reduction"
    )
}

impl Shared {
    pub fn new(engine: Finalising) -> Rc<Self> {
        Rc::new(Self { engine: RefCell::new(engine), awaiting: Awaiting::default() })
    }

    /// The engine, for one call. No user code runs while it is borrowed but the operation of a reduction,
    /// which must not come back (it panics here).
    #[inline(always)]
    pub fn engine(&self) -> InUse<'_> {
        InUse { engine: self.engine_in_poll(), awaiting: &self.awaiting, woken: Woken::default() }
    }

    /// The engine, for a poll. A poll knows itself which tasks to wake, so nothing is woken when the borrow ends.
    #[inline(always)]
    pub fn engine_in_poll(&self) -> RefMut<'_, ShmEngine> {
        match self.engine.try_borrow_mut() {
            Ok(engine) => RefMut::map(engine, |engine| &mut engine.0),
            Err(_) => used_within(),
        }
    }

    pub fn awaiting(&self) -> &Awaiting {
        &self.awaiting
    }

    /// The engine, for another keeper.
    pub fn into_engine(self) -> Finalising {
        self.engine.into_inner()
    }
}

impl Communicator {
    pub(crate) fn world(engine: Rc<Shared>) -> Self {
        let (rank, size) = {
            let engine = engine.engine();
            (engine.rank(), engine.size())
        };
        Self {
            engine,
            id: CommId::WORLD,
            rank,
            size,
            partners: size,
            owned: false,
            name: RefCell::new("world".to_owned()),
        }
    }

    pub(crate) fn made(&self, id: CommId) -> Result<Self> {
        let engine = self.engine.engine();
        let (rank, size) = (engine.comm_rank(id)? as usize, engine.comm_size(id)? as usize);
        drop(engine);
        let (partners, name) = (size, RefCell::default());
        Ok(Self { engine: self.engine.clone(), id, rank, size, partners, owned: true, name })
    }

    /// This rank's number in the communicator, from 0.
    ///
    /// ```
    /// ranks::threads(4, |world| {
    ///     let half = world.split(Some(world.rank() as u32 / 2), 0)?.expect("it gave a colour");
    ///     assert_eq!(half.rank(), world.rank() % 2);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The number of ranks in the communicator.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     assert_eq!(world.size(), 3);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn size(&self) -> usize {
        self.size
    }

    /// A destination as the engine numbers it.
    pub(crate) fn to(dest: usize) -> i32 {
        i32::try_from(dest).unwrap_or(NO_RANK)
    }

    pub(crate) fn error(&self, class: Class, call: Call, detail: impl Into<String>) -> Error {
        Error::new(class, call, self.engine.engine().rank(), detail)
    }

    /// Waits until all ranks of the communicator have called. Section 6.3.
    ///
    /// ```
    /// ranks::threads(3, |world| world.barrier())?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `ProcFailed` when a rank of the communicator has ended; class `Other` when this rank notices
    /// that another one is in another collective: all ranks call the collectives of a communicator in one
    /// order.
    pub fn barrier(&self) -> Result<()> {
        self.engine.engine().run(self.id, Barrier)
    }

    /// A communicator of the same ranks with a context of its own, for a library that must not meet its
    /// caller's messages. Collective. Section 7.4.2.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let apart = world.duplicate()?;
    ///     let other = 1 - world.rank();
    ///     world.send("in world", other, 0)?;
    ///     apart.send("apart", other, 0)?;
    ///     // The rank and the tag are the same, but the communicator keeps the messages apart.
    ///     assert_eq!(apart.receive::<String>(other, 0)?.0, "apart");
    ///     assert_eq!(world.receive::<String>(other, 0)?.0, "in world");
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `ProcFailed` when a rank that it needs has ended.
    pub fn duplicate(&self) -> Result<Communicator> {
        let id = self.engine.engine().comm_dup(self.id)?;
        self.made(id)
    }

    /// Communicators of the ranks that give the same colour, ordered by key, then by rank; none for a
    /// rank without a colour. Collective. Section 7.4.2.
    ///
    /// ```
    /// ranks::threads(4, |world| {
    ///     let half = world.split(Some(world.rank() as u32 / 2), 0)?.expect("it gave a colour");
    ///     assert_eq!((half.size(), half.rank()), (2, world.rank() % 2));
    ///     half.barrier()
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when the colour is more than 2147483647; class `ProcFailed` when a rank of the
    /// communicator has ended.
    pub fn split(&self, color: Option<u32>, key: i32) -> Result<Option<Communicator>> {
        let color = match color.map(i32::try_from) {
            None => UNDEFINED,
            Some(Ok(color)) => color,
            Some(Err(_)) => {
                return Err(self.error(Class::Arg, Call::CommSplit, "a colour is at most 2147483647"));
            }
        };
        let id = self.engine.engine().comm_split(self.id, color, key)?;
        id.map(|id| self.made(id)).transpose()
    }

    /// Ends all ranks of the job, with `code` as the exit code; with 0, the exit code is 1. It does not
    /// return. Section 9.7.
    ///
    /// ```no_run
    /// let world = ranks::init()?;
    /// if std::fs::metadata("input.dat").is_err() {
    ///     eprintln!("rank {}: there is no input.dat", world.rank());
    ///     world.abort(2);
    /// }
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn abort(&self, code: i32) -> ! {
        self.engine.engine().abort(self.id, code)
    }
}

impl Drop for Communicator {
    fn drop(&mut self) {
        if self.owned && !std::thread::panicking() {
            // It exists, so freeing it cannot fail but after finalising, which it would have delayed.
            let _ = self.engine.engine().comm_free(self.id);
        }
    }
}

impl std::fmt::Debug for Communicator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Communicator(rank {} of {})", self.rank, self.size)
    }
}
