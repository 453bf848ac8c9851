//! The plain model, and random types of both kinds.

use ranks_engine::datatype::{Datatype, Distribution, Form, Order, Scalar};
use std::sync::Arc;

/// A small generator of numbers, the same on every machine.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit.max(1)
    }

    fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64) as i64
    }
}

/// A type as the list of its elements.
#[derive(Clone, Debug)]
pub struct Model {
    pub entries: Vec<(Scalar, i64)>,
    /// Lower and upper bounds that were set.
    lowers: Vec<i64>,
    uppers: Vec<i64>,
    /// Bounds of the parts, with their padding.
    parts: Vec<(i64, i64)>,
}

impl Model {
    pub fn size(&self) -> i64 {
        self.entries.iter().map(|(scalar, _)| i64::from(scalar.size)).sum()
    }

    pub fn true_bounds(&self) -> (i64, i64) {
        let low = self.entries.iter().map(|(_, at)| *at).min().unwrap_or(0);
        let high = self.entries.iter().map(|(scalar, at)| at + i64::from(scalar.size)).max().unwrap_or(0);
        (low, high - low)
    }

    /// Lower bound and extent.
    pub fn bounds(&self) -> (i64, i64) {
        let low = self.lowers.iter().copied().min();
        let high = self.uppers.iter().copied().max();
        match low.zip(high) {
            Some((low, high)) => (low, high - low),
            None => {
                let align = self.entries.iter().map(|(scalar, _)| i64::from(scalar.align)).max().unwrap_or(1);
                let low = self.parts.iter().map(|part| part.0).min().unwrap_or(0);
                let high = self.parts.iter().map(|part| part.1).max().unwrap_or(0);
                (low, (high - low + align - 1) / align * align)
            }
        }
    }

    fn moved(&self, by: i64) -> Model {
        let all = |places: &[i64]| places.iter().map(|at| at + by).collect();
        let entries = self.entries.iter().map(|(scalar, at)| (*scalar, at + by)).collect();
        let parts = self.parts.iter().map(|(low, high)| (low + by, high + by)).collect();
        Model { entries, lowers: all(&self.lowers), uppers: all(&self.uppers), parts }
    }

    fn joined(parts: impl IntoIterator<Item = Model>) -> Model {
        let mut all = Model { entries: vec![], lowers: vec![], uppers: vec![], parts: vec![] };
        for part in parts {
            all.entries.extend(part.entries);
            all.lowers.extend(part.lowers);
            all.uppers.extend(part.uppers);
            all.parts.extend(part.parts);
        }
        all
    }

    fn repeated(&self, count: i64, stride: i64) -> Model {
        Self::joined((0..count).map(|n| self.moved(n * stride)))
    }

    fn row(&self, count: i64) -> Model {
        self.repeated(count, self.bounds().1)
    }

    fn set(mut self, low: i64, extent: i64) -> Model {
        (self.lowers, self.uppers) = (vec![low], vec![low + extent]);
        self
    }
}

const SCALARS: [Scalar; 7] = [
    Scalar::U8,
    Scalar::I16,
    Scalar::I32,
    Scalar::F64,
    Scalar::F32.complex(),
    Scalar::EXTENDED,
    Scalar::F64.complex(),
];

/// A type made of types, as the library has it and as the model has it; never empty.
pub fn random_type(random: &mut Random) -> (Arc<Datatype>, Model) {
    loop {
        let depth = random.below(5);
        let (real, model) = nested(random, depth);
        if !model.entries.is_empty() {
            return (real, model);
        }
    }
}

/// A type of types. Each is padded once, when it is whole.
fn nested(random: &mut Random, depth: u64) -> (Arc<Datatype>, Model) {
    let (real, mut model) = made(random, depth);
    let (low, extent) = model.bounds();
    model.parts = if model.entries.is_empty() { vec![] } else { vec![(low, low + extent)] };
    (real, model)
}

