//! Collectives on a board: what is handed over lies in shared memory that all ranks of the communicator
//! read, so it is written once, and a collective of all with all is one synchronisation.
//!
//! | file | what it holds |
//! |---|---|
//! | this | whether a collective has a board; running one: within the call, or its rest as a request |
//! | `round` | one rank's part in it: posts, those of the others, leaving |
//! | `storage` | where what is posted lies: the line, a half, the ring |
//! | `fast_path` | what fits in lines, within the call |
//! | `spread` | broadcast, gather, scatter, gather and exchange of all with all |
//! | `reduce` | reductions to one and to all, of slices, and scans |
//!
//! The algorithms are `async` functions that await words of the board: the compiler makes of each the
//! state machine that is polled. What a rank posts says in which call it is and of what length, so ranks
//! that disagree are told instead of hanging. What is too long for the board goes on as a plan of messages.

mod fast_path;
pub(super) mod reduce;
mod round;
pub(super) mod spread;
mod storage;

pub(super) use round::OwnParts;

use super::check::Check;
use super::{Collective, Part};
use crate::bounds::{self, QUICK_YIELDS};
use crate::error::{Class, Error, Result};
use crate::group::{Comm, CommId};
use crate::op::Op;
use crate::p2p::{Core, Engine, Plan};
use crate::transport::Transport;
use fast_path::FastPath;
use ranks_shm::blocked::{Blocked, Call, NOBODY};
use ranks_shm::board::Board;
use ranks_shm::life::Life;
use round::{Fault, Outcome, Round};
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// What came of it on the board.
pub trait Found {
    /// Nothing is left to be done by messages.
    fn is_all(&self) -> bool;
}

impl Found for () {
    fn is_all(&self) -> bool {
        true
    }
}

impl Found for bool {
    fn is_all(&self) -> bool {
        *self
    }
}

/// Parts that are left.
impl Found for Vec<(i32, Part)> {
    fn is_all(&self) -> bool {
        self.is_empty()
    }
}

/// Runs a reduction with the operation as it is, or with one that goes on with what is left when the call
/// ends early.
macro_rules! reduce_on_board {
    ($engine:ident, $call:expr, $comm:expr, $tag:expr, $op:ident, |$round:ident, $with:ident| $future:expr) => {{
        match $engine.core.divisible.then(|| crate::op::StoredOp::of($op)).flatten() {
            Some($with) => $engine.on_board_divisible($call, $comm, $tag, |$round| $future, |(), _| {}),
            None => {
                let $with = $op;
                $engine.on_board($call, $comm, $tag, |$round| $future, |(), _| {})
            }
        }
    }};
}

pub(super) use reduce_on_board;

/// True where each rank reduces a slice of what is long.
pub(super) fn in_slices(comm: &Comm, len: usize) -> bool {
    comm.size() > 2 && len > bounds::BOARD_EACH
}

