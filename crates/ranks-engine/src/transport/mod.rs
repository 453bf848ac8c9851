//! How small messages and pieces of larger ones move between ranks.
//!
//! The engine is generic over a [`Transport`]. There are two implementations: [`shm::Shm`], the rings of
//! a shared segment (between processes, or between threads of one process), and [`sim::Sim`], queues
//! with seeded delays and refusals. Both share a segment's other parts: lives, contexts, areas, claims.

pub mod shm;
pub mod sim;

pub use ranks_shm::ring::{Arrival, BULK, HEAD_WORDS, Head};

use ranks_shm::Segment;
use ranks_shm::life::Life;
use ranks_shm::remote::Remote;
use std::sync::Arc;

/// The words of a bulk head.
pub type Words = [u64; HEAD_WORDS];

/// One rank's means of moving bytes.
pub trait Transport: 'static {
    /// This rank of the job.
    fn me(&self) -> usize;

    /// The job's segment.
    fn segment(&self) -> &Arc<Segment>;

    /// How many peers there are: the ranks of the job, by their numbers, then those of other jobs.
    fn peers(&self) -> usize {
        self.segment().ranks()
    }

    /// The segment of a peer's job, and its rank there.
    fn home(&self, peer: usize) -> (&Arc<Segment>, usize) {
        (self.segment(), peer)
    }

    /// The segment whose rings lead to a peer and back, and the places of this rank and of the peer in it.
    fn pair(&self, peer: usize) -> (&Arc<Segment>, usize, usize) {
        (self.segment(), self.me(), peer)
    }

    /// The peer that is this rank of the job with this nonce, if this rank can send to it. `near` is one that came with
    /// it, where there may be several.
    fn peer_of(&self, nonce: u64, rank: usize, near: Option<usize>) -> Option<usize> {
        let _ = near;
        (nonce == self.segment().nonce() && rank < self.segment().ranks()).then_some(rank)
    }

    /// From now on messages of this rank's context `ours` go to a peer of another job in its context `theirs`.
    fn translate(&mut self, peer: usize, ours: u32, theirs: u32) {
        let _ = (peer, ours, theirs);
    }

    /// A context is not used any more.
    fn forget_context(&mut self, ours: u32) {
        let _ = ours;
    }

    /// Lets go of the peers of a bridge to another job. The peer is one of them.
    fn unlink(&mut self, peer: usize) {
        let _ = peer;
    }

    /// The peers that came by the same bridge as this one.
    fn peers_beside(&self, peer: usize) -> Vec<usize> {
        vec![peer]
    }

    /// Changes with every end of a peer.
    fn epoch(&self) -> u32 {
        self.segment().epoch()
    }

    /// What has become of a peer.
    fn life(&self, peer: usize) -> Life {
        self.segment().life(peer)
    }

    /// Wakes the ranks of other jobs that communicate with this one, after this rank has finished.
    fn wake_foreign(&self) {}

    /// The longest message for [`Self::try_inline`].
    fn inline_limit(&self) -> usize;

    /// Sends a short message whole, or says that there is no room.
    fn try_inline(&mut self, to: usize, head: Head, data: &[u8]) -> bool;

    /// True when a rank takes a message of `len` bytes before a receive matches it; `default` is the limit of one that has
    /// set none.
    fn allows(&mut self, to: usize, len: usize, default: usize) -> bool;

    /// Sets the longest message that a rank may send to this one before a receive matches it.
    fn limit(&mut self, from: usize, bytes: usize);

    /// True when a message of `len` bytes fits whole that goes in pieces: the next calls of [`Self::try_bulk`] to this
    /// rank, which send it, will take all of each piece or its rest up to the end of the ring.
    fn fits_whole(&mut self, to: usize, len: usize, piece: usize) -> bool;

    /// What [`Self::fits_whole`] was asked about is not sent after all.
    fn fits_none(&mut self) {}

    /// Sends words and the first part of `data`, at most `piece` bytes; `None` when there is no room,
    /// else how many bytes were taken.
    fn try_bulk(&mut self, to: usize, head: Head, words: Words, data: &[u8], piece: usize) -> Option<usize>;

    /// Sends a short message whole, or words and a piece, though there is no room: it lies where the peer finds it
    /// after all that was sent before. Until the peer has come to it, there is no room for anything else. A piece has at
    /// most [`SPILL_DATA`](ranks_shm::bounds::SPILL_DATA) bytes. False when that is not possible.
    fn spill(&mut self, to: usize, what: Arrival<'_>) -> bool;

    /// Hands out the next message (an `Inline` with its `More`, in one call) or piece from a rank; false
    /// when there is none.
    fn poll(&mut self, from: usize, take: impl FnMut(Arrival<'_>)) -> bool;

    /// How a peer's memory is reached; `None` when it cannot be.
    fn remote(&mut self, peer: usize) -> Option<Remote>;
    /// From now on the memory of a rank is not read or written from here.
    fn forget_remote(&mut self, peer: usize);

    /// True when every rank has a CPU of its own.
    fn fits(&self) -> bool;

    /// Wakes a rank after something other than a message was published for it.
    fn wake(&self, rank: usize);

    /// Announces a sleep: look once more, then [`Self::sleep`] or [`Self::stay_awake`].
    fn announce(&mut self);

    /// Ends an announcement without sleeping.
    fn stay_awake(&mut self);

    /// Sleeps until woken; true when only the backstop ended it.
    fn sleep(&mut self) -> bool;

    /// Counts a sleep in the rank's place that somebody ended.
    fn count_woken(&mut self);

    /// Counts work that only the backstop found.
    fn count_lost(&mut self);
}
