//! Where what a rank posts lies: in its line, in a half of its buffer, or in its ring.
//!
//! FastPath things are in the line. What fits in a half and is not long goes there, piece k of round r into half
//! (r + k) mod 2, so the same few lines are used again and stay in the caches. Long things go into the ring in
//! pieces of a slot, one slot after the other across all rounds, because lines that both sides hold are slow to
//! take back. The line says which, and of the ring the first slot.

#![allow(unsafe_code)]

use super::super::Part;
use super::round::{Outcome, Round};
use crate::bounds::{BOARD_RING, BOARD_WHOLE};
use crate::group::Own;
use crate::memory::{RecvBuf, SendBuf};
use ranks_shm::board::{POST_DATA, word};
use ranks_shm::bounds::{BOARD_SLOT, PREPARED_SLOTS};

/// How a post is to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// In the line.
    Line,
    /// In the halves in turn.
    Half,
    /// In the ring, from this slot on.
    Ring(u8),
    /// By messages: the board only says so.
    Messages,
}

const RING: u8 = 64;

impl Storage {
    pub fn byte(self) -> u8 {
        match self {
            Storage::Line => 0,
            Storage::Half => 1,
            Storage::Ring(slot) => RING + slot,
            Storage::Messages => u8::MAX,
        }
    }

    pub fn from_byte(byte: u8) -> Self {
        match byte {
            0 => Storage::Line,
            u8::MAX => Storage::Messages,
            RING.. => Storage::Ring(byte - RING),
            _ => Storage::Half,
        }
    }

    /// Pieces are laid and read alike.
    pub fn is_like(self, other: Storage) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }
}

/// The longest that is posted whole, by the bytes of a ring and of a half.
pub(super) fn longest(ring: usize, half: usize) -> usize {
    BOARD_WHOLE.min(ring).max(half)
}

/// Lengths of the pieces of `len` bytes, none cut inside an element.
pub(super) fn pieces(len: usize, most: usize, element: usize) -> impl Iterator<Item = (usize, Part)> {
    let each = (most / element).max(1) * element;
    (0..len).step_by(each).enumerate().map(move |(k, at)| (k, Part { at, len: each.min(len - at) }))
}

impl Round {
    /// Bytes of a half.
    pub fn half_bytes(&self) -> usize {
        self.board.half_bytes()
    }

    /// The longest that is posted whole, without waiting for those who read it.
    pub fn longest(&self) -> usize {
        longest(self.board.slots() * BOARD_SLOT, self.half_bytes())
    }

    /// How this rank posts `len` bytes: all ranks find the same, but for the slot.
    pub fn way(&self, len: usize, element: usize) -> Storage {
        match len {
            0..=POST_DATA => Storage::Line,
            BOARD_RING.. if element <= BOARD_SLOT && self.board.slots() > 0 => {
                Storage::Ring(self.comm.board_state.ring.next.get() as u8)
            }
            _ => Storage::Half,
        }
    }

    /// Bytes of a piece at most.
    pub fn piece_bytes(&self, how: Storage) -> usize {
        match how {
            Storage::Ring(_) => BOARD_SLOT,
            _ => self.half_bytes(),
        }
    }

    /// Says what comes in pieces; published with the first of them. What is in the line comes whole.
    pub async fn announce(&self, how: Storage, len: usize) {
        if how != Storage::Line {
            if self.has_posted() {
                return;
            }
            self.line_room().await;
            self.describe(len, how, &[]);
        } else if len == 0 {
            self.post_line(&[]).await;
        }
    }

    /// Posts piece `k`. Its `reader`, or all, must be done with what was there.
    pub async fn put(&self, how: Storage, k: usize, reader: Option<usize>, bytes: &[u8]) {
        match how {
            Storage::Line => return self.post_line(bytes).await,
            _ if k == 0 && self.has_posted() => return,
            Storage::Ring(first) => self.put_in_ring(usize::from(first) + k, k, reader, bytes).await,
            _ => {
                self.half_room(k, reader).await;
                self.write_half(k, 0, bytes);
            }
        }
        self.publish(k + 1);
    }

    /// Posts a whole buffer, which is no longer than a half, or the ring.
    pub async fn post(&self, buf: SendBuf) {
        let how = self.way(buf.len(), 1);
        self.announce(how, buf.len()).await;
        for (k, part) in pieces(buf.len(), self.piece_bytes(how), 1) {
            self.put(how, k, None, buf.of_part(part).bytes()).await;
        }
    }

    /// Posts as one piece in a half what is made of parts, one after the other.
    pub async fn put_parts(&self, k: usize, parts: impl IntoIterator<Item = SendBuf>) {
        if k == 0 && self.has_posted() {
            return;
        }
        self.half_room(k, None).await;
        let mut at = 0;
        for part in parts {
            self.write_half(k, at, part.bytes());
            at += part.len();
        }
    }

