//! Between slices of values and the engine's bytes.
//!
//! Values go out as [`bytes_of`] says, and come in through a [`ReceiveGuard`], which sees to it that nothing
//! but values is left in the slice, whatever came.

#![allow(unsafe_code)]

use crate::communicator::{Communicator, Status};
use crate::equivalence::Equivalence;
use crate::{Class, Result};
use ranks_engine::op::Deferred;
use ranks_engine::{Call, RecvBuf, SendBuf};
use std::borrow::Cow;
use std::mem::MaybeUninit;
use std::sync::Arc;

/// Refuses at compile time what has no bytes.
const fn has_bytes<T>() {
    const { assert!(size_of::<T>() > 0, "values of no bytes cannot be sent as they lie in memory: send an object") }
}

/// The bytes of values: themselves, or a copy of them if they have padding.
#[inline(always)]
pub(crate) fn bytes_of<T: Equivalence>(data: &[T]) -> Cow<'_, [u8]> {
    has_bytes::<T>();
    if T::DENSE {
        // SAFETY: no byte is padding, so all are initialised.
        return Cow::Borrowed(unsafe { std::slice::from_raw_parts(data.as_ptr().cast(), size_of_val(data)) });
    }
    let mut bytes = vec![0; size_of_val(data)];
    data.iter().zip(bytes.chunks_exact_mut(size_of::<T>())).for_each(|(one, to)| one.write(to));
    Cow::Owned(bytes)
}

/// Bytes, for an operation of the engine that is over before their borrow ends.
#[inline(always)]
pub(crate) fn send_buf(bytes: &[u8]) -> SendBuf {
    // SAFETY: only for calls that are over when they return, made while `bytes` is borrowed, and for
    // operations whose request or scope keeps the bytes until they are complete.
    unsafe { SendBuf::of(bytes) }
}

/// The bytes of values of a type, which the message names.
#[inline(always)]
pub(crate) fn typed_buf<T: Equivalence>(bytes: &[u8]) -> SendBuf {
    send_buf(bytes).marked(T::MARK)
}

/// The bytes of an object, which the message says it is.
pub(crate) fn object_buf(bytes: &[u8]) -> SendBuf {
    send_buf(bytes).marked(crate::mark::OBJECT)
}

/// Makes padding zero, so that the memory may be read as bytes until a value in it is assigned to.
pub(crate) fn clean<T: Equivalence>(data: &mut [T]) {
    if T::DENSE {
        return;
    }
    let mut bytes = vec![0u8; size_of::<T>()];
    for one in data {
        bytes.fill(0);
        one.write(&mut bytes);
        // SAFETY: the bytes of this very value, where it is.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), std::ptr::from_mut(one).cast(), bytes.len()) };
    }
}

/// The room that a slice is, as the engine wants it.
#[inline(always)]
pub(crate) fn recv_buf<T: Equivalence>(data: &mut [T]) -> RecvBuf {
    has_bytes::<T>();
    // SAFETY: as in `send_buf`; whoever calls this sees to it that the slice is looked at again only after
    // `purge` (a `ReceiveGuard` does both).
    unsafe { RecvBuf::new(data.as_mut_ptr().cast(), size_of_val(data)) }
}

/// The memory of a slice that is only read: for elements at certain places of it, which name their memory alike
/// for sends and receives.
#[inline(always)]
pub(crate) fn shared_buf<T: Equivalence>(data: &[T]) -> RecvBuf {
    has_bytes::<T>();
    // SAFETY: as in `send_buf`; sends do not write.
    unsafe { RecvBuf::new(data.as_ptr().cast_mut().cast(), size_of_val(data)) }
}

/// Replaces by zero what is no value after bytes have come. False if there was such.
#[inline(always)]
pub(crate) fn purge<T: Equivalence>(data: &mut [T]) -> bool {
    if T::ANY {
        return true;
    }
    let mut all = true;
    let first = data.as_mut_ptr();
    for at in 0..data.len() {
        // SAFETY: inside the slice. A value's bytes that are not padding were initialised before, and
        // are so by whatever came; zero is a value of every type.
        unsafe {
            let one = first.add(at);
            let bytes = std::slice::from_raw_parts(one.cast::<MaybeUninit<u8>>(), size_of::<T>());
            if !T::is_value(bytes) {
                one.write_bytes(0, 1);
                all = false;
            }
        }
    }
    all
}

