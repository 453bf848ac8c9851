//! The step that long reductions have in common: each rank reduces one slice of the elements.

use super::{Part, rounds};
use crate::error::Result;
use crate::group::Comm;
use crate::memory::SendBuf;
use crate::op::Op;
use crate::p2p::{Engine, Within};
use crate::transport::Transport;

/// Each rank's slice of `len` bytes of whole elements: none more than one element longer than another.
pub(super) fn slices(comm: &Comm, op: &Op<'_>, len: usize) -> Vec<Part> {
    let (ranks, elements) = (comm.size() as usize, len / op.element());
    let (each, more) = (elements / ranks, elements % ranks);
    Part::in_order((0..ranks).map(|rank| (each + usize::from(rank < more)) * op.element()))
}

impl<T: Transport> Engine<T> {
    /// Gives every rank the others' elements of its slice and reduces them, in order of rank. When it
    /// returns, `contribution` is the caller's again.
    pub(super) fn reduce_own_slice(
        &mut self,
        at: Within<'_>,
        contribution: SendBuf,
        slices: &[Part],
        op: &mut Op<'_>,
    ) -> Result<Vec<u8>> {
        let me = at.comm.me as usize;
        let len = slices[me].len;
        let mut rows = vec![0; len * slices.len()];
        {
            let mut rows: Vec<_> = rows.chunks_mut(len.max(1)).map(Some).collect();
            // No elements: nothing is cut into rows, but the others still expect a message.
            rows.resize_with(slices.len(), || Some(&mut []));
            let mut row_of = |rank: usize| rows[rank].take().unwrap_or_default();
            contribution.of_part(slices[me]).copy_to(row_of(me));
            for (to, from) in rounds(at.comm) {
                let theirs = contribution.of_part(slices[to as usize]);
                self.swap_into(at, (to, theirs), (from, row_of(from as usize)))?;
            }
        }
        for rank in 1..slices.len() {
            let (lower, rest) = rows.split_at_mut(rank * len);
            op.apply(&lower[(rank - 1) * len..], &mut rest[..len]);
        }
        Ok(rows.split_off(len * (slices.len() - 1)))
    }
}
