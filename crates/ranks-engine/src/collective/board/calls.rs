//! Which calls that move elements are done on a board. `None`: not this one, or its arguments are wrong, which is found when it is done by
//! messages.

use super::super::bcast::binomial_bcast;
use super::super::scatter::linear_scatter;
use super::super::{Part, tags};
use super::desk::Parts;
use super::lay::longest;
use super::short::Short;
use super::spread;
use crate::error::Result;
use crate::group::{Comm, CommId};
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::{Engine, Plan};
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use std::sync::Arc;

/// Not in place, or from other memory.
pub(super) fn apart(send: Option<SendBuf>, recv: RecvBuf) -> bool {
    send.is_none_or(|send| send.is_empty() || recv.is_empty() || !recv.overlaps(send))
}

/// Runs what `begin` makes in one go, or so that the rest can be a request when the call ends early.
macro_rules! movement {
    ($engine:ident, $call:expr, $comm:expr, $tag:expr, $begin:expr, $then:expr) => {
        match $engine.core.divisible {
            true => $engine.on_board_divisible($call, $comm, $tag, $begin, $then),
            false => $engine.on_board($call, $comm, $tag, $begin, $then),
        }
    };
}

impl<T: Transport> Engine<T> {
    /// The communicator, if it has a board.
    pub(super) fn with_board(&self, id: CommId) -> Option<&Arc<Comm>> {
        self.enter(Call::Unknown).ok()?;
        let comm = self.core.comms.get(id)?;
        (comm.size() > 1 && comm.local.is_none() && self.board_of(comm).is_some()).then_some(comm)
    }

