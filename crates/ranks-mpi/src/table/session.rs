//! Sessions: MPI 5.0 section 11.3.

/// The functions of this chapter, given to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! session_functions {
    ($with:ident) => {
        $with! {
            anytime {
                one  Session_create_errhandler(session_errhandler_fn: Option<HandlerFunction>, errhandler: *mut Errhandler) = errhandler::create;
                one  Session_init(info: Info, errhandler: Errhandler, session: *mut Session) = session::init;
            }
            running {
                one  Session_finalize(session: *mut Session) = session::finalize;
                one  Session_get_info(session: Session, info_used: *mut Info) = session::info;
                one  Session_get_num_psets(session: Session, info: Info, npset_names: *mut c_int) = session::sets;
                one  Session_get_nth_pset(session: Session, info: Info, n: c_int, pset_len: *mut c_int, pset_name: *mut c_char) = session::nth_set;
                one  Session_get_pset_info(session: Session, pset_name: *const c_char, info: *mut Info) = session::set_info;
                one  Session_set_errhandler(session: Session, errhandler: Errhandler) = errhandler::set_of_session;
                one  Session_get_errhandler(session: Session, errhandler: *mut Errhandler) = errhandler::get_of_session;
                one  Session_call_errhandler(session: Session, errorcode: c_int) = errhandler::call_of_session;
            }
            collectives {}
            plain {}
            unsupported {}
        }
    };
}
