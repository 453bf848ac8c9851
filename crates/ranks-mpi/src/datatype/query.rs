//! Sizes, bounds, names: MPI 5.0 sections 5.1.5 to 5.1.8, and 7.8.

use super::{BASIC, find, shared};
use crate::abi::{Abi, Handle, Ref};
use crate::argument::{Count, In, MAX_OBJECT_NAME, Out};
use crate::entry::Call;
use crate::failure::Result;
use crate::global;
use ranks_engine::UNDEFINED;
use std::ffi::{c_char, c_int};

/// Writes a value that is undefined in a form it does not fit.
fn put<C: Count>(place: Out<C>, value: i64) -> Result<()> {
    place.put(if C::of(value).is_some() { value } else { UNDEFINED.into() })
}

/// `MPI_Type_size`, `MPI_Type_size_x`.
pub fn size<A: Abi>(_: &Call<A>, datatype: A::Datatype, size: Out<impl Count>) -> Result<()> {
    put(size, find::<A>(datatype)?.size)
}

/// `MPI_Type_get_extent`, `MPI_Type_get_extent_x`.
pub fn extent<A: Abi, C: Count>(
    _: &Call<A>,
    datatype: A::Datatype,
    lower_bound: Out<C>,
    extent: Out<C>,
) -> Result<()> {
    let known = shared::<A>(datatype)?;
    put(lower_bound, known.lower_bound())?;
    put(extent, known.extent())
}

/// Lower bound and extent.
pub fn bounds<A: Abi>(datatype: A::Datatype) -> Result<(i64, i64)> {
    let known = shared::<A>(datatype)?;
    Ok((known.lower_bound(), known.extent()))
}

/// `MPI_Type_get_true_extent`: without padding.
pub fn true_extent<A: Abi, C: Count>(
    _: &Call<A>,
    datatype: A::Datatype,
    lower_bound: Out<C>,
    extent: Out<C>,
) -> Result<()> {
    let known = shared::<A>(datatype)?;
    put(lower_bound, known.true_lower_bound())?;
    put(extent, known.true_extent())
}

/// `MPI_Type_get_name`.
pub fn name<A: Abi>(_: &Call<A>, datatype: A::Datatype, name: Out<c_char>, length: Out<c_int>) -> Result<()> {
    let own = match datatype.decode() {
        Ref::Null => "MPI_DATATYPE_NULL",
        Ref::Builtin(at) => BASIC[at as usize].name,
        _ => "",
    };
    if datatype == A::Datatype::NULL {
        return name.text(own, MAX_OBJECT_NAME, length);
    }
    let given = global::with(|process| process.types.get::<A>(datatype).map(|record| record.name.clone()))?;
    name.text(given.as_deref().unwrap_or(own), MAX_OBJECT_NAME, length)
}

/// `MPI_Type_set_name`.
pub fn set_name<A: Abi>(_: &Call<A>, datatype: A::Datatype, name: In<c_char>) -> Result<()> {
    let name = name.text()?;
    global::with(|process| process.types.get_mut::<A>(datatype).map(|record| record.name = Some(name)))
}
