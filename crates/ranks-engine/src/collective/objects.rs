//! Collectives of messages whose lengths only their senders know: serialised objects. MPI has none.
//!
//! Lengths travel first, then the bytes. Both are steps of one plan, so a program that has begun such a collective and
//! then takes no interest in it keeps no other rank waiting: progress takes it to its end.

use super::check::Check;
use super::{Allgather, Alltoall, Bcast, Collective, ExchangeParts, Gather, Part, Scatter, Storable, tags};
use crate::error::{Class, Result};
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::Plan;
use ranks_shm::blocked::Call;
use std::sync::{Arc, Mutex, PoisonError};

/// Who sends to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The root sends one message to all.
    Broadcast(i32),
    /// Each sends one message to the root.
    Gather(i32),
    /// The root sends a message to each.
    Scatter(i32),
    /// Each sends one message to all.
    AllGather,
    /// Each sends a message to each.
    AllToAll,
}

/// Where the messages are laid down that have come, in order of rank, when the collective is complete.
pub type Arrived = Arc<Mutex<Vec<Vec<u8>>>>;

/// A collective of messages of any length.
#[derive(Clone, Debug)]
pub struct Objects {
    /// Who sends to whom.
    pub shape: Shape,
    /// This rank's messages, one after the other.
    pub send: SendBuf,
    /// The length of each.
    pub lens: Vec<usize>,
    /// What came. At the root of a broadcast or a scatter nothing does.
    pub arrived: Arrived,
}

const LENGTH: usize = size_of::<u64>();

fn lengths(buf: RecvBuf) -> Vec<Part> {
    let buf = buf.as_send();
    let words = buf.bytes().as_chunks::<LENGTH>().0.iter();
    Part::in_order(words.map(|&word| u64::from_le_bytes(word) as usize))
}

fn end(parts: &[Part]) -> usize {
    parts.last().map_or(0, |part| part.end())
}

impl Objects {
    /// How many messages this rank sends, and how many come.
    fn counts(&self, me: i32, ranks: usize) -> (usize, usize) {
        match self.shape {
            Shape::Broadcast(root) | Shape::Scatter(root) if me != root => (0, 1),
            Shape::Broadcast(_) => (1, 0),
            Shape::Scatter(_) => (ranks, 0),
            Shape::Gather(root) => (1, if me == root { ranks } else { 0 }),
            Shape::AllGather => (1, ranks),
            Shape::AllToAll => (ranks, ranks),
        }
    }

    /// The steps for what is sent from `send` into `recv`: the lengths, where `parts` is nothing, or the messages.
    fn steps(&self, plan: &mut Plan, send: SendBuf, recv: RecvBuf, parts: Option<(&[Part], &[Part])>) {
        let (me, own) = (plan.me(), Some(send));
        let here = parts.map(|(_, to)| to);
        match self.shape {
            Shape::Broadcast(root) => {
                let buf = if me == root {
                    let copy = plan.room(send.len());
                    copy.write(0, send.bytes());
                    copy
                } else {
                    recv
                };
                Bcast { buf, root }.plan(plan, None);
            }
            Shape::Gather(root) => Gather { send: own, recv, parts: here, root }.plan(plan, None),
            Shape::Scatter(root) => {
                let recv = (me != root).then_some(recv);
                Scatter { send, parts: parts.map(|(from, _)| from), recv, root }.plan(plan, None);
            }
            Shape::AllGather => Allgather { send: own, recv, parts: here }.plan(plan, None),
            Shape::AllToAll => {
                let parts = match parts {
                    Some((from, to)) => ExchangeParts::Each(from, to),
                    None => ExchangeParts::Equal,
                };
                Alltoall { send: own, recv, parts }.plan(plan, None);
            }
        }
        plan.wait();
    }
}

impl Collective for Objects {
    type Algorithm = ();
    const TAG: i32 = tags::OBJECTS;

    fn call(&self) -> Call {
        match self.shape {
            Shape::Broadcast(_) => Call::Bcast,
            Shape::Gather(_) => Call::Gather,
            Shape::Scatter(_) => Call::Scatter,
            Shape::AllGather => Call::Allgather,
            Shape::AllToAll => Call::Alltoall,
        }
    }

    fn check(&self, check: &Check<'_>) -> Result<()> {
        if let Shape::Broadcast(root) | Shape::Gather(root) | Shape::Scatter(root) = self.shape {
            check.root(root)?;
        }
        let (sends, _) = self.counts(check.comm.me, check.comm.size() as usize);
        if self.lens.len() == sends && self.lens.iter().sum::<usize>() == self.send.len() {
            return Ok(());
        }
        let detail = format!("{} objects where this rank sends {sends}", self.lens.len());
        Err(check.error(Class::Arg, detail))
    }

    fn plan(&self, plan: &mut Plan, _: Option<()>) {
        let (_, come) = self.counts(plan.me(), plan.size() as usize);
        let bytes: Vec<u8> = self.lens.iter().flat_map(|&len| (len as u64).to_le_bytes()).collect();
        let own = plan.room(bytes.len());
        own.write(0, &bytes);
        let theirs = plan.room(come * LENGTH);
        self.steps(plan, own.as_send(), theirs, None);
        let this = self.clone();
        plan.then(Box::new(move |_, plan| {
            let (from, to) = (Part::in_order(this.lens.iter().copied()), lengths(theirs));
            let room = plan.room(end(&to));
            this.steps(plan, this.send, room, Some((&from, &to)));
            plan.then(Box::new(move |_, _| {
                let all = room.as_send();
                let messages = to.iter().map(|part| all.bytes()[part.at..part.end()].to_vec()).collect();
                *this.arrived.lock().unwrap_or_else(PoisonError::into_inner) = messages;
                Ok(())
            }));
            Ok(())
        }));
    }

    fn between(&self, check: &Check<'_>, _: &mut Plan) -> Result<()> {
        let detail = "objects that are awaited do not travel between the groups of an intercommunicator";
        Err(check.error(Class::UnsupportedOperation, detail))
    }
}

impl Storable for Objects {}
