//! The ABI of MPICH (`libmpi.so.12`): handles are ints.
//!
//! Bits 31 and 30 of a handle say null (0), predefined (1) or made at run time (2 and 3); bits 29 to 26 its
//! kind. Requests and messages share a kind in MPICH; here bit 30 tells them apart, so that one passed
//! for the other is noticed.

use crate::abi::{Abi, Handle, Keyval, Predefined, Ref};
use crate::datatype::BASIC;
use ranks_engine::{ANY_SOURCE, ANY_TAG};
use std::ffi::{c_int, c_void};

/// The ABI of MPICH.
#[derive(Clone, Copy, Debug)]
pub struct Mpich;

const DIRECT: u32 = 2 << 30;
const INDIRECT: u32 = 3 << 30;
/// The bits that are the object.
const OBJECT: u32 = (1 << 26) - 1;

/// Handles whose predefined objects are a list of values.
macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident: kind $kind:literal, made as $made:ident, null $null:literal, predefined [$($value:literal),*];)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(transparent)]
        pub struct $name(pub c_int);

        impl Handle for $name {
            const NULL: Self = Self($null);

            #[inline(always)]
            fn decode(self) -> Ref {
                const VALUES: &[u32] = &[$($value),*];
                let bits = self.0 as u32;
                if bits & !OBJECT == $made | $kind << 26 {
                    return Ref::Dynamic(bits & OBJECT);
                }
                if let Some(at) = VALUES.iter().position(|&value| value == bits) {
                    return Ref::Builtin(at as u32);
                }
                if bits == $null { Ref::Null } else { Ref::Invalid }
            }

            #[inline(always)]
            fn encode(what: Ref) -> Self {
                const VALUES: &[u32] = &[$($value),*];
                match what {
                    Ref::Dynamic(key) => Self(($made | $kind << 26 | key & OBJECT) as c_int),
                    Ref::Builtin(at) if (at as usize) < VALUES.len() => Self(VALUES[at as usize] as c_int),
                    _ => Self::NULL,
                }
            }

            fn to_int(self) -> c_int {
                self.0
            }

            fn from_int(value: c_int) -> Self {
                Self(value)
            }
        }
    )*};
}

handles! {
    /// `MPI_Comm`.
    Comm: kind 1, made as DIRECT, null 0x0400_0000, predefined [0x4400_0000, 0x4400_0001];
    /// `MPI_Group`.
    Group: kind 2, made as DIRECT, null 0x0800_0000, predefined [0x4800_0000];
    /// `MPI_Request`. The predefined one is a send that is complete; programs have no name for it.
    Request: kind 0xb, made as DIRECT, null 0x2c00_0000, predefined [0x6c00_0001];
    /// `MPI_Message`.
    Message: kind 0xb, made as INDIRECT, null 0x2c00_0000, predefined [0x6c00_0000];
    /// `MPI_Errhandler`.
    Errhandler: kind 5, made as DIRECT, null 0x1400_0000, predefined [0x5400_0000, 0x5400_0001, 0x5400_0003];
    /// `MPI_Info`.
    Info: kind 7, made as DIRECT, null 0x1c00_0000, predefined [0x5c00_0001];
    /// `MPI_Op`: MAX, MIN, SUM, PROD, LAND, BAND, LOR, BOR, LXOR, BXOR, MINLOC, MAXLOC, REPLACE, NO_OP.
    Op: kind 6, made as DIRECT, null 0x1800_0000, predefined [
        0x5800_0001, 0x5800_0002, 0x5800_0003, 0x5800_0004, 0x5800_0005, 0x5800_0006, 0x5800_0007,
        0x5800_0008, 0x5800_0009, 0x5800_000a, 0x5800_000b, 0x5800_000c, 0x5800_000d, 0x5800_000e];
    /// `MPI_Win`.
    Win: kind 8, made as DIRECT, null 0x2000_0000, predefined [];
    /// `MPI_Session`.
    Session: kind 0xe, made as DIRECT, null 0x3800_0000, predefined [];
}

/// `MPI_Datatype`: `0x4c00SSII`, the size and the number of the type; the pairs with gaps are `0x8c00000N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Datatype(pub c_int);

/// The first key of datatypes made at run time: below it are the predefined pairs, which look like them.
const FIRST_MADE: u32 = 16;
const NO_TYPE: u8 = u8::MAX;

