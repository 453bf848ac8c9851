//! Datatypes: MPI 5.0 chapter 5, and buffers as a program describes them.
//!
//! | module | what it holds |
//! |---|---|
//! | this | which type a handle is; buffers to send from and to receive into |
//! | `basic` | the predefined types |
//! | `buffer` | sends and receives of either kind of buffer |
//! | `record` | all types of the process |
//! | `make` | the constructors; committing, freeing |
//! | `query` | sizes, bounds, names |
//! | `contents` | what a type was made from |
//! | `fortran` | types by precision and range, by class and size, by value and index |
//! | `pack` | packing and unpacking, in memory's representation and in `external32` |
//! | `staged` | a packed copy of a buffer, for what can only move bytes in a row |

mod basic;
mod buffer;
mod contents;
mod fortran;
mod make;
mod pack;
mod query;
mod record;
mod staged;

pub use basic::{BASIC, Basic};
pub use contents::{contents, contents_large, envelope, envelope_large};
pub use fortran::{f90_complex, f90_integer, f90_real, match_size, value_index};
pub use make::{
    commit, contiguous, darray, dup, free, hindexed, hindexed_block, hvector, indexed, indexed_block,
    resized, structure, subarray, vector,
};
pub use pack::{pack, pack_external, pack_external_size, pack_size, unpack, unpack_external};
pub use query::{bounds, extent, name, set_name, size, true_extent};
pub use record::{Record, Types};
pub use staged::{Stage, Staged, Unpacking};

use crate::abi::{Abi, Handle, Ref};
use crate::argument::Count;
use crate::failure::{Failure, Result, class};
use crate::global;
use crate::op::Kind;
use ranks_engine::datatype::{Datatype, Elements, Invalid};
use ranks_engine::{RecvBuf, SendBuf};
use std::ffi::c_void;
use std::sync::Arc;

impl From<Invalid> for Failure {
    #[cold]
    fn from(invalid: Invalid) -> Self {
        Failure::new(invalid.class.code(), invalid.detail)
    }
}

/// What collectives and reductions ask of a datatype.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// What to call it in a message to people.
    pub name: &'static str,
    /// Bytes of data.
    pub size: i64,
    /// From one element to the next.
    pub extent: i64,
    /// What reductions may do with it.
    pub kind: Kind,
}

/// A datatype by its handle. It need not be committed.
pub fn shared<A: Abi>(datatype: A::Datatype) -> Result<Arc<Datatype>> {
    global::with(|process| process.types.get::<A>(datatype).map(|record| record.datatype.clone()))
}

/// What is asked of the datatype of a handle most.
pub fn find<A: Abi>(datatype: A::Datatype) -> Result<Facts> {
    if let Ref::Builtin(at) = datatype.decode() {
        let basic = &BASIC[at as usize];
        let (size, extent) = (basic.size.into(), basic.extent.into());
        return Ok(Facts { name: basic.name, size, extent, kind: basic.kind });
    }
    let (known, like) =
        global::with(|process| process.types.get::<A>(datatype).map(|r| (r.datatype.clone(), r.like)))?;
    let (size, extent) = (known.size(), known.extent());
    Ok(match like {
        Some(at) => Facts { name: BASIC[at as usize].name, size, extent, kind: BASIC[at as usize].kind },
        None => Facts { name: "elements of a derived datatype", size, extent, kind: Kind::Opaque },
    })
}

/// A buffer as bytes in a row, or as elements that are not.
pub enum Buffer<Row> {
    /// Bytes in a row.
    Row(Row),
    /// Elements with gaps, or in another order than in memory.
    Elements(Elements),
}

/// Bytes of `count` elements that lie without gaps, of a predefined type.
#[inline(always)]
fn plain<A: Abi>(count: impl Count, datatype: A::Datatype) -> Option<usize> {
    let Ref::Builtin(at) = datatype.decode() else { return nothing::<A>(count, datatype).then_some(0) };
    let basic = &BASIC[at as usize];
    let bytes = usize::try_from(count.get()).ok()?.checked_mul(basic.size as usize)?;
    (basic.size == basic.extent && bytes as u64 >> 62 == 0).then_some(bytes)
}

/// No elements of no type, which is taken as MPICH takes it.
#[inline(always)]
pub fn nothing<A: Abi>(count: impl Count, datatype: A::Datatype) -> bool {
    count.get() == 0 && datatype == A::Datatype::NULL
}

/// A type of one byte, for no elements of no type.
pub fn byte<A: Abi>() -> A::Datatype {
    A::Datatype::encode(Ref::Builtin(0))
}

/// Elements of a committed type.
#[cold]
#[inline(never)]
fn described<A: Abi>(address: *mut c_void, count: i64, datatype: A::Datatype) -> Result<Elements> {
    let datatype = if nothing::<A>(count, datatype) { byte::<A>() } else { datatype };
    let known = global::with(|process| {
        let record = process.types.get::<A>(datatype)?;
        match record.committed {
            true => Ok(record.datatype.clone()),
            false => Err(Failure::new(class::TYPE, "the datatype is not committed (MPI_Type_commit)")),
        }
    })?;
    elements_of::<A>(address, count, known)
}

