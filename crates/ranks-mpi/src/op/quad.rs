//! Floating-point numbers of 16 bytes (IEEE binary128: Fortran's `real(16)`), for which Rust has no type. Sums and products
//! are computed on whole numbers, and rounded to nearest, ties to even.

use super::Row;
use ranks_engine::op::Operation;
use std::cmp::Ordering;

/// Bits of the fraction that are stored; the one in front of them is not.
const FRACTION: u32 = 112;
const ONE: u128 = 1 << FRACTION;
const SIGN: u128 = 1 << 127;
/// The exponent of infinities, and of what is no number.
const TOP: i32 = 0x7fff;
const BIAS: i32 = 0x3fff;
const INFINITY: u128 = (TOP as u128) << FRACTION;
const NAN: u128 = INFINITY | ONE >> 1;
/// Bits below the last one, for rounding: two, and whether anything lies below these.
const GUARD: u32 = 3;

/// Exponent (1 for the smallest numbers) and fraction with its first bit.
fn parts(magnitude: u128) -> (i32, u128) {
    match (magnitude >> FRACTION) as i32 {
        0 => (1, magnitude),
        exponent => (exponent, magnitude & (ONE - 1) | ONE),
    }
}

/// Shifts right; what falls out leaves a last bit.
fn shift(value: u128, by: u32) -> u128 {
    match by {
        0 => value,
        1..128 => value >> by | u128::from(value << (128 - by) != 0),
        _ => u128::from(value != 0),
    }
}

/// The number of a sign, an exponent and a fraction that has `GUARD` bits more, its first bit wherever it is.
fn rounded(sign: u128, mut exponent: i32, mut fraction: u128) -> u128 {
    if fraction == 0 {
        return sign;
    }
    let over = 127 - fraction.leading_zeros() as i32 - (FRACTION + GUARD) as i32;
    if over > 0 {
        fraction = shift(fraction, over as u32);
        exponent += over;
    } else {
        let room = (-over).min(exponent - 1).max(0);
        fraction <<= room;
        exponent -= room;
    }
    if exponent < 1 {
        fraction = shift(fraction, (1 - exponent) as u32);
        exponent = 1;
    }
    let rest = fraction & ((1 << GUARD) - 1);
    fraction >>= GUARD;
    // A carry goes into the exponent, as it should.
    let mut bits = match fraction < ONE {
        true => fraction,
        false => ((exponent as u128) << FRACTION) + (fraction - ONE),
    };
    bits += u128::from(rest > 4 || rest == 4 && bits & 1 == 1);
    sign | bits.min(INFINITY)
}

fn is_nan(bits: u128) -> bool {
    bits & !SIGN > INFINITY
}

fn sum(a: u128, b: u128) -> u128 {
    let (larger, smaller) = if a & !SIGN >= b & !SIGN { (a, b) } else { (b, a) };
    if is_nan(larger) {
        return larger | ONE >> 1;
    }
    let subtracts = (a ^ b) & SIGN != 0;
    if larger & !SIGN == INFINITY {
        return if subtracts && smaller & !SIGN == INFINITY { NAN } else { larger };
    }
    let ((exponent, one), (lower, other)) = (parts(larger & !SIGN), parts(smaller & !SIGN));
    let (one, other) = (one << GUARD, shift(other << GUARD, (exponent - lower) as u32));
    match subtracts {
        false => rounded(larger & SIGN, exponent, one + other),
        // A difference of nothing is positive.
        true if one == other => 0,
        true => rounded(larger & SIGN, exponent, one - other),
    }
}

fn product(a: u128, b: u128) -> u128 {
    let sign = (a ^ b) & SIGN;
    let (x, y) = (a & !SIGN, b & !SIGN);
    if is_nan(a) || is_nan(b) {
        return if is_nan(a) { a } else { b } | ONE >> 1;
    }
    if x == INFINITY || y == INFINITY {
        return if x == 0 || y == 0 { NAN } else { sign | INFINITY };
    }
    let ((ea, fa), (eb, fb)) = (parts(x), parts(y));
    // The 226 bits of the product, in two halves.
    let (ah, al, bh, bl) = (fa >> 64, fa & u128::from(u64::MAX), fb >> 64, fb & u128::from(u64::MAX));
    let middle = ah * bl + al * bh;
    let (low, carry) = (al * bl).overflowing_add(middle << 64);
    let high = ah * bh + (middle >> 64) + u128::from(carry);
    // As much of it as keeps the first bit and 15 more than are needed: 112 bits go, less the guard's.
    let (mut high, mut low, mut exponent) = (high, low, ea + eb - BIAS);
    if high | low == 0 {
        return sign;
    }
    // The smallest numbers have no first bit: the product is brought to where it would be.
    let zeros = match high {
        0 => 128 + low.leading_zeros(),
        _ => high.leading_zeros(),
    };
    let up = zeros as i32 - 31;
    if up > 0 {
        let up = up as u32;
        (high, low) = match up {
            0..128 => (high << up | low >> (128 - up), low << up),
            _ => (low << (up - 128), 0),
        };
        exponent -= up as i32;
    }
    let down = FRACTION - GUARD;
    let fraction = high << (128 - down) | low >> down | u128::from(low << (128 - down) != 0);
    rounded(sign, exponent, fraction)
}

