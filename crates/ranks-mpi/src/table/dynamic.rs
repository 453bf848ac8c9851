//! Processes that come later: MPI 5.0 chapter 11.

/// The functions of this chapter, given to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! dynamic_functions {
    ($with:ident) => {
        $with! {
            anytime {}
            running {
                one  Comm_spawn(command: *const c_char, argv: *mut *mut c_char, maxprocs: c_int, info: Info, root: c_int, comm: Comm, intercomm: *mut Comm, array_of_errcodes: *mut c_int) = dynamic::spawn;
                one  Comm_spawn_multiple(count: c_int, array_of_commands: *mut *mut c_char, array_of_argv: *mut *mut *mut c_char, array_of_maxprocs: *const c_int, array_of_info: *const Info, root: c_int, comm: Comm, intercomm: *mut Comm, array_of_errcodes: *mut c_int) = dynamic::spawn_multiple;
                one  Close_port(port_name: *const c_char) = dynamic::port::close_port;
                one  Comm_accept(port_name: *const c_char, info: Info, root: c_int, comm: Comm, newcomm: *mut Comm) = dynamic::port::accept;
                one  Comm_connect(port_name: *const c_char, info: Info, root: c_int, comm: Comm, newcomm: *mut Comm) = dynamic::port::connect;
                one  Comm_join(fd: c_int, intercomm: *mut Comm) = dynamic::port::join;
                one  Lookup_name(service_name: *const c_char, info: Info, port_name: *mut c_char) = dynamic::port::look_up_name;
                one  Open_port(info: Info, port_name: *mut c_char) = dynamic::port::open_port;
                one  Publish_name(service_name: *const c_char, info: Info, port_name: *const c_char) = dynamic::port::publish_name;
                one  Unpublish_name(service_name: *const c_char, info: Info, port_name: *const c_char) = dynamic::port::unpublish_name;
            }
            collectives {}
            plain {}
            unsupported {}
        }
    };
}
