//! libmpi.so.12: the library that programs built for the MPICH ABI load.
//!
//! Nothing happens here but exporting: `ranks-mpi` has the functions, its table says which there are.

use ranks_mpi::attribute::{CopyFunction, CopyProxy, DeleteFunction, DeleteProxy};
use ranks_mpi::errhandler::Function as HandlerFunction;
use ranks_mpi::grequest::{Cancel as CancelFunction, Free as FreeFunction, Query as QueryFunction};
use ranks_mpi::mpich::{
    Comm, Datatype, Errhandler, File, Group, Info, Message, Mpich as Abi, Op, Request, Session, Status, Win,
};
use std::ffi::{c_char, c_int, c_void};

/// `MPI_Aint`.
type Aint = i64;
/// `MPI_Offset`.
type Offset = i64;
/// `MPI_Count`.
type LargeCount = i64;
/// A callback of a function that is not supported yet.
type Callback = unsafe extern "C" fn();

use ranks_mpi::{extension_entries, fortran_entries, int_entries, large_entries};
ranks_mpi::exports!();

/// Data that C programs refer to by name.
mod data {
    use super::*;
    use std::sync::atomic::{AtomicI32, AtomicPtr};

    /// An address that means something by itself; what it points to is never looked at.
    #[repr(transparent)]
    pub struct Mark(*const c_int);

    // SAFETY: the address is only compared.
    unsafe impl Sync for Mark {}

    use ranks_mpi::mpich::{UNWEIGHTED, WEIGHTS_EMPTY};

    /// `MPI_UNWEIGHTED`.
    #[unsafe(no_mangle)]
    pub static MPI_UNWEIGHTED: Mark = Mark(&UNWEIGHTED);
    /// `MPI_WEIGHTS_EMPTY`.
    #[unsafe(no_mangle)]
    pub static MPI_WEIGHTS_EMPTY: Mark = Mark(&WEIGHTS_EMPTY);
    /// `MPI_F_STATUS_IGNORE`. Writable: Fortran wrappers store here where their own is.
    #[unsafe(no_mangle)]
    pub static MPI_F_STATUS_IGNORE: AtomicPtr<c_int> = AtomicPtr::new(std::ptr::without_provenance_mut(1));
    /// `MPI_F_STATUSES_IGNORE`.
    #[unsafe(no_mangle)]
    pub static MPI_F_STATUSES_IGNORE: AtomicPtr<c_int> = AtomicPtr::new(std::ptr::without_provenance_mut(1));

    /// A status of Fortran 2008 that stands for none: only its address counts.
    #[unsafe(no_mangle)]
    pub static MPIR_F08_MPI_STATUS_IGNORE_OBJ: Status =
        Status { count_lo: 0, count_hi_and_cancelled: 0, source: 0, tag: 0, error: 0 };
    /// Statuses of Fortran 2008 that stand for none, where an array of them is asked for: only its address counts.
    #[unsafe(no_mangle)]
    pub static MPIR_F08_MPI_STATUSES_IGNORE_OBJ: [Status; 1] = [MPIR_F08_MPI_STATUS_IGNORE_OBJ];

    /// The address of such a status.
    #[repr(transparent)]
    pub struct NoStatus(*const Status);

    // SAFETY: the address is only compared.
    unsafe impl Sync for NoStatus {}

    /// `MPI_F08_STATUS_IGNORE`.
    #[unsafe(no_mangle)]
    pub static MPI_F08_STATUS_IGNORE: NoStatus = NoStatus(&MPIR_F08_MPI_STATUS_IGNORE_OBJ);
    /// `MPI_F08_STATUSES_IGNORE`.
    #[unsafe(no_mangle)]
    pub static MPI_F08_STATUSES_IGNORE: NoStatus =
        NoStatus((&raw const MPIR_F08_MPI_STATUSES_IGNORE_OBJ).cast());

    /// Fortran's `.TRUE.` as an integer; wrappers read it, and may set it.
    #[unsafe(no_mangle)]
    pub static MPIR_fortran_true: AtomicI32 = AtomicI32::new(1);
    /// Fortran's `.FALSE.`.
    #[unsafe(no_mangle)]
    pub static MPIR_fortran_false: AtomicI32 = AtomicI32::new(0);

    /// `MPI_DUP_FN`: the copy callback that copies the pointer.
    ///
    /// # Safety
    /// As for every copy callback: `out` is a place for a pointer, `flag` one for an int.
    #[unsafe(no_mangle)]
    pub unsafe extern "C-unwind" fn MPIR_Dup_fn(
        _: Comm,
        _: c_int,
        _: *mut c_void,
        value: *mut c_void,
        out: *mut c_void,
        flag: *mut c_int,
    ) -> c_int {
        // SAFETY: as the function's contract says.
        unsafe {
            out.cast::<*mut c_void>().write(value);
            flag.write(1);
        }
        0
    }
}
