//! Collectives between the two groups of an intercommunicator: MPI 5.0 section 6.2.3.
//!
//! The ranks that a plan talks to are those of the remote group; [`Side::Local`] is this rank's own, which
//! has a context of its own. What one group gives to the other as a whole goes through their ranks 0. A
//! rooted operation goes one way: the root says `ROOT`, the others of its group `PROC_NULL`, and the other
//! group says who it is. Nothing is in place.

use super::barrier::disseminate;
use super::bcast::binomial_bcast;
use super::reduce::binomial_reduce;
use super::scatter::linear_scatter;
use super::{Part, tags};
use crate::error::{Class, Result};
use crate::group::Comm;
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::{Engine, Plan, Side};
use crate::transport::Transport;
use crate::{PROC_NULL, ROOT};
use ranks_shm::blocked::Call;
use std::sync::Arc;

/// What a rank does in a rooted operation.
enum Role {
    Root,
    Nothing,
    /// It deals with this rank of the remote group.
    With(i32),
}

/// What came at local rank 0 goes to its whole group.
fn tell_own_group(plan: &mut Plan, buf: RecvBuf) {
    plan.turn_to(Side::Local);
    binomial_bcast(plan, buf, 0);
    plan.turn_to(Side::Comm);
}

/// The reduction of the remote group's elements, at local rank 0: where it is. The two groups exchange theirs.
fn swap_reductions(plan: &mut Plan, own: SendBuf, room: RecvBuf) {
    plan.turn_to(Side::Local);
    let reduced = binomial_reduce(plan, own);
    plan.turn_to(Side::Comm);
    if let Some(reduced) = reduced {
        plan.swap(Some((0, reduced)), Some((0, room)));
    }
}

/// Nobody leaves before all of the other group have come.
pub(super) fn barrier(plan: &mut Plan) {
    plan.turn_to(Side::Local);
    disseminate(plan);
    let is_first = plan.me() == 0;
    plan.turn_to(Side::Comm);
    if is_first {
        plan.swap(Some((0, SendBuf::EMPTY)), Some((0, RecvBuf::EMPTY)));
    }
    tell_own_group(plan, RecvBuf::EMPTY);
}

impl<T: Transport> Engine<T> {
    fn role(&self, call: Call, comm: &Comm, root: i32) -> Result<Role> {
        match root {
            ROOT => Ok(Role::Root),
            PROC_NULL => Ok(Role::Nothing),
            _ => self.root_of(comm, root, call).map(|_| Role::With(root)),
        }
    }

    fn never_in_place<B>(&self, call: Call, comm: &Comm, buffer: Option<B>) -> Result<B> {
        buffer.ok_or_else(|| {
            let detail = "nothing is in place on an intercommunicator";
            self.error(Class::Buffer, call, detail).context(comm.context)
        })
    }

    pub(super) fn inter_bcast(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        buf: RecvBuf,
        root: i32,
    ) -> Result<Box<Plan>> {
        let role = self.role(call, comm, root)?;
        let mut plan = self.plan(call, comm, tags::BCAST);
        match role {
            Role::Root => plan.swap(Some((0, buf.as_send())), None),
            Role::Nothing => {}
            Role::With(root) => {
                if comm.me == 0 {
                    plan.swap(None, Some((root, buf)));
                }
                tell_own_group(&mut plan, buf);
            }
        }
        Ok(plan)
    }

    /// Equal parts, or as `parts` says at the root.
    pub(super) fn inter_gather(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        (send, recv): (Option<SendBuf>, RecvBuf),
        parts: Option<&[Part]>,
        root: i32,
    ) -> Result<Box<Plan>> {
        let role = self.role(call, comm, root)?;
        let mut plan = self.plan(call, comm, tags::GATHER);
        match role {
            Role::Root => {
                let parts = self.remote_parts(call, comm, parts, recv.len())?;
                for (rank, &part) in parts.iter().enumerate() {
                    plan.recv(rank as i32, recv.of_part(part));
                }
                plan.wait();
            }
            Role::Nothing => {}
            Role::With(root) => {
                let send = self.never_in_place(call, comm, send)?;
                plan.swap(Some((root, send)), None);
            }
        }
        Ok(plan)
    }

    /// Equal parts, or as `parts` says at the root.
    pub(super) fn inter_scatter(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        (send, recv): (SendBuf, Option<RecvBuf>),
        parts: Option<&[Part]>,
        root: i32,
    ) -> Result<Box<Plan>> {
        let role = self.role(call, comm, root)?;
        let mut plan = self.plan(call, comm, tags::SCATTER);
        match role {
            Role::Root => {
                let parts = self.remote_parts(call, comm, parts, send.len())?;
                for (rank, &part) in parts.iter().enumerate() {
                    plan.send(rank as i32, send.of_part(part));
                }
                plan.wait();
            }
            Role::Nothing => {}
            Role::With(root) => {
                let recv = self.never_in_place(call, comm, recv)?;
                plan.swap(None, Some((root, recv)));
            }
        }
        Ok(plan)
    }

