//! Every limit of the engine in one place, each with its reason.

/// From this length on a message goes by rendezvous. Cross-memory attach wins from 8 KiB where buffers
/// are never touched and from some 200 KiB where data is fresh; in between is a compromise. Tunable by
/// `RANKS_EAGER` (bytes).
pub const EAGER: usize = 16 << 10;

/// The longest message that may go before its receive matches it, where the receiver has measured that the ring is quicker
/// than copying from memory to memory. A quarter of the ring of few ranks: several are on their way at once.
pub const EAGER_MOST: usize = 64 << 10;

/// Bytes of messages from one rank that wait for their receives; beyond it that rank announces everything that is longer
/// than the usual eager threshold.
pub const UNMATCHED: u64 = 4 << 20;

/// Lines taken from one ring before looking at the next: long enough for a whole inline message, short
/// enough that a flood from one rank does not hold up the others.
pub const LINES_A_LOOK: usize = 64;

/// Looks at one ring before a blocking receive becomes a request: a few microseconds, the time in
/// which an answer comes that is on its way.
pub const QUICK_LOOKS: u32 = 200;

/// Yields in a barrier before messages are looked at again: long enough for the others to arrive where
/// ranks share CPUs, some 10 us that a long message may have to wait.
pub const QUICK_YIELDS: u32 = 16;

/// Data of an unexpected message up to this length lies in its record, not on the heap: a flood of
/// small messages costs one allocation for many.
pub const SMALL_UNEXPECTED: usize = 48;

/// From this length on a reduction is cut into one slice a rank. Below, messages cost more than the
/// arithmetic that is shared out (measured with 2, 4 and 8 ranks on 2 cores; they cross at 16 to 64 KiB).
pub const REDUCE_SLICES: usize = 32 << 10;

/// Below this length in all, a reduce-scatter goes through one rank.
pub const REDUCE_SCATTER_TREE: usize = 16 << 10;

/// Up to this length every rank reduces everything itself; above, and with more ranks than
/// [`REDUCE_TWICE_RANKS`], that is too much arithmetic and copying in all.
pub const REDUCE_TWICE: usize = 2 << 10;

/// See [`REDUCE_TWICE`].
pub const REDUCE_TWICE_RANKS: i32 = 4;

/// Up to this length of a part, and from [`TREE_RANKS`] ranks on, parts go up and down a tree: the root
/// handles few messages, and the copying in between is cheap.
pub const TREE_PART: usize = 1 << 10;

/// Ranks from which a tree is worth the ranks in between that it has to wake.
pub const TREE_RANKS: i32 = 16;

/// Up to this length of a part, all parts are gathered everywhere in log2(n) rounds of growing messages;
/// above, in n - 1 rounds that copy nothing twice.
pub const DOUBLING_PART: usize = 2 << 10;

/// Up to this length of a part an exchange of all with all is begun at once, with any number of ranks.
pub const POSTED_PART: usize = 4 << 10;

/// Up to as many ranks it is whatever the length; with more it goes pair by pair, so that few read the
/// memory of one.
pub const POSTED_RANKS: i32 = 8;

/// Up to this length, and from [`SCAN_RANKS`] ranks on, a scan takes log2(n) rounds.
pub const SCAN_DOUBLING: usize = 256;

/// See [`SCAN_DOUBLING`]. A line of ranks has the least to do in all, and with fewer it is as quick.
pub const SCAN_RANKS: i32 = 8;

/// From this length on a post goes through the board's ring.
pub const BOARD_RING: usize = (8 << 10) + 1;

/// The longest that short collectives post. It fits into a half and is not laid in the ring.
pub const BOARD_SHORT: usize = 8 << 10;

const _: () = assert!(BOARD_SHORT < BOARD_RING);
const _: () = assert!(BOARD_SHORT <= ranks_shm::bounds::board_half(ranks_shm::bounds::BOARD_RANKS));

/// Pieces that a rank lays into its ring before it reads those of the others: they read meanwhile, and what it has
/// written is still in its cache.
pub const BOARD_AHEAD: usize = 8;

/// The longest that is gathered, scattered or exchanged over a board's ring. Longer parts are read from their owners'
/// memory: 512 KiB took as long, without the first use of the ring's memory.
pub const BOARD_WHOLE: usize = 256 << 10;

/// The longest broadcast on a board; a longer one is better read from the root's memory, by both at once.
pub const fn board_bcast(ranks: usize) -> usize {
    if ranks == 2 { 1 << 20 } else { 256 << 10 }
}

/// The longest reduction on a board: the posts of one are counted in 20 bits.
pub const BOARD_LONGEST: usize = 1 << 30;

/// Up to this length all ranks reduce everything that lies on a board; above, each a slice.
pub const BOARD_EACH: usize = 4 << 10;

/// Looks for a post between two at whether the peer has left the collective without it: an error, so never
/// urgent, and its line is better left in its own cache.
pub const LEFT_EARLY_LOOKS: u64 = 64;

/// The longest room for a collective's own data that is kept for the next one.
pub const SCRATCH: usize = 16 << 20;

/// Collectives that are over whose memory is kept: one that blocks, and one that is nonblocking beside it.
pub const SPARE_PLANS: usize = 2;

/// The longest buffer for packed messages that is kept for the next one.
pub const STAGING: usize = 4 << 20;

/// How many of them are kept.
pub const STAGINGS: usize = 4;

/// A long message into elements that do not lie in a row is fetched in pieces of this length, each
/// unpacked while it is in the cache. So the receiver needs no memory of the message's length.
pub const UNPACK_PIECE: usize = 128 << 10;

/// A datatype of as many blocks is a plain list of them, even where parts of it would be loops: a list is
/// quicker to go through than nested loops of a few rounds.
pub const FLATTEN: usize = 32;

/// Elements that do not lie in a row go at once up to this length, packed while they go, whether they are received yet or
/// not. The half of a bulk ring of few ranks, so that a receiver that comes in time finds room for all of it.
pub const EAGER_ELEMENTS: usize = 128 << 10;

/// Types made of types made of types: deeper ones are refused, as they are walked and freed recursively.
pub const TYPE_DEPTH: u32 = 1000;

/// Measurements of a way that count: enough that one of them was not disturbed.
pub const WAY_MEASUREMENTS: usize = 8;

/// How often each way is tried at first.
pub const TRIED_AT_FIRST: u32 = 3;

/// A way is clearly quicker when it costs less than this share of another. Measurements differ by some 10%.
pub const CLEARLY: f32 = 0.87;

/// So many clear wins in a row are no chance.
pub const WINS_IN_A_ROW: u32 = 3;

/// One in so many messages tries another way that costs as much as the usual one; fewer where it costs more.
pub const WAY_TRIED: u32 = 64;

/// One in so many tries the slowest.
pub const WAY_TRIED_AT_LEAST: u32 = 1024;

/// Messages until other ways are tried where something has changed.
pub const WAY_SOON: u32 = 8;

/// The first time limit of a ring that brings nothing, before anything was measured; afterwards it is the time that two
/// pieces take. See `p2p/stream.rs`.
pub const STALL_FIRST_NANOS: u64 = 10_000;

/// The longest such time limit: measurements of a machine that was busy do not make it longer.
pub const STALL_MOST_NANOS: u64 = 100_000;

/// True when the environment sets the eager threshold: nothing that is measured changes it then.
pub fn eager_is_set() -> bool {
    std::env::var_os("RANKS_EAGER").is_some()
}

/// The eager threshold of this process.
pub fn eager() -> usize {
    std::env::var("RANKS_EAGER").ok().and_then(|text| text.parse().ok()).unwrap_or(EAGER)
}
