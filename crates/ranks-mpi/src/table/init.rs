//! Beginning, ending, environment: MPI 5.0 chapters 9 and 11.

/// The functions of this chapter, given to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! init_functions {
    ($with:ident) => {
        $with! {
            anytime {
                one  Init(argc: *mut c_int, argv: *mut *mut *mut c_char) = init::init;
                one  Init_thread(argc: *mut c_int, argv: *mut *mut *mut c_char, required: c_int, provided: *mut c_int) = init::init_thread;
                one  Initialized(flag: *mut c_int) = init::initialized;
                one  Finalized(flag: *mut c_int) = init::finalized;
                one  Get_version(version: *mut c_int, subversion: *mut c_int) = init::version;
                one  Abi_get_version(abi_major: *mut c_int, abi_minor: *mut c_int) = init::abi_version;
                one  Get_library_version(version: *mut c_char, resultlen: *mut c_int) = init::library_version;
                one  Error_class(errorcode: c_int, errorclass: *mut c_int) = errhandler::class;
                one  Error_string(errorcode: c_int, string: *mut c_char, resultlen: *mut c_int) = errhandler::string;
                one  Abi_get_info(info: *mut Info) = init::abi_info;
                one  Abi_get_fortran_info(info: *mut Info) = fortran::get_info;
                one  Abi_set_fortran_info(info: Info) = fortran::set_info;
                one  Abi_get_fortran_booleans(logical_size: c_int, logical_true: *mut c_void, logical_false: *mut c_void, is_set: *mut c_int) = fortran::get_booleans;
                one  Abi_set_fortran_booleans(logical_size: c_int, logical_true: *mut c_void, logical_false: *mut c_void) = fortran::set_booleans;
                one  Pcontrol(level: c_int) = init::pcontrol;
            }
            running {
                one  Finalize() = init::finalize;
                one  Abort(comm: Comm, errorcode: c_int) = init::abort;
                one  Query_thread(provided: *mut c_int) = init::query_thread;
                one  Is_thread_main(flag: *mut c_int) = init::is_thread_main;
                one  Get_processor_name(name: *mut c_char, resultlen: *mut c_int) = init::processor_name;
                one  Alloc_mem(size: Aint, info: Info, baseptr: *mut c_void) = init::alloc_mem;
                one  Free_mem(base: *mut c_void) = init::free_mem;
                one  Get_address(location: *const c_void, address: *mut Aint) = init::address;
                one  Address(location: *mut c_void, address: *mut Aint) = deleted::address;
            }
            collectives {}
            plain {
                Wtime() -> f64 = init::wtime;
                Wtick() -> f64 = init::wtick;
                Aint_add(base: Aint, disp: Aint) -> Aint = init::aint_add;
                Aint_diff(addr1: Aint, addr2: Aint) -> Aint = init::aint_diff;
            }
            unsupported {}
        }
    };
}
