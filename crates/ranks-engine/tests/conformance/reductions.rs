//! Reductions: every algorithm, root and count, in place and not, with an operation that commutes and one
//! that does not.

use crate::Case;
use crate::collectives::{out, room, roots};
use crate::support::*;
use ranks_engine::collective::{
    Allgather, Allreduce, AllreduceAlgorithm, Reduce, ReduceAlgorithm, ReduceScatter, ReduceScatterAlgorithm,
    Scan, ScanAlgorithm,
};
use ranks_engine::op::{Element, Op, Operation, StoredOp};
use ranks_engine::transport::Transport;
use ranks_engine::{Class, Engine, RecvBuf, Result};

/// Elements. With the most of them only sums, in place, are tried.
const COUNTS: [usize; 6] = [0, 1, 3, 100, 5_000, 100_000];

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![
        ("reduce", reduce),
        ("reduce to all", allreduce),
        ("reduce and scatter", reduce_scatter),
        ("reduce and scatter different lengths", reduce_scatter_of_different_lengths),
        ("scan", scan),
        ("scan without oneself", exscan),
        ("every operation on every type", operations),
        ("sums of floating point have the same bits everywhere", same_bits),
        ("wrong arguments of reductions", wrong_arguments),
    ]
}

/// What is reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Sums of i32.
    Sums,
    /// Affine maps x -> ax + b modulo a prime, put one after the other: the order matters.
    Maps,
}

const PRIME: u64 = 65_521;

impl Kind {
    fn for_count(count: usize) -> &'static [Kind] {
        if count > 50_000 { &[Kind::Sums] } else { &[Kind::Sums, Kind::Maps] }
    }

    fn with<R>(self, body: impl FnOnce(&mut Op<'_>) -> R) -> R {
        match self {
            Kind::Sums => body(&mut Op::built_in(Operation::Sum, Element::I32).expect("it is one")),
            Kind::Maps => body(&mut Op::user(&mut compose, 8, false)),
        }
    }

    fn stored(self) -> StoredOp {
        match self {
            Kind::Sums => StoredOp::built_in(Operation::Sum, Element::I32).expect("it is one"),
            Kind::Maps => StoredOp::user(compose, 8, false),
        }
    }

    /// The elements of a rank.
    fn row(self, rank: i32, count: usize) -> Vec<u8> {
        let rank = rank as u32;
        let mut row = Vec::with_capacity(8 * count);
        for i in 0..count as u32 {
            let value = rank.wrapping_mul(1_000_003) ^ i.wrapping_mul(77);
            match self {
                Kind::Sums => row.extend_from_slice(&value.to_ne_bytes()),
                Kind::Maps => {
                    row.extend_from_slice(&(value % 65_520 + 1).to_ne_bytes());
                    row.extend_from_slice(&(i % 65_521).to_ne_bytes());
                }
            }
        }
        row
    }

    /// The reduction of these ranks' elements, one after the other.
    fn reduced(self, ranks: std::ops::Range<i32>, count: usize) -> Vec<u8> {
        let mut all = self.row(ranks.start, count);
        for rank in ranks.skip(1) {
            let mut next = self.row(rank, count);
            self.with(|op| op.apply(&all, &mut next));
            all = next;
        }
        all
    }
}

fn compose(input: &[u8], inout: &mut [u8]) {
    let word = |bytes: &[u8]| u64::from(u32::from_ne_bytes(bytes.try_into().expect("four bytes")));
    for (first, then) in input.chunks_exact(8).zip(inout.chunks_exact_mut(8)) {
        let (a, b) = (word(&first[..4]), word(&first[4..]));
        let (c, d) = (word(&then[..4]), word(&then[4..]));
        then[..4].copy_from_slice(&((a * c % PRIME) as u32).to_ne_bytes());
        then[4..].copy_from_slice(&(((c * b + d) % PRIME) as u32).to_ne_bytes());
    }
}

/// A case for every count, kind, and place.
fn every(mut case: impl FnMut(usize, Kind, bool) -> Result<()>) -> Result<()> {
    for count in COUNTS {
        for &kind in Kind::for_count(count) {
            for in_place in [false, true].into_iter().filter(|&yes| yes || count < 50_000) {
                case(count, kind, in_place)?;
            }
        }
    }
    Ok(())
}

fn reduce<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    every(|count, kind, in_place| {
        let mine = kind.row(me, count);
        let expected = kind.reduced(0..n, count);
        for root in roots(n, count) {
            for way in Way::every(count, &[ReduceAlgorithm::Binomial, ReduceAlgorithm::Slices]) {
                let here = me == root;
                let mut got = if in_place { mine.clone() } else { vec![0; mine.len()] };
                let send = (!here || !in_place).then(|| out(&mine));
                let recv = if here { room(&mut got) } else { RecvBuf::EMPTY };
                way.run(e, Reduce { send, recv, op: kind.stored(), root })?;
                assert!(!here || got == expected, "{count} {kind:?} to {root}, {way:?}, {in_place}");
            }
        }
        Ok(())
    })
}

