//! Binomial trees: the steps by which one rank tells all, and by which one rank gets the reduction of all.

use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::Plan;

/// The place of this rank in a tree: its position counted from the root, and how far before it the rank stands that tells
/// it. Of the root, which nobody tells, that is the first power of two that is no less than the number of ranks.
pub(super) fn place(plan: &Plan, root: i32) -> (i32, i32) {
    let size = plan.size();
    let me = (plan.me() - root + size) % size;
    let mut distance = 1;
    while distance < size && me & distance == 0 {
        distance *= 2;
    }
    (me, distance)
}

/// To all. In round k the ranks that have the data, counted from the root, send it 2^k further.
pub(super) fn binomial_bcast(plan: &mut Plan, buf: RecvBuf, root: i32) {
    let size = plan.size();
    let (me, mut distance) = place(plan, root);
    let rank_of = |position: i32| (position + root) % size;
    if me != 0 {
        plan.swap(None, Some((rank_of(me - distance), buf)));
    }
    while distance > 1 {
        distance /= 2;
        if me + distance < size {
            plan.send(rank_of(me + distance), buf.as_send());
        }
    }
    plan.wait();
}

/// The reduction of all at rank 0: where it is. In round k a rank that is still in it takes over the 2^k
/// ranks after its own.
pub(super) fn binomial_reduce(plan: &mut Plan, contribution: SendBuf) -> Option<SendBuf> {
    let (me, size) = (plan.me(), plan.size());
    let mut own = contribution;
    let mut distance = 1;
    while distance < size {
        if me & distance != 0 {
            plan.swap(Some((me - distance, own)), None);
            return None;
        }
        if me + distance < size {
            let higher = plan.room(contribution.len());
            plan.swap(None, Some((me + distance, higher)));
            plan.reduce(own, higher);
            own = higher.as_send();
        }
        distance *= 2;
    }
    Some(own)
}
