//! Datatypes: the predefined ones, and what a count of them is in bytes.
//!
//! So far a message is a run of predefined types without gaps; types that the program makes come with
//! their own chapter.

use crate::abi::{Abi, Handle, Ref};
use crate::argument::{Count, Out};
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::op::{Kind, Pairs};
use ranks_engine::op::Element;
use ranks_engine::{RecvBuf, SendBuf};
use std::ffi::{c_char, c_int, c_void};

/// A predefined datatype.
#[derive(Clone, Copy, Debug)]
pub struct Basic {
    /// Its name in C.
    pub name: &'static str,
    /// Its handle in the MPICH ABI.
    pub mpich: u32,
    /// Bytes of data.
    pub size: u8,
    /// From one element to the next.
    pub extent: u8,
    /// What reductions may do with it.
    pub kind: Kind,
}

const fn basic(name: &'static str, mpich: u32, size: u8, extent: u8, kind: Kind) -> Basic {
    Basic { name, mpich, size, extent, kind }
}

/// Every predefined datatype.
#[rustfmt::skip]
pub const BASIC: &[Basic] = &[
    basic("MPI_CHAR", 0x4c00_0101, 1, 1, Kind::Opaque),
    basic("MPI_UNSIGNED_CHAR", 0x4c00_0102, 1, 1, Kind::Integer(Element::U8)),
    basic("MPI_SHORT", 0x4c00_0203, 2, 2, Kind::Integer(Element::I16)),
    basic("MPI_UNSIGNED_SHORT", 0x4c00_0204, 2, 2, Kind::Integer(Element::U16)),
    basic("MPI_INT", 0x4c00_0405, 4, 4, Kind::Integer(Element::I32)),
    basic("MPI_UNSIGNED", 0x4c00_0406, 4, 4, Kind::Integer(Element::U32)),
    basic("MPI_LONG", 0x4c00_0807, 8, 8, Kind::Integer(Element::I64)),
    basic("MPI_UNSIGNED_LONG", 0x4c00_0808, 8, 8, Kind::Integer(Element::U64)),
    basic("MPI_LONG_LONG_INT", 0x4c00_0809, 8, 8, Kind::Integer(Element::I64)),
    basic("MPI_FLOAT", 0x4c00_040a, 4, 4, Kind::Floating(Element::F32)),
    basic("MPI_DOUBLE", 0x4c00_080b, 8, 8, Kind::Floating(Element::F64)),
    basic("MPI_LONG_DOUBLE", 0x4c00_100c, 16, 16, Kind::LongDouble),
    basic("MPI_BYTE", 0x4c00_010d, 1, 1, Kind::Byte),
    basic("MPI_WCHAR", 0x4c00_040e, 4, 4, Kind::Opaque),
    basic("MPI_PACKED", 0x4c00_010f, 1, 1, Kind::Opaque),
    basic("MPI_LB", 0x4c00_0010, 0, 0, Kind::Opaque),
    basic("MPI_UB", 0x4c00_0011, 0, 0, Kind::Opaque),
    basic("MPI_FLOAT_INT", 0x8c00_0000, 8, 8, Kind::Pair(Pairs::FloatInt)),
    basic("MPI_DOUBLE_INT", 0x8c00_0001, 12, 16, Kind::Pair(Pairs::DoubleInt)),
    basic("MPI_LONG_INT", 0x8c00_0002, 12, 16, Kind::Pair(Pairs::LongInt)),
    basic("MPI_SHORT_INT", 0x8c00_0003, 6, 8, Kind::Pair(Pairs::ShortInt)),
    basic("MPI_2INT", 0x4c00_0816, 8, 8, Kind::Pair(Pairs::TwoInts)),
    basic("MPI_LONG_DOUBLE_INT", 0x8c00_0004, 20, 32, Kind::Pair(Pairs::LongDoubleInt)),
    basic("MPI_SIGNED_CHAR", 0x4c00_0118, 1, 1, Kind::Integer(Element::I8)),
    basic("MPI_UNSIGNED_LONG_LONG", 0x4c00_0819, 8, 8, Kind::Integer(Element::U64)),
    basic("MPI_CHARACTER", 0x4c00_011a, 1, 1, Kind::Opaque),
    basic("MPI_INTEGER", 0x4c00_041b, 4, 4, Kind::Counter(Element::I32)),
    basic("MPI_REAL", 0x4c00_041c, 4, 4, Kind::Floating(Element::F32)),
    basic("MPI_LOGICAL", 0x4c00_041d, 4, 4, Kind::Logical(Element::U32)),
    basic("MPI_COMPLEX", 0x4c00_081e, 8, 8, Kind::Complex(Element::F32)),
    basic("MPI_DOUBLE_PRECISION", 0x4c00_081f, 8, 8, Kind::Floating(Element::F64)),
    basic("MPI_2INTEGER", 0x4c00_0820, 8, 8, Kind::Pair(Pairs::TwoInts)),
    basic("MPI_2REAL", 0x4c00_0821, 8, 8, Kind::Pair(Pairs::TwoFloats)),
    basic("MPI_DOUBLE_COMPLEX", 0x4c00_1022, 16, 16, Kind::Complex(Element::F64)),
    basic("MPI_2DOUBLE_PRECISION", 0x4c00_1023, 16, 16, Kind::Pair(Pairs::TwoDoubles)),
    basic("MPI_REAL2", 0x4c00_0226, 2, 2, Kind::Opaque),
    basic("MPI_REAL4", 0x4c00_0427, 4, 4, Kind::Floating(Element::F32)),
    basic("MPI_COMPLEX8", 0x4c00_0828, 8, 8, Kind::Complex(Element::F32)),
    basic("MPI_REAL8", 0x4c00_0829, 8, 8, Kind::Floating(Element::F64)),
    basic("MPI_COMPLEX16", 0x4c00_102a, 16, 16, Kind::Complex(Element::F64)),
    basic("MPI_REAL16", 0x4c00_102b, 16, 16, Kind::Opaque),
    basic("MPI_COMPLEX32", 0x4c00_202c, 32, 32, Kind::Opaque),
    basic("MPI_INTEGER1", 0x4c00_012d, 1, 1, Kind::Counter(Element::I8)),
    basic("MPI_COMPLEX4", 0x4c00_042e, 4, 4, Kind::Opaque),
    basic("MPI_INTEGER2", 0x4c00_022f, 2, 2, Kind::Counter(Element::I16)),
    basic("MPI_INTEGER4", 0x4c00_0430, 4, 4, Kind::Counter(Element::I32)),
    basic("MPI_INTEGER8", 0x4c00_0831, 8, 8, Kind::Counter(Element::I64)),
    basic("MPI_INTEGER16", 0x4c00_1032, 16, 16, Kind::Opaque),
    basic("MPI_CXX_BOOL", 0x4c00_0133, 1, 1, Kind::Logical(Element::U8)),
    basic("MPI_CXX_FLOAT_COMPLEX", 0x4c00_0834, 8, 8, Kind::Complex(Element::F32)),
    basic("MPI_CXX_DOUBLE_COMPLEX", 0x4c00_1035, 16, 16, Kind::Complex(Element::F64)),
    basic("MPI_CXX_LONG_DOUBLE_COMPLEX", 0x4c00_2036, 32, 32, Kind::LongComplex),
    basic("MPI_INT8_T", 0x4c00_0137, 1, 1, Kind::Integer(Element::I8)),
    basic("MPI_INT16_T", 0x4c00_0238, 2, 2, Kind::Integer(Element::I16)),
    basic("MPI_INT32_T", 0x4c00_0439, 4, 4, Kind::Integer(Element::I32)),
    basic("MPI_INT64_T", 0x4c00_083a, 8, 8, Kind::Integer(Element::I64)),
    basic("MPI_UINT8_T", 0x4c00_013b, 1, 1, Kind::Integer(Element::U8)),
    basic("MPI_UINT16_T", 0x4c00_023c, 2, 2, Kind::Integer(Element::U16)),
    basic("MPI_UINT32_T", 0x4c00_043d, 4, 4, Kind::Integer(Element::U32)),
    basic("MPI_UINT64_T", 0x4c00_083e, 8, 8, Kind::Integer(Element::U64)),
    basic("MPI_C_BOOL", 0x4c00_013f, 1, 1, Kind::Logical(Element::U8)),
    basic("MPI_C_FLOAT_COMPLEX", 0x4c00_0840, 8, 8, Kind::Complex(Element::F32)),
    basic("MPI_C_DOUBLE_COMPLEX", 0x4c00_1041, 16, 16, Kind::Complex(Element::F64)),
    basic("MPI_C_LONG_DOUBLE_COMPLEX", 0x4c00_2042, 32, 32, Kind::LongComplex),
    basic("MPI_AINT", 0x4c00_0843, 8, 8, Kind::Counter(Element::I64)),
    basic("MPI_OFFSET", 0x4c00_0844, 8, 8, Kind::Counter(Element::I64)),
    basic("MPI_COUNT", 0x4c00_0845, 8, 8, Kind::Counter(Element::I64)),
    basic("MPI_LOGICAL1", 0x4c00_0147, 1, 1, Kind::Logical(Element::U8)),
    basic("MPI_LOGICAL2", 0x4c00_0248, 2, 2, Kind::Logical(Element::U16)),
    basic("MPI_LOGICAL4", 0x4c00_0449, 4, 4, Kind::Logical(Element::U32)),
    basic("MPI_LOGICAL8", 0x4c00_084a, 8, 8, Kind::Logical(Element::U64)),
    basic("MPI_LOGICAL16", 0x4c00_104b, 16, 16, Kind::Opaque),
];

