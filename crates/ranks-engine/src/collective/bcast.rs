//! Broadcast: MPI 5.0 section 6.4.

#![allow(unsafe_code)]

use super::tags;
use crate::error::Result;
use crate::group::{Comm, CommId};
use crate::memory::RecvBuf;
use crate::p2p::Engine;
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use std::sync::Arc;

impl<T: Transport> Engine<T> {
    /// Sends the root's buffer to all ranks of the communicator.
    pub fn bcast(&mut self, buf: RecvBuf, root: i32, id: CommId) -> Result<()> {
        self.enter(Call::Bcast)?;
        let comm = self.comm(id, Call::Bcast)?;
        self.root_of(&comm, root, Call::Bcast)?;
        self.binomial_bcast(Call::Bcast, &comm, tags::BCAST, buf, root)
    }

    /// The same for bytes of the engine's own, within another collective.
    pub(crate) fn bcast_on(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        tag: i32,
        bytes: &mut [u8],
        root: i32,
    ) -> Result<()> {
        // SAFETY: the borrow lasts until the broadcast is over.
        let buf = unsafe { RecvBuf::of(bytes) };
        self.binomial_bcast(call, comm, tag, buf, root)
    }

    /// A binomial tree: in round k the ranks that have the data, counted from the root, send it 2^k
    /// further.
    fn binomial_bcast(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        tag: i32,
        buf: RecvBuf,
        root: i32,
    ) -> Result<()> {
        let size = comm.size();
        let me = (comm.me - root + size) % size;
        let rank_of = |position: i32| (position + root) % size;
        let mut distance = 1;
        while distance < size && me & distance == 0 {
            distance *= 2;
        }
        if me != 0 {
            let id = self.irecv_on(call, comm, rank_of(me - distance), tag, buf)?;
            let status = self.wait_in(call, id)?;
            if status.bytes as usize != buf.len() {
                let detail =
                    format!("the root sent {} bytes where this rank expects {}", status.bytes, buf.len());
                return Err(self.error(crate::Class::Truncate, call, detail).context(comm.context));
            }
        }
        let mut sends = Vec::new();
        while distance > 1 {
            distance /= 2;
            if me + distance < size {
                sends.push(self.isend_on(call, comm, rank_of(me + distance), tag, buf.as_send())?);
            }
        }
        for id in sends {
            self.wait_in(call, id)?;
        }
        Ok(())
    }
}
