//! One-sided communication: MPI 5.0 chapter 12.

/// The functions of this chapter, given to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! window_functions {
    ($with:ident) => {
        $with! {
            anytime {
                one  Win_create_errhandler(win_errhandler_fn: Option<HandlerFunction>, errhandler: *mut Errhandler) = errhandler::create;
            }
            running {
                both Accumulate(origin_addr: *const c_void, origin_count: Count, origin_datatype: Datatype, target_rank: c_int, target_disp: Aint, target_count: Count, target_datatype: Datatype, op: Op, win: Win) = window::access::accumulate;
                one  Compare_and_swap(origin_addr: *const c_void, compare_addr: *const c_void, result_addr: *mut c_void, datatype: Datatype, target_rank: c_int, target_disp: Aint, win: Win) = window::access::compare_and_swap;
                one  Fetch_and_op(origin_addr: *const c_void, result_addr: *mut c_void, datatype: Datatype, target_rank: c_int, target_disp: Aint, op: Op, win: Win) = window::access::fetch_and_op;
                both Get(origin_addr: *mut c_void, origin_count: Count, origin_datatype: Datatype, target_rank: c_int, target_disp: Aint, target_count: Count, target_datatype: Datatype, win: Win) = window::access::get;
                both Get_accumulate(origin_addr: *const c_void, origin_count: Count, origin_datatype: Datatype, result_addr: *mut c_void, result_count: Count, result_datatype: Datatype, target_rank: c_int, target_disp: Aint, target_count: Count, target_datatype: Datatype, op: Op, win: Win) = window::access::get_accumulate;
                both Put(origin_addr: *const c_void, origin_count: Count, origin_datatype: Datatype, target_rank: c_int, target_disp: Aint, target_count: Count, target_datatype: Datatype, win: Win) = window::access::put;
                both Raccumulate(origin_addr: *const c_void, origin_count: Count, origin_datatype: Datatype, target_rank: c_int, target_disp: Aint, target_count: Count, target_datatype: Datatype, op: Op, win: Win, request: *mut Request) = window::access::raccumulate;
                both Rget(origin_addr: *mut c_void, origin_count: Count, origin_datatype: Datatype, target_rank: c_int, target_disp: Aint, target_count: Count, target_datatype: Datatype, win: Win, request: *mut Request) = window::access::rget;
                both Rget_accumulate(origin_addr: *const c_void, origin_count: Count, origin_datatype: Datatype, result_addr: *mut c_void, result_count: Count, result_datatype: Datatype, target_rank: c_int, target_disp: Aint, target_count: Count, target_datatype: Datatype, op: Op, win: Win, request: *mut Request) = window::access::rget_accumulate;
                both Rput(origin_addr: *const c_void, origin_count: Count, origin_datatype: Datatype, target_rank: c_int, target_disp: Aint, target_count: Count, target_datatype: Datatype, win: Win, request: *mut Request) = window::access::rput;
                both Win_allocate(size: Aint, disp_unit: Displacement, info: Info, comm: Comm, baseptr: *mut c_void, win: *mut Win) = window::make::allocate;
                both Win_allocate_shared(size: Aint, disp_unit: Displacement, info: Info, comm: Comm, baseptr: *mut c_void, win: *mut Win) = window::make::allocate_shared;
                one  Win_attach(win: Win, base: *mut c_void, size: Aint) = window::make::attach;
                one  Win_call_errhandler(win: Win, errorcode: c_int) = errhandler::call_of_win;
                one  Win_complete(win: Win) = window::sync::done;
                both Win_create(base: *mut c_void, size: Aint, disp_unit: Displacement, info: Info, comm: Comm, win: *mut Win) = window::make::create;
                one  Win_create_dynamic(info: Info, comm: Comm, win: *mut Win) = window::make::create_dynamic;
                one  Win_create_keyval(win_copy_attr_fn: Option<CopyFunction>, win_delete_attr_fn: Option<DeleteFunction>, win_keyval: *mut c_int, extra_state: *mut c_void) = attribute::create_win_keyval;
                one  Win_delete_attr(win: Win, win_keyval: c_int) = attribute::delete_win;
                one  Win_detach(win: Win, base: *const c_void) = window::make::detach;
                one  Win_fence(assert: c_int, win: Win) = window::sync::fence;
                one  Win_flush(rank: c_int, win: Win) = window::sync::done_at;
                one  Win_flush_all(win: Win) = window::sync::done;
                one  Win_flush_local(rank: c_int, win: Win) = window::sync::done_at;
                one  Win_flush_local_all(win: Win) = window::sync::done;
                one  Win_free(win: *mut Win) = window::make::free;
                one  Win_free_keyval(win_keyval: *mut c_int) = attribute::free_keyval;
                one  Win_get_attr(win: Win, win_keyval: c_int, attribute_val: *mut c_void, flag: *mut c_int) = attribute::get_win;
                one  Win_get_errhandler(win: Win, errhandler: *mut Errhandler) = errhandler::get_of_win;
                one  Win_get_group(win: Win, group: *mut Group) = window::get_group;
                one  Win_get_info(win: Win, info_used: *mut Info) = window::get_info;
                one  Win_get_name(win: Win, win_name: *mut c_char, resultlen: *mut c_int) = window::get_name;
                one  Win_lock(lock_type: c_int, rank: c_int, assert: c_int, win: Win) = window::sync::lock;
                one  Win_lock_all(assert: c_int, win: Win) = window::sync::lock_all;
                one  Win_post(group: Group, assert: c_int, win: Win) = window::sync::with_group;
                one  Win_set_attr(win: Win, win_keyval: c_int, attribute_val: *mut c_void) = attribute::set_win;
                one  Win_set_errhandler(win: Win, errhandler: Errhandler) = errhandler::set_of_win;
                one  Win_set_info(win: Win, info: Info) = window::set_info;
                one  Win_set_name(win: Win, win_name: *const c_char) = window::set_name;
                both Win_shared_query(win: Win, rank: c_int, size: *mut Aint, disp_unit: *mut Displacement, baseptr: *mut c_void) = window::shared_query;
                one  Win_start(group: Group, assert: c_int, win: Win) = window::sync::with_group;
                one  Win_sync(win: Win) = window::sync::done;
                one  Win_test(win: Win, flag: *mut c_int) = window::sync::test;
                one  Win_unlock(rank: c_int, win: Win) = window::sync::done_at;
                one  Win_unlock_all(win: Win) = window::sync::done;
                one  Win_wait(win: Win) = window::sync::done;
            }
            collectives {}
            plain {}
            unsupported {}
        }
    };
}
