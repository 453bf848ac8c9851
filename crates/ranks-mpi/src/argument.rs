//! Arguments of C functions as values that the functions here can use without `unsafe`.
//!
//! The standard says of every pointer what it points to, and a C program promises to follow it. That
//! promise enters in one place: [`Argument::take`], called by the generated entry points. What comes out
//! keeps it: [`In`] and [`Out`] read and write only what the standard says is there.

use crate::failure::{Failure, Result, class};
use std::ffi::{CStr, OsStr, OsString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;

/// `MPI_MAX_OBJECT_NAME`, the same in every ABI.
pub const MAX_OBJECT_NAME: usize = 128;

/// An argument of a C function.
pub trait Argument {
    /// What the functions here get for it.
    type Safe;

    /// Takes it over from C.
    ///
    /// # Safety
    /// It must be what the MPI standard demands of this argument of this function: a pointer is null or
    /// points to as many objects as the standard says, and for an output they may be written.
    unsafe fn take(self) -> Self::Safe;

    /// The communicator it names, if it is a communicator's handle.
    fn communicator(&self) -> Option<c_int> {
        None
    }
}

/// What a C program gives to be read; null is possible.
pub struct In<T>(*const T);

/// What a C program gives to be written (and perhaps read before); null is possible.
pub struct Out<T>(*mut T);

// Not derived: what they point to need not be `Copy`.
impl<T> Clone for In<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for In<T> {}
impl<T> Clone for Out<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Out<T> {}

impl<T> Argument for *const T {
    type Safe = In<T>;
    unsafe fn take(self) -> In<T> {
        In(self)
    }
}

impl<T> Argument for *mut T {
    type Safe = Out<T>;
    unsafe fn take(self) -> Out<T> {
        Out(self)
    }
}

/// Types that are passed as they are.
macro_rules! plain {
    ($($type:ty),*) => {$(
        impl Argument for $type {
            type Safe = Self;
            unsafe fn take(self) -> Self {
                self
            }
        }
    )*};
}

use crate::mpich;
plain!(c_int, i64, f64, mpich::Group, mpich::Request, mpich::Message, mpich::Errhandler);
plain!(mpich::Info, mpich::Op, mpich::Win, mpich::Session, mpich::Datatype, mpich::File);

impl Argument for mpich::Comm {
    type Safe = Self;
    unsafe fn take(self) -> Self {
        self
    }
    fn communicator(&self) -> Option<c_int> {
        Some(self.0)
    }
}

/// Callbacks: `None` for a null pointer. The program promises that they are functions of this type.
impl<F> Argument for Option<F> {
    type Safe = Self;
    unsafe fn take(self) -> Self {
        self
    }
}

/// A count, a displacement or an extent: an `int`, or in the large form an `MPI_Count` or `MPI_Aint`.
pub trait Count: Copy + 'static {
    /// The value.
    fn get(self) -> i64;
    /// The value in this form, if it fits.
    fn of(value: i64) -> Option<Self>;
}

impl Count for c_int {
    #[inline(always)]
    fn get(self) -> i64 {
        self as i64
    }
    #[inline(always)]
    fn of(value: i64) -> Option<Self> {
        value.try_into().ok()
    }
}

impl Count for i64 {
    #[inline(always)]
    fn get(self) -> i64 {
        self
    }
    #[inline(always)]
    fn of(value: i64) -> Option<Self> {
        Some(value)
    }
}

#[cold]
fn null() -> Failure {
    Failure::new(class::ARG, "an argument is a null pointer")
}

/// The length of an array argument.
pub fn length(count: c_int) -> Result<usize> {
    usize::try_from(count)
        .map_err(|_| Failure::new(class::ARG, format!("{count} is no number of array elements")))
}

impl<T> In<T> {
    /// This argument as one to write to, for functions that write in some cases. In this case they do not.
    pub fn not_written(self) -> Out<T> {
        Out(self.0.cast_mut())
    }

    /// Where it is.
    pub fn address(self) -> *const T {
        self.0
    }
}

