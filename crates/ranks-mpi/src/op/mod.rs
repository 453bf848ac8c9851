//! Reduction operations: MPI 5.0 section 6.9.
//!
//! | module | what it holds |
//! |---|---|
//! | this | which operation is allowed on which datatype, and what does it |
//! | `pairs` | MINLOC and MAXLOC |
//! | `complex`, `half`, `long_double`, `quad`, `wide` | what the engine's basic types do not have |
//! | `user` | operations of the program, and the functions that make and free them |
//!
//! The engine applies an operation within a collective, with the lock. That is not for the program's
//! own functions: the engine hands these out, and [`crate::block`] calls them without the lock.

mod complex;
mod half;
mod long_double;
mod pairs;
mod quad;
mod user;
mod wide;

pub use half::Half;
pub use pairs::Pairs;
pub use user::{Function, IntFunction, LargeFunction, User, UserOp, commutative, create, free};

use crate::abi::{Abi, Handle, Ref};
use crate::argument::{Count, In, Out};
use crate::datatype::{self, Stage, Staged, elements_from, elements_to};
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use ranks_engine::op::{Element, Operation, StoredOp};
use std::ffi::c_void;

/// What reductions may do with a datatype: the groups of MPI 5.0 section 6.9.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: text, and types whose arithmetic is not there.
    Opaque,
    /// An integer of C: everything but the pairs' operations.
    Integer(Element),
    /// An integer of Fortran: no logical operations.
    Counter(Element),
    /// Sum, product, minimum, maximum.
    Floating(Element),
    /// Sum, product, minimum, maximum of numbers of two bytes.
    Half(Half),
    /// Sum and product of two such numbers.
    HalfComplex,
    /// Sum, product, minimum, maximum of numbers in the machine's extended format.
    LongDouble,
    /// An integer of Fortran, of 16 bytes.
    Wide,
    /// Sum, product, minimum, maximum of numbers of 16 bytes (IEEE binary128).
    Quad,
    /// Sum and product of two such numbers.
    QuadComplex,
    /// Logical operations.
    Logical(Element),
    /// Logical operations on 16 bytes.
    WideLogical,
    /// Bitwise operations.
    Byte,
    /// Sum and product.
    Complex(Element),
    /// Sum and product of complex numbers in the machine's extended format.
    LongComplex,
    /// A value and its place: MINLOC and MAXLOC.
    Pair(Pairs),
}

/// `inout = input op inout`, over whole elements.
type Row = fn(&[u8], &mut [u8]);

/// A predefined operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Predefined {
    Of(Operation),
    Minloc,
    Maxloc,
    /// For one-sided communication alone.
    OneSided,
}

/// The predefined operations in the order of their handles.
const PREDEFINED: [(&str, Predefined); 14] = [
    ("MPI_MAX", Predefined::Of(Operation::Max)),
    ("MPI_MIN", Predefined::Of(Operation::Min)),
    ("MPI_SUM", Predefined::Of(Operation::Sum)),
    ("MPI_PROD", Predefined::Of(Operation::Product)),
    ("MPI_LAND", Predefined::Of(Operation::LogicalAnd)),
    ("MPI_BAND", Predefined::Of(Operation::BitAnd)),
    ("MPI_LOR", Predefined::Of(Operation::LogicalOr)),
    ("MPI_BOR", Predefined::Of(Operation::BitOr)),
    ("MPI_LXOR", Predefined::Of(Operation::LogicalXor)),
    ("MPI_BXOR", Predefined::Of(Operation::BitXor)),
    ("MPI_MINLOC", Predefined::Minloc),
    ("MPI_MAXLOC", Predefined::Maxloc),
    ("MPI_REPLACE", Predefined::OneSided),
    ("MPI_NO_OP", Predefined::OneSided),
];

/// An operation on a datatype.
pub enum Reduction<A: Abi> {
    /// The engine has it.
    BuiltIn(Operation, Element),
    /// It is here; bytes of an element.
    Row(Row, usize),
    /// The program has it.
    User(User<A>),
}

