//! Barrier: MPI 5.0 section 6.3.

use super::tags;
use crate::error::Result;
use crate::group::{Comm, CommId};
use crate::p2p::Engine;
use crate::transport::Transport;
use ranks_shm::blocked::{Blocked, Call, NOBODY};
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
            (1, ..) => Ok(()),
            (_, BarrierAlgorithm::Counter, Some(area)) => self.counter_barrier(comm, area),
            _ => self.dissemination_barrier(comm),
        }
    }

    fn counter_barrier(&mut self, comm: &Arc<Comm>, index: usize) -> Result<()> {
        let segment = self.transport.segment().clone();
        let area = segment.area(index);
        let arrived = area.arrive(comm.size() as u32);
        if arrived.last {
            for slot in comm.slots().filter(|&slot| slot != self.core.me) {
                self.transport.wake(slot);
            }
            return Ok(());
        }
        let what = Blocked {
            call: Call::Barrier,
            peer: NOBODY,
            tag: NOBODY,
            context: comm.context,
            requests: 0,
            bytes: 0,
        };
        self.wait_until(what, false, |engine| {
            if area.open(arrived) {
                return Some(Ok(()));
            }
            // Whoever is gone and had not arrived will never arrive; whoever had, opened it or waits.
            let gone = comm.slots().find(|&slot| engine.core.gone[slot].is_some())?;
            // It may have opened the barrier and then ended: look again, after having seen its end.
            if area.open(arrived) {
                return Some(Ok(()));
            }
            Some(Err(engine.core.gone_error(Call::Barrier, gone).context(comm.context)))
        })?
    }

    fn dissemination_barrier(&mut self, comm: &Arc<Comm>) -> Result<()> {
        let (size, me) = (comm.size(), comm.me);
        let mut distance = 1;
        while distance < size {
            let (to, from) = ((me + distance) % size, (me - distance + size) % size);
            self.send_on(Call::Barrier, comm, to, tags::BARRIER, &[])?;
            self.recv_into(Call::Barrier, comm, from, tags::BARRIER, &mut [])?;
            distance *= 2;
        }
        Ok(())
    }
}
