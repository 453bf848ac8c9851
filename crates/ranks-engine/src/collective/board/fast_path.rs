//! Collectives of short things, each in its line or one piece in a half, within the call: what usually happens, without
//! what waiting and errors need. Whatever is not as usual (a place that may not be written yet, a peer that does not come
//! soon or is in another call) goes on in the `async` function of the same collective, in the same round.

#![allow(unsafe_code)]

use super::super::Part;
use super::reduce::{fold, room};
use super::round::meta;
use super::storage::Storage;
use crate::bounds::BOARD_SHORT;
use crate::group::Comm;
use crate::memory::{RecvBuf, SendBuf};
use crate::op::Op;
use ranks_shm::blocked::Call;
use ranks_shm::board::{Board, POST_DATA, word};
use ranks_shm::bounds::POSTS;
use std::mem::MaybeUninit;

/// A round in which each rank posts once at most, and what it posts is short.
pub struct FastPath<'c> {
    comm: &'c Comm,
    board: &'c Board,
    me: usize,
    round: u64,
    meta: u64,
    in_half: bool,
    looks: u32,
}

impl<'c> FastPath<'c> {
    /// The next round, if posts of `len` bytes are short and this rank may post.
    #[inline]
    pub fn next(comm: &'c Comm, board: &'c Board, call: Call, len: usize, mut looks: u32) -> Option<Self> {
        let in_half = len > POST_DATA;
        if len > BOARD_SHORT {
            return None;
        }
        let (me, round) = (comm.me as usize, comm.board_state.round.get() + 1);
        let mut free = word((round + 1).saturating_sub(POSTS as u64), 0);
        if in_half {
            free = free.max(comm.board_state.half_is_free_at(round));
        }
        for (peer, known) in comm.board_state.known.iter().enumerate() {
            while peer != me && known.get() < free && known.raise(board.done(peer)) < free {
                looks = looks.checked_sub(1)?;
                std::hint::spin_loop();
            }
        }
        let how = if in_half { Storage::Half } else { Storage::Line };
        Some(Self { comm, board, me, round, meta: meta(call, how, len), in_half, looks })
    }

    fn wake_others(&self) {
        let segment = self.board.segment();
        let fences = segment.fences();
        for (rank, slot) in self.comm.slots().enumerate() {
            if rank != self.me {
                segment.wake(slot, fences);
            }
        }
    }

    /// Enters the round with a post.
    #[inline]
    fn post(&self, bytes: &[u8]) {
        let (line, state) = (self.board.post(self.me, self.round), &self.comm.board_state);
        let mut in_line = bytes;
        if self.in_half {
            assert!(bytes.len() <= BOARD_SHORT, "shorter than a half");
            let half = self.board.half(self.me, (self.round % 2) as usize);
            // SAFETY: inside the half by the assertion; all are done with what was there: `next` has looked. This rank
            // keeps no reference to its own halves.
            unsafe { state.pace.store(bytes, half.as_ptr()) };
            in_line = &[];
        }
        // SAFETY: this rank's own line, and all are done with what was there: `next` has looked.
        unsafe { line.write(self.meta, in_line) };
        line.publish(word(self.round, 1));
        state.round.set(self.round);
        self.wake_others();
    }

    /// Whether a peer's post comes soon, and is of this call and length.
    #[inline]
    fn comes(&self, peer: usize) -> Option<()> {
        let post = self.board.post(peer, self.round);
        let mut looks = self.looks;
        while post.word() != word(self.round, 1) {
            looks = looks.checked_sub(1)?;
            std::hint::spin_loop();
        }
        if post.meta() != self.meta {
            return None;
        }
        // To be in this round is to be done with the one before.
        self.comm.board_state.known[peer].raise(word(self.round, 0));
        Some(())
    }

    /// A peer's post that has come; it stays until this rank says that it is done.
    #[inline]
    fn row(&self, peer: usize, len: usize) -> &[u8] {
        debug_assert_eq!(self.board.post(peer, self.round).word(), word(self.round, 1));
        if self.in_half {
            assert!(len <= BOARD_SHORT, "shorter than a half");
            let half = self.board.half(peer, (self.round % 2) as usize);
            // SAFETY: inside the half by the assertion; published, as `comes` has seen.
            return unsafe { std::slice::from_raw_parts(half.as_ptr(), len) };
        }
        // SAFETY: published, as `comes` has seen.
        unsafe { self.board.post(peer, self.round).data(len) }
    }

