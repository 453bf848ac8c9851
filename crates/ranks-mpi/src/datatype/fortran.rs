//! Types by what they can hold: by precision and range (MPI 5.0 section 19.1.9), by class and size, and pairs
//! by value and index (section 6.9.4).

use super::record::Record;
use super::{BASIC, shared};
use crate::abi::{Abi, Handle, Ref};
use crate::argument::Out;
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use ranks_engine::datatype::{Combiner, Datatype};
use std::ffi::c_int;

/// The place of a predefined type.
fn place(name: &str) -> u32 {
    BASIC.iter().position(|basic| basic.name == name).expect("a name of the table") as u32
}

fn named<A: Abi>(name: &str) -> A::Datatype {
    A::Datatype::encode(Ref::Builtin(place(name)))
}

/// The one type for these parameters, made when it is first asked for.
fn parametrized<A: Abi>(
    combiner: Combiner,
    kind: u8,
    (first, second): (c_int, c_int),
    name: &str,
    new: Out<A::Datatype>,
) -> Result<()> {
    new.set(A::Datatype::NULL)?;
    let like = place(name);
    let old = shared::<A>(named::<A>(name))?;
    let parameters = [i64::from(first), i64::from(second)];
    let parameters = if kind == b'i' { &parameters[1..] } else { &parameters[..] };
    let datatype = Datatype::parametrized(combiner, parameters, &old)?;
    let handle = global::with(|process| {
        let types = &mut process.types;
        if let Some(&key) = types.parametrized.get(&(kind, first, second)) {
            return Ok(A::Datatype::encode(Ref::Dynamic(key)));
        }
        let record = Record { committed: true, fixed: true, like: Some(like), ..Record::new(datatype) };
        let handle = types.insert::<A>(record)?;
        if let Ref::Dynamic(key) = handle.decode() {
            types.parametrized.insert((kind, first, second), key);
        }
        Ok::<_, Failure>(handle)
    })?;
    new.set(handle)
}

fn none(what: &str) -> Failure {
    Failure::new(class::ARG, format!("no type has {what}"))
}

/// The number of bytes of a floating-point number with this precision and range (decimal digits).
fn float(precision: c_int, range: c_int) -> Result<usize> {
    // What the program does not say asks for nothing.
    let undefined = ranks_engine::UNDEFINED;
    let (digits, exponent) =
        (if precision == undefined { 0 } else { precision }, if range == undefined { 0 } else { range });
    match (digits, exponent) {
        (..=6, ..=37) => Ok(4),
        (..=15, ..=307) => Ok(8),
        (..=18, ..=4931) => Ok(16),
        _ => Err(none(&format!("{precision} digits and a range of {range}"))),
    }
}

/// `MPI_Type_create_f90_real`.
pub fn f90_real<A: Abi>(_: &Call<A>, precision: c_int, range: c_int, new: Out<A::Datatype>) -> Result<()> {
    new.set(A::Datatype::NULL)?;
    let name = match float(precision, range)? {
        4 => "MPI_REAL",
        8 => "MPI_DOUBLE_PRECISION",
        _ => "MPI_LONG_DOUBLE",
    };
    parametrized::<A>(Combiner::F90Real, b'r', (precision, range), name, new)
}

/// `MPI_Type_create_f90_complex`.
pub fn f90_complex<A: Abi>(_: &Call<A>, precision: c_int, range: c_int, new: Out<A::Datatype>) -> Result<()> {
    new.set(A::Datatype::NULL)?;
    let name = match float(precision, range)? {
        4 => "MPI_COMPLEX",
        8 => "MPI_DOUBLE_COMPLEX",
        _ => "MPI_C_LONG_DOUBLE_COMPLEX",
    };
    parametrized::<A>(Combiner::F90Complex, b'c', (precision, range), name, new)
}

/// `MPI_Type_create_f90_integer`.
pub fn f90_integer<A: Abi>(_: &Call<A>, range: c_int, new: Out<A::Datatype>) -> Result<()> {
    new.set(A::Datatype::NULL)?;
    let name = match range {
        ..=2 => "MPI_INTEGER1",
        3..=4 => "MPI_INTEGER2",
        5..=9 => "MPI_INTEGER4",
        10..=18 => "MPI_INTEGER8",
        _ => return Err(none(&format!("{range} decimal digits"))),
    };
    parametrized::<A>(Combiner::F90Integer, b'i', (0, range), name, new)
}

/// `MPI_Type_match_size`.
pub fn match_size<A: Abi>(_: &Call<A>, kind: c_int, size: c_int, new: Out<A::Datatype>) -> Result<()> {
    new.set(A::Datatype::NULL)?;
    let name = match (A::TYPE_CLASSES.iter().position(|&known| known == kind), size) {
        (Some(0), 4) => "MPI_REAL4",
        (Some(0), 8) => "MPI_REAL8",
        (Some(0), 16) => "MPI_REAL16",
        (Some(1), 1) => "MPI_INTEGER1",
        (Some(1), 2) => "MPI_INTEGER2",
        (Some(1), 4) => "MPI_INTEGER4",
        (Some(1), 8) => "MPI_INTEGER8",
        (Some(1), 16) => "MPI_INTEGER16",
        (Some(2), 8) => "MPI_COMPLEX8",
        (Some(2), 16) => "MPI_COMPLEX16",
        (Some(2), 32) => "MPI_COMPLEX32",
        (Some(_), _) => return Err(none(&format!("this class and {size} bytes"))),
        (None, _) => return Err(Failure::new(class::ARG, format!("{kind} is no class of types"))),
    };
    new.set(named::<A>(name))
}

/// `MPI_Type_get_value_index`: null when there is no such pair.
pub fn value_index<A: Abi>(
    _: &Call<A>,
    value: A::Datatype,
    index: A::Datatype,
    pair: Out<A::Datatype>,
) -> Result<()> {
    pair.set(A::Datatype::NULL)?;
    let (value, index) = (super::find::<A>(value)?, super::find::<A>(index)?);
    let name = match (value.name, index.name) {
        ("MPI_FLOAT", "MPI_INT") => "MPI_FLOAT_INT",
        ("MPI_DOUBLE", "MPI_INT") => "MPI_DOUBLE_INT",
        ("MPI_LONG", "MPI_INT") => "MPI_LONG_INT",
        ("MPI_INT", "MPI_INT") => "MPI_2INT",
        ("MPI_SHORT", "MPI_INT") => "MPI_SHORT_INT",
        ("MPI_LONG_DOUBLE", "MPI_INT") => "MPI_LONG_DOUBLE_INT",
        ("MPI_REAL", "MPI_REAL") => "MPI_2REAL",
        ("MPI_DOUBLE_PRECISION", "MPI_DOUBLE_PRECISION") => "MPI_2DOUBLE_PRECISION",
        ("MPI_INTEGER", "MPI_INTEGER") => "MPI_2INTEGER",
        _ => return pair.set(A::Datatype::NULL),
    };
    pair.set(named::<A>(name))
}
