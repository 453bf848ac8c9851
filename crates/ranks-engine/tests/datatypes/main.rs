//! Datatypes against a plain model: a type as the list of its basic elements, each with its place. Random
//! types of types; size, bounds, packing and unpacking of every piece.

mod model;

use model::{Model, Random, random_type};
use ranks_engine::datatype::{Datatype, Elements, Form, Scalar};
use std::sync::Arc;

fn rounds() -> u64 {
    std::env::var("RANKS_SEEDS").map_or(1000, |text| text.parse::<u64>().expect("a number") * 500)
}

#[test]
fn sizes_and_bounds_are_those_of_the_list() {
    for seed in 0..rounds() {
        let (real, model) = random_type(&mut Random::new(seed));
        assert_eq!(real.size(), model.size(), "seed {seed}");
        assert_eq!((real.lower_bound(), real.extent()), model.bounds(), "seed {seed}: {model:?}");
        assert_eq!((real.true_lower_bound(), real.true_extent()), model.true_bounds(), "seed {seed}");
        assert_eq!(real.elements(), model.entries.len() as i64, "seed {seed}");
    }
}

#[test]
fn packing_takes_the_bytes_of_the_list_in_its_order() {
    for seed in 0..rounds() {
        let random = &mut Random::new(seed);
        let (real, model) = random_type(random);
        let count = random.below(4) as usize;
        let mut memory = Memory::around(&model, count);
        let expected = memory.pack(&model, count);
        let elements = memory.elements(&real, count);
        assert_eq!(elements.len(), expected.len());
        let mut whole = Vec::new();
        elements.pack_onto(&mut whole);
        assert_eq!(whole, expected, "seed {seed}: {model:?}");
        for _ in 0..20 {
            let at = random.below(expected.len() as u64 + 2) as usize;
            let mut piece = vec![0; random.below(40) as usize];
            let n = elements.pack(at, &mut piece);
            let end = expected.len().min(at + piece.len());
            assert_eq!(n, end.saturating_sub(at), "seed {seed}");
            assert_eq!(piece[..n], expected[at.min(end)..end], "seed {seed} at {at}");
        }
    }
}

#[test]
fn unpacking_in_pieces_writes_the_bytes_of_the_list_alone() {
    for seed in 0..rounds() {
        let random = &mut Random::new(seed ^ 0x5555);
        let (real, model) = random_type(random);
        let count = random.below(4) as usize;
        // Of types that overlap themselves what comes last wins, as in any order of pieces from the front.
        let mut memory = Memory::around(&model, count);
        let mut expected = memory.clone();
        let message: Vec<u8> = (0..count * model.size() as usize).map(|at| at as u8 ^ 0xa5).collect();
        expected.unpack(&model, count, &message);
        let elements = memory.elements(&real, count);
        let mut at = 0;
        while at < message.len() {
            let end = message.len().min(at + 1 + random.below(30) as usize);
            assert_eq!(elements.unpack(at, &message[at..end]), end - at);
            at = end;
        }
        assert_eq!(elements.unpack(message.len(), &[1, 2, 3]), 0, "nothing beyond the end");
        assert!(memory.bytes == expected.bytes, "seed {seed}: {model:?}");
    }
}

#[test]
fn basic_elements_are_counted_up_to_any_byte() {
    for seed in 0..rounds() {
        let random = &mut Random::new(seed ^ 0x77);
        let (real, model) = random_type(random);
        let mut bytes = 0;
        for elements in 0..2 * model.entries.len() {
            let size = model.entries[elements % model.entries.len()].0.size as u64;
            assert_eq!(real.elements_in(bytes), Some(elements as i64), "seed {seed}");
            assert_eq!(real.bytes_of(elements as u64), Some(bytes), "seed {seed}");
            for inside in 1..size {
                assert_eq!(real.elements_in(bytes + inside), None, "seed {seed}");
            }
            bytes += size;
        }
    }
}

