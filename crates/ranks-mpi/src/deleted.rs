//! Functions that MPI 3.0 deleted and old programs still call: each is one of today's under its old name, with old
//! arguments.

use crate::abi::Abi;
use crate::argument::Out;
use crate::datatype;
use crate::entry::Call;
use crate::failure::Result;
use crate::init;
use std::ffi::{c_int, c_void};

/// `MPI_Address`: `MPI_Get_address`.
pub fn address<A: Abi>(call: &Call<A>, location: Out<c_void>, address: Out<i64>) -> Result<()> {
    init::address(call, location.as_input(), address)
}

/// `MPI_Type_extent`: the second half of `MPI_Type_get_extent`.
pub fn extent<A: Abi>(_: &Call<A>, datatype: A::Datatype, extent: Out<i64>) -> Result<()> {
    extent.set(datatype::bounds::<A>(datatype)?.1)
}

/// `MPI_Type_lb`: the lower bound.
pub fn lower_bound<A: Abi>(_: &Call<A>, datatype: A::Datatype, bound: Out<i64>) -> Result<()> {
    bound.set(datatype::bounds::<A>(datatype)?.0)
}

/// `MPI_Type_ub`: the upper bound.
pub fn upper_bound<A: Abi>(_: &Call<A>, datatype: A::Datatype, bound: Out<i64>) -> Result<()> {
    let (lower, extent) = datatype::bounds::<A>(datatype)?;
    bound.set(lower + extent)
}

/// `MPI_Type_hindexed`: `MPI_Type_create_hindexed`.
pub fn hindexed<A: Abi>(
    call: &Call<A>,
    count: c_int,
    lengths: Out<c_int>,
    places: Out<i64>,
    old: A::Datatype,
    new: Out<A::Datatype>,
) -> Result<()> {
    datatype::hindexed(call, count, lengths.as_input(), places.as_input(), old, new)
}

/// `MPI_Type_struct`: `MPI_Type_create_struct`.
pub fn structure<A: Abi>(
    call: &Call<A>,
    count: c_int,
    lengths: Out<c_int>,
    places: Out<i64>,
    types: Out<A::Datatype>,
    new: Out<A::Datatype>,
) -> Result<()> {
    datatype::structure(call, count, lengths.as_input(), places.as_input(), types.as_input(), new)
}
