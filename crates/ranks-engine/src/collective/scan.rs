//! Scans: MPI 5.0 section 6.11. An inclusive one counts this rank's own elements, an exclusive one only
//! those of the ranks before it.

use super::tags;
use crate::bounds;
use crate::error::{Class, Result};
use crate::group::{Comm, CommId};
use crate::memory::{RecvBuf, SendBuf};
use crate::op::{Op, StoredOp};
use crate::p2p::{Engine, Form, Plan, RequestId};
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

    /// The inclusive scan as a request.
    pub fn iscan(
        &mut self,
        form: Form,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: StoredOp,
        id: CommId,
    ) -> Result<RequestId> {
        let plan = self.scan_plan(form.of(Call::Scan), true, send, recv, op.element(), id, None)?;
        Ok(self.launch(plan, Some(op), form))
    }

    /// The exclusive scan as a request.
    pub fn iexscan(
        &mut self,
        form: Form,
        send: Option<SendBuf>,
        recv: RecvBuf,
        op: StoredOp,
        id: CommId,
    ) -> Result<RequestId> {
        let plan = self.scan_plan(form.of(Call::Exscan), false, send, recv, op.element(), id, None)?;
        Ok(self.launch(plan, Some(op), form))
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
        if algorithm.is_none()
            && let Some(outcome) = self.scan_on_board(call, send, recv, op, id)
        {
            return outcome;
        }
        let inclusive = call == Call::Scan;
        let plan = self.scan_plan(call, inclusive, send, recv, op.element(), id, algorithm)?;
        self.run_divisible(plan, Some(op))
    }

    #[allow(clippy::too_many_arguments)]
    fn scan_plan(
        &mut self,
        call: Call,
        inclusive: bool,
        send: Option<SendBuf>,
        recv: RecvBuf,
        element: usize,
        id: CommId,
        algorithm: Option<ScanAlgorithm>,
    ) -> Result<Box<Plan>> {
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        let contribution = send.unwrap_or(recv.as_send());
        self.check_apart(call, comm, send, recv)?;
        self.check_len(call, comm, "the receive buffer", recv.len(), contribution.len())?;
        self.check_elements(call, comm, element, recv.len())?;
        if comm.local.is_some() {
            let detail = "scans are not defined on intercommunicators";
            return Err(self.error(Class::Comm, call, detail).context(comm.context));
        }
        let mut plan = self.plan(call, comm, tags::SCAN);
        let before = match algorithm.unwrap_or_else(|| choose(comm, recv.len())) {
            ScanAlgorithm::Linear => linear_scan(&mut plan, contribution),
            ScanAlgorithm::RecursiveDoubling => doubling_scan(&mut plan, contribution),
        };
        if inclusive {
            plan.copy(contribution, recv);
        }
        match before {
            Some(before) if inclusive => plan.reduce(before, recv),
            Some(before) => plan.copy(before, recv),
            None => {}
        }
        Ok(plan)
    }
}

/// Where the reduction of the ranks before this one is, `None` at rank 0.
fn linear_scan(plan: &mut Plan, own: SendBuf) -> Option<SendBuf> {
    let (me, size) = (plan.me(), plan.size());
    let mut before = None;
    let mut all = own;
    if me > 0 {
        let room = plan.room(own.len());
        plan.swap(None, Some((me - 1, room)));
        before = Some(room.as_send());
        if me + 1 < size {
            let sum = plan.room(own.len());
            plan.copy(own, sum);
            plan.reduce(room.as_send(), sum);
            all = sum.as_send();
        }
    }
    if me + 1 < size {
        plan.swap(Some((me + 1, all)), None);
    }
    before
}

/// The same. A rank's group in round k are the ranks that have its number but for the last k bits.
fn doubling_scan(plan: &mut Plan, own: SendBuf) -> Option<SendBuf> {
    let (me, size) = (plan.me(), plan.size());
    let mut before: Option<RecvBuf> = None;
    let (mut group, mut other) = (plan.room(own.len()), plan.room(own.len()));
    plan.copy(own, group);
    let mut distance = 1;
    while distance < size {
        let partner = me ^ distance;
        if partner < size {
            plan.swap(Some((partner, group.as_send())), Some((partner, other)));
            if partner < me {
                // They come right before what this rank has of those before it.
                match before {
                    Some(before) => plan.reduce(other.as_send(), before),
                    None => {
                        let first = plan.room(own.len());
                        plan.copy(other.as_send(), first);
                        before = Some(first);
                    }
                }
                plan.reduce(other.as_send(), group);
            } else {
                plan.reduce(group.as_send(), other);
                std::mem::swap(&mut group, &mut other);
            }
        }
        distance *= 2;
    }
    before.map(|before| before.as_send())
}
