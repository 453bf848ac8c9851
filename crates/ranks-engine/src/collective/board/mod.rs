//! Collectives on a board: what is handed over lies in shared memory that all ranks of the communicator
//! read, so it is written once, and a collective of all with all is one synchronisation.
//!
//! | file | what it holds |
//! |---|---|
//! | `desk` | one rank's part in it: room, posts, reading those of the others |
//! | `spread` | broadcast, gather, scatter, gather and exchange of all with all |
//! | `reduce` | reductions to one and to all, of slices, and scans |
//!
//! The algorithms are `async` functions that await words of the board: the compiler makes of each the
//! state machine that is polled. What a rank posts says in which call it is and of what length, so ranks
//! that disagree are told instead of hanging.

mod desk;
mod reduce;
mod spread;

use crate::bounds::QUICK_YIELDS;
use crate::error::{Class, Error, Result};
use crate::group::Comm;
use crate::p2p::Engine;
use crate::transport::Transport;
use desk::{Desk, Fault, Outcome};
use ranks_shm::blocked::{Blocked, Call, NOBODY};
use ranks_shm::board::Board;
use ranks_shm::life::Life;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

impl<T: Transport> Engine<T> {
    /// True when the communicator has a board.
    #[inline]
    pub(super) fn has_board(&self, comm: &Comm) -> bool {
        comm.size() > 1 && comm.area.is_some_and(|area| self.transport.segment().has_board(area))
    }

    /// Runs an algorithm on the communicator's board.
    fn on_board<R>(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        algorithm: impl AsyncFnOnce(&Desk) -> Outcome<R>,
    ) -> Result<R> {
        let board = comm.area.and_then(|area| Board::of(self.transport.segment(), area));
        let Some(board) = board else {
            return Err(self.error(Class::Intern, call, "no board").context(comm.context));
        };
        let desk = Desk::new(board, comm.clone(), call, self.transport.fits());
        let mut run = pin!(algorithm(&desk));
        let mut context = Context::from_waker(Waker::noop());
        let look = || match run.as_mut().poll(&mut context) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        };
        self.run_on_board(call, comm, &desk, look)
    }

    fn run_on_board<R>(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        desk: &Desk,
        mut look: impl FnMut() -> Option<Outcome<R>>,
    ) -> Result<R> {
        // The usual case first, without looking at the rings in between.
        if desk.fits {
            for _ in 0..self.core.quick_looks {
                if let Some(outcome) = look() {
                    return outcome.map_err(|fault| self.fault(call, comm, fault));
                }
                std::hint::spin_loop();
            }
        } else {
            for _ in 0..QUICK_YIELDS {
                if let Some(outcome) = look() {
                    return outcome.map_err(|fault| self.fault(call, comm, fault));
                }
                std::thread::yield_now();
            }
        }
        let slot = comm.slot_of(desk.waits_for()).map_or(NOBODY, |slot| slot as i32);
        let what = Blocked { call, peer: slot, tag: NOBODY, context: comm.context, requests: 0, bytes: 0 };
        self.wait_until(what, false, |engine| {
            if let Some(outcome) = look() {
                return Some(outcome.map_err(|fault| engine.fault(call, comm, fault)));
            }
            if engine.core.gone_count == 0 {
                return None;
            }
            // Whoever has died may be needed by anyone here; who has finished only by those who wait for it.
            let waited = comm.slot_of(desk.waits_for());
            let gone = comm.slots().find(|&slot| match engine.core.gone[slot] {
                Some(Life::Failed) => true,
                Some(_) => Some(slot) == waited,
                None => false,
            })?;
            // What it did before its end counts: look once more, after having seen that.
            if let Some(outcome) = look() {
                return Some(outcome.map_err(|fault| engine.fault(call, comm, fault)));
            }
            if comm.slot_of(desk.waits_for()) != waited && engine.core.gone[gone] != Some(Life::Failed) {
                return None;
            }
            Some(Err(engine.core.gone_error(call, gone).context(comm.context)))
        })?
    }

    fn fault(&self, call: Call, comm: &Comm, fault: Fault) -> Error {
        let (class, peer, detail) = match fault {
            Fault::Left(peer) => {
                (Class::Other, peer, format!("rank {peer} left the collective before it was complete"))
            }
            Fault::Call(peer, other) => (
                Class::Other,
                peer,
                format!("rank {peer} is in {} here: collectives must be called in one order", other.name()),
            ),
            Fault::Length(peer, came, expected) => (
                Class::Truncate,
                peer,
                format!("rank {peer} has {came} bytes where this rank expects {expected}"),
            ),
        };
        self.error(class, call, detail).peer(peer as i32).context(comm.context)
    }
}