impl<T: Copy + 'static> In<T> {
    /// The array of `count` elements.
    pub fn slice<'a>(self, count: c_int) -> Result<&'a [T]> {
        let count = length(count)?;
        if count == 0 {
            return Ok(&[]);
        }
        if self.0.is_null() {
            return Err(null());
        }
        // SAFETY: the promise given to `take`: the array is there for the duration of the call.
        Ok(unsafe { std::slice::from_raw_parts(self.0, count) })
    }

    /// The object.
    pub fn get(self) -> Result<T> {
        if self.0.is_null() {
            return Err(null());
        }
        // SAFETY: not null, so by the promise given to `take` it points to a T.
        Ok(unsafe { *self.0 })
    }
}

impl In<c_void> {
    /// The bytes that lie there.
    pub fn bytes(self) -> In<u8> {
        In(self.0.cast())
    }
}

impl In<c_char> {
    /// The string, as text.
    pub fn text(self) -> Result<String> {
        if self.0.is_null() {
            return Err(null());
        }
        // SAFETY: not null, so by the promise given to `take` a string that ends with a zero.
        Ok(unsafe { CStr::from_ptr(self.0) }.to_string_lossy().into_owned())
    }
}

impl In<c_char> {
    /// The string as it is, for the names of files and the arguments of programs.
    pub fn os_text(self) -> Result<OsString> {
        if self.0.is_null() {
            return Err(null());
        }
        // SAFETY: not null, so by the promise given to `take` a string that ends with a zero.
        Ok(OsStr::from_bytes(unsafe { CStr::from_ptr(self.0) }.to_bytes()).to_owned())
    }
}

impl Out<*mut c_char> {
    /// String `at` of the array.
    pub fn os_text_at(self, at: usize) -> Result<OsString> {
        In(self.element(at)?.get()?.cast_const()).os_text()
    }

    /// The strings of an array that ends with a null pointer; none where there is no array.
    pub fn arguments(self) -> Result<Vec<OsString>> {
        let mut strings = Vec::new();
        while !self.0.is_null() {
            // SAFETY: not null, so by the promise given to `take` an array that ends with a null pointer, which has not
            // come yet.
            let pointer = unsafe { self.0.add(strings.len()).read() };
            if pointer.is_null() {
                break;
            }
            strings.push(In(pointer.cast_const()).os_text()?);
        }
        Ok(strings)
    }
}

impl Out<*mut *mut c_char> {
    /// Element `at` of an array of arrays of strings; no array where there is none.
    pub fn array(self, at: usize) -> Result<Out<*mut c_char>> {
        if self.0.is_null() { Ok(Out(std::ptr::null_mut())) } else { Ok(Out(self.element(at)?.get()?)) }
    }
}

impl<T> Out<T> {
    /// Where it is.
    pub fn address(self) -> *mut T {
        self.0
    }

    /// This argument as one to read from.
    pub fn as_input(self) -> In<T> {
        In(self.0)
    }

    /// True if there is nothing to write to.
    pub fn is_null(self) -> bool {
        self.0.is_null()
    }
}

impl Out<c_void> {
    /// For arguments that C declares as `void *` and that are the address of a pointer.
    pub fn pointer(self) -> Out<usize> {
        Out(self.0.cast())
    }

    /// Writes bytes, no more than the buffer was checked to have room for.
    pub fn fill(self, bytes: &[u8]) {
        if !bytes.is_empty() && !self.0.is_null() {
            // SAFETY: not null, so by the promise given to `take` there is room for as many elements as
            // the program said.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.0.cast(), bytes.len()) };
        }
    }
}