/// The name of a predefined operation.
pub fn name_of(at: u32) -> &'static str {
    PREDEFINED[at as usize].0
}

impl<A: Abi> Reduction<A> {
    /// The operation of a handle on a datatype.
    pub fn find(op: A::Op, datatype: A::Datatype) -> Result<Self> {
        let basic = datatype::find::<A>(datatype)?;
        match op.decode() {
            Ref::Builtin(at) => {
                let (name, operation) = PREDEFINED[at as usize];
                built_in(operation, basic.kind, basic.extent as usize).ok_or_else(|| {
                    let what = format!("{name} is not defined on {}", basic.name);
                    Failure::new(class::OP, what)
                })
            }
            Ref::Dynamic(key) => {
                let known = global::with(|process| process.ops.get(key).copied());
                let op = known.ok_or_else(|| no_op::<A>(op))?;
                let (layout, pin) = global::with(|process| {
                    let record = process.types.get::<A>(datatype)?;
                    let gaps = !datatype::is_predefined::<A>(datatype) && !record.datatype.is_plain();
                    Ok::<_, Failure>((gaps.then(|| record.datatype.clone()), record.pin.clone()))
                })?;
                // What collectives move of an element.
                let extent = if layout.is_some() { basic.size } else { basic.extent } as usize;
                Ok(Reduction::User(User { op, datatype, extent, layout, _pin: pin }))
            }
            _ => Err(no_op::<A>(op)),
        }
    }

    /// For the engine.
    pub fn stored(&self) -> StoredOp {
        match self {
            // Found by `find`, so it is defined.
            Reduction::BuiltIn(operation, on) => {
                StoredOp::built_in(*operation, *on).expect("an operation that is defined")
            }
            Reduction::Row(function, element) => StoredOp::function(*function, *element, true),
            Reduction::User(user) => user.stored(),
        }
    }
}

fn built_in<A: Abi>(operation: Predefined, kind: Kind, element: usize) -> Option<Reduction<A>> {
    use Operation::{BitAnd, BitOr, BitXor, LogicalAnd, LogicalOr, LogicalXor, Max, Min, Product, Sum};
    let row = |function: Option<Row>| function.map(|function| Reduction::Row(function, element));
    let operation = match operation {
        Predefined::Of(operation) => operation,
        Predefined::OneSided => return None,
        Predefined::Minloc | Predefined::Maxloc => {
            let Kind::Pair(pairs) = kind else { return None };
            return row(Some(pairs.function(operation == Predefined::Minloc)));
        }
    };
    let on = match (kind, operation) {
        (Kind::Integer(on), _) => on,
        (Kind::Counter(on), Sum | Product | Min | Max | BitAnd | BitOr | BitXor) => on,
        (Kind::Floating(on), Sum | Product | Min | Max) => on,
        (Kind::Logical(on), LogicalAnd | LogicalOr | LogicalXor) => on,
        (Kind::Byte, BitAnd | BitOr | BitXor) => Element::U8,
        // Both parts by themselves.
        (Kind::Complex(on), Sum) => on,
        (Kind::Complex(on), Product) => return row(complex::product(on)),
        (Kind::Half(half), _) => return row(half::function(half, operation)),
        (Kind::HalfComplex, _) => return row(half::complex(operation)),
        (Kind::WideLogical, _) => return row(wide::logical(operation)),
        (Kind::Wide, _) => return row(wide::function(operation)),
        (Kind::Quad, _) => return row(quad::function(operation)),
        (Kind::QuadComplex, _) => return row(quad::complex(operation)),
        (Kind::LongDouble, _) => return row(long_double::function(operation)),
        (Kind::LongComplex, Sum) => return row(long_double::function(Sum)),
        (Kind::LongComplex, Product) => return row(long_double::complex_product()),
        _ => return None,
    };
    Some(Reduction::BuiltIn(operation, on))
}

fn no_op<A: Abi>(op: A::Op) -> Failure {
    if op == A::Op::NULL {
        return Failure::new(class::OP, "the operation is MPI_OP_NULL");
    }
    Failure::new(class::OP, format!("{:#x} is no reduction operation", op.to_int()))
}