fn allreduce<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    use AllreduceAlgorithm::{RecursiveDoubling, ReduceBcast, Slices};
    let (me, n, ..) = ring(e);
    every(|count, kind, in_place| {
        let mine = kind.row(me, count);
        let expected = kind.reduced(0..n, count);
        for way in Way::every(count, &[RecursiveDoubling, ReduceBcast, Slices]) {
            let mut got = if in_place { mine.clone() } else { vec![0; mine.len()] };
            let send = (!in_place).then(|| out(&mine));
            let recv = room(&mut got);
            way.run(e, Allreduce { send, recv, op: kind.stored() })?;
            assert!(got == expected, "{count} {kind:?}, {way:?}, in place: {in_place}");
        }
        Ok(())
    })
}

fn reduce_scatter<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    every(|count, kind, in_place| {
        // So many elements to each.
        let count = count / n as usize;
        let mine = kind.row(me, count * n as usize);
        let part = mine.len() / n as usize;
        let expected = kind.reduced(0..n, count * n as usize);
        let expected = &expected[me as usize * part..][..part];
        for way in Way::every(count, &[ReduceScatterAlgorithm::ReduceScatter, ReduceScatterAlgorithm::Slices])
        {
            let mut got = if in_place { mine.clone() } else { vec![0; part] };
            let send = (!in_place).then(|| out(&mine));
            let recv = room(&mut got);
            way.run(e, ReduceScatter { send, recv, lengths: None, op: kind.stored() })?;
            assert!(got[..part] == *expected, "{count} {kind:?}, {way:?}, in place: {in_place}");
        }
        Ok(())
    })
}

fn reduce_scatter_of_different_lengths<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    let counts: Vec<usize> = (0..n as usize).map(|rank| [3, 0, 5_000, 1][rank % 4]).collect();
    for kind in [Kind::Sums, Kind::Maps] {
        let whole: usize = counts.iter().sum();
        let mine = kind.row(me, whole);
        let element = mine.len() / whole;
        let lengths: Vec<usize> = counts.iter().map(|count| count * element).collect();
        let before: usize = lengths[..me as usize].iter().sum();
        let part = lengths[me as usize];
        let reduced = kind.reduced(0..n, whole);
        let expected = &reduced[before..before + part];
        for in_place in [false, true] {
            for way in
                Way::every(whole, &[ReduceScatterAlgorithm::ReduceScatter, ReduceScatterAlgorithm::Slices])
            {
                let mut got = if in_place { mine.clone() } else { vec![0; part] };
                let send = (!in_place).then(|| out(&mine));
                let recv = room(&mut got);
                way.run(e, ReduceScatter { send, recv, lengths: Some(&lengths), op: kind.stored() })?;
                assert!(got[..part] == *expected, "{kind:?}, {way:?}, in place: {in_place}");
            }
        }
    }
    Ok(())
}

fn scan<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, ..) = ring(e);
    every(|count, kind, in_place| {
        let mine = kind.row(me, count);
        let expected = kind.reduced(0..me + 1, count);
        for way in Way::every(count, &[ScanAlgorithm::Linear, ScanAlgorithm::RecursiveDoubling]) {
            let mut got = if in_place { mine.clone() } else { vec![0; mine.len()] };
            let send = (!in_place).then(|| out(&mine));
            let recv = room(&mut got);
            way.run(e, Scan { send, recv, op: kind.stored(), inclusive: true })?;
            assert!(got == expected, "{count} {kind:?}, {way:?}, in place: {in_place}");
        }
        Ok(())
    })
}

fn exscan<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, ..) = ring(e);
    every(|count, kind, in_place| {
        let mine = kind.row(me, count);
        for way in Way::every(count, &[ScanAlgorithm::Linear, ScanAlgorithm::RecursiveDoubling]) {
            let mut got = if in_place { mine.clone() } else { vec![9; mine.len()] };
            // Rank 0 keeps what it has.
            let expected = if me == 0 { got.clone() } else { kind.reduced(0..me, count) };
            let send = (!in_place).then(|| out(&mine));
            let recv = room(&mut got);
            way.run(e, Scan { send, recv, op: kind.stored(), inclusive: false })?;
            assert!(got == expected, "{count} {kind:?}, {way:?}, in place: {in_place}");
        }
        Ok(())
    })
}

