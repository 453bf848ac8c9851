//! Gather-to-all: MPI 5.0 section 6.7.

use super::{Part, rounds, tags};
use crate::bounds;
use crate::error::Result;
use crate::group::{Comm, CommId};
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::{Engine, Within};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// How a gather to all is done.
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

impl<T: Transport> Engine<T> {
    /// Collects equal parts at all ranks, in order of rank. In place: each rank's part is where it
    /// belongs.
    pub fn allgather(&mut self, send: Option<SendBuf>, recv: RecvBuf, id: CommId) -> Result<()> {
        self.allgather_as(send, recv, id, None)
    }

    /// The same by a given algorithm: all ranks must give the same one.
    pub fn allgather_with(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        id: CommId,
        algorithm: AllgatherAlgorithm,
    ) -> Result<()> {
        self.allgather_as(send, recv, id, Some(algorithm))
    }

    fn allgather_as(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        id: CommId,
        algorithm: Option<AllgatherAlgorithm>,
    ) -> Result<()> {
        let call = Call::Allgather;
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        let part = self.equal_part(call, comm, recv.len())?;
        let part_of = |rank: i32| Part { at: rank as usize * part, len: part };
        self.place_own(call, comm, send, recv, part_of(comm.me))?;
        if algorithm.is_none() && self.allgather_fits_board(comm, part) {
            return self.board_allgather(call, comm, recv, &|rank| part_of(rank as i32));
        }
        let at = Within { call, comm, tag: tags::ALLGATHER };
        match algorithm.unwrap_or_else(|| choose(part)) {
            AllgatherAlgorithm::Rotated => {
                let own = send.unwrap_or(recv.as_send().of_part(part_of(comm.me)));
                self.rotated_allgather(at, own, recv, part_of)
            }
            AllgatherAlgorithm::Ring => self.ring_allgather(at, recv, part_of),
            AllgatherAlgorithm::Doubling => self.doubling_allgather(at, recv, part),
        }
    }

    /// Collects parts of any length at all ranks; `parts` says where in `recv` each belongs.
    pub fn allgatherv(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        parts: &[Part],
        id: CommId,
    ) -> Result<()> {
        let call = Call::Allgatherv;
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        self.check_parts(call, comm, parts, recv.len())?;
        self.place_own(call, comm, send, recv, parts[comm.me as usize])?;
        let longest = parts.iter().map(|part| part.len).max().unwrap_or(0);
        if self.allgather_fits_board(comm, longest) {
            return self.board_allgather(call, comm, recv, &|rank| parts[rank]);
        }
        let at = Within { call, comm, tag: tags::ALLGATHER };
        let own = send.unwrap_or(recv.as_send().of_part(parts[comm.me as usize]));
        self.rotated_allgather(at, own, recv, |rank| parts[rank as usize])
    }

    fn place_own(
        &self,
        call: Call,
        comm: &Comm,
        send: Option<SendBuf>,
        recv: RecvBuf,
        part: Part,
    ) -> Result<()> {
        if let Some(send) = send {
            self.check_apart(call, comm, Some(send), recv)?;
            self.check_len(call, comm, "this rank's part", send.len(), part.len)?;
            recv.write(part.at, send.bytes());
        }
        Ok(())
    }

    /// Completes a buffer in which each rank has its own part, which `own` holds too.
    pub(super) fn rotated_allgather(
        &mut self,
        at: Within<'_>,
        own: SendBuf,
        recv: RecvBuf,
        part_of: impl Fn(i32) -> Part,
    ) -> Result<()> {
        for (to, from) in rounds(at.comm) {
            self.swap(at, Some((to, own)), Some((from, recv.of_part(part_of(from)))))?;
        }
        Ok(())
    }

    /// Completes a buffer in which each rank has its own part.
    fn ring_allgather(&mut self, at: Within<'_>, recv: RecvBuf, part_of: impl Fn(i32) -> Part) -> Result<()> {
        let (me, size) = (at.comm.me, at.comm.size());
        let (next, previous) = ((me + 1) % size, (me - 1 + size) % size);
        for k in 0..size - 1 {
            let have = recv.of_part(part_of((me - k + size) % size)).as_send();
            let come = recv.of_part(part_of((me - k - 1 + size) % size));
            self.swap(at, Some((next, have)), Some((previous, come)))?;
        }
        Ok(())
    }

    fn doubling_allgather(&mut self, at: Within<'_>, recv: RecvBuf, part: usize) -> Result<()> {
        let (me, size) = (at.comm.me, at.comm.size());
        // From this rank's own part on, going round.
        let mut parts = vec![0; recv.len()];
        recv.as_send().part(me as usize * part, part).copy_to(&mut parts);
        let mut held = 1;
        while held < size {
            let (to, from) = ((me - held + size) % size, (me + held) % size);
            let more = held.min(size - held) as usize * part;
            let (have, come) = parts.split_at_mut(held as usize * part);
            self.swap_bytes(at, Some((to, &have[..more])), Some((from, &mut come[..more])))?;
            held *= 2;
        }
        let below = parts.len() - me as usize * part;
        recv.write(me as usize * part, &parts[..below]);
        recv.write(0, &parts[below..]);
        Ok(())
    }
}
