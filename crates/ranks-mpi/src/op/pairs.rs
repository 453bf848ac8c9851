//! MINLOC and MAXLOC: the least or greatest value and where it is; of equal ones the first place.

use super::{Row, long_double};

/// A value and its place, as C and Fortran lay them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Pairs {
    FloatInt,
    DoubleInt,
    LongInt,
    ShortInt,
    TwoInts,
    LongDoubleInt,
    TwoFloats,
    TwoDoubles,
}

/// What of a type's bytes is compared.
trait Value: PartialOrd + Copy {
    const SIZE: usize;
    fn read(bytes: &[u8]) -> Self;
}

macro_rules! values {
    ($($type:ty),*) => {$(
        impl Value for $type {
            const SIZE: usize = size_of::<$type>();
            fn read(bytes: &[u8]) -> Self {
                Self::from_ne_bytes(*bytes.first_chunk().expect("an element is whole"))
            }
        }
    )*};
}

values!(i16, i32, i64, f32, f64);

impl Value for long_double::Ordered {
    const SIZE: usize = 16;
    fn read(bytes: &[u8]) -> Self {
        long_double::Ordered::of(bytes)
    }
}

/// Pairs of `V` and, after it where it is aligned, `P`; `SIZE` bytes each.
fn choose<V: Value, P: Value, const SIZE: usize, const LEAST: bool>(input: &[u8], inout: &mut [u8]) {
    // In all of C's pairs the place follows the value, aligned for an int at most.
    let at = V::SIZE.next_multiple_of(P::SIZE);
    for (a, b) in input.as_chunks::<SIZE>().0.iter().zip(inout.as_chunks_mut::<SIZE>().0) {
        let (value_a, value_b) = (V::read(a), V::read(b));
        let better = if LEAST { value_a < value_b } else { value_a > value_b };
        if better || value_a == value_b && P::read(&a[at..]) < P::read(&b[at..]) {
            *b = *a;
        }
    }
}

impl Pairs {
    /// The operation on these pairs.
    pub(super) fn function(self, least: bool) -> Row {
        macro_rules! either {
            ($value:ty, $place:ty, $size:literal) => {
                if least {
                    choose::<$value, $place, $size, true>
                } else {
                    choose::<$value, $place, $size, false>
                }
            };
        }
        match self {
            Pairs::FloatInt => either!(f32, i32, 8),
            Pairs::DoubleInt => either!(f64, i32, 16),
            Pairs::LongInt => either!(i64, i32, 16),
            Pairs::ShortInt => either!(i16, i32, 8),
            Pairs::TwoInts => either!(i32, i32, 8),
            Pairs::LongDoubleInt => either!(long_double::Ordered, i32, 32),
            Pairs::TwoFloats => either!(f32, f32, 8),
            Pairs::TwoDoubles => either!(f64, f64, 16),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(value: i16, place: i32) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes[..2].copy_from_slice(&value.to_ne_bytes());
        bytes[4..].copy_from_slice(&place.to_ne_bytes());
        bytes
    }

    #[test]
    fn of_equal_values_the_first_place_counts() {
        let both = |least, a: [u8; 8], b: [u8; 8]| {
            let mut inout = b;
            Pairs::ShortInt.function(least)(&a, &mut inout);
            inout
        };
        assert_eq!(both(true, pair(-3, 9), pair(2, 1)), pair(-3, 9));
        assert_eq!(both(false, pair(-3, 9), pair(2, 1)), pair(2, 1));
        assert_eq!(both(true, pair(2, 9), pair(2, 1)), pair(2, 1));
        assert_eq!(both(false, pair(2, 1), pair(2, 9)), pair(2, 1));
    }
}
