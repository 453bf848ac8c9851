/* Functions of old versions of MPI, MPICH's extensions, and what a Fortran interface tells the library: built against
 * MPICH's header, every one is there and does what its name says. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(what) \
    do { \
        if (!(what)) { \
            fprintf(stderr, "line %d: %s\n", __LINE__, #what); \
            MPI_Abort(MPI_COMM_WORLD, 1); \
        } \
    } while (0)

static int heard;
static void hear(MPI_Comm *comm, int *code, ...) {
    (void)comm, (void)code;
    heard++;
}

static int copies, deletes;
static int copy(MPI_Comm comm, int key, void *extra, void *value, void *place, int *flag) {
    (void)comm, (void)key;
    copies += *(int *)extra;
    *(void **)place = value;
    *flag = 1;
    return MPI_SUCCESS;
}
static int drop(MPI_Comm comm, int key, void *value, void *extra) {
    (void)comm, (void)key, (void)value;
    deletes += *(int *)extra;
    return MPI_SUCCESS;
}

static void types(void) {
    struct { int number; double value; char text[5]; } one = {1, 2.5, "four"}, other;
    int lengths[3] = {1, 1, 5}, block[2] = {2, 1};
    MPI_Aint places[3], base, extent, lower, upper, far[2] = {8, 64};
    MPI_Datatype kinds[3] = {MPI_INT, MPI_DOUBLE, MPI_CHAR}, made, wide;
    MPI_Address(&one, &base);
    MPI_Address(&one.number, &places[0]);
    MPI_Address(&one.value, &places[1]);
    MPI_Address(one.text, &places[2]);
    for (int i = 0; i < 3; i++) places[i] -= base;
    CHECK(places[0] == 0 && places[1] == 8 && places[2] == 16);
    CHECK(MPI_Type_struct(3, lengths, places, kinds, &made) == MPI_SUCCESS);
    MPI_Type_commit(&made);
    memset(&other, 0, sizeof other);
    MPI_Sendrecv(&one, 1, made, 0, 0, &other, 1, made, 0, 0, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    CHECK(other.number == 1 && other.value == 2.5 && !strcmp(other.text, "four"));
    MPI_Type_extent(made, &extent);
    MPI_Type_lb(made, &lower);
    MPI_Type_ub(made, &upper);
    CHECK(extent == 24 && lower == 0 && upper == 24);
    MPI_Type_free(&made);
    MPI_Type_hvector(2, 1, 32, MPI_INT, &made);
    MPI_Type_extent(made, &extent);
    CHECK(extent == 36);
    MPI_Type_free(&made);
    MPI_Type_hindexed(2, block, far, MPI_INT, &made);
    MPI_Type_extent(made, &extent);
    MPI_Type_lb(made, &lower);
    MPI_Type_ub(made, &upper);
    CHECK(lower == 8 && upper == 68 && extent == 60);
    MPI_Type_create_resized(made, -4, 100, &wide);
    MPI_Type_lb(wide, &lower);
    MPI_Type_ub(wide, &upper);
    CHECK(lower == -4 && upper == 96);
    MPI_Type_free(&made);
    MPI_Type_free(&wide);
}

static void handlers(void) {
    MPI_Errhandler handler, found;
    CHECK(MPI_Errhandler_create(hear, &handler) == MPI_SUCCESS);
    CHECK(MPI_Errhandler_set(MPI_COMM_SELF, handler) == MPI_SUCCESS);
    CHECK(MPI_Errhandler_get(MPI_COMM_SELF, &found) == MPI_SUCCESS && found == handler);
    MPI_Send(NULL, 0, MPI_INT, 77, 0, MPI_COMM_SELF);
    CHECK(heard == 1);
    MPI_Errhandler_set(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Errhandler_free(&handler);
}

static void keys(void) {
    int key, weight = 3, flag;
    void *value;
    MPI_Comm made;
    CHECK(MPI_Keyval_create(copy, drop, &key, &weight) == MPI_SUCCESS);
    CHECK(MPI_Attr_put(MPI_COMM_SELF, key, &heard) == MPI_SUCCESS);
    MPI_Comm_dup(MPI_COMM_SELF, &made);
    MPI_Attr_get(made, key, &value, &flag);
    CHECK(flag && value == &heard && copies == 3);
    MPI_Comm_free(&made);
    MPI_Attr_delete(MPI_COMM_SELF, key);
    CHECK(deletes == 6);
    MPI_Keyval_free(&key);
    CHECK(key == MPI_KEYVAL_INVALID);
}

static void extensions(void) {
    int number = 5, flag = 7, got = 0;
    char text[64];
    MPI_Request request;
    MPI_Info info;
    MPI_Comm shrunk;
    CHECK(!MPIX_Query_cuda_support() && !MPIX_Query_hip_support() && !MPIX_Query_ze_support());
    CHECK(MPIX_GPU_query_support(MPIX_GPU_SUPPORT_CUDA, &flag) == MPI_SUCCESS && flag == 0);
    MPI_Irecv(&got, 1, MPI_INT, 0, 3, MPI_COMM_SELF, &request);
    CHECK(!MPIX_Request_is_complete(request));
    MPI_Send(&number, 1, MPI_INT, 0, 3, MPI_COMM_SELF);
    CHECK(MPIX_Request_is_complete(request) && request != MPI_REQUEST_NULL);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    CHECK(got == 5 && MPIX_Request_is_complete(request));
    MPI_Info_create(&info);
    CHECK(MPIX_Info_set_hex(info, "bytes", "\x01\xfe", 2) == MPI_SUCCESS);
    MPI_Info_get(info, "bytes", 63, text, &flag);
    CHECK(flag && !strcmp(text, "01fe"));
    MPI_Info_free(&info);
    /* What is not there says so, to the handler of the communicator. */
    got = MPIX_Comm_shrink(MPI_COMM_SELF, &shrunk);
    MPI_Error_class(got, &flag);
    CHECK(flag == MPI_ERR_UNSUPPORTED_OPERATION);
}

