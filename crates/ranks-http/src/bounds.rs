//! The limits of fetching and serving, each with its reason.

use std::time::Duration;

/// How long an unused connection is kept.
pub(crate) const IDLE_CONNECTION: Duration = Duration::from_secs(5);

/// The longest robots.txt that is read; RFC 9309 (2.5) asks for 500 KiB at least.
pub(crate) const ROBOTS_BYTES: usize = 500 * 1024;

/// Sites whose robots.txt is remembered. More are forgotten together and asked again: what bounds memory on a list of
/// a million hosts.
pub(crate) const ROBOTS_SITES: usize = 4096;

/// The first pause before a retry; each further one is twice as long.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause between two tries that no server asked for.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Retries that can be asked for: with pauses of half a minute, that is an hour.
pub(crate) const RETRIES: u32 = 100;

/// Lines read ahead while hosts are limited. What lets other hosts' lines be fetched while one host's wait for their
/// turn; of 100 bytes each, these are some megabytes.
pub(crate) const READ_AHEAD: usize = 20_000;

/// Lines that a rank may hold while hosts are limited: most of them only wait for their host's next turn, and take
/// memory for a URL, no connection.
pub(crate) const HELD_LINES: usize = 4096;

/// What is added to a server's Retry-After before other ranks are told: the same answer, had by all that was under way,
/// then comes within that time and is no news.
pub(crate) const HOLD_SLACK: Duration = Duration::from_millis(100);

/// The longest name of a host that other ranks are told of; DNS has 255. So that the message stays short.
pub(crate) const HOST_BYTES: usize = 1024;

/// Hosts under a limit of rate that have moved to another rank. All are remembered, so that no two ranks ask one host
/// at the same time; of 100 bytes each.
pub(crate) const HOSTS_MOVED: usize = 10_000;

/// Different URLs remembered, so that a line that repeats one of them is not requested again. About 300 bytes each.
pub(crate) const KNOWN_URLS: usize = 32 * 1024;

/// Bytes of a request's body: it is held in memory by each rank.
pub(crate) const BODY_BYTES: u64 = 64 * 1024 * 1024;

/// Hosts counted apart; the rest are counted together. Each takes some kilobytes, and nobody reads a longer table.
pub(crate) const HOSTS_COUNTED: usize = 1000;

/// Hosts shown in a table or a picture: those with the most records.
pub(crate) const HOSTS_SHOWN: usize = 20;

/// Columns of the picture of a job's course. When the job gets longer than they reach, each comes to mean twice the time.
pub(crate) const COURSE_COLUMNS: usize = 240;

/// How often a checkpoint is written, and records are committed with it: what a killed job does again at most.
pub(crate) const CHECKPOINT_EVERY: Duration = Duration::from_millis(500);

/// How long the next job waits for the output file of one that was killed and is still ending.
pub(crate) const LOCK_WAIT: Duration = Duration::from_secs(5);

// ---- `ranks serve` ----

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

/// How late a timer may be without a limit of rate counting that time as lost: intervals below a millisecond are kept on
/// average only.
pub(crate) const TIMER_DELAY: Duration = Duration::from_millis(10);

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

/// Lines of the head of an answer; hyper's own limit of 100 is too low for real sites.
pub(crate) const RESPONSE_HEADERS: usize = 1000;

/// Content codings of one body that are undone: more than two are only seen in attacks.
pub(crate) const CONTENT_CODINGS: usize = 3;

/// Bytes that a decoder hands on at once.
pub(crate) const DECODED_PIECE: usize = 16 * 1024;

/// The largest window of zstd, as a power of two: 8 MiB (RFC 9659, 3).
pub(crate) const ZSTD_WINDOW_LOG: u32 = 23;