/// Room for so many elements, all zero; `None` where there is no memory for them.
pub(crate) fn zeroed<T: Equivalence>(len: usize) -> Option<Vec<T>> {
    let mut room: Vec<T> = Vec::new();
    room.try_reserve_exact(len).ok()?;
    // SAFETY: there is room for them, and zero is a value of every such type.
    unsafe {
        room.as_mut_ptr().write_bytes(0, len);
        room.set_len(len);
    }
    Some(room)
}

/// A function of two rows of bytes, as the engine hands it out with the addresses of both.
pub(crate) fn deferred(function: impl Fn(&[u8], &mut [u8]) + Send + Sync + 'static) -> Deferred {
    Arc::new(move |input: *const u8, inout: *mut u8, len| {
        // SAFETY: the engine gives the address of `len` bytes that came from elsewhere. The request keeps them until the
        // function has returned. No byte is padding: `clean` made it zero.
        let input = unsafe { std::slice::from_raw_parts(input, len) };
        // SAFETY: the same number of bytes of the request's own, which do not overlap with the others.
        let inout = unsafe { std::slice::from_raw_parts_mut(inout, len) };
        function(input, inout);
    })
}

/// One value of as many bytes; `None` if they are none.
#[inline(always)]
pub(crate) fn value_of<T: Equivalence>(bytes: &[u8]) -> Option<T> {
    assert_eq!(bytes.len(), size_of::<T>());
    // SAFETY: as many bytes as a value has, which were found to be one.
    unsafe {
        let first = bytes.as_ptr();
        let view = std::slice::from_raw_parts(first.cast::<MaybeUninit<u8>>(), bytes.len());
        (T::ANY || T::is_value(view)).then(|| first.cast::<T>().read_unaligned())
    }
}

/// What is said when bytes came that are no value of a type.
pub(crate) fn no_values(name: &str) -> String {
    format!("bytes came that are no {name}; they were replaced by zero")
}

/// What a call came to, as far as it says who sent and with which tag.
pub(crate) trait Whence {
    fn whence(&self) -> Option<(usize, i32)>;
}

/// A call in which several may have sent.
impl Whence for () {
    fn whence(&self) -> Option<(usize, i32)> {
        None
    }
}

impl Whence for Status {
    fn whence(&self) -> Option<(usize, i32)> {
        Some((self.source, self.tag))
    }
}

impl Whence for ranks_engine::Status {
    fn whence(&self) -> Option<(usize, i32)> {
        Status::from(*self).whence()
    }
}

/// A slice that bytes come into during a blocking call.
pub(crate) struct ReceiveGuard<'a, T: Equivalence>(&'a mut [T]);

impl<'a, T: Equivalence> ReceiveGuard<'a, T> {
    #[inline(always)]
    pub fn new(data: &'a mut [T]) -> Self {
        Self(data)
    }

    /// For what is sent from and received into alike.
    pub fn in_place(data: &'a mut [T]) -> Self {
        clean(data);
        Self(data)
    }

    #[inline(always)]
    pub fn buf(&mut self) -> RecvBuf {
        recv_buf(self.0)
    }

    /// The end of the call, with what it came to.
    #[inline(always)]
    pub fn finish<R: Whence>(self, comm: &Communicator, call: Call, outcome: Result<R>) -> Result<R> {
        let all = purge(self.0);
        // Already done.
        std::mem::forget(self);
        let outcome = outcome?;
        if all { Ok(outcome) } else { Err(comm.no_values::<T>(call, &outcome)) }
    }
}

impl<T: Equivalence> Drop for ReceiveGuard<'_, T> {
    fn drop(&mut self) {
        purge(self.0);
    }
}

impl Communicator {
    /// What is said when bytes came that are no value.
    #[cold]
    pub(crate) fn no_values<T>(&self, call: Call, outcome: &impl Whence) -> crate::Error {
        let error = self.error(Class::Type, call, no_values(std::any::type_name::<T>()));
        match outcome.whence() {
            Some((source, tag)) => error.peer(source as i32).tag(tag),
            None => error,
        }
    }
}
