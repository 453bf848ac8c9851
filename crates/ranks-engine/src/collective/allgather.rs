//! Gather-to-all: MPI 5.0 section 6.7.

use super::{Part, rounds, tags, whole};
use crate::bounds;
use crate::error::Result;
use crate::group::CommId;
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::{Engine, Form, Plan, RequestId};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// How a gather to all is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllgatherAlgorithm {
    /// Each sends its part to each: n - 1 rounds, in which nothing is read that was just written.
    Rotated,
    /// Each passes on to its successor what it had from its predecessor: n - 1 rounds.
    Ring,
    /// In round k each has 2^k parts and gets as many from the one 2^k further (Bruck and others 1997).
    Doubling,
}

fn choose(part: usize) -> AllgatherAlgorithm {
    if part <= bounds::DOUBLING_PART { AllgatherAlgorithm::Doubling } else { AllgatherAlgorithm::Rotated }
}

impl<T: Transport> Engine<T> {
    /// Collects equal parts at all ranks, in order of rank. In place: each rank's part is where it
    /// belongs.
    pub fn allgather(&mut self, send: Option<SendBuf>, recv: RecvBuf, id: CommId) -> Result<()> {
        self.allgather_as(send, recv, id, None)
    }

    /// The same by a given algorithm: all ranks must give the same one.
    pub fn allgather_with(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        id: CommId,
        algorithm: AllgatherAlgorithm,
    ) -> Result<()> {
        self.allgather_as(send, recv, id, Some(algorithm))
    }

    /// The same as a request.
    pub fn iallgather(
        &mut self,
        form: Form,
        send: Option<SendBuf>,
        recv: RecvBuf,
        id: CommId,
    ) -> Result<RequestId> {
        let plan = self.allgather_plan(form.of(Call::Allgather), send, recv, id, None)?;
        Ok(self.launch(plan, None, form))
    }

    fn allgather_as(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        id: CommId,
        algorithm: Option<AllgatherAlgorithm>,
    ) -> Result<()> {
        if algorithm.is_none()
            && let Some(outcome) = self.allgather_on_board(send, recv, None, id)
        {
            return outcome;
        }
        let plan = self.allgather_plan(Call::Allgather, send, recv, id, algorithm)?;
        self.run_divisible(plan, None)
    }

    fn allgather_plan(
        &mut self,
        call: Call,
        send: Option<SendBuf>,
        recv: RecvBuf,
        id: CommId,
        algorithm: Option<AllgatherAlgorithm>,
    ) -> Result<Box<Plan>> {
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        if comm.local.is_some() {
            return self.inter_allgather(call, comm, (send, recv), None);
        }
        let part = self.equal_part(call, comm, recv.len())?;
        self.check_apart(call, comm, send, recv)?;
        let part_of = |rank: i32| Part { at: rank as usize * part, len: part };
        let mut plan = self.plan(call, comm, tags::ALLGATHER);
        let own = self.place_own(&mut plan, send, recv, part_of(comm.me))?;
        match algorithm.unwrap_or_else(|| choose(part)) {
            AllgatherAlgorithm::Rotated => rotated_allgather(&mut plan, own, recv, part_of),
            AllgatherAlgorithm::Ring => ring_allgather(&mut plan, recv, part_of),
            AllgatherAlgorithm::Doubling => doubling_allgather(&mut plan, own, recv, part),
        }
        Ok(plan)
    }

    /// Collects parts of any length at all ranks; `parts` says where in `recv` each belongs.
    pub fn allgatherv(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        parts: &[Part],
        id: CommId,
    ) -> Result<()> {
        if let Some(outcome) = self.allgather_on_board(send, recv, Some(parts), id) {
            return outcome;
        }
        let plan = self.allgatherv_plan(Call::Allgatherv, send, recv, parts, id)?;
        self.run_divisible(plan, None)
    }

    /// The same as a request.
    pub fn iallgatherv(
        &mut self,
        form: Form,
        send: Option<SendBuf>,
        recv: RecvBuf,
        parts: &[Part],
        id: CommId,
    ) -> Result<RequestId> {
        let plan = self.allgatherv_plan(form.of(Call::Allgatherv), send, recv, parts, id)?;
        Ok(self.launch(plan, None, form))
    }

    fn allgatherv_plan(
        &mut self,
        call: Call,
        send: Option<SendBuf>,
        recv: RecvBuf,
        parts: &[Part],
        id: CommId,
    ) -> Result<Box<Plan>> {
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        if comm.local.is_some() {
            return self.inter_allgather(call, comm, (send, recv), Some(parts));
        }
        self.check_parts(call, comm, parts, recv.len())?;
        if let Some(send) = send {
            self.check_parts_apart(call, comm, (send, &whole(send)), (recv, parts))?;
        }
        let mut plan = self.plan(call, comm, tags::ALLGATHER);
        let own = self.place_own(&mut plan, send, recv, parts[comm.me as usize])?;
        rotated_allgather(&mut plan, own, recv, |rank| parts[rank as usize]);
        Ok(plan)
    }

    /// Puts this rank's part where it belongs; where to send it from.
    fn place_own(
        &self,
        plan: &mut Plan,
        send: Option<SendBuf>,
        recv: RecvBuf,
        part: Part,
    ) -> Result<SendBuf> {
        let Some(send) = send else { return Ok(recv.of_part(part).as_send()) };
        self.check_len(plan.call, &plan.comm, "this rank's part", send.len(), part.len)?;
        plan.copy(send, recv.of_part(part));
        Ok(send)
    }
}

/// Completes a buffer in which each rank has its own part, which `own` holds too.
pub(super) fn rotated_allgather(plan: &mut Plan, own: SendBuf, recv: RecvBuf, part_of: impl Fn(i32) -> Part) {
    for (to, from) in rounds(plan) {
        plan.swap(Some((to, own)), Some((from, recv.of_part(part_of(from)))));
    }
}

/// Completes a buffer in which each rank has its own part.
fn ring_allgather(plan: &mut Plan, recv: RecvBuf, part_of: impl Fn(i32) -> Part) {
    let (me, size) = (plan.me(), plan.size());
    let (next, previous) = ((me + 1) % size, (me - 1 + size) % size);
    for k in 0..size - 1 {
        let have = recv.of_part(part_of((me - k + size) % size)).as_send();
        let come = recv.of_part(part_of((me - k - 1 + size) % size));
        plan.swap(Some((next, have)), Some((previous, come)));
    }
}

fn doubling_allgather(plan: &mut Plan, own: SendBuf, recv: RecvBuf, part: usize) {
    let (me, size) = (plan.me(), plan.size());
    // From this rank's own part on, going round.
    let parts = plan.room(recv.len());
    plan.copy(own, parts.part(0, part));
    let mut held = 1;
    while held < size {
        let (to, from) = ((me - held + size) % size, (me + held) % size);
        let more = held.min(size - held) as usize * part;
        let have = parts.as_send().part(0, more);
        plan.swap(Some((to, have)), Some((from, parts.part(held as usize * part, more))));
        held *= 2;
    }
    let (all, here) = (parts.as_send(), me as usize * part);
    let from = parts.len() - here;
    plan.copy(all.part(0, from), recv.part(here, from));
    plan.copy(all.part(from, here), recv.part(0, here));
}
