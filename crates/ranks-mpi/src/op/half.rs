//! Floating-point numbers of two bytes: computed with four bytes, and rounded after each operation. A result of
//! four bytes has more than twice the digits, so it is rounded as one step would round it.

use super::Row;
use ranks_engine::op::Operation;

/// How the two bytes are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// IEEE binary16: five bits of exponent.
    Binary16,
    /// The upper half of a `float`: eight bits of exponent.
    Brain,
}

fn from_binary16(bytes: [u8; 2]) -> f32 {
    let bits = u32::from(u16::from_ne_bytes(bytes));
    let (sign, exponent, fraction) = ((bits & 0x8000) << 16, bits >> 10 & 0x1f, bits & 0x3ff);
    let magnitude = match exponent {
        0 => fraction as f32 / (1 << 24) as f32,
        31 => f32::from_bits(0x7f80_0000 | fraction << 13),
        _ => f32::from_bits((exponent + 112) << 23 | fraction << 13),
    };
    f32::from_bits(magnitude.to_bits() | sign)
}

fn to_binary16(value: f32) -> [u8; 2] {
    let bits = value.to_bits();
    let (sign, magnitude) = ((bits >> 16 & 0x8000) as u16, bits & 0x7fff_ffff);
    let half = match magnitude {
        // No number.
        0x7f80_0001.. => 0x7e00,
        // From 65520 on the nearest is infinity.
        0x477f_f000.. => 0x7c00,
        // Below 2^-14 the last digit is worth 2^-24; an even rounding of the whole number.
        0..0x3880_0000 => (f32::from_bits(magnitude) * (1 << 24) as f32).round_ties_even() as u16,
        _ => ((magnitude - (112 << 23) + 0xfff + (magnitude >> 13 & 1)) >> 13) as u16,
    };
    (sign | half).to_ne_bytes()
}

fn from_brain(bytes: [u8; 2]) -> f32 {
    f32::from_bits(u32::from(u16::from_ne_bytes(bytes)) << 16)
}

fn to_brain(value: f32) -> [u8; 2] {
    let bits = value.to_bits();
    let half = if value.is_nan() { bits >> 16 | 0x40 } else { (bits + 0x7fff + (bits >> 16 & 1)) >> 16 };
    (half as u16).to_ne_bytes()
}

macro_rules! row {
    ($from:ident, $to:ident, $f:expr) => {
        |input: &[u8], inout: &mut [u8]| {
            let f: fn(f32, f32) -> f32 = $f;
            for (a, b) in input.as_chunks().0.iter().zip(inout.as_chunks_mut().0) {
                *b = $to(f($from(*a), $from(*b)));
            }
        }
    };
}

macro_rules! rows {
    ($from:ident, $to:ident, $operation:ident) => {
        match $operation {
            Operation::Sum => Some(row!($from, $to, |a, b| a + b)),
            Operation::Product => Some(row!($from, $to, |a, b| a * b)),
            Operation::Min => Some(row!($from, $to, |a, b| if a < b { a } else { b })),
            Operation::Max => Some(row!($from, $to, |a, b| if a > b { a } else { b })),
            _ => None,
        }
    };
}

/// The operation on numbers, if there is one.
pub fn function(half: Half, operation: Operation) -> Option<Row> {
    match half {
        Half::Binary16 => rows!(from_binary16, to_binary16, operation),
        Half::Brain => rows!(from_brain, to_brain, operation),
    }
}

/// The operation on complex numbers of two binary16, if there is one.
pub fn complex(operation: Operation) -> Option<Row> {
    match operation {
        // Both parts by themselves.
        Operation::Sum => function(Half::Binary16, operation),
        Operation::Product => Some(|input, inout| {
            let pairs = input.as_chunks::<4>().0.iter().zip(inout.as_chunks_mut::<4>().0);
            for (a, b) in pairs {
                let read = |c: &[u8; 4]| (from_binary16([c[0], c[1]]), from_binary16([c[2], c[3]]));
                let ((ar, ai), (br, bi)) = (read(a), read(b));
                b[..2].copy_from_slice(&to_binary16(ar * br - ai * bi));
                b[2..].copy_from_slice(&to_binary16(ar * bi + ai * br));
            }
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(half: Half, operation: Operation, a: u16, b: u16) -> u16 {
        let mut inout = b.to_ne_bytes();
        function(half, operation).unwrap()(&a.to_ne_bytes(), &mut inout);
        u16::from_ne_bytes(inout)
    }

    #[test]
    fn every_number_of_two_bytes_survives() {
        for bits in 0..=u16::MAX {
            let value = from_binary16(bits.to_ne_bytes());
            if !value.is_nan() {
                assert_eq!(to_binary16(value), bits.to_ne_bytes(), "{bits:#x}");
            }
            let value = from_brain(bits.to_ne_bytes());
            if !value.is_nan() {
                assert_eq!(to_brain(value), bits.to_ne_bytes(), "{bits:#x}");
            }
        }
    }

    #[test]
    fn results_are_rounded_to_even() {
        let (one, two) = (0x3c00, 0x4000);
        assert_eq!(of(Half::Binary16, Operation::Sum, one, one), two);
        assert_eq!(of(Half::Binary16, Operation::Max, one, two), two);
        assert_eq!(of(Half::Binary16, Operation::Min, one, two), one);
        // 2048 + 1 is halfway between 2048 and 2050; 2050 + 1 between 2050 and 2052.
        assert_eq!(of(Half::Binary16, Operation::Sum, 0x6800, one), 0x6800);
        assert_eq!(of(Half::Binary16, Operation::Sum, 0x6801, one), 0x6802);
        // 65504 + 65504 is infinity; the least number times a half is zero.
        assert_eq!(of(Half::Binary16, Operation::Sum, 0x7bff, 0x7bff), 0x7c00);
        assert_eq!(of(Half::Binary16, Operation::Product, 0x0001, 0x3800), 0);
        assert_eq!(of(Half::Brain, Operation::Sum, 0x3f80, 0x3f80), 0x4000);
        assert_eq!(of(Half::Brain, Operation::Product, 0x4000, 0x4040), 0x40c0);
    }
}
