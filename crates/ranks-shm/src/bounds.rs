//! Every limit of the segment in one place, each with its reason.

/// A cache line.
pub const LINE: usize = 64;

/// A page of memory.
pub(crate) const PAGE: usize = 4096;

/// Ranks in one job. The pairs grow with the square: at 1,024 ranks the rings alone are 2.4 GB of
/// address space, more than a single machine's users have asked for.
pub const MAX_RANKS: usize = 1024;

/// Lines of a ring while pairs are few: 4 KiB a ring, enough for 60 small messages on the way.
pub const RING_LINES_FEW: usize = 64;

/// Lines of a ring from [`MANY_RANKS`] on, to halve what a job of hundreds of ranks maps.
pub const RING_LINES_MANY: usize = 32;

/// Above this many ranks rings are short.
pub const MANY_RANKS: usize = 64;

/// The largest message that travels in ring lines alone, as a share of the ring: half of it, so that
/// a message can be written while the previous one is still being read.
pub const INLINE_SHARE: usize = 2;

/// A piece in the bulk ring while the message is short (measured: the reader starts early).
pub const CHUNK_SMALL: usize = 4 << 10;

/// Messages up to this length go in small chunks.
pub const CHUNK_SMALL_UP_TO: usize = 32 << 10;

/// A piece in the bulk ring of a longer message (measured: fewer hand-overs).
pub const CHUNK_LARGE: usize = 16 << 10;

/// Bytes of a bulk ring, by rank count: it is address space until used, but a used ring stays resident.
pub const fn bulk_bytes(ranks: usize) -> usize {
    match ranks {
        0..=8 => 256 << 10,
        9..=32 => 128 << 10,
        33..=64 => 64 << 10,
        _ => 32 << 10,
    }
}

/// Lines of a ring, by rank count.
pub const fn ring_lines(ranks: usize) -> usize {
    if ranks <= MANY_RANKS { RING_LINES_FEW } else { RING_LINES_MANY }
}

/// What a sender takes of the job's file at a time for what its ring has no room for. Pages are used as they are written.
pub const SPILL_BLOCK: u64 = 256 << 10;

/// The most data of one record there, so that a block holds several.
pub const SPILL_DATA: usize = 32 << 10;

/// Transfers between one ordered pair that both sides copy at the same time. A further one is copied
/// by its receiver alone, so this bounds speed, not what programs may do.
pub const TRANSFERS: usize = 4;

/// Pieces of a message that both sides copy (measured; half the message below twice this).
pub const PIECE: usize = 256 << 10;

/// Shared areas for communicators. A communicator that finds none left works over point-to-point.
pub const AREAS: usize = 512;

/// The first areas have a board too: memory for what collectives hand over. A communicator beyond them, or in a
/// job of more ranks than [`BOARD_RANKS`], works over point-to-point.
pub const fn boards(ranks: usize) -> usize {
    match ranks {
        0..=8 => 16,
        9..=16 => 8,
        17..=BOARD_RANKS => 4,
        _ => 0,
    }
}

/// Above this many ranks everyone's reading everyone's line costs more than a tree of messages.
pub const BOARD_RANKS: usize = 64;

/// Half of a rank's buffer on a board: one half is read while the other is written. A whole number of
/// pages; it fits into a second-level cache together with what is made of it.
pub const fn board_half(ranks: usize) -> usize {
    if ranks <= 8 { 64 << 10 } else { 16 << 10 }
}

/// A slot of a rank's ring on a board: what a longer post is cut into. Readers begin while the writer still writes.
pub const BOARD_SLOT: usize = 16 << 10;

