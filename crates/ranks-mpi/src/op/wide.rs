//! Integers of 16 bytes, which wrap around as the smaller ones do.

use super::Row;
use ranks_engine::op::Operation;

macro_rules! row {
    ($f:expr) => {
        |input: &[u8], inout: &mut [u8]| {
            let f: fn(i128, i128) -> i128 = $f;
            for (a, b) in input.as_chunks().0.iter().zip(inout.as_chunks_mut().0) {
                *b = f(i128::from_ne_bytes(*a), i128::from_ne_bytes(*b)).to_ne_bytes();
            }
        }
    };
}

/// The operation, if Fortran's integers have it.
pub fn function(operation: Operation) -> Option<Row> {
    match operation {
        Operation::Sum => Some(row!(i128::wrapping_add)),
        Operation::Product => Some(row!(i128::wrapping_mul)),
        Operation::Min => Some(row!(Ord::min)),
        Operation::Max => Some(row!(Ord::max)),
        Operation::BitAnd => Some(row!(|a, b| a & b)),
        Operation::BitOr => Some(row!(|a, b| a | b)),
        Operation::BitXor => Some(row!(|a, b| a ^ b)),
        _ => None,
    }
}
