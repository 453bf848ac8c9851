//! Info objects, and handles as integers: MPI 5.0 chapters 10 and 19.

/// The functions of this chapter, given to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! info_functions {
    ($with:ident) => {
        $with! {
            anytime {
                one  Info_create(info: *mut Info) = info::create;
                one  Info_create_env(argc: c_int, argv: *mut *mut c_char, info: *mut Info) = info::create_env;
                one  Info_dup(info: Info, newinfo: *mut Info) = info::dup;
                one  Info_free(info: *mut Info) = info::free;
                one  Info_set(info: Info, key: *const c_char, value: *const c_char) = info::set;
                one  Info_delete(info: Info, key: *const c_char) = info::delete;
                one  Info_get(info: Info, key: *const c_char, valuelen: c_int, value: *mut c_char, flag: *mut c_int) = info::get;
                one  Info_get_valuelen(info: Info, key: *const c_char, valuelen: *mut c_int, flag: *mut c_int) = info::value_length;
                one  Info_get_string(info: Info, key: *const c_char, buflen: *mut c_int, value: *mut c_char, flag: *mut c_int) = info::get_string;
                one  Info_get_nkeys(info: Info, nkeys: *mut c_int) = info::count;
                one  Info_get_nthkey(info: Info, n: c_int, key: *mut c_char) = info::nth_key;
            }
            running {
            }
            collectives {}
            plain {
                Comm_c2f(handle: Comm) -> c_int = abi::to_int;
                Comm_toint(handle: Comm) -> c_int = abi::to_int;
                Comm_f2c(value: c_int) -> Comm = abi::from_int;
                Comm_fromint(value: c_int) -> Comm = abi::from_int;
                Type_c2f(handle: Datatype) -> c_int = abi::to_int;
                Type_toint(handle: Datatype) -> c_int = abi::to_int;
                Type_f2c(value: c_int) -> Datatype = abi::from_int;
                Type_fromint(value: c_int) -> Datatype = abi::from_int;
                Request_c2f(handle: Request) -> c_int = abi::to_int;
                Request_toint(handle: Request) -> c_int = abi::to_int;
                Request_f2c(value: c_int) -> Request = abi::from_int;
                Request_fromint(value: c_int) -> Request = abi::from_int;
                Message_c2f(handle: Message) -> c_int = abi::to_int;
                Message_toint(handle: Message) -> c_int = abi::to_int;
                Message_f2c(value: c_int) -> Message = abi::from_int;
                Message_fromint(value: c_int) -> Message = abi::from_int;
                Errhandler_c2f(handle: Errhandler) -> c_int = abi::to_int;
                Errhandler_toint(handle: Errhandler) -> c_int = abi::to_int;
                Errhandler_f2c(value: c_int) -> Errhandler = abi::from_int;
                Errhandler_fromint(value: c_int) -> Errhandler = abi::from_int;
                Group_c2f(handle: Group) -> c_int = abi::to_int;
                Group_toint(handle: Group) -> c_int = abi::to_int;
                Group_f2c(value: c_int) -> Group = abi::from_int;
                Group_fromint(value: c_int) -> Group = abi::from_int;
                Info_c2f(handle: Info) -> c_int = abi::to_int;
                Info_toint(handle: Info) -> c_int = abi::to_int;
                Info_f2c(value: c_int) -> Info = abi::from_int;
                Info_fromint(value: c_int) -> Info = abi::from_int;
                Op_c2f(handle: Op) -> c_int = abi::to_int;
                Op_toint(handle: Op) -> c_int = abi::to_int;
                Op_f2c(value: c_int) -> Op = abi::from_int;
                Op_fromint(value: c_int) -> Op = abi::from_int;
                Win_c2f(handle: Win) -> c_int = abi::to_int;
                Win_toint(handle: Win) -> c_int = abi::to_int;
                Win_f2c(value: c_int) -> Win = abi::from_int;
                Win_fromint(value: c_int) -> Win = abi::from_int;
                File_c2f(handle: File) -> c_int = abi::to_int;
                File_toint(handle: File) -> c_int = abi::to_int;
                File_f2c(value: c_int) -> File = abi::from_int;
                File_fromint(value: c_int) -> File = abi::from_int;
                Session_c2f(handle: Session) -> c_int = abi::to_int;
                Session_toint(handle: Session) -> c_int = abi::to_int;
                Session_f2c(value: c_int) -> Session = abi::from_int;
                Session_fromint(value: c_int) -> Session = abi::from_int;
            }
            unsupported {}
        }
    };
}
