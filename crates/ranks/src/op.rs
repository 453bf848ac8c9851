//! Operations of reductions: functions of two elements. Section 6.9.2.
//!
//! Whatever may be called with two elements and gives one is an operation: these, or a closure. It must
//! be associative. It need not be commutative: the ranks' elements are combined in order of rank. It
//! must not use a communicator of its rank while it runs; doing so panics.
//!
//! ```
//! use ranks::op;
//!
//! ranks::threads(3, |world| {
//!     let mine = [world.rank() as i32, 10];
//!     let mut all = [0; 2];
//!     world.all_reduce_into(&mine, &mut all, op::sum)?;
//!     assert_eq!(all, [3, 30]);
//!     world.all_reduce_into(&mine, &mut all, op::max)?;
//!     assert_eq!(all, [2, 10]);
//!     // The first that is not 0: the order of ranks counts.
//!     world.all_reduce_into(&mine, &mut all, |a, b| if a != 0 { a } else { b })?;
//!     assert_eq!(all, [1, 10]);
//!     Ok(())
//! })?;
//! # Ok::<(), ranks::Error>(())
//! ```

use crate::Equivalence;

/// What can be added and multiplied: the standard's integer and floating-point types, arrays of them (element
/// by element), and with the feature `num-complex` complex numbers.
pub trait Addable: Equivalence {
    #[doc(hidden)]
    fn add(self, other: Self) -> Self;
    #[doc(hidden)]
    fn multiply(self, other: Self) -> Self;
}

/// What has an order: the standard's integer and floating-point types, `bool` and `char`, and arrays of them,
/// which are compared as words are, from their first element on.
pub trait Ordered: Equivalence + PartialOrd {
    #[doc(hidden)]
    fn lesser(self, other: Self) -> Self;
    #[doc(hidden)]
    fn greater(self, other: Self) -> Self;
}

/// What is true or false, or a row of bits: `bool` and the standard's integer types.
pub trait Logical: Equivalence {
    #[doc(hidden)]
    fn and(self, other: Self) -> Self;
    #[doc(hidden)]
    fn or(self, other: Self) -> Self;
    #[doc(hidden)]
    fn xor(self, other: Self) -> Self;
    #[doc(hidden)]
    fn is_true(self) -> bool;
    #[doc(hidden)]
    fn from_bool(value: bool) -> Self;
}

/// The numbers that can be added and compared: the standard's integer and floating-point types.
pub trait Number: Addable + Ordered {}

/// The numbers that are rows of bits: the standard's integer types.
pub trait Integer: Number + Logical {}

macro_rules! integers {
    ($($t:ty)*) => { $(
        impl Number for $t {}
        impl Integer for $t {}

        impl Addable for $t {
            fn add(self, other: Self) -> Self { self.wrapping_add(other) }
            fn multiply(self, other: Self) -> Self { self.wrapping_mul(other) }
        }

        impl Logical for $t {
            fn and(self, other: Self) -> Self { self & other }
            fn or(self, other: Self) -> Self { self | other }
            fn xor(self, other: Self) -> Self { self ^ other }
            fn is_true(self) -> bool { self != 0 }
            fn from_bool(value: bool) -> Self { value.into() }
        }
    )* };
}

macro_rules! floats {
    ($($t:ty)*) => { $(
        impl Number for $t {}

        impl Addable for $t {
            fn add(self, other: Self) -> Self { self + other }
            fn multiply(self, other: Self) -> Self { self * other }
        }
    )* };
}

macro_rules! ordered {
    ($($t:ty)*) => { $(
        impl Ordered for $t {
            fn lesser(self, other: Self) -> Self { if self < other { self } else { other } }
            fn greater(self, other: Self) -> Self { if self > other { self } else { other } }
        }
    )* };
}

integers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);
floats!(f32 f64);
ordered!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char);

impl<T: Addable, const N: usize> Addable for [T; N] {
    fn add(self, other: Self) -> Self {
        std::array::from_fn(|i| self[i].add(other[i]))
    }

