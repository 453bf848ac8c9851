//! Gather: MPI 5.0 section 6.5.

use super::{Part, tags};
use crate::bounds;
use crate::error::Result;
use crate::group::{Comm, CommId};
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::{Engine, Within};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// How a gather is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatherAlgorithm {
    /// Each rank sends to the root.
    Linear,
    /// A binomial tree: in round k a rank passes on 2^k parts.
    Binomial,
}

fn choose(comm: &Comm, part: usize) -> GatherAlgorithm {
    if part <= bounds::TREE_PART && comm.size() >= bounds::TREE_RANKS {
        GatherAlgorithm::Binomial
    } else {
        GatherAlgorithm::Linear
    }
}

impl<T: Transport> Engine<T> {
    /// Collects equal parts at the root, in order of rank; `recv` counts there alone. In place at the
    /// root: its part is where it belongs.
    pub fn gather(&mut self, send: Option<SendBuf>, recv: RecvBuf, root: i32, id: CommId) -> Result<()> {
        self.gather_as(send, recv, root, id, None)
    }

    /// The same by a given algorithm: all ranks must give the same one.
    pub fn gather_with(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        root: i32,
        id: CommId,
        algorithm: GatherAlgorithm,
    ) -> Result<()> {
        self.gather_as(send, recv, root, id, Some(algorithm))
    }

    fn gather_as(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        root: i32,
        id: CommId,
        algorithm: Option<GatherAlgorithm>,
    ) -> Result<()> {
        let call = Call::Gather;
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        self.root_of(comm, root, call)?;
        let at = Within { call, comm, tag: tags::GATHER };
        let part = if comm.me == root {
            let part = self.equal_part(call, comm, recv.len())?;
            self.check_apart(call, comm, send, recv)?;
            if let Some(send) = send {
                self.check_len(call, comm, "the root's part", send.len(), part)?;
            }
            part
        } else {
            self.not_in_place(call, comm, send)?.len()
        };
        let part_of = |rank| Part { at: rank as usize * part, len: part };
        if algorithm.is_none() && self.has_board(comm) {
            return self.gather_on_board(at, send, recv, &part_of, root);
        }
        match algorithm.unwrap_or_else(|| choose(comm, part)) {
            GatherAlgorithm::Linear => self.linear_gather(at, send, recv, part_of, root),
            GatherAlgorithm::Binomial => self.binomial_gather(at, send, recv, part, root),
        }
    }

    /// Collects parts of any length; `parts` says where in `recv` each belongs. Both count at the root
    /// alone.
    pub fn gatherv(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        parts: &[Part],
        root: i32,
        id: CommId,
    ) -> Result<()> {
        let call = Call::Gatherv;
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        self.root_of(comm, root, call)?;
        if comm.me == root {
            self.check_parts(call, comm, parts, recv.len())?;
            self.check_apart(call, comm, send, recv)?;
            if let Some(send) = send {
                self.check_len(call, comm, "the root's part", send.len(), parts[root as usize].len)?;
            }
        } else {
            self.not_in_place(call, comm, send)?;
        }
        let at = Within { call, comm, tag: tags::GATHER };
        let part_of = |rank| parts[rank as usize];
        match self.has_board(comm) {
            true => self.gather_on_board(at, send, recv, &part_of, root),
            false => self.linear_gather(at, send, recv, part_of, root),
        }
    }

    /// Short parts over the board, those that are too long by messages.
    fn gather_on_board(
        &mut self,
        at: Within<'_>,
        send: Option<SendBuf>,
        recv: RecvBuf,
        part_of: &dyn Fn(i32) -> Part,
        root: i32,
    ) -> Result<()> {
        let own = send.unwrap_or(SendBuf::EMPTY);
        if at.comm.me == root && send.is_some() {
            recv.write(part_of(root).at, own.bytes());
        }
        let part = |rank: usize| part_of(rank as i32);
        let left = self.board_gather(at.call, at.comm, own, (recv, &part), root)?;
        if at.comm.me != root {
            return left.iter().try_for_each(|&to| self.swap(at, Some((to, own)), None));
        }
        let recvs: Vec<_> = left.into_iter().map(|rank| (rank, recv.of_part(part_of(rank)))).collect();
        self.exchange(at, &[], &recvs)
    }

    pub(super) fn linear_gather(
        &mut self,
        at: Within<'_>,
        send: Option<SendBuf>,
        recv: RecvBuf,
        part_of: impl Fn(i32) -> Part,
        root: i32,
    ) -> Result<()> {
        if at.comm.me != root {
            return self.swap(at, send.map(|send| (root, send)), None);
        }
        if let Some(send) = send {
            recv.write(part_of(root).at, send.bytes());
        }
        let others = (0..at.comm.size()).filter(|&rank| rank != root);
        let recvs: Vec<_> = others.map(|rank| (rank, recv.of_part(part_of(rank)))).collect();
        self.exchange(at, &[], &recvs)
    }

    /// Counted from the root, position p collects the parts of the positions from p on, as far as the
    /// next one that has collected as many.
    fn binomial_gather(
        &mut self,
        at: Within<'_>,
        send: Option<SendBuf>,
        recv: RecvBuf,
        part: usize,
        root: i32,
    ) -> Result<()> {
        let size = at.comm.size();
        let me = (at.comm.me - root + size) % size;
        let rank_of = |position: i32| (position + root) % size;
        let own = send.unwrap_or_else(|| recv.as_send().part(root as usize * part, part));
        let mut parts = own.bytes().to_vec();
        let mut distance = 1;
        while distance < size {
            if me & distance != 0 {
                return self.swap_bytes(at, Some((rank_of(me - distance), &parts)), None);
            }
            let child = me + distance;
            if child < size {
                let held = parts.len();
                parts.resize(held + distance.min(size - child) as usize * part, 0);
                self.swap_bytes(at, None, Some((rank_of(child), &mut parts[held..])))?;
            }
            distance *= 2;
        }
        // The root has them from its own on; the ranks below it come last.
        let below = parts.len() - root as usize * part;
        recv.write(root as usize * part, &parts[..below]);
        recv.write(0, &parts[below..]);
        Ok(())
    }
}
