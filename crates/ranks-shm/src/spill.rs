//! What a sender must not keep though the ring has no room for it: records in the job's file, in order.
//!
//! The sender closes its full ring with a line, the redirection, that says where its first record lies, and from then on writes all that it
//! sends into the file. The receiver comes to it after all that was in the ring, and reads records. When it has
//! read all, the sender uses the ring again, which the receiver looks at first.
//!
//! ```text
//! record   kind and mark | context | tag | length of the message | length here | words | data
//! ```
//! A block of the file that is used up ends with a jump to the next, and the receiver gives its memory back.
//!
//! Orderings: a record, then `written` (Release) -> `written` (Acquire), then the record. The system calls copy with
//! plain stores and loads. `read` (Release) -> `read` (Acquire), then the ring again.

use crate::bounds::{SPILL_BLOCK, SPILL_DATA};
use crate::layout::Spill;
use crate::primitive::Ordering::{Acquire, Release};
use crate::ring::{Arrival, BULK, HEAD_WORDS, Head};
use crate::segment::Segment;

const HEAD_BYTES: usize = 24 + 8 * HEAD_WORDS;

/// The kind of a record that only says where the next one lies.
const JUMP: u32 = u32::MAX;

/// The sender's end of a pair.
#[derive(Debug, Default)]
pub struct Writer {
    /// The block that it writes.
    block: u64,
    at: u64,
    written: u64,
}

impl Writer {
    /// Where the next record will lie, in a block that has room for it; `None` when there is no file.
    pub fn begin(&mut self, segment: &Segment) -> Option<u64> {
        let heap = segment.heap()?;
        if !self.has_room() {
            if self.block != 0 {
                heap.give_back(self.block, SPILL_BLOCK);
            }
            self.block = segment.take_place(SPILL_BLOCK);
            self.at = self.block;
        }
        Some(self.at)
    }

    fn has_room(&self) -> bool {
        self.block != 0 && self.at + (2 * HEAD_BYTES + SPILL_DATA) as u64 <= self.block + SPILL_BLOCK
    }

    /// Writes a record, whose data is at most [`SPILL_DATA`]; false when that fails, and then nothing is written. The
    /// caller publishes it by [`Self::publish`].
    pub fn write(&mut self, segment: &Segment, what: &Arrival<'_>) -> bool {
        let (head, total, words, data) = match *what {
            Arrival::Inline(head, total, data) => (head, total as u64, [0; HEAD_WORDS], data),
            Arrival::Bulk(head, words, data) => (head, 0, words, data),
            Arrival::More(_) => return false,
        };
        let Some(heap) = segment.heap().filter(|_| data.len() <= SPILL_DATA) else { return false };
        let (mut block, mut at) = (self.block, self.at);
        if !self.has_room() {
            (block, at) = (segment.take_place(SPILL_BLOCK), 0);
        }
        let here = if at == 0 { block } else { at };
        let mut record = Vec::with_capacity(HEAD_BYTES + data.len());
        encode(
            &mut record,
            u32::from(head.kind) | u32::from(head.mark) << 16,
            head,
            total,
            data.len(),
            words,
        );
        record.extend_from_slice(data);
        if !heap.write(here, &record) {
            return false;
        }
        if at == 0 {
            let mut jump = Vec::with_capacity(HEAD_BYTES);
            encode(&mut jump, JUMP, Head::default(), 0, 0, [here, self.block, 0, 0, 0]);
            if !heap.write(self.at, &jump) {
                return false;
            }
        }
        (self.block, self.at) = (block, here + record.len() as u64);
        true
    }

    /// Publishes the last record. The caller wakes the receiver.
    pub fn publish(&mut self, shared: &Spill) {
        self.written += 1;
        shared.written.store(self.written, Release);
    }

    /// True when the receiver has read all records.
    pub fn is_drained(&self, shared: &Spill) -> bool {
        shared.read.load(Acquire) == self.written
    }
}

fn encode(to: &mut Vec<u8>, kind: u32, head: Head, total: u64, here: usize, words: [u64; HEAD_WORDS]) {
    to.extend_from_slice(&kind.to_le_bytes());
    to.extend_from_slice(&head.context.to_le_bytes());
    to.extend_from_slice(&head.tag.to_le_bytes());
    to.extend_from_slice(&(here as u32).to_le_bytes());
    to.extend_from_slice(&total.to_le_bytes());
    words.iter().for_each(|word| to.extend_from_slice(&word.to_le_bytes()));
}

