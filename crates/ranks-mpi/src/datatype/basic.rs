//! The predefined datatypes: MPI 5.0 section 3.2.2 and table 6.2.

use crate::op::{Half, Kind, Pairs};
use ranks_engine::datatype::{Datatype, Scalar};
use ranks_engine::op::Element;
use std::sync::Arc;

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
    basic("MPI_CHAR", 0x4c00_0101, 1, 1, Kind::Integer(Element::I8)),
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
    basic("MPI_REAL2", 0x4c00_0226, 2, 2, Kind::Half(Half::Binary16)),
    basic("MPI_REAL4", 0x4c00_0427, 4, 4, Kind::Floating(Element::F32)),
    basic("MPI_COMPLEX8", 0x4c00_0828, 8, 8, Kind::Complex(Element::F32)),
    basic("MPI_REAL8", 0x4c00_0829, 8, 8, Kind::Floating(Element::F64)),
    basic("MPI_COMPLEX16", 0x4c00_102a, 16, 16, Kind::Complex(Element::F64)),
    basic("MPI_REAL16", 0x4c00_102b, 16, 16, Kind::Quad),
    basic("MPI_COMPLEX32", 0x4c00_202c, 32, 32, Kind::QuadComplex),
    basic("MPI_INTEGER1", 0x4c00_012d, 1, 1, Kind::Counter(Element::I8)),
    basic("MPI_COMPLEX4", 0x4c00_042e, 4, 4, Kind::HalfComplex),
    basic("MPI_INTEGER2", 0x4c00_022f, 2, 2, Kind::Counter(Element::I16)),
    basic("MPI_INTEGER4", 0x4c00_0430, 4, 4, Kind::Counter(Element::I32)),
    basic("MPI_INTEGER8", 0x4c00_0831, 8, 8, Kind::Counter(Element::I64)),
    basic("MPI_INTEGER16", 0x4c00_1032, 16, 16, Kind::Wide),
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
    basic("MPI_AINT", 0x4c00_0843, 8, 8, Kind::Integer(Element::I64)),
    basic("MPI_OFFSET", 0x4c00_0844, 8, 8, Kind::Integer(Element::I64)),
    basic("MPI_COUNT", 0x4c00_0845, 8, 8, Kind::Integer(Element::I64)),
    basic("MPIX_C_FLOAT16", 0x4c00_0246, 2, 2, Kind::Half(Half::Binary16)),
    basic("MPIX_BFLOAT16", 0x4c00_024c, 2, 2, Kind::Half(Half::Brain)),
    basic("MPI_LOGICAL1", 0x4c00_0147, 1, 1, Kind::Logical(Element::U8)),
    basic("MPI_LOGICAL2", 0x4c00_0248, 2, 2, Kind::Logical(Element::U16)),
    basic("MPI_LOGICAL4", 0x4c00_0449, 4, 4, Kind::Logical(Element::U32)),
    basic("MPI_LOGICAL8", 0x4c00_084a, 8, 8, Kind::Logical(Element::U64)),
    basic("MPI_LOGICAL16", 0x4c00_104b, 16, 16, Kind::WideLogical),
];

/// The scalar of an element that reductions know.
fn scalar(element: Element) -> Scalar {
    match element {
        Element::I8 => Scalar::I8,
        Element::I16 => Scalar::I16,
        Element::I32 => Scalar::I32,
        Element::I64 => Scalar::I64,
        Element::U8 => Scalar::U8,
        Element::U16 => Scalar::U16,
        Element::U32 => Scalar::U32,
        Element::U64 => Scalar::U64,
        Element::F32 => Scalar::F32,
        Element::F64 => Scalar::F64,
    }
}

/// A value and its index.
fn pair(pairs: Pairs) -> [(Scalar, i64); 2] {
    match pairs {
        Pairs::FloatInt => [(Scalar::F32, 0), (Scalar::I32, 4)],
        Pairs::DoubleInt => [(Scalar::F64, 0), (Scalar::I32, 8)],
        Pairs::LongInt => [(Scalar::I64.external(4), 0), (Scalar::I32, 8)],
        Pairs::ShortInt => [(Scalar::I16, 0), (Scalar::I32, 4)],
        Pairs::LongDoubleInt => [(Scalar::EXTENDED, 0), (Scalar::I32, 16)],
        Pairs::TwoInts => [(Scalar::I32, 0), (Scalar::I32, 4)],
        Pairs::TwoFloats => [(Scalar::F32, 0), (Scalar::F32, 4)],
        Pairs::TwoDoubles => [(Scalar::F64, 0), (Scalar::F64, 8)],
    }
}

impl Basic {
    /// The engine's type of it; `at` is its place in the table.
    pub fn datatype(&self, at: u32) -> Arc<Datatype> {
        let one = match (self.name, self.kind) {
            ("MPI_LONG", _) => Scalar::I64.external(4),
            ("MPI_UNSIGNED_LONG", _) => Scalar::U64.external(4),
            ("MPI_WCHAR", _) => Scalar::U32.external(2),
            ("MPI_LB" | "MPI_UB", _) => return Datatype::basic(at, &[], 0),
            (_, Kind::Pair(pairs)) => return Datatype::basic(at, &pair(pairs), self.extent.into()),
            (_, Kind::Integer(on) | Kind::Counter(on) | Kind::Floating(on) | Kind::Logical(on)) => scalar(on),
            (_, Kind::Complex(on)) => scalar(on).complex(),
            (_, Kind::Half(_)) => Scalar::float(2),
            (_, Kind::HalfComplex) => Scalar::float(2).complex(),
            (_, Kind::LongDouble) => Scalar::EXTENDED,
            (_, Kind::LongComplex) => Scalar::EXTENDED.complex(),
            (_, Kind::Wide | Kind::WideLogical) => Scalar::I128,
            (_, Kind::Quad) => Scalar::float(16),
            (_, Kind::QuadComplex) => Scalar::float(16).complex(),
            (_, Kind::Opaque | Kind::Byte) => Scalar::BYTE,
        };
        Datatype::basic(at, &[(one, 0)], self.extent.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_has_the_sizes_of_the_table() {
        for (at, basic) in BASIC.iter().enumerate() {
            let datatype = basic.datatype(at as u32);
            let both = (datatype.size(), datatype.extent());
            assert_eq!(both, (basic.size.into(), basic.extent.into()), "{}", basic.name);
            assert_eq!(datatype.recipe().number, at as u32);
        }
    }
}
