//! Scatter: MPI 5.0 section 6.6.

use super::{Part, tags};
use crate::bounds;
use crate::error::Result;
use crate::group::{Comm, CommId};
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::{Engine, Within};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// How a scatter is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScatterAlgorithm {
    /// The root sends to each rank.
    Linear,
    /// A binomial tree: each passes on half of what it has.
    Binomial,
}

fn choose(comm: &Comm, part: usize) -> ScatterAlgorithm {
    if part <= bounds::TREE_PART && comm.size() >= bounds::TREE_RANKS {
        ScatterAlgorithm::Binomial
    } else {
        ScatterAlgorithm::Linear
    }
}

impl<T: Transport> Engine<T> {
    /// Deals equal parts of the root's buffer, in order of rank; `send` counts there alone. `None` for
    /// `recv`, at the root: in place, its part stays where it is.
    pub fn scatter(&mut self, send: SendBuf, recv: Option<RecvBuf>, root: i32, id: CommId) -> Result<()> {
        self.scatter_as(send, recv, root, id, None)
    }

    /// The same by a given algorithm: all ranks must give the same one.
    pub fn scatter_with(
        &mut self,
        send: SendBuf,
        recv: Option<RecvBuf>,
        root: i32,
        id: CommId,
        algorithm: ScatterAlgorithm,
    ) -> Result<()> {
        self.scatter_as(send, recv, root, id, Some(algorithm))
    }

    fn scatter_as(
        &mut self,
        send: SendBuf,
        recv: Option<RecvBuf>,
        root: i32,
        id: CommId,
        algorithm: Option<ScatterAlgorithm>,
    ) -> Result<()> {
        let call = Call::Scatter;
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        self.root_of(comm, root, call)?;
        let part = if comm.me == root {
            let part = self.equal_part(call, comm, send.len())?;
            self.check_root(call, comm, send, recv, part)?;
            part
        } else {
            self.not_in_place(call, comm, recv)?.len()
        };
        let at = Within { call, comm, tag: tags::SCATTER };
        if algorithm.is_none() && self.has_board(comm) {
            let room = recv.unwrap_or(RecvBuf::EMPTY);
            if self.board_scatter(call, comm, send, room, part, root)? {
                if comm.me == root {
                    room.write(0, send.of_part(Part { at: root as usize * part, len: part }).bytes());
                }
                return Ok(());
            }
        }
        match algorithm.unwrap_or_else(|| choose(comm, part)) {
            ScatterAlgorithm::Linear => {
                let part_of = |rank| Part { at: rank as usize * part, len: part };
                self.linear_scatter(at, send, recv, part_of, root)
            }
            ScatterAlgorithm::Binomial => self.binomial_scatter(at, send, recv, part, root),
        }
    }

    /// Deals parts of any length; `parts` says where in `send` each lies. Both count at the root alone.
    pub fn scatterv(
        &mut self,
        send: SendBuf,
        parts: &[Part],
        recv: Option<RecvBuf>,
        root: i32,
        id: CommId,
    ) -> Result<()> {
        let call = Call::Scatterv;
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        self.root_of(comm, root, call)?;
        if comm.me == root {
            self.check_parts(call, comm, parts, send.len())?;
            self.check_root(call, comm, send, recv, parts[root as usize].len)?;
        } else {
            self.not_in_place(call, comm, recv)?;
        }
        let at = Within { call, comm, tag: tags::SCATTER };
        self.linear_scatter(at, send, recv, |rank| parts[rank as usize], root)
    }

    fn check_root(
        &self,
        call: Call,
        comm: &Comm,
        send: SendBuf,
        recv: Option<RecvBuf>,
        part: usize,
    ) -> Result<()> {
        let Some(recv) = recv else { return Ok(()) };
        self.check_apart(call, comm, Some(send), recv)?;
        self.check_len(call, comm, "the root's room", recv.len(), part)
    }

    fn linear_scatter(
        &mut self,
        at: Within<'_>,
        send: SendBuf,
        recv: Option<RecvBuf>,
        part_of: impl Fn(i32) -> Part,
        root: i32,
    ) -> Result<()> {
        if at.comm.me != root {
            return self.swap(at, None, recv.map(|recv| (root, recv)));
        }
        if let Some(recv) = recv {
            recv.write(0, send.of_part(part_of(root)).bytes());
        }
        let others = (0..at.comm.size()).filter(|&rank| rank != root);
        let sends: Vec<_> = others.map(|rank| (rank, send.of_part(part_of(rank)))).collect();
        self.exchange(at, &sends, &[])
    }

    /// Counted from the root, position p receives the parts of the positions from p on, as far as the
    /// next one that receives as many.
    fn binomial_scatter(
        &mut self,
        at: Within<'_>,
        send: SendBuf,
        recv: Option<RecvBuf>,
        part: usize,
        root: i32,
    ) -> Result<()> {
        let size = at.comm.size();
        let me = (at.comm.me - root + size) % size;
        let rank_of = |position: i32| (position + root) % size;
        let mut distance = 1;
        while distance < size && me & distance == 0 {
            distance *= 2;
        }
        let mut parts;
        if me == 0 {
            // From the root's own on; the ranks below it come last.
            let (below, from) = send.bytes().split_at(root as usize * part);
            parts = [from, below].concat();
        } else {
            parts = vec![0; distance.min(size - me) as usize * part];
            self.swap_bytes(at, None, Some((rank_of(me - distance), &mut parts)))?;
        }
        while distance > 1 {
            distance /= 2;
            if me + distance < size {
                let theirs = parts.split_off(distance as usize * part);
                self.swap_bytes(at, Some((rank_of(me + distance), &theirs)), None)?;
            }
        }
        if let Some(recv) = recv {
            recv.write(0, &parts[..part]);
        }
        Ok(())
    }
}
