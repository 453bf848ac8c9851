//! All-to-all: MPI 5.0 section 6.8.

use super::{Part, rounds, tags};
use crate::bounds;
use crate::error::Result;
use crate::group::{Comm, CommId};
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::{Engine, Form, Plan, RequestId};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// How an exchange of all with all is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlltoallAlgorithm {
    /// In round k each sends to the one k further and hears from the one k before.
    Pairwise,
    /// Everything is begun at once.
    Posted,
}

fn choose(comm: &Comm, part: usize) -> AlltoallAlgorithm {
    if part <= bounds::POSTED_PART || comm.size() <= bounds::POSTED_RANKS {
        AlltoallAlgorithm::Posted
    } else {
        AlltoallAlgorithm::Pairwise
    }
}

impl<T: Transport> Engine<T> {
    /// Rank i's part j becomes rank j's part i; all parts have one length. In place: the parts to send
    /// are where those received belong.
    pub fn alltoall(&mut self, send: Option<SendBuf>, recv: RecvBuf, id: CommId) -> Result<()> {
        self.alltoall_as(send, recv, id, None)
    }

    /// The same by a given algorithm: all ranks must give the same one.
    pub fn alltoall_with(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        id: CommId,
        algorithm: AlltoallAlgorithm,
    ) -> Result<()> {
        self.alltoall_as(send, recv, id, Some(algorithm))
    }

    /// The same as a request.
    pub fn ialltoall(
        &mut self,
        form: Form,
        send: Option<SendBuf>,
        recv: RecvBuf,
        id: CommId,
    ) -> Result<RequestId> {
        let plan = self.alltoall_plan(form.of(Call::Alltoall), send, recv, id, None)?;
        Ok(self.launch(plan, None, form))
    }

    fn alltoall_as(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        id: CommId,
        algorithm: Option<AlltoallAlgorithm>,
    ) -> Result<()> {
        if algorithm.is_none()
            && let Some(outcome) = self.alltoall_on_board(send, recv, id)
        {
            return outcome;
        }
        let plan = self.alltoall_plan(Call::Alltoall, send, recv, id, algorithm)?;
        self.run_divisible(plan, None)
    }

    fn alltoall_plan(
        &mut self,
        call: Call,
        send: Option<SendBuf>,
        recv: RecvBuf,
        id: CommId,
        algorithm: Option<AlltoallAlgorithm>,
    ) -> Result<Box<Plan>> {
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        if comm.local.is_some() {
            return self.inter_alltoall(call, comm, (send, recv), None);
        }
        let part = self.equal_part(call, comm, recv.len())?;
        self.check_apart(call, comm, send, recv)?;
        if let Some(send) = send {
            self.check_len(call, comm, "the send buffer", send.len(), recv.len())?;
        }
        let part_of = |rank: i32| Part { at: rank as usize * part, len: part };
        let algorithm = algorithm.unwrap_or_else(|| choose(comm, part));
        let mut plan = self.plan(call, comm, tags::ALLTOALL);
        all_to_all(&mut plan, (send, &part_of), (recv, &part_of), algorithm);
        Ok(plan)
    }

    /// The same with parts of any length: where in `send` the part for each rank lies, and where in
    /// `recv` the part from each belongs. In place: `recv_parts` says both.
    pub fn alltoallv(
        &mut self,
        send: Option<SendBuf>,
        send_parts: &[Part],
        recv: RecvBuf,
        recv_parts: &[Part],
        id: CommId,
    ) -> Result<()> {
        let plan = self.alltoallv_plan(Call::Alltoallv, send, send_parts, recv, recv_parts, id)?;
        self.run_divisible(plan, None)
    }

    /// The same as a request.
    pub fn ialltoallv(
        &mut self,
        form: Form,
        send: Option<SendBuf>,
        send_parts: &[Part],
        recv: RecvBuf,
        recv_parts: &[Part],
        id: CommId,
    ) -> Result<RequestId> {
        let call = form.of(Call::Alltoallv);
        let plan = self.alltoallv_plan(call, send, send_parts, recv, recv_parts, id)?;
        Ok(self.launch(plan, None, form))
    }

