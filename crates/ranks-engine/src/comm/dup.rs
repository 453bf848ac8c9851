//! Duplicates: MPI 5.0 section 7.4.2.

use super::Making;
use super::news::{Reader, area};
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
                let slots = comm.slots.clone();
                let ranks = slots.len();
                self.round(
                    message,
                    comm.slots.clone(),
                    None,
                    Box::new(move |engine, _| Ok(vec![engine.take_news(&slots); ranks])),
                    Box::new(move |engine, news| {
                        let mut news = Reader::new(&news);
                        let (area, contexts) = (area(news.next()), news.contexts());
                        let (context, key) = engine.settle_contexts(&contexts, &old.slots);
                        Ok(Some(old.like(context, area, None).known_as(key)))
                    }),
                )?
            }
            Some(local) => {
                let (members, first) = self.both_sides(&comm);
                let all = members.clone();
                self.round(
                    message,
                    members,
                    None,
                    Box::new(move |engine, _| {
                        let contexts = engine.words_of(&engine.take_contexts(&all));
                        let side = |slots: &[u32]| {
                            let news = [contexts.clone(), engine.take_news(slots)].concat();
                            vec![news; slots.len()]
                        };
                        let (here, there) = all.split_at(first);
                        Ok([side(here), side(there)].concat())
                    }),
                    Box::new(move |engine, news| {
                        let mut news = Reader::new(&news);
                        let contexts = news.contexts();
                        let (area, own) = (area(news.next()), news.contexts());
                        let (own, local_key) = engine.settle_contexts(&own, &local.slots);
                        let all = [&local.slots[..], &old.slots].concat();
                        let (context, key) = engine.settle_contexts(&contexts, &all);
                        let local = local.like(own, area, None).known_as(local_key);
                        Ok(Some(old.like(context, None, Some(Arc::new(local))).known_as(key)))
                    }),
                )?
            }
        };
        Ok(self.begin_making(call, Some(&comm), says, step))
    }
}
