//! Duplicates: MPI 5.0 section 7.4.2.

use super::Making;
use super::inter::both_sides;
use super::news::area;
use crate::error::Result;
use crate::group::CommId;
use crate::p2p::Engine;
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use std::sync::Arc;

impl<T: Transport> Engine<T> {
    /// Begins a communicator of the same ranks, in the same arrangement, with a context of its own. Collective.
    pub fn begin_dup(&mut self, id: CommId) -> Result<Making> {
        self.begin_dup_as(Call::CommDup, id, true)
    }

    /// Begins a copy of a communicator as a request that the program itself waits for. The request has no status.
    pub fn comm_idup(&mut self, id: CommId) -> Result<Making> {
        self.begin_dup_as(Call::CommIdup, id, false)
    }

    fn begin_dup_as(&mut self, call: Call, id: CommId, says: bool) -> Result<Making> {
        self.enter(call)?;
        let comm = self.comm(id, call)?;
        let message = self.internal_message_on(call, &comm);
        let old = comm.clone();
        let step = match comm.local.clone() {
            None => {
                let ranks = comm.slots.len();
                self.round(
                    message,
                    comm.slots.clone(),
                    None,
                    Box::new(move |engine, _| Ok(vec![engine.take_news(ranks); ranks])),
                    Box::new(move |_, news| Ok(Some(old.like(news[0], area(news[1]), None)))),
                )?
            }
            Some(local) => {
                let (members, first) = both_sides(&comm);
                let ranks = members.len();
                self.round(
                    message,
                    members,
                    None,
                    Box::new(move |engine, _| {
                        let context = engine.take_context();
                        let side = |ranks| {
                            let news = [vec![context], engine.take_news(ranks)].concat();
                            vec![news; ranks]
                        };
                        Ok([side(first), side(ranks - first)].concat())
                    }),
                    Box::new(move |_, news| {
                        let local = local.like(news[1], area(news[2]), None);
                        Ok(Some(old.like(news[0], None, Some(Arc::new(local)))))
                    }),
                )?
            }
        };
        Ok(self.begin_making(call, Some(&comm), says, step))
    }
}
