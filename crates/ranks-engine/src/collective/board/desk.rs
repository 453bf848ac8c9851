//! One rank's part in a collective on a board: room, posts, and what the others have posted.
//!
//! The protocol is that of `ranks_shm::board`. A rank posts at its own desk and reads at those of the others. What
//! it posts in a round goes into one line (what it is, and up to [`POST_DATA`] bytes), longer things in
//! pieces into the two halves of its buffer in turn: piece k of round r into half (r + k) mod 2.

#![allow(unsafe_code)]

use super::super::Part;
use crate::bounds::{BOARD_PIECE, LEFT_EARLY_LOOKS};
use crate::group::{Comm, Own};
use crate::memory::SendBuf;
use ranks_shm::blocked::Call;
use ranks_shm::board::{Board, POST_DATA, word};
use ranks_shm::bounds::POSTS;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

/// Why a collective on a board cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The peer has left the round without posting what this rank waits for.
    Left(usize),
    /// The peer is in another collective.
    Call(usize, Call),
    /// The peer's length, and the one expected of it.
    Length(usize, u64, u64),
}

pub(super) type Outcome<R> = std::result::Result<R, Fault>;

/// The parts of a buffer, by rank.
pub(super) enum Parts {
    Equal(usize),
    Each(Vec<Part>),
}

impl Parts {
    pub fn of(&self, rank: usize) -> Part {
        match self {
            Parts::Equal(len) => Part { at: rank * len, len: *len },
            Parts::Each(parts) => parts[rank],
        }
    }
}

/// How a post is to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// In the line.
    Line,
    /// In the halves, in pieces of 2^n bytes.
    Pieces(u8),
    /// By messages: the board only says so.
    Messages,
}

impl How {
    fn byte(self) -> u8 {
        match self {
            How::Line => 0,
            How::Pieces(log) => log,
            How::Messages => u8::MAX,
        }
    }

    fn from_byte(byte: u8) -> Self {
        match byte {
            0 => How::Line,
            u8::MAX => How::Messages,
            log => How::Pieces(log),
        }
    }
}

/// A collective under way.
pub(super) struct Desk {
    board: Board,
    comm: Arc<Comm>,
    fences: bool,
    call: Call,
    /// This rank, and how many there are.
    pub me: usize,
    pub size: usize,
    /// Every rank has a CPU.
    pub fits: bool,
    round: u64,
    looks: Own,
}

/// Length and way of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meta {
    pub len: u64,
    pub how: How,
}

const LEN_BITS: u32 = 48;

impl Desk {
    pub fn new(board: Board, comm: Arc<Comm>, call: Call, fits: bool) -> Self {
        let round = comm.seat.round.get() + 1;
        comm.seat.round.set(round);
        let (me, size) = (comm.me as usize, comm.size() as usize);
        let fences = board.segment().fences();
        let looks = Own::from(0);
        Self { board, comm, fences, call, me, size, fits, round, looks }
    }

    /// The others, beginning with the next one.
    pub fn others(&self) -> impl Iterator<Item = usize> + use<> {
        let (me, size) = (self.me, self.size);
        (1..size).map(move |k| (me + k) % size)
    }

    /// Bytes of a piece at most.
    pub fn half_bytes(&self) -> usize {
        self.board.half_bytes()
    }

    fn wake_others(&self) {
        for rank in self.others() {
            if let Some(slot) = self.comm.slot_of(rank as i32) {
                self.board.segment().wake(slot, self.fences);
            }
        }
    }

    async fn until(&self, peer: usize, mut look: impl FnMut() -> bool) {
        poll_fn(|_| {
            if look() {
                return Poll::Ready(());
            }
            self.comm.seat.waits_for.set(peer as u64);
            Poll::Pending
        })
        .await
    }

    /// Waits until `peer` is done with everything up to `wanted`.
    async fn done_by(&self, peer: usize, wanted: u64) {
        let known = &self.comm.seat.known[peer];
        if peer == self.me || known.get() >= wanted {
            return;
        }
        self.until(peer, || known.raise(self.board.done(peer)) >= wanted).await;
    }

