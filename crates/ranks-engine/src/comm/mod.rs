//! Making and freeing communicators: MPI 5.0 section 7.4.
//!
//! Context ids come from a counter of the job, taken by one rank and told to the others.

use crate::UNDEFINED;
use crate::collective::tags;
use crate::error::{Class, Result};
use crate::group::{Comm, CommId};
use crate::p2p::Engine;
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// What the first rank of a communicator tells the members of a new one.
const NO_AREA: u32 = u32::MAX;

impl<T: Transport> Engine<T> {
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
        self.core.comms.remove(id);
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
