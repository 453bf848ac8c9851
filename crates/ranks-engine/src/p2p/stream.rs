//! Long messages through the ring that their receiver can fetch all the same.
//!
//! ```text
//! sender                              receiver
//!   ANNOUNCE length, address      ->    matched, and it waits for the message
//!                                 <-      TO_RING transfer, generation
//!   claims pieces from the front,
//!   writes each into the ring: DATA ->    takes them out
//!                                         nothing came for the time that two pieces take: claims
//!                                         pieces from the back, copies them from the sender's memory
//!   no piece is left              <-      DONE, if it copied any
//! ```
//! DONE ends the part of the sender at once: the ring may be full, and its receiver away, so nothing may wait for room.
//! A sender that computes costs its receiver nothing that way, and one that is slow shares the work. A receiver that ends
//! its wait, or is about to sleep, fetches all that is not claimed: the sender never waits for a call of its receiver.
//! The claims are those of `ranks_shm::claim` with the roles exchanged.

use super::core::Core;
use super::outbox::{Out, piece_of};
use super::rendezvous::Pull;
use super::request::{RequestId, State};
use super::ways::Way;
use super::{Engine, wire};
use crate::bounds::{STALL_FIRST_NANOS, STALL_MOST_NANOS};
use crate::transport::{Head, Transport, Words};
use ranks_shm::Segment;
use ranks_shm::claim::MAX_PIECES;
use std::time::{Duration, Instant};

/// A message that comes through the ring, at its receiver.
pub(crate) struct Stream {
    pub id: RequestId,
    pub from: usize,
    pub transfer: usize,
    generation: u64,
    len: u64,
    address: u64,
    /// The sender's request.
    pub request: u64,
    /// Bytes that had come when it was looked at, and when that was.
    seen: u64,
    since: Instant,
    /// Pieces to fetch the next time nothing comes.
    next: u64,
    /// Something was fetched, so the sender is to be told the end.
    pub fetched: bool,
    /// It has been told.
    pub told: bool,
}

impl Stream {
    /// So many bytes had come at that time; the next time that nothing has come so many pieces are fetched.
    fn looked(&mut self, received: u64, at: Instant, pieces: u64) {
        (self.seen, self.since, self.next) = (received, at, pieces);
    }
}

/// What a sender may put into the ring for such a message.
pub(crate) struct Claims {
    transfer: usize,
    generation: u64,
    /// The end of what is claimed.
    end: usize,
}

impl Claims {
    /// True when all that is claimed has gone into the ring: its first `at` bytes have.
    pub fn is_written(&self, at: usize) -> bool {
        at == self.end
    }
}

/// Bytes of a piece of a message of `len` bytes, which both sides reckon alike. It fits into the ring twice.
fn piece_bytes(segment: &Segment, len: u64) -> u64 {
    piece_of(len as usize).min(segment.bulk_bytes() / 2) as u64
}

/// True when a message can be claimed in such pieces.
pub(super) fn is_divisible(segment: &Segment, len: u64) -> bool {
    len.div_ceil(piece_bytes(segment, len)) <= MAX_PIECES
}

impl<T: Transport> Engine<T> {
    /// Asks for a message through the ring.
    pub(super) fn stream(&mut self, pull: &Pull, len: u64, transfer: usize) {
        let (segment, me, there) = self.transport.pair(pull.from);
        let generation = segment.transfer(there, me, transfer).begin();
        let request = self.core.requests.at(pull.index);
        // A truncation has been put down already.
        request.total = len;
        request.streaming = true;
        let id = request.id();
        let words = [pull.request, id.word(), len, 1 + transfer as u64, generation];
        let head = Head { kind: wire::TO_RING, context: 0, tag: 0, mark: 0 };
        self.core.outbox.push(pull.from, Out::Control { head, words });
        self.core.streams.push(Stream {
            id,
            from: pull.from,
            transfer,
            generation,
            len,
            address: pull.address,
            request: pull.request,
            seen: 0,
            since: Instant::now(),
            next: 1,
            fetched: false,
            told: false,
        });
        self.flush();
    }

