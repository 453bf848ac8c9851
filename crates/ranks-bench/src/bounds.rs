//! Every limit of the benchmarks in one place, each with its reason.

use std::time::Duration;

/// A batch takes at least this long: two looks at the clock cost some 0.1 us, so 0.2% of it.
pub const BATCH_LEAST: Duration = Duration::from_micros(50);

/// A batch takes at most this long, where an operation is short enough: with more time at each size come more batches,
/// and so a p99 that says more, not longer batches that hide what happens within.
pub const BATCH_MOST: Duration = Duration::from_millis(1);

/// So many batches fit into the time at each size, within the two limits above.
pub const BATCHES_WANTED: u32 = 1000;

/// Batches at each size even if the time is over: a median needs three.
pub const BATCHES_LEAST: usize = 3;

/// Batches at each size at most: a megabyte of figures.
pub const BATCHES_MOST: usize = 100_000;

/// Tries of which the shortest says whether a batch is long enough. One alone may have been interrupted; batches would
/// then be too short for the clock.
pub const TRIES: usize = 3;

/// Turns in a batch at most: an operation that costs nothing must not be repeated without end.
pub const TURNS_MOST: u32 = 1 << 20;

/// Messages under way at once where bandwidth and rate are measured, as in the OSU benchmarks.
pub const WINDOW: usize = 64;

/// Bytes of the messages under way at once: each has a buffer of its own, and 64 of 4 MiB would be memory for memory's
/// sake.
pub const WINDOW_BYTES: usize = 16 << 20;

/// Long messages under way at once at least: with fewer, the end of one does not overlap with the next.
pub const WINDOW_LEAST: usize = 4;

/// The largest size that is measured when none is given.
pub const SIZE_MOST: usize = 4 << 20;

/// The share of the memory available now that buffers may take, as a divisor: the rest is for the system's copies and
/// for others.
pub const MEMORY_SHARE: u64 = 2;

/// Memory counted on where the system does not say what is available.
pub const MEMORY_UNKNOWN: u64 = 1 << 30;

/// The longest time at each size. An hour is beyond use, and sums of it stay far from overflow.
pub const TIME_MOST: Duration = Duration::from_secs(3600);