#[test]
fn external32_is_each_element_in_the_order_of_the_message() {
    let int = Datatype::scalar(Scalar::I32);
    let mixed =
        Datatype::structure(Form::Int, &[1, 2], &[0, 8], &[int, Datatype::scalar(Scalar::F64)]).unwrap();
    let native = [&7i32.to_ne_bytes()[..], &1.5f64.to_ne_bytes(), &(-2.5f64).to_ne_bytes()].concat();
    let expected = [&7i32.to_be_bytes()[..], &1.5f64.to_be_bytes(), &(-2.5f64).to_be_bytes()].concat();
    let (twice, mut out) = ([&native[..], &native].concat(), vec![0; 40]);
    assert_eq!(mixed.external_size(), 20);
    mixed.to_external(2, &twice, &mut out);
    assert_eq!(out, [&expected[..], &expected].concat());
    let mut back = vec![0; 40];
    mixed.from_external(2, &out, &mut back);
    assert_eq!(back, twice);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let long = Datatype::scalar(Scalar::I64);
    let half = Datatype::contiguous(Form::Large, 1 << 59, &long).unwrap();
    assert_eq!(half.size(), 1 << 62);
    assert!(Datatype::contiguous(Form::Large, 2, &half).is_err());
    assert!(Datatype::vector(Form::Large, 3, 1, i64::MAX / 8, &long).is_err());
    assert!(Datatype::hindexed(Form::Large, &[1, 1], &[i64::MIN, i64::MAX - 8], &long).is_err());
    assert!(Datatype::resized(Form::Large, 1, i64::MAX, &long).is_err());
    assert!(Datatype::contiguous(Form::Int, -1, &long).is_err());
    let mut deep = long.clone();
    let refused = (0..2000).find(|_| match Datatype::dup(&deep) {
        Ok(next) => {
            deep = next;
            false
        }
        Err(_) => true,
    });
    assert_eq!(refused, Some(1000));
}

#[test]
fn what_is_regular_stays_small() {
    // A matrix transposed: 2^20 blocks, described by two loops.
    let long = Datatype::scalar(Scalar::F64);
    let column = Datatype::vector(Form::Int, 1024, 1, 1024, &long).unwrap();
    let column = Datatype::resized(Form::Int, 0, 8, &column).unwrap();
    let matrix = Datatype::contiguous(Form::Int, 1024, &column).unwrap();
    assert_eq!(matrix.size(), 8 << 20);
    assert!(!matrix.is_contiguous());
    assert!(format!("{matrix:?}").len() < 4000);
    for plain in [
        Datatype::vector(Form::Int, 10, 3, 3, &long),
        Datatype::indexed(Form::Int, &[1, 2, 1], &[0, 1, 3], &long),
        Datatype::structure(Form::Int, &[1, 1], &[0, 8], &[long.clone(), long.clone()]),
        Datatype::contiguous(Form::Int, 7, &Datatype::contiguous(Form::Int, 5, &long).unwrap()),
    ] {
        assert!(plain.unwrap().is_plain());
    }
}

/// Memory around a number of elements, with bytes that tell where they are.
#[derive(Clone)]
struct Memory {
    bytes: Vec<u8>,
    /// Where the address of the elements is.
    origin: i64,
}

impl Memory {
    fn around(model: &Model, count: usize) -> Self {
        let places = |at: usize| model.entries.iter().map(move |e| (e.1 + at as i64 * model.bounds().1, e.0));
        let all = || (0..count).flat_map(places);
        let low = all().map(|(at, _)| at).min().unwrap_or(0).min(0) - 16;
        let high = all().map(|(at, scalar)| at + scalar.size as i64).max().unwrap_or(0).max(0) + 16;
        let bytes = (0..high - low).map(|at| (at * 31 + at / 256) as u8).collect();
        Self { bytes, origin: -low }
    }

    fn elements(&mut self, real: &Arc<Datatype>, count: usize) -> Elements {
        let address = self.bytes.as_mut_ptr().wrapping_offset(self.origin as isize);
        // SAFETY: the memory is as large as the model says, and lives while it is used.
        unsafe { Elements::new(address, count, real.clone()).unwrap() }
    }

    fn places(&self, model: &Model, count: usize) -> Vec<usize> {
        let extent = model.bounds().1;
        let mut places = Vec::new();
        for n in 0..count as i64 {
            for (scalar, at) in &model.entries {
                let first = (self.origin + n * extent + at) as usize;
                places.extend(first..first + scalar.size as usize);
            }
        }
        places
    }

    fn pack(&self, model: &Model, count: usize) -> Vec<u8> {
        self.places(model, count).into_iter().map(|at| self.bytes[at]).collect()
    }

    fn unpack(&mut self, model: &Model, count: usize, message: &[u8]) {
        for (place, byte) in self.places(model, count).into_iter().zip(message) {
            self.bytes[place] = *byte;
        }
    }
}
