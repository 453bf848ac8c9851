//! Collectives on boards, one after the other without a barrier between them: lengths around every limit, and
//! ranks that do not agree.

use crate::Case;
use crate::collectives::{out, room};
use crate::support::*;
use ranks_engine::collective::{
    Allgather, Allreduce, Alltoall, Barrier, Bcast, ExchangeParts, Gather, Reduce, Scan, Scatter,
};
use ranks_engine::op::{Element, Op, Operation};
use ranks_engine::transport::Transport;
use ranks_engine::{Class, CommId, Engine, Result};
use ranks_shm::bounds::{BOARD_SLOT, board_ring};

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![
        ("a mixture of collectives", mixture),
        ("what is longer than a ring", longer_than_a_ring),
        ("elements that are longer than a slot", long_elements),
        ("boards come back", boards_come_back),
        ("a broadcast by messages among those on the board", by_messages),
        ("ranks in different collectives are told", different_calls),
        ("ranks with different lengths are told", different_lengths),
    ]
}

/// Around what fits in a line, in what is not long, in a slot, in a half, and in the pieces laid ahead.
const LENGTHS: [usize; 14] =
    [0, 4, 48, 52, 4096, 8192, 8196, 16_384, 16_388, 65_536, 65_540, 147_456, 147_460, 200_000];

/// The same numbers at every rank.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// A sum of every rank's pattern, as words.
fn sums(n: i32, len: usize, tag: i32) -> Vec<u8> {
    let mut total = vec![0u32; len / 4];
    for rank in 0..n {
        for (sum, word) in total.iter_mut().zip(pattern(len, rank, tag).chunks_exact(4)) {
            *sum = sum.wrapping_add(u32::from_ne_bytes(word.try_into().unwrap()));
        }
    }
    total.into_iter().flat_map(u32::to_ne_bytes).collect()
}

fn step<T: Transport>(
    e: &mut Engine<T>,
    comm: CommId,
    which: usize,
    len: usize,
    root: i32,
    tag: i32,
) -> Result<()> {
    let (me, n) = (e.comm_rank(comm)?, e.comm_size(comm)?);
    let mine = pattern(len, me, tag);
    let mut sum = Op::built_in(Operation::Sum, Element::U32).unwrap();
    let all = |ranks: i32| (0..ranks).flat_map(|rank| pattern(len, rank, tag)).collect::<Vec<u8>>();
    match which {
        0 => {
            let mut got = if me == root { pattern(len, root, tag) } else { vec![0; len] };
            e.run(comm, Bcast { buf: room(&mut got), root })?;
            assert_eq!(got, pattern(len, root, tag));
        }
        1 => {
            let mut got = vec![0; if me == root { len * n as usize } else { 0 }];
            e.run(comm, Gather { send: Some(out(&mine)), recv: room(&mut got), parts: None, root })?;
            assert!(me != root || got == all(n));
        }
        2 => {
            let (from, mut got) = (if me == root { all(n) } else { Vec::new() }, vec![0; len]);
            e.run(comm, Scatter { send: out(&from), parts: None, recv: Some(room(&mut got)), root })?;
            assert_eq!(got, mine);
        }
        3 => {
            let mut got = vec![0; len * n as usize];
            e.run(comm, Allgather { send: Some(out(&mine)), recv: room(&mut got), parts: None })?;
            assert_eq!(got, all(n));
        }
        4 => {
            let part = |from: i32, to: i32| pattern(len, 10 * from + to, tag);
            let from: Vec<u8> = (0..n).flat_map(|to| part(me, to)).collect();
            let mut got = vec![0; len * n as usize];
            e.run(
                comm,
                Alltoall { send: Some(out(&from)), recv: room(&mut got), parts: ExchangeParts::Equal },
            )?;
            assert_eq!(got, (0..n).flat_map(|from| part(from, me)).collect::<Vec<_>>());
        }
        5 => {
            let mut got = vec![0; if me == root { len } else { 0 }];
            e.run(comm, Reduce { send: Some(out(&mine)), recv: room(&mut got), op: &mut sum, root })?;
            assert!(me != root || got == sums(n, len, tag));
        }
        6 => {
            let mut got = mine;
            e.run(comm, Allreduce { send: None, recv: room(&mut got), op: &mut sum })?;
            assert_eq!(got, sums(n, len, tag));
        }
        7 => {
            let mut got = vec![0; len];
            e.run(
                comm,
                Scan { send: Some(out(&mine)), recv: room(&mut got), op: &mut sum, inclusive: true },
            )?;
            assert_eq!(got, sums(me + 1, len, tag));
        }
        _ => e.run(comm, Barrier)?,
    }
    Ok(())
}

