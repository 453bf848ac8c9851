//! The machine's extended format, C's `long double`: Rust has no type for it.
//!
//! On x86-64 it is 80 bits in 16 bytes, and the arithmetic a few instructions of the old floating-point
//! unit. Elsewhere there is none: reductions of it are refused.

use super::Row;
use ranks_engine::op::Operation;

/// Bytes of one, padding included.
const SIZE: usize = 16;

/// A value by its order alone; as equal as the numbers are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ordered(i128);

impl Ordered {
    /// The order of the number in the first 10 bytes: sign and exponent behind 64 bits of fraction.
    pub fn of(bytes: &[u8]) -> Self {
        let mut number = [0; SIZE];
        number[..10].copy_from_slice(&bytes[..10]);
        let bits = u128::from_le_bytes(number);
        let magnitude = (bits & !(1 << 79)) as i128;
        Ordered(if bits >> 79 == 0 { magnitude } else { -magnitude })
    }
}

#[cfg(target_arch = "x86_64")]
mod unit {
    use super::SIZE;
    use std::arch::asm;

    type Number = [u8; SIZE];

    macro_rules! instruction {
        ($name:ident, $instruction:literal) => {
            /// `b = a op b`; the padding of `b` stays.
            pub fn $name(a: &Number, b: &mut Number) {
                // SAFETY: ten bytes of each are read and ten of `b` written; the stack of the unit is
                // empty between functions, and empty again after this.
                unsafe {
                    asm!(
                        "fld tbyte ptr [{a}]",
                        "fld tbyte ptr [{b}]",
                        $instruction,
                        "fstp tbyte ptr [{b}]",
                        a = in(reg) a.as_ptr(),
                        b = in(reg) b.as_mut_ptr(),
                        out("st(0)") _, out("st(1)") _, out("st(2)") _, out("st(3)") _,
                        out("st(4)") _, out("st(5)") _, out("st(6)") _, out("st(7)") _,
                        options(nostack),
                    );
                }
            }
        };
    }

    instruction!(add, "faddp st(1), st");
    instruction!(subtract, "fsubp st(1), st");
    instruction!(multiply, "fmulp st(1), st");
}

fn each(input: &[u8], inout: &mut [u8], f: impl Fn(&[u8; SIZE], &mut [u8; SIZE])) {
    for (a, b) in input.as_chunks().0.iter().zip(inout.as_chunks_mut().0) {
        f(a, b);
    }
}

/// The operation, if there is one.
#[cfg(target_arch = "x86_64")]
pub fn function(operation: Operation) -> Option<Row> {
    fn better(a: &[u8; SIZE], b: &mut [u8; SIZE], better: bool) {
        if better {
            *b = *a;
        }
    }
    match operation {
        Operation::Sum => Some(|input, inout| each(input, inout, unit::add)),
        Operation::Product => Some(|input, inout| each(input, inout, unit::multiply)),
        Operation::Min => {
            Some(|input, inout| each(input, inout, |a, b| better(a, b, Ordered::of(a) < Ordered::of(b))))
        }
        Operation::Max => {
            Some(|input, inout| each(input, inout, |a, b| better(a, b, Ordered::of(a) > Ordered::of(b))))
        }
        _ => None,
    }
}

/// The product of complex numbers.
#[cfg(target_arch = "x86_64")]
pub fn complex_product() -> Option<Row> {
    Some(|input, inout| {
        let pairs = input.as_chunks::<SIZE>().0.chunks_exact(2);
        for (a, b) in pairs.zip(inout.as_chunks_mut::<SIZE>().0.chunks_exact_mut(2)) {
            let times = |x: &[u8; SIZE], mut y: [u8; SIZE]| {
                unit::multiply(x, &mut y);
                y
            };
            let (real, mut imaginary) = (times(&a[0], b[0]), times(&a[1], b[0]));
            unit::add(&times(&a[0], b[1]), &mut imaginary);
            let mut rest = times(&a[1], b[1]);
            unit::subtract(&real, &mut rest);
            (b[0], b[1]) = (rest, imaginary);
        }
    })
}

/// The operation: none on this machine.
#[cfg(not(target_arch = "x86_64"))]
pub fn function(_: Operation) -> Option<Row> {
    None
}

/// The product of complex numbers: none on this machine.
#[cfg(not(target_arch = "x86_64"))]
pub fn complex_product() -> Option<Row> {
    None
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    /// A whole number in the format.
    fn number(value: i64) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        if value != 0 {
            let magnitude = value.unsigned_abs();
            let shift = magnitude.leading_zeros();
            bytes[..8].copy_from_slice(&(magnitude << shift).to_le_bytes());
            let exponent = (16383 + 63 - shift) as u16 | if value < 0 { 0x8000 } else { 0 };
            bytes[8..10].copy_from_slice(&exponent.to_le_bytes());
        }
        bytes
    }

    fn of(operation: Operation, a: i64, b: i64) -> [u8; SIZE] {
        let mut inout = number(b);
        function(operation).unwrap()(&number(a), &mut inout);
        inout
    }

    #[test]
    fn arithmetic_has_64_bits_of_fraction() {
        assert_eq!(of(Operation::Sum, i64::MAX, -1), number(i64::MAX - 1));
        assert_eq!(of(Operation::Sum, 5, -5), number(0));
        assert_eq!(of(Operation::Product, -3, 1 << 40), number(-3 << 40));
        for (a, b) in [(3, 4), (-3, 4), (-3, -4), (0, -1)] {
            assert_eq!(of(Operation::Min, a, b), number(a.min(b)));
            assert_eq!(of(Operation::Max, b, a), number(a.max(b)));
        }
    }

    #[test]
    fn products_of_complex_numbers() {
        let mut inout = [number(3), number(4)].concat();
        complex_product().unwrap()(&[number(1), number(2)].concat(), &mut inout);
        assert_eq!(inout, [number(-5), number(10)].concat());
    }
}