    /// The next round of a communicator, if all posts of it are `len` bytes and that is short.
    #[inline]
    pub(super) fn short<'c>(&self, call: Call, comm: &'c Comm, len: usize) -> Option<Short<'c>> {
        let looks = if self.transport.fits() { self.core.quick_looks } else { 1 };
        Short::next(comm, self.board_of(comm)?, call, len, looks)
    }

    pub(super) fn rank_in(comm: &Comm, rank: i32) -> Option<usize> {
        (0..comm.size()).contains(&rank).then_some(rank as usize)
    }

    pub(super) fn board_half(&self) -> usize {
        ranks_shm::bounds::board_half(self.core.ranks)
    }

    /// The longest that is posted whole.
    fn board_longest(&self) -> usize {
        longest(ranks_shm::bounds::board_ring(self.core.ranks), self.board_half())
    }

    pub(in super::super) fn bcast_on_board(
        &mut self,
        buf: RecvBuf,
        root: i32,
        id: CommId,
    ) -> Option<Result<()>> {
        let comm = self.with_board(id)?;
        let at = Self::rank_in(comm, root)?;
        if let Some(short) = self.short(Call::Bcast, comm, buf.len())
            && match comm.me == root {
                true => short.tell(buf.as_send().bytes()),
                false => short.take(at, 0, buf, buf.len()),
            }
        {
            return Some(Ok(()));
        }
        let comm = comm.clone();
        Some(movement!(self, Call::Bcast, comm, tags::BCAST, |desk| spread::bcast(desk, buf, at), {
            move |done: bool, plan: &mut Plan| {
                if !done {
                    binomial_bcast(plan, buf, root);
                }
            }
        }))
    }

    /// Equal parts, or as `parts` says, which counts at the root alone.
    pub(in super::super) fn gather_on_board(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        parts: Option<&[Part]>,
        root: i32,
        id: CommId,
    ) -> Option<Result<()>> {
        let comm = self.with_board(id)?;
        let (at, size) = (Self::rank_in(comm, root)?, comm.size() as usize);
        let own = if comm.me == root { SendBuf::EMPTY } else { send? };
        let mut by_rank = Parts::Equal(0);
        if comm.me == root {
            by_rank = match parts {
                None if recv.len().is_multiple_of(size) => Parts::Equal(recv.len() / size),
                Some(parts) if parts.len() == size && parts.iter().all(|part| part.end() <= recv.len()) => {
                    Parts::Each(parts.to_vec())
                }
                _ => return None,
            };
            let place = by_rank.of(at);
            if !apart(send, recv) || send.is_some_and(|send| send.len() != place.len) {
                return None;
            }
            if let Some(send) = send {
                recv.write(place.at, send.bytes());
            }
        }
        let call = if parts.is_some() { Call::Gatherv } else { Call::Gather };
        let is_root = comm.me == root;
        if !is_root {
            if self.short(call, comm, own.len()).is_some_and(|short| short.tell(own.bytes())) {
                return Some(Ok(()));
            }
        } else if let Parts::Equal(len) = by_rank
            && let Some(short) = self.short(call, comm, len)
            && short.take_all(None, len, |rank, line| recv.write(rank * len, line))
        {
            return Some(Ok(()));
        }
        let comm = comm.clone();
        let begin = |desk| spread::gather(desk, own, recv, by_rank, at);
        Some(movement!(self, call, comm, tags::GATHER, begin, move |left, plan| {
            // At the root these are parts to come, elsewhere the root for the own part.
            for (rank, part) in left {
                match is_root {
                    true => plan.recv(rank, recv.of_part(part)),
                    false => plan.send(rank, own),
                }
            }
            plan.wait();
        }))
    }

    pub(in super::super) fn scatter_on_board(
        &mut self,
        send: SendBuf,
        recv: Option<RecvBuf>,
        root: i32,
        id: CommId,
    ) -> Option<Result<()>> {
        let comm = self.with_board(id)?;
        let (at, size) = (Self::rank_in(comm, root)?, comm.size() as usize);
        let part = if comm.me == root {
            let part = send.len() / size;
            let fits = recv.is_none_or(|recv| apart(Some(send), recv) && recv.len() == part);
            if !send.len().is_multiple_of(size) || !fits {
                return None;
            }
            if let (Some(recv), true) = (recv, part * size <= self.board_longest()) {
                recv.write(0, send.of_part(Part { at: at * part, len: part }).bytes());
            }
            part
        } else {
            recv?.len()
        };
        let room = recv.unwrap_or(RecvBuf::EMPTY);
        if let Some(short) = self.short(Call::Scatter, comm, part * size)
            && match comm.me == root {
                true => short.tell(send.bytes()),
                false => short.take(at, comm.me as usize * part, room, part * size),
            }
        {
            return Some(Ok(()));
        }
        let comm = comm.clone();
        let begin = |desk| spread::scatter(desk, send, room, part, at);
        Some(movement!(self, Call::Scatter, comm, tags::SCATTER, begin, move |done, plan| {
            if !done {
                let part_of = |rank: i32| Part { at: rank as usize * part, len: part };
                linear_scatter(plan, send, recv, part_of, root);
            }
        }))
    }

    /// Equal parts, or as `parts` says.
    pub(in super::super) fn allgather_on_board(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        parts: Option<&[Part]>,
        id: CommId,
    ) -> Option<Result<()>> {
        let comm = self.with_board(id)?;
        let (me, size) = (comm.me as usize, comm.size() as usize);
        let (by_rank, longest) = match parts {
            None if recv.len().is_multiple_of(size) => (Parts::Equal(recv.len() / size), recv.len() / size),
            Some(parts) if parts.len() == size && parts.iter().all(|part| part.end() <= recv.len()) => {
                (Parts::Each(parts.to_vec()), parts.iter().map(|part| part.len).max()?)
            }
            _ => return None,
        };
        let place = by_rank.of(me);
        if longest > self.board_longest()
            || !apart(send, recv)
            || send.is_some_and(|send| send.len() != place.len)
        {
            return None;
        }
        if let Some(send) = send {
            recv.write(place.at, send.bytes());
        }
        let call = if parts.is_some() { Call::Allgatherv } else { Call::Allgather };
        if let Parts::Equal(len) = by_rank
            && let Some(short) = self.short(call, comm, len)
            && short
                .take_all(Some(recv.as_send().of_part(place)), len, |rank, line| recv.write(rank * len, line))
        {
            return Some(Ok(()));
        }
        let comm = comm.clone();
        let begin = |desk| spread::allgather(desk, recv, by_rank);
        Some(movement!(self, call, comm, tags::ALLGATHER, begin, |(), _| {}))
    }

    pub(in super::super) fn alltoall_on_board(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        id: CommId,
    ) -> Option<Result<()>> {
        let comm = self.with_board(id)?;
        let (me, size) = (comm.me as usize, comm.size() as usize);
        let part = recv.len() / size;
        let most = if size == 2 { self.board_longest() } else { self.board_half() };
        let fits = part * (size - 1) <= most && recv.len().is_multiple_of(size);
        if !fits || !apart(send, recv) || send.is_some_and(|send| send.len() != recv.len()) {
            return None;
        }
        // In place: all that leaves is on the board before anything is written over it.
        let from = send.unwrap_or(recv.as_send());
        if let Some(send) = send {
            let own = Part { at: me * part, len: part };
            recv.write(own.at, send.of_part(own).bytes());
        }
        if size == 2
            && let Some(short) = self.short(Call::Alltoall, comm, part)
            && let theirs = from.of_part(Part { at: (1 - me) * part, len: part })
            && short.take_all(Some(theirs), part, |rank, line| recv.write(rank * part, line))
        {
            return Some(Ok(()));
        }
        let comm = comm.clone();
        let begin = |desk| spread::alltoall(desk, from, recv, part);
        Some(movement!(self, Call::Alltoall, comm, tags::ALLTOALL, begin, |(), _| {}))
    }
}
