//! What a rank owes to others once its call is over: the messages of sends that are complete or that nobody will ask for
//! again, and the lines that messages of others wait for (an answer, a request for the data). The rank may compute for long
//! before its next call, so they must not stay in its outbox: where the ring is full they go beyond it.

use super::Engine;
use super::core::Core;
use super::outbox::{Out, piece_of};
use super::wire;
use crate::transport::{Arrival, Head, Transport, Words};
use ranks_shm::bounds::SPILL_DATA;

impl<T: Transport> Engine<T> {
    /// Nobody will ask for this send again: what is still to be done for it is done now, as far as its receiver
    /// cannot do it by itself.
    pub(super) fn leave_to_receiver(&mut self, index: u32) {
        self.store_announced(index);
        self.core.outbox.owes = true;
        if self.core.outbox.count > 0 {
            self.flush();
        }
    }

    /// Sends what is owed beyond the full rings. Messages keep their order, so with one that is owed go all before it. Lines
    /// without data belong to messages that are under way already, and may overtake others.
    #[cold]
    pub(super) fn spill_owed(&mut self) {
        for to in 0..self.core.ranks {
            if self.core.outbox.is_empty(to) {
                continue;
            }
            let mut queue = std::mem::take(&mut self.core.outbox.queues[to]);
            let before = queue.len();
            let last = queue.iter().rposition(|out| self.core.is_owed_message(out));
            let mut possible = true;
            let mut place = 0;
            queue.retain_mut(|out| {
                let goes = match out {
                    Out::Control { .. } => true,
                    // Pieces for a request of the receiver are no part of the order.
                    // Where they are claimed, the receiver can fetch by itself what is not in the ring.
                    Out::Data { request, claims, .. } => {
                        claims.is_none() && self.core.requests.at(*request).detached
                    }
                    _ => last.is_some_and(|last| place <= last),
                };
                place += 1;
                // What comes behind something that could not go must not overtake it.
                possible = possible && (!goes || self.spill_one(to, out));
                !(goes && possible)
            });
            self.core.outbox.count -= before - queue.len();
            self.core.outbox.queues[to] = queue;
        }
    }

    /// Sends an entry, or its rest, beyond the ring. False when a part of it is left.
    fn spill_one(&mut self, to: usize, out: &mut Out) -> bool {
        match out {
            Out::Control { head, words } | Out::Announce { head, words, .. } => {
                self.transport.spill(to, Arrival::Bulk(*head, *words, &[]))
            }
            Out::Inline { request, head } => {
                let buf = self.core.requests.at(*request).send_buf();
                let sent = self.transport.spill(to, Arrival::Inline(*head, buf.len(), buf.bytes()));
                if sent {
                    self.core.pushed(*request);
                }
                sent
            }
            Out::Long { request, head, words, at } => {
                let buf = self.core.requests.at(*request).send_buf();
                let data = buf.bytes();
                let piece = piece_of(data.len()).min(SPILL_DATA);
                while at.is_none_or(|at| at < data.len()) {
                    let from = at.unwrap_or(0);
                    let until = data.len().min(from + piece);
                    let (head, words) = match at {
                        None => (*head, *words),
                        Some(_) => (Head { kind: wire::CHUNK, ..*head }, Words::default()),
                    };
                    if !self.transport.spill(to, Arrival::Bulk(head, words, &data[from..until])) {
                        return false;
                    }
                    *at = Some(until);
                }
                self.core.pushed(*request);
                true
            }
            Out::Data { request, theirs, at, len, .. } => {
                let buf = self.core.requests.at(*request).send_buf();
                let data = &buf.bytes()[..*len];
                let head = Head { kind: wire::DATA, context: 0, tag: 0, mark: 0 };
                while *at < data.len() {
                    let until = data.len().min(*at + SPILL_DATA);
                    let words = [*theirs, 0, 0, 0, 0];
                    if !self.transport.spill(to, Arrival::Bulk(head, words, &data[*at..until])) {
                        return false;
                    }
                    *at = until;
                }
                self.core.finish(*request);
                true
            }
        }
    }
}

impl Core {
    /// A message whose send is over for the program.
    fn is_owed_message(&mut self, out: &Out) -> bool {
        match *out {
            Out::Inline { request, .. } | Out::Long { request, .. } | Out::Announce { request, .. } => {
                self.requests.at(request).detached
            }
            Out::Control { .. } | Out::Data { .. } => false,
        }
    }
}
