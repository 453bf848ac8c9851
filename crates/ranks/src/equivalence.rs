//! Values that are sent as they lie in memory.

#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::mem::{MaybeUninit, offset_of};

/// What may be sent as it lies in memory, without serialisation: the numbers, `bool`, `char`, arrays and
/// tuples of these, and structs of these that derive it. The standard's datatypes, section 3.2.2 and
/// chapter 5.
///
/// ```
/// use ranks::Equivalence;
///
/// #[derive(Clone, Copy, Debug, Default, PartialEq, Equivalence)]
/// struct Particle {
///     position: [f64; 3],
///     charge: i8,
///     fixed: bool,
/// }
///
/// ranks::threads(2, |world| {
///     let electron = Particle { position: [1.0, 2.0, 3.0], charge: -1, fixed: false };
///     let mut all = [Particle::default(); 2];
///     world.all_gather_into(&[electron], &mut all)?;
///     assert_eq!(all, [electron; 2]);
///     Ok(())
/// })?;
/// # Ok::<(), ranks::Error>(())
/// ```
///
/// A struct may have padding: it is never read, and travels as zero. Sending values with padding copies
/// them first; values without are sent from where they are. A receive that brings bytes that are no value
/// (a `bool` of 2) is an error of class `Type`, and the elements concerned become zero.
///
/// A message from point to point carries the kind of its numbers: a row of `f32` that is received as `f64` is an
/// error of class `Type` that names both. An array, a tuple or a struct of numbers of one kind counts as a row of
/// them; `u8` is the type of plain bytes, which go with every type. Messages of C and Python programs say nothing of
/// their type.
///
/// Ranks that are one program agree on the layout of a struct. Between different programs, make it
/// `#[repr(C)]`.
///
/// # Safety
/// The constants must be true, [`Self::write`] must write every byte that is not padding,
/// [`Self::is_value`] must accept only what is a value, and bytes that are all zero must be one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing that can be sent as it lies in memory",
    label = "not a number, nor an array, a tuple or a struct of such",
    note = "derive it for a struct: `#[derive(Clone, Copy, ranks::Equivalence)]`",
    note = "or send an object, anything that serde serialises: `send`, `receive`, `broadcast` ..."
)]
pub unsafe trait Equivalence: Copy + Send + 'static {
    /// No byte of a value is padding.
    #[doc(hidden)]
    const DENSE: bool;

    /// Any bytes are a value.
    #[doc(hidden)]
    const ANY: bool;

    /// The kind of its numbers: `mark.rs` says more.
    #[doc(hidden)]
    const MARK: u16;

    /// Whether as many bytes as a value has are one.
    ///
    /// # Safety
    /// Those that are not padding must be initialised.
    #[doc(hidden)]
    unsafe fn is_value(bytes: &[MaybeUninit<u8>]) -> bool;

    /// Writes all bytes that are not padding.
    #[doc(hidden)]
    fn write(&self, to: &mut [u8]);
}

macro_rules! numbers {
    ($($t:ty)*) => { $(
        // SAFETY: a number fills its bytes, and any bytes are a number.
        unsafe impl Equivalence for $t {
            const DENSE: bool = true;
            const ANY: bool = true;
            const MARK: u16 = crate::mark::of(stringify!($t));

            #[inline(always)]
            unsafe fn is_value(_: &[MaybeUninit<u8>]) -> bool {
                true
            }

            #[inline(always)]
            fn write(&self, to: &mut [u8]) {
                to.copy_from_slice(&self.to_ne_bytes());
            }
        }
    )* };
}

numbers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64);

// SAFETY: one byte, 0 or 1.
unsafe impl Equivalence for bool {
    const DENSE: bool = true;
    const ANY: bool = false;
    const MARK: u16 = crate::mark::of("bool");

    unsafe fn is_value(bytes: &[MaybeUninit<u8>]) -> bool {
        // SAFETY: initialised, by the caller's promise.
        unsafe { bytes[0].assume_init() < 2 }
    }

    fn write(&self, to: &mut [u8]) {
        to[0] = (*self).into();
    }
}

// SAFETY: four bytes, those of a scalar value.
unsafe impl Equivalence for char {
    const DENSE: bool = true;
    const ANY: bool = false;
    const MARK: u16 = crate::mark::of("char");

    unsafe fn is_value(bytes: &[MaybeUninit<u8>]) -> bool {
        // SAFETY: initialised, by the caller's promise.
        let number = u32::from_ne_bytes(std::array::from_fn(|at| unsafe { bytes[at].assume_init() }));
        char::from_u32(number).is_some()
    }

    fn write(&self, to: &mut [u8]) {
        u32::from(*self).write(to);
    }
}

// SAFETY: an array is its elements, one after the other.
unsafe impl<T: Equivalence, const N: usize> Equivalence for [T; N] {
    const DENSE: bool = T::DENSE;
    const ANY: bool = T::ANY;
    const MARK: u16 = T::MARK;

    unsafe fn is_value(bytes: &[MaybeUninit<u8>]) -> bool {
        // SAFETY: an element's bytes are among the array's.
        let is_value = |one| unsafe { T::is_value(one) };
        T::ANY || size_of::<T>() == 0 || bytes.chunks_exact(size_of::<T>()).all(is_value)
    }

    fn write(&self, to: &mut [u8]) {
        if size_of::<T>() > 0 {
            self.iter().zip(to.chunks_exact_mut(size_of::<T>())).for_each(|(one, to)| one.write(to));
        }
    }
}

// SAFETY: nothing has no bytes. As a field it does no harm; alone it is refused where buffers are.
unsafe impl<T: Send + 'static> Equivalence for PhantomData<T> {
    const DENSE: bool = true;
    const ANY: bool = true;
    const MARK: u16 = crate::mark::NONE;

    unsafe fn is_value(_: &[MaybeUninit<u8>]) -> bool {
        true
    }

    fn write(&self, _: &mut [u8]) {}
}

macro_rules! tuples {
    ($(($($T:ident $at:tt),*))*) => { $(
        // SAFETY: a tuple has padding unless its fields fill it; each of them says the rest for itself.
        unsafe impl<$($T: Equivalence),*> Equivalence for ($($T,)*) {
            const DENSE: bool = size_of::<Self>() == 0 $(+ size_of::<$T>())* $(&& $T::DENSE)*;
            const ANY: bool = true $(&& $T::ANY)*;
            const MARK: u16 = crate::mark::of_fields(&[$($T::MARK),*], &[$(size_of::<$T>()),*]);

            unsafe fn is_value(bytes: &[MaybeUninit<u8>]) -> bool {
                // SAFETY: a field's bytes are among the tuple's.
                true $(&& unsafe { $T::is_value(&bytes[offset_of!(Self, $at)..][..size_of::<$T>()]) })*
            }

            fn write(&self, to: &mut [u8]) {
                $(self.$at.write(&mut to[offset_of!(Self, $at)..][..size_of::<$T>()]);)*
            }
        }
    )* };
}

tuples!((A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4) (A 0, B 1, C 2, D 3, E 4, F 5));

// SAFETY: two fields of one type, in a row.
#[cfg(feature = "num-complex")]
unsafe impl<T: Equivalence> Equivalence for num_complex::Complex<T> {
    const DENSE: bool = T::DENSE;
    const ANY: bool = T::ANY;
    const MARK: u16 = T::MARK;

    unsafe fn is_value(bytes: &[MaybeUninit<u8>]) -> bool {
        // SAFETY: as for an array.
        unsafe { <[T; 2]>::is_value(bytes) }
    }

    fn write(&self, to: &mut [u8]) {
        [self.re, self.im].write(to);
    }
}