/// Bytes of a rank's ring on a board. Slots are used one after the other, across collectives: when a slot's turn comes
/// again, its lines have left the second-level caches, so they are not taken away from a reader one by one. Measured on
/// CPUs with 1 MiB of it, 128 KiB to each other: 20 us through 32 KiB, 18 through 512 KiB, 10.6 through 1 MiB, 8.0
/// through 2 MiB. More ranks share less, so that a board stays at 4 MiB; it is address space until used.
pub const fn board_ring(ranks: usize) -> usize {
    match ranks {
        0..=2 => 2 << 20,
        3..=4 => 1 << 20,
        5..=8 => 512 << 10,
        _ => 0,
    }
}

/// So many slots are had from the system at once, as their turn comes for the first time: page by page, as they are
/// written, 32 KiB took 28 us.
pub const PREPARED_SLOTS: usize = 16;

/// Lines of a rank on a board: how many short posts it may be ahead of those who read them. The more, the more
/// seldom it has to ask how far they are, which costs a line from each.
pub const POSTS: usize = 32;

/// Ranks of a communicator whose arrivals at a barrier are signed: a line of them.
pub const SIGNATURES: usize = 16;

/// Looks at a barrier by a rank whose CPU no missing rank needs, before it yields all the same: some
/// 1.5 us, three times what a switch to another process and back costs.
pub const BARRIER_LOOKS: u32 = 100;

/// CPUs that the shared affinity mask can name.
pub const MAX_CPUS: usize = 1024;

/// Spinning before the first yield, when every rank has a CPU: a wake-up within it costs a cache line.
pub const SPIN_MICROS: u64 = 20;

/// Idle time before a rank sleeps. Waking costs some 40 us on a virtual machine: an idle time of ten
/// times that makes sleeping cheap for whoever sleeps and rare for whoever is busy.
pub const SLEEP_AFTER_MICROS: u64 = 700;

/// Shorter pieces are always written through the cache: a few lines come quickly enough either way.
pub const PAST_CACHE: usize = 1 << 10;

/// Longer pieces of a board go past the cache wherever the readers are: measured, 64 KiB of an allreduce 5.8 us through
/// it and 4.8 past it where they are near.
pub const LAID_PAST_CACHE: usize = 16 << 10;

/// Cycles to write a line that another CPU has read, above which that is slow. Between CPUs that share a cache it takes
/// some 16, between others some 90.
pub const SLOW_LINE_CYCLES: u64 = 45;

/// Cycles to write a line of a slot of a board's ring, above which that is slow. Only the last cache has such a line: some 6
/// cycles where CPUs share it, some 19 elsewhere. Where it is slow, past the
/// cache is quicker: 128 KiB to each other 20 us and 14, one way 15 and 13; where it is not, 8 and 15, 4.3 and 13.
pub const SLOW_SLOT_CYCLES: u64 = 12;

/// One in so many pieces that are written through the cache is measured, which makes it a little slower.
pub const MEASURED: u32 = 16;

/// And so many at first.
pub const MEASURED_AT_FIRST: u32 = 4;

/// One in so many pieces goes through the cache even where that was slow, to find out whether it still is.
pub const TRIED_AGAIN: u32 = 64;

/// The first time limit of a sleep; each further one doubles. Nothing depends on it (work found only
/// by it is counted, and must be none): it is there in case a kernel or hypervisor loses a wake-up.
pub const BACKSTOP_FIRST_MILLIS: u64 = 10;

/// The longest time limit of a sleep.
pub const BACKSTOP_LAST_MILLIS: u64 = 1000;

/// Jobs that the ranks of one job may have started and that still run. A word each in the header; more is an error of the
/// spawn.
pub const STARTED_JOBS: usize = 256;

/// Jobs that are woken at once when a rank of this one ends. The ranks of others learn of it by the backstop.
pub const GUESTS: usize = 32;

/// Ports that ranks of a job may have open at the same time. A word each in the header.
pub const PORTS: usize = 64;

/// Ranks that may wait at the ports of a job at the same time. Further ones wait until there is room.
pub const KNOCKS: usize = 16;

/// Bytes for the line that says why two jobs do not meet.
pub const MEETING_TEXT: usize = 512;
