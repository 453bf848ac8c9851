//! Tests of the ring: by hand, over threads, and (under `--cfg loom`) over every interleaving.

use super::*;

#[cfg(not(loom))]
mod plain {
    use super::*;
    use crate::layout::Geometry;
    use crate::segment::Segment;

    const HEAD: Head = Head { kind: 1, context: 7, tag: -3, mark: 0x9a5 };

    fn ends(segment: &Segment) -> (Producer, Consumer) {
        let memory = segment.ring(0, 1);
        // SAFETY: the segment outlives the ends in every test, and they are the only ones.
        unsafe { (Producer::new(memory), Consumer::new(memory)) }
    }

    fn take_all(consumer: &mut Consumer, out: &mut Vec<u8>) {
        while consumer
            .poll(|arrival| match arrival {
                Arrival::Inline(head, _, data) => {
                    assert_eq!(head, HEAD);
                    out.extend_from_slice(data);
                }
                Arrival::More(data) | Arrival::Bulk(_, _, data) => out.extend_from_slice(data),
            })
            .0
        {}
    }

    #[test]
    fn inline_messages_of_every_length_over_several_laps() {
        let segment = Segment::private(2);
        let (mut producer, mut consumer) = ends(&segment);
        for round in 0..3u8 {
            for len in 0..=producer.inline_limit() {
                let data: Vec<u8> = (0..len).map(|i| i as u8 ^ round).collect();
                assert!(producer.try_inline(HEAD, &data));
                let mut seen = Vec::new();
                take_all(&mut consumer, &mut seen);
                assert_eq!(seen, data);
            }
        }
    }

    #[test]
    fn a_full_ring_refuses_and_recovers() {
        let geometry = Geometry { ranks: 2, ring_lines: 4, bulk_bytes: 4096 };
        let segment = Segment::private_with(geometry);
        let (mut producer, mut consumer) = ends(&segment);
        let mut written = 0;
        while producer.try_inline(HEAD, &[written]) {
            written += 1;
        }
        assert_eq!(written, 3, "a line is kept for a redirection");
        assert!(producer.close(Head { kind: BULK, ..HEAD }, [0; HEAD_WORDS]) && producer.is_closed());
        let mut seen = Vec::new();
        take_all(&mut consumer, &mut seen);
        assert_eq!(seen, [0, 1, 2]);
        assert!(!producer.try_inline(HEAD, &[9]), "it is closed, though there is room");
        producer.reopen();
        assert!(producer.try_inline(HEAD, &[9]));
    }

    #[test]
    fn bulk_pieces_wrap_and_come_in_order() {
        let geometry = Geometry { ranks: 2, ring_lines: 8, bulk_bytes: 4096 };
        let segment = Segment::private_with(geometry);
        let (mut producer, mut consumer) = ends(&segment);
        let data: Vec<u8> = (0..50_000u32).map(|i| (i * 7) as u8).collect();
        let (mut sent, mut seen) = (0, Vec::new());
        let head = Head { kind: BULK, ..HEAD };
        while seen.len() < data.len() {
            while sent < data.len() {
                match producer.try_bulk(head, [sent as u64, 0, 0, 0, 0], &data[sent..], 1500) {
                    Some(n) => sent += n,
                    None => break,
                }
            }
            take_all(&mut consumer, &mut seen);
        }
        assert_eq!(seen, data);
    }

    #[test]
    fn two_threads() {
        let segment = Segment::private(2);
        let (mut producer, mut consumer) = ends(&segment);
        let count = if cfg!(miri) { 200 } else { 200_000u64 };
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for i in 0..count {
                    let data = vec![i as u8; (i % 300) as usize];
                    while !producer.try_inline(Head { tag: i as i32, ..HEAD }, &data) {
                        std::thread::yield_now();
                    }
                }
            });
            let (mut next, mut left) = (0u64, 0usize);
            while next < count {
                assert_eq!(left, 0, "a message comes whole");
                let (found, _) = consumer.poll(|arrival| match arrival {
                    Arrival::Inline(head, len, data) => {
                        assert_eq!((head.tag, len), (next as i32, (next % 300) as usize));
                        assert!(data.iter().all(|&b| b == next as u8));
                        left = len - data.len();
                        next += 1;
                    }
                    Arrival::More(data) => {
                        assert!(data.iter().all(|&b| b == (next - 1) as u8));
                        left -= data.len();
                    }
                    Arrival::Bulk(..) => unreachable!(),
                });
                if !found {
                    std::thread::yield_now();
                }
            }
        });
    }
}

#[cfg(loom)]
mod model {
    use super::*;
    use crate::layout::{Credit, Line};
    use crate::primitive::{AtomicU32, AtomicU64, UnsafeCell};
    use crate::sleep;
    use loom::sync::{Arc, Condvar, Mutex};
    use loom::thread;

