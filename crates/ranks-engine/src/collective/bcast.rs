//! Broadcast: MPI 5.0 section 6.4.

use super::tags;
use crate::error::Result;
use crate::group::{Comm, CommId};
use crate::memory::RecvBuf;
use crate::p2p::{Engine, Within};
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use std::sync::Arc;

impl<T: Transport> Engine<T> {
    /// Sends the root's buffer to all ranks of the communicator.
    pub fn bcast(&mut self, buf: RecvBuf, root: i32, id: CommId) -> Result<()> {
        self.enter(Call::Bcast)?;
        let comm = self.comm(id, Call::Bcast)?;
        self.root_of(&comm, root, Call::Bcast)?;
        if self.has_board(&comm) && self.board_bcast(Call::Bcast, &comm, buf, root)? {
            return Ok(());
        }
        self.binomial_bcast(Call::Bcast, &comm, tags::BCAST, buf, root)
    }

    /// The same over point-to-point alone, as where the communicator has no board.
    pub fn bcast_by_messages(&mut self, buf: RecvBuf, root: i32, id: CommId) -> Result<()> {
        self.enter(Call::Bcast)?;
        let comm = self.comm(id, Call::Bcast)?;
        self.root_of(&comm, root, Call::Bcast)?;
        self.binomial_bcast(Call::Bcast, &comm, tags::BCAST, buf, root)
    }

    /// A binomial tree: in round k the ranks that have the data, counted from the root, send it 2^k
    /// further.
    pub(super) fn binomial_bcast(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        tag: i32,
        buf: RecvBuf,
        root: i32,
    ) -> Result<()> {
        let at = Within { call, comm, tag };
        let size = comm.size();
        let me = (comm.me - root + size) % size;
        let rank_of = |position: i32| (position + root) % size;
        let mut distance = 1;
        while distance < size && me & distance == 0 {
            distance *= 2;
        }
        if me != 0 {
            self.swap(at, None, Some((rank_of(me - distance), buf)))?;
        }
        let mut sends = Vec::new();
        while distance > 1 {
            distance /= 2;
            if me + distance < size {
                sends.push((rank_of(me + distance), buf.as_send()));
            }
        }
        self.exchange(at, &sends, &[])
    }
}
