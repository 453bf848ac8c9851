//! Every limit of the engine in one place, each with its reason.

/// From this length on a message goes by rendezvous. Cross-memory attach wins from 8 KiB where buffers
/// are never touched and from some 200 KiB where data is fresh; in between is a compromise. Tunable by
/// `RANKS_EAGER` (bytes).
pub const EAGER: usize = 16 << 10;

/// Lines taken from one ring before looking at the next: long enough for a whole inline message, short
/// enough that a flood from one rank does not hold up the others.
pub const LINES_A_LOOK: usize = 64;

/// Looks at one ring before a blocking receive becomes a request: a few microseconds, the time in
/// which an answer comes that is on its way.
pub const QUICK_LOOKS: u32 = 200;

/// Data of an unexpected message up to this length lies in its record, not on the heap: a flood of
/// small messages costs one allocation for many.
pub const SMALL_UNEXPECTED: usize = 48;

/// The eager threshold of this process.
pub fn eager() -> usize {
    std::env::var("RANKS_EAGER").ok().and_then(|text| text.parse().ok()).unwrap_or(EAGER)
}