/// The datatype of a handle.
pub fn find<A: Abi>(datatype: A::Datatype) -> Result<&'static Basic> {
    match datatype.decode() {
        Ref::Builtin(at) => Ok(&BASIC[at as usize]),
        Ref::Null => Err(Failure::new(class::TYPE, "the datatype is MPI_DATATYPE_NULL")),
        _ => Err(Failure::new(class::TYPE, format!("{:#x} is no datatype", datatype.to_int()))),
    }
}

/// Bytes of `count` elements that lie without gaps.
#[inline(always)]
pub fn bytes<A: Abi>(count: impl Count, datatype: A::Datatype) -> Result<usize> {
    let count = count.get();
    let Ref::Builtin(at) = datatype.decode() else { return Err(refuse::<A>(datatype)) };
    let basic = &BASIC[at as usize];
    if basic.size != basic.extent {
        return Err(refuse::<A>(datatype));
    }
    match usize::try_from(count).ok().and_then(|count| count.checked_mul(basic.size as usize)) {
        Some(bytes) if bytes as u64 >> 62 == 0 => Ok(bytes),
        _ => Err(wrong_count(count, basic)),
    }
}

/// Bytes of `count` elements with the gaps between and inside them. Collectives move these too: the
/// datatypes at both ends are the same, so a gap meets a gap.
#[inline(always)]
pub fn span<A: Abi>(count: impl Count, datatype: A::Datatype) -> Result<usize> {
    let count = count.get();
    let basic = find::<A>(datatype)?;
    match usize::try_from(count).ok().and_then(|count| count.checked_mul(basic.extent as usize)) {
        Some(bytes) if bytes as u64 >> 62 == 0 => Ok(bytes),
        _ => Err(wrong_count(count, basic)),
    }
}

