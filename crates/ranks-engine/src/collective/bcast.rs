//! Broadcast: MPI 5.0 section 6.4.

use super::tags;
use crate::error::Result;
use crate::group::{Comm, CommId};
use crate::memory::RecvBuf;
use crate::p2p::{Engine, Form, Plan, RequestId};
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use std::sync::Arc;

impl<T: Transport> Engine<T> {
    /// Sends the root's buffer to all ranks of the communicator.
    pub fn bcast(&mut self, buf: RecvBuf, root: i32, id: CommId) -> Result<()> {
        let comm = self.bcast_comm(Call::Bcast, root, id)?;
        if self.has_board(&comm) && self.board_bcast(Call::Bcast, &comm, buf, root)? {
            return Ok(());
        }
        let plan = self.bcast_plan(Call::Bcast, &comm, buf, root);
        self.run_divisible(plan, None)
    }

    /// The same over point-to-point alone, as where the communicator has no board.
    pub fn bcast_by_messages(&mut self, buf: RecvBuf, root: i32, id: CommId) -> Result<()> {
        let comm = self.bcast_comm(Call::Bcast, root, id)?;
        let plan = self.bcast_plan(Call::Bcast, &comm, buf, root);
        self.run_divisible(plan, None)
    }

    /// The same as a request.
    pub fn ibcast(&mut self, form: Form, buf: RecvBuf, root: i32, id: CommId) -> Result<RequestId> {
        let call = form.of(Call::Bcast);
        let comm = self.bcast_comm(call, root, id)?;
        let plan = self.bcast_plan(call, &comm, buf, root);
        Ok(self.launch(plan, None, form))
    }

    fn bcast_comm(&self, call: Call, root: i32, id: CommId) -> Result<Arc<Comm>> {
        self.enter(call)?;
        let comm = self.comm(id, call)?;
        self.root_of(&comm, root, call)?;
        Ok(comm)
    }

    fn bcast_plan(&mut self, call: Call, comm: &Arc<Comm>, buf: RecvBuf, root: i32) -> Box<Plan> {
        let mut plan = self.plan(call, comm, tags::BCAST);
        binomial_bcast(&mut plan, buf, root);
        plan
    }
}

/// A binomial tree: in round k the ranks that have the data, counted from the root, send it 2^k further.
pub(crate) fn binomial_bcast(plan: &mut Plan, buf: RecvBuf, root: i32) {
    let size = plan.size();
    let me = (plan.me() - root + size) % size;
    let rank_of = |position: i32| (position + root) % size;
    let mut distance = 1;
    while distance < size && me & distance == 0 {
        distance *= 2;
    }
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