/// One element of `on` that holds a small number.
fn small(on: Element, value: u8) -> Vec<u8> {
    match on {
        Element::F32 => f32::from(value).to_ne_bytes().to_vec(),
        Element::F64 => f64::from(value).to_ne_bytes().to_vec(),
        _ => {
            let mut bytes = vec![0; on.size()];
            let at = if cfg!(target_endian = "little") { 0 } else { bytes.len() - 1 };
            bytes[at] = value;
            bytes
        }
    }
}

fn operations<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    for operation in Operation::ALL {
        // Small enough for the product of all, and the sum of 64, to fit in one byte.
        let value = |rank: i32| [1u8, 2, 3, 2, 1, 2].get(rank as usize).copied().unwrap_or(1);
        let fold = |f: fn(u8, u8) -> u8| (1..n).map(value).fold(value(0), f);
        let truth = |f: fn(bool, bool) -> bool| u8::from((1..n).fold(true, |all, _| f(all, true)));
        let expected = match operation {
            Operation::Sum => fold(|a, b| a + b),
            Operation::Product => fold(|a, b| a * b),
            Operation::Min => fold(u8::min),
            Operation::Max => fold(u8::max),
            // Of one rank there is nothing to combine, so its value stays.
            _ if n == 1 => value(0),
            Operation::LogicalAnd => truth(|a, b| a && b),
            Operation::LogicalOr => truth(|a, b| a || b),
            Operation::LogicalXor => truth(|a, b| a != b),
            Operation::BitAnd => fold(|a, b| a & b),
            Operation::BitOr => fold(|a, b| a | b),
            Operation::BitXor => fold(|a, b| a ^ b),
        };
        for on in Element::ALL {
            let Some(mut op) = Op::built_in(operation, on) else { continue };
            let mut got = vec![0; on.size()];
            e.run(
                WORLD,
                Allreduce { send: Some(out(&small(on, value(me)))), recv: room(&mut got), op: &mut op },
            )?;
            assert_eq!(got, small(on, expected), "{operation:?} on {on:?}");
        }
    }
    Ok(())
}

fn same_bits<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    use AllreduceAlgorithm::{RecursiveDoubling, ReduceBcast, Slices};
    let (me, n, ..) = ring(e);
    for count in [1usize, 1000] {
        // Of very different sizes, so that another order gives another sum.
        let value = |i: usize| (0.1 + i as f64) * 10f64.powi((me * 5 + i as i32) % 17 - 8);
        let mine: Vec<u8> = (0..count).flat_map(|i| value(i).to_ne_bytes()).collect();
        for algorithm in [RecursiveDoubling, ReduceBcast, Slices] {
            let mut op = Op::built_in(Operation::Sum, Element::F64).expect("it is one");
            let mut sums = vec![0; mine.len()];
            e.run_by_messages(
                WORLD,
                Allreduce { send: Some(out(&mine)), recv: room(&mut sums), op: &mut op },
                Some(algorithm),
            )?;
            let mut again = vec![0; mine.len()];
            e.run_by_messages(
                WORLD,
                Allreduce { send: Some(out(&mine)), recv: room(&mut again), op: &mut op },
                Some(algorithm),
            )?;
            assert!(sums == again);
            let mut all = vec![0; sums.len() * n as usize];
            e.run(WORLD, Allgather { send: Some(out(&sums)), recv: room(&mut all), parts: None })?;
            assert!(all.chunks(sums.len()).all(|row| row == sums), "{count} elements, {algorithm:?}");
        }
    }
    Ok(())
}

fn wrong_arguments<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (_, n, ..) = ring(e);
    let mut op = Op::built_in(Operation::Sum, Element::I32).expect("it is one");
    let (data, mut got) = ([0; 8], [0; 12]);
    let error =
        e.run(WORLD, Allreduce { send: Some(out(&data)), recv: room(&mut got), op: &mut op }).unwrap_err();
    assert_eq!((error.class(), error.call().name()), (Class::Truncate, "MPI_Allreduce"), "{error}");
    let error = e
        .run(
            WORLD,
            Scan { send: Some(out(&data[..6])), recv: room(&mut got[..6]), op: &mut op, inclusive: true },
        )
        .unwrap_err();
    assert_eq!(error.class(), Class::Count, "{error}");
    let error = e
        .run(WORLD, Reduce { send: Some(out(&data)), recv: room(&mut got[..8]), op: &mut op, root: n })
        .unwrap_err();
    assert_eq!(error.class(), Class::Root, "{error}");
    let both = room(&mut got);
    let error = e
        .run(WORLD, Scan { send: Some(both.as_send()), recv: both, op: &mut op, inclusive: false })
        .unwrap_err();
    assert_eq!((error.class(), error.call().name()), (Class::Buffer, "MPI_Exscan"), "{error}");
    Ok(())
}
