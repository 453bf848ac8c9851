//! Neighbourhood collectives: MPI 5.0 section 8.6. Each rank exchanges with those that its topology names.

use super::{Part, tags};
use crate::error::{Class, Result};
use crate::group::{Comm, CommId};
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::{Engine, Form, Plan, RequestId};
use crate::transport::Transport;
use crate::{PROC_NULL, ROOT};
use ranks_shm::blocked::Call;

/// Whom a rank hears from and whom it sends to. A rank may be there more than once, `PROC_NULL` stands for
/// nobody.
#[derive(Clone, Copy, Debug)]
pub struct Neighbors<'n> {
    /// Whom it hears from.
    pub sources: &'n [i32],
    /// Whom it sends to.
    pub destinations: &'n [i32],
    /// The lists are those of a Cartesian topology: for each dimension the one before and the one after.
    /// What goes to the one before is what that one has from the one after, also where a dimension is so
    /// short that both are one rank. Else the messages of a pair match in the order of the lists.
    pub cartesian: bool,
}

impl<T: Transport> Engine<T> {
    /// Sends `send` to all destinations; parts of one length from the sources, in order.
    pub fn neighbor_allgather(
        &mut self,
        send: SendBuf,
        recv: RecvBuf,
        neighbors: Neighbors<'_>,
        id: CommId,
    ) -> Result<()> {
        let plan = self.neighbor_allgather_plan(Call::NeighborAllgather, send, recv, neighbors, id)?;
        self.run_divisible(plan, None)
    }

    /// The same as a request.
    pub fn ineighbor_allgather(
        &mut self,
        form: Form,
        send: SendBuf,
        recv: RecvBuf,
        neighbors: Neighbors<'_>,
        id: CommId,
    ) -> Result<RequestId> {
        let call = form.of(Call::NeighborAllgather);
        let plan = self.neighbor_allgather_plan(call, send, recv, neighbors, id)?;
        Ok(self.launch(plan, None, form))
    }

    /// The same with parts of any length; `parts` says where in `recv` that of each source belongs.
    pub fn neighbor_allgatherv(
        &mut self,
        send: SendBuf,
        recv: RecvBuf,
        parts: &[Part],
        neighbors: Neighbors<'_>,
        id: CommId,
    ) -> Result<()> {
        let call = Call::NeighborAllgatherv;
        let plan = self.neighbor_gather_plan(call, send, recv, parts, neighbors, id)?;
        self.run_divisible(plan, None)
    }

    /// The same as a request.
    pub fn ineighbor_allgatherv(
        &mut self,
        form: Form,
        send: SendBuf,
        recv: RecvBuf,
        parts: &[Part],
        neighbors: Neighbors<'_>,
        id: CommId,
    ) -> Result<RequestId> {
        let call = form.of(Call::NeighborAllgatherv);
        let plan = self.neighbor_gather_plan(call, send, recv, parts, neighbors, id)?;
        Ok(self.launch(plan, None, form))
    }

    /// A part of `send` to each destination, a part of `recv` from each source; all parts have one length.
    pub fn neighbor_alltoall(
        &mut self,
        send: SendBuf,
        recv: RecvBuf,
        neighbors: Neighbors<'_>,
        id: CommId,
    ) -> Result<()> {
        let plan = self.neighbor_alltoall_plan(Call::NeighborAlltoall, send, recv, neighbors, id)?;
        self.run_divisible(plan, None)
    }

    /// The same as a request.
    pub fn ineighbor_alltoall(
        &mut self,
        form: Form,
        send: SendBuf,
        recv: RecvBuf,
        neighbors: Neighbors<'_>,
        id: CommId,
    ) -> Result<RequestId> {
        let call = form.of(Call::NeighborAlltoall);
        let plan = self.neighbor_alltoall_plan(call, send, recv, neighbors, id)?;
        Ok(self.launch(plan, None, form))
    }

    /// The same with parts of any length.
    pub fn neighbor_alltoallv(
        &mut self,
        send: (SendBuf, &[Part]),
        recv: (RecvBuf, &[Part]),
        neighbors: Neighbors<'_>,
        id: CommId,
    ) -> Result<()> {
        let plan = self.neighbor_plan(Call::NeighborAlltoallv, send, recv, neighbors, id)?;
        self.run_divisible(plan, None)
    }

    /// The same as a request.
    pub fn ineighbor_alltoallv(
        &mut self,
        form: Form,
        send: (SendBuf, &[Part]),
        recv: (RecvBuf, &[Part]),
        neighbors: Neighbors<'_>,
        id: CommId,
    ) -> Result<RequestId> {
        let plan = self.neighbor_plan(form.of(Call::NeighborAlltoallv), send, recv, neighbors, id)?;
        Ok(self.launch(plan, None, form))
    }

    /// The same, in the name of MPI_Neighbor_alltoallw: parts are bytes already.
    pub fn neighbor_alltoallw(
        &mut self,
        send: (SendBuf, &[Part]),
        recv: (RecvBuf, &[Part]),
        neighbors: Neighbors<'_>,
        id: CommId,
    ) -> Result<()> {
        let plan = self.neighbor_plan(Call::NeighborAlltoallw, send, recv, neighbors, id)?;
        self.run_divisible(plan, None)
    }

