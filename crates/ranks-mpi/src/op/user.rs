//! Operations of the program: its own code, called without the lock, so it may call MPI.

use super::{PREDEFINED, no_op};
use crate::abi::{Abi, Handle, Ref};
use crate::argument::Out;
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use ranks_engine::datatype::{Datatype, Elements};
use ranks_engine::op::StoredOp;
use std::ffi::{c_int, c_void};
use std::sync::Arc;

/// A function of a program for `MPI_Op_create`. The last argument is the address of a datatype's handle.
pub type IntFunction = unsafe extern "C-unwind" fn(*mut c_void, *mut c_void, *mut c_int, *mut c_void);
/// A function of a program for `MPI_Op_create_c`, whose count has 64 bits.
pub type LargeFunction = unsafe extern "C-unwind" fn(*mut c_void, *mut c_void, *mut i64, *mut c_void);

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

/// Bytes of elements with gaps that a function of the program gets at a time.
const SPREAD: u64 = 1 << 20;

/// An operation that the program made.
#[derive(Clone, Copy)]
pub struct UserOp {
    function: Function,
    commutes: bool,
}

/// An operation that the program made, on a datatype.
#[derive(Clone)]
pub struct User<A: Abi> {
    /// The operation.
    pub op: UserOp,
    /// The datatype.
    pub datatype: A::Datatype,
    /// Bytes from one element to the next, as collectives move them.
    pub extent: usize,
    /// Where the program's function expects gaps that do not move.
    pub layout: Option<Arc<Datatype>>,
    /// Keeps the handle, should the program free it before the operation is complete.
    pub _pin: Arc<()>,
}

impl<A: Abi> User<A> {
    /// For the engine, which hands it out.
    pub fn stored(&self) -> StoredOp {
        let user = self.clone();
        let function = move |input, inout, bytes| match &user.layout {
            None => user.apply(input, inout, bytes),
            Some(layout) => user.apply_spread(layout, input, inout, bytes),
        };
        StoredOp::deferred(Arc::new(function), self.extent.max(1), self.op.commutes)
    }

    /// Applies the function to packed elements. It gets them spread out as they lie in memory, with their gaps.
    fn apply_spread(&self, layout: &Arc<Datatype>, input: *const u8, inout: *mut u8, bytes: usize) {
        let size = self.extent.max(1);
        let one = layout.extent().unsigned_abs().max(layout.true_extent() as u64).max(1);
        let most = (SPREAD / one).max(1) as usize * size;
        for at in (0..bytes).step_by(most) {
            let len = most.min(bytes - at);
            // SAFETY: the engine gives two arrays of `bytes` bytes, for this call alone.
            let (from, to) = unsafe {
                (
                    std::slice::from_raw_parts(input.add(at), len),
                    std::slice::from_raw_parts_mut(inout.add(at), len),
                )
            };
            let (a, b) = (Spread::of(layout, len / size, from), Spread::of(layout, len / size, to));
            self.call(a.address, b.address, len / size);
            b.elements.pack(0, to);
        }
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
            self.call(input.wrapping_add(at).cast_mut(), inout.wrapping_add(at), count);
        }
    }

    fn call(&self, input: *mut u8, inout: *mut u8, count: usize) {
        let mut datatype = self.datatype;
        let datatype = (&raw mut datatype).cast();
        let (input, inout) = (input.cast(), inout.cast());
        // SAFETY: the program gave this function to be called with two arrays, the address of how many
        // elements both have, and that of their datatype.
        unsafe {
            match self.op.function {
                Function::Int(function) => function(input, inout, &mut (count as c_int), datatype),
                Function::Large(function) => function(input, inout, &mut (count as i64), datatype),
            }
        }
    }
}

/// Packed elements, unpacked into memory of their own.
struct Spread {
    address: *mut u8,
    elements: Elements,
    _memory: Vec<u128>,
}

impl Spread {
    fn of(layout: &Arc<Datatype>, count: usize, packed: &[u8]) -> Self {
        let (low, high) = layout.reach(count);
        // Aligned as for any type: both ends to whole words.
        let (first, last) = (low.div_euclid(16), high.div_euclid(16) + 1);
        let mut memory = vec![0u128; (last - first) as usize];
        let address = memory.as_mut_ptr().cast::<u8>().wrapping_offset(-first as isize * 16);
        // SAFETY: the memory reaches from the first byte to the last, and lives as long as the elements.
        let elements = unsafe { Elements::new(address, count, layout.clone()) };
        let elements = elements.expect("fewer than there are");
        elements.unpack(0, packed);
        Self { address, elements, _memory: memory }
    }
}

/// `MPI_Op_create`, `MPI_Op_create_c`.
pub fn create<A: Abi, F: Into<Function>>(
    _: &Call<A>,
    function: Option<F>,
    commutes: c_int,
    op: Out<A::Op>,
) -> Result<()> {
    op.set(A::Op::NULL)?;
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
