//! What collectives between the two groups of an intercommunicator have in common: MPI 5.0 section 6.2.3.
//!
//! The ranks that a plan talks to are those of the remote group; [`Side::Local`] is this rank's own, which
//! has a context of its own. What one group gives to the other as a whole goes through their ranks 0. A
//! rooted operation goes one way: the root says `ROOT`, the others of its group `PROC_NULL`, and the other
//! group says who it is. Nothing is in place.

use super::check::Check;
use super::tree::{binomial_bcast, binomial_reduce};
use crate::error::{Class, Result};
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::{Plan, Side};
use crate::{PROC_NULL, ROOT};

/// What a rank does in a rooted operation.
pub(super) enum Role {
    Root,
    Nothing,
    /// It deals with this rank of the remote group.
    With(i32),
}

impl Check<'_> {
    pub(super) fn role(&self, root: i32) -> Result<Role> {
        match root {
            ROOT => Ok(Role::Root),
            PROC_NULL => Ok(Role::Nothing),
            _ => self.root(root).map(|()| Role::With(root)),
        }
    }

    pub(super) fn never_in_place<B>(&self, buffer: Option<B>) -> Result<B> {
        buffer.ok_or_else(|| self.error(Class::Buffer, "nothing is in place on an intercommunicator"))
    }
}

/// What came at local rank 0 goes to its whole group.
pub(super) fn tell_own_group(plan: &mut Plan, buf: RecvBuf) {
    plan.turn_to(Side::Local);
    binomial_bcast(plan, buf, 0);
    plan.turn_to(Side::Comm);
}

/// The reduction of the remote group's elements, at local rank 0: where it is. The two groups exchange theirs.
pub(super) fn swap_reductions(plan: &mut Plan, own: SendBuf, room: RecvBuf) {
    plan.turn_to(Side::Local);
    let reduced = binomial_reduce(plan, own);
    plan.turn_to(Side::Comm);
    if let Some(reduced) = reduced {
        plan.swap(Some((0, reduced)), Some((0, room)));
    }
}

/// Sends to every rank of the other group and receives from every one, all at once.
pub(super) fn exchange(plan: &mut Plan, sent: impl Fn(i32) -> SendBuf, received: impl Fn(i32) -> RecvBuf) {
    for rank in 0..plan.size() {
        plan.recv(rank, received(rank));
    }
    for rank in 0..plan.size() {
        plan.send(rank, sent(rank));
    }
    plan.wait();
}