    /// Leaves the round.
    #[inline]
    fn leave(&self) -> bool {
        self.comm.board_state.round.set(self.round);
        self.board.publish_done(self.me, word(self.round + 1, 0));
        self.wake_others();
        true
    }

    /// What was posted stays; the rest of the round is done elsewhere.
    #[cold]
    fn go_on_elsewhere(&self) -> bool {
        self.comm.board_state.posted.set(self.round);
        false
    }

    /// Posts, and needs nothing of the others.
    #[inline]
    pub fn tell(&self, bytes: &[u8]) -> bool {
        self.post(bytes);
        self.leave()
    }

    /// Takes the post of `peer`, without one of this rank.
    #[inline]
    pub fn take(&self, peer: usize, at: usize, to: RecvBuf, len: usize) -> bool {
        if self.comes(peer).is_none() {
            return false;
        }
        to.write(0, &self.row(peer, len)[at..at + to.len()]);
        self.leave()
    }

    /// Takes the posts of all others, `take` each, after a post of this rank's if there is one.
    #[inline]
    pub fn take_all(&self, post: Option<SendBuf>, len: usize, mut take: impl FnMut(usize, &[u8])) -> bool {
        if let Some(post) = post {
            self.post(post.bytes());
        }
        let others = || (0..self.comm.slots.len()).filter(|&rank| rank != self.me);
        if !others().all(|peer| self.comes(peer).is_some()) {
            return post.is_some() && self.go_on_elsewhere();
        }
        for peer in others() {
            take(peer, self.row(peer, len));
        }
        self.leave()
    }

    /// Reduces the elements `at` on of all, after a post of this rank's if it `posts`.
    #[inline]
    pub fn reduce(&self, own: SendBuf, posts: bool, op: &mut Op<'_>, at: usize, to: RecvBuf) -> bool {
        if posts {
            self.post(own.bytes());
        }
        let (size, len) = (self.comm.slots.len(), to.len());
        if !(0..size).rev().all(|rank| rank == self.me || self.comes(rank).is_some()) {
            return posts && self.go_on_elsewhere();
        }
        let mut kept = Room::new();
        let mine = match to.overlaps(own) {
            true => kept.copy(&own.bytes()[at..at + len]),
            false => &own.bytes()[at..at + len],
        };
        let row = |rank: usize| match rank == self.me {
            true => &*mine,
            false => &self.row(rank, own.len())[at..at + len],
        };
        fold(op, room(to, Part { at: 0, len }), (0..size).map(row));
        self.leave()
    }

    /// Reduces with what the rank before passes on, and passes that on.
    #[inline]
    pub fn scan(&self, own: SendBuf, op: &mut Op<'_>, inclusive: bool, to: RecvBuf) -> bool {
        let len = own.len();
        let mut result = Room::new();
        let result = result.copy(own.bytes());
        let mut before = None;
        if self.me > 0 {
            if self.comes(self.me - 1).is_none() {
                return false;
            }
            let row = self.row(self.me - 1, len);
            op.apply(row, result);
            before = Some(row);
        }
        if self.me + 1 < self.comm.slots.len() {
            self.post(result);
        }
        match (inclusive, before) {
            (true, _) => to.write(0, result),
            (false, Some(before)) => to.write(0, before),
            (false, None) => {}
        }
        self.leave()
    }
}

/// Room for a short post, not cleared before.
struct Room([MaybeUninit<u8>; BOARD_SHORT]);

impl Room {
    #[inline(always)]
    fn new() -> Self {
        Self([const { MaybeUninit::uninit() }; BOARD_SHORT])
    }

    #[inline]
    fn copy(&mut self, bytes: &[u8]) -> &mut [u8] {
        let room = &mut self.0[..bytes.len()];
        // SAFETY: as long as the bytes, which are elsewhere: this room is borrowed alone. All of what is handed out has then
        // been written.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), room.as_mut_ptr().cast(), bytes.len());
            std::slice::from_raw_parts_mut(room.as_mut_ptr().cast(), bytes.len())
        }
    }
}