    /// The same as a request.
    pub fn ineighbor_alltoallw(
        &mut self,
        form: Form,
        send: (SendBuf, &[Part]),
        recv: (RecvBuf, &[Part]),
        neighbors: Neighbors<'_>,
        id: CommId,
    ) -> Result<RequestId> {
        let plan = self.neighbor_plan(form.of(Call::NeighborAlltoallw), send, recv, neighbors, id)?;
        Ok(self.launch(plan, None, form))
    }

    fn neighbor_allgather_plan(
        &mut self,
        call: Call,
        send: SendBuf,
        recv: RecvBuf,
        neighbors: Neighbors<'_>,
        id: CommId,
    ) -> Result<Box<Plan>> {
        let parts = self.equal_parts(call, "receive", recv.len(), neighbors.sources.len())?;
        self.neighbor_gather_plan(call, send, recv, &parts, neighbors, id)
    }

    fn neighbor_gather_plan(
        &mut self,
        call: Call,
        send: SendBuf,
        recv: RecvBuf,
        parts: &[Part],
        neighbors: Neighbors<'_>,
        id: CommId,
    ) -> Result<Box<Plan>> {
        let all = Part { at: 0, len: send.len() };
        let send_parts = vec![all; neighbors.destinations.len()];
        self.neighbor_plan(call, (send, &send_parts), (recv, parts), neighbors, id)
    }

    fn neighbor_alltoall_plan(
        &mut self,
        call: Call,
        send: SendBuf,
        recv: RecvBuf,
        neighbors: Neighbors<'_>,
        id: CommId,
    ) -> Result<Box<Plan>> {
        let send_parts = self.equal_parts(call, "send", send.len(), neighbors.destinations.len())?;
        let recv_parts = self.equal_parts(call, "receive", recv.len(), neighbors.sources.len())?;
        self.neighbor_plan(call, (send, &send_parts), (recv, &recv_parts), neighbors, id)
    }

    fn neighbor_plan(
        &mut self,
        call: Call,
        (send, send_parts): (SendBuf, &[Part]),
        (recv, recv_parts): (RecvBuf, &[Part]),
        neighbors: Neighbors<'_>,
        id: CommId,
    ) -> Result<Box<Plan>> {
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        let Neighbors { sources, destinations, cartesian } = neighbors;
        self.check_neighbors(call, comm, "source", sources, recv_parts, recv.len())?;
        self.check_neighbors(call, comm, "destination", destinations, send_parts, send.len())?;
        self.check_parts_apart(call, comm, (send, send_parts), (recv, recv_parts))?;
        let mut plan = self.plan(call, comm, tags::NEIGHBORS);
        // Messages of a pair match in order: the first to one rank is the first that it receives from
        // this one. On a Cartesian topology that is what comes from its other direction.
        let turned = |at: usize| if cartesian { at ^ 1 } else { at };
        let place = |at: usize| (sources.get(at).copied().unwrap_or(PROC_NULL), recv_parts.get(at));
        for at in 0..sources.len().next_multiple_of(2) {
            if let (from, Some(&part)) = place(turned(at))
                && from != PROC_NULL
            {
                plan.recv(from, recv.of_part(part));
            }
        }
        for (&to, &part) in destinations.iter().zip(send_parts).filter(|(to, _)| **to != PROC_NULL) {
            plan.send(to, send.of_part(part));
        }
        plan.wait();
        Ok(plan)
    }

    /// `count` parts of one length.
    fn equal_parts(&self, call: Call, what: &str, whole: usize, count: usize) -> Result<Vec<Part>> {
        if !whole.is_multiple_of(count.max(1)) {
            let detail = format!("the {what} buffer's {whole} bytes are not {count} parts of one length");
            return Err(self.error(Class::Count, call, detail));
        }
        Ok(Part::in_order((0..count).map(|_| whole / count)))
    }

    fn check_neighbors(
        &self,
        call: Call,
        comm: &Comm,
        what: &str,
        ranks: &[i32],
        parts: &[Part],
        len: usize,
    ) -> Result<()> {
        let wrong = |class, detail: String| Err(self.error(class, call, detail).context(comm.context));
        let is_one = |rank: i32| rank == PROC_NULL || rank != ROOT && comm.slot_of(rank).is_some();
        if let Some(rank) = ranks.iter().find(|&&rank| !is_one(rank)) {
            return wrong(Class::Rank, format!("{what} {rank} is not a rank of the communicator"));
        }
        if parts.len() != ranks.len() {
            return wrong(Class::Count, format!("{} counts for {} {what}s", parts.len(), ranks.len()));
        }
        if let Some(at) = parts.iter().position(|part| part.end() > len) {
            let Part { at: begin, len: part } = parts[at];
            let detail =
                format!("{part} bytes at {begin} for {what} {at} are not inside the buffer of {len}");
            return wrong(Class::Count, detail);
        }
        Ok(())
    }
}