    async fn all_done(&self, wanted: u64) {
        for peer in 0..self.size {
            self.done_by(peer, wanted).await;
        }
    }

    /// Waits until all are done with the line that this round uses.
    async fn line_room(&self) {
        self.all_done(word((self.round + 1).saturating_sub(POSTS as u64), 0)).await;
    }

    /// Waits until the half of piece `k` may be written: by its `reader`, or all.
    pub async fn piece_room(&self, k: usize, reader: Option<usize>) {
        let wanted = match k {
            0 if self.comm.seat.both.get() + 1 < self.round => word(self.round - 1, 0),
            0 | 1 => word(self.round, 0),
            _ => word(self.round, k as u64 - 1),
        };
        match reader {
            Some(reader) if k > 1 => self.done_by(reader, wanted).await,
            _ => self.all_done(wanted).await,
        }
        if k > 0 {
            self.comm.seat.both.set(self.round);
        }
    }

    fn describe(&self, len: usize, how: How, data: &[u8]) {
        let meta = u64::from(self.call as u8) << 56 | u64::from(how.byte()) << LEN_BITS | len as u64;
        // SAFETY: this rank's own line, and `line_room` has been waited for by all callers.
        unsafe { self.board.post(self.me, self.round).write(meta, data) };
    }

    /// Says that so many posts of this round are there.
    pub fn publish(&self, posts: usize) {
        self.board.post(self.me, self.round).publish(word(self.round, posts as u64));
        self.wake_others();
    }

    /// Posts what fits in the line.
    pub async fn post_line(&self, bytes: &[u8]) {
        debug_assert!(bytes.len() <= POST_DATA);
        self.line_room().await;
        self.describe(bytes.len(), How::Line, bytes);
        self.publish(1);
    }

    /// Posts that `len` bytes come by messages.
    pub async fn post_messages(&self, len: usize) {
        self.line_room().await;
        self.describe(len, How::Messages, &[]);
        self.publish(1);
    }

    /// Says what comes in pieces; published with the first of them.
    pub async fn announce(&self, len: usize, log: u8) {
        self.line_room().await;
        self.describe(len, How::Pieces(log), &[]);
    }

    /// Lays down piece `k`, made of parts one after the other; [`Self::publish`] is next.
    pub async fn lay(&self, k: usize, reader: Option<usize>, parts: impl IntoIterator<Item = SendBuf>) {
        self.piece_room(k, reader).await;
        let mut at = 0;
        for part in parts {
            // SAFETY: nobody reads the half before it is published (it has been waited for), and no other
            // reference to it exists in this rank.
            let to = unsafe { self.own_piece(k, at, part.len()) };
            // SAFETY: `to` is ours, as was just said.
            unsafe { self.comm.seat.pace.lay(part.bytes(), to.as_mut_ptr()) };
            at += part.len();
        }
    }

    /// Puts what this rank has reduced where its own elements of piece `k` were, which nobody else reads.
    pub fn lay_reduced(&self, k: usize, at: usize, bytes: &[u8]) {
        // SAFETY: nobody else reads this slice before it is published, and there is no other reference to it.
        let to = unsafe { self.own_piece(k, at, bytes.len()) };
        // SAFETY: as long as `bytes`, and ours.
        unsafe { self.comm.seat.pace.lay(bytes, to.as_mut_ptr()) };
    }

    /// Posts a whole buffer, in the line or as one piece, as its length asks.
    pub async fn post(&self, buf: SendBuf) {
        if buf.len() <= POST_DATA {
            self.post_line(buf.bytes()).await;
        } else {
            self.announce(buf.len(), self.whole_half()).await;
            self.lay(0, None, [buf]).await;
            self.publish(1);
        }
    }

    /// The length of a piece of what goes one way: a whole half where ranks share CPUs, so that they need not take
    /// turns; else shorter, so that whoever reads begins while the rest is written.
    pub fn one_way_piece(&self) -> usize {
        if self.fits { BOARD_PIECE.min(self.half_bytes()) } else { self.half_bytes() }
    }

