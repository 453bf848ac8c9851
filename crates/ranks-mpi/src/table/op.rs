//! Reduction operations: MPI 5.0 section 6.9.

/// The functions of this chapter, given to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! op_functions {
    ($with:ident) => {
        $with! {
            anytime {}
            running {
                both Op_create(user_fn: Option<ReduceFunction>, commute: c_int, op: *mut Op) = op::create;
                one  Op_free(op: *mut Op) = op::free;
                one  Op_commutative(op: Op, commute: *mut c_int) = op::commutative;
                both Reduce_local(inbuf: *const c_void, inoutbuf: *mut c_void, count: Count, datatype: Datatype, op: Op) = op::reduce_local;
            }
            collectives {}
            plain {}
            unsupported {}
        }
    };
}
