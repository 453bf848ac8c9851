//! The byte layout of a segment.
//!
//! ```text
//! 0              Header           one page: identity, geometry, job-wide words
//! slots_at       Slot x n         512 B a rank: life, sleep word, blocked line, counters
//! areas_at       Area x AREAS     256 B a communicator: barrier counter and generation
//! pairs_at       Pair x n x n     ring of lines, credits, transfers, spill; index = source * n + destination
//! bulk_at        bulk x n x n     page-aligned bytes for longer messages, untouched until used
//! boards_at      board x BOARDS   desks and buffers of collectives, untouched until used: `board.rs`
//! ```
//! Everything is zero at first, and zero is a valid start for every word. No word has two writers
//! unless it is only changed by atomic read-modify-write. What is written often never shares a line
//! with what is mostly read.

use crate::bounds;
pub use crate::bounds::LINE;
use crate::post::board_bytes;
use crate::primitive::{AtomicI32, AtomicU32, AtomicU64};
#[cfg(not(loom))]
use std::mem::{align_of, offset_of};

/// Says that a mapping is a segment of ours.
pub const MAGIC: u64 = u64::from_le_bytes(*b"ranksSEG");

/// Changes with every change of this file: processes of different versions do not talk.
pub const VERSION: u32 = 11;

/// What all ranks share.
#[repr(C, align(4096))]
pub struct Header {
    /// [`MAGIC`], written last by the maker.
    pub magic: AtomicU64,
    /// [`VERSION`].
    pub version: AtomicU32,
    /// Number of ranks.
    pub ranks: AtomicU32,
    /// Bytes of the whole segment.
    pub size: AtomicU64,
    /// A random number that tells this job from others.
    pub nonce: AtomicU64,
    /// Lines of a ring, a power of two.
    pub ring_lines: AtomicU32,
    /// Bytes of a bulk ring, a multiple of the page.
    pub bulk_bytes: AtomicU32,
    /// The launcher's process; 0 when the ranks are threads.
    pub launcher: AtomicU32,
    reserved0: [u8; 128 - 44],
    /// The next context id: communicators take theirs here.
    pub next_context: AtomicU32,
    reserved1: [u8; 4],
    /// Where the job's file is free, behind the segment: see [`crate::heap`].
    pub heap_next: AtomicU64,
    reserved4: [u8; 112],
    /// Counts every end of a rank (finished or dead): whoever waits looks again when it changes.
    pub epoch: AtomicU32,
    /// 1: some process could not register with membarrier, so every publication is followed by a fence.
    pub fences: AtomicU32,
    /// An abort: `1 << 63 | rank << 32 | code`; 0 when none. Set once.
    pub abort: AtomicU64,
    /// Ranks that have finalised so far.
    pub finishes: AtomicU32,
    reserved2: [u8; 108],
    /// CPUs that any rank may run on.
    pub cpus: [AtomicU64; bounds::MAX_CPUS / 64],
    /// The smallest number of CPUs that a cgroup quota leaves to a rank; 0 when none is limited.
    pub quota: AtomicU32,
    reserved3: [u8; 124],
    /// One bit a shared area: taken.
    pub areas: [AtomicU64; bounds::AREAS / 64],
    /// 1: a rank of this job has communicated with one of another job.
    pub linked: AtomicU32,
    reserved5: [u8; 60],
    /// The launchers of jobs that ranks of this one have started, as processes; 0 where there is none.
    pub launchers: [AtomicU32; bounds::STARTED_JOBS],
    /// Jobs whose ranks communicate with ranks of this one: they are woken when one of these ends.
    pub guests: [Guest; bounds::GUESTS],
    /// Of a bridge between two jobs: what both sides must know.
    pub meeting: Meeting,
    /// How many ports ranks of this job have opened: their numbers.
    pub last_port: AtomicU32,
    reserved6: [u8; 60],
    /// The numbers of the ports that are open; 0 where there is none.
    pub ports: [AtomicU32; bounds::PORTS],
    /// Ranks of any job that want to be let in at a port.
    pub knocks: [Knock; bounds::KNOCKS],
}

/// Where the segment of another job is found.
#[repr(C, align(16))]
pub struct Guest {
    /// Its nonce.
    pub nonce: AtomicU64,
    /// The process that holds it open; 0 while the entry is free.
    pub launcher: AtomicU32,
    /// That process's descriptor.
    pub descriptor: AtomicU32,
}

/// A rank that wants to be let in at a port: see [`crate::port`].
#[repr(C, align(32))]
pub struct Knock {
    /// 0: free, 1: being written, 2: waits.
    pub state: AtomicU32,
    /// The port's number.
    pub port: AtomicU32,
    reserved: [u8; 8],
    /// Where the rank says who comes.
    pub place: Guest,
}

