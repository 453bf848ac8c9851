//! Files: MPI 5.0 chapter 14.

/// The functions of this chapter, given to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! file_functions {
    ($with:ident) => {
        $with! {
            anytime {}
            running {}
            plain {}
            unsupported {
                File_call_errhandler(fh: File, errorcode: c_int);
                File_close(fh: *mut File);
                File_create_errhandler(file_errhandler_fn: Option<Callback>, errhandler: *mut Errhandler);
                File_delete(filename: *const c_char, info: Info);
                File_get_amode(fh: File, amode: *mut c_int);
                File_get_atomicity(fh: File, flag: *mut c_int);
                File_get_byte_offset(fh: File, offset: Offset, disp: *mut Offset);
                File_get_errhandler(file: File, errhandler: *mut Errhandler);
                File_get_group(fh: File, group: *mut Group);
                File_get_info(fh: File, info_used: *mut Info);
                File_get_position(fh: File, offset: *mut Offset);
                File_get_position_shared(fh: File, offset: *mut Offset);
                File_get_size(fh: File, size: *mut Offset);
                File_get_type_extent(fh: File, datatype: Datatype, extent: *mut Aint);
                File_get_view(fh: File, disp: *mut Offset, etype: *mut Datatype, filetype: *mut Datatype, datarep: *mut c_char);
                File_iread(fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, request: *mut Request);
                File_iread_at(fh: File, offset: Offset, buf: *mut c_void, count: c_int, datatype: Datatype, request: *mut Request);
                File_iread_shared(fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, request: *mut Request);
                File_iwrite(fh: File, buf: *const c_void, count: c_int, datatype: Datatype, request: *mut Request);
                File_iwrite_at(fh: File, offset: Offset, buf: *const c_void, count: c_int, datatype: Datatype, request: *mut Request);
                File_iwrite_shared(fh: File, buf: *const c_void, count: c_int, datatype: Datatype, request: *mut Request);
                File_open(comm: Comm, filename: *const c_char, amode: c_int, info: Info, fh: *mut File);
                File_preallocate(fh: File, size: Offset);
                File_read(fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, status: *mut Status);
                File_read_all(fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, status: *mut Status);
                File_read_all_begin(fh: File, buf: *mut c_void, count: c_int, datatype: Datatype);
                File_read_all_end(fh: File, buf: *mut c_void, status: *mut Status);
                File_read_at(fh: File, offset: Offset, buf: *mut c_void, count: c_int, datatype: Datatype, status: *mut Status);
                File_read_at_all(fh: File, offset: Offset, buf: *mut c_void, count: c_int, datatype: Datatype, status: *mut Status);
                File_read_at_all_begin(fh: File, offset: Offset, buf: *mut c_void, count: c_int, datatype: Datatype);
                File_read_at_all_end(fh: File, buf: *mut c_void, status: *mut Status);
                File_read_ordered(fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, status: *mut Status);
                File_read_ordered_begin(fh: File, buf: *mut c_void, count: c_int, datatype: Datatype);
                File_read_ordered_end(fh: File, buf: *mut c_void, status: *mut Status);
                File_read_shared(fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, status: *mut Status);
                File_seek(fh: File, offset: Offset, whence: c_int);
                File_seek_shared(fh: File, offset: Offset, whence: c_int);
                File_set_atomicity(fh: File, flag: c_int);
                File_set_errhandler(file: File, errhandler: Errhandler);
                File_set_info(fh: File, info: Info);
                File_set_size(fh: File, size: Offset);
                File_set_view(fh: File, disp: Offset, etype: Datatype, filetype: Datatype, datarep: *const c_char, info: Info);
                File_sync(fh: File);
                File_write(fh: File, buf: *const c_void, count: c_int, datatype: Datatype, status: *mut Status);
                File_write_all(fh: File, buf: *const c_void, count: c_int, datatype: Datatype, status: *mut Status);
                File_write_all_begin(fh: File, buf: *const c_void, count: c_int, datatype: Datatype);
                File_write_all_end(fh: File, buf: *const c_void, status: *mut Status);
                File_write_at(fh: File, offset: Offset, buf: *const c_void, count: c_int, datatype: Datatype, status: *mut Status);
                File_write_at_all(fh: File, offset: Offset, buf: *const c_void, count: c_int, datatype: Datatype, status: *mut Status);
                File_write_at_all_begin(fh: File, offset: Offset, buf: *const c_void, count: c_int, datatype: Datatype);
                File_write_at_all_end(fh: File, buf: *const c_void, status: *mut Status);
                File_write_ordered(fh: File, buf: *const c_void, count: c_int, datatype: Datatype, status: *mut Status);
                File_write_ordered_begin(fh: File, buf: *const c_void, count: c_int, datatype: Datatype);
                File_write_ordered_end(fh: File, buf: *const c_void, status: *mut Status);
                File_write_shared(fh: File, buf: *const c_void, count: c_int, datatype: Datatype, status: *mut Status);
                Register_datarep(datarep: *const c_char, read_conversion_fn: Option<Callback>, write_conversion_fn: Option<Callback>, dtype_file_extent_fn: Option<Callback>, extra_state: *mut c_void);
            }
        }
    };
}