/// From the number of a predefined type to its place in [`BASIC`].
const BY_NUMBER: [u8; 256] = {
    let mut places = [NO_TYPE; 256];
    let mut at = 0;
    while at < BASIC.len() {
        if BASIC[at].mpich >> 16 == 0x4c00 {
            places[(BASIC[at].mpich & 0xff) as usize] = at as u8;
        }
        at += 1;
    }
    places
};

impl Handle for Datatype {
    const NULL: Self = Self(0x0c00_0000);

    #[inline(always)]
    fn decode(self) -> Ref {
        let bits = self.0 as u32;
        let place = BY_NUMBER[(bits & 0xff) as usize];
        if place != NO_TYPE && BASIC[place as usize].mpich == bits {
            return Ref::Builtin(place as u32);
        }
        if bits & !OBJECT == DIRECT | 3 << 26 {
            if bits & OBJECT >= FIRST_MADE {
                return Ref::Dynamic((bits & OBJECT) - FIRST_MADE);
            }
            if let Some(at) = BASIC.iter().position(|basic| basic.mpich == bits) {
                return Ref::Builtin(at as u32);
            }
        }
        if self == Self::NULL { Ref::Null } else { Ref::Invalid }
    }

    fn encode(what: Ref) -> Self {
        match what {
            Ref::Builtin(at) => Self(BASIC[at as usize].mpich as c_int),
            Ref::Dynamic(key) => Self((DIRECT | 3 << 26 | (key + FIRST_MADE) & OBJECT) as c_int),
            Ref::Null | Ref::Invalid => Self::NULL,
        }
    }

    fn to_int(self) -> c_int {
        self.0
    }

    fn from_int(value: c_int) -> Self {
        Self(value)
    }
}

/// `MPI_File`: a pointer, in this ABI alone among the handles. What it points to is nobody's business, so it is
/// the key of the file, and one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct File(pub usize);

impl Handle for File {
    const NULL: Self = Self(0);

    fn decode(self) -> Ref {
        match self.0 {
            0 => Ref::Null,
            value if value - 1 <= OBJECT as usize => Ref::Dynamic(value as u32 - 1),
            _ => Ref::Invalid,
        }
    }

    fn encode(what: Ref) -> Self {
        match what {
            Ref::Dynamic(key) => Self((key & OBJECT) as usize + 1),
            _ => Self::NULL,
        }
    }

    fn to_int(self) -> c_int {
        self.0 as c_int
    }

    fn from_int(value: c_int) -> Self {
        Self(usize::try_from(value).unwrap_or(usize::MAX))
    }
}

/// `MPI_Status`, 20 bytes.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
#[allow(missing_docs)]
pub struct Status {
    pub count_lo: c_int,
    /// Bit 0: cancelled; the others: the high part of the count.
    pub count_hi_and_cancelled: c_int,
    pub source: c_int,
    pub tag: c_int,
    pub error: c_int,
}

const _: () = assert!(size_of::<Status>() == 20);

/// What `MPI_UNWEIGHTED` points to: its address is what it means.
pub static UNWEIGHTED: c_int = 0;
/// What `MPI_WEIGHTS_EMPTY` points to.
pub static WEIGHTS_EMPTY: c_int = 0;

/// Keys of attributes of communicators that the program made start here.
const MADE_KEYVAL: u32 = DIRECT | 9 << 26 | 1 << 22;
const KEYVAL_KEY: u32 = (1 << 22) - 1;

const ATTRIBUTES: [(u32, Predefined); 12] = [
    (0x6440_0001, Predefined::TagUb),
    (0x6440_0003, Predefined::Host),
    (0x6440_0005, Predefined::Io),
    (0x6440_0007, Predefined::WtimeIsGlobal),
    (0x6440_0009, Predefined::UniverseSize),
    (0x6440_000b, Predefined::LastUsedCode),
    (0x6440_000d, Predefined::AppNum),
    (0x6600_0001, Predefined::WinBase),
    (0x6600_0003, Predefined::WinSize),
    (0x6600_0005, Predefined::WinUnit),
    (0x6600_0007, Predefined::WinFlavor),
    (0x6600_0009, Predefined::WinModel),
];

impl Abi for Mpich {
    type Comm = Comm;
    type Datatype = Datatype;
    type Request = Request;
    type Message = Message;
    type Errhandler = Errhandler;
    type Group = Group;
    type Info = Info;
    type Op = Op;
    type Win = Win;
    type Session = Session;
    type File = File;
    type Status = Status;

