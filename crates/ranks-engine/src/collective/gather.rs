//! Gather: MPI 5.0 section 6.5.

use super::board::{OwnParts, spread};
use super::check::Check;
use super::inter::Role;
use super::{Collective, Part, Parts, Storable, tags};
use crate::bounds;
use crate::error::Result;
use crate::group::CommId;
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::{Engine, Plan};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// Collects the ranks' parts at the root.
#[derive(Clone, Copy, Debug)]
pub struct Gather<'p> {
    /// This rank's part. `None` at the root: in place, it is in `recv` already.
    pub send: Option<SendBuf>,
    /// Room for all parts; it counts at the root alone.
    pub recv: RecvBuf,
    /// Where in `recv` each part belongs (`MPI_Gatherv`); it counts at the root alone. `None`: all parts have one length
    /// and lie in order of rank.
    pub parts: Option<&'p [Part]>,
    /// Who collects.
    pub root: i32,
}

/// How a gather of equal parts is done; others are linear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatherAlgorithm {
    /// Each rank sends to the root.
    Linear,
    /// A binomial tree: in round k a rank passes on 2^k parts.
    Binomial,
}

fn choose(ranks: i32, part: usize) -> GatherAlgorithm {
    if part <= bounds::TREE_PART && ranks >= bounds::TREE_RANKS {
        GatherAlgorithm::Binomial
    } else {
        GatherAlgorithm::Linear
    }
}

impl Collective for Gather<'_> {
    type Algorithm = GatherAlgorithm;
    const TAG: i32 = tags::GATHER;

    fn call(&self) -> Call {
        if self.parts.is_some() { Call::Gatherv } else { Call::Gather }
    }

    fn on_board<T: Transport>(&mut self, engine: &mut Engine<T>, id: CommId) -> Option<Result<()>> {
        let Self { send, recv, parts, root } = *self;
        let (call, comm) = (self.call(), engine.board_for(self, id)?);
        let is_root = comm.me == root;
        let (mut own, mut by_rank) = (SendBuf::EMPTY, OwnParts::Equal(0));
        if is_root {
            let parts = Parts::new(parts, recv.len(), comm.size() as usize);
            if let Some(send) = send {
                recv.write(parts.of(root).at, send.bytes());
            }
            if let Parts::Equal(len) = parts
                && let Some(fast) = engine.fast_path(call, comm, len)
                && fast.take_all(None, len, |rank, line| recv.write(rank * len, line))
            {
                return Some(Ok(()));
            }
            by_rank = parts.into();
        } else {
            own = send?;
            if engine.fast_path(call, comm, own.len()).is_some_and(|fast| fast.tell(own.bytes())) {
                return Some(Ok(()));
            }
        }
        let comm = comm.clone();
        let begin = |round| spread::gather(round, own, recv, by_rank, root as usize);
        Some(engine.move_on_board(call, comm, Self::TAG, begin, move |left, plan| {
            // At the root these are parts to come, elsewhere the root for the own part.
            for (rank, part) in left {
                match is_root {
                    true => plan.recv(rank, recv.of_part(part)),
                    false => plan.send(rank, own),
                }
            }
            plan.wait();
        }))
    }

    fn check(&self, check: &Check<'_>) -> Result<()> {
        let Self { send, recv, parts, root } = *self;
        check.root(root)?;
        if check.comm.me != root {
            return check.not_in_place(send).map(|_| ());
        }
        let own = check.parts(parts, recv.len())?.of(root);
        let Some(send) = send else { return Ok(()) };
        check.apart((send, None), (recv, parts))?;
        check.len("the root's part", send.len(), own.len)
    }

    fn plan(&self, plan: &mut Plan, algorithm: Option<GatherAlgorithm>) {
        let Self { send, recv, parts, root } = *self;
        let by_rank = Parts::new(parts, recv.len(), plan.size() as usize);
        // Only the root has room for all.
        let part = send.map_or_else(|| by_rank.of(root).len, |send| send.len());
        match algorithm.unwrap_or_else(|| choose(plan.size(), part)) {
            GatherAlgorithm::Binomial if parts.is_none() => binomial_gather(plan, send, recv, part, root),
            _ => linear_gather(plan, send, recv, by_rank, root),
        }
    }

    fn between(&self, check: &Check<'_>, plan: &mut Plan) -> Result<()> {
        match check.role(self.root)? {
            Role::Root => {
                let parts = check.parts(self.parts, self.recv.len())?;
                for rank in 0..plan.size() {
                    plan.recv(rank, self.recv.of_part(parts.of(rank)));
                }
                plan.wait();
            }
            Role::Nothing => {}
            Role::With(root) => plan.swap(Some((root, check.never_in_place(self.send)?)), None),
        }
        Ok(())
    }
}

impl Storable for Gather<'_> {}

pub(super) fn linear_gather(
    plan: &mut Plan,
    send: Option<SendBuf>,
    recv: RecvBuf,
    parts: Parts<'_>,
    root: i32,
) {
    if plan.me() != root {
        return plan.swap(send.map(|send| (root, send)), None);
    }
    for rank in (0..plan.size()).filter(|&rank| rank != root) {
        plan.recv(rank, recv.of_part(parts.of(rank)));
    }
    if let Some(send) = send {
        plan.copy(send, recv.of_part(parts.of(root)));
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
