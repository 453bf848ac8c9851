//! A communicator in the making: hear, decide, tell, step by step while the rank does something else.
//!
//! Nearly all are made the same way: the first of the ranks takes a context (after it has heard what the
//! others want, where that matters) and tells each what it is to be. A rank whose arguments are wrong
//! says so instead of leaving the others to wait, and then all fail with its error.

use super::news::{Words, from_bytes, to_bytes};
use crate::ANY_TAG;
use crate::collective::tags;
use crate::error::{Class, Result};
use crate::group::{BETWEEN, Comm, CommId};
use crate::p2p::{Engine, InternalMessage, RequestId, Status};
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use std::sync::Arc;

/// A communicator that is being made: there once its request is complete.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Making {
    /// What to wait for.
    pub request: RequestId,
    comm: CommId,
}

impl Making {
    /// The communicator to be. Before the request is complete the name means nothing, and after that too
    /// where this rank is in none.
    pub fn comm(&self) -> CommId {
        self.comm
    }

    /// From the outcome of the request to the communicator; `None` where this rank is in none.
    pub fn made(&self, outcome: &Status) -> Option<CommId> {
        (outcome.bytes != 0).then_some(self.comm)
    }
}

/// What happens once all has been heard.
pub(crate) type Then<T> = Box<dyn FnOnce(&mut Engine<T>, Vec<Result<Words>>) -> Result<Step<T>> + Send>;
/// From what the ranks want, in their order, to what each is told. Nothing where nobody was asked.
pub(crate) type Decide<T> = Box<dyn FnOnce(&mut Engine<T>, Vec<Words>) -> Result<Vec<Words>> + Send>;
/// From what a rank was told to its communicator.
pub(crate) type Found<T> = Box<dyn FnOnce(&mut Engine<T>, Words) -> Result<Option<Comm>> + Send>;

/// What is waited for that is no message.
pub(crate) type Until<T> = Box<dyn FnMut(&mut Engine<T>) -> Option<Result<Step<T>>> + Send>;

/// What comes next.
pub(crate) enum Step<T: Transport> {
    Hear(InternalMessage, Vec<RequestId>, Then<T>),
    /// Asked again and again until it gives what comes next.
    Until(Until<T>),
    Done(Option<Comm>),
}

// The first word of a message.
const FINE: u32 = 0;
const FAILED: u32 = 1;

fn to_message(words: &Result<Words>) -> Vec<u8> {
    match words {
        Ok(words) => to_bytes(&[&[FINE], words.as_slice()].concat()),
        Err(error) => {
            let mut bytes = to_bytes(&[FAILED, error.class().code() as u32]);
            bytes.extend(error.detail().bytes());
            bytes
        }
    }
}

impl<T: Transport> Engine<T> {
    fn understand(&self, call: Call, bytes: &[u8]) -> Result<Words> {
        let (head, rest) = bytes.split_at(bytes.len().min(4));
        if from_bytes(head) == [FINE] {
            return Ok(from_bytes(rest));
        }
        let (class, detail) = rest.split_at(rest.len().min(4));
        let class = Class::ALL.iter().find(|known| from_bytes(class) == [known.code() as u32]);
        let class = class.copied().unwrap_or(Class::Intern);
        Err(self.error(class, call, String::from_utf8_lossy(detail)))
    }

    /// Begins to make a communicator. `says`: the outcome of the request says whether there is one.
    pub(crate) fn begin_making(
        &mut self,
        call: Call,
        parent: Option<&Arc<Comm>>,
        says: bool,
        first: Step<T>,
    ) -> Making {
        let place = self.core.comms.reserve();
        let mut next = Some(first);
        let chore = Box::new(move |engine: &mut Engine<T>| {
            loop {
                match next.take()? {
                    Step::Hear(message, ids, then) => {
                        if !engine.all_heard(&ids) {
                            next = Some(Step::Hear(message, ids, then));
                            return None;
                        }
                        let hear = |&id: &RequestId| {
                            let bytes = engine.heard(message, id)?;
                            engine.understand(call, &bytes)
                        };
                        let heard = ids.iter().map(hear).collect();
                        match then(engine, heard) {
                            Ok(step) => next = Some(step),
                            Err(error) => {
                                engine.core.comms.remove(place);
                                return Some(Err(error));
                            }
                        }
                    }
                    Step::Until(mut until) => match until(engine) {
                        None => {
                            next = Some(Step::Until(until));
                            return None;
                        }
                        Some(Ok(step)) => next = Some(step),
                        Some(Err(error)) => {
                            engine.core.comms.remove(place);
                            return Some(Err(error));
                        }
                    },
                    Step::Done(made) => {
                        let bytes = u64::from(says && made.is_some());
                        match made {
                            Some(comm) => engine.core.comms.fill(place, comm),
                            None => engine.core.comms.remove(place),
                        }
                        return Some(Ok(Status { bytes, ..Status::EMPTY }));
                    }
                }
            }
        });
        Making { request: self.begin_chore(call, parent, chore), comm: place }
    }

