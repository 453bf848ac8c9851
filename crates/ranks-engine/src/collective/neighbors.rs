//! Neighbourhood collectives: MPI 5.0 section 8.6. Each rank exchanges with those that its topology names.

use super::alltoall::ExchangeParts;
use super::check::Check;
use super::{Collective, Part, Parts, Storable, tags};
use crate::error::{Class, Result};
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::Plan;
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

/// Sends one buffer to all destinations and receives a part from each source.
#[derive(Clone, Copy, Debug)]
pub struct NeighborAllgather<'n> {
    /// What each destination gets.
    pub send: SendBuf,
    /// Room for the parts of all sources.
    pub recv: RecvBuf,
    /// Where in `recv` the part of each source belongs. `None`: all parts have one length and lie in the order of the
    /// sources.
    pub parts: Option<&'n [Part]>,
    /// With whom.
    pub neighbors: Neighbors<'n>,
}

/// Sends a part to each destination and receives a part from each source.
#[derive(Clone, Copy, Debug)]
pub struct NeighborAlltoall<'n> {
    /// The parts for all destinations.
    pub send: SendBuf,
    /// Room for the parts of all sources.
    pub recv: RecvBuf,
    /// Where the parts lie.
    pub parts: ExchangeParts<'n>,
    /// With whom.
    pub neighbors: Neighbors<'n>,
}

impl Collective for NeighborAllgather<'_> {
    type Algorithm = ();
    const TAG: i32 = tags::NEIGHBORS;

    fn call(&self) -> Call {
        if self.parts.is_some() { Call::NeighborAllgatherv } else { Call::NeighborAllgather }
    }

    fn check(&self, check: &Check<'_>) -> Result<()> {
        let Self { send, recv, parts, neighbors } = *self;
        check.neighbors("source", neighbors.sources, parts, recv.len())?;
        check.neighbors("destination", neighbors.destinations, None, 0)?;
        let sent = in_use(neighbors.destinations, None);
        check.apart((send, sent), (recv, in_use(neighbors.sources, parts)))
    }

    fn plan(&self, plan: &mut Plan, _: Option<()>) {
        let Self { send, recv, parts, neighbors } = *self;
        let received = Parts::new(parts, recv.len(), neighbors.sources.len());
        exchange(plan, neighbors, |_| send, |at| recv.of_part(received.of(at as i32)));
    }

    fn between(&self, check: &Check<'_>, plan: &mut Plan) -> Result<()> {
        self.check(check)?;
        self.plan(plan, None);
        Ok(())
    }
}

impl Collective for NeighborAlltoall<'_> {
    type Algorithm = ();
    const TAG: i32 = tags::NEIGHBORS;

    fn call(&self) -> Call {
        match self.parts {
            ExchangeParts::Equal => Call::NeighborAlltoall,
            ExchangeParts::Each(..) => Call::NeighborAlltoallv,
            ExchangeParts::Typed(..) => Call::NeighborAlltoallw,
        }
    }

    fn check(&self, check: &Check<'_>) -> Result<()> {
        let Self { send, recv, parts, neighbors } = *self;
        check.neighbors("source", neighbors.sources, parts.received(), recv.len())?;
        check.neighbors("destination", neighbors.destinations, parts.sent(), send.len())?;
        let sent = in_use(neighbors.destinations, parts.sent());
        check.apart((send, sent), (recv, in_use(neighbors.sources, parts.received())))
    }

    fn plan(&self, plan: &mut Plan, _: Option<()>) {
        let Self { send, recv, parts, neighbors } = *self;
        let sent = Parts::new(parts.sent(), send.len(), neighbors.destinations.len());
        let received = Parts::new(parts.received(), recv.len(), neighbors.sources.len());
        let send_part = |at| send.of_part(sent.of(at as i32));
        exchange(plan, neighbors, send_part, |at| recv.of_part(received.of(at as i32)));
    }

    fn between(&self, check: &Check<'_>, plan: &mut Plan) -> Result<()> {
        self.check(check)?;
        self.plan(plan, None);
        Ok(())
    }
}

impl Storable for NeighborAllgather<'_> {}
impl Storable for NeighborAlltoall<'_> {}

/// Sends and receives, all at once, what `send` and `recv` give for the place of a neighbour in its list.
fn exchange(
    plan: &mut Plan,
    neighbors: Neighbors<'_>,
    send: impl Fn(usize) -> SendBuf,
    recv: impl Fn(usize) -> RecvBuf,
) {
    let Neighbors { sources, destinations, cartesian } = neighbors;
    // Messages of a pair match in order: the first to one rank is the first that it receives from
    // this one. On a Cartesian topology that is what comes from its other direction.
    let turned = |at: usize| if cartesian { at ^ 1 } else { at };
    for at in (0..sources.len().next_multiple_of(2)).map(turned) {
        if let Some(&from) = sources.get(at)
            && from != PROC_NULL
        {
            plan.recv(from, recv(at));
        }
    }
    for (at, &to) in destinations.iter().enumerate().filter(|&(_, &to)| to != PROC_NULL) {
        plan.send(to, send(at));
    }
    plan.wait();
}

/// The parts of a buffer that are in use: with no neighbours, none.
fn in_use<'n>(ranks: &[i32], parts: Option<&'n [Part]>) -> Option<&'n [Part]> {
    if ranks.is_empty() { Some(&[]) } else { parts }
}

impl Check<'_> {
    /// Neighbours are ranks or nobody, and each has a part of a buffer of `len` bytes.
    fn neighbors(&self, what: &str, ranks: &[i32], parts: Option<&[Part]>, len: usize) -> Result<()> {
        let is_one = |rank: i32| rank == PROC_NULL || rank != ROOT && self.comm.slot_of(rank).is_some();
        if let Some(rank) = ranks.iter().find(|&&rank| !is_one(rank)) {
            let detail = format!("{what} {rank} is not a rank of the communicator");
            return Err(self.error(Class::Rank, detail));
        }
        let Some(parts) = parts else { return self.equal_parts(len, ranks.len()).map(|_| ()) };
        let detail = if parts.len() != ranks.len() {
            format!("{} counts for {} {what}s", parts.len(), ranks.len())
        } else if let Some(at) = parts.iter().position(|part| part.end() > len) {
            let Part { at: begin, len: part } = parts[at];
            format!("{part} bytes at {begin} for {what} {at} are not inside the buffer of {len}")
        } else {
            return Ok(());
        };
        Err(self.error(Class::Count, detail))
    }
}
