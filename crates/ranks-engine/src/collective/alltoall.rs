//! All-to-all: MPI 5.0 section 6.8.

use super::board::spread;
use super::check::Check;
use super::inter::exchange;
use super::{Collective, Part, Parts, Storable, rounds, tags};
use crate::bounds;
use crate::error::Result;
use crate::group::CommId;
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::{Engine, Plan};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// Rank i's part j becomes rank j's part i.
#[derive(Clone, Copy, Debug)]
pub struct Alltoall<'p> {
    /// The parts for all ranks. `None`: in place, each lies where the part from that rank belongs.
    pub send: Option<SendBuf>,
    /// Room for the parts from all ranks.
    pub recv: RecvBuf,
    /// Where the parts lie.
    pub parts: ExchangeParts<'p>,
}

/// The parts of the two buffers of an exchange.
#[derive(Clone, Copy, Debug)]
pub enum ExchangeParts<'p> {
    /// All have one length and lie in order of rank.
    Equal,
    /// Where in the send buffer each part lies, and where in the receive buffer each belongs. In place only the latter
    /// counts.
    Each(&'p [Part], &'p [Part]),
    /// As [`Self::Each`], in a call that gives each part a datatype of its own. The parts here are bytes already.
    Typed(&'p [Part], &'p [Part]),
}

impl<'p> ExchangeParts<'p> {
    pub(super) fn sent(self) -> Option<&'p [Part]> {
        match self {
            ExchangeParts::Equal => None,
            ExchangeParts::Each(sent, _) | ExchangeParts::Typed(sent, _) => Some(sent),
        }
    }

    pub(super) fn received(self) -> Option<&'p [Part]> {
        match self {
            ExchangeParts::Equal => None,
            ExchangeParts::Each(_, received) | ExchangeParts::Typed(_, received) => Some(received),
        }
    }
}

/// How an exchange of all with all is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlltoallAlgorithm {
    /// In round k each sends to the one k further and hears from the one k before.
    Pairwise,
    /// Everything is begun at once.
    Posted,
}

/// Parts of different lengths can choose nothing that all ranks must do alike; but these two algorithms understand
/// each other.
fn choose(ranks: i32, longest: usize) -> AlltoallAlgorithm {
    if longest <= bounds::POSTED_PART || ranks <= bounds::POSTED_RANKS {
        AlltoallAlgorithm::Posted
    } else {
        AlltoallAlgorithm::Pairwise
    }
}

impl Collective for Alltoall<'_> {
    type Algorithm = AlltoallAlgorithm;
    const TAG: i32 = tags::ALLTOALL;

    fn call(&self) -> Call {
        match self.parts {
            ExchangeParts::Equal => Call::Alltoall,
            ExchangeParts::Each(..) => Call::Alltoallv,
            ExchangeParts::Typed(..) => Call::Alltoallw,
        }
    }

    fn on_board<T: Transport>(&mut self, engine: &mut Engine<T>, id: CommId) -> Option<Result<()>> {
        let Self { send, recv, parts: ExchangeParts::Equal } = *self else { return None };
        let comm = engine.board_for(self, id)?;
        let (me, size) = (comm.me as usize, comm.size() as usize);
        let part = recv.len() / size;
        let most = if size == 2 { engine.board_longest() } else { engine.board_half() };
        if part * (size - 1) > most {
            return None;
        }
        // In place: all that leaves is on the board before anything is written over it.
        let from = send.unwrap_or(recv.as_send());
        if let Some(send) = send {
            let own = Part { at: me * part, len: part };
            recv.write(own.at, send.of_part(own).bytes());
        }
        if size == 2
            && let Some(fast) = engine.fast_path(Call::Alltoall, comm, part)
            && let theirs = from.of_part(Part { at: (1 - me) * part, len: part })
            && fast.take_all(Some(theirs), part, |rank, line| recv.write(rank * part, line))
        {
            return Some(Ok(()));
        }
        let comm = comm.clone();
        let begin = |round| spread::alltoall(round, from, recv, part);
        Some(engine.move_on_board(Call::Alltoall, comm, Self::TAG, begin, |(), _| {}))
    }

    fn check(&self, check: &Check<'_>) -> Result<()> {
        let Self { send, recv, parts } = *self;
        let received = check.parts(parts.received(), recv.len())?;
        let Some(send) = send else { return Ok(()) };
        let Some(sent) = parts.sent() else {
            check.apart((send, None), (recv, None))?;
            return check.len("the send buffer", send.len(), recv.len());
        };
        let (sent, me) = (check.parts(Some(sent), send.len())?, check.comm.me);
        check.apart((send, parts.sent()), (recv, parts.received()))?;
        check.len("this rank's part for itself", sent.of(me).len, received.of(me).len)
    }

    fn plan(&self, plan: &mut Plan, algorithm: Option<AlltoallAlgorithm>) {
        let Self { send, recv, parts } = *self;
        let (me, ranks) = (plan.me(), plan.size());
        let received = Parts::new(parts.received(), recv.len(), ranks as usize);
        let (in_place, mut sent) = (send.is_none(), received);
        let send = match send {
            Some(send) => {
                sent = Parts::new(parts.sent(), send.len(), ranks as usize);
                send
            }
            None => {
                // Parts would be overwritten before their turn to be sent has come.
                let copy = plan.room(recv.len());
                for rank in 0..ranks {
                    let part = received.of(rank);
                    plan.copy(recv.of_part(part).as_send(), copy.of_part(part));
                }
                copy.as_send()
            }
        };
        let own = (!in_place).then(|| (send.of_part(sent.of(me)), recv.of_part(received.of(me))));
        let sends = rounds(plan).map(|(to, _)| (to, send.of_part(sent.of(to))));
        let recvs = rounds(plan).map(|(_, from)| (from, recv.of_part(received.of(from))));
        match algorithm.unwrap_or_else(|| choose(ranks, received.longest())) {
            AlltoallAlgorithm::Posted => {
                recvs.for_each(|(from, buf)| plan.recv(from, buf));
                sends.for_each(|(to, buf)| plan.send(to, buf));
                own.into_iter().for_each(|(from, to)| plan.copy(from, to));
                plan.wait();
            }
            AlltoallAlgorithm::Pairwise => {
                own.into_iter().for_each(|(from, to)| plan.copy(from, to));
                sends.zip(recvs).for_each(|(send, recv)| plan.swap(Some(send), Some(recv)));
            }
        }
    }

    fn between(&self, check: &Check<'_>, plan: &mut Plan) -> Result<()> {
        let Self { send, recv, parts } = *self;
        let send = check.never_in_place(send)?;
        let sent = check.parts(parts.sent(), send.len())?;
        let received = check.parts(parts.received(), recv.len())?;
        check.apart((send, parts.sent()), (recv, parts.received()))?;
        exchange(plan, |rank| send.of_part(sent.of(rank)), |rank| recv.of_part(received.of(rank)));
        Ok(())
    }
}

impl Storable for Alltoall<'_> {}
