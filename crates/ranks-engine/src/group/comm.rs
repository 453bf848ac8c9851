//! What a communicator is: MPI 5.0 section 7.2.

use super::{BoardState, Group};
use crate::topology::Topology;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A communicator. Of an intercommunicator, whom one can send to are the ranks of the remote group: `slots`,
/// [`Self::size`], [`Self::slot_of`] and [`Self::rank_of`] are about that; `me` is a rank of the local group.
#[derive(Debug)]
pub(crate) struct Comm {
    /// The context of its point-to-point messages.
    pub context: u32,
    /// Its ranks, as slots of the job.
    pub slots: Arc<[u32]>,
    /// The reverse; -1 for slots outside.
    ranks: Arc<[i32]>,
    /// This rank's number in it.
    pub me: i32,
    /// Its shared area, if there was one left.
    pub area: Option<usize>,
    /// This rank's memory of the area's board.
    pub board_state: BoardState,
    /// Of an intercommunicator: the local group, with a context of its own.
    pub local: Option<Arc<Comm>>,
    /// How its ranks are arranged.
    pub topology: Option<Arc<Topology>>,
    /// A number that all its ranks know it by, those of other jobs too, where contexts differ.
    pub key: u64,
    /// Nonblocking and persistent collectives begun so far: the same at all ranks.
    begun: AtomicU32,
}

impl Comm {
    pub fn new(
        context: u32,
        slots: impl Into<Arc<[u32]>>,
        of_job: usize,
        my_slot: usize,
        area: Option<usize>,
    ) -> Self {
        let slots = slots.into();
        let most = slots.iter().max().map_or(0, |&slot| slot as usize + 1);
        let mut ranks = vec![-1; of_job.max(most)];
        for (rank, &slot) in slots.iter().enumerate() {
            ranks[slot as usize] = rank as i32;
        }
        let (me, ranks) = (ranks[my_slot], ranks.into());
        let (board_state, begun) = (BoardState::new(slots.len()), AtomicU32::new(0));
        let key = context.into();
        Self { context, slots, ranks, me, area, board_state, local: None, topology: None, key, begun }
    }

    /// The same ranks in the same arrangement; an intercommunicator needs the local group of the new one.
    pub fn like(&self, context: u32, area: Option<usize>, local: Option<Arc<Comm>>) -> Self {
        let (slots, ranks, topology) = (self.slots.clone(), self.ranks.clone(), self.topology.clone());
        let (board_state, begun) = (BoardState::new(slots.len()), AtomicU32::new(0));
        let key = context.into();
        Self { context, slots, ranks, me: self.me, area, board_state, local, topology, key, begun }
    }

    /// An intercommunicator to the ranks of `remote`.
    pub fn between(context: u32, local: Arc<Comm>, remote: impl Into<Arc<[u32]>>, of_job: usize) -> Self {
        let me = local.me;
        // None of the remote group is this rank, so any slot does.
        Self { me, local: Some(local), ..Self::new(context, remote, of_job, 0, None) }
    }

    /// The number of the next nonblocking or persistent collective. All ranks begin them in the same
    /// order, so all give the same number to the same one.
    pub fn next_collective(&self) -> u32 {
        self.begun.fetch_add(1, Ordering::Relaxed)
    }

    /// This communicator, with the number that all its ranks know it by.
    pub fn known_as(mut self, key: u64) -> Self {
        self.key = key;
        self
    }

    /// This communicator, with a topology: its ranks have neighbours.
    pub fn arranged(mut self, topology: Arc<Topology>) -> Self {
        self.topology = Some(topology);
        self
    }

    #[inline(always)]
    pub fn size(&self) -> i32 {
        self.slots.len() as i32
    }

    #[inline(always)]
    pub fn rank_of(&self, slot: usize) -> i32 {
        self.ranks[slot]
    }

    #[inline(always)]
    pub fn slot_of(&self, rank: i32) -> Option<usize> {
        self.slots.get(usize::try_from(rank).ok()?).map(|&slot| slot as usize)
    }

    pub fn slots(&self) -> impl Iterator<Item = usize> + '_ {
        self.slots.iter().map(|&slot| slot as usize)
    }

    /// The communicator of this rank's own group: of an intracommunicator, itself.
    pub fn own(&self) -> &Comm {
        self.local.as_deref().unwrap_or(self)
    }

    /// This rank's own group.
    pub fn group(&self, my_slot: usize) -> Group {
        Group::new(self.own().slots.clone(), my_slot)
    }
}