    /// Fetches pieces of messages that have stopped coming. True when there were any.
    pub(super) fn look_at_streams(&mut self) -> bool {
        let now = Instant::now();
        let mut moved = false;
        let mut at = 0;
        while let Some(stream) = self.core.streams.get(at) {
            let (id, from, len) = (stream.id, stream.from, stream.len);
            let (seen, idle, pieces) = (stream.seen, now - stream.since, stream.next);
            let received = self.core.requests.at(id.index()).received;
            let piece = piece_bytes(self.transport.pair(from).0, len);
            if received != seen {
                self.core.streams[at].looked(received, now, 1);
            } else if idle > self.core.stall(from, len, piece) {
                self.core.streams[at].looked(received, now, (2 * pieces).min(MAX_PIECES - 1));
                moved |= self.fetch(id, pieces);
                if let Some(stream) = self.core.streams.get_mut(at).filter(|stream| stream.id == id) {
                    stream.since = Instant::now();
                }
            }
            if self.core.streams.get(at).is_some_and(|stream| stream.id == id) {
                at += 1;
            }
        }
        moved
    }

    /// Fetches at most so many pieces of a message from its end. False when none was left and nothing was to be told.
    fn fetch(&mut self, id: RequestId, most: u64) -> bool {
        let Some(at) = self.core.streams.iter().position(|stream| stream.id == id) else { return false };
        let (segment, me, there) = self.transport.pair(self.core.streams[at].from);
        let segment = segment.clone();
        let stream = &mut self.core.streams[at];
        let (from, address, len, theirs) = (stream.from, stream.address, stream.len, stream.request);
        let piece = piece_bytes(&segment, len);
        let word = segment.transfer(there, me, stream.transfer);
        let Some((first, count)) = word.take_back(stream.generation, len.div_ceil(piece), most) else {
            let tell = stream.fetched && !stream.told;
            if tell {
                stream.told = true;
                self.core.answer(from, theirs, false);
            }
            return tell;
        };
        let (begin, end) = (first * piece, len.min((first + count) * piece));
        let buf = self.core.requests.at(id.index()).recv_buf();
        let copied = match self.transport.remote(from) {
            Some(remote) => buf.pull(remote, begin as usize, (end - begin) as usize, address + begin).is_ok(),
            None => false,
        };
        let stream = &mut self.core.streams[at];
        stream.fetched = true;
        if copied {
            let request = self.core.requests.at(id.index());
            request.total = begin;
            if request.received >= begin {
                self.core.finish(id.index());
            }
        } else {
            stream.told = true;
            self.not_copied(id.index(), from, theirs);
        }
        true
    }

    /// Fetches everything that its senders have not claimed yet, and every message that waits for its turn.
    /// True when there was anything.
    pub(super) fn fetch_all(&mut self) -> bool {
        if self.core.streams.is_empty() && self.core.pulls.is_empty() {
            return false;
        }
        let mut moved = false;
        let ids: Vec<_> = self.core.streams.iter().map(|stream| stream.id).collect();
        for id in ids {
            while self.fetch(id, MAX_PIECES) {
                moved = true;
            }
        }
        let waiting = std::mem::replace(&mut self.core.waiting, false);
        moved |= self.start_pulls();
        self.core.waiting = waiting;
        moved | self.flush()
    }

    /// Does what is part of a wait: messages that arrive meanwhile may come through the ring. Afterwards no sender
    /// depends on this rank's next call.
    pub(crate) fn in_wait<R>(&mut self, part: impl FnOnce(&mut Self) -> R) -> R {
        let waiting = std::mem::replace(&mut self.core.waiting, true);
        let result = part(self);
        self.core.waiting = waiting;
        if !waiting {
            self.fetch_all();
            self.end_sharing();
        }
        result
    }

