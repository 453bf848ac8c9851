//! Reduction operations: MPI 5.0 section 6.9.
//!
//! An operation works on bytes: `inout = in op inout`, element by element, `in` being what comes from
//! the lower ranks. Buffers may be cut between elements only.

mod built_in;
mod stored;

use built_in::Loops;

pub use built_in::{Element, Operation};
pub use stored::{Deferred, StoredOp};

/// An operation as a reduction is given it: borrowed for a blocking call, or stored, as a request needs it.
pub trait Operator {
    /// The operation, for a while.
    fn op(&mut self) -> Op<'_>;

    /// Bytes of an element.
    fn element(&self) -> usize;
}

impl Operator for &mut Op<'_> {
    #[inline]
    fn op(&mut self) -> Op<'_> {
        self.again()
    }

    #[inline]
    fn element(&self) -> usize {
        self.element
    }
}

impl Operator for StoredOp {
    #[inline]
    fn op(&mut self) -> Op<'_> {
        self.as_op()
    }

    #[inline]
    fn element(&self) -> usize {
        StoredOp::element(self)
    }
}

/// How two rows of elements become one.
pub struct Op<'f> {
    function: Function<'f>,
    element: usize,
    commutative: bool,
}

enum Function<'f> {
    BuiltIn(Loops),
    Plain(fn(&[u8], &mut [u8])),
    User(&'f mut dyn FnMut(&[u8], &mut [u8])),
    Deferred(&'f Deferred),
}

impl<'f> Op<'f> {
    /// An operation of the standard on a basic type; `None` where the standard does not define it (a
    /// bitwise or logical one on floating point).
    pub fn built_in(operation: Operation, on: Element) -> Option<Self> {
        let loops = built_in::loops(operation, on)?;
        Some(Self { function: Function::BuiltIn(loops), element: on.size(), commutative: true })
    }

    /// An operation of the user's, which makes `in op inout` of its second argument. Both have the same
    /// length, a multiple of `element` bytes, and no alignment of their own. It must be associative.
    pub fn user(function: &'f mut dyn FnMut(&[u8], &mut [u8]), element: usize, commutative: bool) -> Self {
        assert!(element > 0, "an element of no bytes cannot be reduced");
        Self { function: Function::User(function), element, commutative }
    }

    /// Borrows this operation for a shorter time, since an `Op` cannot be copied.
    #[inline]
    pub(crate) fn again(&mut self) -> Op<'_> {
        let function = match &mut self.function {
            Function::BuiltIn(loops) => Function::BuiltIn(*loops),
            Function::Plain(function) => Function::Plain(*function),
            Function::User(function) => Function::User(&mut **function),
            Function::Deferred(function) => Function::Deferred(function),
        };
        Op { function, element: self.element, commutative: self.commutative }
    }

    /// Bytes of an element.
    pub fn element(&self) -> usize {
        self.element
    }

    /// Whether the operands may change places. The algorithms of today keep the order of ranks for all.
    pub fn is_commutative(&self) -> bool {
        self.commutative
    }

    /// `inout = input op inout`.
    #[inline]
    pub fn apply(&mut self, input: &[u8], inout: &mut [u8]) {
        debug_assert_eq!(input.len(), inout.len());
        if inout.is_empty() {
            return;
        }
        match &mut self.function {
            Function::BuiltIn(loops) => (loops.apply)(input, inout),
            Function::Plain(function) => function(input, inout),
            Function::User(function) => function(input, inout),
            Function::Deferred(function) => function(input.as_ptr(), inout.as_mut_ptr(), inout.len()),
        }
    }

    /// Whether it may outlive the call.
    pub(crate) fn is_storable(&self) -> bool {
        !matches!(self.function, Function::User(_))
    }

    /// The function, where it must not run within the engine.
    pub(crate) fn deferred(&self) -> Option<&Deferred> {
        match &self.function {
            Function::Deferred(function) => Some(function),
            _ => None,
        }
    }

    /// `out = lower op higher`.
    #[inline]
    pub fn combine(&mut self, lower: &[u8], higher: &[u8], out: &mut [u8]) {
        debug_assert!(lower.len() == out.len() && higher.len() == out.len());
        match &mut self.function {
            Function::BuiltIn(loops) => (loops.combine)(lower, higher, out),
            Function::Plain(_) | Function::User(_) | Function::Deferred(_) => {
                out.copy_from_slice(higher);
                self.apply(lower, out);
            }
        }
    }
}
