//! A number of ranks as a balanced grid: MPI 5.0 section 8.5.2.

use super::{Checked, Wrong};
use crate::error::Class;
use std::collections::HashMap;

/// Fills the zeros of `dims`, in falling order, so that the product of all is `nodes`. They are as close to
/// each other as can be: no other choice has a smaller largest one, nor, with that, a smaller second, and so
/// on.
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
    let divisors = divisors(number);
    let mut factors = Vec::with_capacity(count);
    let mut rest = number;
    for left in (0..count).rev() {
        // The smallest that leaves room for the others, which must not be larger. It is there: the rest
        // itself leaves ones.
        let fits = |&&factor: &&i32| {
            rest % factor == 0 && can(rest / factor, left, factor, &divisors, &mut HashMap::new())
        };
        let factor = divisors.iter().find(fits).copied().unwrap_or(rest);
        factors.push(factor);
        rest /= factor;
    }
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

/// True when `number` is a product of `count` factors up to `most`.
fn can(
    number: i32,
    count: usize,
    most: i32,
    divisors: &[i32],
    known: &mut HashMap<(i32, usize), bool>,
) -> bool {
    if number <= 1 || count <= 1 {
        return number == 1 || count == 1 && number <= most;
    }
    if let Some(&known) = known.get(&(number, count)) {
        return known;
    }
    let candidates = divisors.iter().rev().filter(|&&d| d <= most && d > 1 && number % d == 0);
    let mut found = false;
    for &factor in candidates {
        found = can(number / factor, count - 1, most, divisors, known);
        if found {
            break;
        }
    }
    known.insert((number, count), found);
    found
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
    }

    #[test]
    fn wrong_ones_are_refused() {
        assert!(dims(0, vec![0]).is_err() && dims(4, vec![-1, 0]).is_err() && dims(4, vec![3]).is_err());
        assert!(dims(4, vec![4]).is_ok() && dims(1, vec![]).is_ok() && dims(2, vec![]).is_err());
        assert!(dims(4, vec![1 << 20, 1 << 20, 0]).is_err());
    }
}
