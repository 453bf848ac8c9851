//! Files: MPI 5.0 chapter 14.

/// The functions of this chapter, given to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! file_functions {
    ($with:ident) => {
        $with! {
            anytime {
                one  File_create_errhandler(file_errhandler_fn: Option<HandlerFunction>, errhandler: *mut Errhandler) = errhandler::create;
            }
            running {
                one  File_call_errhandler(fh: File, errorcode: c_int) = errhandler::call_of_file;
                one  File_close(fh: *mut File) = file::open::close;
                one  File_delete(filename: *const c_char, info: Info) = file::open::delete;
                one  File_get_amode(fh: File, amode: *mut c_int) = file::mode;
                one  File_get_atomicity(fh: File, flag: *mut c_int) = file::atomicity;
                one  File_get_byte_offset(fh: File, offset: Offset, disp: *mut Offset) = file::view::byte_offset;
                one  File_get_errhandler(file: File, errhandler: *mut Errhandler) = errhandler::get_of_file;
                one  File_get_group(fh: File, group: *mut Group) = file::get_group;
                one  File_get_info(fh: File, info_used: *mut Info) = file::get_info;
                one  File_get_position(fh: File, offset: *mut Offset) = file::view::position;
                one  File_get_position_shared(fh: File, offset: *mut Offset) = file::view::shared_position;
                one  File_get_size(fh: File, size: *mut Offset) = file::size;
                both File_get_type_extent(fh: File, datatype: Datatype, extent: *mut Extent) = file::view::type_extent;
                one  File_get_view(fh: File, disp: *mut Offset, etype: *mut Datatype, filetype: *mut Datatype, datarep: *mut c_char) = file::view::get;
                one  File_open(comm: Comm, filename: *const c_char, amode: c_int, info: Info, fh: *mut File) = file::open::open;
                one  File_preallocate(fh: File, size: Offset) = file::preallocate;
                one  File_seek(fh: File, offset: Offset, whence: c_int) = file::view::seek;
                one  File_seek_shared(fh: File, offset: Offset, whence: c_int) = file::view::seek_shared;
                one  File_set_atomicity(fh: File, flag: c_int) = file::set_atomicity;
                one  File_set_errhandler(file: File, errhandler: Errhandler) = errhandler::set_of_file;
                one  File_set_info(fh: File, info: Info) = file::set_info;
                one  File_set_size(fh: File, size: Offset) = file::set_size;
                one  File_set_view(fh: File, disp: Offset, etype: Datatype, filetype: Datatype, datarep: *const c_char, info: Info) = file::view::set;
                one  File_sync(fh: File) = file::sync;
            }
            collectives {}
            plain {}
            unsupported {
                both File_iread(fh: File, buf: *mut c_void, count: Count, datatype: Datatype, request: *mut Request);
                both File_iread_all(fh: File, buf: *mut c_void, count: Count, datatype: Datatype, request: *mut Request);
                both File_iread_at(fh: File, offset: Offset, buf: *mut c_void, count: Count, datatype: Datatype, request: *mut Request);
                both File_iread_at_all(fh: File, offset: Offset, buf: *mut c_void, count: Count, datatype: Datatype, request: *mut Request);
                both File_iread_shared(fh: File, buf: *mut c_void, count: Count, datatype: Datatype, request: *mut Request);
                both File_iwrite(fh: File, buf: *const c_void, count: Count, datatype: Datatype, request: *mut Request);
                both File_iwrite_all(fh: File, buf: *const c_void, count: Count, datatype: Datatype, request: *mut Request);
                both File_iwrite_at(fh: File, offset: Offset, buf: *const c_void, count: Count, datatype: Datatype, request: *mut Request);
                both File_iwrite_at_all(fh: File, offset: Offset, buf: *const c_void, count: Count, datatype: Datatype, request: *mut Request);
                both File_iwrite_shared(fh: File, buf: *const c_void, count: Count, datatype: Datatype, request: *mut Request);
                both File_read(fh: File, buf: *mut c_void, count: Count, datatype: Datatype, status: *mut Status);
                both File_read_all(fh: File, buf: *mut c_void, count: Count, datatype: Datatype, status: *mut Status);
                both File_read_all_begin(fh: File, buf: *mut c_void, count: Count, datatype: Datatype);
                one  File_read_all_end(fh: File, buf: *mut c_void, status: *mut Status);
                both File_read_at(fh: File, offset: Offset, buf: *mut c_void, count: Count, datatype: Datatype, status: *mut Status);
                both File_read_at_all(fh: File, offset: Offset, buf: *mut c_void, count: Count, datatype: Datatype, status: *mut Status);
                both File_read_at_all_begin(fh: File, offset: Offset, buf: *mut c_void, count: Count, datatype: Datatype);
                one  File_read_at_all_end(fh: File, buf: *mut c_void, status: *mut Status);
                both File_read_ordered(fh: File, buf: *mut c_void, count: Count, datatype: Datatype, status: *mut Status);
                both File_read_ordered_begin(fh: File, buf: *mut c_void, count: Count, datatype: Datatype);
                one  File_read_ordered_end(fh: File, buf: *mut c_void, status: *mut Status);
                both File_read_shared(fh: File, buf: *mut c_void, count: Count, datatype: Datatype, status: *mut Status);
                both File_write(fh: File, buf: *const c_void, count: Count, datatype: Datatype, status: *mut Status);
                both File_write_all(fh: File, buf: *const c_void, count: Count, datatype: Datatype, status: *mut Status);
                both File_write_all_begin(fh: File, buf: *const c_void, count: Count, datatype: Datatype);
                one  File_write_all_end(fh: File, buf: *const c_void, status: *mut Status);
                both File_write_at(fh: File, offset: Offset, buf: *const c_void, count: Count, datatype: Datatype, status: *mut Status);
                both File_write_at_all(fh: File, offset: Offset, buf: *const c_void, count: Count, datatype: Datatype, status: *mut Status);
                both File_write_at_all_begin(fh: File, offset: Offset, buf: *const c_void, count: Count, datatype: Datatype);
                one  File_write_at_all_end(fh: File, buf: *const c_void, status: *mut Status);
                both File_write_ordered(fh: File, buf: *const c_void, count: Count, datatype: Datatype, status: *mut Status);
                both File_write_ordered_begin(fh: File, buf: *const c_void, count: Count, datatype: Datatype);
                one  File_write_ordered_end(fh: File, buf: *const c_void, status: *mut Status);
                both File_write_shared(fh: File, buf: *const c_void, count: Count, datatype: Datatype, status: *mut Status);
                both Register_datarep(datarep: *const c_char, read_conversion_fn: Option<Callback>, write_conversion_fn: Option<Callback>, dtype_file_extent_fn: Option<Callback>, extra_state: *mut c_void);
            }
        }
    };
}