    /// Waits until the half of piece `k` may be written.
    async fn half_room(&self, k: usize, reader: Option<usize>) {
        let wanted = match k {
            0 => self.comm.board_state.half_is_free_at(self.round),
            1 => word(self.round, 0),
            _ => word(self.round, k as u64 - 1),
        };
        match reader {
            Some(reader) if k > 1 => self.done_by(reader, wanted).await,
            _ => self.all_done(wanted).await,
        }
        if k > 0 {
            self.comm.board_state.both.set(self.round);
        }
    }

    fn half_of(&self, k: usize) -> usize {
        ((self.round + k as u64) % 2) as usize
    }

    /// Writes into the half of piece `k`, which no other rank reads now: there is room, or it is this rank's
    /// slice of its own piece.
    pub fn write_half(&self, k: usize, at: usize, bytes: &[u8]) {
        assert!(at + bytes.len() <= self.half_bytes(), "a piece is no longer than a half");
        let half = self.board.half(self.me, self.half_of(k));
        // SAFETY: inside the half by the assertion; by the protocol nobody reads it before it is published, and this
        // rank keeps no reference to its own halves.
        unsafe { self.comm.board_state.pace.store(bytes, half.as_ptr().add(at)) };
    }

    async fn put_in_ring(&self, slot: usize, k: usize, reader: Option<usize>, bytes: &[u8]) {
        assert!(bytes.len() <= BOARD_SLOT, "a piece is no longer than a slot");
        let (slots, ring) = (self.board.slots(), &self.comm.board_state.ring);
        let slot = slot % slots;
        let used = &ring.slots.get_or_init(|| (0..slots).map(|_| Own::from(0)).collect())[slot];
        if used.get() == 0 && slot.is_multiple_of(PREPARED_SLOTS) {
            self.board.prepare_slots(self.me, slot, PREPARED_SLOTS);
        }
        match reader {
            // Used in this round already: it alone reads.
            Some(reader) if k >= slots => self.done_by(reader, used.get()).await,
            _ => self.all_done(used.get()).await,
        }
        let to = self.board.slot(self.me, slot);
        // SAFETY: inside the slot by the assertion. Whoever read what was here is done with it, as has just been waited
        // for; nobody reads it before it is published, and this rank keeps no reference to its own ring.
        unsafe { ring.pace.copy(bytes, to.as_ptr()) };
        used.set(word(self.round, k as u64 + 1));
        ring.next.set(((slot + 1) % slots) as u64);
    }

    /// The bytes `at..at + len` of piece `k` that a peer has posted; they stay until this rank is done.
    pub fn row(&self, peer: usize, k: usize, at: usize, len: usize) -> &[u8] {
        let how = self.how_of(peer);
        assert!(at + len <= self.piece_bytes(how), "a piece is no longer than its place");
        let from = match how {
            Storage::Line => {
                // SAFETY: published before (the caller has waited for it).
                let line = unsafe { self.board.post(peer, self.round).data(POST_DATA) };
                return &line[at..at + len];
            }
            Storage::Ring(first) => self.board.slot(peer, (usize::from(first) + k) % self.board.slots()),
            _ => self.board.half(peer, self.half_of(k)),
        };
        // SAFETY: inside the half or the slot by the assertion; published before (the caller has waited for it), and the
        // peer writes there again only when this rank has said that it is done.
        unsafe { std::slice::from_raw_parts(from.as_ptr().add(at), len) }
    }

    /// Reads the bytes from `at` on of what a peer posts, and has begun to. A rank that reads nothing else in this round
    /// `tells` which pieces it is done with, so they can be more than there is room for.
    pub async fn fetch(&self, peer: usize, at: usize, to: RecvBuf, tells: bool) -> Outcome<()> {
        let how = self.how_of(peer);
        let most = self.piece_bytes(how);
        let (mut from, end) = (at, at + to.len());
        while from < end {
            let (k, within) = (from / most, from % most);
            let here = (most - within).min(end - from);
            if k > 0 {
                self.posted(peer, k + 1).await?;
            }
            to.write(from - at, self.row(peer, k, within, here));
            from += here;
            if tells && from < end {
                self.done_with_piece(how, k);
            }
        }
        Ok(())
    }

    /// Says that this rank is done with piece `k`, where a writer may wait for that.
    pub fn done_with_piece(&self, how: Storage, k: usize) {
        // A ring is long: seldom is enough.
        if !matches!(how, Storage::Ring(_)) || k % 8 == 7 {
            self.done_with(k + 1);
        }
    }
}
