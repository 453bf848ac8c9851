//! One-sided communication: MPI 5.0 chapter 12.

/// The functions of this chapter, given to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! window_functions {
    ($with:ident) => {
        $with! {
            anytime {}
            running {}
            plain {}
            unsupported {
                Accumulate(origin_addr: *const c_void, origin_count: c_int, origin_datatype: Datatype, target_rank: c_int, target_disp: Aint, target_count: c_int, target_datatype: Datatype, op: Op, win: Win);
                Compare_and_swap(origin_addr: *const c_void, compare_addr: *const c_void, result_addr: *mut c_void, datatype: Datatype, target_rank: c_int, target_disp: Aint, win: Win);
                Fetch_and_op(origin_addr: *const c_void, result_addr: *mut c_void, datatype: Datatype, target_rank: c_int, target_disp: Aint, op: Op, win: Win);
                Get(origin_addr: *mut c_void, origin_count: c_int, origin_datatype: Datatype, target_rank: c_int, target_disp: Aint, target_count: c_int, target_datatype: Datatype, win: Win);
                Get_accumulate(origin_addr: *const c_void, origin_count: c_int, origin_datatype: Datatype, result_addr: *mut c_void, result_count: c_int, result_datatype: Datatype, target_rank: c_int, target_disp: Aint, target_count: c_int, target_datatype: Datatype, op: Op, win: Win);
                Put(origin_addr: *const c_void, origin_count: c_int, origin_datatype: Datatype, target_rank: c_int, target_disp: Aint, target_count: c_int, target_datatype: Datatype, win: Win);
                Raccumulate(origin_addr: *const c_void, origin_count: c_int, origin_datatype: Datatype, target_rank: c_int, target_disp: Aint, target_count: c_int, target_datatype: Datatype, op: Op, win: Win, request: *mut Request);
                Rget(origin_addr: *mut c_void, origin_count: c_int, origin_datatype: Datatype, target_rank: c_int, target_disp: Aint, target_count: c_int, target_datatype: Datatype, win: Win, request: *mut Request);
                Rget_accumulate(origin_addr: *const c_void, origin_count: c_int, origin_datatype: Datatype, result_addr: *mut c_void, result_count: c_int, result_datatype: Datatype, target_rank: c_int, target_disp: Aint, target_count: c_int, target_datatype: Datatype, op: Op, win: Win, request: *mut Request);
                Rput(origin_addr: *const c_void, origin_count: c_int, origin_datatype: Datatype, target_rank: c_int, target_disp: Aint, target_count: c_int, target_datatype: Datatype, win: Win, request: *mut Request);
                Win_allocate(size: Aint, disp_unit: c_int, info: Info, comm: Comm, baseptr: *mut c_void, win: *mut Win);
                Win_allocate_shared(size: Aint, disp_unit: c_int, info: Info, comm: Comm, baseptr: *mut c_void, win: *mut Win);
                Win_attach(win: Win, base: *mut c_void, size: Aint);
                Win_call_errhandler(win: Win, errorcode: c_int);
                Win_complete(win: Win);
                Win_create(base: *mut c_void, size: Aint, disp_unit: c_int, info: Info, comm: Comm, win: *mut Win);
                Win_create_dynamic(info: Info, comm: Comm, win: *mut Win);
                Win_create_errhandler(win_errhandler_fn: Option<Callback>, errhandler: *mut Errhandler);
                Win_create_keyval(win_copy_attr_fn: Option<Callback>, win_delete_attr_fn: Option<Callback>, win_keyval: *mut c_int, extra_state: *mut c_void);
                Win_delete_attr(win: Win, win_keyval: c_int);
                Win_detach(win: Win, base: *const c_void);
                Win_fence(assert: c_int, win: Win);
                Win_flush(rank: c_int, win: Win);
                Win_flush_all(win: Win);
                Win_flush_local(rank: c_int, win: Win);
                Win_flush_local_all(win: Win);
                Win_free(win: *mut Win);
                Win_free_keyval(win_keyval: *mut c_int);
                Win_get_attr(win: Win, win_keyval: c_int, attribute_val: *mut c_void, flag: *mut c_int);
                Win_get_errhandler(win: Win, errhandler: *mut Errhandler);
                Win_get_group(win: Win, group: *mut Group);
                Win_get_info(win: Win, info_used: *mut Info);
                Win_get_name(win: Win, win_name: *mut c_char, resultlen: *mut c_int);
                Win_lock(lock_type: c_int, rank: c_int, assert: c_int, win: Win);
                Win_lock_all(assert: c_int, win: Win);
                Win_post(group: Group, assert: c_int, win: Win);
                Win_set_attr(win: Win, win_keyval: c_int, attribute_val: *mut c_void);
                Win_set_errhandler(win: Win, errhandler: Errhandler);
                Win_set_info(win: Win, info: Info);
                Win_set_name(win: Win, win_name: *const c_char);
                Win_shared_query(win: Win, rank: c_int, size: *mut Aint, disp_unit: *mut c_int, baseptr: *mut c_void);
                Win_start(group: Group, assert: c_int, win: Win);
                Win_sync(win: Win);
                Win_test(win: Win, flag: *mut c_int);
                Win_unlock(rank: c_int, win: Win);
                Win_unlock_all(win: Win);
                Win_wait(win: Win);
            }
        }
    };
}
