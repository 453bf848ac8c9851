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
//! Which of these it is, `ways` has measured; a third is in `stream`.
//! Nothing is written before the receive was matched, and never beyond its room. Together is faster only
//! when both ranks have a CPU, and the sender has nothing of its own to copy; pieces are claimed one at a time, so a
//! sender that computes costs nothing.

use super::Engine;
use super::core::{Announced, Core};
use super::outbox::Out;
use super::request::{RequestId, State};
use super::stream::is_divisible;
use super::ways::{Way, Ways};
use super::wire;
use crate::error::{Class, Error};
use crate::transport::{Head, Transport, Words};
use ranks_shm::blame::Blame;
use ranks_shm::bounds::TRANSFERS;
use ranks_shm::claim;
use ranks_shm::life::Life;
use ranks_shm::remote::Remote;

/// A message that was matched and is to be fetched.
pub(crate) struct Pull {
    pub index: u32,
    pub from: usize,
    pub total: u64,
    pub address: u64,
    pub request: u64,
    /// The CPU that the sender ran on.
    cpu: u32,
    /// The way that was chosen, and whether it is a trial, once it has had to wait for its turn.
    way: Option<(Way, bool)>,
}

impl Pull {
    pub fn new(index: u32, from: usize, total: u64, at: Announced) -> Self {
        Self { index, from, total, address: at.address, request: at.request, cpu: at.cpu, way: None }
    }
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
    pub from: usize,
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
        if !self.core.streams.is_empty() {
            moved |= self.look_at_streams();
        }
        if !self.core.pulls.is_empty() {
            moved |= self.start_pulls();
        }
        while let Some(push) = self.core.pushes.pop() {
            self.help(&push);
            moved = true;
        }
        if !self.core.sharing.is_empty() {
            moved |= self.check_sharing();
        }
        while let Some((from, bytes)) = self.core.unmatched.next_news(self.core.eager) {
            self.transport.limit(from, bytes);
        }
        if self.core.outbox.count > 0 {
            moved |= self.flush();
        }
        moved
    }

    /// Begins to copy what was matched, in order. True when anything was begun.
    pub(super) fn start_pulls(&mut self) -> bool {
        let mut moved = false;
        while let Some(pull) = self.core.pulls.pop_front() {
            if let Some(pull) = self.start_pull(pull) {
                self.core.pulls.push_front(pull);
                break;
            }
            moved = true;
        }
        moved
    }

    /// Begins to copy a message, or gives it back when others have to be copied first.
    fn start_pull(&mut self, mut pull: Pull) -> Option<Pull> {
        let request = self.core.requests.at(pull.index);
        let len = pull.total.min(request.room() as u64);
        let in_a_row = request.elements.is_none();
        if len == 0 {
            self.pulled(&pull, true);
            return None;
        }
        if pull.address & wire::IN_FILE != 0 {
            self.core.spoil_burst();
            self.fetch_stored(&pull, len);
            return None;
        }
        let Some(remote) = self.transport.remote(pull.from) else {
            self.through_ring(&pull, len, false);
            return None;
        };
        if !in_a_row || !self.transport.fits() && self.core.ways.prescribed.is_none() {
            self.core.spoil_burst();
            self.pull_alone(&pull, len, remote);
            return None;
        }
        let waiting = self.core.waiting;
        let transfer = self.free_transfer(pull.from);
        let (way, trial) = match pull.way.filter(|_| waiting) {
            Some(chosen) => chosen,
            None => self.choose(&pull, len, transfer.is_some()),
        };
        let full = way == Way::Ring && transfer.is_none();
        if waiting && self.core.is_copying() && (trial || self.core.burst.trial || full) {
            pull.way = Some((way, trial));
            return Some(pull);
        }
        match (way, transfer) {
            (Way::Ring, Some(transfer)) => {
                self.core.begin_copy(pull.from, len, way, trial);
                self.stream(&pull, len, transfer);
            }
            (Way::Both, Some(transfer)) => {
                self.core.begin_copy(pull.from, len, way, trial);
                self.share(&pull, len, remote, transfer);
            }
            _ => {
                self.core.begin_copy(pull.from, len, Way::Alone, trial);
                self.pull_alone(&pull, len, remote);
                self.core.end_burst();
            }
        }
        None
    }

    /// The way of a message, and whether it is a trial.
    fn choose(&mut self, pull: &Pull, len: u64, free: bool) -> (Way, bool) {
        let both = free && self.may_share(pull.from, len);
        // Only a rank that goes on looking at its rings takes long messages out of them.
        let ring = self.core.waiting && is_divisible(self.transport.pair(pull.from).0, len);
        if let Some(way) = self.core.ways.prescribed {
            let possible = match way {
                Way::Alone => true,
                Way::Both => both,
                Way::Ring => ring,
            };
            return (if possible { way } else { Way::Alone }, false);
        }
        // From memory to memory two copy quicker than one wherever both can.
        let possible = [!both, both, ring];
        let cpus = (ranks_shm::cpus::current(), pull.cpu);
        self.core.ways.choice(pull.from, Ways::octave(len)).choose(possible, cpus)
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
        let words = [pull.request, word, len, 0, though_stored.into()];
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
        } else if self.may_read_no_more(pull) {
            let len = pull.total.min(self.core.requests.at(pull.index).room() as u64);
            self.transport.forget_remote(pull.from);
            self.through_ring(pull, len, false);
        } else {
            self.not_copied(pull.index, pull.from, pull.request);
        }
    }

    /// Whether a message could not be copied because the kernel refuses this rank the memory of a sender that lives. It may
    /// begin to refuse at any time: one of both has dropped privileges, or the sender's first thread has ended.
    #[cold]
    fn may_read_no_more(&mut self, pull: &Pull) -> bool {
        let request = self.core.requests.at(pull.index);
        let writable = request.elements.is_some() || request.recv_buf().is_writable();
        let (home, rank) = self.transport.home(pull.from);
        writable && self.transport.life(pull.from) == Life::Running && home.probe(rank).is_none()
    }

    /// Finds out why a message could not be copied: the buffer of either side is no memory, or the sender is gone.
    #[cold]
    pub(super) fn not_copied(&mut self, index: u32, from: usize, theirs: u64) {
        let request = self.core.requests.at(index);
        let call = request.call;
        let buf = request.recv_buf();
        let ours = request.elements.is_none() && !buf.is_writable();
        let (home, rank) = self.transport.home(from);
        let can_read = home.probe(rank).is_some();
        // The sender has done its part when the fault is here.
        self.core.answer(from, theirs, !ours);
        let (class, detail) = if ours {
            let (len, at) = (buf.len(), buf.address());
            let detail =
                format!("the buffer of {len} bytes at {at:#x} is not memory that this process may write");
            (Class::Buffer, detail)
        } else if can_read {
            (
                Class::Other,
                format!("the buffer that rank {from} of the job sends is not memory that can be read"),
            )
        } else {
            self.core.blame(Blame::Rank(from));
            (Class::ProcFailed, format!("rank {from} of the job ended while its message was copied"))
        };
        let error = Error::new(class, call, self.core.me, detail);
        self.core.fail(index, error);
    }

    /// A transfer of this pair that no message uses.
    fn free_transfer(&self, from: usize) -> Option<usize> {
        let core = &self.core;
        let shared = |t| core.sharing.iter().any(|s| s.from == from && s.transfer == t);
        let streamed = |t| core.streams.iter().any(|s| s.from == from && s.transfer == t);
        (0..TRANSFERS).find(|&t| !shared(t) && !streamed(t))
    }

    fn share(&mut self, pull: &Pull, len: u64, remote: Remote, transfer: usize) {
        let (segment, me, there) = self.transport.pair(pull.from);
        let segment = segment.clone();
        let word = segment.transfer(there, me, transfer);
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

    /// Waits for pieces that senders are copying at this moment: all others are copied, as the receiver takes pieces
    /// until none is left.
    pub(super) fn end_sharing(&mut self) {
        while !self.core.sharing.is_empty() {
            if !self.check_sharing() && !self.look_at_failures() {
                std::thread::yield_now();
            }
            self.flush();
        }
    }

    /// Completes what both sides have copied.
    fn check_sharing(&mut self) -> bool {
        let mut moved = false;
        let mut at = 0;
        while at < self.core.sharing.len() {
            let s = &self.core.sharing[at];
            let (pieces, _) = claim::pieces(s.len);
            let (segment, me, there) = self.transport.pair(s.from);
            let outcome = segment.transfer(there, me, s.transfer).complete(pieces);
            let Some(whole) = outcome else {
                at += 1;
                continue;
            };
            moved = true;
            let s = self.core.sharing.swap_remove(at);
            let announced = Announced { address: s.address, request: s.request, cpu: 0 };
            let pull = Pull::new(s.index, s.from, s.len, announced);
            self.core.end_burst();
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
        // A call that is over must need nothing more of this process: stopped in the middle of a piece that it has claimed,
        // it would keep the receiver from its message.
        if !ours || request.detached || push.transfer >= TRANSFERS || push.len > buf.len() as u64 {
            return;
        }
        let Some(remote) = self.transport.remote(push.to) else { return };
        let (segment, me, there) = self.transport.pair(push.to);
        let segment = segment.clone();
        let word = segment.transfer(me, there, push.transfer);
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