fn made(random: &mut Random, depth: u64) -> (Arc<Datatype>, Model) {
    if depth == 0 {
        let scalar = SCALARS[random.below(SCALARS.len() as u64) as usize];
        let parts = vec![(0, i64::from(scalar.size))];
        let model = Model { entries: vec![(scalar, 0)], lowers: vec![], uppers: vec![], parts };
        return (Datatype::scalar(scalar), model);
    }
    let (old, model) = nested(random, depth - 1);
    if model.entries.len() > 300 {
        return (old, model);
    }
    let ext = model.bounds().1;
    let form = if random.below(2) == 0 { Form::Int } else { Form::Large };
    let blocks = random.below(5) as usize;
    let lengths: Vec<i64> = (0..blocks).map(|_| random.between(0, 3)).collect();
    let places: Vec<i64> = (0..blocks).map(|_| random.between(-8, 20)).collect();
    let bytes: Vec<i64> = places.iter().map(|at| at * 8 + random.between(0, 3)).collect();
    let (n, length) = (random.between(0, 5), random.between(0, 3));
    match random.below(12) {
        0 => (Datatype::contiguous(form, n, &old).unwrap(), model.row(n)),
        1 => {
            let stride = random.between(-4, 6);
            let real = Datatype::vector(form, n, length, stride, &old).unwrap();
            (real, model.row(length).repeated(n, stride * ext))
        }
        2 => {
            let stride = random.between(-60, 100);
            let real = Datatype::hvector(form, n, length, stride, &old).unwrap();
            (real, model.row(length).repeated(n, stride))
        }
        3 => {
            let parts = lengths.iter().zip(&places).map(|(len, at)| model.row(*len).moved(at * ext));
            (Datatype::indexed(form, &lengths, &places, &old).unwrap(), Model::joined(parts))
        }
        4 => {
            let parts = lengths.iter().zip(&bytes).map(|(len, at)| model.row(*len).moved(*at));
            (Datatype::hindexed(form, &lengths, &bytes, &old).unwrap(), Model::joined(parts))
        }
        5 => {
            let parts = places.iter().map(|at| model.row(length).moved(at * ext));
            (Datatype::indexed_block(form, length, &places, &old).unwrap(), Model::joined(parts))
        }
        6 => {
            let parts = bytes.iter().map(|at| model.row(length).moved(*at));
            (Datatype::hindexed_block(form, length, &bytes, &old).unwrap(), Model::joined(parts))
        }
        7 => {
            let others: Vec<_> = (1..blocks).map(|_| nested(random, depth.min(2) - 1)).collect();
            let mut types: Vec<_> = others.into_iter().collect();
            types.resize_with(blocks, || (old.clone(), model.clone()));
            let real: Vec<_> = types.iter().map(|(real, _)| real.clone()).collect();
            let real = Datatype::structure(form, &lengths, &bytes, &real).unwrap();
            let parts = types.iter().zip(&lengths).zip(&bytes);
            (real, Model::joined(parts.map(|(((_, model), len), at)| model.row(*len).moved(*at))))
        }
        8 => {
            let (low, extent) = (random.between(-20, 20), random.between(-10, 60));
            (Datatype::resized(form, low, extent, &old).unwrap(), model.set(low, extent))
        }
        9 => (Datatype::dup(&old).unwrap(), model),
        10 => subarray(random, form, &old, &model),
        _ => darray(random, form, &old, &model),
    }
}

/// Every index of an array in the order of `order`, with whether it is wanted.
fn array_part(model: &Model, sizes: &[i64], order: Order, wanted: impl Fn(&[i64]) -> bool) -> Model {
    let (all, ext): (i64, _) = (sizes.iter().product(), model.bounds().1);
    let index = |mut at: i64| {
        let mut index = vec![0; sizes.len()];
        let each = |n: usize| {
            index[n] = at % sizes[n];
            at /= sizes[n];
        };
        match order {
            Order::C => (0..sizes.len()).rev().for_each(each),
            Order::Fortran => (0..sizes.len()).for_each(each),
        }
        index
    };
    let parts = (0..all).filter(|at| wanted(&index(*at))).map(|at| model.moved(at * ext));
    Model::joined(parts).set(0, all * ext)
}

fn subarray(random: &mut Random, form: Form, old: &Arc<Datatype>, model: &Model) -> (Arc<Datatype>, Model) {
    let n = random.between(1, 3) as usize;
    let sizes: Vec<i64> = (0..n).map(|_| random.between(1, 4)).collect();
    let parts: Vec<i64> = sizes.iter().map(|size| random.between(1, *size)).collect();
    let starts: Vec<i64> = (0..n).map(|at| random.between(0, sizes[at] - parts[at])).collect();
    let order = if random.below(2) == 0 { Order::C } else { Order::Fortran };
    let real = Datatype::subarray(form, &sizes, &parts, &starts, (order, 0), old).unwrap();
    let inside = |at: &[i64]| (0..n).all(|d| (starts[d]..starts[d] + parts[d]).contains(&at[d]));
    (real, array_part(model, &sizes, order, inside))
}

fn darray(random: &mut Random, form: Form, old: &Arc<Datatype>, model: &Model) -> (Arc<Datatype>, Model) {
    let n = random.between(1, 3) as usize;
    let sizes: Vec<i64> = (0..n).map(|_| random.between(1, 5)).collect();
    let mut grid: Vec<i64> = (0..n).map(|_| random.between(1, 3)).collect();
    let mut lengths = vec![0; n];
    let kinds: Vec<Distribution> = (0..n)
        .map(|at| {
            let default = (sizes[at] + grid[at] - 1) / grid[at];
            let given = random.below(2) == 0;
            let (kind, length) = match random.below(3) {
                0 => {
                    grid[at] = 1;
                    (Distribution::None, sizes[at])
                }
                1 if given => (Distribution::Block(Some(default + 1)), default + 1),
                1 => (Distribution::Block(None), default),
                _ if given => (Distribution::Cyclic(Some(2)), 2),
                _ => (Distribution::Cyclic(None), 1),
            };
            lengths[at] = length;
            kind
        })
        .collect();
    let ranks: i64 = grid.iter().product();
    let rank = random.below(ranks as u64) as i64;
    let mut coordinates = vec![0; n];
    let mut rest = rank;
    for at in (0..n).rev() {
        coordinates[at] = rest % grid[at];
        rest /= grid[at];
    }
    let order = if random.below(2) == 0 { Order::C } else { Order::Fortran };
    let codes = (&[0i64; 3][..n], &[0i64; 3][..n]);
    let real = Datatype::darray(form, (ranks, rank), &sizes, &kinds, codes, &grid, (order, 0), old).unwrap();
    let mine = |at: &[i64]| (0..n).all(|d| at[d] / lengths[d] % grid[d] == coordinates[d]);
    (real, array_part(model, &sizes, order, mine))
}