    /// A ring of two lines, made of loom's own atomics.
    struct Ring {
        lines: Box<[Line]>,
        credit: Box<Credit>,
        bulk: Box<[u8]>,
    }

    impl Ring {
        fn new() -> Self {
            let line =
                || Line { sequence: AtomicU32::new(0), data: UnsafeCell::new([0; crate::layout::LINE_DATA]) };
            Self {
                lines: (0..2).map(|_| line()).collect(),
                credit: Box::new(Credit::model(AtomicU64::new(0), AtomicU64::new(0))),
                bulk: vec![0; 64].into(),
            }
        }

        fn memory(&self) -> RingMemory {
            RingMemory {
                lines: NonNull::from(&self.lines[0]),
                line_count: 2,
                credit: NonNull::from(&*self.credit),
                bulk: NonNull::from(&self.bulk[0]),
                bulk_bytes: 64,
            }
        }
    }

    // SAFETY: as for a segment.
    unsafe impl Sync for Ring {}

    /// The second message takes both lines.
    fn length(message: u8) -> usize {
        if message == 1 { HEAD_DATA + 2 } else { 1 }
    }

    /// Messages of one and of two lines through two lines: publication and reuse, every interleaving.
    /// loom's cells fail the test if a line is read while it is written, or written while it is read.
    #[test]
    fn lines_are_neither_torn_nor_reused_early() {
        loom::model(|| {
            let ring = Arc::new(Ring::new());
            let other = ring.clone();
            let sender = thread::spawn(move || {
                // SAFETY: the only producer; `other` keeps the memory.
                let mut producer = unsafe { Producer::new(other.memory()) };
                for i in 0..3u8 {
                    let data = vec![i; length(i)];
                    while !producer.try_inline(Head { kind: 1, context: 0, tag: i.into(), mark: 0 }, &data) {
                        thread::yield_now();
                    }
                }
            });
            // SAFETY: the only consumer; `ring` keeps the memory.
            let mut consumer = unsafe { Consumer::new(ring.memory()) };
            let mut next = 0u8;
            while next < 3 {
                let mut seen = 0;
                let (found, _) = consumer.poll(|arrival| match arrival {
                    Arrival::Inline(head, len, data) => {
                        assert_eq!((head.tag, len), (next.into(), length(next)));
                        assert!(data.iter().all(|&byte| byte == next));
                        seen = data.len();
                    }
                    Arrival::More(data) => {
                        assert!(data.iter().all(|&byte| byte == next));
                        seen += data.len();
                    }
                    Arrival::Bulk(..) => panic!("nothing was sent through the bulk ring"),
                });
                if found {
                    assert_eq!(seen, length(next), "whole or not at all");
                    next += 1;
                } else {
                    thread::yield_now();
                }
            }
            sender.join().unwrap();
        });
    }

    /// A futex: the word is looked at under a lock that the waker takes too, as the kernel does.
    struct Futex {
        word: AtomicU32,
        queue: Mutex<()>,
        wake: Condvar,
    }

    impl Futex {
        fn wait(&self) {
            let mut guard = self.queue.lock().unwrap();
            while self.word.load(Ordering::SeqCst) == 1 {
                guard = self.wake.wait(guard).unwrap();
            }
        }
    }

    /// The sleep protocol in its fenced form, without any time limit: a lost wake-up would leave the
    /// sleeper waiting for ever, which loom reports as a deadlock.
    #[test]
    fn no_wake_up_is_lost() {
        loom::model(|| {
            let ring = Arc::new(Ring::new());
            let futex =
                Arc::new(Futex { word: AtomicU32::new(0), queue: Mutex::new(()), wake: Condvar::new() });
            let (ring2, futex2) = (ring.clone(), futex.clone());
            let sender = thread::spawn(move || {
                // SAFETY: the only producer; `ring2` keeps the memory.
                let mut producer = unsafe { Producer::new(ring2.memory()) };
                for i in 0..2u8 {
                    assert!(producer.try_inline(Head { kind: 1, context: 0, tag: 0, mark: 0 }, &[i]));
                    if sleep::must_wake(&futex2.word, true) {
                        let _guard = futex2.queue.lock().unwrap();
                        futex2.wake.notify_all();
                    }
                }
            });
            // SAFETY: the only consumer; `ring` keeps the memory.
            let mut consumer = unsafe { Consumer::new(ring.memory()) };
            let mut seen = 0;
            while seen < 2 {
                if consumer.poll(|_| ()).0 {
                    seen += 1;
                    continue;
                }
                sleep::announce(&futex.word, true);
                if !consumer.ready() {
                    futex.wait();
                }
                sleep::retract(&futex.word);
            }
            sender.join().unwrap();
        });
    }
}
