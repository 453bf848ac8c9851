//! Operations that outlive the call that gives them: those of nonblocking and persistent reductions.

use super::built_in::Loops;
use super::{Element, Function, Op, Operation, built_in};
use crate::memory::{RecvBuf, SendBuf};
use std::sync::Arc;

/// A function of the user's that may call the engine again: `inout = input op inout`, of the addresses of
/// as many bytes each. The engine never calls it; it hands it out with its operands.
pub type Deferred = Arc<dyn Fn(*const u8, *mut u8, usize) + Send + Sync>;

/// An operation that a request keeps.
pub struct StoredOp {
    function: Stored,
    element: usize,
    commutative: bool,
}

type Closure = dyn FnMut(&[u8], &mut [u8]) + Send;

enum Stored {
    BuiltIn(Loops),
    Plain(fn(&[u8], &mut [u8])),
    User(Box<Closure>),
    Deferred(Deferred),
}

impl StoredOp {
    /// As [`Op::built_in`].
    pub fn built_in(operation: Operation, on: Element) -> Option<Self> {
        let function = Stored::BuiltIn(built_in::loops(operation, on)?);
        Some(Self { function, element: on.size(), commutative: true })
    }

    /// A function that is no closure: `inout = input op inout`.
    pub fn function(function: fn(&[u8], &mut [u8]), element: usize, commutative: bool) -> Self {
        assert!(element > 0, "an element of no bytes cannot be reduced");
        Self { function: Stored::Plain(function), element, commutative }
    }

    /// As [`Op::user`]. It runs whenever its rank makes progress, inside the engine.
    pub fn user(
        function: impl FnMut(&[u8], &mut [u8]) + Send + 'static,
        element: usize,
        commutative: bool,
    ) -> Self {
        assert!(element > 0, "an element of no bytes cannot be reduced");
        Self { function: Stored::User(Box::new(function)), element, commutative }
    }

    /// One whose function the engine does not call: whoever drives the engine takes the work over, see
    /// `Engine::take_work`. A blocking call applies it itself, unless it is divisible.
    pub fn deferred(function: Deferred, element: usize, commutative: bool) -> Self {
        assert!(element > 0, "an element of no bytes cannot be reduced");
        Self { function: Stored::Deferred(function), element, commutative }
    }

    /// One that outlives the call it was given to, if it can.
    pub(crate) fn of(op: &Op<'_>) -> Option<Self> {
        let function = match &op.function {
            Function::BuiltIn(loops) => Stored::BuiltIn(*loops),
            Function::Plain(function) => Stored::Plain(*function),
            Function::Deferred(function) => Stored::Deferred((*function).clone()),
            Function::User(_) => return None,
        };
        Some(Self { function, element: op.element, commutative: op.commutative })
    }

    /// Bytes of an element.
    pub fn element(&self) -> usize {
        self.element
    }

    /// `inout = input op inout`, outside of any collective. The two may overlap.
    pub fn apply(&mut self, input: SendBuf, inout: RecvBuf) {
        let mut copy: Vec<u128>;
        let mut input = input;
        if inout.overlaps(input) {
            copy = vec![0; input.len().div_ceil(size_of::<u128>())];
            input = input.copied_to(&mut copy);
        }
        match &self.function {
            Stored::Deferred(function) if !inout.is_empty() => {
                function(input.pointer(), inout.pointer(), inout.len());
            }
            _ => inout.combine(input, |input, inout| self.as_op().apply(input, inout)),
        }
    }

    pub(crate) fn is_deferred(&self) -> bool {
        matches!(self.function, Stored::Deferred(_))
    }

    /// The operation, for one call.
    pub fn as_op(&mut self) -> Op<'_> {
        let function = match &mut self.function {
            Stored::BuiltIn(loops) => Function::BuiltIn(*loops),
            Stored::Plain(function) => Function::Plain(*function),
            Stored::User(function) => Function::User(&mut **function),
            Stored::Deferred(function) => Function::Deferred(function),
        };
        Op { function, element: self.element, commutative: self.commutative }
    }
}
