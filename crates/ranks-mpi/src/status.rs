//! Statuses: MPI 5.0 section 3.2.5.

use crate::abi::Abi;
use crate::argument::{Count, In, Out};
use crate::datatype;
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use ranks_engine::{Received, Status, UNDEFINED};
use std::ffi::c_int;

/// Writes a status, unless the program ignores it. The error in it stays as it was.
#[inline(always)]
pub fn store<A: Abi>(place: Out<A::Status>, status: &Status) -> Result<()> {
    if A::is_ignored(place.address()) {
        return Ok(());
    }
    let status = Status { source: A::rank_out(status.source), tag: A::tag_out(status.tag), ..*status };
    place.set(A::status(place.get()?, &status))
}

/// Writes what came of an operation; of a receive that failed, what is known of the message.
pub fn settle<A: Abi>(place: Out<A::Status>, outcome: Result<Status>) -> Result<()> {
    match outcome {
        Ok(found) => store::<A>(place, &found),
        Err(failure) => {
            store_known::<A>(place, &failure)?;
            Err(failure)
        }
    }
}

/// Writes what is known of the message whose receive failed.
#[cold]
pub fn store_known<A: Abi>(place: Out<A::Status>, failure: &Failure) -> Result<()> {
    let Some(Received { source, tag, bytes }) = failure.received else { return Ok(()) };
    store::<A>(place, &Status { source, tag, bytes, cancelled: false, mark: 0 })
}

/// Writes a status together with its error.
pub fn store_with_error<A: Abi>(place: Out<A::Status>, status: &Status, error: c_int) -> Result<()> {
    if A::is_ignored(place.address()) {
        return Ok(());
    }
    store::<A>(place, status)?;
    place.set(A::with_error(place.get()?, error))
}

/// A status as a null request has it, as the ABI has it.
pub fn empty<A: Abi>() -> A::Status {
    let empty = Status {
        source: A::rank_out(Status::EMPTY.source),
        tag: A::tag_out(Status::EMPTY.tag),
        ..Status::EMPTY
    };
    A::status(A::Status::default(), &empty)
}

/// `MPI_Status_c2f` and its kin: in Fortran a status has the same layout as in C.
pub fn copy<A: Abi>(_: &Call<A>, from: In<A::Status>, to: Out<A::Status>) -> Result<()> {
    to.set(from.get()?)
}

/// Writes only the error of a status.
pub fn store_error<A: Abi>(place: Out<A::Status>, error: c_int) -> Result<()> {
    if A::is_ignored(place.address()) {
        return Ok(());
    }
    place.set(A::with_error(place.get()?, error))
}

/// `MPI_Get_count`: whole elements.
pub fn count<A: Abi, C: Count>(
    _: &Call<A>,
    status: In<A::Status>,
    datatype: A::Datatype,
    count: Out<C>,
) -> Result<()> {
    let bytes = A::read_status(&status.get()?).bytes;
    let size = datatype::find::<A>(datatype)?.size as u64;
    let whole = match bytes.checked_div(size) {
        None if bytes == 0 => 0,
        Some(whole) if whole * size == bytes && C::of(whole as i64).is_some() => whole as i64,
        _ => UNDEFINED as i64,
    };
    count.put(whole)
}

/// `MPI_Get_elements`, `MPI_Get_elements_x`: elements of predefined types.
pub fn elements<A: Abi, C: Count>(
    _: &Call<A>,
    status: In<A::Status>,
    datatype: A::Datatype,
    count: Out<C>,
) -> Result<()> {
    let bytes = A::read_status(&status.get()?).bytes;
    let found = datatype::shared::<A>(datatype)?.elements_in(bytes);
    count.put(found.filter(|found| C::of(*found).is_some()).unwrap_or(UNDEFINED.into()))
}

/// `MPI_Status_set_elements`.
pub fn set_elements<A: Abi>(
    _: &Call<A>,
    status: Out<A::Status>,
    datatype: A::Datatype,
    count: impl Count,
) -> Result<()> {
    let known = datatype::shared::<A>(datatype)?;
    let old = status.get()?;
    let bytes = u64::try_from(count.get()).ok().and_then(|count| known.bytes_of(count));
    let bytes = bytes.filter(|bytes| bytes >> 63 == 0).ok_or_else(|| {
        Failure::new(class::COUNT, format!("{} is no count of elements of this datatype", count.get()))
    })?;
    status.set(A::status(old, &Status { bytes, ..A::read_status(&old) }))
}

/// `MPI_Status_set_cancelled`.
pub fn set_cancelled<A: Abi>(_: &Call<A>, status: Out<A::Status>, flag: c_int) -> Result<()> {
    let old = status.get()?;
    status.set(A::status(old, &Status { cancelled: flag != 0, ..A::read_status(&old) }))
}

/// `MPI_Test_cancelled`.
pub fn is_cancelled<A: Abi>(_: &Call<A>, status: In<A::Status>, flag: Out<c_int>) -> Result<()> {
    flag.set(A::read_status(&status.get()?).cancelled.into())
}

/// `MPI_Status_get_source`.
pub fn source<A: Abi>(_: &Call<A>, status: In<A::Status>, source: Out<c_int>) -> Result<()> {
    source.set(A::read_status(&status.get()?).source)
}

/// `MPI_Status_get_tag`.
pub fn tag<A: Abi>(_: &Call<A>, status: In<A::Status>, tag: Out<c_int>) -> Result<()> {
    tag.set(A::read_status(&status.get()?).tag)
}

/// `MPI_Status_get_error`.
pub fn error<A: Abi>(_: &Call<A>, status: In<A::Status>, error: Out<c_int>) -> Result<()> {
    error.set(A::error_of(&status.get()?))
}

/// `MPI_Status_set_source`.
pub fn set_source<A: Abi>(_: &Call<A>, status: Out<A::Status>, source: c_int) -> Result<()> {
    let old = status.get()?;
    status.set(A::status(old, &Status { source, ..A::read_status(&old) }))
}

/// `MPI_Status_set_tag`.
pub fn set_tag<A: Abi>(_: &Call<A>, status: Out<A::Status>, tag: c_int) -> Result<()> {
    let old = status.get()?;
    status.set(A::status(old, &Status { tag, ..A::read_status(&old) }))
}

/// `MPI_Status_set_error`.
pub fn set_error<A: Abi>(_: &Call<A>, status: Out<A::Status>, error: c_int) -> Result<()> {
    status.set(A::with_error(status.get()?, error))
}
