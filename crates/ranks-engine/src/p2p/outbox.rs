//! What could not be sent at once: one queue a destination, in order.

use super::Engine;
use super::stream::Claims;
use super::wire;
use crate::transport::{Head, Transport, Words};
use ranks_shm::bounds::{CHUNK_LARGE, CHUNK_SMALL, CHUNK_SMALL_UP_TO};
use std::collections::VecDeque;

/// Something to be sent.
pub(crate) enum Out {
    /// A short message; its data is in the request's buffer.
    Inline { request: u32, head: Head },
    /// An eager message through the bulk ring; `at` bytes have gone, -1 while not even the head has.
    Long { request: u32, head: Head, words: Words, at: Option<usize> },
    /// A message without data.
    Control { head: Head, words: Words },
    /// An announcement of the request's message.
    Announce { request: u32, head: Head, words: Words },
    /// A long message that the receiver wants through the ring.
    Data { request: u32, theirs: u64, at: usize, len: usize, claims: Option<Claims> },
}

impl Out {
    /// The send that fails when this cannot be sent.
    pub fn request(&self) -> Option<u32> {
        match *self {
            Out::Control { .. } => None,
            Out::Inline { request, .. }
            | Out::Long { request, .. }
            | Out::Announce { request, .. }
            | Out::Data { request, .. } => Some(request),
        }
    }
}

/// All queues, and how many entries they hold together.
pub(crate) struct Outbox {
    pub queues: Vec<VecDeque<Out>>,
    pub count: usize,
    /// Something was put down since it was last looked whether what is owed can stay here: see [`super::owed`].
    pub owes: bool,
}

impl Outbox {
    pub fn new(ranks: usize) -> Self {
        Self { queues: (0..ranks).map(|_| VecDeque::new()).collect(), count: 0, owes: false }
    }

    pub fn push(&mut self, to: usize, out: Out) {
        self.owes |= matches!(out, Out::Control { .. });
        self.queues[to].push_back(out);
        self.count += 1;
    }

    /// The next entry for a destination that has one.
    pub fn first(&mut self, to: usize) -> &mut Out {
        &mut self.queues[to][0]
    }

    /// Takes out the data of a request whose receiver has claimed all that is not in the ring yet. False when there is
    /// none, or when a piece of it has gone in part.
    pub fn withdraw_claimed(&mut self, to: usize, index: u32) -> bool {
        let queue = &mut self.queues[to];
        let ours = |out: &Out| match out {
            Out::Data { request, at, claims: Some(claims), .. } => {
                *request == index && claims.is_written(*at)
            }
            _ => false,
        };
        let Some(place) = queue.iter().position(ours) else { return false };
        queue.remove(place);
        self.count -= 1;
        true
    }

    #[inline(always)]
    pub fn is_empty(&self, to: usize) -> bool {
        self.queues[to].is_empty()
    }

    /// Empties the queue of a destination that is gone.
    /// There are more ranks to send to from now on.
    pub fn grow(&mut self, ranks: usize) {
        self.queues.resize_with(ranks, VecDeque::new);
    }

    pub fn clear(&mut self, to: usize) -> Vec<Out> {
        self.count -= self.queues[to].len();
        std::mem::take(&mut self.queues[to]).into()
    }
}

/// Bytes of a piece in the bulk ring, for a message of `total` bytes.
pub(crate) fn piece_of(total: usize) -> usize {
    if total <= CHUNK_SMALL_UP_TO { CHUNK_SMALL } else { CHUNK_LARGE }
}

impl<T: Transport> Engine<T> {
    /// Sends what the rings have room for. True when anything went.
    pub(crate) fn flush(&mut self) -> bool {
        let mut moved = false;
        for to in 0..self.core.ranks {
            while !self.core.outbox.is_empty(to) {
                let (progress, complete) = self.flush_one(to);
                moved |= progress;
                if !complete {
                    break;
                }
                self.core.outbox.queues[to].pop_front();
                self.core.outbox.count -= 1;
            }
        }
        if std::mem::take(&mut self.core.outbox.owes) && self.core.outbox.count > 0 {
            self.spill_owed();
        }
        moved
    }

    /// Goes on with the first entry of a queue: whether anything went, and whether it is complete.
    fn flush_one(&mut self, to: usize) -> (bool, bool) {
        let (core, transport) = (&mut self.core, &mut self.transport);
        match &mut core.outbox.queues[to][0] {
            Out::Control { head, words } => {
                let sent = transport.try_bulk(to, *head, *words, &[], 0).is_some();
                (sent, sent)
            }
            Out::Announce { head, words, .. } => {
                let sent = transport.try_bulk(to, *head, *words, &[], 0).is_some();
                (sent, sent)
            }
            Out::Inline { request, head } => {
                let index = *request;
                let buf = core.requests.at(index).send_buf();
                let sent = transport.try_inline(to, *head, buf.bytes());
                if sent {
                    core.pushed(index);
                }
                (sent, sent)
            }
            Out::Long { request, head, words, at } => {
                let index = *request;
                let buf = core.requests.at(index).send_buf();
                let data = buf.bytes();
                let piece = piece_of(data.len());
                let mut moved = false;
                loop {
                    let sent = match *at {
                        None => transport.try_bulk(to, *head, *words, data, piece),
                        Some(from) => {
                            let head = Head { kind: wire::CHUNK, ..*head };
                            transport.try_bulk(to, head, Words::default(), &data[from..], piece)
                        }
                    };
                    let Some(n) = sent else { return (moved, false) };
                    moved = true;
                    let now = at.unwrap_or(0) + n;
                    *at = Some(now);
                    if now == data.len() {
                        core.pushed(index);
                        return (true, true);
                    }
                }
            }
            Out::Data { claims: Some(_), .. } => self.flush_claimed(to),
            Out::Data { request, theirs, at, len, claims: None } => {
                let index = *request;
                let buf = core.requests.at(index).send_buf();
                let data = &buf.bytes()[..*len];
                let head = Head { kind: wire::DATA, context: 0, tag: 0, mark: 0 };
                let mut moved = false;
                while *at < data.len() {
                    let words = [*theirs, 0, 0, 0, 0];
                    let Some(n) = transport.try_bulk(to, head, words, &data[*at..], piece_of(data.len()))
                    else {
                        return (moved, false);
                    };
                    moved = true;
                    *at += n;
                }
                core.finish(index);
                (true, true)
            }
        }
    }
}

impl super::Core {
    /// All bytes of an eager send have left its buffer.
    pub(super) fn pushed(&mut self, index: u32) {
        let request = self.requests.at(index);
        request.pushed = true;
        if request.answered {
            self.finish(index);
        }
    }
}
