//! Gather: MPI 5.0 section 6.5.

use super::{Part, tags, whole};
use crate::bounds;
use crate::error::Result;
use crate::group::{Comm, CommId};
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::{Engine, Form, Plan, RequestId};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// How a gather is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatherAlgorithm {
    /// Each rank sends to the root.
    Linear,
    /// A binomial tree: in round k a rank passes on 2^k parts.
    Binomial,
}

fn choose(comm: &Comm, part: usize) -> GatherAlgorithm {
    if part <= bounds::TREE_PART && comm.size() >= bounds::TREE_RANKS {
        GatherAlgorithm::Binomial
    } else {
        GatherAlgorithm::Linear
    }
}

impl<T: Transport> Engine<T> {
    /// Collects equal parts at the root, in order of rank; `recv` counts there alone. In place at the
    /// root: its part is where it belongs.
    pub fn gather(&mut self, send: Option<SendBuf>, recv: RecvBuf, root: i32, id: CommId) -> Result<()> {
        self.gather_as(send, recv, root, id, None)
    }

    /// The same by a given algorithm: all ranks must give the same one.
    pub fn gather_with(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        root: i32,
        id: CommId,
        algorithm: GatherAlgorithm,
    ) -> Result<()> {
        self.gather_as(send, recv, root, id, Some(algorithm))
    }

    /// The same as a request.
    pub fn igather(
        &mut self,
        form: Form,
        send: Option<SendBuf>,
        recv: RecvBuf,
        root: i32,
        id: CommId,
    ) -> Result<RequestId> {
        let plan = self.gather_plan(form.of(Call::Gather), send, recv, root, id, None)?;
        Ok(self.launch(plan, None, form))
    }

    fn gather_as(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        root: i32,
        id: CommId,
        algorithm: Option<GatherAlgorithm>,
    ) -> Result<()> {
        if algorithm.is_none()
            && let Some(outcome) = self.gather_on_board(send, recv, None, root, id)
        {
            return outcome;
        }
        let plan = self.gather_plan(Call::Gather, send, recv, root, id, algorithm)?;
        self.run_divisible(plan, None)
    }

    fn gather_plan(
        &mut self,
        call: Call,
        send: Option<SendBuf>,
        recv: RecvBuf,
        root: i32,
        id: CommId,
        algorithm: Option<GatherAlgorithm>,
    ) -> Result<Box<Plan>> {
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        if comm.local.is_some() {
            return self.inter_gather(call, comm, (send, recv), None, root);
        }
        self.root_of(comm, root, call)?;
        let part = if comm.me == root {
            let part = self.equal_part(call, comm, recv.len())?;
            self.check_apart(call, comm, send, recv)?;
            if let Some(send) = send {
                self.check_len(call, comm, "the root's part", send.len(), part)?;
            }
            part
        } else {
            self.not_in_place(call, comm, send)?.len()
        };
        let mut plan = self.plan(call, comm, tags::GATHER);
        match algorithm.unwrap_or_else(|| choose(comm, part)) {
            GatherAlgorithm::Linear => {
                let part_of = |rank| Part { at: rank as usize * part, len: part };
                linear_gather(&mut plan, send, recv, part_of, root);
            }
            GatherAlgorithm::Binomial => binomial_gather(&mut plan, send, recv, part, root),
        }
        Ok(plan)
    }

    /// Collects parts of any length; `parts` says where in `recv` each belongs. Both count at the root
    /// alone.
    pub fn gatherv(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        parts: &[Part],
        root: i32,
        id: CommId,
    ) -> Result<()> {
        if let Some(outcome) = self.gather_on_board(send, recv, Some(parts), root, id) {
            return outcome;
        }
        let plan = self.gatherv_plan(Call::Gatherv, send, recv, parts, root, id)?;
        self.run_divisible(plan, None)
    }

    /// The same as a request.
    pub fn igatherv(
        &mut self,
        form: Form,
        send: Option<SendBuf>,
        recv: RecvBuf,
        parts: &[Part],
        root: i32,
        id: CommId,
    ) -> Result<RequestId> {
        let plan = self.gatherv_plan(form.of(Call::Gatherv), send, recv, parts, root, id)?;
        Ok(self.launch(plan, None, form))
    }

    fn gatherv_plan(
        &mut self,
        call: Call,
        send: Option<SendBuf>,
        recv: RecvBuf,
        parts: &[Part],
        root: i32,
        id: CommId,
    ) -> Result<Box<Plan>> {
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        if comm.local.is_some() {
            return self.inter_gather(call, comm, (send, recv), Some(parts), root);
        }
        self.root_of(comm, root, call)?;
        if comm.me == root {
            self.check_parts(call, comm, parts, recv.len())?;
            if let Some(send) = send {
                self.check_parts_apart(call, comm, (send, &whole(send)), (recv, parts))?;
                self.check_len(call, comm, "the root's part", send.len(), parts[root as usize].len)?;
            }
        } else {
            self.not_in_place(call, comm, send)?;
        }
        let mut plan = self.plan(call, comm, tags::GATHER);
        linear_gather(&mut plan, send, recv, |rank| parts[rank as usize], root);
        Ok(plan)
    }
}

pub(super) fn linear_gather(
    plan: &mut Plan,
    send: Option<SendBuf>,
    recv: RecvBuf,
    part_of: impl Fn(i32) -> Part,
    root: i32,
) {
    if plan.me() != root {
        return plan.swap(send.map(|send| (root, send)), None);
    }
    for rank in (0..plan.size()).filter(|&rank| rank != root) {
        plan.recv(rank, recv.of_part(part_of(rank)));
    }
    if let Some(send) = send {
        plan.copy(send, recv.of_part(part_of(root)));
    }
    plan.wait();
}

/// Counted from the root, position p collects the parts of the positions from p on, as far as the next
/// one that has collected as many.
fn binomial_gather(plan: &mut Plan, send: Option<SendBuf>, recv: RecvBuf, part: usize, root: i32) {
    let size = plan.size();
    let me = (plan.me() - root + size) % size;
    let rank_of = |position: i32| (position + root) % size;
    let own = send.unwrap_or_else(|| recv.as_send().part(root as usize * part, part));
    // As many positions as it takes over at most.
    let most = if me == 0 { size } else { (1 << me.trailing_zeros()).min(size - me) };
    let parts = plan.room(most as usize * part);
    plan.copy(own, parts.part(0, part));
    let mut held = part;
    let mut distance = 1;
    while distance < size {
        if me & distance != 0 {
            return plan.swap(Some((rank_of(me - distance), parts.as_send().part(0, held))), None);
        }
        let child = me + distance;
        if child < size {
            let more = distance.min(size - child) as usize * part;
            plan.swap(None, Some((rank_of(child), parts.part(held, more))));
            held += more;
        }
        distance *= 2;
    }
    // The root has them from its own on; the ranks below it come last.
    let (all, here) = (parts.as_send(), root as usize * part);
    plan.copy(all.part(0, held - here), recv.part(here, held - here));
    plan.copy(all.part(held - here, here), recv.part(0, here));
}
