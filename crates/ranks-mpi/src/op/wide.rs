//! Integers of 16 bytes, which wrap around as the smaller ones do, and logical values of 16 bytes.

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

/// The logical operation: true is what is not 0, and comes out as 1.
pub fn logical(operation: Operation) -> Option<Row> {
    match operation {
        Operation::LogicalAnd => Some(row!(|a, b| i128::from(a != 0 && b != 0))),
        Operation::LogicalOr => Some(row!(|a, b| i128::from(a != 0 || b != 0))),
        Operation::LogicalXor => Some(row!(|a, b| i128::from((a != 0) != (b != 0)))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logical_values_count_all_their_bytes() {
        let values = [0i128, 1, 2, 1 << 100];
        let apply = |operation, a: i128, b: i128| {
            let mut out = b.to_ne_bytes();
            logical(operation).unwrap()(&a.to_ne_bytes(), &mut out);
            i128::from_ne_bytes(out)
        };
        for a in values {
            for b in values {
                let (yes, no) = (a != 0, b != 0);
                assert_eq!(apply(Operation::LogicalAnd, a, b), i128::from(yes && no));
                assert_eq!(apply(Operation::LogicalOr, a, b), i128::from(yes || no));
                assert_eq!(apply(Operation::LogicalXor, a, b), i128::from(yes != no));
            }
        }
        assert!(logical(Operation::Sum).is_none() && logical(Operation::BitAnd).is_none());
    }
}