impl<T: Transport> Engine<T> {
    fn board_of<'c>(&self, comm: &'c Comm) -> Option<&'c Board> {
        let board = || comm.area.and_then(|area| Board::of(self.transport.segment(), area));
        comm.board_state.board.get_or_init(board).as_ref()
    }

    /// The communicator, if it has a board and the arguments are right. What is wrong with them is told when the
    /// collective is done by messages.
    #[inline]
    pub(super) fn board_for(&self, collective: &impl Collective, id: CommId) -> Option<&Arc<Comm>> {
        self.enter(Call::Unknown).ok()?;
        let comm = self.core.comms.get(id)?;
        let has_board = comm.size() > 1 && comm.local.is_none() && self.board_of(comm).is_some();
        let check = Check::new(collective.call(), comm, self.core.me);
        (has_board && collective.check(&check).is_ok()).then_some(comm)
    }

    /// True when `len` bytes are reduced on the board: it has room for an element of each rank, and the operation may
    /// run inside the engine.
    pub(super) fn board_reduces(&self, comm: &Comm, op: &Op<'_>, len: usize) -> bool {
        op.deferred().is_none()
            && op.element() * comm.size() as usize <= self.board_half()
            && len <= bounds::BOARD_LONGEST
    }

    /// The next round of a communicator, if all posts of it are `len` bytes and that is short.
    #[inline]
    pub(super) fn fast_path<'c>(&self, call: Call, comm: &'c Comm, len: usize) -> Option<FastPath<'c>> {
        let looks = if self.transport.fits() { self.core.quick_looks } else { 1 };
        FastPath::next(comm, self.board_of(comm)?, call, len, looks)
    }

    /// Bytes of a half of the board.
    pub(super) fn board_half(&self) -> usize {
        ranks_shm::bounds::board_half(self.core.world)
    }

    /// The longest that is posted whole.
    pub(super) fn board_longest(&self) -> usize {
        storage::longest(ranks_shm::bounds::board_ring(self.core.world), self.board_half())
    }

    /// Runs a collective that moves elements: what `begin` makes, then the plan that `then` makes of its outcome. Where
    /// the call may end early, the rest becomes a request.
    pub(super) fn move_on_board<
        R: Found + Send + 'static,
        F: Future<Output = Outcome<R>> + Send + 'static,
    >(
        &mut self,
        call: Call,
        comm: Arc<Comm>,
        tag: i32,
        begin: impl FnOnce(Round) -> F,
        then: impl FnOnce(R, &mut Plan) + Send + 'static,
    ) -> Result<()> {
        match self.core.divisible {
            true => self.on_board_divisible(call, comm, tag, begin, then),
            false => self.on_board(call, comm, tag, begin, then),
        }
    }

    fn begin_round(&self, call: Call, comm: &Arc<Comm>) -> Result<Round> {
        let board = self
            .board_of(comm)
            .cloned()
            .ok_or_else(|| self.error(Class::Intern, call, "no board").context(comm.context))?;
        Ok(Round::new(board, comm.clone(), call))
    }

    /// Runs what `begin` makes, then the plan that `then` makes of its outcome, all within the call.
    pub(super) fn on_board<R: Found, F: Future<Output = Outcome<R>>>(
        &mut self,
        call: Call,
        comm: Arc<Comm>,
        tag: i32,
        begin: impl FnOnce(Round) -> F,
        then: impl FnOnce(R, &mut Plan),
    ) -> Result<()> {
        let mut run = pin!(begin(self.begin_round(call, &comm)?));
        let mut context = Context::from_waker(Waker::noop());
        let look = || match run.as_mut().poll(&mut context) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        };
        let outcome = self.run_on_board(call, &comm, false, look)?;
        self.after_board(call, &comm, tag, outcome, then)
    }

    /// Runs what `begin` makes where another thread may interrupt the call; the rest is a request then, as that of a plan.
    pub(super) fn on_board_divisible<
        R: Found + Send + 'static,
        F: Future<Output = Outcome<R>> + Send + 'static,
    >(
        &mut self,
        call: Call,
        comm: Arc<Comm>,
        tag: i32,
        begin: impl FnOnce(Round) -> F,
        then: impl FnOnce(R, &mut Plan) + Send + 'static,
    ) -> Result<()> {
        let mut run = Box::pin(begin(self.begin_round(call, &comm)?));
        let mut look = move || match run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        };
        let interrupted = match self.run_on_board(call, &comm, true, &mut look) {
            Ok(outcome) => return self.after_board(call, &comm, tag, outcome, then),
            Err(error) if error.is_interrupted() => error,
            Err(error) => return Err(error),
        };
        let mut rest = self.plan(call, &comm, tag);
        let outcome = Arc::new(Mutex::new(None));
        let place = outcome.clone();
        rest.until(Box::new(move |core| {
            let found = look_or_give_up(core, call, &comm, &mut look)?;
            Some(found.map(|found| *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(found)))
        }));
        rest.then(Box::new(move |_, plan| {
            if let Some(outcome) = outcome.lock().unwrap_or_else(PoisonError::into_inner).take() {
                then(outcome, plan);
            }
            Ok(())
        }));
        self.divide(rest, None);
        Err(interrupted)
    }

    fn after_board<R: Found>(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        tag: i32,
        outcome: R,
        then: impl FnOnce(R, &mut Plan),
    ) -> Result<()> {
        if outcome.is_all() {
            return Ok(());
        }
        let mut plan = self.plan(call, comm, tag);
        then(outcome, &mut plan);
        self.run_divisible(plan, None)
    }

    fn run_on_board<R>(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        interruptible: bool,
        mut look: impl FnMut() -> Option<Outcome<R>>,
    ) -> Result<R> {
        // The usual case first, without looking at the rings in between.
        let fits = self.transport.fits();
        for _ in 0..if fits { self.core.quick_looks } else { QUICK_YIELDS } {
            if let Some(outcome) = look() {
                return outcome.map_err(|fault| explain(&self.core, call, comm, fault));
            }
            if interruptible && self.interrupted.load(Ordering::Relaxed) {
                break;
            }
            if fits {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
        let slot = waited_for(comm).map_or(NOBODY, |slot| slot as i32);
        let what = Blocked { call, peer: slot, tag: NOBODY, context: comm.context, requests: 0, bytes: 0 };
        self.wait_until(what, interruptible, |engine| look_or_give_up(&engine.core, call, comm, &mut look))?
    }
}

fn waited_for(comm: &Comm) -> Option<usize> {
    comm.slot_of(comm.board_state.waits_for.get() as i32)
}

/// Looks, and looks who is gone: what waits for one of them ends with an error.
fn look_or_give_up<R>(
    core: &Core,
    call: Call,
    comm: &Comm,
    look: &mut impl FnMut() -> Option<Outcome<R>>,
) -> Option<Result<R>> {
    if let Some(outcome) = look() {
        return Some(outcome.map_err(|fault| explain(core, call, comm, fault)));
    }
    if core.gone_count == 0 {
        return None;
    }
    // Whoever has died may be needed by anyone here; who has finished only by those who wait for it.
    let died = |slot: usize| core.gone[slot] == Some(Life::Failed);
    let waited = waited_for(comm).filter(|&slot| core.gone[slot].is_some());
    let gone = comm.slots().find(|&slot| died(slot)).or(waited)?;
    // What it did before its end counts: look once more, after having seen that.
    if let Some(outcome) = look() {
        return Some(outcome.map_err(|fault| explain(core, call, comm, fault)));
    }
    if !died(gone) && waited_for(comm) != Some(gone) {
        return None;
    }
    Some(Err(core.gone_error(call, gone).context(comm.context)))
}

fn explain(core: &Core, call: Call, comm: &Comm, fault: Fault) -> Error {
    let (class, peer, detail) = match fault {
        Fault::Left(peer) => {
            (Class::Other, peer, format!("rank {peer} left the collective before it was complete"))
        }
        Fault::Call(peer, other) => {
            let other = other.name();
            let detail = format!("rank {peer} is in {other} here: collectives must be called in one order");
            (Class::Other, peer, detail)
        }
        Fault::Length(peer, came, expected) => (
            Class::Truncate,
            peer,
            format!("rank {peer} has {came} bytes where this rank expects {expected}"),
        ),
        Fault::Way(peer) => {
            (Class::Type, peer, format!("rank {peer} has elements of another size than this rank"))
        }
    };
    Error::new(class, call, core.me, detail).peer(peer as i32).context(comm.context)
}
