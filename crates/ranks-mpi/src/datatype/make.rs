//! The constructors, committing and freeing: MPI 5.0 sections 5.1.2 to 5.1.10.

// The standard decides how many there are.
#![allow(clippy::too_many_arguments)]

use super::record::Record;
use super::shared;
use crate::abi::{Abi, Handle, Ref};
use crate::argument::{Count, In, Out};
use crate::attribute::{self, Owner};
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use ranks_engine::datatype::{Datatype, Distribution, Form, Made, Order};
use std::ffi::c_int;

/// Gives the program a handle.
fn made<A: Abi>(new: Out<A::Datatype>, datatype: Made) -> Result<()> {
    let record = Record::new(datatype?);
    new.set(global::with(|process| process.types.insert::<A>(record))?)
}

/// An array argument of counts, in this form of the function.
fn counts<C: Count>(count: i64, array: In<C>) -> Result<Vec<i64>> {
    let count = c_int::try_from(count);
    let count = count.map_err(|_| Failure::new(class::COUNT, "an array of more than 2^31 - 1 elements"))?;
    if count < 0 {
        return Err(Failure::new(class::COUNT, format!("{count} is no number of array elements")));
    }
    Ok(array.slice(count)?.iter().map(|value| value.get()).collect())
}

/// Which form the function was called in.
fn form<C: Count>() -> Form {
    if size_of::<C>() == size_of::<c_int>() { Form::Int } else { Form::Large }
}

/// `MPI_Type_contiguous`.
pub fn contiguous<A: Abi, C: Count>(
    _: &Call<A>,
    count: C,
    old: A::Datatype,
    new: Out<A::Datatype>,
) -> Result<()> {
    new.set(A::Datatype::NULL)?;
    made::<A>(new, Datatype::contiguous(form::<C>(), count.get(), &shared::<A>(old)?))
}

/// `MPI_Type_vector`.
pub fn vector<A: Abi, C: Count>(
    _: &Call<A>,
    count: C,
    length: C,
    stride: C,
    old: A::Datatype,
    new: Out<A::Datatype>,
) -> Result<()> {
    new.set(A::Datatype::NULL)?;
    let old = shared::<A>(old)?;
    made::<A>(new, Datatype::vector(form::<C>(), count.get(), length.get(), stride.get(), &old))
}

/// `MPI_Type_create_hvector`.
pub fn hvector<A: Abi, C: Count>(
    _: &Call<A>,
    count: C,
    length: C,
    stride: impl Count,
    old: A::Datatype,
    new: Out<A::Datatype>,
) -> Result<()> {
    new.set(A::Datatype::NULL)?;
    let old = shared::<A>(old)?;
    made::<A>(new, Datatype::hvector(form::<C>(), count.get(), length.get(), stride.get(), &old))
}

/// `MPI_Type_indexed`.
pub fn indexed<A: Abi, C: Count>(
    _: &Call<A>,
    count: C,
    lengths: In<C>,
    places: In<C>,
    old: A::Datatype,
    new: Out<A::Datatype>,
) -> Result<()> {
    new.set(A::Datatype::NULL)?;
    let (lengths, places) = (counts(count.get(), lengths)?, counts(count.get(), places)?);
    made::<A>(new, Datatype::indexed(form::<C>(), &lengths, &places, &shared::<A>(old)?))
}

/// `MPI_Type_create_hindexed`.
pub fn hindexed<A: Abi, C: Count, D: Count>(
    _: &Call<A>,
    count: C,
    lengths: In<C>,
    places: In<D>,
    old: A::Datatype,
    new: Out<A::Datatype>,
) -> Result<()> {
    new.set(A::Datatype::NULL)?;
    let (lengths, places) = (counts(count.get(), lengths)?, counts(count.get(), places)?);
    made::<A>(new, Datatype::hindexed(form::<C>(), &lengths, &places, &shared::<A>(old)?))
}

/// `MPI_Type_create_indexed_block`.
pub fn indexed_block<A: Abi, C: Count>(
    _: &Call<A>,
    count: C,
    length: C,
    places: In<C>,
    old: A::Datatype,
    new: Out<A::Datatype>,
) -> Result<()> {
    new.set(A::Datatype::NULL)?;
    let places = counts(count.get(), places)?;
    made::<A>(new, Datatype::indexed_block(form::<C>(), length.get(), &places, &shared::<A>(old)?))
}

/// `MPI_Type_create_hindexed_block`.
pub fn hindexed_block<A: Abi, C: Count, D: Count>(
    _: &Call<A>,
    count: C,
    length: C,
    places: In<D>,
    old: A::Datatype,
    new: Out<A::Datatype>,
) -> Result<()> {
    new.set(A::Datatype::NULL)?;
    let places = counts(count.get(), places)?;
    made::<A>(new, Datatype::hindexed_block(form::<C>(), length.get(), &places, &shared::<A>(old)?))
}

/// `MPI_Type_create_struct`.
pub fn structure<A: Abi, C: Count, D: Count>(
    _: &Call<A>,
    count: C,
    lengths: In<C>,
    places: In<D>,
    types: In<A::Datatype>,
    new: Out<A::Datatype>,
) -> Result<()> {
    new.set(A::Datatype::NULL)?;
    let (lengths, places) = (counts(count.get(), lengths)?, counts(count.get(), places)?);
    let types = types.slice(lengths.len() as c_int)?;
    let types = types.iter().map(|&old| shared::<A>(old)).collect::<Result<Vec<_>>>()?;
    made::<A>(new, Datatype::structure(form::<C>(), &lengths, &places, &types))
}