    /// Messages among the ranks of a communicator. Calls on it come in the same order at all its ranks.
    pub(crate) fn internal_message_on(&self, call: Call, comm: &Comm) -> InternalMessage {
        InternalMessage { call, context: comm.context + 1, tag: tags::COMM }
    }

    /// Messages between ranks that have nothing in common but a key, which must not be used twice at the same
    /// time by the same two ranks. The tag is a hash of it: that two keys in use between two ranks have the
    /// same one is as likely as that memory fails.
    pub(crate) fn errand_between(&self, call: Call, key: &str) -> InternalMessage {
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        for byte in format!("{} {key}", call.name()).bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let tag = (hash ^ hash >> 32) as i32;
        InternalMessage { call, context: BETWEEN, tag: if tag == ANY_TAG { 0 } else { tag } }
    }

    /// Tells one rank.
    pub(super) fn tell_words(&mut self, message: InternalMessage, slot: usize, words: Words) -> Result<()> {
        self.tell(message, slot, to_message(&Ok(words)))
    }

    /// Tells each of `members` its answer, or all of them what went wrong. The answer of this rank.
    pub(crate) fn tell_all(
        &mut self,
        message: InternalMessage,
        members: &[u32],
        answers: Result<Vec<Words>>,
    ) -> Result<Words> {
        let mut own = Ok(Words::new());
        let mut failed = None;
        for (at, &slot) in members.iter().enumerate() {
            let answer = match &answers {
                Ok(answers) => Ok(answers.get(at).cloned().unwrap_or_default()),
                Err(error) => Err(error.clone()),
            };
            if slot as usize == self.core.me {
                own = answer;
            } else if let Err(error) = self.tell(message, slot as usize, to_message(&answer)) {
                failed.get_or_insert(error);
            }
        }
        match (own, failed) {
            (Ok(_), Some(error)) => Err(error),
            (own, _) => own,
        }
    }

    /// One question and answer through the first of `members`, of whom this rank is one. Where `wish` is
    /// nothing nobody is asked.
    pub(super) fn round(
        &mut self,
        message: InternalMessage,
        members: Arc<[u32]>,
        wish: Option<Result<Words>>,
        decide: Decide<T>,
        found: Found<T>,
    ) -> Result<Step<T>> {
        let first = members[0] as usize;
        if first != self.core.me {
            if let Some(wish) = wish {
                self.tell(message, first, to_message(&wish))?;
            }
            return Ok(self.hear_from(message, first, found));
        }
        let others: Vec<usize> = members[1..].iter().map(|&slot| slot as usize).collect();
        let end = move |engine: &mut Self, wishes: Result<Vec<Words>>| {
            let answers = wishes.and_then(|wishes| decide(engine, wishes));
            let own = engine.tell_all(message, &members, answers)?;
            Ok(Step::Done(found(engine, own)?))
        };
        let Some(wish) = wish else { return end(self, Ok(Vec::new())) };
        let ids = others.into_iter().map(|slot| self.hear(message, slot)).collect();
        let then = move |engine: &mut Self, heard: Vec<Result<Words>>| {
            end(engine, std::iter::once(wish).chain(heard).collect())
        };
        Ok(Step::Hear(message, ids, Box::new(then)))
    }

    /// What this rank is told by `slot` founds its communicator.
    pub(crate) fn hear_from(&mut self, message: InternalMessage, slot: usize, found: Found<T>) -> Step<T> {
        let id = self.hear(message, slot);
        Step::Hear(
            message,
            vec![id],
            Box::new(move |engine, mut heard| {
                let told = heard.pop().unwrap_or_else(|| Ok(Words::new()))?;
                Ok(Step::Done(found(engine, told)?))
            }),
        )
    }
}
