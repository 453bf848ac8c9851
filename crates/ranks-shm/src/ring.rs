//! Single-producer single-consumer rings with a sequence number in every line.
//!
//! A ring is a power of two of 64-byte lines. The producer fills a line's data and then stores its
//! sequence number, which is the lap (from 1) in which the line was written; the consumer knows the lap
//! it expects and looks only at the next line. So a small message costs one cache line from core to
//! core, and nothing is ever zeroed again. A message of several lines is written from its second line
//! on, its first line last: while the consumer looks at the first it leaves the others to the producer
//! (reading them as they are written costs twice as much where caches are as far apart as on AMD's Zen),
//! a message is there whole or not at all, and a producer that is killed between two lines leaves
//! nothing torn.
//!
//! Beside the lines a pair has a *bulk ring* of bytes for longer messages. Bytes are copied there first;
//! a line that says how many is published afterwards. A piece never wraps: where the end of the ring is
//! near, it is shorter.
//!
//! ```text
//! line      0        4             8        12       16                              64
//!           sequence kind|mark|len context  tag      the first 48 B of data              a head
//!           sequence kind|len      context  tag      5 words, mark                       a head of BULK kind
//!           sequence data, 60 B                                                     a continuation
//! ```
//!
//! Orderings, the pair that matters first:
//! * all lines of a message, then its first `sequence` (Release) -> that `sequence` (Acquire), then the
//!   lines. *Publication.* The sequence numbers of further lines are there so that a later lap never
//!   takes data for one; nobody waits for them.
//! * reading data, then `credit` (Release) -> `credit` (Acquire), then overwriting. *Reuse.*
//!
//! The last free line is kept for a *redirection*: with it the producer closes a full ring, and what it sends next lies in the
//! job's file ([`crate::spill`]) until the consumer has read it there. So a line that must not wait for room need not.
//!
//! Each word has one writer. Whoever publishes (lines or credits) must then wake the other side:
//! see [`crate::sleep`].

use crate::bounds;
use crate::layout::{Credit, LINE_DATA, Line};
use crate::primitive::Ordering;
use crate::primitive::Ordering::{Acquire, Relaxed, Release};
use crate::stream::Pace;
use std::ptr::NonNull;

/// Bytes of data in a head line.
pub const HEAD_DATA: usize = LINE_DATA - 12;

/// Words of 64 bits that a head carries when its data lies in the bulk ring. The mark takes the place of a sixth.
pub const HEAD_WORDS: usize = HEAD_DATA / 8 - 1;

/// Bits of a mark.
pub const MARK_BITS: u32 = 12;

/// Bits of a length of data in lines.
const INLINE_BITS: u32 = 12;

/// The fields of a head that the ring itself does not interpret, and its kind and length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Head {
    /// What the message is; below [`BULK`] its data is in lines, from there on in the bulk ring.
    pub kind: u8,
    /// The context id.
    pub context: u32,
    /// The tag.
    pub tag: i32,
    /// What type of data this is, in [`MARK_BITS`] bits; 0 where nobody says.
    pub mark: u16,
}

/// Kinds from here on carry words in the head line and data in the bulk ring.
pub const BULK: u8 = 0x80;