fn order<A: Abi>(order: c_int) -> Result<(Order, i64)> {
    match A::ORDERS.iter().position(|&known| known == order) {
        Some(0) => Ok((Order::C, order.into())),
        Some(_) => Ok((Order::Fortran, order.into())),
        None => Err(Failure::new(class::ARG, format!("{order} is no order of an array"))),
    }
}

/// `MPI_Type_create_subarray`.
pub fn subarray<A: Abi, C: Count>(
    _: &Call<A>,
    dimensions: c_int,
    sizes: In<C>,
    subsizes: In<C>,
    starts: In<C>,
    order_code: c_int,
    old: A::Datatype,
    new: Out<A::Datatype>,
) -> Result<()> {
    new.set(A::Datatype::NULL)?;
    let of = |array| counts(dimensions.into(), array);
    let (sizes, subsizes, starts) = (of(sizes)?, of(subsizes)?, of(starts)?);
    let order = order::<A>(order_code)?;
    made::<A>(new, Datatype::subarray(form::<C>(), &sizes, &subsizes, &starts, order, &shared::<A>(old)?))
}

/// `MPI_Type_create_darray`.
pub fn darray<A: Abi, C: Count>(
    _: &Call<A>,
    size: c_int,
    rank: c_int,
    dimensions: c_int,
    sizes: In<C>,
    distributions: In<c_int>,
    arguments: In<c_int>,
    grid: In<c_int>,
    order_code: c_int,
    old: A::Datatype,
    new: Out<A::Datatype>,
) -> Result<()> {
    new.set(A::Datatype::NULL)?;
    let sizes = counts(dimensions.into(), sizes)?;
    let (kinds, arguments) =
        (counts(dimensions.into(), distributions)?, counts(dimensions.into(), arguments)?);
    let grid = counts(dimensions.into(), grid)?;
    let order = order::<A>(order_code)?;
    let spread = kinds.iter().zip(&arguments).map(|(&kind, &argument)| {
        let length = (argument != i64::from(A::DISTRIBUTE_DEFAULT)).then_some(argument);
        match A::DISTRIBUTIONS.iter().position(|&known| i64::from(known) == kind) {
            Some(0) => Ok(Distribution::Block(length)),
            Some(1) => Ok(Distribution::Cyclic(length)),
            Some(_) => Ok(Distribution::None),
            None => Err(Failure::new(class::ARG, format!("{kind} is no distribution of an array"))),
        }
    });
    let spread = spread.collect::<Result<Vec<_>>>()?;
    let (place, codes) = ((size.into(), rank.into()), (&kinds[..], &arguments[..]));
    let old = shared::<A>(old)?;
    made::<A>(new, Datatype::darray(form::<C>(), place, &sizes, &spread, codes, &grid, order, &old))
}

/// `MPI_Type_create_resized`.
pub fn resized<A: Abi, E: Count>(
    call: &Call<A>,
    old: A::Datatype,
    lower: E,
    extent: E,
    new: Out<A::Datatype>,
) -> Result<()> {
    new.set(A::Datatype::NULL)?;
    // Its int form takes addresses: only the name tells the forms apart.
    let form = if call.name.ends_with("_c") { Form::Large } else { Form::Int };
    made::<A>(new, Datatype::resized(form, lower.get(), extent.get(), &shared::<A>(old)?))
}

/// `MPI_Type_dup`: as committed as the old one, with those attributes that want to be copied.
pub fn dup<A: Abi>(call: &Call<A>, old: A::Datatype, new: Out<A::Datatype>) -> Result<()> {
    new.set(A::Datatype::NULL)?;
    let (known, committed, like) = global::with(|process| {
        let record = process.types.get::<A>(old)?;
        Ok::<_, Failure>((record.datatype.clone(), record.committed, record.like))
    })?;
    let copy = Record { committed, like, ..Record::new(Datatype::dup(&known)?) };
    let handle = global::with(|process| process.types.insert::<A>(copy))?;
    let owners = (Owner::Type(old.decode()), Owner::Type(handle.decode()));
    if let Err(failure) = attribute::copy_all(call, owners.0, owners.1) {
        if let Ref::Dynamic(key) = handle.decode() {
            global::with(|process| process.types.remove(key));
        }
        return Err(failure);
    }
    new.set(handle)
}

/// `MPI_Type_commit`: the work was done when the type was made.
pub fn commit<A: Abi>(_: &Call<A>, datatype: Out<A::Datatype>) -> Result<()> {
    let handle = datatype.get()?;
    global::with(|process| process.types.get_mut::<A>(handle).map(|record| record.committed = true))
}

/// `MPI_Type_free`: what uses the type is not disturbed.
pub fn free<A: Abi>(call: &Call<A>, datatype: Out<A::Datatype>) -> Result<()> {
    let handle = datatype.get()?;
    let fixed = global::with(|process| process.types.get::<A>(handle).map(|record| record.fixed))?;
    let Ref::Dynamic(key) = handle.decode() else {
        return Err(Failure::new(class::TYPE, "a predefined datatype cannot be freed"));
    };
    if fixed {
        return Err(Failure::new(class::TYPE, "a datatype by precision and range cannot be freed"));
    }
    attribute::delete_all(call, Owner::Type(handle.decode()))?;
    global::with(|process| process.types.remove(key));
    datatype.set(A::Datatype::NULL)
}
