//! Packing: MPI 5.0 sections 5.2 and 5.3. A packed message is the elements' bytes in their order, and nothing
//! else, so packed data and messages are the same.

// The standard decides how many there are.
#![allow(clippy::too_many_arguments)]

use super::{any_elements, shared};
use crate::abi::Abi;
use crate::argument::{Count, In, Out};
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use std::ffi::{c_char, c_void};

/// The piece of a buffer that a call packs into, or unpacks from: `len` bytes from the position on.
fn piece(position: i64, size: i64, len: usize, what: &str) -> Result<usize> {
    let at = usize::try_from(position).ok().filter(|at| size >= 0 && *at as i64 <= size);
    let at = at.ok_or_else(|| Failure::new(class::ARG, format!("position {position} of {size} bytes")))?;
    match len as i64 <= size - position {
        true => Ok(at),
        false => {
            let text = format!(
                "{len} bytes to {what}, but from position {position} on {} are left",
                size - position
            );
            Err(Failure::new(class::TRUNCATE, text))
        }
    }
}

/// The bytes of a buffer from `at` on.
fn bytes<'a>(buffer: *const c_void, at: usize, len: usize) -> Result<&'a [u8]> {
    if len == 0 {
        return Ok(&[]);
    }
    if buffer.is_null() {
        return Err(Failure::new(class::BUFFER, "the packed buffer is null"));
    }
    // SAFETY: the C program promises that the buffer is as long as it says, which `piece` has checked.
    Ok(unsafe { std::slice::from_raw_parts(buffer.cast::<u8>().add(at), len) })
}

/// Bytes `at` to `at + len` of the packed buffer, to write to.
fn room<'a>(buffer: *mut c_void, at: usize, len: usize) -> Result<&'a mut [u8]> {
    if len == 0 {
        return Ok(&mut []);
    }
    if buffer.is_null() {
        return Err(Failure::new(class::BUFFER, "the packed buffer is null"));
    }
    // SAFETY: as above; nobody else uses it during the call.
    Ok(unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>().add(at), len) })
}

/// `MPI_Pack`.
pub fn pack<A: Abi, C: Count>(
    call: &Call<A>,
    from: In<c_void>,
    count: C,
    datatype: A::Datatype,
    to: Out<c_void>,
    size: C,
    position: Out<C>,
    comm: A::Comm,
) -> Result<()> {
    call.comm(comm)?;
    let elements = any_elements::<A>(from.address().cast_mut(), count, datatype)?;
    let before = position.get()?.get();
    let at = piece(before, size.get(), elements.len(), "pack")?;
    elements.pack(0, room(to.address(), at, elements.len())?);
    position.put(before + elements.len() as i64)
}

/// `MPI_Unpack`.
pub fn unpack<A: Abi, C: Count>(
    call: &Call<A>,
    from: In<c_void>,
    size: C,
    position: Out<C>,
    to: Out<c_void>,
    count: C,
    datatype: A::Datatype,
    comm: A::Comm,
) -> Result<()> {
    call.comm(comm)?;
    let elements = any_elements::<A>(to.address(), count, datatype)?;
    let before = position.get()?.get();
    let at = piece(before, size.get(), elements.len(), "unpack")?;
    elements.unpack(0, bytes(from.address(), at, elements.len())?);
    position.put(before + elements.len() as i64)
}

/// Bytes of a number of elements.
fn whole(count: i64, one: i64) -> Result<i64> {
    let bytes = if count < 0 { None } else { count.checked_mul(one) };
    bytes.ok_or_else(|| Failure::new(class::COUNT, format!("{count} elements of {one} bytes")))
}

/// `MPI_Pack_size`.
pub fn pack_size<A: Abi, C: Count>(
    call: &Call<A>,
    count: C,
    datatype: A::Datatype,
    comm: A::Comm,
    size: Out<C>,
) -> Result<()> {
    call.comm(comm)?;
    size.put(whole(count.get(), shared::<A>(datatype)?.size())?)
}

/// Only one representation is standard.
fn external(representation: In<c_char>) -> Result<()> {
    match representation.text()?.as_str() {
        "external32" => Ok(()),
        other => {
            let text = format!("the data representation '{other}' is not known, only external32");
            Err(Failure::new(class::ARG, text))
        }
    }
}

/// `MPI_Pack_external_size`.
pub fn pack_external_size<A: Abi, C: Count>(
    _: &Call<A>,
    representation: In<c_char>,
    count: C,
    datatype: A::Datatype,
    size: Out<impl Count>,
) -> Result<()> {
    external(representation)?;
    size.put(whole(count.get(), shared::<A>(datatype)?.external_size())?)
}

/// `MPI_Pack_external`.
pub fn pack_external<A: Abi, C: Count, E: Count>(
    _: &Call<A>,
    representation: In<c_char>,
    from: In<c_void>,
    count: C,
    datatype: A::Datatype,
    to: Out<c_void>,
    size: E,
    position: Out<E>,
) -> Result<()> {
    external(representation)?;
    let elements = any_elements::<A>(from.address().cast_mut(), count, datatype)?;
    let len = whole(count.get(), elements.datatype().external_size())? as usize;
    let before = position.get()?.get();
    let at = piece(before, size.get(), len, "pack")?;
    let mut native = Vec::new();
    elements.pack_onto(&mut native);
    elements.datatype().to_external(elements.count(), &native, room(to.address(), at, len)?);
    position.put(before + len as i64)
}

/// `MPI_Unpack_external`.
pub fn unpack_external<A: Abi, C: Count, E: Count>(
    _: &Call<A>,
    representation: In<c_char>,
    from: In<c_void>,
    size: E,
    position: Out<E>,
    to: Out<c_void>,
    count: C,
    datatype: A::Datatype,
) -> Result<()> {
    external(representation)?;
    let elements = any_elements::<A>(to.address(), count, datatype)?;
    let len = whole(count.get(), elements.datatype().external_size())? as usize;
    let before = position.get()?.get();
    let at = piece(before, size.get(), len, "unpack")?;
    let mut native = vec![0; elements.len()];
    elements.datatype().from_external(elements.count(), bytes(from.address(), at, len)?, &mut native);
    elements.unpack(0, &native);
    position.put(before + len as i64)
}
