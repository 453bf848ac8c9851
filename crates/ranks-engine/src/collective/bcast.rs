//! Broadcast: MPI 5.0 section 6.4.

use super::tags;
use crate::error::Result;
use crate::group::CommId;
use crate::memory::RecvBuf;
use crate::p2p::{Engine, Form, Plan, RequestId};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

impl<T: Transport> Engine<T> {
    /// Sends the root's buffer to all ranks of the communicator.
    pub fn bcast(&mut self, buf: RecvBuf, root: i32, id: CommId) -> Result<()> {
        if let Some(outcome) = self.bcast_on_board(buf, root, id) {
            return outcome;
        }
        self.bcast_by_messages(buf, root, id)
    }

    /// The same over point-to-point alone, as where the communicator has no board.
    pub fn bcast_by_messages(&mut self, buf: RecvBuf, root: i32, id: CommId) -> Result<()> {
        let plan = self.bcast_plan(Call::Bcast, buf, root, id)?;
        self.run_divisible(plan, None)
    }

    /// The same as a request.
    pub fn ibcast(&mut self, form: Form, buf: RecvBuf, root: i32, id: CommId) -> Result<RequestId> {
        let plan = self.bcast_plan(form.of(Call::Bcast), buf, root, id)?;
        Ok(self.launch(plan, None, form))
    }

    fn bcast_plan(&mut self, call: Call, buf: RecvBuf, root: i32, id: CommId) -> Result<Box<Plan>> {
        self.enter(call)?;
        let comm = self.comm(id, call)?;
        if comm.local.is_some() {
            return self.inter_bcast(call, &comm, buf, root);
        }
        self.root_of(&comm, root, call)?;
        let mut plan = self.plan(call, &comm, tags::BCAST);
        binomial_bcast(&mut plan, buf, root);
        Ok(plan)
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