    /// Goes on with a message of ours whose receiver wants it through the ring, as far as the ring has room and pieces
    /// are left: whether anything went, and whether this rank's part is over.
    pub(super) fn flush_claimed(&mut self, to: usize) -> (bool, bool) {
        let (core, transport) = (&mut self.core, &mut self.transport);
        let (segment, me, there) = transport.pair(to);
        let segment = segment.clone();
        let Out::Data { request, theirs, at, len, claims: Some(claims) } = core.outbox.first(to) else {
            return (false, false);
        };
        let index = *request;
        let data = core.requests.at(index).send_buf();
        let piece = piece_bytes(&segment, *len as u64) as usize;
        let pieces = len.div_ceil(piece) as u64;
        let word = segment.transfer(me, there, claims.transfer);
        let mut moved = false;
        loop {
            if *at == claims.end && *at < *len {
                // What is claimed must reach the receiver without a further call of this rank.
                let here = piece.min(*len - *at);
                if !transport.fits_whole(to, here, here) {
                    return (moved, false);
                }
                if word.take(claims.generation, pieces, true).is_none() {
                    transport.fits_none();
                    core.left(index, false);
                    return (true, true);
                }
                claims.end += here;
            }
            if *at == *len {
                core.left(index, true);
                return (true, true);
            }
            let head = Head { kind: wire::DATA, context: 0, tag: 0, mark: 0 };
            let part = &data.bytes()[*at..claims.end];
            let Some(sent) = transport.try_bulk(to, head, [*theirs, 0, 0, 0, 0], part, part.len()) else {
                return (moved, false);
            };
            moved = true;
            *at += sent;
        }
    }
}

impl Core {
    /// The receiver wants a message of ours through the ring.
    pub(super) fn wanted_by_ring(&mut self, from: usize, words: Words) {
        let Some(id) = RequestId::from_word(words[0]) else { return };
        let Some(request) = self.requests.get(id) else { return };
        let ours = !request.is_recv() && request.state == State::Active && request.peer == Some(from);
        if !ours || request.streaming {
            return;
        }
        if request.stored && words[3] == 0 && words[4] == 0 {
            // It has been told in the meantime where the message lies.
            return;
        }
        let len = (words[2] as usize).min(request.send_buf().len());
        let claims = (words[3] as usize)
            .checked_sub(1)
            .filter(|&transfer| transfer < ranks_shm::bounds::TRANSFERS)
            .map(|transfer| Claims { transfer, generation: words[4], end: 0 });
        if request.detached && claims.is_some() {
            // A call that is over must need nothing more of this process. The receiver fetches all by itself.
            return;
        }
        request.streaming = claims.is_some();
        self.outbox.push(from, Out::Data { request: id.index(), theirs: words[1], at: 0, len, claims });
    }

    /// This rank puts no more of a message of its own into the ring: either all of it has gone, or the receiver
    /// has fetched the rest, or is about to, and says so.
    fn left(&mut self, index: u32, all: bool) {
        let request = self.requests.at(index);
        request.streaming = false;
        if all || request.answered {
            self.finish(index);
        }
    }

    /// How long nothing must have come of a message before its receiver fetches some of it.
    fn stall(&mut self, from: usize, len: u64, piece: u64) -> Duration {
        let choice = self.ways.choice(from, super::ways::Ways::octave(len));
        let costs = [choice.cost(Way::Alone), choice.cost(Way::Ring)];
        let nanos = match costs.into_iter().flatten().reduce(f32::max) {
            Some(cost) => ((2 * piece) as f32 * cost) as u64,
            None => STALL_FIRST_NANOS,
        };
        Duration::from_nanos(nanos.min(STALL_MOST_NANOS))
    }

    /// The request of a stream is done, or has failed.
    pub(super) fn end_stream(&mut self, id: RequestId) {
        let Some(at) = self.streams.iter().position(|stream| stream.id == id) else { return };
        let stream = self.streams.swap_remove(at);
        if stream.fetched && !stream.told && self.gone[stream.from].is_none() {
            self.answer(stream.from, stream.request, false);
        }
        self.end_burst();
    }
}
