//! Arrivals as no correct rank sends them: whatever a damaged segment says, a rank neither panics nor
//! writes where it must not.

use super::*;
use crate::group::CommId;
use crate::memory::RecvBuf;
use crate::p2p::Engine;
use crate::transport::sim::{Sim, World};
use crate::transport::{Arrival, BULK};

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Small numbers, numbers near the limits, and anything.
    fn word(&mut self) -> u64 {
        match self.next() % 4 {
            0 => self.next() % 8,
            1 => u64::MAX - self.next() % 8,
            2 => ((1 + self.next() % 6) << 32) | (1 + self.next() % 3),
            _ => self.next(),
        }
    }
}

#[test]
fn random_arrivals_do_no_harm() {
    for seed in 1..60 {
        let mut random = Random(seed * 0x9e37_79b9);
        let mut engine = Engine::new(Sim::new(World::new(3, 1), 0));
        let mut rooms = vec![[0xa5u8; 96]; 40];
        for (at, room) in rooms.iter_mut().enumerate() {
            // The outer bytes are not part of the buffer: they must keep their value.
            #[allow(unsafe_code)]
            // SAFETY: the rooms outlive the engine's use of them.
            let buf = unsafe { RecvBuf::of(&mut room[16..80]) };
            engine.irecv(buf, (at % 3) as i32, (at % 4) as i32, CommId::WORLD).unwrap();
        }
        let data = [7u8; 60];
        for _ in 0..2_000 {
            let from = 1 + (random.next() % 2) as usize;
            let kind = if random.next().is_multiple_of(3) { 1 } else { BULK + (random.next() % 10) as u8 };
            let head =
                Head { kind, context: (random.next() % 4) as u32, tag: (random.next() % 5) as i32, mark: 0 };
            let part = &data[..(random.next() % 61) as usize];
            let core = &mut engine.core;
            if kind < BULK {
                core.arrival(from, Arrival::Inline(head, part.len().min(48), &part[..part.len().min(48)]));
            } else if random.next().is_multiple_of(8) {
                core.arrival(from, Arrival::More(part));
            } else {
                let words = std::array::from_fn(|_| random.word());
                core.arrival(from, Arrival::Bulk(head, words, part));
            }
            // What would be copied from an address is refused by the kernel, not by us.
            core.pulls.clear();
            core.pushes.clear();
        }
        assert!(rooms.iter().all(|room| room[..16] == [0xa5; 16] && room[80..] == [0xa5; 16]));
    }
}
