//! The limits of fetching, each with its reason.

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
pub(crate) const DEDUP_URLS: usize = 32 * 1024;

/// Bytes of a request's body: it is held in memory by each rank.
pub(crate) const BODY_BYTES: u64 = 64 * 1024 * 1024;

/// Hosts counted apart; the rest are counted together. Each takes some kilobytes, and nobody reads a longer table.
pub(crate) const HOSTS_COUNTED: usize = 1000;

/// Hosts shown in a table or a picture: those with the most records.
pub(crate) const HOSTS_SHOWN: usize = 20;

/// Columns of the picture of a job's course. When the job gets longer than they reach, each comes to mean twice the time.
pub(crate) const TIMELINE_COLUMNS: usize = 240;

/// How often a checkpoint is written, and records are committed with it: what a killed job does again at most.
pub(crate) const CHECKPOINT_EVERY: Duration = Duration::from_millis(500);

/// How long the next job waits for the output file of one that was killed and is still ending.
pub(crate) const LOCK_WAIT: Duration = Duration::from_secs(5);

/// How late a timer may be without a limit of rate counting that time as lost: intervals below a millisecond are kept on
/// average only.
pub(crate) const TIMER_DELAY: Duration = Duration::from_millis(10);

/// Lines of the head of an answer; hyper's own limit of 100 is too low for real sites.
pub(crate) const RESPONSE_HEADERS: usize = 1000;

/// Content codings of one body that are undone: more than two are only seen in attacks.
pub(crate) const CONTENT_CODINGS: usize = 3;

/// Bytes that a decoder hands on at once.
pub(crate) const DECODED_PIECE: usize = 16 * 1024;

/// The largest window of zstd, as a power of two: 8 MiB (RFC 9659, 3).
pub(crate) const ZSTD_WINDOW_LOG: u32 = 23;
