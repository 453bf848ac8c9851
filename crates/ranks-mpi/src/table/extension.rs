//! MPICH's extensions, which its header declares: `MPIX_X`. Programs that name them load; those that would need what
//! this library has not say so. Of these the table has only the arguments that matter here: C passes the others too.

/// The functions of this chapter, given to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! extension_functions {
    ($with:ident) => {
        $with! {
            anytime {
                one  GPU_query_support(gpu_type: c_int, is_supported: *mut c_int) = extension::device;
                one  Info_set_hex(info: Info, key: *const c_char, value: *const u8, value_size: c_int) = extension::set_hex;
                one  Delete_error_class(errorclass: c_int) = errhandler::remove_class;
                one  Delete_error_code(errorcode: c_int) = errhandler::remove_code;
                one  Delete_error_string(errorcode: c_int) = errhandler::remove_string;
            }
            running {
                one  Comm_test_threadcomm(comm: Comm, flag: *mut c_int) = extension::is_of_threads;
            }
            collectives {}
            plain {
                Query_cuda_support() -> c_int = extension::no_device;
                Query_hip_support() -> c_int = extension::no_device;
                Query_ze_support() -> c_int = extension::no_device;
                Request_is_complete(request: Request) -> c_int = extension::is_complete;
                Async_get_state() -> usize = extension::no_state;
            }
            unsupported {
                one  Allreduce_enqueue();
                one  Allreduce_enqueue_c();
                one  Async_spawn();
                one  Async_start();
                one  Comm_agree(comm: Comm);
                one  Comm_create_errhandler_x();
                one  Comm_failure_ack(comm: Comm);
                one  Comm_failure_get_acked(comm: Comm);
                one  Comm_get_failed(comm: Comm);
                one  Comm_get_stream(comm: Comm);
                one  Comm_revoke(comm: Comm);
                one  Comm_shrink(comm: Comm);
                one  File_create_errhandler_x();
                one  Grequest_class_allocate();
                one  Grequest_class_create();
                one  Grequest_start();
                one  Irecv_enqueue();
                one  Irecv_enqueue_c();
                one  Isend_enqueue();
                one  Isend_enqueue_c();
                one  Op_create_x();
                one  Recv_enqueue();
                one  Recv_enqueue_c();
                one  Send_enqueue();
                one  Send_enqueue_c();
                one  Session_create_errhandler_x();
                one  Start_progress_thread();
                one  Stop_progress_thread();
                one  Stream_comm_create(comm: Comm);
                one  Stream_comm_create_multiplex(comm: Comm);
                one  Stream_create();
                one  Stream_free();
                one  Stream_irecv();
                one  Stream_irecv_c();
                one  Stream_isend();
                one  Stream_isend_c();
                one  Stream_progress();
                one  Stream_recv();
                one  Stream_recv_c();
                one  Stream_send();
                one  Stream_send_c();
                one  Threadcomm_finish(comm: Comm);
                one  Threadcomm_free();
                one  Threadcomm_init(comm: Comm);
                one  Threadcomm_start(comm: Comm);
                one  Type_iov();
                one  Type_iov_len();
                one  Wait_enqueue();
                one  Waitall_enqueue();
                one  Win_create_errhandler_x();
            }
        }
    };
}