/// What the two sides of a bridge tell each other: see [`crate::meeting`].
#[repr(C, align(64))]
pub struct Meeting {
    /// The segments of both jobs.
    pub sides: [Guest; 2],
    /// The context in which the ranks of each side receive.
    pub contexts: [AtomicU32; 2],
    /// Ranks of the first side; the others are of the second.
    pub first: AtomicU32,
    /// How many bytes of `text` say why the two sides do not meet; 0 while nothing is wrong.
    pub failed: AtomicU32,
    /// The error class of the failure.
    pub class: AtomicU32,
    reserved: [u8; 12],
    /// That text.
    pub text: [AtomicU64; bounds::MEETING_TEXT / 8],
}

/// What one rank says of itself, and what the launcher says of it.
#[repr(C, align(512))]
pub struct Slot {
    /// The process that claimed this rank; 0 when none has.
    pub claim: AtomicU32,
    /// [`crate::life::Stage`], written by the rank.
    pub stage: AtomicU32,
    /// [`crate::life::End`], written by the launcher (by the rank itself where ranks are threads).
    pub end: AtomicU32,
    /// The process that the launcher started for this rank, which leads its process group.
    pub leader: AtomicU32,
    /// Address of a random value in the rank's memory: reading it proves cross-memory attach.
    pub probe_addr: AtomicU64,
    /// That value.
    pub probe_value: AtomicU64,
    /// When it finalised, as its number in the order of all who did, from 1; 0 while it has not.
    pub finished_as: AtomicU32,
    /// Whose end made a call of this rank fail, as [`crate::blame`] writes it; 0 when nobody's did.
    pub blames: AtomicU32,
    /// 1: another thread than the one that waits may end a wait of this rank.
    pub threads: AtomicU32,
    reserved0: [u8; 128 - 44],
    /// 1: the rank sleeps, or is about to. Everyone who publishes something for it looks here.
    pub sleep: AtomicU32,
    reserved1: [u8; 124],
    /// What the rank waits for.
    pub blocked: BlockedLine,
    reserved2: [u8; 64],
    /// How often the rank slept.
    pub sleeps: AtomicU64,
    /// How often a sleep ended by its time limit and there was work: a lost wake-up. Must be 0.
    pub backstops: AtomicU64,
    /// How often another rank, or another thread, ended a sleep.
    pub woken: AtomicU64,
    reserved3: [u8; 104],
}

/// What a rank waits for: see [`crate::blocked`].
#[repr(C, align(64))]
pub struct BlockedLine {
    /// Odd while blocked.
    pub epoch: AtomicU32,
    /// [`crate::blocked::Call`].
    pub call: AtomicU32,
    /// A rank of the job, or a negative wildcard.
    pub peer: AtomicI32,
    /// The tag, or a negative wildcard.
    pub tag: AtomicI32,
    /// The communicator's context id.
    pub context: AtomicU32,
    /// Requests waited for, where there are several.
    pub requests: AtomicU32,
    /// Bytes to be sent or the room to receive.
    pub bytes: AtomicU64,
    /// CLOCK_MONOTONIC in nanoseconds when the wait began.
    pub since: AtomicU64,
    /// 1 in a program that uses the Rust interface: whoever tells of the wait uses the names of that.
    pub in_rust: AtomicU32,
    reserved: [u8; 20],
}

/// The shared area of one communicator: see [`crate::area`].
#[repr(C, align(256))]
pub struct Area {
    /// Ranks that have arrived in the current round.
    pub arrived: AtomicU32,
    /// Ranks that still use the area; the last one gives it back.
    pub users: AtomicU32,
    reserved0: [u8; 120],
    /// Rounds completed: everyone who waits looks here.
    pub generation: AtomicU32,
    reserved1: [u8; 60],
    /// `round << 8 | CPU` of each rank's last arrival, in communicators of few ranks.
    pub signatures: [AtomicU32; bounds::SIGNATURES],
}

/// What the consumer of a ring tells its producer.
#[repr(C, align(64))]
pub struct Credit {
    /// Lines consumed since the start.
    pub lines: AtomicU64,
    /// Bytes of the bulk ring consumed since the start.
    pub bulk: AtomicU64,
    /// One more than the longest message that the producer may send before a receive matches it; 0: its own default.
    pub limit: AtomicU64,
    reserved: [u8; 40],
}

/// The shared word of a message that both sides copy: see [`crate::claim`].
#[repr(C, align(64))]
pub struct Transfer {
    /// generation, pieces taken from the front, pieces taken from the back.
    pub claim: AtomicU64,
    /// Pieces copied, and whether a side failed.
    pub done: AtomicU64,
    reserved: [u8; 48],
}

/// What of a pair's messages lies in the job's file: see [`crate::spill`].
#[repr(C, align(64))]
pub struct Spill {
    /// Records written since the start; the sender's.
    pub written: AtomicU64,
    /// Records read since the start; the receiver's.
    pub read: AtomicU64,
    reserved: [u8; 48],
}

/// One line of a ring. Public so that its size can be asserted; only [`crate::ring`] reads it.
#[repr(C, align(64))]
pub struct Line {
    /// The lap in which the line was written, counted from 1. Stored last.
    pub sequence: AtomicU32,
    /// What it carries.
    pub data: crate::primitive::UnsafeCell<[u8; LINE - 4]>,
}

