//! Long messages: announced, and copied when they are matched.
//!
//! ```text
//! sender                              receiver
//!   ANNOUNCE length, address      ->    matched: now, or later
//!                                       can it read the sender's memory?
//!                                         no:  <- TO_RING; DATA ... -> complete, both
//!                                         yes, alone: copies, <- DONE
//!   inside the library: copies    <-      yes, together: SHARE; copies from the front
//!   from the back                         all pieces copied: <- DONE
//! ```
//! Nothing is written before the receive was matched, and never beyond its room. Together is faster only
//! when both ranks have a CPU, and the sender has nothing of its own to copy; pieces are claimed one at a time, so a
//! sender that computes costs nothing.

use super::Engine;
use super::core::Core;
use super::outbox::Out;
use super::request::{RequestId, State};
use super::wire;
use crate::error::{Class, Error};
use crate::transport::{Head, Transport, Words};
use ranks_shm::blame::Blame;
use ranks_shm::bounds::TRANSFERS;
use ranks_shm::claim;
use ranks_shm::remote::Remote;

/// A message that was matched and is to be fetched.
pub(crate) struct Pull {
    pub index: u32,
    pub from: usize,
    pub total: u64,
    pub address: u64,
    pub request: u64,
}

/// A message that the receiver asks us to help copying.
pub(crate) struct Push {
    to: usize,
    request: u64,
    address: u64,
    len: u64,
    transfer: usize,
    generation: u64,
}

impl Push {
    pub fn from_words(to: usize, words: Words) -> Self {
        let [request, address, len, transfer, generation] = words;
        Self { to, request, address, len, transfer: transfer as usize, generation }
    }
}

/// A message being copied together, at its receiver.
pub(crate) struct Sharing {
    index: u32,
    from: usize,
    transfer: usize,
    len: u64,
    address: u64,
    request: u64,
}

/// Below this length two ranks copying one message only get in each other's way.
const SHARE_FROM: usize = 16 << 10;

impl<T: Transport> Engine<T> {
    /// Does what arrivals have made necessary. True when there was anything.
    pub(crate) fn settle(&mut self) -> bool {
        let mut moved = false;
        while let Some(pull) = self.core.pulls.pop() {
            self.pull(pull);
            moved = true;
        }
        while let Some(push) = self.core.pushes.pop() {
            self.help(&push);
            moved = true;
        }
        if !self.core.sharing.is_empty() {
            moved |= self.check_sharing();
        }
        if self.core.outbox.count > 0 {
            moved |= self.flush();
        }
        moved
    }

    fn pull(&mut self, pull: Pull) {
        let request = self.core.requests.at(pull.index);
        let len = pull.total.min(request.room() as u64);
        let in_a_row = request.elements.is_none();
        if len == 0 {
            self.pulled(&pull, true);
            return;
        }
        if pull.address & wire::IN_FILE != 0 {
            self.fetch_stored(&pull, len);
            return;
        }
        match self.transport.remote(pull.from) {
            None => self.through_ring(&pull, len, false),
            Some(remote) => match self.free_transfer(pull.from) {
                Some(transfer) if in_a_row && self.may_share(pull.from, len) => {
                    self.share(&pull, len, remote, transfer);
                }
                _ => self.pull_alone(&pull, len, remote),
            },
        }
    }

    /// A sender that is to fetch a long message of ours is as busy as this rank.
    fn may_share(&self, from: usize, len: u64) -> bool {
        self.transport.fits() && len as usize >= SHARE_FROM && self.core.announced[from] == 0
    }

    pub(super) fn through_ring(&mut self, pull: &Pull, len: u64, though_stored: bool) {
        let word = self.core.requests.id_of(pull.index).word();
        // What the ring brings is what was asked for, so that is the total now; a truncation has been
        // put down already.
        let request = self.core.requests.at(pull.index);
        request.total = len;
        request.asked = pull.request;
        let words = [pull.request, word, len, though_stored.into(), 0];
        let head = Head { kind: wire::TO_RING, context: 0, tag: 0, mark: 0 };
        self.core.outbox.push(pull.from, Out::Control { head, words });
    }

    fn pull_alone(&mut self, pull: &Pull, len: u64, remote: Remote) {
        let request = self.core.requests.at(pull.index);
        let copied = match request.elements.take() {
            None => request.recv_buf().pull(remote, 0, len as usize, pull.address).is_ok(),
            Some(elements) => {
                let copied = self.core.pull_elements(&elements, remote, len as usize, pull.address);
                self.core.requests.at(pull.index).elements = Some(elements);
                copied
            }
        };
        self.pulled(pull, copied);
    }

    /// The receiver alone knows the outcome: it completes its request and answers the sender.
    fn pulled(&mut self, pull: &Pull, copied: bool) {
        if copied {
            self.core.answer(pull.from, pull.request, false);
            self.core.finish(pull.index);
        } else {
            self.not_pulled(pull);
        }
    }

