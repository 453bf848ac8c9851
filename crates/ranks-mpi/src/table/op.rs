//! Reduction operations: MPI 5.0 section 6.9.

/// The functions of this chapter, given to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! op_functions {
    ($with:ident) => {
        $with! {
            anytime {}
            running {}
            plain {}
            unsupported {
                Op_commutative(op: Op, commute: *mut c_int);
                Op_create(user_fn: Option<Callback>, commute: c_int, op: *mut Op);
                Op_free(op: *mut Op);
                Reduce_local(inbuf: *const c_void, inoutbuf: *mut c_void, count: c_int, datatype: Datatype, op: Op);
            }
        }
    };
}
