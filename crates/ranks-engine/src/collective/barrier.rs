//! Barrier: MPI 5.0 section 6.3.

use super::tags;
use crate::bounds::QUICK_YIELDS;
use crate::error::Result;
use crate::group::{Comm, CommId};
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::{Core, Engine, Form, Plan, RequestId};
use crate::transport::Transport;
use ranks_shm::area::Arrived;
use ranks_shm::blocked::{Blocked, Call, NOBODY};
use ranks_shm::bounds::{BARRIER_LOOKS, SIGNATURES};
use ranks_shm::cpus;
use ranks_shm::layout::Area;
use std::sync::Arc;

/// How a barrier is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarrierAlgorithm {
    /// One counter in the communicator's shared area; the last to arrive opens.
    Counter,
    /// In round k each rank tells the one 2^k further and hears from the one 2^k before (Hensgen,
    /// Finkel, Manber 1988). Needs no shared area.
    Dissemination,
}

impl<T: Transport> Engine<T> {
    /// Waits until all ranks of the communicator have called.
    #[inline]
    pub fn barrier(&mut self, id: CommId) -> Result<()> {
        self.enter(Call::Barrier)?;
        let comm = self.comm(id, Call::Barrier)?;
        self.barrier_on(&comm, BarrierAlgorithm::Counter)
    }

    /// The same by a given algorithm: all ranks must give the same one.
    pub fn barrier_with(&mut self, id: CommId, algorithm: BarrierAlgorithm) -> Result<()> {
        self.enter(Call::Barrier)?;
        let comm = self.comm(id, Call::Barrier)?;
        self.barrier_on(&comm, algorithm)
    }

    fn barrier_on(&mut self, comm: &Arc<Comm>, algorithm: BarrierAlgorithm) -> Result<()> {
        match (comm.size(), algorithm, comm.area) {
            (1, ..) if comm.local.is_none() => Ok(()),
            (_, BarrierAlgorithm::Counter, Some(area)) => self.counter_barrier(comm, area),
            _ => self.dissemination_barrier(comm),
        }
    }

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

    fn dissemination_barrier(&mut self, comm: &Arc<Comm>) -> Result<()> {
        let mut plan = self.plan(Call::Barrier, comm, tags::BARRIER);
        meet(&mut plan);
        self.run_divisible(plan, None)
    }

    /// The same as a request: complete when all ranks have called.
    pub fn ibarrier(&mut self, form: Form, id: CommId) -> Result<RequestId> {
        let call = form.of(Call::Barrier);
        self.enter(call)?;
        let comm = self.comm(id, call)?;
        let mut plan = self.plan(call, &comm, tags::BARRIER);
        meet(&mut plan);
        Ok(self.launch(plan, None, form))
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

fn meet(plan: &mut Plan) {
    match plan.comm.local {
        Some(_) => super::inter::barrier(plan),
        None => disseminate(plan),
    }
}

pub(super) fn disseminate(plan: &mut Plan) {
    let (size, me) = (plan.size(), plan.me());
    let mut distance = 1;
    while distance < size {
        let (to, from) = ((me + distance) % size, (me - distance + size) % size);
        plan.swap(Some((to, SendBuf::EMPTY)), Some((from, RecvBuf::EMPTY)));
        distance *= 2;
    }
}