fn decode(from: &[u8; HEAD_BYTES]) -> (u32, Head, u64, usize, [u64; HEAD_WORDS]) {
    let short = |at: usize| u32::from_le_bytes([from[at], from[at + 1], from[at + 2], from[at + 3]]);
    let long = |at: usize| u64::from(short(at)) | u64::from(short(at + 4)) << 32;
    let (kind, mark) = (short(0) as u8, (short(0) >> 16) as u16);
    let head = Head { kind, context: short(4), tag: short(8) as i32, mark };
    (short(0), head, long(16), short(12) as usize, std::array::from_fn(|word| long(24 + 8 * word)))
}

/// The receiver's end of a pair.
#[derive(Debug, Default)]
pub struct Reader {
    at: u64,
    read: u64,
    /// A redirection was read: there may be records.
    begun: bool,
    data: Vec<u8>,
}

impl Reader {
    /// A redirection was read.
    pub fn begin(&mut self, at: u64) {
        (self.at, self.begun) = (at, true);
    }

    /// True when there may be records.
    #[inline(always)]
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// True when there is a record. The lines that its sender put into the ring before it can be seen then.
    pub fn has_news(&self, shared: &Spill) -> bool {
        shared.written.load(Acquire) != self.read
    }

    /// Hands out the next record; false when there is none. The ring is empty. The caller wakes the sender after `true`.
    #[cold]
    pub fn poll(&mut self, segment: &Segment, shared: &Spill, take: &mut dyn FnMut(Arrival<'_>)) -> bool {
        if !self.has_news(shared) {
            return false;
        }
        let Some(heap) = segment.heap() else { return false };
        let mut head = [0; HEAD_BYTES];
        let (_, head, total, len, words) = loop {
            if !heap.read(self.at, &mut head) {
                return false;
            }
            let record = decode(&head);
            if record.0 != JUMP {
                break record;
            }
            let [next, block, ..] = record.4;
            heap.give_back(block, SPILL_BLOCK);
            self.at = next;
        };
        // Only a damaged file says more.
        self.data.resize(len.min(SPILL_DATA), 0);
        if !heap.read(self.at.wrapping_add(HEAD_BYTES as u64), &mut self.data) {
            return false;
        }
        self.at = self.at.wrapping_add((HEAD_BYTES + self.data.len()) as u64);
        self.read += 1;
        if head.kind < BULK {
            take(Arrival::Inline(head, total as usize, &self.data));
        } else {
            take(Arrival::Bulk(head, words, &self.data));
        }
        shared.read.store(self.read, Release);
        true
    }
}

#[cfg(all(test, not(loom), not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn records_come_in_order_over_several_blocks() {
        let segment = Segment::private(2);
        let (mut writer, mut reader) = (Writer::default(), Reader::default());
        let shared = segment.spill(0, 1);
        for round in 0..3u64 {
            reader.begin(writer.begin(&segment).unwrap());
            let data = |n: u64| vec![(n + round) as u8; n as usize * 500 % (SPILL_DATA + 1)];
            for n in 0..100 {
                let data = data(n);
                let kind = if n % 2 == 0 { 1 } else { BULK + 1 };
                let head = Head { kind, context: n as u32, tag: -(n as i32), mark: n as u16 };
                let what = match kind {
                    1 => Arrival::Inline(head, data.len(), &data),
                    _ => Arrival::Bulk(head, [n; HEAD_WORDS], &data),
                };
                assert!(writer.write(&segment, &what));
                writer.publish(shared);
            }
            assert!(!writer.is_drained(shared));
            for n in 0..100 {
                let mut seen = 0;
                assert!(reader.poll(&segment, shared, &mut |arrival| {
                    seen += 1;
                    match arrival {
                        Arrival::Inline(head, total, got) => {
                            assert_eq!(
                                (head.context, head.tag, head.mark),
                                (n as u32, -(n as i32), n as u16)
                            );
                            assert!(total == got.len() && got == data(n));
                        }
                        Arrival::Bulk(head, words, got) => {
                            assert_eq!((head.mark, words, n % 2), (n as u16, [n; HEAD_WORDS], 1));
                            assert_eq!(got, data(n));
                        }
                        Arrival::More(_) => unreachable!(),
                    }
                }));
                assert_eq!(seen, 1);
            }
            assert!(writer.is_drained(shared) && !reader.poll(&segment, shared, &mut |_| ()));
        }
    }
}
