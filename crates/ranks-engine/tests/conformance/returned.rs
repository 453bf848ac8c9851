//! Receives that are given up, at any moment: no message is lost, and none overtakes another.

use crate::Case;
use crate::support::*;
use ranks_engine::collective::Barrier;
use ranks_engine::transport::Transport;
use ranks_engine::{ANY_SOURCE, Engine, Mode, RequestId, Result};

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![
        ("receives that are given up", given_up),
        ("a receive that waits gets what another gives back", inherited),
    ]
}

/// Numbers by chance, the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Begins to receive into a buffer that whoever gives up can leave to the engine.
fn begin<T: Transport>(e: &mut Engine<T>, len: usize, source: i32, tag: i32) -> Result<(RequestId, Vec<u8>)> {
    let mut buffer = vec![0u8; len];
    let id = irecv(e, &mut buffer, source, tag)?;
    Ok((id, buffer))
}

fn given_up<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, next, previous) = ring(e);
    const MESSAGES: i32 = 8;
    for len in [8usize, 300, 3_000, 30_000, 200_000] {
        for round in 0..2 {
            let mut chance = Chance(round * 31 + len as u64 * 7 + me as u64);
            let data: Vec<_> = (0..MESSAGES).map(|number| pattern(len, me, number)).collect();
            let sends = data
                .iter()
                .map(|part| isend(e, Mode::Standard, part, next, 3))
                .collect::<Result<Vec<_>>>()?;
            let (mut under_way, mut got) = (Vec::new(), vec![0; MESSAGES as usize]);
            let number_of = |buffer: &[u8]| {
                let number = (0..MESSAGES).find(|&number| buffer[..8] == pattern(8, previous, number));
                let number = number.expect("it is one of the messages");
                assert!(*buffer == pattern(len, previous, number), "message {number} of {len} bytes");
                number as usize
            };
            // Begun, looked after, given up and waited for in any order.
            for _ in 0..40 {
                match chance.below(4) {
                    0 => {
                        under_way.push(begin(e, len, if round % 2 == 0 { previous } else { ANY_SOURCE }, 3)?)
                    }
                    1 => (0..chance.below(4)).for_each(|_| {
                        e.progress();
                    }),
                    _ if under_way.is_empty() => {}
                    which => {
                        let at = chance.below(under_way.len() as u64) as usize;
                        let (id, buffer) = under_way.remove(at);
                        if which == 2 {
                            e.abandon(id, Box::new(buffer));
                        } else if e.test(id)?.is_some() {
                            got[number_of(&buffer)] += 1;
                        } else {
                            under_way.insert(at, (id, buffer));
                        }
                    }
                }
            }
            for (id, buffer) in under_way {
                e.abandon(id, Box::new(buffer));
            }
            let mut last = None;
            while got.contains(&0) {
                let (id, buffer) = begin(e, len, previous, 3)?;
                e.wait(id)?;
                let number = number_of(&buffer);
                assert!(Some(number) > last, "message {number} of {len} bytes after {last:?}");
                last = Some(number);
                got[number] += 1;
            }
            assert!(got.iter().all(|&times| times == 1), "{got:?}");
            for send in sends {
                e.wait(send)?;
            }
            assert!(n == 1 || e.iprobe(previous, 3, WORLD)?.is_none(), "nothing is there twice");
            e.run(WORLD, Barrier)?;
        }
    }
    Ok(())
}

fn inherited<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    for len in [8usize, 3_000, 300_000] {
        let data: Vec<_> = (0..2).map(|number| pattern(len, me, number)).collect();
        let (first, first_buffer) = begin(e, len, previous, 4)?;
        let (second, second_buffer) = begin(e, len, previous, 4)?;
        e.run(WORLD, Barrier)?;
        let send = isend(e, Mode::Standard, &data[0], next, 4)?;
        // Both have been sent to, but only one message is there: the second receive gets it.
        e.run(WORLD, Barrier)?;
        (0..3).for_each(|_| {
            e.progress();
        });
        e.abandon(first, Box::new(first_buffer));
        e.wait(second)?;
        assert_eq!(second_buffer, pattern(len, previous, 0));
        // The other message goes to neither of them.
        e.run(WORLD, Barrier)?;
        let (third, third_buffer) = begin(e, len, previous, 4)?;
        let other = isend(e, Mode::Standard, &data[1], next, 4)?;
        e.wait(third)?;
        assert_eq!(third_buffer, pattern(len, previous, 1));
        e.wait(send)?;
        e.wait(other)?;
    }
    Ok(())
}
