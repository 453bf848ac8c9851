//! Gather-to-all: MPI 5.0 section 6.7.

use super::board::spread;
use super::check::Check;
use super::inter::exchange;
use super::{Collective, Part, Parts, Storable, rounds, tags};
use crate::bounds;
use crate::error::Result;
use crate::group::CommId;
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::{Engine, Plan};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// Collects the ranks' parts at all ranks.
#[derive(Clone, Copy, Debug)]
pub struct Allgather<'p> {
    /// This rank's part. `None`: in place, it is in `recv` already.
    pub send: Option<SendBuf>,
    /// Room for all parts.
    pub recv: RecvBuf,
    /// Where in `recv` each part belongs (`MPI_Allgatherv`). `None`: all parts have one length and lie in order of rank.
    pub parts: Option<&'p [Part]>,
}

/// How a gather of equal parts to all is done; others are rotated.
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

impl Collective for Allgather<'_> {
    type Algorithm = AllgatherAlgorithm;
    const TAG: i32 = tags::ALLGATHER;

    fn call(&self) -> Call {
        if self.parts.is_some() { Call::Allgatherv } else { Call::Allgather }
    }

    fn on_board<T: Transport>(&mut self, engine: &mut Engine<T>, id: CommId) -> Option<Result<()>> {
        let Self { send, recv, parts } = *self;
        let (call, comm) = (self.call(), engine.board_for(self, id)?);
        let parts = Parts::new(parts, recv.len(), comm.size() as usize);
        if parts.longest() > engine.board_longest() {
            return None;
        }
        let place = parts.of(comm.me);
        if let Some(send) = send {
            recv.write(place.at, send.bytes());
        }
        if let Parts::Equal(len) = parts
            && let Some(fast) = engine.fast_path(call, comm, len)
            && fast
                .take_all(Some(recv.as_send().of_part(place)), len, |rank, line| recv.write(rank * len, line))
        {
            return Some(Ok(()));
        }
        let (comm, parts) = (comm.clone(), parts.into());
        let begin = |round| spread::allgather(round, recv, parts);
        Some(engine.move_on_board(call, comm, Self::TAG, begin, |(), _| {}))
    }

    fn check(&self, check: &Check<'_>) -> Result<()> {
        let Self { send, recv, parts } = *self;
        let own = check.parts(parts, recv.len())?.of(check.comm.me);
        let Some(send) = send else { return Ok(()) };
        check.apart((send, None), (recv, parts))?;
        check.len("this rank's part", send.len(), own.len)
    }

    fn plan(&self, plan: &mut Plan, algorithm: Option<AllgatherAlgorithm>) {
        let parts = Parts::new(self.parts, self.recv.len(), plan.size() as usize);
        let place = self.recv.of_part(parts.of(plan.me()));
        let own = self.send.unwrap_or(place.as_send());
        plan.copy(own, place);
        let Parts::Equal(part) = parts else { return rotated_allgather(plan, own, self.recv, parts) };
        match algorithm.unwrap_or_else(|| choose(part)) {
            AllgatherAlgorithm::Rotated => rotated_allgather(plan, own, self.recv, parts),
            AllgatherAlgorithm::Ring => ring_allgather(plan, self.recv, parts),
            AllgatherAlgorithm::Doubling => doubling_allgather(plan, own, self.recv, part),
        }
    }

    /// Each rank sends the same to all of the other group.
    fn between(&self, check: &Check<'_>, plan: &mut Plan) -> Result<()> {
        let Self { send, recv, parts } = *self;
        let send = check.never_in_place(send)?;
        let received = check.parts(parts, recv.len())?;
        check.apart((send, None), (recv, parts))?;
        exchange(plan, |_| send, |rank| recv.of_part(received.of(rank)));
        Ok(())
    }
}

impl Storable for Allgather<'_> {}

/// Completes a buffer in which each rank has its own part, which `own` holds too.
pub(super) fn rotated_allgather(plan: &mut Plan, own: SendBuf, recv: RecvBuf, parts: Parts<'_>) {
    for (to, from) in rounds(plan) {
        plan.swap(Some((to, own)), Some((from, recv.of_part(parts.of(from)))));
    }
}

/// Completes a buffer in which each rank has its own part.
fn ring_allgather(plan: &mut Plan, recv: RecvBuf, parts: Parts<'_>) {
    let (me, size) = (plan.me(), plan.size());
    let (next, previous) = ((me + 1) % size, (me - 1 + size) % size);
    for k in 0..size - 1 {
        let have = recv.of_part(parts.of((me - k + size) % size)).as_send();
        let come = recv.of_part(parts.of((me - k - 1 + size) % size));
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