    const NAME: &'static str = "MPICH ABI";
    const KEYVAL_INVALID: c_int = 0x2400_0000;
    const COMM_TYPES: [c_int; 4] = [1, 2, 3, 4];
    const TOPOLOGIES: [c_int; 3] = [1, 2, 3];
    const COMPARED: [c_int; 4] = [0, 1, 2, 3];
    const COMBINERS: [c_int; 17] = [1, 2, 3, 4, 6, 7, 9, 10, 19, 12, 13, 14, 15, 16, 17, 18, 20];
    const ORDERS: [c_int; 2] = [56, 57];
    const DISTRIBUTIONS: [c_int; 3] = [121, 122, 123];
    const DISTRIBUTE_DEFAULT: c_int = -49767;
    const TYPE_CLASSES: [c_int; 3] = [1, 2, 3];
    const FLAVORS: [c_int; 4] = [1, 2, 3, 4];
    const UNIFIED: c_int = 2;
    const LOCKS: [c_int; 2] = [234, 235];
    const MODES: [c_int; 9] = [2, 8, 4, 1, 64, 16, 32, 128, 256];
    const SEEKS: [c_int; 3] = [600, 602, 604];
    const DISPLACEMENT_CURRENT: i64 = -54_278_278;
    const AUTOMATIC: usize = usize::MAX - 1;
    const BSEND_OVERHEAD: usize = 96;
    const LAST_CODE: c_int = 0x3fff_ffff;
    const MAX_PROCESSOR_NAME: usize = 128;
    const MAX_INFO_KEY: usize = 255;

    #[inline(always)]
    fn rank_in(rank: c_int) -> c_int {
        rank
    }

    #[inline(always)]
    fn rank_out(rank: c_int) -> c_int {
        rank
    }

    #[inline(always)]
    fn tag_in(tag: c_int) -> c_int {
        tag
    }

    #[inline(always)]
    fn tag_out(tag: c_int) -> c_int {
        tag
    }

    fn level_in(level: c_int) -> Option<c_int> {
        (0..=3).contains(&level).then_some(level)
    }

    fn level_out(level: c_int) -> c_int {
        level
    }

    fn keyval_in(keyval: c_int) -> Keyval {
        let bits = keyval as u32;
        if bits & !KEYVAL_KEY == MADE_KEYVAL {
            return Keyval::Dynamic(bits & KEYVAL_KEY);
        }
        match ATTRIBUTES.iter().find(|(value, _)| *value == bits) {
            Some(&(_, attribute)) => Keyval::Predefined(attribute),
            None => Keyval::Invalid,
        }
    }

    fn keyval_out(key: u32) -> c_int {
        (MADE_KEYVAL | key & KEYVAL_KEY) as c_int
    }

    #[inline(always)]
    fn is_ignored(address: *const Status) -> bool {
        address.addr() == 1
    }

    #[inline(always)]
    fn is_in_place(address: *const c_void) -> bool {
        address.addr() == usize::MAX
    }

    fn is_automatic(address: *const c_void) -> bool {
        address.addr() == Self::AUTOMATIC
    }

    fn is_unweighted(address: *const c_int) -> bool {
        std::ptr::eq(address, &UNWEIGHTED)
    }

    fn is_weights_empty(address: *const c_int) -> bool {
        std::ptr::eq(address, &WEIGHTS_EMPTY)
    }

    #[inline(always)]
    fn status(old: Status, status: &ranks_engine::Status) -> Status {
        let high = (status.bytes >> 32) as c_int;
        Status {
            count_lo: status.bytes as c_int,
            count_hi_and_cancelled: high << 1 | c_int::from(status.cancelled),
            source: status.source,
            tag: status.tag,
            error: old.error,
        }
    }

    fn read_status(status: &Status) -> ranks_engine::Status {
        let high = status.count_hi_and_cancelled as u32 as u64 >> 1;
        ranks_engine::Status {
            source: status.source,
            tag: status.tag,
            bytes: high << 32 | status.count_lo as u32 as u64,
            cancelled: status.count_hi_and_cancelled & 1 != 0,
            mark: 0,
        }
    }

    fn error_of(status: &Status) -> c_int {
        status.error
    }

    fn with_error(status: Status, error: c_int) -> Status {
        Status { error, ..status }
    }
}

const _: () = assert!(ANY_SOURCE == -2 && ANY_TAG == -1, "the engine numbers as MPICH does");

#[cfg(test)]
#[path = "mpich_tests.rs"]
mod tests;