    /// To each group what the other one has. Equal parts, or as `parts` says.
    pub(super) fn inter_allgather(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        (send, recv): (Option<SendBuf>, RecvBuf),
        parts: Option<&[Part]>,
    ) -> Result<Box<Plan>> {
        let send = self.never_in_place(call, comm, send)?;
        let parts = self.remote_parts(call, comm, parts, recv.len())?;
        self.check_parts_apart(call, comm, (send, &super::whole(send)), (recv, &parts))?;
        let whole = vec![Part { at: 0, len: send.len() }; parts.len()];
        let mut plan = self.plan(call, comm, tags::ALLGATHER);
        exchange(&mut plan, (send, &whole), (recv, &parts));
        Ok(plan)
    }

    /// A part to each of the other group. Equal parts, or as `parts` says: those to send and those to receive.
    pub(super) fn inter_alltoall(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        (send, recv): (Option<SendBuf>, RecvBuf),
        parts: Option<(&[Part], &[Part])>,
    ) -> Result<Box<Plan>> {
        let send = self.never_in_place(call, comm, send)?;
        let sent = self.remote_parts(call, comm, parts.map(|parts| parts.0), send.len())?;
        let received = self.remote_parts(call, comm, parts.map(|parts| parts.1), recv.len())?;
        self.check_parts_apart(call, comm, (send, &sent), (recv, &received))?;
        let mut plan = self.plan(call, comm, tags::ALLTOALL);
        exchange(&mut plan, (send, &sent), (recv, &received));
        Ok(plan)
    }

    /// The other group's elements to the root.
    pub(super) fn inter_reduce(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        (send, recv): (Option<SendBuf>, RecvBuf),
        element: usize,
        root: i32,
    ) -> Result<Box<Plan>> {
        let role = self.role(call, comm, root)?;
        let mut plan = self.plan(call, comm, tags::REDUCE);
        match role {
            Role::Root => {
                self.check_elements(call, comm, element, recv.len())?;
                plan.swap(None, Some((0, recv)));
            }
            Role::Nothing => {}
            Role::With(root) => {
                let own = self.never_in_place(call, comm, send)?;
                self.check_elements(call, comm, element, own.len())?;
                plan.turn_to(Side::Local);
                let reduced = binomial_reduce(&mut plan, own);
                plan.turn_to(Side::Comm);
                if let Some(reduced) = reduced {
                    plan.swap(Some((root, reduced)), None);
                }
            }
        }
        Ok(plan)
    }

    /// To all of each group the reduction of the other one's elements.
    pub(super) fn inter_allreduce(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        (send, recv): (Option<SendBuf>, RecvBuf),
        element: usize,
    ) -> Result<Box<Plan>> {
        let own = self.never_in_place(call, comm, send)?;
        self.check_apart(call, comm, Some(own), recv)?;
        self.check_len(call, comm, "the receive buffer", recv.len(), own.len())?;
        self.check_elements(call, comm, element, own.len())?;
        let mut plan = self.plan(call, comm, tags::ALLREDUCE);
        swap_reductions(&mut plan, own, recv);
        tell_own_group(&mut plan, recv);
        Ok(plan)
    }

    /// The same, a part to each of the group. Both groups have as many elements in all.
    pub(super) fn inter_reduce_scatter(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        (send, recv): (Option<SendBuf>, RecvBuf),
        lengths: Option<&[usize]>,
        element: usize,
    ) -> Result<Box<Plan>> {
        let own = self.never_in_place(call, comm, send)?;
        let Some(local) = comm.local.clone() else { return self.inter_missing(call, comm) };
        self.check_apart(call, comm, Some(own), recv)?;
        let parts = match lengths {
            None => {
                let part = self.equal_part(call, &local, own.len())?;
                Part::in_order((0..local.size()).map(|_| part))
            }
            Some(lengths) => Part::in_order(lengths.iter().copied()),
        };
        self.check_parts(call, &local, &parts, own.len())?;
        for part in &parts {
            self.check_elements(call, comm, element, part.len)?;
        }
        self.check_len(call, comm, "the receive buffer", recv.len(), parts[local.me as usize].len)?;
        let mut plan = self.plan(call, comm, tags::REDUCE_SCATTER);
        let room = plan.room(if local.me == 0 { own.len() } else { 0 });
        swap_reductions(&mut plan, own, room);
        plan.turn_to(Side::Local);
        linear_scatter(&mut plan, room.as_send(), Some(recv), |rank| parts[rank as usize], 0);
        Ok(plan)
    }

    /// Parts of `len` bytes, one for each of the remote group.
    fn remote_parts(&self, call: Call, comm: &Comm, parts: Option<&[Part]>, len: usize) -> Result<Vec<Part>> {
        match parts {
            Some(parts) => {
                self.check_parts(call, comm, parts, len)?;
                Ok(parts.to_vec())
            }
            None => {
                let part = self.equal_part(call, comm, len)?;
                Ok(Part::in_order((0..comm.size()).map(|_| part)))
            }
        }
    }

    fn inter_missing<R>(&self, call: Call, comm: &Comm) -> Result<R> {
        Err(self.error(Class::Intern, call, "no local group").context(comm.context))
    }
}

/// With every rank of the other group, all at once.
fn exchange(plan: &mut Plan, (send, sent): (SendBuf, &[Part]), (recv, received): (RecvBuf, &[Part])) {
    for (rank, &part) in received.iter().enumerate() {
        plan.recv(rank as i32, recv.of_part(part));
    }
    for (rank, &part) in sent.iter().enumerate() {
        plan.send(rank as i32, send.of_part(part));
    }
    plan.wait();
}
