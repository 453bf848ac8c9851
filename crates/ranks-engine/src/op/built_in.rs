//! The operations of the standard on its basic types.
//!
//! Each is one loop over whole elements, read and written as bytes: no alignment is asked of the
//! buffers, and the compiler makes vector instructions of it all the same: of 32 bytes where the CPU has them.

#![allow(unsafe_code)]

/// The predefined operations: MPI 5.0 section 6.9.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Operation {
    Sum,
    Product,
    Min,
    Max,
    LogicalAnd,
    LogicalOr,
    LogicalXor,
    BitAnd,
    BitOr,
    BitXor,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Operation; 10] = [
        Operation::Sum,
        Operation::Product,
        Operation::Min,
        Operation::Max,
        Operation::LogicalAnd,
        Operation::LogicalOr,
        Operation::LogicalXor,
        Operation::BitAnd,
        Operation::BitOr,
        Operation::BitXor,
    ];
}

/// The types that the predefined operations work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Element {
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
}

impl Element {
    /// Every type.
    pub const ALL: [Element; 10] = [
        Element::I8,
        Element::I16,
        Element::I32,
        Element::I64,
        Element::U8,
        Element::U16,
        Element::U32,
        Element::U64,
        Element::F32,
        Element::F64,
    ];

    /// Bytes of one.
    pub fn size(self) -> usize {
        match self {
            Element::I8 | Element::U8 => 1,
            Element::I16 | Element::U16 => 2,
            Element::I32 | Element::U32 | Element::F32 => 4,
            Element::I64 | Element::U64 | Element::F64 => 8,
        }
    }
}

/// The loops of one operation on one type.
#[derive(Clone, Copy)]
pub(super) struct Loops {
    /// `inout = input op inout`.
    pub apply: fn(&[u8], &mut [u8]),
    /// `out = lower op higher`: one pass where a copy and [`Self::apply`] would be two.
    pub combine: fn(&[u8], &[u8], &mut [u8]),
}

/// True where vectors of 32 bytes may be used; those of 16 bytes every x86-64 has.
fn wide() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