/// Elements of any type.
pub fn elements_of<A: Abi>(address: *mut c_void, count: i64, known: Arc<Datatype>) -> Result<Elements> {
    let wrong = || Failure::new(class::COUNT, format!("{count} is no count of elements"));
    let count = usize::try_from(count).map_err(|_| wrong())?;
    // MPI_BOTTOM is null: then the displacements are the addresses, and these are not small.
    let near = address.is_null() && known.true_lower_bound().unsigned_abs() < 4096;
    if count > 0 && known.size() > 0 && (near || A::is_in_place(address)) {
        return Err(no_buffer(count.saturating_mul(known.size() as usize)));
    }
    // SAFETY: the C program promises that its buffer stays as it is, or is its own, until the operation is
    // complete.
    Ok(unsafe { Elements::new(address.cast(), count, known) }?)
}

/// A buffer to send from.
#[inline(always)]
pub fn send_buffer<A: Abi>(
    address: *const c_void,
    count: impl Count,
    datatype: A::Datatype,
) -> Result<Buffer<SendBuf>> {
    match plain::<A>(count, datatype) {
        Some(bytes) if bytes == 0 || !(address.is_null() || A::is_in_place(address)) => {
            // SAFETY: the C program promises that its buffer stays as it is until the operation is complete.
            Ok(Buffer::Row(unsafe { SendBuf::new(address.cast(), bytes) }))
        }
        Some(bytes) => Err(no_buffer(bytes)),
        None => {
            let elements = described::<A>(address.cast_mut(), count.get(), datatype)?;
            Ok(elements.as_send().map_or_else(|| Buffer::Elements(elements), Buffer::Row))
        }
    }
}

/// A buffer to receive into.
#[inline(always)]
pub fn recv_buffer<A: Abi>(
    address: *mut c_void,
    count: impl Count,
    datatype: A::Datatype,
) -> Result<Buffer<RecvBuf>> {
    match plain::<A>(count, datatype) {
        Some(bytes) if bytes == 0 || !(address.is_null() || A::is_in_place(address)) => {
            // SAFETY: the C program promises that its buffer is its own until the operation is complete.
            Ok(Buffer::Row(unsafe { RecvBuf::new(address.cast(), bytes) }))
        }
        Some(bytes) => Err(no_buffer(bytes)),
        None => {
            let elements = described::<A>(address, count.get(), datatype)?;
            Ok(elements.as_recv().map_or_else(|| Buffer::Elements(elements), Buffer::Row))
        }
    }
}

/// Any buffer as elements, whether they lie in a row or not.
pub fn any_elements<A: Abi>(
    address: *mut c_void,
    count: impl Count,
    datatype: A::Datatype,
) -> Result<Elements> {
    described::<A>(address, count.get(), datatype)
}

/// Bytes that a collective moves for `count` elements. Of a predefined pair the gaps move too: then its operations
/// find it as they know it, and a gap meets a gap. Of a type that the program made, the data alone.
#[inline(always)]
pub fn span<A: Abi>(count: impl Count, datatype: A::Datatype) -> Result<usize> {
    let count = count.get();
    if nothing::<A>(count, datatype) {
        return Ok(0);
    }
    let known = find::<A>(datatype)?;
    let one = if is_predefined::<A>(datatype) { known.extent } else { known.size };
    match usize::try_from(count).ok().and_then(|count| count.checked_mul(one as usize)) {
        Some(bytes) if bytes as u64 >> 62 == 0 => Ok(bytes),
        _ => Err(Failure::new(class::COUNT, format!("{count} is no count of {}", known.name))),
    }
}

/// True for a predefined type.
#[inline(always)]
pub fn is_predefined<A: Abi>(datatype: A::Datatype) -> bool {
    matches!(datatype.decode(), Ref::Builtin(_))
}

/// The elements that a collective sends; a copy of them, if they do not lie in a row.
pub fn elements_from<A: Abi>(
    stage: &Stage,
    address: *const c_void,
    count: impl Count,
    datatype: A::Datatype,
) -> Result<SendBuf> {
    if !is_predefined::<A>(datatype) {
        let elements = described::<A>(address.cast_mut(), count.get(), datatype)?;
        return Ok(elements.as_send().unwrap_or_else(|| stage.add(vec![elements], false).send()));
    }
    let bytes = span::<A>(count, datatype)?;
    if bytes > 0 && (address.is_null() || A::is_in_place(address)) {
        return Err(no_buffer(bytes));
    }
    // SAFETY: the C program promises that its buffer stays as it is until the operation is complete.
    Ok(unsafe { SendBuf::new(address.cast(), bytes) })
}

/// The room for the elements that a collective receives; a copy, if they do not lie in a row.
pub fn elements_to<A: Abi>(
    stage: &Stage,
    address: *mut c_void,
    count: impl Count,
    datatype: A::Datatype,
) -> Result<RecvBuf> {
    if !is_predefined::<A>(datatype) {
        let elements = described::<A>(address, count.get(), datatype)?;
        return Ok(elements.as_recv().unwrap_or_else(|| stage.add(vec![elements], true).recv()));
    }
    let bytes = span::<A>(count, datatype)?;
    if bytes > 0 && (address.is_null() || A::is_in_place(address)) {
        return Err(no_buffer(bytes));
    }
    // SAFETY: the C program promises that its buffer is its own until the operation is complete.
    Ok(unsafe { RecvBuf::new(address.cast(), bytes) })
}

#[cold]
fn no_buffer(bytes: usize) -> Failure {
    Failure::new(
        class::BUFFER,
        format!("the buffer is null or MPI_IN_PLACE, but {bytes} bytes were asked for"),
    )
}