/// What a consumer finds.
#[derive(Debug)]
pub enum Arrival<'a> {
    /// A message whose data is in lines: its whole length, and the first part of its data.
    Inline(Head, usize, &'a [u8]),
    /// More data of the last `Inline`'s message, handed out by the same poll.
    More(&'a [u8]),
    /// Words and a piece of data that lay in the bulk ring (may be empty).
    Bulk(Head, [u64; HEAD_WORDS], &'a [u8]),
}

/// The memory of one ring: what a segment hands out for an ordered pair.
#[derive(Clone, Copy)]
pub struct RingMemory {
    pub(crate) lines: NonNull<Line>,
    pub(crate) line_count: usize,
    pub(crate) credit: NonNull<Credit>,
    pub(crate) bulk: NonNull<u8>,
    pub(crate) bulk_bytes: usize,
}

impl RingMemory {
    #[inline(always)]
    fn line(&self, index: u64) -> &Line {
        let at = index as usize & (self.line_count - 1);
        // SAFETY: `lines` points at `line_count` lines that live as long as the ring's owner says
        // (see `Producer::new`), and `at` is below that count.
        unsafe { self.lines.add(at).as_ref() }
    }

    /// Lines of the message whose head is published at `index`.
    #[inline(always)]
    fn lines_of(&self, index: u64) -> u64 {
        self.line(index).data.with(|data| {
            // SAFETY: the caller has seen the head's sequence number.
            let (head, len) = unsafe { read_head(data.cast::<u8>()) };
            if head.kind < BULK { 1 + len.saturating_sub(HEAD_DATA).div_ceil(LINE_DATA) as u64 } else { 1 }
        })
    }

    /// Asks for a line before it is needed: the misses of a message's lines then overlap.
    #[inline(always)]
    fn fetch(&self, index: u64) {
        #[cfg(all(target_arch = "x86_64", not(loom)))]
        // SAFETY: a hint, without effect on memory.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(self.line(index)).cast());
        }
        #[cfg(not(all(target_arch = "x86_64", not(loom))))]
        let _ = index;
    }

    #[inline(always)]
    fn lap(&self, index: u64) -> u32 {
        (index >> self.line_count.trailing_zeros()) as u32 + 1
    }

    #[inline(always)]
    fn credit(&self) -> &Credit {
        // SAFETY: as for `line`.
        unsafe { self.credit.as_ref() }
    }

    /// Lines that are kept for the redirection which closes a full ring; the rings of models are too short for it.
    #[inline(always)]
    fn kept_for_redirection(&self) -> u64 {
        u64::from(self.line_count >= 4)
    }

    /// The longest message that travels in lines alone.
    pub fn inline_limit(&self) -> usize {
        let lines = HEAD_DATA + (self.line_count / bounds::INLINE_SHARE - 1) * LINE_DATA;
        lines.min((1 << INLINE_BITS) - 1)
    }
}

/// The writing end.
pub struct Producer {
    memory: RingMemory,
    /// Lines written.
    next: u64,
    /// Lines may be written up to here: those known to be consumed and the ring's, less the one kept for a redirection.
    limit: u64,
    /// A redirection is written: what follows lies elsewhere until [`Self::reopen`].
    closed: bool,
    bulk_next: u64,
    bulk_credited: u64,
    /// The consumer's limit of lengths, as it was when it was last read.
    longest: u64,
    /// How fast it writes pieces.
    pace: Pace,
}

/// The reading end.
pub struct Consumer {
    memory: RingMemory,
    /// Lines read.
    next: u64,
    /// Lines read and told to the producer.
    told: u64,
    bulk_next: u64,
}

// SAFETY: the ends own positions only; the memory they point to is made for use from several threads,
// with the orderings above.
unsafe impl Send for Producer {}
// SAFETY: as for `Producer`.
unsafe impl Send for Consumer {}

impl Producer {
    /// The writing end of a ring.
    ///
    /// # Safety
    /// The memory must outlive the producer, be zero at first or left by nobody else, and have no other
    /// producer, ever.
    pub unsafe fn new(memory: RingMemory) -> Self {
        let limit = memory.line_count as u64 - memory.kept_for_redirection();
        Self {
            memory,
            next: 0,
            limit,
            closed: false,
            bulk_next: 0,
            bulk_credited: 0,
            longest: 0,
            pace: Pace::default(),
        }
    }

    /// The longest message for [`Self::try_inline`].
    #[inline(always)]
    pub fn inline_limit(&self) -> usize {
        self.memory.inline_limit()
    }

    #[inline(always)]
    fn has_room(&mut self, lines: u64) -> bool {
        if self.next + lines <= self.limit {
            return true;
        }
        if self.closed {
            return false;
        }
        let credited = self.memory.credit().lines.load(Acquire);
        self.limit = credited + self.memory.line_count as u64 - self.memory.kept_for_redirection();
        self.next + lines <= self.limit
    }

    /// Writes a redirection into the line that is kept for it and closes the ring: nothing more goes into it before
    /// [`Self::reopen`]. The words tell the consumer where to go on. False for the short rings of models, which keep no line.
    #[cold]
    pub fn close(&mut self, redirection: Head, words: [u64; HEAD_WORDS]) -> bool {
        if self.memory.kept_for_redirection() == 0 {
            return false;
        }
        assert!(!self.closed && self.next <= self.limit);
        self.fill_bulk_head(redirection, words, 0);
        (self.closed, self.limit) = (true, 0);
        true
    }

    /// True from [`Self::close`] to [`Self::reopen`].
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The consumer has read all that lies elsewhere.
    pub fn reopen(&mut self) {
        self.closed = false;
    }

    /// Publishes a line of words, and of `len` bytes in the bulk ring.
    #[inline(always)]
    fn fill_bulk_head(&mut self, head: Head, words: [u64; HEAD_WORDS], len: usize) {
        self.fill(self.next, Release, |to| {
            // SAFETY: 12 bytes of head, and 48 bytes of words and mark are the LINE_DATA bytes of a line.
            unsafe {
                write_head(to, head, len);
                to.add(12).cast::<[u64; HEAD_WORDS]>().write_unaligned(words);
                to.add(12 + size_of_val(&words)).cast::<u64>().write_unaligned(head.mark.into());
            }
        });
        self.next += 1;
    }

    #[inline(always)]
    fn fill(&self, index: u64, order: Ordering, fill: impl FnOnce(*mut u8)) {
        let line = self.memory.line(index);
        line.data.with_mut(|data| fill(data.cast::<u8>()));
        line.sequence.store(self.memory.lap(index), order);
    }

    /// Writes a message whose data goes in lines; false when there is no room (nothing is written).
    /// The caller wakes the consumer after `true`.
    #[inline(always)]
    pub fn try_inline(&mut self, head: Head, data: &[u8]) -> bool {
        debug_assert!(head.kind < BULK && data.len() <= self.inline_limit());
        let first = data.len().min(HEAD_DATA);
        let rest = &data[first..];
        if !self.has_room(1 + rest.len().div_ceil(LINE_DATA) as u64) {
            return false;
        }
        let mut at = self.next + 1;
        // Whole lines: a copy of a length known here is a few vector moves, not a call.
        let mut whole = rest.chunks_exact(LINE_DATA);
        for part in &mut whole {
            self.fill(at, Relaxed, |to| {
                // SAFETY: `to` points at LINE_DATA bytes, the length of the chunk, that the consumer
                // does not read before the head's sequence number is stored.
                unsafe { std::ptr::copy_nonoverlapping(part.as_ptr(), to, LINE_DATA) }
            });
            at += 1;
        }
        let last = whole.remainder();
        if !last.is_empty() {
            self.fill(at, Relaxed, |to| {
                // SAFETY: as above; the remainder is shorter than LINE_DATA.
                unsafe { std::ptr::copy_nonoverlapping(last.as_ptr(), to, last.len()) }
            });
            at += 1;
        }
        self.fill(self.next, Release, |to| {
            // SAFETY: as above; `first` is at most HEAD_DATA.
            unsafe {
                write_head(to, head, data.len());
                copy_short(data.as_ptr(), to.add(12), first);
            }
        });
        self.next = at;
        true
    }

    /// True when the consumer takes a message of `len` bytes before a receive matches it. `default` is the limit where
    /// the consumer has set none. A limit that has become lower is seen with the next credits, so a producer exceeds
    /// it by what the ring holds and no more.
    #[inline]
    pub fn allows(&mut self, len: usize, default: usize) -> bool {
        if within(self.longest, len, default) {
            return true;
        }
        self.longest = self.memory.credit().limit.load(Relaxed);
        within(self.longest, len, default)
    }

    /// True when the whole of a message of `len` bytes fits now that goes through the bulk ring in pieces: none of
    /// the calls of [`Self::try_bulk`] that write it will say that there is no room.
    pub fn fits(&mut self, len: usize, piece: usize) -> bool {
        let bytes = self.memory.bulk_bytes;
        let to_end = bytes - self.bulk_next as usize % bytes;
        let before = len.min(to_end);
        let lines = before.div_ceil(piece) + (len - before).div_ceil(piece);
        if !self.has_room(lines.max(1) as u64) {
            return false;
        }
        let free = bytes - (self.bulk_next - self.bulk_credited) as usize;
        if free < len {
            self.bulk_credited = self.memory.credit().bulk.load(Acquire);
            self.longest = self.memory.credit().limit.load(Relaxed);
        }
        bytes - (self.bulk_next - self.bulk_credited) as usize >= len
    }

    /// Writes words and, in the bulk ring, the first part of `data`. `None` when there is no room for
    /// any of it; else how many bytes were taken. The caller wakes the consumer after `Some`.
    pub fn try_bulk(
        &mut self,
        head: Head,
        words: [u64; HEAD_WORDS],
        data: &[u8],
        piece: usize,
    ) -> Option<usize> {
        debug_assert!(head.kind >= BULK);
        if !self.has_room(1) {
            return None;
        }
        let take = if data.is_empty() { 0 } else { self.bulk_room(data.len().min(piece))? };
        if take > 0 {
            let at = self.bulk_next as usize % self.memory.bulk_bytes;
            // SAFETY: `bulk_room` made sure that `take` bytes from `at` on are inside the ring and were
            // consumed; the consumer does not read them before the line below is published.
            unsafe { self.pace.copy(&data[..take], self.memory.bulk.as_ptr().add(at)) };
            self.bulk_next += take as u64;
        }
        self.fill_bulk_head(head, words, take);
        Some(take)
    }

    /// How much of `want` fits before the end of the ring and before what is not consumed yet. Less
    /// than a quarter of what is wanted is not worth a line.
    fn bulk_room(&mut self, want: usize) -> Option<usize> {
        let bytes = self.memory.bulk_bytes;
        let to_end = bytes - self.bulk_next as usize % bytes;
        let want = want.min(to_end);
        let mut free = bytes - (self.bulk_next - self.bulk_credited) as usize;
        if free < want {
            self.bulk_credited = self.memory.credit().bulk.load(Acquire);
            self.longest = self.memory.credit().limit.load(Relaxed);
            free = bytes - (self.bulk_next - self.bulk_credited) as usize;
        }
        let take = want.min(free);
        (take > 0 && take * 4 >= want).then_some(take)
    }
}

impl Consumer {
    /// The reading end of a ring.
    ///
    /// # Safety
    /// The memory must outlive the consumer and have no other consumer, ever.
    pub unsafe fn new(memory: RingMemory) -> Self {
        Self { memory, next: 0, told: 0, bulk_next: 0 }
    }

    /// Sets the longest message that the producer may send before a receive matches it.
    pub fn set_limit(&self, bytes: usize) {
        // It orders nothing: a producer that sees it late sends a message earlier than it should, or later.
        self.memory.credit().limit.store(bytes as u64 + 1, Relaxed);
    }

    /// True when the next line has been published.
    #[inline(always)]
    pub fn ready(&self) -> bool {
        self.memory.line(self.next).sequence.load(Acquire) == self.memory.lap(self.next)
    }

    /// Hands out the next message (in one or several parts) or piece, if one was published. The first
    /// result says whether there was one, the second whether credits went back (the caller then wakes
    /// the producer).
    #[inline(always)]
    pub fn poll(&mut self, mut take: impl FnMut(Arrival<'_>)) -> (bool, bool) {
        if !self.ready() {
            return (false, false);
        }
        let memory = self.memory;
        let bulk_before = self.bulk_next;
        let lines = memory.lines_of(self.next);
        for index in 1..lines {
            memory.fetch(self.next + index);
        }
        let bulk_next = &mut self.bulk_next;
        let mut left = 0;
        memory.line(self.next).data.with(|data| {
            // The acquire load saw this lap's sequence number: the producer has filled the line, any further ones of
            // its message, and the piece of the bulk ring that the line announces.
            // SAFETY: it touches none of them until the credits below say that they were consumed.
            unsafe {
                let data = data.cast::<u8>();
                let (mut head, len) = read_head(data);
                if head.kind < BULK {
                    let here = len.min(HEAD_DATA);
                    left = len - here;
                    take(Arrival::Inline(head, len, std::slice::from_raw_parts(data.add(12), here)));
                } else {
                    let words = data.add(12).cast::<[u64; HEAD_WORDS]>().read_unaligned();
                    let mark = data.add(12 + size_of_val(&words)).cast::<u64>().read_unaligned();
                    head.mark = mark as u16;
                    let at = *bulk_next as usize % memory.bulk_bytes;
                    *bulk_next += len as u64;
                    let piece = std::slice::from_raw_parts(memory.bulk.as_ptr().add(at), len);
                    take(Arrival::Bulk(head, words, piece));
                }
            }
        });
        self.next += 1;
        while left > 0 {
            let here = left.min(LINE_DATA);
            memory.line(self.next).data.with(|data| {
                // SAFETY: a further line of the same message, see above.
                take(Arrival::More(unsafe { std::slice::from_raw_parts(data.cast::<u8>(), here) }));
            });
            left -= here;
            self.next += 1;
        }
        let mut told = false;
        if self.bulk_next != bulk_before {
            memory.credit().bulk.store(self.bulk_next, Release);
            told = true;
        }
        if told || self.next - self.told >= memory.line_count as u64 / 4 {
            memory.credit().lines.store(self.next, Release);
            self.told = self.next;
            told = true;
        }
        (true, told)
    }
}

/// Whether a message of `len` bytes is within a limit as the consumer writes it.
#[inline(always)]
fn within(limit: u64, len: usize, default: usize) -> bool {
    if limit == 0 { len <= default } else { (len as u64) < limit }
}

/// # Safety
/// `to` must be valid for 12 bytes.
#[inline(always)]
unsafe fn write_head(to: *mut u8, head: Head, len: usize) {
    debug_assert!(len < 1 << if head.kind < BULK { INLINE_BITS } else { 24 });
    debug_assert!(head.mark < 1 << MARK_BITS);
    let mark = if head.kind < BULK { u32::from(head.mark) << INLINE_BITS } else { 0 };
    // SAFETY: the caller's promise. Lines are 64-byte aligned and data starts at 4, so words are aligned.
    unsafe {
        to.cast::<u32>().write_unaligned(u32::from(head.kind) << 24 | mark | len as u32);
        to.add(4).cast::<u32>().write_unaligned(head.context);
        to.add(8).cast::<i32>().write_unaligned(head.tag);
    }
}

/// # Safety
/// `from` must be valid for 12 bytes.
#[inline(always)]
unsafe fn read_head(from: *const u8) -> (Head, usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let first = from.cast::<u32>().read_unaligned();
        let context = from.add(4).cast::<u32>().read_unaligned();
        let tag = from.add(8).cast::<i32>().read_unaligned();
        let (kind, rest) = ((first >> 24) as u8, first & 0xff_ffff);
        let (mark, len) = match kind < BULK {
            true => ((rest >> INLINE_BITS) as u16, rest & ((1 << INLINE_BITS) - 1)),
            false => (0, rest),
        };
        (Head { kind, context, tag, mark }, len as usize)
    }
}

/// Copies up to 48 bytes; the usual 8 and 4 without a call.
///
/// # Safety
/// As for `copy_nonoverlapping`.
#[inline(always)]
unsafe fn copy_short(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        match len {
            8 => to.cast::<u64>().write_unaligned(from.cast::<u64>().read_unaligned()),
            4 => to.cast::<u32>().write_unaligned(from.cast::<u32>().read_unaligned()),
            _ => std::ptr::copy_nonoverlapping(from, to, len),
        }
    }
}

#[cfg(test)]
#[path = "ring_tests.rs"]
mod tests;
