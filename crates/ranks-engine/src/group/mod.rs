//! Groups of ranks and their contexts: what a communicator is made of. MPI 5.0 sections 7.2 and 7.3.
//!
//! A context id is even; the odd one after it carries the communicator's collectives, so that no
//! receive with wildcards can take their messages.

mod seat;

pub(crate) use seat::{Own, Seat};

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Names a communicator until it is freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CommId(u32);

impl CommId {
    /// All ranks of the job.
    pub const WORLD: CommId = CommId(0);
    /// This rank alone.
    pub const SELF: CommId = CommId(1);

    /// A small number, dense and reused.
    pub fn index(self) -> u32 {
        self.0
    }

    /// The communicator of an index; one that does not exist is refused where it is used.
    pub fn from_index(index: u32) -> Self {
        Self(index)
    }
}

/// A communicator.
#[derive(Debug)]
pub(crate) struct Comm {
    /// The context of its point-to-point messages.
    pub context: u32,
    /// Its ranks, as slots of the job.
    pub slots: Vec<u32>,
    /// The reverse; -1 for slots outside.
    ranks: Vec<i32>,
    /// This rank's number in it.
    pub me: i32,
    /// Its shared area, if there was one left.
    pub area: Option<usize>,
    /// This rank's memory of the area's board.
    pub seat: Seat,
    /// Of an intercommunicator: its local group, with a context of its own. Then all the ranks above are
    /// those of the remote group, but for `me`.
    pub local: Option<Arc<Comm>>,
    /// Nonblocking and persistent collectives begun so far: the same at all ranks.
    begun: AtomicU32,
}

impl Comm {
    pub fn new(context: u32, slots: Vec<u32>, of_job: usize, my_slot: usize, area: Option<usize>) -> Self {
        let mut ranks = vec![-1; of_job];
        for (rank, &slot) in slots.iter().enumerate() {
            ranks[slot as usize] = rank as i32;
        }
        let me = ranks[my_slot];
        let seat = Seat::new(slots.len());
        Self { context, me, slots, ranks, area, seat, local: None, begun: AtomicU32::new(0) }
    }

    /// The number of the next nonblocking or persistent collective. All ranks begin them in the same
    /// order, so all give the same number to the same one.
    pub fn next_collective(&self) -> u32 {
        self.begun.fetch_add(1, Ordering::Relaxed)
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
}

/// All communicators of a rank.
pub(crate) struct Comms {
    list: Vec<Option<Arc<Comm>>>,
}

impl Comms {
    pub fn new(ranks: usize, me: usize) -> Self {
        let world = Comm::new(0, (0..ranks as u32).collect(), ranks, me, Some(0));
        let own = Comm::new(2, vec![me as u32], ranks, me, None);
        Self { list: vec![Some(Arc::new(world)), Some(Arc::new(own))] }
    }

    /// Context and slot of a rank that is one; for the fast paths, which leave the rest to the slow ones.
    #[inline(always)]
    pub fn fast(&self, id: CommId, rank: i32) -> Option<(u32, usize)> {
        let comm = self.list.get(id.0 as usize)?.as_ref()?;
        Some((comm.context, comm.slot_of(rank)?))
    }

    pub fn of_context(&self, context: u32) -> Option<Arc<Comm>> {
        self.list.iter().flatten().find(|comm| comm.context == context).cloned()
    }

    pub fn insert(&mut self, comm: Comm) -> CommId {
        let comm = Some(Arc::new(comm));
        // World and self stay, so their places are never free.
        match self.list.iter().position(Option::is_none) {
            Some(at) => {
                self.list[at] = comm;
                CommId(at as u32)
            }
            None => {
                self.list.push(comm);
                CommId(self.list.len() as u32 - 1)
            }
        }
    }

    pub fn get(&self, id: CommId) -> Option<&Arc<Comm>> {
        self.list.get(id.0 as usize)?.as_ref()
    }

    pub fn remove(&mut self, id: CommId) {
        self.list[id.0 as usize] = None;
    }
}