static void refused_in_both_forms(void) {
    int class;
    char byte = 0;
    MPI_Error_class(MPI_File_read_c(MPI_FILE_NULL, &byte, 1, MPI_CHAR, MPI_STATUS_IGNORE), &class);
    CHECK(class == MPI_ERR_UNSUPPORTED_OPERATION);
    MPI_Error_class(MPI_File_write_at_all_begin_c(MPI_FILE_NULL, 0, &byte, 1, MPI_CHAR), &class);
    CHECK(class == MPI_ERR_UNSUPPORTED_OPERATION);
}

static void fortran(void) {
    int yes = 1, no = 0, found[2] = {9, 9}, is_set = 9, class;
    MPI_Info info, got;
    char text[16];
    int flag;
    CHECK(MPI_Abi_get_fortran_booleans(4, &found[0], &found[1], &is_set) == MPI_SUCCESS && is_set == 0);
    CHECK(MPI_Abi_set_fortran_booleans(4, &yes, &no) == MPI_SUCCESS);
    CHECK(MPI_Abi_get_fortran_booleans(4, &found[0], &found[1], &is_set) == MPI_SUCCESS);
    CHECK(is_set == 1 && found[0] == 1 && found[1] == 0);
    MPI_Error_class(MPI_Abi_set_fortran_booleans(4, &yes, &no), &class);
    CHECK(class == MPI_ERR_ABI);
    MPI_Abi_get_fortran_info(&got);
    CHECK(got == MPI_INFO_NULL);
    MPI_Info_create(&info);
    MPI_Info_set(info, "mpi_integer_size", "4");
    CHECK(MPI_Abi_set_fortran_info(info) == MPI_SUCCESS);
    MPI_Info_free(&info);
    MPI_Abi_get_fortran_info(&got);
    MPI_Info_get(got, "mpi_integer_size", 15, text, &flag);
    CHECK(flag && !strcmp(text, "4"));
    MPI_Info_free(&got);
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    handlers();
    types();
    keys();
    extensions();
    refused_in_both_forms();
    fortran();
    MPI_Barrier(MPI_COMM_WORLD);
    puts("ok");
    return MPI_Finalize();
}