macro_rules! each {
    ($t:ty, $f:expr) => {{
        const SIZE: usize = size_of::<$t>();

        #[inline(always)]
        fn apply(input: &[u8], inout: &mut [u8]) {
            let f: fn($t, $t) -> $t = $f;
            for (a, b) in input.as_chunks::<SIZE>().0.iter().zip(inout.as_chunks_mut::<SIZE>().0) {
                *b = f(<$t>::from_ne_bytes(*a), <$t>::from_ne_bytes(*b)).to_ne_bytes();
            }
        }

        #[inline(always)]
        fn combine(lower: &[u8], higher: &[u8], out: &mut [u8]) {
            let f: fn($t, $t) -> $t = $f;
            let pairs = lower.as_chunks::<SIZE>().0.iter().zip(higher.as_chunks::<SIZE>().0);
            for ((a, b), out) in pairs.zip(out.as_chunks_mut::<SIZE>().0) {
                *out = f(<$t>::from_ne_bytes(*a), <$t>::from_ne_bytes(*b)).to_ne_bytes();
            }
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn apply_wide(input: &[u8], inout: &mut [u8]) {
            apply(input, inout);
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn combine_wide(lower: &[u8], higher: &[u8], out: &mut [u8]) {
            combine(lower, higher, out);
        }

        #[cfg(target_arch = "x86_64")]
        if wide() {
            return Some(Loops {
                // SAFETY: the CPU has AVX2, as was just found.
                apply: |input, inout| unsafe { apply_wide(input, inout) },
                // SAFETY: as above.
                combine: |lower, higher, out| unsafe { combine_wide(lower, higher, out) },
            });
        }
        Loops { apply, combine }
    }};
}

macro_rules! integer {
    ($t:ty, $operation:expr) => {
        Some(match $operation {
            // As the standard's, in C: what does not fit wraps.
            Operation::Sum => each!($t, |a, b| a.wrapping_add(b)),
            Operation::Product => each!($t, |a, b| a.wrapping_mul(b)),
            Operation::Min => each!($t, |a, b| a.min(b)),
            Operation::Max => each!($t, |a, b| a.max(b)),
            Operation::LogicalAnd => each!($t, |a, b| <$t>::from(a != 0 && b != 0)),
            Operation::LogicalOr => each!($t, |a, b| <$t>::from(a != 0 || b != 0)),
            Operation::LogicalXor => each!($t, |a, b| <$t>::from((a != 0) != (b != 0))),
            Operation::BitAnd => each!($t, |a, b| a & b),
            Operation::BitOr => each!($t, |a, b| a | b),
            Operation::BitXor => each!($t, |a, b| a ^ b),
        })
    };
}

macro_rules! floating {
    ($t:ty, $operation:expr) => {
        match $operation {
            Operation::Sum => Some(each!($t, |a, b| a + b)),
            Operation::Product => Some(each!($t, |a, b| a * b)),
            Operation::Min => Some(each!($t, |a, b| if a < b { a } else { b })),
            Operation::Max => Some(each!($t, |a, b| if a > b { a } else { b })),
            _ => None,
        }
    };
}

/// The loops for an operation on a type, if there is such an operation.
pub(super) fn loops(operation: Operation, on: Element) -> Option<Loops> {
    match on {
        Element::I8 => integer!(i8, operation),
        Element::I16 => integer!(i16, operation),
        Element::I32 => integer!(i32, operation),
        Element::I64 => integer!(i64, operation),
        Element::U8 => integer!(u8, operation),
        Element::U16 => integer!(u16, operation),
        Element::U32 => integer!(u32, operation),
        Element::U64 => integer!(u64, operation),
        Element::F32 => floating!(f32, operation),
        Element::F64 => floating!(f64, operation),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_i16(operation: Operation, a: i16, b: i16) -> i16 {
        let mut inout = b.to_ne_bytes();
        (loops(operation, Element::I16).unwrap().apply)(&a.to_ne_bytes(), &mut inout);
        i16::from_ne_bytes(inout)
    }

    #[test]
    fn each_does_what_its_name_says() {
        let expected = [-1, -12, -4, 3, 1, 1, 0, -4 & 3, -4 | 3, -4 ^ 3];
        for (operation, value) in Operation::ALL.into_iter().zip(expected) {
            assert_eq!(on_i16(operation, -4, 3), value, "{operation:?}");
        }
        assert_eq!(on_i16(Operation::Sum, i16::MAX, 1), i16::MIN);
        assert_eq!(on_i16(Operation::LogicalXor, 0, 7), 1);
    }

    #[test]
    fn exactly_the_bitwise_and_logical_ones_are_missing_on_floating_point() {
        for on in Element::ALL {
            let defined = Operation::ALL.into_iter().filter(|&o| loops(o, on).is_some()).count();
            assert_eq!(defined, if matches!(on, Element::F32 | Element::F64) { 4 } else { 10 }, "{on:?}");
        }
    }

    #[test]
    fn combining_is_a_copy_and_applying() {
        let bytes: Vec<u8> = (0..203u32).map(|i| (i * i + 3) as u8).collect();
        for operation in Operation::ALL {
            for on in Element::ALL {
                let Some(loops) = loops(operation, on) else { continue };
                let len = 96;
                let (lower, higher) = (&bytes[1..1 + len], &bytes[100..100 + len]);
                let mut applied = higher.to_vec();
                (loops.apply)(lower, &mut applied);
                let mut combined = vec![0; len];
                (loops.combine)(lower, higher, &mut combined);
                assert_eq!(applied, combined, "{operation:?} {on:?}");
            }
        }
    }

    #[test]
    fn rows_need_no_alignment() {
        let values = [1.5f64, 2.5, -4.0];
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_ne_bytes()).collect();
        let mut row = [0; 25];
        row[1..].copy_from_slice(&bytes);
        (loops(Operation::Sum, Element::F64).unwrap().apply)(&bytes, &mut row[1..]);
        let sums: Vec<f64> = row[1..].chunks(8).map(|c| f64::from_ne_bytes(c.try_into().unwrap())).collect();
        assert_eq!(sums, [3.0, 5.0, -8.0]);
    }
}
