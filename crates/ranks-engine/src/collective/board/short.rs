//! Collectives of a few bytes, in the lines alone and within the call: what usually happens, without what waiting
//! and errors need. Whatever is not as usual (a line that may not be written yet, a peer that does not come soon or
//! is in another call) goes on in the `async` function of the same collective, in the same round.

#![allow(unsafe_code)]

use super::desk::meta;
use super::lay::How;
use crate::group::Comm;
use crate::memory::{RecvBuf, SendBuf};
use crate::op::Op;
use ranks_shm::blocked::Call;
use ranks_shm::board::{Board, POST_DATA, word};
use ranks_shm::bounds::POSTS;

/// A round in which each post is a line.
pub(super) struct Short<'c> {
    comm: &'c Comm,
    board: &'c Board,
    me: usize,
    round: u64,
    meta: u64,
    looks: u32,
}

impl<'c> Short<'c> {
    /// The next round, if posts of `len` bytes are short and this rank's line is free, as far as is known.
    #[inline]
    pub fn next(comm: &'c Comm, board: &'c Board, call: Call, len: usize, looks: u32) -> Option<Self> {
        if len > POST_DATA {
            return None;
        }
        let (me, round) = (comm.me as usize, comm.seat.round.get() + 1);
        let free = word((round + 1).saturating_sub(POSTS as u64), 0);
        let known = |(rank, known): (usize, &crate::group::Own)| rank == me || known.get() >= free;
        let meta = meta(call, How::Line, len);
        let all = comm.seat.known.iter().enumerate().all(known);
        all.then_some(Self { comm, board, me, round, meta, looks })
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
        let (line, seat) = (self.board.post(self.me, self.round), &self.comm.seat);
        // SAFETY: this rank's own line, and all are done with what was there: `next` has looked.
        unsafe { line.write(self.meta, bytes) };
        line.publish(word(self.round, 1));
        seat.round.set(self.round);
        self.wake_others();
    }

    /// A peer's line, if it comes soon and is of this call and length.
    #[inline]
    fn line(&self, peer: usize, len: usize) -> Option<&[u8]> {
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
        self.comm.seat.known[peer].raise(word(self.round, 0));
        // SAFETY: published, as was just seen; it stays until this rank says that it is done.
        Some(unsafe { post.data(len) })
    }

    /// Leaves the round.
    #[inline]
    fn leave(&self) -> bool {
        self.comm.seat.round.set(self.round);
        self.board.publish_done(self.me, word(self.round + 1, 0));
        self.wake_others();
        true
    }

    /// What was posted stays; the rest of the round is done elsewhere.
    #[cold]
    fn go_on_elsewhere(&self) -> bool {
        self.comm.seat.posted.set(self.round);
        false
    }

    /// Posts, and needs nothing of the others.
    #[inline]
    pub fn tell(&self, bytes: &[u8]) -> bool {
        self.post(bytes);
        self.leave()
    }

    /// Takes the line of `peer`, without a post of this rank.
    #[inline]
    pub fn take(&self, peer: usize, at: usize, to: RecvBuf, len: usize) -> bool {
        let Some(line) = self.line(peer, len) else { return false };
        to.write(0, &line[at..at + to.len()]);
        self.leave()
    }

    /// Takes the lines of all others, `take` each, after a post of this rank's if there is one.
    #[inline]
    pub fn take_all(&self, post: Option<SendBuf>, len: usize, mut take: impl FnMut(usize, &[u8])) -> bool {
        if let Some(post) = post {
            self.post(post.bytes());
        }
        let size = self.comm.slots.len();
        let others = || (0..size).filter(|&rank| rank != self.me);
        if !others().all(|peer| self.line(peer, len).is_some()) {
            return post.is_some() && self.go_on_elsewhere();
        }
        for peer in others() {
            // SAFETY: seen before; it stays until this rank says that it is done.
            take(peer, unsafe { self.board.post(peer, self.round).data(len) });
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
        let mut reduced = [0; POST_DATA];
        for rank in (0..size).rev() {
            let row = match rank == self.me {
                true => own.bytes(),
                false => match self.line(rank, own.len()) {
                    Some(line) => line,
                    None => return posts && self.go_on_elsewhere(),
                },
            };
            let row = &row[at..at + len];
            match rank == size - 1 {
                true => reduced[..len].copy_from_slice(row),
                false => op.apply(row, &mut reduced[..len]),
            }
        }
        to.write(0, &reduced[..len]);
        self.leave()
    }

    /// Reduces with what the rank before passes on, and passes that on.
    #[inline]
    pub fn scan(&self, own: SendBuf, op: &mut Op<'_>, inclusive: bool, to: RecvBuf) -> bool {
        let len = own.len();
        let mut result = [0; POST_DATA];
        let result = &mut result[..len];
        result.copy_from_slice(own.bytes());
        let mut before = None;
        if self.me > 0 {
            let Some(line) = self.line(self.me - 1, len) else { return false };
            op.apply(line, result);
            before = Some(line);
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
