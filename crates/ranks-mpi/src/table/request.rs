//! Requests and statuses: MPI 5.0 chapters 3 and 13.

/// The functions of this chapter, given to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! request_functions {
    ($with:ident) => {
        $with! {
            anytime {}
            running {
                one  Wait(request: *mut Request, status: *mut Status) = request::wait;
                one  Test(request: *mut Request, flag: *mut c_int, status: *mut Status) = request::test;
                one  Waitall(count: c_int, array_of_requests: *mut Request, array_of_statuses: *mut Status) = request::wait_all;
                one  Testall(count: c_int, array_of_requests: *mut Request, flag: *mut c_int, array_of_statuses: *mut Status) = request::test_all;
                one  Waitany(count: c_int, array_of_requests: *mut Request, indx: *mut c_int, status: *mut Status) = request::wait_any;
                one  Testany(count: c_int, array_of_requests: *mut Request, indx: *mut c_int, flag: *mut c_int, status: *mut Status) = request::test_any;
                one  Waitsome(incount: c_int, array_of_requests: *mut Request, outcount: *mut c_int, array_of_indices: *mut c_int, array_of_statuses: *mut Status) = request::wait_some;
                one  Testsome(incount: c_int, array_of_requests: *mut Request, outcount: *mut c_int, array_of_indices: *mut c_int, array_of_statuses: *mut Status) = request::test_some;
                one  Request_get_status(request: Request, flag: *mut c_int, status: *mut Status) = request::look::one;
                one  Request_get_status_any(count: c_int, array_of_requests: *const Request, indx: *mut c_int, flag: *mut c_int, status: *mut Status) = request::look::any;
                one  Request_get_status_all(count: c_int, array_of_requests: *const Request, flag: *mut c_int, array_of_statuses: *mut Status) = request::look::all;
                one  Request_get_status_some(incount: c_int, array_of_requests: *const Request, outcount: *mut c_int, array_of_indices: *mut c_int, array_of_statuses: *mut Status) = request::look::some;
                one  Grequest_start(query_fn: Option<QueryFunction>, free_fn: Option<FreeFunction>, cancel_fn: Option<CancelFunction>, extra_state: *mut c_void, request: *mut Request) = grequest::start;
                one  Grequest_complete(request: Request) = grequest::complete;
                one  Start(request: *mut Request) = request::start;
                one  Startall(count: c_int, array_of_requests: *mut Request) = request::start_all;
                one  Cancel(request: *mut Request) = request::cancel;
                one  Request_free(request: *mut Request) = request::free;
                one  Test_cancelled(status: *const Status, flag: *mut c_int) = status::is_cancelled;
                both Get_count(status: *const Status, datatype: Datatype, count: *mut Count) = status::count;
                both Get_elements(status: *const Status, datatype: Datatype, count: *mut Count) = status::elements;
                one  Get_elements_x(status: *const Status, datatype: Datatype, count: *mut LargeCount) = status::elements;
                both Status_set_elements(status: *mut Status, datatype: Datatype, count: Count) = status::set_elements;
                one  Status_set_elements_x(status: *mut Status, datatype: Datatype, count: LargeCount) = status::set_elements;
                one  Status_set_cancelled(status: *mut Status, flag: c_int) = status::set_cancelled;
                one  Status_get_source(status: *const Status, source: *mut c_int) = status::source;
                one  Status_get_tag(status: *const Status, tag: *mut c_int) = status::tag;
                one  Status_get_error(status: *const Status, error: *mut c_int) = status::error;
                one  Status_set_source(status: *mut Status, source: c_int) = status::set_source;
                one  Status_set_tag(status: *mut Status, tag: c_int) = status::set_tag;
                one  Status_set_error(status: *mut Status, error: c_int) = status::set_error;
                one  Status_c2f(c_status: *const Status, f_status: *mut Status) = status::copy;
                one  Status_f2c(f_status: *const Status, c_status: *mut Status) = status::copy;
                one  Status_c2f08(c_status: *const Status, f08_status: *mut Status) = status::copy;
                one  Status_f082c(f08_status: *const Status, c_status: *mut Status) = status::copy;
                one  Status_f082f(f08_status: *const Status, f_status: *mut Status) = status::copy;
                one  Status_f2f08(f_status: *const Status, f08_status: *mut Status) = status::copy;
            }
            collectives {}
            plain {}
            unsupported {}
        }
    };
}
