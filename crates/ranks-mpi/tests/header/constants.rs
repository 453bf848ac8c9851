//! Constants of the header that no code has a list of: `name value`, by section. The values are MPICH's.

/// A heading, and lines of `name value`.
pub type Section = (&'static str, &'static str);

/// What needs no types but `MPI_Comm` and the like.
pub const SECTIONS: &[Section] = &[
    (
        "Version of the standard",
        "MPI_VERSION 5
         MPI_SUBVERSION 0",
    ),
    (
        "Null handles",
        "MPI_COMM_NULL ((MPI_Comm)0x04000000)
         MPI_GROUP_NULL ((MPI_Group)0x08000000)
         MPI_DATATYPE_NULL ((MPI_Datatype)0x0c000000)
         MPI_ERRHANDLER_NULL ((MPI_Errhandler)0x14000000)
         MPI_OP_NULL ((MPI_Op)0x18000000)
         MPI_INFO_NULL ((MPI_Info)0x1c000000)
         MPI_WIN_NULL ((MPI_Win)0x20000000)
         MPI_REQUEST_NULL ((MPI_Request)0x2c000000)
         MPI_MESSAGE_NULL ((MPI_Message)0x2c000000)
         MPI_SESSION_NULL ((MPI_Session)0x38000000)
         MPI_FILE_NULL ((MPI_File)0)",
    ),
    (
        "Predefined objects",
        "MPI_COMM_WORLD ((MPI_Comm)0x44000000)
         MPI_COMM_SELF ((MPI_Comm)0x44000001)
         MPI_GROUP_EMPTY ((MPI_Group)0x48000000)
         MPI_MESSAGE_NO_PROC ((MPI_Message)0x6c000000)
         MPI_INFO_ENV ((MPI_Info)0x5c000001)
         MPI_ERRORS_ARE_FATAL ((MPI_Errhandler)0x54000000)
         MPI_ERRORS_RETURN ((MPI_Errhandler)0x54000001)
         MPI_ERRORS_ABORT ((MPI_Errhandler)0x54000003)",
    ),
    (
        "Operations of reductions",
        "MPI_MAX ((MPI_Op)0x58000001)
         MPI_MIN ((MPI_Op)0x58000002)
         MPI_SUM ((MPI_Op)0x58000003)
         MPI_PROD ((MPI_Op)0x58000004)
         MPI_LAND ((MPI_Op)0x58000005)
         MPI_BAND ((MPI_Op)0x58000006)
         MPI_LOR ((MPI_Op)0x58000007)
         MPI_BOR ((MPI_Op)0x58000008)
         MPI_LXOR ((MPI_Op)0x58000009)
         MPI_BXOR ((MPI_Op)0x5800000a)
         MPI_MINLOC ((MPI_Op)0x5800000b)
         MPI_MAXLOC ((MPI_Op)0x5800000c)
         MPI_REPLACE ((MPI_Op)0x5800000d)
         MPI_NO_OP ((MPI_Op)0x5800000e)",
    ),
    (
        "Ranks and tags that mean something else, and undefined numbers",
        "MPI_PROC_NULL (-1)
         MPI_ANY_SOURCE (-2)
         MPI_ROOT (-3)
         MPI_ANY_TAG (-1)
         MPI_UNDEFINED (-32766)",
    ),
    (
        "Addresses that mean something by themselves",
        "MPI_BOTTOM ((void *)0)
         MPI_IN_PLACE ((void *)-1)
         MPI_BUFFER_AUTOMATIC ((void *)-2)
         MPI_STATUS_IGNORE ((MPI_Status *)1)
         MPI_STATUSES_IGNORE ((MPI_Status *)1)
         MPI_ERRCODES_IGNORE ((int *)0)
         MPI_ARGV_NULL ((char **)0)
         MPI_ARGVS_NULL ((char ***)0)",
    ),
    (
        "Thread levels",
        "MPI_THREAD_SINGLE 0
         MPI_THREAD_FUNNELED 1
         MPI_THREAD_SERIALIZED 2
         MPI_THREAD_MULTIPLE 3",
    ),
    (
        "Attributes that every communicator has, and every window",
        "MPI_KEYVAL_INVALID 0x24000000
         MPI_TAG_UB 0x64400001
         MPI_HOST 0x64400003
         MPI_IO 0x64400005
         MPI_WTIME_IS_GLOBAL 0x64400007
         MPI_UNIVERSE_SIZE 0x64400009
         MPI_LASTUSEDCODE 0x6440000b
         MPI_APPNUM 0x6440000d
         MPI_WIN_BASE 0x66000001
         MPI_WIN_SIZE 0x66000003
         MPI_WIN_DISP_UNIT 0x66000005
         MPI_WIN_CREATE_FLAVOR 0x66000007
         MPI_WIN_MODEL 0x66000009",
    ),
    (
        "Lengths of strings, with their final zero",
        "MPI_MAX_PROCESSOR_NAME 128
         MPI_MAX_LIBRARY_VERSION_STRING 8192
         MPI_MAX_ERROR_STRING 512
         MPI_MAX_PORT_NAME 256
         MPI_MAX_OBJECT_NAME 128
         MPI_MAX_STRINGTAG_LEN 256
         MPI_MAX_PSET_NAME_LEN 256
         MPI_MAX_INFO_KEY 255
         MPI_MAX_INFO_VAL 1024
         MPI_MAX_DATAREP_STRING 128
         MPI_BSEND_OVERHEAD 96",
    ),
    (
        "Results of comparing, kinds of topologies, ways to split communicators",
        "MPI_IDENT 0
         MPI_CONGRUENT 1
         MPI_SIMILAR 2
         MPI_UNEQUAL 3
         MPI_GRAPH 1
         MPI_CART 2
         MPI_DIST_GRAPH 3
         MPI_COMM_TYPE_SHARED 1
         MPI_COMM_TYPE_HW_GUIDED 2
         MPI_COMM_TYPE_HW_UNGUIDED 3
         MPI_COMM_TYPE_RESOURCE_GUIDED 4",
    ),
    (
        "Datatypes: how they were made, order of arrays, distributions, classes",
        "MPI_COMBINER_NAMED 1
         MPI_COMBINER_DUP 2
         MPI_COMBINER_CONTIGUOUS 3
         MPI_COMBINER_VECTOR 4
         MPI_COMBINER_HVECTOR_INTEGER 5
         MPI_COMBINER_HVECTOR 6
         MPI_COMBINER_INDEXED 7
         MPI_COMBINER_HINDEXED_INTEGER 8
         MPI_COMBINER_HINDEXED 9
         MPI_COMBINER_INDEXED_BLOCK 10
         MPI_COMBINER_STRUCT_INTEGER 11
         MPI_COMBINER_STRUCT 12
         MPI_COMBINER_SUBARRAY 13
         MPI_COMBINER_DARRAY 14
         MPI_COMBINER_F90_REAL 15
         MPI_COMBINER_F90_COMPLEX 16
         MPI_COMBINER_F90_INTEGER 17
         MPI_COMBINER_RESIZED 18
         MPI_COMBINER_HINDEXED_BLOCK 19
         MPI_COMBINER_VALUE_INDEX 20
         MPI_ORDER_C 56
         MPI_ORDER_FORTRAN 57
         MPI_DISTRIBUTE_BLOCK 121
         MPI_DISTRIBUTE_CYCLIC 122
         MPI_DISTRIBUTE_NONE 123
         MPI_DISTRIBUTE_DFLT_DARG (-49767)
         MPI_TYPECLASS_REAL 1
         MPI_TYPECLASS_INTEGER 2
         MPI_TYPECLASS_COMPLEX 3",
    ),
    (
        "Windows: how they were made, models of memory, locks, assertions",
        "MPI_WIN_FLAVOR_CREATE 1
         MPI_WIN_FLAVOR_ALLOCATE 2
         MPI_WIN_FLAVOR_DYNAMIC 3
         MPI_WIN_FLAVOR_SHARED 4
         MPI_WIN_SEPARATE 1
         MPI_WIN_UNIFIED 2
         MPI_LOCK_EXCLUSIVE 234
         MPI_LOCK_SHARED 235
         MPI_MODE_NOCHECK 1024
         MPI_MODE_NOSTORE 2048
         MPI_MODE_NOPUT 4096
         MPI_MODE_NOPRECEDE 8192
         MPI_MODE_NOSUCCEED 16384",
    ),
    (
        "Files",
        "MPI_MODE_CREATE 1
         MPI_MODE_RDONLY 2
         MPI_MODE_WRONLY 4
         MPI_MODE_RDWR 8
         MPI_MODE_DELETE_ON_CLOSE 16
         MPI_MODE_UNIQUE_OPEN 32
         MPI_MODE_EXCL 64
         MPI_MODE_APPEND 128
         MPI_MODE_SEQUENTIAL 256
         MPI_SEEK_SET 600
         MPI_SEEK_CUR 602
         MPI_SEEK_END 604
         MPI_DISPLACEMENT_CURRENT ((MPI_Offset)-54278278)",
    ),
    (
        "A status in Fortran: its length, where its parts are",
        "MPI_F_STATUS_SIZE 5
         MPI_F_SOURCE 2
         MPI_F_TAG 3
         MPI_F_ERROR 4",
    ),
    (
        "Callbacks of attributes",
        "MPI_NULL_COPY_FN ((MPI_Copy_function *)0)
         MPI_NULL_DELETE_FN ((MPI_Delete_function *)0)
         MPI_DUP_FN MPIR_Dup_fn
         MPI_COMM_NULL_COPY_FN ((MPI_Comm_copy_attr_function *)0)
         MPI_COMM_NULL_DELETE_FN ((MPI_Comm_delete_attr_function *)0)
         MPI_COMM_DUP_FN ((MPI_Comm_copy_attr_function *)MPIR_Dup_fn)
         MPI_TYPE_NULL_COPY_FN ((MPI_Type_copy_attr_function *)0)
         MPI_TYPE_NULL_DELETE_FN ((MPI_Type_delete_attr_function *)0)
         MPI_TYPE_DUP_FN ((MPI_Type_copy_attr_function *)MPIR_Dup_fn)
         MPI_WIN_NULL_COPY_FN ((MPI_Win_copy_attr_function *)0)
         MPI_WIN_NULL_DELETE_FN ((MPI_Win_delete_attr_function *)0)
         MPI_WIN_DUP_FN ((MPI_Win_copy_attr_function *)MPIR_Dup_fn)
         MPI_CONVERSION_FN_NULL ((MPI_Datarep_conversion_function *)0)
         MPI_CONVERSION_FN_NULL_C ((MPI_Datarep_conversion_function_c *)0)",
    ),
];