    fn multiply(self, other: Self) -> Self {
        std::array::from_fn(|i| self[i].multiply(other[i]))
    }
}

impl<T: Ordered, const N: usize> Ordered for [T; N] {
    fn lesser(self, other: Self) -> Self {
        if self < other { self } else { other }
    }

    fn greater(self, other: Self) -> Self {
        if self > other { self } else { other }
    }
}

impl Logical for bool {
    fn and(self, other: Self) -> Self {
        self & other
    }

    fn or(self, other: Self) -> Self {
        self | other
    }

    fn xor(self, other: Self) -> Self {
        self ^ other
    }

    fn is_true(self) -> bool {
        self
    }

    fn from_bool(value: bool) -> Self {
        value
    }
}

#[cfg(feature = "num-complex")]
mod complex {
    use super::Addable;
    use num_complex::Complex;

    macro_rules! complex {
        ($($t:ty)*) => { $(
            impl Addable for Complex<$t> {
                fn add(self, other: Self) -> Self { self + other }
                fn multiply(self, other: Self) -> Self { self * other }
            }
        )* };
    }

    complex!(f32 f64);
}

/// The sum; of integers, what does not fit wraps. Arrays are added element by element.
///
/// ```
/// use ranks::op;
///
/// ranks::threads(3, |world| {
///     let mut force = [[1.0, 0.0, world.rank() as f64]];
///     world.all_reduce_in_place(&mut force, op::sum)?;
///     assert_eq!(force, [[3.0, 0.0, 3.0]]);
///     Ok(())
/// })?;
/// # Ok::<(), ranks::Error>(())
/// ```
pub fn sum<T: Addable>(a: T, b: T) -> T {
    a.add(b)
}

/// The product; of integers, what does not fit wraps. Arrays are multiplied element by element.
///
/// ```
/// use ranks::op;
///
/// ranks::threads(3, |world| {
///     let mut all = [world.rank() + 1, 10];
///     world.all_reduce_in_place(&mut all, op::product)?;
///     assert_eq!(all, [6, 1000]);
///     Ok(())
/// })?;
/// # Ok::<(), ranks::Error>(())
/// ```
pub fn product<T: Addable>(a: T, b: T) -> T {
    a.multiply(b)
}

/// The smaller one of the two.
///
/// ```
/// use ranks::op;
///
/// ranks::threads(3, |world| {
///     let mut all = [5 - world.rank()];
///     world.all_reduce_in_place(&mut all, op::min)?;
///     assert_eq!(all, [3]);
///     Ok(())
/// })?;
/// # Ok::<(), ranks::Error>(())
/// ```
pub fn min<T: Ordered>(a: T, b: T) -> T {
    a.lesser(b)
}

/// The larger one of the two.
///
/// ```
/// use ranks::op;
///
/// ranks::threads(3, |world| {
///     let mut all = [world.rank() as f32 / 2.0];
///     world.all_reduce_in_place(&mut all, op::max)?;
///     assert_eq!(all, [1.0]);
///     Ok(())
/// })?;
/// # Ok::<(), ranks::Error>(())
/// ```
pub fn max<T: Ordered>(a: T, b: T) -> T {
    a.greater(b)
}

/// True if both are true; of integers, 1 if neither is 0, else 0.
///
/// ```
/// use ranks::op;
///
/// ranks::threads(3, |world| {
///     let mut all = [world.rank() != 1, true];
///     world.all_reduce_in_place(&mut all, op::logical_and)?;
///     assert_eq!(all, [false, true]);
///     Ok(())
/// })?;
/// # Ok::<(), ranks::Error>(())
/// ```
pub fn logical_and<T: Logical>(a: T, b: T) -> T {
    T::from_bool(a.is_true() && b.is_true())
}

/// True if one of the two is true; of integers, 1 if one of them is not 0, else 0.
///
/// ```
/// use ranks::op;
///
/// ranks::threads(3, |world| {
///     let mut all = [world.rank() == 1, false];
///     world.all_reduce_in_place(&mut all, op::logical_or)?;
///     assert_eq!(all, [true, false]);
///     Ok(())
/// })?;
/// # Ok::<(), ranks::Error>(())
/// ```
pub fn logical_or<T: Logical>(a: T, b: T) -> T {
    T::from_bool(a.is_true() || b.is_true())
}

