//! What an ABI of MPI must say of itself: its handles, its constants, the layout of its status.
//!
//! The functions are written once, over this trait. Inside, a handle is a [`Ref`], ranks and tags are
//! numbered as the engine numbers them (which is as MPICH does), and error classes have MPICH's numbers.

use ranks_engine::Status;
use std::ffi::{c_int, c_void};

/// What a handle stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ref {
    /// The null handle of its kind.
    Null,
    /// A predefined object: its number in the table of its kind.
    Builtin(u32),
    /// An object made at run time: its key.
    Dynamic(u32),
    /// No handle of this kind.
    Invalid,
}

/// A handle as C programs hold it.
pub trait Handle: Copy + PartialEq + Send + Sync + 'static {
    /// The null handle.
    const NULL: Self;
    /// What it stands for.
    fn decode(self) -> Ref;
    /// The handle of something; never of [`Ref::Invalid`].
    fn encode(what: Ref) -> Self;
    /// The handle as an integer (`MPI_Comm_toint` and the like).
    fn to_int(self) -> c_int;
    /// The handle that an integer stands for.
    fn from_int(value: c_int) -> Self;
}

/// Numbers of the predefined objects, as in [`Ref::Builtin`].
pub mod builtin {
    /// `MPI_COMM_WORLD`.
    pub const WORLD: u32 = 0;
    /// `MPI_COMM_SELF`.
    pub const SELF: u32 = 1;
    /// `MPI_ERRORS_ARE_FATAL`.
    pub const FATAL: u32 = 0;
    /// `MPI_ERRORS_RETURN`.
    pub const RETURN: u32 = 1;
    /// `MPI_ERRORS_ABORT`.
    pub const ABORT: u32 = 2;
    /// `MPI_GROUP_EMPTY`.
    pub const EMPTY_GROUP: u32 = 0;
    /// `MPI_MESSAGE_NO_PROC`.
    pub const NO_PROC: u32 = 0;
    /// `MPI_INFO_ENV`.
    pub const INFO_ENV: u32 = 0;
    /// A request that was complete when it was made: it stands for any number of sends.
    pub const SENT: u32 = 0;
}

/// The attributes that every communicator, or every window, has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predefined {
    /// The largest tag.
    TagUb,
    /// Rank of the host process: none.
    Host,
    /// Ranks that can do input and output: all.
    Io,
    /// Whether clocks agree: they do, it is one machine.
    WtimeIsGlobal,
    /// How many ranks the job could have.
    UniverseSize,
    /// The largest error code in use.
    LastUsedCode,
    /// Which program of several this is.
    AppNum,
    /// Of a window: where its memory begins.
    WinBase,
    /// Of a window: its size in bytes.
    WinSize,
    /// Of a window: bytes of a unit of displacement.
    WinUnit,
    /// Of a window: how it was made.
    WinFlavor,
    /// Of a window: one copy of its memory, or two.
    WinModel,
}

impl Predefined {
    /// True for the attributes of windows.
    pub fn is_of_window(self) -> bool {
        use Predefined::{WinBase, WinFlavor, WinModel, WinSize, WinUnit};
        matches!(self, WinBase | WinSize | WinUnit | WinFlavor | WinModel)
    }
}

/// A key of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyval {
    /// One that every communicator or window has.
    Predefined(Predefined),
    /// One that the program made: its key.
    Dynamic(u32),
    /// None.
    Invalid,
}

/// `MPI_Comm_c2f`, `MPI_Comm_toint` and the like.
pub fn to_int<H: Handle>(handle: H) -> c_int {
    handle.to_int()
}

/// `MPI_Comm_f2c`, `MPI_Comm_fromint` and the like.
pub fn from_int<H: Handle>(value: c_int) -> H {
    H::from_int(value)
}