impl<T: Copy + 'static> Out<T> {
    /// Writes it.
    #[inline(always)]
    pub fn set(self, value: T) -> Result<()> {
        if self.0.is_null() {
            return Err(null());
        }
        // SAFETY: not null, so by the promise given to `take` it may be written.
        unsafe { self.0.write(value) };
        Ok(())
    }

    /// Writes it unless the program gave null to say that it does not want it.
    pub fn set_if_wanted(self, value: T) {
        if !self.0.is_null() {
            // SAFETY: as in `set`.
            unsafe { self.0.write(value) };
        }
    }

    /// Reads it.
    #[inline(always)]
    pub fn get(self) -> Result<T> {
        if self.0.is_null() {
            return Err(null());
        }
        // SAFETY: not null, so by the promise given to `take` it points to a T.
        Ok(unsafe { self.0.read() })
    }

    /// Element `at` of the array that this is.
    ///
    /// `at` must be below the length that the program gave.
    pub fn element(self, at: usize) -> Result<Out<T>> {
        if self.0.is_null() {
            return Err(null());
        }
        Ok(Out(self.0.wrapping_add(at)))
    }
}

impl Out<*mut c_char> {
    /// The strings that an array of pointers points to, up to the first null.
    pub fn strings(self, count: c_int) -> Result<Vec<String>> {
        let pointers = self.as_input().slice(count)?;
        pointers
            .iter()
            .take_while(|pointer| !pointer.is_null())
            .map(|pointer| In(pointer.cast_const()).text())
            .collect()
    }
}

impl<C: Count> Out<C> {
    /// Writes a count, an error when it is too large for this form of the function.
    #[inline(always)]
    pub fn put(self, value: i64) -> Result<()> {
        match C::of(value) {
            Some(value) => self.set(value),
            None => Err(Failure::new(class::VALUE_TOO_LARGE, format!("{value} is too large for an int"))),
        }
    }
}

impl Out<c_char> {
    /// Writes a string, cut to `room` bytes with its final zero, and its length.
    pub fn text(self, text: &str, room: usize, length: Out<c_int>) -> Result<()> {
        let written = self.string(text, room)?;
        length.set(written as c_int)
    }

    /// Writes a string, cut to `room` bytes with its final zero; gives its length.
    pub fn string(self, text: &str, room: usize) -> Result<usize> {
        if self.0.is_null() {
            return Err(null());
        }
        let cut = text.floor_char_boundary_at(room.saturating_sub(1));
        // SAFETY: not null, so by the promise given to `take` there is room for `room` bytes.
        unsafe {
            std::ptr::copy_nonoverlapping(cut.as_ptr(), self.0.cast::<u8>(), cut.len());
            self.0.add(cut.len()).write(0);
        }
        Ok(cut.len())
    }
}

trait Cut {
    fn floor_char_boundary_at(&self, most: usize) -> &str;
}

impl Cut for str {
    /// At most `most` bytes, ending between two characters, and before a zero inside.
    fn floor_char_boundary_at(&self, most: usize) -> &str {
        let text = self.split('\0').next().unwrap_or("");
        let mut end = text.len().min(most);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        &text[..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_cut_between_characters() {
        let mut room = [1 as c_char; 8];
        let mut length = 0;
        // SAFETY: both point to what the calls write.
        let (out, len) = unsafe { (room.as_mut_ptr().take(), (&raw mut length).take()) };
        out.text("abcü", 5, len).unwrap();
        assert_eq!(length, 3);
        assert_eq!(room[..5], [b'a', b'b', b'c', 0, 1].map(|byte| byte as c_char));
        out.text("ab\0cd", 8, len).unwrap();
        assert_eq!(length, 2);
    }

    #[test]
    fn a_count_too_large_for_an_int_is_an_error() {
        let mut small: c_int = 7;
        // SAFETY: it points to an int.
        let out = unsafe { (&raw mut small).take() };
        assert_eq!(out.put(1 << 40).unwrap_err().class, class::VALUE_TOO_LARGE);
        assert_eq!(small, 7);
        out.put(5).unwrap();
        assert_eq!(small, 5);
    }

    #[test]
    fn null_is_an_error() {
        // SAFETY: null is allowed.
        let out: Out<c_int> = unsafe { std::ptr::null_mut::<c_int>().take() };
        assert_eq!(out.set(1).unwrap_err().class, class::ARG);
        out.set_if_wanted(1);
    }
}
