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
    /// Gives every rank the others' elements of its slice, reduces them in order of rank, and hands the
    /// result to `done`. By then `contribution` is the caller's again, so it may be overwritten.
    pub(super) fn reduce_own_slice(
        &mut self,
        at: Within<'_>,
        contribution: SendBuf,
        slices: &[Part],
        op: &mut Op<'_>,
        done: impl FnOnce(&mut Self, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let me = at.comm.me as usize;
        let len = slices[me].len;
        let mut scratch = self.take_scratch(len * slices.len());
        let rows = &mut scratch[..len * slices.len()];
        let row = |rank: usize| rank * len..(rank + 1) * len;
        contribution.of_part(slices[me]).copy_to(&mut rows[row(me)]);
        for (to, from) in rounds(at.comm) {
            let theirs = contribution.of_part(slices[to as usize]);
            self.swap_into(at, (to, theirs), (from, &mut rows[row(from as usize)]))?;
        }
        for rank in 1..slices.len() {
            let (lower, rest) = rows.split_at_mut(rank * len);
            op.apply(&lower[row(rank - 1)], &mut rest[..len]);
        }
        done(self, &rows[row(slices.len() - 1)])?;
        self.keep_scratch(scratch);
        Ok(())
    }
}