/// `MPI_Reduce_local`.
pub fn reduce_local<A: Abi>(
    _: &Call<A>,
    input: In<c_void>,
    inout: Out<c_void>,
    count: impl Count,
    datatype: A::Datatype,
    op: A::Op,
) -> Result<()> {
    let mut reduction = Reduction::<A>::find(op, datatype)?.stored();
    let stage = Stage::default();
    let input = elements_from::<A>(&stage, input.address(), count, datatype)?;
    let result = elements_to::<A>(&stage, inout.address(), count, datatype)?;
    reduction.apply(input, result);
    stage.take().iter().for_each(Staged::unpack);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datatype::BASIC;
    use crate::mpich::{Datatype, Mpich};

    fn allowed(datatype: &str) -> Vec<&'static str> {
        let at = BASIC.iter().position(|basic| basic.name == datatype).unwrap();
        let datatype = Datatype::encode(Ref::Builtin(at as u32));
        let ops = (0..PREDEFINED.len() as u32).map(|at| (at, crate::mpich::Op::encode(Ref::Builtin(at))));
        ops.filter(|(_, op)| Reduction::<Mpich>::find(*op, datatype).is_ok())
            .map(|(at, _)| PREDEFINED[at as usize].0.trim_start_matches("MPI_"))
            .collect()
    }

    #[test]
    fn the_standard_says_which_operation_goes_with_which_type() {
        let all = ["MAX", "MIN", "SUM", "PROD", "LAND", "BAND", "LOR", "BOR", "LXOR", "BXOR"];
        assert_eq!(allowed("MPI_INT"), all);
        assert_eq!(allowed("MPI_UINT8_T"), all);
        for address in ["MPI_AINT", "MPI_OFFSET", "MPI_COUNT"] {
            assert_eq!(allowed(address), all, "{address}");
        }
        assert_eq!(allowed("MPI_INTEGER"), ["MAX", "MIN", "SUM", "PROD", "BAND", "BOR", "BXOR"]);
        for half in ["MPI_REAL2", "MPIX_C_FLOAT16", "MPIX_BFLOAT16"] {
            assert_eq!(allowed(half), ["MAX", "MIN", "SUM", "PROD"], "{half}");
        }
        assert_eq!(allowed("MPI_COMPLEX4"), ["SUM", "PROD"]);
        assert_eq!(allowed("MPI_INTEGER16"), allowed("MPI_INTEGER"));
        assert_eq!(allowed("MPI_REAL16"), allowed("MPI_DOUBLE"));
        assert_eq!(allowed("MPI_COMPLEX32"), ["SUM", "PROD"]);
        assert_eq!(allowed("MPI_DOUBLE"), ["MAX", "MIN", "SUM", "PROD"]);
        for logical in ["MPI_C_BOOL", "MPI_LOGICAL", "MPI_LOGICAL16"] {
            assert_eq!(allowed(logical), ["LAND", "LOR", "LXOR"], "{logical}");
        }
        assert_eq!(allowed("MPI_BYTE"), ["BAND", "BOR", "BXOR"]);
        assert_eq!(allowed("MPI_C_DOUBLE_COMPLEX"), ["SUM", "PROD"]);
        assert_eq!(allowed("MPI_DOUBLE_INT"), ["MINLOC", "MAXLOC"]);
        // Text to the standard; a byte-sized integer to MPICH and Open MPI, and to the programs that count on it.
        assert_eq!(allowed("MPI_CHAR"), all);
        assert!(allowed("MPI_CHARACTER").is_empty());
        if cfg!(target_arch = "x86_64") {
            assert_eq!(allowed("MPI_LONG_DOUBLE"), ["MAX", "MIN", "SUM", "PROD"]);
        }
    }

    #[test]
    fn the_order_is_that_of_the_handles() {
        for (at, (name, _)) in PREDEFINED.iter().enumerate() {
            let handle = crate::mpich::Op::encode(Ref::Builtin(at as u32)).0 as u32;
            assert_eq!(handle, 0x5800_0001 + at as u32, "{name}");
        }
    }
}
