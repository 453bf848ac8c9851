//! Groups, communicators, attributes, error handlers: MPI 5.0 chapters 7 and 9.

/// The functions of this chapter, given to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! comm_functions {
    ($with:ident) => {
        $with! {
            anytime {
                one  Comm_create_errhandler(comm_errhandler_fn: Option<HandlerFunction>, errhandler: *mut Errhandler) = errhandler::create;
                one  Errhandler_create(comm_errhandler_fn: Option<HandlerFunction>, errhandler: *mut Errhandler) = errhandler::create;
                one  Errhandler_free(errhandler: *mut Errhandler) = errhandler::free;
                one  Add_error_class(errorclass: *mut c_int) = errhandler::add_class;
                one  Add_error_code(errorclass: c_int, errorcode: *mut c_int) = errhandler::add_code;
                one  Add_error_string(errorcode: c_int, string: *const c_char) = errhandler::add_string;
                one  Remove_error_class(errorclass: c_int) = errhandler::remove_class;
                one  Remove_error_code(errorcode: c_int) = errhandler::remove_code;
                one  Remove_error_string(errorcode: c_int) = errhandler::remove_string;
            }
            running {
                one  Comm_rank(comm: Comm, rank: *mut c_int) = comm::rank;
                one  Comm_size(comm: Comm, size: *mut c_int) = comm::size;
                one  Comm_test_inter(comm: Comm, flag: *mut c_int) = comm::inter::test;
                one  Comm_remote_size(comm: Comm, size: *mut c_int) = comm::inter::remote_size;
                one  Comm_remote_group(comm: Comm, group: *mut Group) = comm::inter::remote_group;
                one  Comm_get_parent(parent: *mut Comm) = comm::parent;
                one  Comm_dup(comm: Comm, newcomm: *mut Comm) = comm::make::dup;
                one  Comm_dup_with_info(comm: Comm, info: Info, newcomm: *mut Comm) = comm::make::dup_with_info;
                one  Comm_split(comm: Comm, color: c_int, key: c_int, newcomm: *mut Comm) = comm::make::split;
                one  Comm_split_type(comm: Comm, split_type: c_int, key: c_int, info: Info, newcomm: *mut Comm) = comm::make::split_type;
                one  Comm_create(comm: Comm, group: Group, newcomm: *mut Comm) = comm::make::create;
                one  Comm_idup(comm: Comm, newcomm: *mut Comm, request: *mut Request) = comm::make::idup;
                one  Comm_idup_with_info(comm: Comm, info: Info, newcomm: *mut Comm, request: *mut Request) = comm::make::idup_with_info;
                one  Comm_create_group(comm: Comm, group: Group, tag: c_int, newcomm: *mut Comm) = comm::make::create_group;
                one  Comm_create_from_group(group: Group, stringtag: *const c_char, info: Info, errhandler: Errhandler, newcomm: *mut Comm) = comm::make::create_from_group;
                one  Get_hw_resource_info(hw_info: *mut Info) = comm::make::hardware;
                one  Intercomm_create(local_comm: Comm, local_leader: c_int, peer_comm: Comm, remote_leader: c_int, tag: c_int, newintercomm: *mut Comm) = comm::inter::create;
                one  Intercomm_create_from_groups(local_group: Group, local_leader: c_int, remote_group: Group, remote_leader: c_int, stringtag: *const c_char, info: Info, errhandler: Errhandler, newintercomm: *mut Comm) = comm::inter::create_from_groups;
                one  Intercomm_merge(intercomm: Comm, high: c_int, newintracomm: *mut Comm) = comm::inter::merge;
                one  Comm_compare(comm1: Comm, comm2: Comm, result: *mut c_int) = comm::compare;
                one  Comm_group(comm: Comm, group: *mut Group) = comm::group;
                one  Comm_free(comm: *mut Comm) = comm::free::free;
                one  Comm_disconnect(comm: *mut Comm) = comm::free::disconnect;
                one  Comm_set_name(comm: Comm, comm_name: *const c_char) = comm::set_name;
                one  Comm_get_name(comm: Comm, comm_name: *mut c_char, resultlen: *mut c_int) = comm::get_name;
                one  Comm_set_info(comm: Comm, info: Info) = comm::set_info;
                one  Comm_get_info(comm: Comm, info_used: *mut Info) = comm::get_info;
                one  Comm_create_keyval(comm_copy_attr_fn: Option<CopyFunction>, comm_delete_attr_fn: Option<DeleteFunction>, comm_keyval: *mut c_int, extra_state: *mut c_void) = attribute::create_keyval;
                one  Comm_free_keyval(comm_keyval: *mut c_int) = attribute::free_keyval;
                one  Comm_set_attr(comm: Comm, comm_keyval: c_int, attribute_val: *mut c_void) = attribute::set;
                one  Comm_get_attr(comm: Comm, comm_keyval: c_int, attribute_val: *mut c_void, flag: *mut c_int) = attribute::get;
                one  Comm_delete_attr(comm: Comm, comm_keyval: c_int) = attribute::delete;
                one  Keyval_create(copy_fn: Option<CopyFunction>, delete_fn: Option<DeleteFunction>, keyval: *mut c_int, extra_state: *mut c_void) = attribute::create_keyval;
                one  Keyval_free(keyval: *mut c_int) = attribute::free_keyval;
                one  Attr_put(comm: Comm, keyval: c_int, attribute_val: *mut c_void) = attribute::set;
                one  Attr_get(comm: Comm, keyval: c_int, attribute_val: *mut c_void, flag: *mut c_int) = attribute::get;
                one  Attr_delete(comm: Comm, keyval: c_int) = attribute::delete;
                one  Comm_set_errhandler(comm: Comm, errhandler: Errhandler) = errhandler::set;
                one  Comm_get_errhandler(comm: Comm, errhandler: *mut Errhandler) = errhandler::get;
                one  Errhandler_set(comm: Comm, errhandler: Errhandler) = errhandler::set;
                one  Errhandler_get(comm: Comm, errhandler: *mut Errhandler) = errhandler::get;
                one  Comm_call_errhandler(comm: Comm, errorcode: c_int) = errhandler::call_handler;
                one  Group_from_session_pset(session: Session, pset_name: *const c_char, newgroup: *mut Group) = session::group;
                one  Group_size(group: Group, size: *mut c_int) = group::size;
                one  Group_rank(group: Group, rank: *mut c_int) = group::rank;
                one  Group_free(group: *mut Group) = group::free;
                one  Group_compare(group1: Group, group2: Group, result: *mut c_int) = group::compare;
                one  Group_translate_ranks(group1: Group, n: c_int, ranks1: *const c_int, group2: Group, ranks2: *mut c_int) = group::translate;
                one  Group_union(group1: Group, group2: Group, newgroup: *mut Group) = group::union;
                one  Group_intersection(group1: Group, group2: Group, newgroup: *mut Group) = group::intersection;
                one  Group_difference(group1: Group, group2: Group, newgroup: *mut Group) = group::difference;
                one  Group_incl(group: Group, n: c_int, ranks: *const c_int, newgroup: *mut Group) = group::incl;
                one  Group_excl(group: Group, n: c_int, ranks: *const c_int, newgroup: *mut Group) = group::excl;
                one  Group_range_incl(group: Group, n: c_int, ranges: *mut [c_int; 3], newgroup: *mut Group) = group::range_incl;
                one  Group_range_excl(group: Group, n: c_int, ranges: *mut [c_int; 3], newgroup: *mut Group) = group::range_excl;
            }
            collectives {}
            plain {}
            unsupported {}
        }
    };
}