fn compared(a: u128, b: u128) -> Option<Ordering> {
    if is_nan(a) || is_nan(b) {
        return None;
    }
    let order = |bits: u128| if bits & SIGN == 0 { bits as i128 } else { -((bits & !SIGN) as i128) };
    Some(order(a).cmp(&order(b)))
}

macro_rules! row {
    ($f:expr) => {
        |input: &[u8], inout: &mut [u8]| {
            let f: fn(u128, u128) -> u128 = $f;
            for (a, b) in input.as_chunks().0.iter().zip(inout.as_chunks_mut().0) {
                *b = f(u128::from_ne_bytes(*a), u128::from_ne_bytes(*b)).to_ne_bytes();
            }
        }
    };
}

/// The operation on numbers, if there is one.
pub fn function(operation: Operation) -> Option<Row> {
    match operation {
        Operation::Sum => Some(row!(sum)),
        Operation::Product => Some(row!(product)),
        Operation::Min => Some(row!(|a, b| if compared(a, b) == Some(Ordering::Less) { a } else { b })),
        Operation::Max => Some(row!(|a, b| if compared(a, b) == Some(Ordering::Greater) { a } else { b })),
        _ => None,
    }
}

/// The operation on complex numbers, if there is one.
pub fn complex(operation: Operation) -> Option<Row> {
    match operation {
        // Both parts by themselves.
        Operation::Sum => function(operation),
        Operation::Product => Some(|input, inout| {
            let parts = |bytes: &[u8; 32]| {
                let (halves, _) = bytes.as_chunks::<16>();
                (u128::from_ne_bytes(halves[0]), u128::from_ne_bytes(halves[1]))
            };
            for (a, b) in input.as_chunks::<32>().0.iter().zip(inout.as_chunks_mut::<32>().0) {
                let ((ar, ai), (br, bi)) = (parts(a), parts(b));
                let real = sum(product(ar, br), product(ai, bi) ^ SIGN);
                let imaginary = sum(product(ar, bi), product(ai, br));
                b[..16].copy_from_slice(&real.to_ne_bytes());
                b[16..].copy_from_slice(&imaginary.to_ne_bytes());
            }
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A double as a number of 16 bytes; every one can be.
    fn wide(value: f64) -> u128 {
        let bits = value.to_bits();
        let sign = u128::from(bits >> 63) << 127;
        let (exponent, fraction) = ((bits >> 52 & 0x7ff) as i32, u128::from(bits & ((1 << 52) - 1)));
        match exponent {
            0x7ff => sign | INFINITY | fraction << 60,
            0 => rounded(sign, 1 - 1023 + BIAS, fraction << (60 + GUARD)),
            _ => sign | ((exponent - 1023 + BIAS) as u128) << FRACTION | fraction << 60,
        }
    }

    #[test]
    fn whole_numbers_and_fractions_of_two_are_exact() {
        let values =
            [0.0, 1.0, -1.0, 1.5, -2.75, 1024.0, 3.0e9, -7.0e-3, 0.125, 5e-324, f64::MAX, f64::MIN_POSITIVE];
        for a in values {
            for b in values {
                if (a + b) - a == b && (a + b) - b == a {
                    assert_eq!(sum(wide(a), wide(b)), wide(a + b), "{a} + {b}");
                }
                let product_of = product(wide(a), wide(b));
                // The product of two doubles has 106 bits at most: it is exact, and so is its sum with minus itself.
                assert_eq!(sum(product_of, product_of ^ SIGN), 0, "{a} * {b}");
                assert_eq!(product_of, product(wide(b), wide(a)));
            }
        }
        assert_eq!(product(wide(3.0), wide(-0.5)), wide(-1.5));
        assert_eq!(product(wide(1e100), wide(0.0)), 0);
    }

    #[test]
    fn ties_go_to_even_and_ends_are_reached() {
        let one = wide(1.0);
        let last = |value: u128, n: u128| value + n;
        // Half of the last digit of 1: 2^-113.
        let half = ((BIAS - 113) as u128) << FRACTION;
        assert_eq!(sum(one, half), one);
        assert_eq!(sum(last(one, 1), half), last(one, 2));
        assert_eq!(sum(one, last(half, 1)), last(one, 1));
        assert_eq!(sum(INFINITY, INFINITY | SIGN), NAN);
        let largest = INFINITY - 1;
        assert_eq!(sum(largest, largest), INFINITY);
        assert_eq!(product(largest, wide(-2.0)), INFINITY | SIGN);
        // The smallest number: half of it is nothing, three quarters are itself.
        assert_eq!(product(1, wide(0.5)), 0);
        assert_eq!(product(1, wide(0.75)), 1);
        assert_eq!(product(ONE, wide(0.5)), ONE >> 1);
        assert_eq!(sum(ONE, 1 | SIGN), ONE - 1);
        assert!(is_nan(product(0, INFINITY)));
        assert_eq!(compared(wide(-1.0), wide(-2.0)), Some(Ordering::Greater));
        assert_eq!(compared(0, SIGN), Some(Ordering::Equal));
    }
}
