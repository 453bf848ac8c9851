//! What a Fortran interface tells the library of itself: MPI 5.0 chapter 20. It is kept for whoever asks.

use crate::abi::{Abi, Handle, Ref};
use crate::argument::Out;
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::info::{self, Pairs};
use crate::lasting;
use std::ffi::{c_int, c_void};

/// What was told.
#[derive(Default)]
pub struct Told {
    info: Option<Pairs>,
    /// `.TRUE.` and `.FALSE.` as they lie in memory.
    booleans: Option<[Vec<u8>; 2]>,
}

/// `MPI_Abi_get_fortran_info`: `MPI_INFO_NULL` when no Fortran interface has said anything.
pub fn get_info<A: Abi>(_: &Call<A>, info: Out<A::Info>) -> Result<()> {
    info.set(A::Info::NULL)?;
    match lasting::with(|lasting| lasting.fortran.info.clone()) {
        Some(pairs) => info.set(A::Info::encode(Ref::Dynamic(info::make(pairs)?))),
        None => Ok(()),
    }
}

/// `MPI_Abi_set_fortran_info`: once.
pub fn set_info<A: Abi>(_: &Call<A>, info: A::Info) -> Result<()> {
    let pairs = info::find::<A>(info)?;
    lasting::with(|lasting| match &mut lasting.fortran.info {
        Some(_) => Err(twice("the facts")),
        empty => {
            *empty = Some(pairs);
            Ok(())
        }
    })
}

/// `MPI_Abi_get_fortran_booleans`.
pub fn get_booleans<A: Abi>(
    _: &Call<A>,
    size: c_int,
    truth: Out<c_void>,
    falsehood: Out<c_void>,
    is_set: Out<c_int>,
) -> Result<()> {
    let size = size_of_logical(size)?;
    let Some(values) = lasting::with(|lasting| lasting.fortran.booleans.clone()) else {
        return is_set.set(0);
    };
    if values[0].len() != size {
        let text = format!("LOGICAL has {} bytes here, not {size}", values[0].len());
        return Err(Failure::new(class::ARG, text));
    }
    truth.fill(&values[0]);
    falsehood.fill(&values[1]);
    is_set.set(1)
}

/// `MPI_Abi_set_fortran_booleans`: once.
pub fn set_booleans<A: Abi>(
    _: &Call<A>,
    size: c_int,
    truth: Out<c_void>,
    falsehood: Out<c_void>,
) -> Result<()> {
    let size = size_of_logical(size)?;
    let bytes = |place: Out<c_void>| place.as_input().bytes().slice(size as c_int).map(<[u8]>::to_vec);
    let values = [bytes(truth)?, bytes(falsehood)?];
    lasting::with(|lasting| match &mut lasting.fortran.booleans {
        Some(_) => Err(twice(".TRUE. and .FALSE.")),
        empty => {
            *empty = Some(values);
            Ok(())
        }
    })
}

fn size_of_logical(size: c_int) -> Result<usize> {
    match size {
        1 | 2 | 4 | 8 | 16 => Ok(size as usize),
        _ => Err(Failure::new(class::ARG, format!("{size} is no size of a LOGICAL"))),
    }
}

fn twice(what: &str) -> Failure {
    Failure::new(class::ABI, format!("{what} of the Fortran interface have been set already"))
}
