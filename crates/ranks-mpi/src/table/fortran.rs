//! What the Fortran wrappers of MPICH (libmpifort, Debian's libmpichfort) call besides the standard's functions:
//! `MPII_X`. A language's type of attributes is 0 for pointers, 1 for `MPI_Aint`, 3 for integers.

/// The functions of this chapter, given to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! fortran_functions {
    ($with:ident) => {
        $with! {
            anytime {}
            running {
                one  Comm_get_attr(comm: Comm, keyval: c_int, value: *mut c_void, flag: *mut c_int, kind: c_int) = attribute::fortran::get;
                one  Comm_set_attr(comm: Comm, keyval: c_int, value: *mut c_void, kind: c_int) = attribute::fortran::set;
                one  Type_get_attr(datatype: Datatype, keyval: c_int, value: *mut c_void, flag: *mut c_int, kind: c_int) = attribute::fortran::get_type;
                one  Type_set_attr(datatype: Datatype, keyval: c_int, value: *mut c_void, kind: c_int) = attribute::fortran::set_type;
                one  Win_get_attr(win: Win, keyval: c_int, value: *mut c_void, flag: *mut c_int, kind: c_int) = attribute::fortran::get_win;
                one  Win_set_attr(win: Win, keyval: c_int, value: *mut c_void, kind: c_int) = attribute::fortran::set_win;
                one  Keyval_set_proxy(keyval: c_int, copy: Option<CopyProxy>, delete: Option<DeleteProxy>) = attribute::fortran::set_proxy;
                one  Grequest_set_lang_f77(request: Request) = grequest::set_fortran;
            }
            collectives {}
            plain {}
            unsupported {}
        }
    };
}
