//! All communicators of a rank, by name and by context.

use super::{Comm, CommId};
use std::collections::HashMap;
use std::sync::Arc;

/// All communicators of a rank. Making, finding and freeing one takes the same time however many there are.
pub(crate) struct Comms {
    list: Vec<Option<Arc<Comm>>>,
    /// Places in the list that are nobody's.
    free: Vec<u32>,
    by_context: HashMap<u32, u32>,
}

impl Comms {
    pub fn new(ranks: usize, me: usize) -> Self {
        let world = Comm::new(0, (0..ranks as u32).collect::<Vec<_>>(), ranks, me, Some(0));
        let own = Comm::new(2, [me as u32], ranks, me, None);
        let list = vec![Some(Arc::new(world)), Some(Arc::new(own))];
        Self { list, free: Vec::new(), by_context: [(0, 0), (2, 1)].into() }
    }

    /// Context and slot of a rank that is one; for the fast paths, which leave the rest to the slow ones.
    #[inline(always)]
    pub fn fast(&self, id: CommId, rank: i32) -> Option<(u32, usize)> {
        let comm = self.list.get(id.0 as usize)?.as_ref()?;
        Some((comm.context, comm.slot_of(rank)?))
    }

    /// The name of the communicator that a context belongs to.
    pub fn id_of_context(&self, context: u32) -> Option<CommId> {
        self.by_context.get(&context).map(|&index| CommId::from_index(index))
    }

    pub fn of_context(&self, context: u32) -> Option<Arc<Comm>> {
        self.list[*self.by_context.get(&context)? as usize].clone()
    }

    /// A name for a communicator that is being made: [`Self::fill`] or [`Self::remove`] follows.
    pub fn reserve(&mut self) -> CommId {
        let index = self.free.pop().unwrap_or_else(|| {
            self.list.push(None);
            self.list.len() as u32 - 1
        });
        CommId(index)
    }

    pub fn fill(&mut self, id: CommId, comm: Comm) {
        self.by_context.insert(comm.context, id.0);
        self.list[id.0 as usize] = Some(Arc::new(comm));
    }

    pub fn get(&self, id: CommId) -> Option<&Arc<Comm>> {
        self.list.get(id.0 as usize)?.as_ref()
    }

    /// Gives a name back, with the communicator if it was filled.
    pub fn remove(&mut self, id: CommId) {
        if let Some(comm) = self.list[id.0 as usize].take() {
            self.by_context.remove(&comm.context);
        }
        self.free.push(id.0);
    }

    /// True when a communicator has this peer.
    pub fn knows(&self, peer: usize) -> bool {
        let has = |comm: &Arc<Comm>| comm.slots().chain(comm.own().slots()).any(|slot| slot == peer);
        self.list.iter().flatten().any(has)
    }

    /// Names in use.
    pub fn count(&self) -> usize {
        self.list.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        let mut comms = Comms::new(2, 0);
        for round in 0..3 {
            let ids: Vec<CommId> = (0..100).map(|_| comms.reserve()).collect();
            for (at, &id) in ids.iter().enumerate() {
                comms.fill(id, Comm::new(1000 * round + 10 + 2 * at as u32, [0, 1], 2, 0, None));
            }
            let last = comms.of_context(1000 * round + 208).unwrap();
            assert_eq!((last.context, last.me), (1000 * round + 208, 0));
            ids.iter().for_each(|&id| comms.remove(id));
            assert!(comms.of_context(1000 * round + 208).is_none() && comms.get(ids[0]).is_none());
            assert_eq!((comms.count(), comms.list.len(), comms.by_context.len()), (2, 102, 2));
        }
    }
}
