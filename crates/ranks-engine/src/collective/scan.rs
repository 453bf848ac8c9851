//! Scans: MPI 5.0 section 6.11.

use super::board::{reduce, reduce_on_board};
use super::check::Check;
use super::{Collective, Storable, tags};
use crate::bounds;
use crate::error::{Class, Result};
use crate::group::CommId;
use crate::memory::{RecvBuf, SendBuf};
use crate::op::{Op, Operator, StoredOp};
use crate::p2p::{Engine, Plan};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// Combines the elements at the same places of all ranks up to this one.
#[derive(Clone, Copy, Debug)]
pub struct Scan<O> {
    /// This rank's elements. `None`: in place, they are in `recv`.
    pub send: Option<SendBuf>,
    /// Room for the result.
    pub recv: RecvBuf,
    /// How two elements become one.
    pub op: O,
    /// Whether this rank's own elements count (`MPI_Scan`) or only those of the ranks before it (`MPI_Exscan`). There
    /// are none before rank 0: there `recv` of an exclusive scan stays as it is.
    pub inclusive: bool,
}

/// How a scan is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanAlgorithm {
    /// From each rank to the next: least arithmetic, n - 1 steps one after the other.
    Linear,
    /// In round k each exchanges with the one 2^k away what their groups of ranks have.
    RecursiveDoubling,
}

fn choose(ranks: i32, len: usize) -> ScanAlgorithm {
    if len <= bounds::SCAN_DOUBLING && ranks >= bounds::SCAN_RANKS {
        ScanAlgorithm::RecursiveDoubling
    } else {
        ScanAlgorithm::Linear
    }
}

impl<O: Operator> Collective for Scan<O> {
    type Algorithm = ScanAlgorithm;
    const TAG: i32 = tags::SCAN;

    fn call(&self) -> Call {
        if self.inclusive { Call::Scan } else { Call::Exscan }
    }

    fn on_board<T: Transport>(&mut self, engine: &mut Engine<T>, id: CommId) -> Option<Result<()>> {
        let comm = engine.board_for(self, id)?;
        let (call, recv, inclusive) = (self.call(), self.recv, self.inclusive);
        let own = self.send.unwrap_or(recv.as_send());
        let op = &mut self.op.op();
        if !engine.board_reduces(comm, op, own.len()) {
            return None;
        }
        if engine.fast_path(call, comm, own.len()).is_some_and(|fast| fast.scan(own, op, inclusive, recv)) {
            return Some(Ok(()));
        }
        let comm = comm.clone();
        Some(reduce_on_board!(engine, call, comm, Self::TAG, op, |round, with| {
            reduce::scan(round, own, recv, with, inclusive)
        }))
    }

    fn check(&self, check: &Check<'_>) -> Result<()> {
        check.reduction(self.send, self.recv, self.op.element())
    }

    fn plan(&self, plan: &mut Plan, algorithm: Option<ScanAlgorithm>) {
        let (recv, inclusive) = (self.recv, self.inclusive);
        let own = self.send.unwrap_or(recv.as_send());
        let before = match algorithm.unwrap_or_else(|| choose(plan.size(), recv.len())) {
            ScanAlgorithm::Linear => linear_scan(plan, own),
            ScanAlgorithm::RecursiveDoubling => doubling_scan(plan, own),
        };
        if inclusive {
            plan.copy(own, recv);
        }
        match before {
            Some(before) if inclusive => plan.reduce(before, recv),
            Some(before) => plan.copy(before, recv),
            None => {}
        }
    }

    fn between(&self, check: &Check<'_>, _: &mut Plan) -> Result<()> {
        Err(check.error(Class::Comm, "scans are not defined on intercommunicators"))
    }

    fn op(&mut self) -> Option<Op<'_>> {
        Some(self.op.op())
    }
}

impl Storable for Scan<StoredOp> {
    fn stored(self) -> Option<StoredOp> {
        Some(self.op)
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

/// As [`linear_scan`], by recursive doubling. A rank's group in round k are the ranks that have its number but for the last k bits.
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
