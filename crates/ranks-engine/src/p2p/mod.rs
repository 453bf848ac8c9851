//! Point-to-point communication: MPI 5.0 chapter 3.
//!
//! | file | what it holds |
//! |---|---|
//! | `core` | the state of a rank and what an arriving message does to it |
//! | `request`, `requests` | a request and its status; the table of all |
//! | `send`, `recv` | beginning an operation, and the fast paths |
//! | `rendezvous` | long messages: announced, then copied from memory to memory or through the ring |
//! | `stream` | long messages through the ring, which their receiver can fetch all the same |
//! | `ways`, `burst` | which way a long message takes, and measuring it |
//! | `typed` | messages of elements that do not lie in a row |
//! | `stored` | messages that lie in the job's file, for receivers that cannot read the sender's memory |
//! | `outbox` | what could not be sent at once |
//! | `owed` | what of it must not wait for this rank's next call |
//! | `probe` | probes and matched probes |
//! | `returned` | messages that a receive has given back |
//! | `wait` | progress, waiting, testing |
//! | `poll` | looking without waiting, for tasks that await requests |
//! | `steps` | the parts of blocking calls, for callers with several threads |
//! | `lookup` | from ids and ranks to communicators and slots |
//! | `plan` | collectives as steps, run at once or as requests |
//! | `within` | messages of the engine's own, within a collective |
//! | `background` | what goes on in progress for a call that does not wait |
//! | `unreceived` | the line about messages that nobody received |
//! | `unmatched` | how much memory messages may use that no receive has matched |
//! | `peers` | ranks of other jobs: how they become peers, and how they go |
//! | `failures` | what the end of a rank does to the requests of the others |

mod attached;
mod background;
mod burst;
mod core;
mod external;
mod failures;
mod lookup;
mod outbox;
mod owed;
mod partitioned;
mod peers;
mod plan;
mod poll;
mod probe;
mod recv;
mod rendezvous;
mod request;
mod requests;
mod returned;
mod send;
mod steps;
mod stored;
mod stream;
mod typed;
mod unmatched;
mod unreceived;
mod wait;
mod ways;
mod wire;
mod within;

pub use attached::BufferOf;
pub use plan::{Form, Work};
pub use probe::MessageId;
pub use request::{Mode, RequestId, Status};
pub use wait::WakeHandle;
pub use ways::Way;

pub(crate) use self::core::Core;
pub(crate) use background::InternalMessage;
pub(crate) use plan::{Plan, Side};

use crate::error::{Class, Error, Result};
use crate::group::CommId;
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use ranks_shm::life::{Stage, is_forked_child};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// One rank.
pub struct Engine<T: Transport> {
    pub(crate) transport: T,
    pub(crate) core: Core,
    pub(crate) interrupted: Arc<AtomicBool>,
    /// Interruptible waits end where they would sleep: see [`Self::leave_sleeping`].
    sleeps_outside: bool,
    /// One did, and the sleep is announced.
    asleep: bool,
    background_tasks: Vec<background::TaskUnderWay<T>>,
    /// The launchers of jobs that this rank has started.
    pub(crate) launchers: Vec<std::process::Child>,
    /// The names that this rank has published.
    pub(crate) published: Vec<ranks_shm::published::Published>,
    finalized: bool,
}

impl<T: Transport> Engine<T> {
    /// A rank on a transport.
    pub fn new(transport: T) -> Self {
        let core = Core::new(&transport);
        let interrupted = Arc::new(AtomicBool::new(false));
        Self {
            transport,
            core,
            interrupted,
            sleeps_outside: false,
            asleep: false,
            background_tasks: Vec::new(),
            launchers: Vec::new(),
            published: Vec::new(),
            finalized: false,
        }
    }

    /// This rank in world.
    pub fn rank(&self) -> usize {
        self.core.me
    }

    /// Ranks in world.
    pub fn size(&self) -> usize {
        self.core.world
    }

    /// The transport, for what it shares with the job.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// From now on long messages to this rank take this way wherever it is possible, for tests: nothing is measured.
    pub fn prescribe(&mut self, way: Way) {
        self.core.prescribe(way);
    }

    /// True when this rank can copy from the memory of another.
    pub fn can_read(&mut self, slot: usize) -> bool {
        self.transport.remote(slot).is_some()
    }

    /// Bytes of messages from a rank that this one keeps, as no receive has matched them.
    pub fn unmatched_bytes(&self, from: usize) -> u64 {
        self.core.unmatched.bytes(from)
    }

    /// Unexpected messages that are kept.
    pub fn unexpected(&self) -> usize {
        self.core.matcher.unexpected()
    }

    /// An error of this rank in the current call.
    pub(crate) fn error(&self, class: Class, call: Call, detail: impl Into<String>) -> Error {
        Error::new(class, call, self.core.me, detail)
    }

    /// Refuses calls where there is no rank: in a forked child, and after finalising.
    #[inline(always)]
    pub(crate) fn enter(&self, call: Call) -> Result<()> {
        if is_forked_child() {
            return Err(self.error(
                Class::Other,
                call,
                "called in a forked child of the rank: only the process that initialised may communicate",
            ));
        }
        if self.finalized {
            return Err(self.error(Class::Other, call, "called after finalising"));
        }
        Ok(())
    }

    /// Ends communication: what was sent is delivered, then the others learn that no more will come.
    /// It is no barrier. In a forked child it does nothing.
    pub fn finalize(&mut self) -> Result<()> {
        if is_forked_child() || self.finalized {
            return Ok(());
        }
        self.core.finalizing = true;
        let outcome = self.flush_all(Call::Finalize);
        self.finalized = true;
        self.transport.segment().set_stage(self.core.me, Stage::Finished);
        self.transport.wake_foreign();
        self.published.clear();
        outcome
    }

    /// True after [`Self::finalize`].
    pub fn is_finalized(&self) -> bool {
        self.finalized
    }

    /// Asks for the end of the job with `code`. The caller ends its process next.
    pub fn request_abort(&mut self, code: i32) {
        self.transport.segment().request_abort(self.core.me, code);
    }

    /// Ends the job with `code`: MPI 5.0 section 9.7 (MPI_Abort).
    pub fn abort(&mut self, _comm: CommId, code: i32) -> ! {
        self.request_abort(code);
        std::process::exit(if code == 0 { 1 } else { code })
    }
}
