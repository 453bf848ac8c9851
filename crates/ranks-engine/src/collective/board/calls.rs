//! Which calls are done on a board. `None`: not this one, or its arguments are wrong, which is found when it is done by
//! messages.

use super::super::bcast::binomial_bcast;
use super::super::scatter::linear_scatter;
use super::super::{Part, tags};
use super::desk::Parts;
use super::{reduce, spread};
use crate::bounds;
use crate::error::Result;
use crate::group::{Comm, CommId};
use crate::memory::{RecvBuf, SendBuf};
use crate::op::{Op, StoredOp};
use crate::p2p::{Engine, Plan};
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use std::sync::Arc;

/// Not in place, or from other memory.
fn apart(send: Option<SendBuf>, recv: RecvBuf) -> bool {
    send.is_none_or(|send| send.is_empty() || recv.is_empty() || !recv.overlaps(send))
}

/// Runs a reduction with the operation as it is, or with one that goes on with what is left when the call
/// ends early.
macro_rules! reduction {
    ($engine:ident, $call:expr, $comm:expr, $tag:expr, $op:ident, |$desk:ident, $with:ident| $future:expr) => {{
        match $engine.core.divisible.then(|| StoredOp::of($op)).flatten() {
            Some($with) => $engine.on_board_divisible($call, $comm, $tag, |$desk| $future, |(), _| {}),
            None => {
                let $with = $op;
                $engine.on_board($call, $comm, $tag, |$desk| $future, |(), _| {})
            }
        }
    }};
}

/// The same for what moves elements only.
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
    fn with_board(&self, id: CommId) -> Option<Arc<Comm>> {
        self.enter(Call::Unknown).ok()?;
        let comm = self.core.comms.get(id)?;
        let has = comm.size() > 1
            && comm.local.is_none()
            && comm.area.is_some_and(|area| self.transport.segment().has_board(area));
        has.then(|| comm.clone())
    }

    fn rank_in(comm: &Comm, rank: i32) -> Option<usize> {
        (0..comm.size()).contains(&rank).then_some(rank as usize)
    }

    fn board_half(&self) -> usize {
        ranks_shm::bounds::board_half(self.core.ranks)
    }

    /// The longest that is posted whole.
    fn board_longest(&self) -> usize {
        ranks_shm::bounds::board_ring(self.core.ranks).max(self.board_half())
    }

    pub(in super::super) fn bcast_on_board(
        &mut self,
        buf: RecvBuf,
        root: i32,
        id: CommId,
    ) -> Option<Result<()>> {
        let comm = self.with_board(id)?;
        let at = Self::rank_in(&comm, root)?;
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
        let (at, size) = (Self::rank_in(&comm, root)?, comm.size() as usize);
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
        let (at, size) = (Self::rank_in(&comm, root)?, comm.size() as usize);
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
        let begin = |desk| spread::alltoall(desk, from, recv, part);
        Some(movement!(self, Call::Alltoall, comm, tags::ALLTOALL, begin, |(), _| {}))
    }

    /// The communicator, if it has a board for such a reduction.
    fn with_board_for(&self, op: &Op<'_>, len: usize, id: CommId) -> Option<Arc<Comm>> {
        let comm = self.with_board(id)?;
        let fits = op.deferred().is_none()
            && op.element() * comm.size() as usize <= self.board_half()
            && len <= bounds::BOARD_LONGEST
            && len.is_multiple_of(op.element());
        fits.then_some(comm)
    }

    pub(in super::super) fn reduce_on_board(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: &mut Op<'_>,
        root: i32,
        id: CommId,
    ) -> Option<Result<()>> {
        let is_root = self.core.comms.get(id)?.me == root;
        let own = if is_root { send.unwrap_or(recv.as_send()) } else { send? };
        let comm = self.with_board_for(op, own.len(), id)?;
        let at = Self::rank_in(&comm, root)?;
        if is_root && (own.len() != recv.len() || !apart(send, recv)) {
            return None;
        }
        let call = Call::Reduce;
        Some(match in_slices(&comm, own.len()) {
            true => reduction!(self, call, comm, tags::REDUCE, op, |desk, with| {
                reduce::reduce_in_slices(desk, own, recv, with, Some(at))
            }),
            false => {
                reduction!(self, call, comm, tags::REDUCE, op, |desk, with| reduce::reduce(
                    desk, own, recv, with, at
                ))
            }
        })
    }

    pub(in super::super) fn allreduce_on_board(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: &mut Op<'_>,
        id: CommId,
    ) -> Option<Result<()>> {
        let own = send.unwrap_or(recv.as_send());
        let comm = self.with_board_for(op, own.len(), id)?;
        if own.len() != recv.len() || !apart(send, recv) {
            return None;
        }
        let call = Call::Allreduce;
        Some(match in_slices(&comm, own.len()) {
            true => reduction!(self, call, comm, tags::ALLREDUCE, op, |desk, with| {
                reduce::reduce_in_slices(desk, own, recv, with, None)
            }),
            false => reduction!(self, call, comm, tags::ALLREDUCE, op, |desk, with| {
                reduce::allreduce_each(desk, own, recv, with)
            }),
        })
    }

    /// Blocks of one length.
    pub(in super::super) fn reduce_scatter_on_board(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: &mut Op<'_>,
        id: CommId,
    ) -> Option<Result<()>> {
        let own = send.unwrap_or(recv.as_send());
        let comm = self.with_board_for(op, own.len(), id)?;
        let block = own.len() / comm.size() as usize;
        let whole = own.len().is_multiple_of(comm.size() as usize) && block.is_multiple_of(op.element());
        if !whole || !apart(send, recv) || send.is_some() && recv.len() != block {
            return None;
        }
        Some(reduction!(self, Call::ReduceScatterBlock, comm, tags::REDUCE_SCATTER, op, |desk, with| {
            reduce::reduce_scatter(desk, own, recv, with)
        }))
    }

    /// Either kind of scan.
    pub(in super::super) fn scan_on_board(
        &mut self,
        call: Call,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: &mut Op<'_>,
        id: CommId,
    ) -> Option<Result<()>> {
        let own = send.unwrap_or(recv.as_send());
        let comm = self.with_board_for(op, own.len(), id)?;
        if own.len() != recv.len() || !apart(send, recv) {
            return None;
        }
        let inclusive = call == Call::Scan;
        Some(reduction!(self, call, comm, tags::SCAN, op, |desk, with| {
            reduce::scan(desk, own, recv, with, inclusive)
        }))
    }
}

fn in_slices(comm: &Comm, len: usize) -> bool {
    comm.size() > 2 && len > bounds::BOARD_EACH
}