/// True if exactly one of the two is true; of integers, 1 if exactly one of them is not 0, else 0.
///
/// ```
/// use ranks::op;
///
/// ranks::threads(3, |world| {
///     let mut all = [world.rank() == 1, world.rank() > 0];
///     world.all_reduce_in_place(&mut all, op::logical_xor)?;
///     assert_eq!(all, [true, false]);
///     Ok(())
/// })?;
/// # Ok::<(), ranks::Error>(())
/// ```
pub fn logical_xor<T: Logical>(a: T, b: T) -> T {
    T::from_bool(a.is_true() != b.is_true())
}

/// The bits that are set in both.
///
/// ```
/// use ranks::op;
///
/// ranks::threads(3, |world| {
///     let mut all = [[0b110u8, 0b011, 0b111][world.rank()]];
///     world.all_reduce_in_place(&mut all, op::bit_and)?;
///     assert_eq!(all, [0b010]);
///     Ok(())
/// })?;
/// # Ok::<(), ranks::Error>(())
/// ```
pub fn bit_and<T: Logical>(a: T, b: T) -> T {
    a.and(b)
}

/// The bits that are set in one of the two or in both.
///
/// ```
/// use ranks::op;
///
/// ranks::threads(3, |world| {
///     let mut all = [1u8 << world.rank()];
///     world.all_reduce_in_place(&mut all, op::bit_or)?;
///     assert_eq!(all, [0b111]);
///     Ok(())
/// })?;
/// # Ok::<(), ranks::Error>(())
/// ```
pub fn bit_or<T: Logical>(a: T, b: T) -> T {
    a.or(b)
}

/// The bits that are set in exactly one of the two.
///
/// ```
/// use ranks::op;
///
/// ranks::threads(3, |world| {
///     let mut all = [[0b110u8, 0b011, 0b001][world.rank()]];
///     world.all_reduce_in_place(&mut all, op::bit_xor)?;
///     assert_eq!(all, [0b100]);
///     Ok(())
/// })?;
/// # Ok::<(), ranks::Error>(())
/// ```
pub fn bit_xor<T: Logical>(a: T, b: T) -> T {
    a.xor(b)
}

/// Of two values with their places, the smaller one; of equal ones that with the smaller place.
/// Section 6.9.4.
///
/// ```
/// use ranks::op;
///
/// ranks::threads(3, |world| {
///     let coldest = [21.5, 3.0, 3.0][world.rank()];
///     let mut found = [(0.0, 0)];
///     world.all_reduce_into(&[(coldest, world.rank())], &mut found, op::min_location)?;
///     assert_eq!(found, [(3.0, 1)]);
///     Ok(())
/// })?;
/// # Ok::<(), ranks::Error>(())
/// ```
pub fn min_location<T: Number + PartialOrd, P: Integer + Ord>(a: (T, P), b: (T, P)) -> (T, P) {
    if b.0 < a.0 || (b.0 == a.0 && b.1 < a.1) { b } else { a }
}

/// Of two values with their places, the larger one; of equal ones that with the smaller place.
/// Section 6.9.4.
///
/// ```
/// use ranks::op;
///
/// ranks::threads(3, |world| {
///     let warmest = [21.5, 30.0, 30.0][world.rank()];
///     let mut found = [(0.0, 0)];
///     world.all_reduce_into(&[(warmest, world.rank())], &mut found, op::max_location)?;
///     assert_eq!(found, [(30.0, 1)]);
///     Ok(())
/// })?;
/// # Ok::<(), ranks::Error>(())
/// ```
pub fn max_location<T: Number + PartialOrd, P: Integer + Ord>(a: (T, P), b: (T, P)) -> (T, P) {
    if b.0 > a.0 || (b.0 == a.0 && b.1 < a.1) { b } else { a }
}