/// Bytes that a line carries besides its sequence number.
pub const LINE_DATA: usize = LINE - 4;

/// A pair's credits and transfers, behind its lines.
#[repr(C, align(64))]
pub struct PairTail {
    /// Written by the consumer, read by the producer.
    pub credit: Credit,
    /// Shared by both.
    pub transfers: [Transfer; bounds::TRANSFERS],
    /// What there was no room for.
    pub spill: Spill,
    // An odd number of lines a pair, so that rings do not all start in the same cache set.
    reserved: [u8; LINE],
}

/// Bytes of a pair with rings of `ring_lines` lines.
pub const fn pair_bytes(ring_lines: usize) -> usize {
    ring_lines * LINE + size_of::<PairTail>()
}

/// Where the parts of a segment of a given number of ranks lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Number of ranks.
    pub ranks: usize,
    /// Lines of a ring.
    pub ring_lines: usize,
    /// Bytes of a bulk ring.
    pub bulk_bytes: usize,
}

impl Geometry {
    /// The geometry of a job of `ranks` ranks.
    pub const fn new(ranks: usize) -> Self {
        Self { ranks, ring_lines: bounds::ring_lines(ranks), bulk_bytes: bounds::bulk_bytes(ranks) }
    }

    /// Offset of the first [`Slot`].
    pub const fn slots_at(&self) -> usize {
        size_of::<Header>()
    }

    /// Offset of the first [`Area`].
    pub const fn areas_at(&self) -> usize {
        self.slots_at() + self.ranks * size_of::<Slot>()
    }

    /// Offset of the first pair.
    pub const fn pairs_at(&self) -> usize {
        self.areas_at() + bounds::AREAS * size_of::<Area>()
    }

    /// Offset of the first bulk ring.
    pub const fn bulk_at(&self) -> usize {
        let end = self.pairs_at() + self.ranks * self.ranks * pair_bytes(self.ring_lines);
        end.next_multiple_of(4096)
    }

    /// Offset of the first board.
    pub const fn boards_at(&self) -> usize {
        self.bulk_at() + self.ranks * self.ranks * self.bulk_bytes
    }

    /// Bytes of the segment.
    pub const fn size(&self) -> usize {
        self.boards_at() + bounds::boards(self.ranks) * board_bytes(self.ranks)
    }
}

#[cfg(not(loom))]
const _: () = {
    assert!(size_of::<Header>() == 4096);
    assert!(offset_of!(Header, next_context) == 128);
    assert!(offset_of!(Header, heap_next) == 136);
    assert!(offset_of!(Header, epoch) == 256);
    assert!(offset_of!(Header, abort) == 264);
    assert!(offset_of!(Header, cpus) == 384);
    assert!(offset_of!(Header, quota) == 512);
    assert!(offset_of!(Header, areas) == 640);
    assert!(offset_of!(Header, linked) == 704);
    assert!(offset_of!(Header, launchers) == 768);
    assert!(size_of::<Guest>() == 16);
    assert!(size_of::<Slot>() == 512);
    assert!(offset_of!(Slot, sleep) == 128);
    assert!(offset_of!(Slot, blocked) == 256);
    assert!(offset_of!(Slot, sleeps) == 384);
    assert!(size_of::<BlockedLine>() == LINE && align_of::<BlockedLine>() == LINE);
    assert!(size_of::<Area>() == 256 && offset_of!(Area, generation) == 128);
    assert!(offset_of!(Area, signatures) == 192);
    assert!(size_of::<Credit>() == LINE);
    assert!(size_of::<Transfer>() == LINE && size_of::<Spill>() == LINE);
    assert!(size_of::<Line>() == LINE && offset_of!(Line, data) == 4);
    assert!((size_of::<PairTail>() / LINE) % 2 == 1);
    assert!(bounds::RING_LINES_FEW.is_power_of_two() && bounds::RING_LINES_MANY.is_power_of_two());
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_overlap_and_are_aligned() {
        for ranks in [1, 2, 3, 7, 64, 65, 256, bounds::MAX_RANKS] {
            let g = Geometry::new(ranks);
            assert_eq!(g.slots_at() % align_of::<Slot>(), 0);
            assert_eq!(g.areas_at() % align_of::<Area>(), 0);
            assert_eq!(g.pairs_at() % LINE, 0);
            assert_eq!(g.bulk_at() % 4096, 0);
            assert!(g.slots_at() < g.areas_at() && g.areas_at() < g.pairs_at() && g.pairs_at() < g.bulk_at());
            assert_eq!(g.boards_at() % 4096, 0);
            assert_eq!(g.size(), g.boards_at() + bounds::boards(ranks) * board_bytes(ranks));
        }
    }
}

#[cfg(loom)]
impl Credit {
    /// For models: a credit line made of loom's atomics.
    pub(crate) fn model(lines: AtomicU64, bulk: AtomicU64) -> Self {
        Self { lines, bulk, limit: AtomicU64::new(0), reserved: [0; 40] }
    }
}
