//! Operations of the program: its own code, called without the lock, so it may call MPI.

use super::{PREDEFINED, no_op};
use crate::abi::{Abi, Handle, Ref};
use crate::argument::Out;
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use ranks_engine::op::StoredOp;
use std::ffi::{c_int, c_void};
use std::sync::Arc;

/// A function of a program for `MPI_Op_create`. The last argument is the address of a datatype's handle.
pub type IntFunction = unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_int, *mut c_void);
/// The same for `MPI_Op_create_c`.
pub type LargeFunction = unsafe extern "C" fn(*mut c_void, *mut c_void, *mut i64, *mut c_void);

/// Either of them.
#[derive(Clone, Copy)]
pub enum Function {
    /// Counts are ints.
    Int(IntFunction),
    /// Counts are `MPI_Count`.
    Large(LargeFunction),
}

impl From<IntFunction> for Function {
    fn from(function: IntFunction) -> Self {
        Function::Int(function)
    }
}

impl From<LargeFunction> for Function {
    fn from(function: LargeFunction) -> Self {
        Function::Large(function)
    }
}

/// An operation that the program made.
#[derive(Clone, Copy)]
pub struct UserOp {
    function: Function,
    commutes: bool,
}

/// An operation that the program made, on a datatype.
#[derive(Clone, Copy)]
pub struct User<A: Abi> {
    /// The operation.
    pub op: UserOp,
    /// The datatype.
    pub datatype: A::Datatype,
    /// Bytes from one element to the next.
    pub extent: usize,
}

impl<A: Abi> User<A> {
    /// For the engine, which hands it out.
    pub fn stored(&self) -> StoredOp {
        let user = *self;
        let function = move |input, inout, bytes| user.apply(input, inout, bytes);
        StoredOp::deferred(Arc::new(function), self.extent.max(1), self.op.commutes)
    }

    /// `inout = input op inout`, of so many bytes. Both are aligned as the datatype asks.
    fn apply(&self, input: *const u8, inout: *mut u8, bytes: usize) {
        let extent = self.extent.max(1);
        // An int form takes so many elements at a time.
        let most = match self.op.function {
            Function::Int(_) => c_int::MAX as usize,
            Function::Large(_) => i64::MAX as usize,
        };
        for at in (0..bytes).step_by(most.saturating_mul(extent)) {
            let count = ((bytes - at) / extent).min(most);
            let mut datatype = self.datatype;
            let datatype = (&raw mut datatype).cast();
            let input = input.wrapping_add(at).cast_mut().cast();
            let inout = inout.wrapping_add(at).cast();
            // SAFETY: the program gave this function to be called with two arrays, the address of how
            // many elements both have, and that of their datatype. The engine gives the arrays.
            unsafe {
                match self.op.function {
                    Function::Int(function) => function(input, inout, &mut (count as c_int), datatype),
                    Function::Large(function) => function(input, inout, &mut (count as i64), datatype),
                }
            }
        }
    }
}

/// `MPI_Op_create`, `MPI_Op_create_c`.
pub fn create<A: Abi, F: Into<Function>>(
    _: &Call<A>,
    function: Option<F>,
    commutes: c_int,
    op: Out<A::Op>,
) -> Result<()> {
    let function = function.ok_or_else(|| Failure::new(class::ARG, "the function is a null pointer"))?;
    let made = UserOp { function: function.into(), commutes: commutes != 0 };
    let key = global::with(|process| process.ops.insert(made));
    op.set(A::Op::encode(Ref::Dynamic(
        key.ok_or_else(|| Failure::new(class::NO_MEM, "too many operations"))?,
    )))
}

/// `MPI_Op_free`.
pub fn free<A: Abi>(_: &Call<A>, op: Out<A::Op>) -> Result<()> {
    let handle = op.get()?;
    match handle.decode() {
        Ref::Builtin(at) => {
            let (name, _) = PREDEFINED[at as usize];
            Err(Failure::new(class::OP, format!("{name} is predefined and cannot be freed")))
        }
        Ref::Dynamic(key) if global::with(|process| process.ops.remove(key)).is_some() => op.set(A::Op::NULL),
        _ => Err(no_op::<A>(handle)),
    }
}

/// `MPI_Op_commutative`.
pub fn commutative<A: Abi>(_: &Call<A>, op: A::Op, commutes: Out<c_int>) -> Result<()> {
    let known = match op.decode() {
        Ref::Builtin(at) => Some(PREDEFINED[at as usize].0 != "MPI_REPLACE"),
        Ref::Dynamic(key) => global::with(|process| process.ops.get(key).map(|op| op.commutes)),
        _ => None,
    };
    commutes.set(known.ok_or_else(|| no_op::<A>(op))?.into())
}
