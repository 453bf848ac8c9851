//! Scatter: MPI 5.0 section 6.6.

use super::board::spread;
use super::check::Check;
use super::inter::Role;
use super::tree::place;
use super::{Collective, Part, Parts, Storable, tags};
use crate::bounds;
use crate::error::Result;
use crate::group::CommId;
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::{Engine, Plan};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// Deals the parts of the root's buffer, one to each rank.
#[derive(Clone, Copy, Debug)]
pub struct Scatter<'p> {
    /// All parts; it counts at the root alone.
    pub send: SendBuf,
    /// Where in `send` each part lies (`MPI_Scatterv`); it counts at the root alone. `None`: all parts have one length
    /// and lie in order of rank.
    pub parts: Option<&'p [Part]>,
    /// Room for this rank's part. `None` at the root: in place, its part stays where it is.
    pub recv: Option<RecvBuf>,
    /// Who deals.
    pub root: i32,
}

/// How a scatter of equal parts is done; others are linear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScatterAlgorithm {
    /// The root sends to each rank.
    Linear,
    /// A binomial tree: each passes on half of what it has.
    Binomial,
}

fn choose(ranks: i32, part: usize) -> ScatterAlgorithm {
    if part <= bounds::TREE_PART && ranks >= bounds::TREE_RANKS {
        ScatterAlgorithm::Binomial
    } else {
        ScatterAlgorithm::Linear
    }
}

impl Collective for Scatter<'_> {
    type Algorithm = ScatterAlgorithm;
    const TAG: i32 = tags::SCATTER;

    fn call(&self) -> Call {
        if self.parts.is_some() { Call::Scatterv } else { Call::Scatter }
    }

    fn on_board<T: Transport>(&mut self, engine: &mut Engine<T>, id: CommId) -> Option<Result<()>> {
        let Self { send, recv, parts, root } = *self;
        if parts.is_some() {
            return None;
        }
        let comm = engine.board_for(self, id)?;
        let (me, at, size) = (comm.me as usize, root as usize, comm.size() as usize);
        let part = if me == at { send.len() / size } else { recv?.len() };
        if let (Some(recv), true) = (recv, me == at && part * size <= engine.board_longest()) {
            recv.write(0, send.of_part(Part { at: at * part, len: part }).bytes());
        }
        let room = recv.unwrap_or(RecvBuf::EMPTY);
        if let Some(fast) = engine.fast_path(Call::Scatter, comm, part * size)
            && match me == at {
                true => fast.tell(send.bytes()),
                false => fast.take(at, me * part, room, part * size),
            }
        {
            return Some(Ok(()));
        }
        let comm = comm.clone();
        let begin = |round| spread::scatter(round, send, room, part, at);
        Some(engine.move_on_board(Call::Scatter, comm, Self::TAG, begin, move |done, plan| {
            if !done {
                linear_scatter(plan, send, recv, Parts::Equal(part), root);
            }
        }))
    }

    fn check(&self, check: &Check<'_>) -> Result<()> {
        let Self { send, parts, recv, root } = *self;
        check.root(root)?;
        if check.comm.me != root {
            return check.not_in_place(recv).map(|_| ());
        }
        let own = check.parts(parts, send.len())?.of(root);
        let Some(recv) = recv else { return Ok(()) };
        check.apart((send, parts), (recv, None))?;
        check.len("the root's room", recv.len(), own.len)
    }

    fn plan(&self, plan: &mut Plan, algorithm: Option<ScatterAlgorithm>) {
        let Self { send, recv, parts, root } = *self;
        let by_rank = Parts::new(parts, send.len(), plan.size() as usize);
        // Only the root has all.
        let part = recv.map_or_else(|| by_rank.of(root).len, |recv| recv.len());
        match algorithm.unwrap_or_else(|| choose(plan.size(), part)) {
            ScatterAlgorithm::Binomial if parts.is_none() => binomial_scatter(plan, send, recv, part, root),
            _ => linear_scatter(plan, send, recv, by_rank, root),
        }
    }

    fn between(&self, check: &Check<'_>, plan: &mut Plan) -> Result<()> {
        match check.role(self.root)? {
            Role::Root => {
                let parts = check.parts(self.parts, self.send.len())?;
                for rank in 0..plan.size() {
                    plan.send(rank, self.send.of_part(parts.of(rank)));
                }
                plan.wait();
            }
            Role::Nothing => {}
            Role::With(root) => plan.swap(None, Some((root, check.never_in_place(self.recv)?))),
        }
        Ok(())
    }
}

impl Storable for Scatter<'_> {}

pub(super) fn linear_scatter(
    plan: &mut Plan,
    send: SendBuf,
    recv: Option<RecvBuf>,
    parts: Parts<'_>,
    root: i32,
) {
    if plan.me() != root {
        return plan.swap(None, recv.map(|recv| (root, recv)));
    }
    for rank in (0..plan.size()).filter(|&rank| rank != root) {
        plan.send(rank, send.of_part(parts.of(rank)));
    }
    if let Some(recv) = recv {
        plan.copy(send.of_part(parts.of(root)), recv);
    }
    plan.wait();
}

/// Counted from the root, position p receives the parts of the positions from p on, as far as the next
/// one that receives as many.
fn binomial_scatter(plan: &mut Plan, send: SendBuf, recv: Option<RecvBuf>, part: usize, root: i32) {
    let size = plan.size();
    let (me, mut distance) = place(plan, root);
    let rank_of = |position: i32| (position + root) % size;
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