/// The elements that a collective sends.
pub fn elements_from<A: Abi>(
    address: *const c_void,
    count: impl Count,
    datatype: A::Datatype,
) -> Result<SendBuf> {
    let bytes = span::<A>(count, datatype)?;
    if bytes > 0 && (address.is_null() || A::is_in_place(address)) {
        return Err(no_buffer(bytes));
    }
    // SAFETY: the C program promises that its buffer stays as it is until the operation is complete.
    Ok(unsafe { SendBuf::new(address.cast(), bytes) })
}

/// The room for the elements that a collective receives.
pub fn elements_to<A: Abi>(
    address: *mut c_void,
    count: impl Count,
    datatype: A::Datatype,
) -> Result<RecvBuf> {
    let bytes = span::<A>(count, datatype)?;
    if bytes > 0 && (address.is_null() || A::is_in_place(address)) {
        return Err(no_buffer(bytes));
    }
    // SAFETY: the C program promises that its buffer is its own until the operation is complete.
    Ok(unsafe { RecvBuf::new(address.cast(), bytes) })
}

#[cold]
fn refuse<A: Abi>(datatype: A::Datatype) -> Failure {
    match find::<A>(datatype) {
        Ok(gaps) => Failure::new(
            class::UNSUPPORTED_OPERATION,
            format!("messages of {} are not supported yet", gaps.name),
        ),
        Err(failure) => failure,
    }
}

#[cold]
fn wrong_count(count: i64, basic: &Basic) -> Failure {
    Failure::new(class::COUNT, format!("{count} is no count of {}", basic.name))
}

