//! The limits of serving, each with its reason.

use std::time::Duration;

/// Headers of a request that can be allowed for. Their places are on each connection's stack.
pub(crate) const HEADERS: usize = 128;

/// Bytes of a header that can be allowed for, and of a URI: what a connection may hold in memory.
pub(crate) const HEAD_BYTES: usize = 1024 * 1024;

/// Ranges of one request. More are asked for by attacks (a file many times over for one short request) alone.
pub(crate) const RANGES: u64 = 16;

/// Bytes of a line before a chunk, or of a trailer.
pub(crate) const CHUNK_LINE: usize = 1024;

/// Files up to this length are kept in memory; longer ones are sent from the system's own cache.
pub(crate) const SMALL_FILE: u64 = 64 * 1024;

/// Bytes of files kept in memory by a rank.
pub(crate) const CACHE_BYTES: usize = 64 * 1024 * 1024;

/// Files known to a rank, each of the longer ones with an open descriptor: fewer where the process may have fewer.
pub(crate) const CACHE_FILES: usize = 2048;

/// Descriptors of one known file: its own, and those of what was compressed beforehand.
pub(crate) const FILE_DESCRIPTORS: usize = 4;

/// How often known files are looked through for deleted ones, whose disk space is then let go.
pub(crate) const SWEEP: Duration = Duration::from_secs(2);

/// How long a file is taken to be as it was: what a change takes to be seen, at most.
pub(crate) const FRESH: Duration = Duration::from_secs(1);

/// Files that are compressed on the fly: below, a packet is saved by nothing; above, a client would wait too long for
/// the first byte, and a rank would hold too much. Longer files are compressed beforehand (`.br`, `.zst`, `.gz`).
pub(crate) const COMPRESSED: std::ops::RangeInclusive<u64> = 512..=4 * 1024 * 1024;

/// Files that a rank compresses at once: each takes a CPU, and memory for the file and what it becomes.
pub(crate) const PACKED_AT_ONCE: usize = 2;

/// Names in the listing of a directory: what a browser can still show.
pub(crate) const LISTED: usize = 20_000;

/// Bytes of a page for errors, which is held in memory.
pub(crate) const ERROR_PAGE_BYTES: u64 = 1024 * 1024;

/// Bytes of a file that go out between two looks at other connections.
pub(crate) const FILE_PIECE: usize = 256 * 1024;

/// Bytes and time for what a client still sends after its last answer: closing at once would destroy that answer on
/// its way.
pub(crate) const LINGER_BYTES: usize = 256 * 1024;
pub(crate) const LINGER: Duration = Duration::from_secs(1);

/// Credentials that were found right and are remembered by a rank, since a hash takes a tenth of a second.
pub(crate) const CREDENTIALS: usize = 1024;

/// Hashes of passwords computed at once by a rank; more wait.
pub(crate) const HASHES_AT_ONCE: usize = 2;

/// Streams of an HTTP/2 connection at once.
pub(crate) const STREAMS: u32 = 100;

/// Bytes of an answer that wait in a stream of HTTP/2 whose client takes nothing.
pub(crate) const STREAM_BUFFER: usize = 64 * 1024;

/// How long other ranks are waited for when counts are asked for.
pub(crate) const COUNTS_WAIT: Duration = Duration::from_secs(2);

/// How long access log lines wait for company.
pub(crate) const LOG_DELAY: Duration = Duration::from_millis(200);
/// Bytes of access log lines that are written at once, without waiting for more.
pub(crate) const LOG_BYTES: usize = 32 * 1024;

/// Bytes of access log lines that are kept for a reader who takes nothing, before further lines are dropped.
pub(crate) const LOG_QUEUE: usize = 1024 * 1024;

/// How long the end of a server waits for the reader of its access log.
pub(crate) const LOG_PATIENCE: Duration = Duration::from_secs(1);

/// Threads of a rank that read from disks, compress and compute hashes: all of them wait or work for several connections.
pub(crate) const HELPERS: usize = 16;

/// Connections beyond the limit that are told so at once; each holds a descriptor for a second at most.
pub(crate) const TURNED_AWAY: usize = 256;
