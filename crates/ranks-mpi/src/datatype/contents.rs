//! What a type was made from: MPI 5.0 section 5.1.13.

// The standard decides how many there are.
#![allow(clippy::too_many_arguments)]

use super::shared;
use crate::abi::{Abi, Handle};
use crate::argument::Out;
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use ranks_engine::datatype::Combiner;
use std::ffi::c_int;

fn code<A: Abi>(combiner: Combiner) -> c_int {
    let at = match combiner {
        Combiner::Named => 0,
        Combiner::Dup => 1,
        Combiner::Contiguous => 2,
        Combiner::Vector => 3,
        Combiner::Hvector => 4,
        Combiner::Indexed => 5,
        Combiner::Hindexed => 6,
        Combiner::IndexedBlock => 7,
        Combiner::HindexedBlock => 8,
        Combiner::Struct => 9,
        Combiner::Subarray => 10,
        Combiner::Darray => 11,
        Combiner::F90Real => 12,
        Combiner::F90Complex => 13,
        Combiner::F90Integer => 14,
        Combiner::Resized => 15,
        Combiner::ValueIndex => 16,
    };
    A::COMBINERS[at]
}

/// `MPI_Type_get_envelope`.
pub fn envelope<A: Abi>(
    _: &Call<A>,
    datatype: A::Datatype,
    integers: Out<c_int>,
    addresses: Out<c_int>,
    datatypes: Out<c_int>,
    combiner: Out<c_int>,
) -> Result<()> {
    let known = shared::<A>(datatype)?;
    let recipe = known.recipe();
    if !recipe.counts.is_empty() {
        return Err(large());
    }
    integers.put(recipe.integers.len() as i64)?;
    addresses.put(recipe.addresses.len() as i64)?;
    datatypes.put(recipe.types.len() as i64)?;
    combiner.set(code::<A>(recipe.combiner))
}

/// `MPI_Type_get_envelope_c`.
pub fn envelope_large<A: Abi>(
    _: &Call<A>,
    datatype: A::Datatype,
    integers: Out<i64>,
    addresses: Out<i64>,
    counts: Out<i64>,
    datatypes: Out<i64>,
    combiner: Out<c_int>,
) -> Result<()> {
    let known = shared::<A>(datatype)?;
    let recipe = known.recipe();
    integers.set(recipe.integers.len() as i64)?;
    addresses.set(recipe.addresses.len() as i64)?;
    counts.set(recipe.counts.len() as i64)?;
    datatypes.set(recipe.types.len() as i64)?;
    combiner.set(code::<A>(recipe.combiner))
}

fn large() -> Failure {
    let what = "the datatype was made with large counts: ask with MPI_Type_get_envelope_c or _contents_c";
    Failure::new(class::TYPE, what)
}

/// `MPI_Type_get_contents`.
pub fn contents<A: Abi>(
    call: &Call<A>,
    datatype: A::Datatype,
    most_integers: c_int,
    most_addresses: c_int,
    most_datatypes: c_int,
    integers: Out<c_int>,
    addresses: Out<i64>,
    datatypes: Out<A::Datatype>,
) -> Result<()> {
    let known = shared::<A>(datatype)?;
    if !known.recipe().counts.is_empty() {
        return Err(large());
    }
    let most = (most_integers.into(), most_addresses.into(), 0, most_datatypes.into());
    list(call, datatype, most, integers, addresses, None, datatypes)
}

/// `MPI_Type_get_contents_c`.
pub fn contents_large<A: Abi>(
    call: &Call<A>,
    datatype: A::Datatype,
    most_integers: i64,
    most_addresses: i64,
    most_counts: i64,
    most_datatypes: i64,
    integers: Out<c_int>,
    addresses: Out<i64>,
    counts: Out<i64>,
    datatypes: Out<A::Datatype>,
) -> Result<()> {
    let most = (most_integers, most_addresses, most_counts, most_datatypes);
    list(call, datatype, most, integers, addresses, Some(counts), datatypes)
}

fn list<A: Abi>(
    _: &Call<A>,
    datatype: A::Datatype,
    most: (i64, i64, i64, i64),
    integers: Out<c_int>,
    addresses: Out<i64>,
    counts: Option<Out<i64>>,
    datatypes: Out<A::Datatype>,
) -> Result<()> {
    let known = shared::<A>(datatype)?;
    let recipe = known.recipe();
    if recipe.combiner == Combiner::Named {
        return Err(Failure::new(class::TYPE, "a predefined datatype is made of nothing"));
    }
    let fits = |len: usize, most: i64, what: &str| match len as i64 <= most {
        true => Ok(()),
        false => Err(Failure::new(class::ARG, format!("{len} {what}, but room for {most}"))),
    };
    fits(recipe.integers.len(), most.0, "ints")?;
    fits(recipe.addresses.len(), most.1, "addresses")?;
    fits(recipe.counts.len(), most.2, "large counts")?;
    fits(recipe.types.len(), most.3, "datatypes")?;
    for (at, value) in recipe.integers.iter().enumerate() {
        integers.element(at)?.put(*value)?;
    }
    for (at, value) in recipe.addresses.iter().enumerate() {
        addresses.element(at)?.set(*value)?;
    }
    for (at, value) in recipe.counts.iter().enumerate() {
        counts.map_or(Ok(()), |counts| counts.element(at)?.set(*value))?;
    }
    for (at, inner) in recipe.types.iter().enumerate() {
        let handle = global::with(|process| process.types.handle_of::<A>(inner))?;
        debug_assert!(handle != A::Datatype::NULL);
        datatypes.element(at)?.set(handle)?;
    }
    Ok(())
}