    /// The same, in the name of MPI_Alltoallw: parts are bytes already.
    pub fn alltoallw(
        &mut self,
        send: Option<SendBuf>,
        send_parts: &[Part],
        recv: RecvBuf,
        recv_parts: &[Part],
        id: CommId,
    ) -> Result<()> {
        let plan = self.alltoallv_plan(Call::Alltoallw, send, send_parts, recv, recv_parts, id)?;
        self.run_divisible(plan, None)
    }

    /// The same as a request.
    pub fn ialltoallw(
        &mut self,
        form: Form,
        send: Option<SendBuf>,
        send_parts: &[Part],
        recv: RecvBuf,
        recv_parts: &[Part],
        id: CommId,
    ) -> Result<RequestId> {
        let call = form.of(Call::Alltoallw);
        let plan = self.alltoallv_plan(call, send, send_parts, recv, recv_parts, id)?;
        Ok(self.launch(plan, None, form))
    }

    fn alltoallv_plan(
        &mut self,
        call: Call,
        send: Option<SendBuf>,
        send_parts: &[Part],
        recv: RecvBuf,
        recv_parts: &[Part],
        id: CommId,
    ) -> Result<Box<Plan>> {
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        if comm.local.is_some() {
            return self.inter_alltoall(call, comm, (send, recv), Some((send_parts, recv_parts)));
        }
        self.check_parts(call, comm, recv_parts, recv.len())?;
        let send_parts = if let Some(send) = send {
            self.check_parts(call, comm, send_parts, send.len())?;
            self.check_parts_apart(call, comm, (send, send_parts), (recv, recv_parts))?;
            send_parts
        } else {
            recv_parts
        };
        let me = comm.me as usize;
        self.check_len(call, comm, "this rank's part for itself", send_parts[me].len, recv_parts[me].len)?;
        let (from, to) = (|rank: i32| send_parts[rank as usize], |rank: i32| recv_parts[rank as usize]);
        // Lengths differ from rank to rank, so they can choose nothing that all must do alike; but these
        // two algorithms understand each other.
        let longest = recv_parts.iter().map(|part| part.len).max().unwrap_or(0);
        let mut plan = self.plan(call, comm, tags::ALLTOALL);
        all_to_all(&mut plan, (send, &from), (recv, &to), choose(comm, longest));
        Ok(plan)
    }
}

fn all_to_all(
    plan: &mut Plan,
    (send, send_part): (Option<SendBuf>, &dyn Fn(i32) -> Part),
    (recv, recv_part): (RecvBuf, &dyn Fn(i32) -> Part),
    algorithm: AlltoallAlgorithm,
) {
    let in_place = send.is_none();
    let send = send.unwrap_or_else(|| {
        // Parts would be overwritten before their turn to be sent has come.
        let copy = plan.room(recv.len());
        for rank in 0..plan.size() {
            let part = recv_part(rank);
            plan.copy(recv.of_part(part).as_send(), copy.of_part(part));
        }
        copy.as_send()
    });
    let me = plan.me();
    let own = (!in_place).then(|| (send.of_part(send_part(me)), recv.of_part(recv_part(me))));
    let sends = rounds(plan).map(|(to, _)| (to, send.of_part(send_part(to))));
    let recvs = rounds(plan).map(|(_, from)| (from, recv.of_part(recv_part(from))));
    match algorithm {
        AlltoallAlgorithm::Posted => {
            recvs.for_each(|(from, buf)| plan.recv(from, buf));
            sends.for_each(|(to, buf)| plan.send(to, buf));
            own.into_iter().for_each(|(from, to)| plan.copy(from, to));
            plan.wait();
        }
        AlltoallAlgorithm::Pairwise => {
            own.into_iter().for_each(|(from, to)| plan.copy(from, to));
            sends.zip(recvs).for_each(|(send, recv)| plan.swap(Some(send), Some(recv)));
        }
    }
}