fn mixture_on<T: Transport>(e: &mut Engine<T>, comm: CommId, steps: usize) -> Result<()> {
    let n = e.comm_size(comm)?;
    let mut numbers = Numbers(n as u64);
    for tag in 0..steps {
        let (which, len) = (numbers.below(9), LENGTHS[numbers.below(LENGTHS.len())]);
        let root = numbers.below(n as usize) as i32;
        step(e, comm, which, len, root, tag as i32)?;
    }
    Ok(())
}

fn mixture<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    mixture_on(e, WORLD, 150)
}

/// Reductions wait for slots within a round; what moves is too long then, and just not.
fn longer_than_a_ring<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let n = e.comm_size(WORLD)?;
    let ring = board_ring(n as usize).max(BOARD_SLOT);
    for (tag, len) in [ring, ring + 4, ring + 9 * BOARD_SLOT].into_iter().enumerate() {
        for which in 0..8 {
            step(e, WORLD, which, len, tag as i32 % n, tag as i32)?;
        }
    }
    Ok(())
}

/// They are not cut: the first byte of an element tells the sum, the last one which it is.
fn long_elements<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n) = (e.comm_rank(WORLD)?, e.comm_size(WORLD)?);
    for element in [BOARD_SLOT - 3, BOARD_SLOT, BOARD_SLOT + 5] {
        let mut function = |input: &[u8], inout: &mut [u8]| {
            for (from, to) in input.chunks(element).zip(inout.chunks_mut(element)) {
                assert_eq!(from[element - 1], to[element - 1]);
                to[0] = to[0].wrapping_add(from[0]);
            }
        };
        let mine: Vec<u8> = (0..7 * element)
            .map(|at| match at % element {
                0 => me as u8 + 1,
                _ => (at / element) as u8,
            })
            .collect();
        let sum = (1..=n as u8).sum::<u8>();
        let mut op = Op::user(&mut function, element, true);
        let mut got = vec![0; mine.len()];
        e.run(WORLD, Allreduce { send: Some(out(&mine)), recv: room(&mut got), op: &mut op })?;
        assert!(got.chunks(element).enumerate().all(|(k, e)| e[0] == sum && e[element - 1] == k as u8));
        let mut got = mine.clone();
        e.run(WORLD, Scan { send: None, recv: room(&mut got), op: &mut op, inclusive: true })?;
        let sum = (1..=me as u8 + 1).sum::<u8>();
        assert!(got.chunks(element).enumerate().all(|(k, e)| e[0] == sum && e[element - 1] == k as u8));
    }
    Ok(())
}

/// More communicators, one after the other, than there are boards; in them ranks are not slots.
fn boards_come_back<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    for turn in 0..20 {
        let comm = e.comm_split(WORLD, (me + turn) % 2, n - me)?.expect("a colour");
        let other = e.comm_dup(comm)?;
        mixture_on(e, other, 10)?;
        mixture_on(e, comm, 4)?;
        e.comm_free(comm)?;
        mixture_on(e, other, 2)?;
        e.comm_free(other)?;
    }
    Ok(())
}

fn by_messages<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    for (tag, len) in LENGTHS.into_iter().enumerate() {
        let root = tag as i32 % n;
        let mut got = if me == root { pattern(len, root, 1) } else { vec![0; len] };
        e.run_by_messages(WORLD, Bcast { buf: room(&mut got), root }, None)?;
        assert_eq!(got, pattern(len, root, 1));
        step(e, WORLD, 0, len, root, tag as i32)?;
    }
    Ok(())
}

fn different_calls<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    if n == 1 {
        return Ok(());
    }
    let mut sum = Op::built_in(Operation::Sum, Element::U32).unwrap();
    let mut got = [0; 8];
    // Rank 0 waits for rank 1 in another collective than rank 1 for rank 0; the rest go with rank 1.
    let error = match me {
        0 => e.run(WORLD, Bcast { buf: room(&mut got), root: 1 }),
        _ => e.run(WORLD, Allreduce { send: None, recv: room(&mut got), op: &mut sum }),
    };
    let error = error.expect_err("ranks 0 and 1 are not in the same collective");
    assert!(error.class() == Class::Other && error.peer_rank().is_some(), "{error}");
    if me == 0 {
        assert!(error.to_string().contains("all_reduce"), "{error}");
    }
    e.run(WORLD, Barrier)?;
    mixture_on(e, WORLD, 5)
}

fn different_lengths<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    if n == 1 {
        return Ok(());
    }
    for (one, others) in [(4, 8), (8, 4), (60, 8), (8, 400_000), (400_000, 60)] {
        let mut sum = Op::built_in(Operation::Sum, Element::U32).unwrap();
        let mut got = vec![0; if me == 0 { one } else { others }];
        let outcome = e.run(WORLD, Allreduce { send: None, recv: room(&mut got), op: &mut sum });
        let error = outcome.expect_err("rank 0 has another length than the others");
        assert!(matches!(error.class(), Class::Truncate | Class::Other), "{error}");
        e.run(WORLD, Barrier)?;
        step(e, WORLD, 6, 100, 0, 1)?;
    }
    Ok(())
}
