//! Scatter: MPI 5.0 section 6.6.

use super::{Part, tags, whole};
use crate::bounds;
use crate::error::Result;
use crate::group::{Comm, CommId};
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::{Engine, Form, Plan, RequestId};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// How a scatter is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScatterAlgorithm {
    /// The root sends to each rank.
    Linear,
    /// A binomial tree: each passes on half of what it has.
    Binomial,
}

fn choose(comm: &Comm, part: usize) -> ScatterAlgorithm {
    if part <= bounds::TREE_PART && comm.size() >= bounds::TREE_RANKS {
        ScatterAlgorithm::Binomial
    } else {
        ScatterAlgorithm::Linear
    }
}

impl<T: Transport> Engine<T> {
    /// Deals equal parts of the root's buffer, in order of rank; `send` counts there alone. `None` for
    /// `recv`, at the root: in place, its part stays where it is.
    pub fn scatter(&mut self, send: SendBuf, recv: Option<RecvBuf>, root: i32, id: CommId) -> Result<()> {
        self.scatter_as(send, recv, root, id, None)
    }

    /// The same by a given algorithm: all ranks must give the same one.
    pub fn scatter_with(
        &mut self,
        send: SendBuf,
        recv: Option<RecvBuf>,
        root: i32,
        id: CommId,
        algorithm: ScatterAlgorithm,
    ) -> Result<()> {
        self.scatter_as(send, recv, root, id, Some(algorithm))
    }

    /// The same as a request.
    pub fn iscatter(
        &mut self,
        form: Form,
        send: SendBuf,
        recv: Option<RecvBuf>,
        root: i32,
        id: CommId,
    ) -> Result<RequestId> {
        let plan = self.scatter_plan(form.of(Call::Scatter), send, recv, root, id, None)?;
        Ok(self.launch(plan, None, form))
    }

    fn scatter_as(
        &mut self,
        send: SendBuf,
        recv: Option<RecvBuf>,
        root: i32,
        id: CommId,
        algorithm: Option<ScatterAlgorithm>,
    ) -> Result<()> {
        if algorithm.is_none()
            && let Some(outcome) = self.scatter_on_board(send, recv, root, id)
        {
            return outcome;
        }
        let plan = self.scatter_plan(Call::Scatter, send, recv, root, id, algorithm)?;
        self.run_divisible(plan, None)
    }

    fn scatter_plan(
        &mut self,
        call: Call,
        send: SendBuf,
        recv: Option<RecvBuf>,
        root: i32,
        id: CommId,
        algorithm: Option<ScatterAlgorithm>,
    ) -> Result<Box<Plan>> {
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        if comm.local.is_some() {
            return self.inter_scatter(call, comm, (send, recv), None, root);
        }
        self.root_of(comm, root, call)?;
        let part = if comm.me == root {
            let part = self.equal_part(call, comm, send.len())?;
            if let Some(recv) = recv {
                self.check_apart(call, comm, Some(send), recv)?;
                self.check_len(call, comm, "the root's room", recv.len(), part)?;
            }
            part
        } else {
            self.not_in_place(call, comm, recv)?.len()
        };
        let mut plan = self.plan(call, comm, tags::SCATTER);
        match algorithm.unwrap_or_else(|| choose(comm, part)) {
            ScatterAlgorithm::Linear => {
                let part_of = |rank| Part { at: rank as usize * part, len: part };
                linear_scatter(&mut plan, send, recv, part_of, root);
            }
            ScatterAlgorithm::Binomial => binomial_scatter(&mut plan, send, recv, part, root),
        }
        Ok(plan)
    }

    /// Deals parts of any length; `parts` says where in `send` each lies. Both count at the root alone.
    pub fn scatterv(
        &mut self,
        send: SendBuf,
        parts: &[Part],
        recv: Option<RecvBuf>,
        root: i32,
        id: CommId,
    ) -> Result<()> {
        let plan = self.scatterv_plan(Call::Scatterv, send, parts, recv, root, id)?;
        self.run_divisible(plan, None)
    }

    /// The same as a request.
    pub fn iscatterv(
        &mut self,
        form: Form,
        send: SendBuf,
        parts: &[Part],
        recv: Option<RecvBuf>,
        root: i32,
        id: CommId,
    ) -> Result<RequestId> {
        let plan = self.scatterv_plan(form.of(Call::Scatterv), send, parts, recv, root, id)?;
        Ok(self.launch(plan, None, form))
    }

    fn scatterv_plan(
        &mut self,
        call: Call,
        send: SendBuf,
        parts: &[Part],
        recv: Option<RecvBuf>,
        root: i32,
        id: CommId,
    ) -> Result<Box<Plan>> {
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        if comm.local.is_some() {
            return self.inter_scatter(call, comm, (send, recv), Some(parts), root);
        }
        self.root_of(comm, root, call)?;
        if comm.me == root {
            self.check_parts(call, comm, parts, send.len())?;
            if let Some(recv) = recv {
                self.check_parts_apart(call, comm, (send, parts), (recv, &whole(recv.as_send())))?;
                self.check_len(call, comm, "the root's room", recv.len(), parts[root as usize].len)?;
            }
        } else {
            self.not_in_place(call, comm, recv)?;
        }
        let mut plan = self.plan(call, comm, tags::SCATTER);
        linear_scatter(&mut plan, send, recv, |rank| parts[rank as usize], root);
        Ok(plan)
    }
}

pub(super) fn linear_scatter(
    plan: &mut Plan,
    send: SendBuf,
    recv: Option<RecvBuf>,
    part_of: impl Fn(i32) -> Part,
    root: i32,
) {
    if plan.me() != root {
        return plan.swap(None, recv.map(|recv| (root, recv)));
    }
    for rank in (0..plan.size()).filter(|&rank| rank != root) {
        plan.send(rank, send.of_part(part_of(rank)));
    }
    if let Some(recv) = recv {
        plan.copy(send.of_part(part_of(root)), recv);
    }
    plan.wait();
}

/// Counted from the root, position p receives the parts of the positions from p on, as far as the next
/// one that receives as many.
fn binomial_scatter(plan: &mut Plan, send: SendBuf, recv: Option<RecvBuf>, part: usize, root: i32) {
    let size = plan.size();
    let me = (plan.me() - root + size) % size;
    let rank_of = |position: i32| (position + root) % size;
    let mut distance = 1;
    while distance < size && me & distance == 0 {
        distance *= 2;
    }
    let held = distance.min(size - me) as usize * part;
    let parts = plan.room(held);
    if me == 0 {
        // From the root's own on; the ranks below it come last.
        let here = root as usize * part;
        plan.copy(send.part(here, held - here), parts.part(0, held - here));
        plan.copy(send.part(0, here), parts.part(held - here, here));
    } else {
        plan.swap(None, Some((rank_of(me - distance), parts)));
    }
    let mut held = held;
    while distance > 1 {
        distance /= 2;
        if me + distance < size {
            let kept = distance as usize * part;
            plan.send(rank_of(me + distance), parts.as_send().part(kept, held - kept));
            held = kept;
        }
    }
    if let Some(recv) = recv {
        plan.copy(parts.as_send().part(0, part), recv);
    }
    plan.wait();
}