    /// Finds out why a message could not be copied: the buffer of either side is no memory, or the sender is gone.
    #[cold]
    fn not_pulled(&mut self, pull: &Pull) {
        let request = self.core.requests.at(pull.index);
        let (call, from) = (request.call, pull.from);
        let buf = request.recv_buf();
        let ours = request.elements.is_none() && !buf.is_writable();
        // The sender has done its part when the fault is here.
        self.core.answer(from, pull.request, !ours);
        let (class, detail) = if ours {
            let (len, at) = (buf.len(), buf.address());
            let detail =
                format!("the buffer of {len} bytes at {at:#x} is not memory that this process may write");
            (Class::Buffer, detail)
        } else if self.transport.segment().probe(from).is_some() {
            (
                Class::Other,
                format!("the buffer that rank {from} of the job sends is not memory that can be read"),
            )
        } else {
            self.core.blame(Blame::Rank(from));
            (Class::ProcFailed, format!("rank {from} of the job ended while its message was copied"))
        };
        let error = Error::new(class, call, self.core.me, detail);
        self.core.fail(pull.index, error);
    }

    /// A transfer of this pair that no message uses.
    fn free_transfer(&self, from: usize) -> Option<usize> {
        (0..TRANSFERS).find(|&t| !self.core.sharing.iter().any(|s| s.from == from && s.transfer == t))
    }

    fn share(&mut self, pull: &Pull, len: u64, remote: Remote, transfer: usize) {
        let segment = self.transport.segment().clone();
        let word = segment.transfer(pull.from, self.core.me, transfer);
        let generation = word.begin();
        let buf = self.core.requests.at(pull.index).recv_buf();
        let words = [pull.request, buf.address(), len, transfer as u64, generation];
        let head = Head { kind: wire::SHARE, context: 0, tag: 0, mark: 0 };
        self.core.outbox.push(pull.from, Out::Control { head, words });
        self.flush();
        let (pieces, piece) = claim::pieces(len);
        while let Some(at) = word.take(generation, pieces, true) {
            let from = at * piece;
            let here = piece.min(len - from);
            let copied = buf.pull(remote, from as usize, here as usize, pull.address + from);
            word.finish(copied.is_ok());
        }
        let (index, from) = (pull.index, pull.from);
        let (address, request) = (pull.address, pull.request);
        self.core.sharing.push(Sharing { index, from, transfer, len, address, request });
        self.check_sharing();
    }

    /// Completes what both sides have copied.
    fn check_sharing(&mut self) -> bool {
        let segment = self.transport.segment().clone();
        let mut moved = false;
        let mut at = 0;
        while at < self.core.sharing.len() {
            let s = &self.core.sharing[at];
            let (pieces, _) = claim::pieces(s.len);
            let outcome = segment.transfer(s.from, self.core.me, s.transfer).complete(pieces);
            let Some(whole) = outcome else {
                at += 1;
                continue;
            };
            moved = true;
            let s = self.core.sharing.swap_remove(at);
            let pull =
                Pull { index: s.index, from: s.from, total: s.len, address: s.address, request: s.request };
            match self.transport.remote(s.from) {
                // The sender may have been refused where we are not: copy it all again, alone.
                Some(remote) if !whole => self.pull_alone(&pull, s.len, remote),
                _ => self.pulled(&pull, whole),
            }
        }
        moved
    }

    /// Copies pieces of a message of ours into the receiver's memory.
    fn help(&mut self, push: &Push) {
        let Some(id) = RequestId::from_word(push.request) else { return };
        let Some(request) = self.core.requests.get(id) else { return };
        let buf = request.send_buf();
        let ours = !request.is_recv() && request.state == State::Active && request.peer == Some(push.to);
        if !ours || push.transfer >= TRANSFERS || push.len > buf.len() as u64 {
            return;
        }
        let Some(remote) = self.transport.remote(push.to) else { return };
        let segment = self.transport.segment().clone();
        let word = segment.transfer(self.core.me, push.to, push.transfer);
        let (pieces, piece) = claim::pieces(push.len);
        let mut helped = false;
        while let Some(at) = word.take(push.generation, pieces, false) {
            let from = at * piece;
            let here = piece.min(push.len - from);
            let copied = buf.push(remote, from as usize, here as usize, push.address + from);
            word.finish(copied.is_ok());
            helped = true;
        }
        if helped {
            // The receiver may sleep until our last piece is done.
            self.transport.wake(push.to);
        }
    }
}

impl Core {
    /// Fails what was being copied together with a rank that is gone. A piece that it had claimed will
    /// never be done, so the transfer stays out of use: its entry is what keeps it from being reused.
    pub fn drop_sharing_with(&mut self, from: usize) -> Vec<u32> {
        let (gone, rest): (Vec<_>, Vec<_>) = self.sharing.drain(..).partition(|s| s.from == from);
        self.sharing = rest;
        gone.into_iter().map(|s| s.index).collect()
    }
}
