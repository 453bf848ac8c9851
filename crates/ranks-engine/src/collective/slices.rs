//! The step that long reductions have in common: each rank reduces one slice of the elements.

use super::{Part, rounds};
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::Plan;

/// Each rank's slice of `len` bytes of whole elements: none more than one element longer than another.
pub(super) fn slices(ranks: i32, element: usize, len: usize) -> Vec<Part> {
    let (ranks, elements) = (ranks as usize, len / element);
    let (each, more) = (elements / ranks, elements % ranks);
    Part::in_order((0..ranks).map(|rank| (each + usize::from(rank < more)) * element))
}

/// Gives every rank the others' elements of its slice and reduces them in order of rank; where the result
/// is. By then nothing is sent from `contribution` any more, so it may be overwritten.
pub(super) fn reduce_own_slice(plan: &mut Plan, contribution: SendBuf, slices: &[Part]) -> RecvBuf {
    let me = plan.me() as usize;
    let len = slices[me].len;
    let rows = plan.room(len * slices.len());
    let row = |rank: usize| rows.part(rank * len, len);
    plan.copy(contribution.of_part(slices[me]), row(me));
    for (to, from) in rounds(plan) {
        let theirs = contribution.of_part(slices[to as usize]);
        plan.swap(Some((to, theirs)), Some((from, row(from as usize))));
    }
    for rank in 1..slices.len() {
        plan.reduce(row(rank - 1).as_send(), row(rank));
    }
    row(slices.len() - 1)
}