/// Other names of predefined datatypes.
pub const SAME_TYPES: &str = "MPI_LONG_LONG MPI_LONG_LONG_INT
     MPI_C_COMPLEX MPI_C_FLOAT_COMPLEX";

/// What stands before the constants.
pub const TYPES: &str = "\
typedef int MPI_Comm;
typedef int MPI_Group;
typedef int MPI_Datatype;
typedef int MPI_Op;
typedef int MPI_Errhandler;
typedef int MPI_Request;
typedef int MPI_Message;
typedef int MPI_Info;
typedef int MPI_Win;
typedef int MPI_Session;
typedef struct ranks_file *MPI_File;

typedef long MPI_Aint;
typedef long long MPI_Offset;
typedef long long MPI_Count;
typedef int MPI_Fint;
#define MPI_AINT_FMT_DEC_SPEC \"%ld\"
#define MPI_AINT_FMT_HEX_SPEC \"%lx\"

/* The first two are the library's own. */
typedef struct MPI_Status {
    int count_lo;
    int count_hi_and_cancelled;
    int MPI_SOURCE;
    int MPI_TAG;
    int MPI_ERROR;
} MPI_Status;
typedef struct {
    MPI_Fint count_lo;
    MPI_Fint count_hi_and_cancelled;
    MPI_Fint MPI_SOURCE;
    MPI_Fint MPI_TAG;
    MPI_Fint MPI_ERROR;
} MPI_F08_status;

