//! Scans: MPI 5.0 section 6.11. An inclusive one counts this rank's own elements, an exclusive one only
//! those of the ranks before it.

use super::tags;
use crate::bounds;
use crate::error::Result;
use crate::group::{Comm, CommId};
use crate::memory::{RecvBuf, SendBuf};
use crate::op::Op;
use crate::p2p::{Engine, Within};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// How a scan is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanAlgorithm {
    /// From each rank to the next: least arithmetic, n - 1 steps one after the other.
    Linear,
    /// In round k each exchanges with the one 2^k away what their groups of ranks have.
    RecursiveDoubling,
}

fn choose(comm: &Comm, len: usize) -> ScanAlgorithm {
    if len <= bounds::SCAN_DOUBLING && comm.size() >= bounds::SCAN_RANKS {
        ScanAlgorithm::RecursiveDoubling
    } else {
        ScanAlgorithm::Linear
    }
}

impl<T: Transport> Engine<T> {
    /// Combines this rank's elements with those at the same places of all ranks before it. In place: its
    /// own are in `recv`.
    pub fn scan(&mut self, send: Option<SendBuf>, recv: RecvBuf, op: &mut Op<'_>, id: CommId) -> Result<()> {
        self.scan_as(Call::Scan, send, recv, op, id, None)
    }

    /// The same by a given algorithm: all ranks must give the same one.
    pub fn scan_with(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: &mut Op<'_>,
        id: CommId,
        algorithm: ScanAlgorithm,
    ) -> Result<()> {
        self.scan_as(Call::Scan, send, recv, op, id, Some(algorithm))
    }

    /// Combines the elements at the same places of all ranks before this one. There are none before rank
    /// 0: its `recv` is left as it is.
    pub fn exscan(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: &mut Op<'_>,
        id: CommId,
    ) -> Result<()> {
        self.scan_as(Call::Exscan, send, recv, op, id, None)
    }

    /// The same by a given algorithm: all ranks must give the same one.
    pub fn exscan_with(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: &mut Op<'_>,
        id: CommId,
        algorithm: ScanAlgorithm,
    ) -> Result<()> {
        self.scan_as(Call::Exscan, send, recv, op, id, Some(algorithm))
    }

    fn scan_as(
        &mut self,
        call: Call,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: &mut Op<'_>,
        id: CommId,
        algorithm: Option<ScanAlgorithm>,
    ) -> Result<()> {
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        let contribution = send.unwrap_or(recv.as_send());
        self.check_apart(call, comm, send, recv)?;
        self.check_len(call, comm, "the receive buffer", recv.len(), contribution.len())?;
        self.check_elements(call, comm, op, recv.len())?;
        if algorithm.is_none() && self.reduces_on_board(comm, op) {
            return self.board_scan(call, comm, (contribution, recv), op, call == Call::Scan);
        }
        let at = Within { call, comm, tag: tags::SCAN };
        let own = contribution.bytes().to_vec();
        let before = match algorithm.unwrap_or_else(|| choose(comm, recv.len())) {
            ScanAlgorithm::Linear => self.linear_scan(at, &own, op)?,
            ScanAlgorithm::RecursiveDoubling => self.doubling_scan(at, &own, op)?,
        };
        match (before, call) {
            (Some(before), Call::Exscan) => recv.write(0, &before),
            (None, Call::Exscan) => {}
            (Some(before), _) => {
                let mut all = own;
                op.apply(&before, &mut all);
                recv.write(0, &all);
            }
            (None, _) => recv.write(0, &own),
        }
        Ok(())
    }

    /// The reduction of the ranks before this one, `None` at rank 0.
    fn linear_scan(&mut self, at: Within<'_>, own: &[u8], op: &mut Op<'_>) -> Result<Option<Vec<u8>>> {
        let (me, size) = (at.comm.me, at.comm.size());
        let mut before = None;
        let mut all = own.to_vec();
        if me > 0 {
            let mut bytes = vec![0; own.len()];
            self.swap_bytes(at, None, Some((me - 1, &mut bytes)))?;
            op.apply(&bytes, &mut all);
            before = Some(bytes);
        }
        if me + 1 < size {
            self.swap_bytes(at, Some((me + 1, &all)), None)?;
        }
        Ok(before)
    }

    /// The same. A rank's group in round k are the ranks that have its number but for the last k bits.
    fn doubling_scan(&mut self, at: Within<'_>, own: &[u8], op: &mut Op<'_>) -> Result<Option<Vec<u8>>> {
        let (me, size) = (at.comm.me, at.comm.size());
        let mut before: Option<Vec<u8>> = None;
        let mut group = own.to_vec();
        let mut other = vec![0; own.len()];
        let mut distance = 1;
        while distance < size {
            let partner = me ^ distance;
            if partner < size {
                self.swap_bytes(at, Some((partner, &group)), Some((partner, &mut other)))?;
                if partner < me {
                    // They come right before what this rank has of those before it.
                    match &mut before {
                        Some(before) => op.apply(&other, before),
                        None => before = Some(other.clone()),
                    }
                    op.apply(&other, &mut group);
                } else {
                    op.apply(&group, &mut other);
                    std::mem::swap(&mut group, &mut other);
                }
            }
            distance *= 2;
        }
        Ok(before)
    }
}
