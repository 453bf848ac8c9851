//! One rank's part in a collective on a board: what it posts, what the others have posted, leaving.
//!
//! The protocol is that of `ranks_shm::board`. A rank posts at its own round and reads at those of the others. What
//! it posts in a round goes into one line: what it is, and up to [`POST_DATA`] bytes; `storage` says where longer things
//! are.

#![allow(unsafe_code)]

use super::super::{Part, Parts};
use super::storage::Storage;
use crate::bounds::LEFT_EARLY_LOOKS;
use crate::group::{Comm, Own};
use ranks_shm::blocked::Call;
use ranks_shm::board::{Board, POST_DATA, word};
use ranks_shm::bounds::POSTS;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

/// Why a collective on a board cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The peer has left the round without posting what this rank waits for.
    Left(usize),
    /// The peer is in another collective.
    Call(usize, Call),
    /// The peer's length, and the one expected of it.
    Length(usize, u64, u64),
    /// The peer posts in another way: its elements are of another size.
    Way(usize),
}

pub type Outcome<R> = std::result::Result<R, Fault>;

/// The parts of a buffer, by rank, for a collective that can outlive the call.
pub enum OwnParts {
    Equal(usize),
    Each(Vec<Part>),
}

impl OwnParts {
    pub fn of(&self, rank: usize) -> Part {
        match self {
            OwnParts::Equal(len) => Part { at: rank * len, len: *len },
            OwnParts::Each(parts) => parts[rank],
        }
    }
}

impl From<Parts<'_>> for OwnParts {
    fn from(parts: Parts<'_>) -> Self {
        match parts {
            Parts::Equal(len) => OwnParts::Equal(len),
            Parts::Each(parts) => OwnParts::Each(parts.to_vec()),
        }
    }
}

/// A collective under way.
pub struct Round {
    pub(super) board: Board,
    pub(super) comm: Arc<Comm>,
    fences: bool,
    call: Call,
    /// This rank, and how many there are.
    pub me: usize,
    pub size: usize,
    pub(super) round: u64,
    looks: Own,
}

/// Length and way of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    pub len: u64,
    pub how: Storage,
}

const LEN_BITS: u32 = 48;

/// What a post says of itself.
#[inline]
pub(super) fn meta(call: Call, how: Storage, len: usize) -> u64 {
    u64::from(call as u8) << 56 | u64::from(how.byte()) << LEN_BITS | len as u64
}

impl Round {
    pub fn new(board: Board, comm: Arc<Comm>, call: Call) -> Self {
        let posted = comm.board_state.posted.get() > 0;
        let round = comm.board_state.round.get() + u64::from(!posted);
        comm.board_state.round.set(round);
        let (me, size) = (comm.me as usize, comm.size() as usize);
        let fences = board.segment().fences();
        let looks = Own::from(0);
        Self { board, comm, fences, call, me, size, round, looks }
    }

    /// The others, beginning with the next one.
    pub fn others(&self) -> impl Iterator<Item = usize> + use<> {
        let (me, size) = (self.me, self.size);
        (1..size).map(move |k| (me + k) % size)
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
            self.comm.board_state.waits_for.set(peer as u64);
            Poll::Pending
        })
        .await
    }

    /// Waits until `peer` is done with everything up to `wanted`.
    pub(super) async fn done_by(&self, peer: usize, wanted: u64) {
        let known = &self.comm.board_state.known[peer];
        if peer == self.me || known.get() >= wanted {
            return;
        }
        self.until(peer, || known.raise(self.board.done(peer)) >= wanted).await;
    }

    pub(super) async fn all_done(&self, wanted: u64) {
        for peer in 0..self.size {
            self.done_by(peer, wanted).await;
        }
    }

    /// Waits until all are done with the line that this round uses.
    pub(super) async fn line_room(&self) {
        self.all_done(word((self.round + 1).saturating_sub(POSTS as u64), 0)).await;
    }

    pub(super) fn describe(&self, len: usize, how: Storage, data: &[u8]) {
        let meta = meta(self.call, how, len);
        // SAFETY: this rank's own line, and `line_room` has been waited for by all callers.
        unsafe { self.board.post(self.me, self.round).write(meta, data) };
    }

    /// Says that so many posts of this round are there.
    pub fn publish(&self, posts: usize) {
        self.board.post(self.me, self.round).publish(word(self.round, posts as u64));
        self.wake_others();
    }

    /// What this rank posts in this round, or its first piece, is there already: [`super::fast_path`] has left the rest here.
    pub(super) fn has_posted(&self) -> bool {
        self.comm.board_state.posted.get() == self.round
    }

    /// Posts what fits in the line.
    pub async fn post_line(&self, bytes: &[u8]) {
        debug_assert!(bytes.len() <= POST_DATA);
        if self.has_posted() {
            return;
        }
        self.line_room().await;
        self.describe(bytes.len(), Storage::Line, bytes);
        self.publish(1);
    }

    /// Posts that `len` bytes come by messages.
    pub async fn post_messages(&self, len: usize) {
        self.line_room().await;
        self.describe(len, Storage::Messages, &[]);
        self.publish(1);
    }

    /// How what a peer has posted is to be had.
    pub fn how_of(&self, peer: usize) -> Storage {
        Storage::from_byte((self.board.post(peer, self.round).meta() >> LEN_BITS) as u8)
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
        let known = &self.comm.board_state.known[peer];
        // To be in this round is to be done with the one before.
        known.raise(word(self.round, 0));
        let call = Call::from_number((meta >> 56) as u32);
        if call != self.call {
            return Err(Fault::Call(peer, call));
        }
        if left {
            return Err(Fault::Left(peer));
        }
        let how = self.how_of(peer);
        Ok(Meta { len: meta & ((1 << LEN_BITS) - 1), how })
    }

    /// Waits for so many posts of a known length; where they lie.
    pub async fn posted_of(&self, peer: usize, posts: usize, len: usize) -> Outcome<Storage> {
        let meta = self.posted(peer, posts).await?;
        // A message of another length is taken in, and found then.
        if meta.len != len as u64 && meta.how != Storage::Messages {
            return Err(Fault::Length(peer, meta.len, len as u64));
        }
        Ok(meta.how)
    }

    /// Waits for so many posts of a known length that lie as this rank's own.
    pub async fn posted_like(&self, peer: usize, posts: usize, len: usize, how: Storage) -> Outcome<()> {
        match self.posted_of(peer, posts, len).await?.is_like(how) {
            true => Ok(()),
            false => Err(Fault::Way(peer)),
        }
    }

    /// Waits until all others have made so many posts of a known length that lie as this rank's own.
    pub async fn all_posted(&self, posts: usize, len: usize, how: Storage) -> Outcome<()> {
        for peer in self.others() {
            self.posted_like(peer, posts, len, how).await?;
        }
        Ok(())
    }

    /// Says that this rank is done with so many pieces of this round.
    pub fn done_with(&self, pieces: usize) {
        self.board.publish_done(self.me, word(self.round, pieces as u64));
        self.wake_others();
    }
}

impl Drop for Round {
    /// However the collective went, this rank has left its round.
    fn drop(&mut self) {
        self.comm.board_state.posted.set(0);
        self.board.publish_done(self.me, word(self.round + 1, 0));
        self.wake_others();
    }
}
