//! Messages in the job's file, where the receiver finds them though it cannot read the sender's memory and the sender
//! makes no further call.

use super::Engine;
use super::core::{Announced, Core, Kept};
use super::outbox::Out;
use super::rendezvous::Pull;
use super::wire;
use crate::transport::{Head, Transport, Words};

/// Bytes that are read at a time.
const PIECE: usize = 128 << 10;

impl<T: Transport> Engine<T> {
    /// Where a receiver can fetch a message by itself: in the buffer, or, where ranks cannot read each other's memory, in
    /// the job's file. Where that is full as well the message waits in its buffer for the sender's next call.
    pub(super) fn fetchable(&mut self, index: u32, to: usize) -> u64 {
        let buf = self.core.requests.at(index).send_buf();
        if buf.is_empty() || self.transport.remote(to).is_some() {
            return buf.address();
        }
        let (segment, ..) = self.transport.pair(to);
        let place = segment.take_place(buf.len() as u64);
        if !segment.heap().is_some_and(|heap| heap.write(place, buf.bytes())) {
            return buf.address();
        }
        self.core.requests.at(index).stored = true;
        place | wire::IN_FILE
    }

    /// Nobody will ask any more for a send that may have been announced in its buffer.
    pub(super) fn store_announced(&mut self, index: u32) {
        let request = self.core.requests.at(index);
        let Some(to) = request.peer.filter(|_| request.announced && !request.stored) else { return };
        let asked = |out: &Out| matches!(*out, Out::Data { request, .. } if request == index);
        if self.core.outbox.queues[to].iter().any(asked) {
            // It is on its way through the ring.
            return;
        }
        let address = self.fetchable(index, to);
        if address & wire::IN_FILE == 0 {
            return;
        }
        for out in &mut self.core.outbox.queues[to] {
            if let Out::Announce { request, words, .. } = out
                && *request == index
            {
                words[1] = address;
                return;
            }
        }
        let words = [self.core.requests.id_of(index).word(), address, 0, 0, 0];
        let head = Head { kind: wire::STORED, context: 0, tag: 0, mark: 0 };
        self.core.outbox.push(to, Out::Control { head, words });
    }

    /// Copies a message of `len` bytes out of the job's file.
    pub(super) fn fetch_stored(&mut self, pull: &Pull, len: u64) {
        let place = pull.address & !wire::IN_FILE;
        let segment = self.transport.pair(pull.from).0.clone();
        let request = self.core.requests.at(pull.index);
        (request.total, request.received) = (len, 0);
        let mut piece = vec![0; PIECE.min(len as usize)];
        let mut at = 0;
        while at < len {
            let here = piece.len().min((len - at) as usize);
            let there = segment.heap().is_some_and(|heap| heap.read(place + at, &mut piece[..here]));
            if !there {
                // This process has lost the file. The sender has the bytes as well.
                self.core.requests.at(pull.index).received = 0;
                self.through_ring(pull, len, true);
                return;
            }
            self.core.deliver(pull.index, &piece[..here]);
            at += here as u64;
        }
        if let Some(heap) = segment.heap() {
            heap.give_back(place, pull.total);
        }
        self.core.answer(pull.from, pull.request, false);
    }
}

impl Core {
    /// The sender tells where a message lies that it had announced in its memory.
    pub(super) fn stored(&mut self, from: usize, words: Words) {
        let [request, address, ..] = words;
        if address & wire::IN_FILE == 0 {
            return;
        }
        if let Some(pull) = self.pulls.iter_mut().find(|pull| pull.from == from && pull.request == request) {
            pull.address = address;
            return;
        }
        if let Some(waiting) = self.announced_by(from, request) {
            *waiting = address;
            return;
        }
        let asked = self.requests.active(|r| {
            r.is_recv() && r.matched && r.peer == Some(from) && r.asked == request && r.received == 0
        });
        if let &[index] = &asked[..] {
            let asking = self.requests.at(index);
            asking.asked = 0;
            let total = asking.total;
            self.pulls.push_back(Pull::new(index, from, total, Announced { address, request, cpu: 0 }));
        }
    }

    /// The address of a message that waits at its sender.
    fn announced_by(&mut self, from: usize, by: u64) -> Option<&mut u64> {
        self.kept_messages_mut().filter(|message| message.source == from).find_map(|message| {
            match &mut message.kept {
                Kept::Announced(at) if at.request == by => Some(&mut at.address),
                _ => None,
            }
        })
    }
}