#[cold]
fn no_buffer(bytes: usize) -> Failure {
    Failure::new(
        class::BUFFER,
        format!("the buffer is null or MPI_IN_PLACE, but {bytes} bytes were asked for"),
    )
}

/// A buffer to send from.
#[inline(always)]
pub fn send_buffer<A: Abi>(
    address: *const c_void,
    count: impl Count,
    datatype: A::Datatype,
) -> Result<SendBuf> {
    let bytes = bytes::<A>(count, datatype)?;
    if address.is_null() && bytes > 0 {
        return Err(no_buffer(bytes));
    }
    // SAFETY: the C program promises that its buffer stays as it is until the operation is complete.
    Ok(unsafe { SendBuf::new(address.cast(), bytes) })
}

/// A buffer to receive into.
#[inline(always)]
pub fn recv_buffer<A: Abi>(
    address: *mut c_void,
    count: impl Count,
    datatype: A::Datatype,
) -> Result<RecvBuf> {
    let bytes = bytes::<A>(count, datatype)?;
    if address.is_null() && bytes > 0 {
        return Err(no_buffer(bytes));
    }
    // SAFETY: the C program promises that its buffer is its own until the operation is complete.
    Ok(unsafe { RecvBuf::new(address.cast(), bytes) })
}

/// A copy of what a buffer holds.
pub fn copy_of(buf: RecvBuf) -> Vec<u8> {
    let mut copy = vec![0; buf.len()];
    buf.as_send().copy_to(&mut copy);
    copy
}

/// `MPI_Type_size`, `MPI_Type_size_x`.
pub fn size<A: Abi>(_: &Call<A>, datatype: A::Datatype, size: Out<impl Count>) -> Result<()> {
    size.put(find::<A>(datatype)?.size as i64)
}

/// `MPI_Type_get_extent`, `MPI_Type_get_extent_x`, and the true extent: no predefined type has padding in front.
pub fn extent<A: Abi, C: Count>(
    _: &Call<A>,
    datatype: A::Datatype,
    lower_bound: Out<C>,
    extent: Out<C>,
) -> Result<()> {
    let basic = find::<A>(datatype)?;
    lower_bound.put(0)?;
    extent.put(basic.extent as i64)
}

/// `MPI_Type_get_true_extent`: without the padding behind.
pub fn true_extent<A: Abi, C: Count>(
    _: &Call<A>,
    datatype: A::Datatype,
    lower_bound: Out<C>,
    extent: Out<C>,
) -> Result<()> {
    let basic = find::<A>(datatype)?;
    // Of the pairs with gaps only SHORT_INT has its gap inside.
    let inside = if basic.name == "MPI_SHORT_INT" { basic.extent } else { basic.size };
    lower_bound.put(0)?;
    extent.put(inside as i64)
}

/// `MPI_Type_commit`: nothing to do for a predefined type.
pub fn commit<A: Abi>(_: &Call<A>, datatype: Out<A::Datatype>) -> Result<()> {
    find::<A>(datatype.get()?).map(|_| ())
}

/// `MPI_Type_free`: predefined types stay.
pub fn free<A: Abi>(_: &Call<A>, datatype: Out<A::Datatype>) -> Result<()> {
    let basic = find::<A>(datatype.get()?)?;
    Err(Failure::new(class::TYPE, format!("{} is predefined and cannot be freed", basic.name)))
}

/// `MPI_Type_get_name`.
pub fn name<A: Abi>(_: &Call<A>, datatype: A::Datatype, name: Out<c_char>, length: Out<c_int>) -> Result<()> {
    if datatype == A::Datatype::NULL {
        return name.text("MPI_DATATYPE_NULL", crate::argument::MAX_OBJECT_NAME, length);
    }
    name.text(find::<A>(datatype)?.name, crate::argument::MAX_OBJECT_NAME, length)
}

/// `MPI_Type_get_envelope`: predefined types are made of nothing.
pub fn envelope<A: Abi>(
    _: &Call<A>,
    datatype: A::Datatype,
    integers: Out<c_int>,
    addresses: Out<c_int>,
    datatypes: Out<c_int>,
    combiner: Out<c_int>,
) -> Result<()> {
    find::<A>(datatype)?;
    integers.set(0)?;
    addresses.set(0)?;
    datatypes.set(0)?;
    combiner.set(A::COMBINER_NAMED)
}
