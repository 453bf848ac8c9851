//! Which reductions are done on a board, as `calls` says of the rest.

use super::super::{Part, tags};
use super::calls::apart;
use super::reduce;
use crate::bounds;
use crate::error::Result;
use crate::group::{Comm, CommId};
use crate::memory::{RecvBuf, SendBuf};
use crate::op::{Op, StoredOp};
use crate::p2p::Engine;
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use std::sync::Arc;

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

impl<T: Transport> Engine<T> {
    /// The communicator, if it has a board for such a reduction.
    fn with_board_for(&self, op: &Op<'_>, len: usize, id: CommId) -> Option<&Arc<Comm>> {
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
        let at = Self::rank_in(comm, root)?;
        if is_root && (own.len() != recv.len() || !apart(send, recv)) {
            return None;
        }
        let call = Call::Reduce;
        if !in_slices(comm, own.len())
            && let Some(short) = self.short(call, comm, own.len())
            && match is_root {
                true => short.reduce(own, false, op, 0, recv),
                false => short.tell(own.bytes()),
            }
        {
            return Some(Ok(()));
        }
        let comm = comm.clone();
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
        if !in_slices(comm, own.len())
            && self.short(call, comm, own.len()).is_some_and(|short| short.reduce(own, true, op, 0, recv))
        {
            return Some(Ok(()));
        }
        let comm = comm.clone();
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
        let (call, mine) = (Call::ReduceScatterBlock, Part { at: comm.me as usize * block, len: block });
        let result = recv.of_part(Part { at: 0, len: block });
        let short = self.short(call, comm, own.len());
        if short.is_some_and(|short| short.reduce(own, true, op, mine.at, result)) {
            return Some(Ok(()));
        }
        let comm = comm.clone();
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
        if self.short(call, comm, own.len()).is_some_and(|short| short.scan(own, op, inclusive, recv)) {
            return Some(Ok(()));
        }
        let comm = comm.clone();
        Some(reduction!(self, call, comm, tags::SCAN, op, |desk, with| {
            reduce::scan(desk, own, recv, with, inclusive)
        }))
    }
}

fn in_slices(comm: &Comm, len: usize) -> bool {
    comm.size() > 2 && len > bounds::BOARD_EACH
}