    /// The length of a piece that fills a half, as a power of two.
    pub fn whole_half(&self) -> u8 {
        self.half_bytes().ilog2() as u8
    }

    fn half_of(&self, k: usize) -> usize {
        ((self.round + k as u64) % 2) as usize
    }

    /// A part of this rank's piece `k`.
    ///
    /// # Safety
    /// No other rank reads this part now, and this rank holds no other reference to it.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn own_piece(&self, k: usize, at: usize, len: usize) -> &mut [u8] {
        assert!(at + len <= self.half_bytes(), "a piece is no longer than a half");
        let half = self.board.half(self.me, self.half_of(k));
        // SAFETY: inside the half by the assertion; alone by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(half.as_ptr().add(at), len) }
    }

    /// Waits until a peer has made so many posts; what it says of them.
    pub async fn posted(&self, peer: usize, posts: usize) -> Outcome<Meta> {
        let post = self.board.post(peer, self.round);
        let wanted = word(self.round, posts as u64);
        let mut left = false;
        self.until(peer, || {
            if post.word() >= wanted {
                return true;
            }
            // Seldom: the line of what it is done with is better left where it is written.
            self.looks.set(self.looks.get() + 1);
            if self.looks.get().is_multiple_of(LEFT_EARLY_LOOKS)
                && self.board.done(peer) >= word(self.round + 1, 0)
            {
                // It may have posted before it left.
                left = post.word() < wanted;
                return true;
            }
            false
        })
        .await;
        let meta = post.meta();
        if post.word() < word(self.round, 1) {
            return Err(Fault::Left(peer));
        }
        let known = &self.comm.seat.known[peer];
        // To be in this round is to be done with the one before.
        known.raise(word(self.round, 0));
        let call = Call::from_number((meta >> 56) as u32);
        if call != self.call {
            return Err(Fault::Call(peer, call));
        }
        if left {
            return Err(Fault::Left(peer));
        }
        let how = How::from_byte((meta >> LEN_BITS) as u8);
        Ok(Meta { len: meta & ((1 << LEN_BITS) - 1), how })
    }

    /// The same, of a post of a known length.
    pub async fn posted_of(&self, peer: usize, posts: usize, len: usize) -> Outcome<How> {
        let meta = self.posted(peer, posts).await?;
        // A message of another length is taken in, and found then.
        if meta.len != len as u64 && meta.how != How::Messages {
            return Err(Fault::Length(peer, meta.len, len as u64));
        }
        Ok(meta.how)
    }

    /// The bytes `at..at + len` of piece `k` that a peer has posted; they stay until this rank is done.
    pub fn piece(&self, peer: usize, k: usize, at: usize, len: usize) -> &[u8] {
        assert!(at + len <= self.half_bytes(), "a piece is no longer than a half");
        let half = self.board.half(peer, self.half_of(k));
        // SAFETY: inside the half by the assertion; published before (the caller has waited for it), and the
        // peer writes there again only when this rank has said that it is done.
        unsafe { std::slice::from_raw_parts(half.as_ptr().add(at), len) }
    }

    /// The bytes `at..at + len` of a whole post, wherever they are.
    pub fn whole(&self, peer: usize, how: How, at: usize, len: usize) -> &[u8] {
        match how {
            How::Line => {
                // SAFETY: published before (the caller has waited for it).
                let line = unsafe { self.board.post(peer, self.round).data(POST_DATA) };
                &line[at..at + len]
            }
            _ => self.piece(peer, 0, at, len),
        }
    }

    /// Says that this rank is done with so many pieces of this round.
    pub fn done_with(&self, pieces: usize) {
        self.board.publish_done(self.me, word(self.round, pieces as u64));
        self.wake_others();
    }
}

impl Drop for Desk {
    /// However the collective went, this rank has left its round.
    fn drop(&mut self) {
        self.board.publish_done(self.me, word(self.round + 1, 0));
        self.wake_others();
    }
}