/// An ABI of MPI.
pub trait Abi: Copy + 'static {
    /// `MPI_Comm`.
    type Comm: Handle;
    /// `MPI_Datatype`.
    type Datatype: Handle;
    /// `MPI_Request`.
    type Request: Handle;
    /// `MPI_Message`.
    type Message: Handle;
    /// `MPI_Errhandler`.
    type Errhandler: Handle;
    /// `MPI_Group`.
    type Group: Handle;
    /// `MPI_Info`.
    type Info: Handle;
    /// `MPI_Op`.
    type Op: Handle;
    /// `MPI_Win`.
    type Win: Handle;
    /// `MPI_Session`.
    type Session: Handle;
    /// `MPI_File`.
    type File: Handle;
    /// `MPI_Status`.
    type Status: Copy + Default + 'static;

    /// The name of the ABI, as in the library's version string.
    const NAME: &'static str;
    /// `MPI_KEYVAL_INVALID`.
    const KEYVAL_INVALID: c_int;
    /// `MPI_COMM_TYPE_SHARED`, `HW_GUIDED`, `HW_UNGUIDED`, `RESOURCE_GUIDED`.
    const COMM_TYPES: [c_int; 4];
    /// `MPI_GRAPH`, `MPI_CART`, `MPI_DIST_GRAPH`.
    const TOPOLOGIES: [c_int; 3];
    /// `MPI_IDENT`, `MPI_CONGRUENT`, `MPI_SIMILAR`, `MPI_UNEQUAL`.
    const COMPARED: [c_int; 4];
    /// `MPI_COMBINER_NAMED`, `DUP`, `CONTIGUOUS`, `VECTOR`, `HVECTOR`, `INDEXED`, `HINDEXED`, `INDEXED_BLOCK`,
    /// `HINDEXED_BLOCK`, `STRUCT`, `SUBARRAY`, `DARRAY`, `F90_REAL`, `F90_COMPLEX`, `F90_INTEGER`, `RESIZED`,
    /// `VALUE_INDEX`.
    const COMBINERS: [c_int; 17];
    /// `MPI_ORDER_C`, `MPI_ORDER_FORTRAN`.
    const ORDERS: [c_int; 2];
    /// `MPI_DISTRIBUTE_BLOCK`, `MPI_DISTRIBUTE_CYCLIC`, `MPI_DISTRIBUTE_NONE`.
    const DISTRIBUTIONS: [c_int; 3];
    /// `MPI_DISTRIBUTE_DFLT_DARG`.
    const DISTRIBUTE_DEFAULT: c_int;
    /// `MPI_TYPECLASS_REAL`, `MPI_TYPECLASS_INTEGER`, `MPI_TYPECLASS_COMPLEX`.
    const TYPE_CLASSES: [c_int; 3];
    /// `MPI_WIN_FLAVOR_CREATE`, `ALLOCATE`, `DYNAMIC`, `SHARED`.
    const FLAVORS: [c_int; 4];
    /// `MPI_WIN_UNIFIED`.
    const UNIFIED: c_int;
    /// `MPI_LOCK_EXCLUSIVE`, `MPI_LOCK_SHARED`.
    const LOCKS: [c_int; 2];
    /// `MPI_MODE_RDONLY`, `RDWR`, `WRONLY`, `CREATE`, `EXCL`, `DELETE_ON_CLOSE`, `UNIQUE_OPEN`, `APPEND`, `SEQUENTIAL`.
    const MODES: [c_int; 9];
    /// `MPI_SEEK_SET`, `MPI_SEEK_CUR`, `MPI_SEEK_END`.
    const SEEKS: [c_int; 3];
    /// `MPI_DISPLACEMENT_CURRENT`.
    const DISPLACEMENT_CURRENT: i64;
    /// `MPI_BSEND_OVERHEAD`.
    const BSEND_OVERHEAD: usize;
    /// `MPI_ERR_LASTCODE`.
    const LAST_CODE: c_int;
    /// `MPI_MAX_PROCESSOR_NAME`, with its final zero.
    const MAX_PROCESSOR_NAME: usize;
    /// `MPI_MAX_INFO_KEY`.
    const MAX_INFO_KEY: usize;

    /// A rank argument in the engine's numbers.
    fn rank_in(rank: c_int) -> c_int;
    /// A rank, wildcards included, in the ABI's numbers.
    fn rank_out(rank: c_int) -> c_int;
    /// A tag argument in the engine's numbers.
    fn tag_in(tag: c_int) -> c_int;
    /// A tag, wildcards included, in the ABI's numbers.
    fn tag_out(tag: c_int) -> c_int;
    /// A thread level as 0 to 3.
    fn level_in(level: c_int) -> Option<c_int>;
    /// A thread level, 0 to 3, in the ABI's numbers.
    fn level_out(level: c_int) -> c_int;
    /// A key of an attribute.
    fn keyval_in(keyval: c_int) -> Keyval;
    /// The ABI's number of a key that the program made.
    fn keyval_out(key: u32) -> c_int;
    /// True for `MPI_STATUS_IGNORE` and `MPI_STATUSES_IGNORE`.
    fn is_ignored(address: *const Self::Status) -> bool;
    /// True for `MPI_IN_PLACE`.
    fn is_in_place(address: *const c_void) -> bool;
    /// True for `MPI_BUFFER_AUTOMATIC`.
    fn is_automatic(address: *const c_void) -> bool;
    /// The address of `MPI_BUFFER_AUTOMATIC`.
    const AUTOMATIC: usize;

    /// True for `MPI_UNWEIGHTED`.
    fn is_unweighted(address: *const c_int) -> bool;
    /// True for `MPI_WEIGHTS_EMPTY`.
    fn is_weights_empty(address: *const c_int) -> bool;

    /// A status with all but the error; that stays as in `old`.
    fn status(old: Self::Status, status: &Status) -> Self::Status;
    /// What a status says, whoever wrote it.
    fn read_status(status: &Self::Status) -> Status;
    /// The error in a status.
    fn error_of(status: &Self::Status) -> c_int;
    /// A status with another error.
    fn with_error(status: Self::Status, error: c_int) -> Self::Status;
}