typedef void MPI_User_function(void *, void *, int *, MPI_Datatype *);
typedef void MPI_User_function_c(void *, void *, MPI_Count *, MPI_Datatype *);
typedef int MPI_Comm_copy_attr_function(MPI_Comm, int, void *, void *, void *, int *);
typedef int MPI_Comm_delete_attr_function(MPI_Comm, int, void *, void *);
typedef int MPI_Type_copy_attr_function(MPI_Datatype, int, void *, void *, void *, int *);
typedef int MPI_Type_delete_attr_function(MPI_Datatype, int, void *, void *);
typedef int MPI_Win_copy_attr_function(MPI_Win, int, void *, void *, void *, int *);
typedef int MPI_Win_delete_attr_function(MPI_Win, int, void *, void *);
typedef int MPI_Copy_function(MPI_Comm, int, void *, void *, void *, int *);
typedef int MPI_Delete_function(MPI_Comm, int, void *, void *);
typedef void MPI_Handler_function(MPI_Comm *, int *, ...);
typedef void MPI_Comm_errhandler_function(MPI_Comm *, int *, ...);
typedef void MPI_File_errhandler_function(MPI_File *, int *, ...);
typedef void MPI_Win_errhandler_function(MPI_Win *, int *, ...);
typedef void MPI_Session_errhandler_function(MPI_Session *, int *, ...);
typedef MPI_Comm_errhandler_function MPI_Comm_errhandler_fn;
typedef MPI_File_errhandler_function MPI_File_errhandler_fn;
typedef MPI_Win_errhandler_function MPI_Win_errhandler_fn;
typedef MPI_Session_errhandler_function MPI_Session_errhandler_fn;
typedef int MPI_Grequest_query_function(void *, MPI_Status *);
typedef int MPI_Grequest_free_function(void *);
typedef int MPI_Grequest_cancel_function(void *, int);
typedef int MPI_Datarep_extent_function(MPI_Datatype, MPI_Aint *, void *);
typedef int MPI_Datarep_conversion_function(void *, MPI_Datatype, int, void *, MPI_Offset, void *);
typedef int MPI_Datarep_conversion_function_c(void *, MPI_Datatype, MPI_Count, void *, MPI_Offset, void *);

extern int *const MPI_UNWEIGHTED;
extern int *const MPI_WEIGHTS_EMPTY;
extern MPI_Fint *MPI_F_STATUS_IGNORE;
extern MPI_Fint *MPI_F_STATUSES_IGNORE;
int MPIR_Dup_fn(MPI_Comm, int, void *, void *, void *, int *);
";
