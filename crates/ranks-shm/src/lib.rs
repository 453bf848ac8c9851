//! The shared segment of a job, and everything that touches it.
//!
//! A job is a set of ranks that share one mapping: a memfd that the launcher makes, or a piece of
//! ordinary memory when the ranks are threads of one process. The layout is the same in both cases,
//! so what the sanitizers see with threads is what runs between processes.
//!
//! | module | what it holds |
//! |---|---|
//! | [`bounds`] | every limit, with its reason |
//! | [`layout`] | the byte layout: header, slots, areas, pairs; sizes and offsets asserted at compile time |
//! | [`segment`] | making, attaching and finding one's way in a segment |
//! | [`job`] | how a rank is told of its job (`RANKS_JOB`) |
//! | [`alone`] | what is said of programs that run alone though they were started within a job |
//! | [`ring`] | single-producer single-consumer rings, a sequence number in every line |
//! | [`heap`], [`spill`] | the job's file behind the segment, and what of messages lies there when a ring is full |
//! | [`stream`] | writing past the cache, for readers to whom it is far |
//! | [`sleep`] | waiting without spinning, and why no wake-up is lost |
//! | [`backoff`] | look, spin, yield, sleep: when to do which |
//! | [`duty`] | which of the tasks that wait on a rank looks for messages |
//! | [`blocked`] | the line in which a rank says what it waits for |
//! | [`call`], [`method`] | the calls that can wait, and their names in C and in Rust |
//! | [`blame`] | whose end made a rank fail, and the order in which ranks finalised |
//! | [`life`] | attaching, finishing, dying: the states of a rank as others see them |
//! | [`meeting`] | how jobs find each other: the bridge between two, and who is told of an end |
//! | [`port`], [`published`] | where ranks of other jobs are let in, and the names of such places |
//! | [`remote`] | copying from and to another rank's memory |
//! | [`claim`] | how two ranks share the copying of one message |
//! | [`area`] | shared areas of communicators: the counter barrier |
//! | [`board`], [`post`] | where collectives lay down what they hand over; what one rank writes there |
//! | [`cpus`] | how many CPUs the ranks may really use |
//! | [`say`] | lines on standard error, in one piece |
//!
//! `docs/segment.md` draws the layout, `docs/waiting.md` the waiting.

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
compile_error!(
    "ranks runs on 64-bit Linux only: its processes talk through memfd, futex and process_vm_readv."
);

pub mod alone;
pub mod area;
pub mod backoff;
pub mod blame;
pub mod blocked;
pub mod board;
pub mod bounds;
pub mod call;
pub mod claim;
pub mod cpus;
pub mod duty;
pub mod heap;
pub mod job;
pub mod layout;
pub mod life;
pub mod meeting;
pub mod method;
pub mod port;
pub mod post;
mod primitive;
pub mod published;
pub mod remote;
pub mod ring;
pub mod say;
pub mod segment;
pub mod sleep;
pub mod spill;
pub mod stream;

mod sys;

pub use segment::Segment;
