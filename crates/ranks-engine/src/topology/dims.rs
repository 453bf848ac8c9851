//! A number of ranks as a balanced grid: MPI 5.0 section 8.5.2.

use super::{Checked, Wrong};
use crate::error::Class;
use std::collections::HashSet;

/// Fills the zeros of `dims`, in falling order, so that the product of all is `nodes`. They are as close to
/// each other as can be: no other choice has a smaller difference between the largest and the smallest one. Of those
/// with the same difference, the one whose smallest is the largest is taken, then the one whose second smallest is, and
/// so on. MPICH chooses the same.
pub fn dims_create(nodes: i32, dims: &mut [i32]) -> Checked<()> {
    if nodes < 1 {
        return Err(Wrong::new(Class::Dims, format!("{nodes} ranks are no grid")));
    }
    if let Some(dim) = dims.iter().find(|&&dim| dim < 0) {
        return Err(Wrong::new(Class::Dims, format!("a dimension of {dim} ranks")));
    }
    let given = dims.iter().filter(|&&dim| dim > 0).try_fold(1i32, |all, &dim| all.checked_mul(dim));
    let open = dims.iter().filter(|&&dim| dim == 0).count();
    let rest = given.filter(|&given| nodes % given == 0 && (open > 0 || given == nodes));
    let rest = nodes
        / rest.ok_or_else(|| {
            let what = if open > 0 { "do not divide" } else { "are not a grid of" };
            Wrong::new(Class::Dims, format!("the dimensions {dims:?} {what} {nodes} ranks"))
        })?;
    let chosen = balanced(rest, open);
    dims.iter_mut().filter(|dim| **dim == 0).zip(chosen).for_each(|(dim, chosen)| *dim = chosen);
    Ok(())
}

/// `count` factors of `number`, falling and as even as can be.
fn balanced(number: i32, count: usize) -> Vec<i32> {
    match count {
        0 => return Vec::new(),
        1 => return vec![number],
        _ => {}
    }
    let divisors = divisors(number);
    let mut pairs = Vec::new();
    for &low in &divisors {
        let pair = |&&high: &&i32| {
            high >= low
                && number % low == 0
                && number / low % high == 0
                && may(number / low / high, count - 2, low, high)
        };
        pairs.extend(divisors.iter().filter(pair).map(|&high| (low, high)));
    }
    pairs.sort_unstable_by_key(|&(low, high)| (high - low, -low));
    for (low, high) in pairs {
        let mut known = HashSet::new();
        if let Some(mut rest) = between(number / low / high, count - 2, low, high, &divisors, &mut known) {
            rest.insert(0, low);
            rest.push(high);
            rest.reverse();
            return rest;
        }
    }
    // Not reached: the number itself and ones are factors.
    let mut factors = vec![1; count];
    factors[0] = number;
    factors
}

fn divisors(number: i32) -> Vec<i32> {
    let mut all: Vec<i32> = (1..=number.isqrt()).filter(|d| number % d == 0).collect();
    all.extend_from_within(..);
    let small = all.len() / 2;
    let large = &mut all[small..];
    large.iter_mut().for_each(|d| *d = number / *d);
    large.reverse();
    // Of a square its root is twice in the middle.
    all.dedup();
    all
}

/// False when a product of `count` factors from `low` to `high` cannot be `number`, as it is too large or too small.
fn may(number: i32, count: usize, low: i32, high: i32) -> bool {
    let power = |base: i32| (0..count).try_fold(1i32, |all, _| all.checked_mul(base)).unwrap_or(i32::MAX);
    power(low) <= number && number <= power(high)
}

/// `count` factors of `number` from `low` to `high`, rising: the first as large as can be, then the second, and so on.
/// `dead` remembers what has been tried in vain.
fn between(
    number: i32,
    count: usize,
    low: i32,
    high: i32,
    divisors: &[i32],
    dead: &mut HashSet<(i32, usize, i32)>,
) -> Option<Vec<i32>> {
    if count == 0 {
        return (number == 1).then(Vec::new);
    }
    if !may(number, count, low, high) || dead.contains(&(number, count, low)) {
        return None;
    }
    let fits = |&&factor: &&i32| (low..=high).contains(&factor) && number % factor == 0;
    for &factor in divisors.iter().rev().filter(fits) {
        if let Some(mut rest) = between(number / factor, count - 1, factor, high, divisors, dead) {
            rest.insert(0, factor);
            return Some(rest);
        }
    }
    dead.insert((number, count, low));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dims(nodes: i32, mut dims: Vec<i32>) -> Checked<Vec<i32>> {
        dims_create(nodes, &mut dims).map(|()| dims)
    }

    #[test]
    fn the_examples_of_the_standard() {
        assert_eq!(dims(6, vec![0, 0]).unwrap(), [3, 2]);
        assert_eq!(dims(7, vec![0, 0]).unwrap(), [7, 1]);
        assert_eq!(dims(6, vec![0, 3, 0]).unwrap(), [2, 3, 1]);
        assert_eq!(dims(7, vec![0, 3, 0]).unwrap_err().class, Class::Dims);
    }

    #[test]
    fn as_even_as_can_be() {
        assert_eq!(dims(36, vec![0; 2]).unwrap(), [6, 6]);
        assert_eq!(dims(24, vec![0; 3]).unwrap(), [4, 3, 2]);
        assert_eq!(dims(48, vec![0; 2]).unwrap(), [8, 6]);
        assert_eq!(dims(16 * 27, vec![0; 3]).unwrap(), [9, 8, 6]);
        assert_eq!(dims(1 << 30, vec![0; 4]).unwrap(), [256, 256, 128, 128]);
        assert_eq!(dims(1 << 30, vec![0; 40]).unwrap()[..31], [[2; 30].as_slice(), &[1]].concat());
        assert_eq!(dims(i32::MAX, vec![0; 2]).unwrap(), [i32::MAX, 1]);
        assert_eq!(dims(2_095_133_040, vec![0; 5]).unwrap().iter().product::<i32>(), 2_095_133_040);
        assert_eq!(dims(1, vec![0; 3]).unwrap(), [1; 3]);
        // The difference counts, not the largest: 36 x 36 x 19 is less even.
        assert_eq!(dims(24_624, vec![0; 3]).unwrap(), [38, 27, 24]);
        assert_eq!(dims(2160, vec![0; 4]).unwrap(), [10, 6, 6, 6]);
        assert_eq!(dims(34_200, vec![0; 5]).unwrap(), [19, 10, 6, 6, 5]);
    }

    #[test]
    fn wrong_ones_are_refused() {
        assert!(dims(0, vec![0]).is_err() && dims(4, vec![-1, 0]).is_err() && dims(4, vec![3]).is_err());
        assert!(dims(4, vec![4]).is_ok() && dims(1, vec![]).is_ok() && dims(2, vec![]).is_err());
        assert!(dims(4, vec![1 << 20, 1 << 20, 0]).is_err());
    }
}
