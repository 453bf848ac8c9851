//! Communicators: groups of ranks with a context of their own. MPI 5.0 chapter 7.
//!
//! A context id is even; the odd one after it carries the communicator's collectives, so that no
//! receive with wildcards can take their messages. Ids come from a counter of the job, taken by one
//! rank and told to the others.

use crate::collective::tags;
use crate::error::{Class, Error, Result};
use crate::p2p::{Core, Engine};
use crate::transport::Transport;
use crate::{ROOT, UNDEFINED};
use ranks_shm::blocked::Call;
use std::sync::Arc;

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
    slots: Vec<u32>,
    /// The reverse; -1 for slots outside.
    ranks: Vec<i32>,
    /// This rank's number in it.
    pub me: i32,
    /// Its shared area, if there was one left.
    pub area: Option<usize>,
}

impl Comm {
    fn new(context: u32, slots: Vec<u32>, of_job: usize, my_slot: usize, area: Option<usize>) -> Self {
        let mut ranks = vec![-1; of_job];
        for (rank, &slot) in slots.iter().enumerate() {
            ranks[slot as usize] = rank as i32;
        }
        Self { context, me: ranks[my_slot], slots, ranks, area }
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

    fn insert(&mut self, comm: Comm) -> CommId {
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
}

impl Core {
    fn comm(&self, id: CommId) -> Option<&Arc<Comm>> {
        self.comms.list.get(id.0 as usize)?.as_ref()
    }
}

/// What the first rank of a communicator tells the members of a new one.
const NO_AREA: u32 = u32::MAX;

impl<T: Transport> Engine<T> {
    pub(crate) fn comm(&self, id: CommId, call: Call) -> Result<Arc<Comm>> {
        match self.core.comm(id) {
            Some(comm) => Ok(comm.clone()),
            None => Err(self.error(Class::Comm, call, "no such communicator: it was freed, or never made")),
        }
    }

    /// The slot of a rank, or an error that says which ranks there are.
    pub(crate) fn slot_of(&self, comm: &Comm, rank: i32, call: Call) -> Result<usize> {
        comm.slot_of(rank).ok_or_else(|| {
            let size = comm.size();
            let detail = match size {
                1 => format!("rank {rank} does not exist: the communicator has one rank, 0"),
                _ => format!(
                    "rank {rank} does not exist: the communicator has {size} ranks, 0 to {}",
                    size - 1
                ),
            };
            Error::new(Class::Rank, call, self.core.me, detail).peer(rank).context(comm.context)
        })
    }

    /// Checks a root.
    pub(crate) fn root_of(&self, comm: &Comm, root: i32, call: Call) -> Result<usize> {
        comm.slot_of(root).filter(|_| root != ROOT).ok_or_else(|| {
            let detail = format!("root {root} is not a rank of the communicator (0 to {})", comm.size() - 1);
            self.error(Class::Root, call, detail).context(comm.context)
        })
    }

    /// This rank in a communicator.
    pub fn comm_rank(&self, id: CommId) -> Result<i32> {
        self.comm(id, Call::Unknown).map(|comm| comm.me)
    }

    /// Ranks of a communicator.
    pub fn comm_size(&self, id: CommId) -> Result<i32> {
        self.comm(id, Call::Unknown).map(|comm| comm.size())
    }

    /// The rank in world of a communicator's rank.
    pub fn comm_world_rank_of(&self, id: CommId, rank: i32) -> Result<i32> {
        let comm = self.comm(id, Call::Unknown)?;
        self.slot_of(&comm, rank, Call::Unknown).map(|slot| slot as i32)
    }

    /// The context id of a communicator: the same at all its ranks, and no other's in the job.
    pub fn comm_context(&self, id: CommId) -> Result<u32> {
        self.comm(id, Call::Unknown).map(|comm| comm.context)
    }

    /// A communicator of the same ranks with a context of its own: MPI 5.0 section 7.4.2. Collective.
    pub fn comm_dup(&mut self, id: CommId) -> Result<CommId> {
        let call = Call::CommDup;
        self.enter(call)?;
        let comm = self.comm(id, call)?;
        let mut news = [0u32; 2];
        if comm.me == 0 {
            news = self.take_news(1, comm.size());
        }
        let mut bytes = to_bytes(&news);
        self.bcast_on(call, &comm, tags::COMM, &mut bytes, 0)?;
        let news = from_bytes(&bytes);
        Ok(self.found(news[0], comm.slots.clone(), news[1]))
    }

    /// Communicators of the ranks that gave the same colour, ordered by key, then by rank: MPI 5.0
    /// section 7.4.2. `None` for [`UNDEFINED`]. Collective.
    pub fn comm_split(&mut self, id: CommId, color: i32, key: i32) -> Result<Option<CommId>> {
        let call = Call::CommSplit;
        self.enter(call)?;
        let comm = self.comm(id, call)?;
        if color < 0 && color != UNDEFINED {
            let detail = format!("colour {color} is neither 0 or more nor MPI_UNDEFINED");
            return Err(self.error(Class::Arg, call, detail).context(comm.context));
        }
        if comm.me != 0 {
            self.send_on(call, &comm, 0, tags::COMM, &to_bytes(&[color as u32, key as u32]))?;
            let news = from_bytes(&self.recv_on(call, &comm, 0, tags::COMM)?);
            return Ok((news.len() > 2).then(|| self.found(news[0], news[2..].to_vec(), news[1])));
        }
        let mut wishes = vec![(color, key, 0)];
        for rank in 1..comm.size() {
            let wish = from_bytes(&self.recv_on(call, &comm, rank, tags::COMM)?);
            wishes.push((wish[0] as i32, wish[1] as i32, rank));
        }
        let mut colors: Vec<i32> = wishes.iter().map(|wish| wish.0).filter(|&c| c != UNDEFINED).collect();
        colors.sort_unstable();
        colors.dedup();
        let mut mine = None;
        let mut answers: Vec<Vec<u32>> = vec![Vec::new(); wishes.len()];
        for &color in &colors {
            let mut members: Vec<_> = wishes.iter().filter(|w| w.0 == color).map(|w| (w.1, w.2)).collect();
            members.sort_unstable();
            let mut news = self.take_news(1, members.len() as i32).to_vec();
            news.extend(members.iter().map(|&(_, rank)| comm.slots[rank as usize]));
            for &(_, rank) in &members {
                answers[rank as usize] = news.clone();
            }
        }
        for (rank, news) in answers.into_iter().enumerate() {
            if rank > 0 {
                self.send_on(call, &comm, rank as i32, tags::COMM, &to_bytes(&news))?;
            } else if news.len() > 2 {
                mine = Some(self.found(news[0], news[2..].to_vec(), news[1]));
            }
        }
        Ok(mine)
    }

    /// Frees a communicator; what is under way on it completes. Local.
    pub fn comm_free(&mut self, id: CommId) -> Result<()> {
        let call = Call::CommFree;
        self.enter(call)?;
        let comm = self.comm(id, call)?;
        if id == CommId::WORLD || id == CommId::SELF {
            return Err(self
                .error(Class::Comm, call, "world and self cannot be freed")
                .context(comm.context));
        }
        if let Some(area) = comm.area {
            self.transport.segment().leave_area(area);
        }
        self.core.comms.list[id.0 as usize] = None;
        self.core.matcher.forget(comm.context);
        self.core.matcher.forget(comm.context + 1);
        Ok(())
    }

    /// A fresh context and, if one is left, an area for a communicator of `size` ranks.
    fn take_news(&mut self, contexts: u32, size: i32) -> [u32; 2] {
        let segment = self.transport.segment();
        let area = if size > 1 { segment.take_area(size as u32) } else { None };
        [segment.take_contexts(contexts), area.map_or(NO_AREA, |area| area as u32)]
    }

    fn found(&mut self, context: u32, slots: Vec<u32>, area: u32) -> CommId {
        let area = (area != NO_AREA).then_some(area as usize);
        let comm = Comm::new(context, slots, self.core.ranks, self.core.me, area);
        self.core.comms.insert(comm)
    }
}

fn to_bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn from_bytes(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|c| u32::from_le_bytes([c[0], c[1], c[2], c[3]])).collect()
}
