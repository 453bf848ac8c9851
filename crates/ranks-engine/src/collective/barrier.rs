//! Barrier: MPI 5.0 section 6.3.

use super::check::Check;
use super::inter::tell_own_group;
use super::{Collective, Storable, tags};
use crate::bounds::QUICK_YIELDS;
use crate::error::Result;
use crate::group::{Comm, CommId};
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::{Core, Engine, Plan, Side};
use crate::transport::Transport;
use ranks_shm::area::Arrived;
use ranks_shm::blocked::{Blocked, Call, NOBODY};
use ranks_shm::bounds::{BARRIER_LOOKS, SIGNATURES};
use ranks_shm::cpus;
use ranks_shm::layout::Area;
use std::sync::Arc;

/// Waits until all ranks of the communicator have called.
///
/// It is one counter in the communicator's shared area, where there is one: the last rank to arrive opens the barrier.
/// By messages it is dissemination: in round k each rank tells the one 2^k further and hears from the one 2^k before
/// (Hensgen, Finkel, Manber 1988).
#[derive(Clone, Copy, Debug)]
pub struct Barrier;

impl Collective for Barrier {
    type Algorithm = ();
    const TAG: i32 = tags::BARRIER;

    fn call(&self) -> Call {
        Call::Barrier
    }

    fn on_board<T: Transport>(&mut self, engine: &mut Engine<T>, id: CommId) -> Option<Result<()>> {
        engine.enter(Call::Barrier).ok()?;
        let comm = engine.comm(id, Call::Barrier).ok()?;
        if comm.size() == 1 && comm.local.is_none() {
            return Some(Ok(()));
        }
        comm.area.map(|area| engine.counter_barrier(&comm, area))
    }

    fn check(&self, _: &Check<'_>) -> Result<()> {
        Ok(())
    }

    fn plan(&self, plan: &mut Plan, _: Option<()>) {
        disseminate(plan);
    }

    /// Nobody leaves before all of the other group have come.
    fn between(&self, _: &Check<'_>, plan: &mut Plan) -> Result<()> {
        plan.turn_to(Side::Local);
        disseminate(plan);
        let is_first = plan.me() == 0;
        plan.turn_to(Side::Comm);
        if is_first {
            plan.swap(Some((0, SendBuf::EMPTY)), Some((0, RecvBuf::EMPTY)));
        }
        tell_own_group(plan, RecvBuf::EMPTY);
        Ok(())
    }
}

impl Storable for Barrier {}

impl<T: Transport> Engine<T> {
    fn counter_barrier(&mut self, comm: &Arc<Comm>, index: usize) -> Result<()> {
        let segment = self.transport.segment().clone();
        let area = segment.area(index);
        let size = comm.size() as usize;
        // Where ranks share CPUs, whether to yield depends on who is still missing.
        let signed = !self.transport.fits() && size <= SIGNATURES;
        if signed {
            area.sign(comm.me as usize, cpus::current());
        }
        let arrived = area.arrive(size as u32);
        if arrived.last {
            for slot in comm.slots().filter(|&slot| slot != self.core.me) {
                self.transport.wake(slot);
            }
            return Ok(());
        }
        // Everyone who waits: true when the barrier is open, after a few looks if they cost nobody.
        let look = || {
            if area.open(arrived) {
                return true;
            }
            let free = signed && !area.misses_one_of(arrived, size, cpus::current());
            (0..if free { BARRIER_LOOKS } else { 0 }).any(|_| {
                std::hint::spin_loop();
                area.open(arrived)
            })
        };
        if !self.transport.fits() {
            // The usual case first, without looking at the rings between two yields.
            for _ in 0..QUICK_YIELDS {
                if look() {
                    return Ok(());
                }
                std::thread::yield_now();
            }
        }
        let what = Blocked {
            call: Call::Barrier,
            peer: NOBODY,
            tag: NOBODY,
            context: comm.context,
            requests: 0,
            bytes: 0,
        };
        let divisible = self.core.divisible;
        let waited = self.wait_until(what, divisible, |engine| {
            if look() {
                return Some(Ok(()));
            }
            whether_open(area, arrived, comm, &engine.core)
        });
        match waited {
            Ok(outcome) => outcome,
            Err(interrupted) => {
                let (segment, of) = (segment.clone(), comm.clone());
                let mut plan = self.plan(Call::Barrier, comm, tags::BARRIER);
                plan.until(Box::new(move |core| whether_open(segment.area(index), arrived, &of, core)));
                self.divide(plan, None);
                Err(interrupted)
            }
        }
    }
}

/// The outcome of a barrier by counter, once there is one. Whoever is gone and had not arrived will never
/// arrive; whoever had, opened it or waits.
fn whether_open(area: &Area, arrived: Arrived, comm: &Comm, core: &Core) -> Option<Result<()>> {
    if area.open(arrived) {
        return Some(Ok(()));
    }
    let gone = comm.slots().find(|&slot| core.gone[slot].is_some())?;
    // It may have opened the barrier and then ended: look again, after having seen its end.
    if area.open(arrived) {
        return Some(Ok(()));
    }
    Some(Err(core.gone_error(Call::Barrier, gone).context(comm.context)))
}

fn disseminate(plan: &mut Plan) {
    let (size, me) = (plan.size(), plan.me());
    let mut distance = 1;
    while distance < size {
        let (to, from) = ((me + distance) % size, (me - distance + size) % size);
        plan.swap(Some((to, SendBuf::EMPTY)), Some((from, RecvBuf::EMPTY)));
        distance *= 2;
    }
}
