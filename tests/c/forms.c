/* The int forms of the functions (mpi4py calls the _c forms), the layout of the header's constants, and
 * what C programs do that Python programs do not. Built against MPICH's mpi.h. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(what)                                                                                            \
    do {                                                                                                       \
        if (!(what)) {                                                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);                                 \
            exit(99);                                                                                          \
        }                                                                                                      \
    } while (0)

static int rank, size, left, right;

static void point_to_point(MPI_Comm comm) {
    int out[4] = {rank, 1, 2, 3}, in[4] = {-1, -1, -1, -1}, count, flag;
    MPI_Request requests[2];
    MPI_Status status, statuses[2];
    status.MPI_ERROR = 77;
    MPI_Irecv(in, 4, MPI_INT, left, 5, comm, &requests[0]);
    CHECK(MPI_Send(out, 4, MPI_INT, right, 5, comm) == MPI_SUCCESS);
    MPI_Wait(&requests[0], &status);
    CHECK(in[0] == left && in[3] == 3 && status.MPI_SOURCE == left && status.MPI_TAG == 5);
    CHECK(status.MPI_ERROR == 77 && requests[0] == MPI_REQUEST_NULL);
    MPI_Get_count(&status, MPI_INT, &count);
    CHECK(count == 4);
    MPI_Get_count(&status, MPI_DOUBLE, &count);
    CHECK(count == 2);
    MPI_Get_count(&status, MPI_LONG_DOUBLE, &count);
    CHECK(count == 1);
    MPI_Get_elements(&status, MPI_BYTE, &count);
    CHECK(count == 16);
    /* A null request: an empty status, error included. */
    MPI_Wait(&requests[0], &status);
    CHECK(status.MPI_ERROR == 0 && status.MPI_SOURCE == MPI_ANY_SOURCE && status.MPI_TAG == MPI_ANY_TAG);
    MPI_Recv(in, 4, MPI_INT, MPI_PROC_NULL, 5, comm, &status);
    CHECK(status.MPI_SOURCE == MPI_PROC_NULL && status.MPI_TAG == MPI_ANY_TAG);

    MPI_Isend(out, 1, MPI_INT, right, 6, comm, &requests[0]);
    MPI_Irecv(in, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &requests[1]);
    MPI_Waitall(2, requests, statuses);
    CHECK(statuses[1].MPI_SOURCE == left && in[0] == left);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    MPI_Sendrecv(out, 4, MPI_INT, right, 7, in, 4, MPI_INT, left, 7, comm, MPI_STATUS_IGNORE);
    CHECK(in[0] == left);
    in[0] = rank;
    MPI_Sendrecv_replace(in, 4, MPI_INT, right, 8, left, 8, comm, &status);
    CHECK(in[0] == left);

    MPI_Isend(out, 3, MPI_INT, right, 9, comm, &requests[0]);
    MPI_Message message;
    MPI_Mprobe(left, 9, comm, &message, &status);
    MPI_Get_count(&status, MPI_INT, &count);
    CHECK(count == 3 && message != MPI_MESSAGE_NULL);
    MPI_Mrecv(in, 3, MPI_INT, &message, MPI_STATUS_IGNORE);
    CHECK(message == MPI_MESSAGE_NULL && in[0] == left);
    MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
    MPI_Improbe(left, 9, comm, &flag, &message, &status);
    CHECK(!flag);

    MPI_Recv_init(in, 4, MPI_INT, left, 10, comm, &requests[0]);
    MPI_Ssend_init(out, 4, MPI_INT, right, 10, comm, &requests[1]);
    for (int n = 0; n < 5; n++) {
        out[1] = n;
        MPI_Startall(2, requests);
        do MPI_Testall(2, requests, &flag, statuses); while (!flag);
        CHECK(in[1] == n);
    }
    MPI_Request_free(&requests[0]);
    MPI_Request_free(&requests[1]);
    CHECK(requests[0] == MPI_REQUEST_NULL);

    int room[100], *detached, length;
    MPI_Buffer_attach(room, sizeof room);
    MPI_Bsend(out, 4, MPI_INT, right, 11, comm);
    MPI_Recv(in, 4, MPI_INT, left, 11, comm, MPI_STATUS_IGNORE);
    MPI_Buffer_detach(&detached, &length);
    CHECK(detached == room && length == (int)sizeof room);

    for (int root = 0; root < size; root++) {
        int value = rank == root ? root : -1;
        MPI_Bcast(&value, 1, MPI_INT, root, comm);
        CHECK(value == root);
    }
    MPI_Barrier(comm);
}

static int copies, deletes;
static int copy(MPI_Comm comm, int key, void *extra, void *in, void *out, int *flag) {
    CHECK(comm == MPI_COMM_WORLD && extra == &copies);
    copies++;
    *(void **)out = in;
    *flag = 1;
    return MPI_SUCCESS;
}
static int delete(MPI_Comm comm, int key, void *value, void *extra) {
    int of_world;
    deletes++;
    /* A callback may call MPI. */
    return MPI_Comm_rank(MPI_COMM_WORLD, &of_world);
}

static void attributes(void) {
    int key, dup_key, flag, *value, place;
    MPI_Comm dup;
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &value, &flag);
    CHECK(flag && *value == 0x7fffffff);
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_UNIVERSE_SIZE, &value, &flag);
    CHECK(flag && *value >= size);
    MPI_Comm_create_keyval(copy, delete, &key, &copies);
    MPI_Comm_create_keyval(MPI_COMM_DUP_FN, MPI_COMM_NULL_DELETE_FN, &dup_key, NULL);
    MPI_Comm_set_attr(MPI_COMM_WORLD, key, &place);
    MPI_Comm_set_attr(MPI_COMM_WORLD, dup_key, &flag);
    MPI_Comm_dup(MPI_COMM_WORLD, &dup);
    MPI_Comm_get_attr(dup, key, &value, &flag);
    CHECK(flag && value == &place && copies == 1);
    MPI_Comm_get_attr(dup, dup_key, &value, &flag);
    CHECK(flag && value == &flag);
    MPI_Comm_free(&dup);
    CHECK(deletes == 1 && dup == MPI_COMM_NULL);
    MPI_Comm_delete_attr(MPI_COMM_WORLD, key);
    MPI_Comm_delete_attr(MPI_COMM_WORLD, dup_key);
    MPI_Comm_free_keyval(&key);
    MPI_Comm_free_keyval(&dup_key);
    CHECK(deletes == 2 && key == MPI_KEYVAL_INVALID);
}

static int heard;
static void handler(MPI_Comm *comm, int *code, ...) {
    int class;
    MPI_Error_class(*code, &class);
    CHECK(class == MPI_ERR_RANK && *comm == MPI_COMM_WORLD);
    heard++;
}

static void errors(void) {
    char text[MPI_MAX_ERROR_STRING];
    int code, class, length, one = 1;
    MPI_Errhandler mine, now;
    MPI_Comm_create_errhandler(handler, &mine);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, mine);
    MPI_Send(&one, 1, MPI_INT, size, 0, MPI_COMM_WORLD);
    CHECK(heard == 1);
    MPI_Comm_get_errhandler(MPI_COMM_WORLD, &now);
    CHECK(now == mine);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Errhandler_free(&mine);
    code = MPI_Send(&one, 1, MPI_INT, size, 0, MPI_COMM_WORLD);
    MPI_Error_class(code, &class);
    CHECK(class == MPI_ERR_RANK);
    MPI_Error_string(code, text, &length);
    CHECK(strstr(text, "MPI_Send on world to rank") && (int)strlen(text) == length);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ARE_FATAL);
}

static void types(void) {
    int bytes;
    MPI_Aint low, extent, address;
    MPI_Type_size(MPI_DOUBLE_INT, &bytes);
    MPI_Type_get_extent(MPI_DOUBLE_INT, &low, &extent);
    CHECK(bytes == 12 && low == 0 && extent == 16);
    MPI_Type_size(MPI_LONG_DOUBLE, &bytes);
    CHECK(bytes == sizeof(long double));
    MPI_Get_address(&bytes, &address);
    CHECK(address == (MPI_Aint)&bytes && MPI_Aint_diff(MPI_Aint_add(address, 8), address) == 8);
    MPI_Datatype type = MPI_INT;
    CHECK(MPI_Type_commit(&type) == MPI_SUCCESS);
    char *memory;
    MPI_Alloc_mem(1000, MPI_INFO_NULL, &memory);
    memset(memory, 1, 1000);
    MPI_Free_mem(memory);
}

int main(int argc, char **argv) {
    int flag, provided;
    MPI_Initialized(&flag);
    CHECK(!flag);
    if (argc > 1) {
        MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
        CHECK(provided == MPI_THREAD_MULTIPLE);
    } else {
        MPI_Init(&argc, &argv);
    }
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    left = (rank + size - 1) % size;
    right = (rank + 1) % size;
    MPI_Comm dup, none;
    MPI_Comm_dup(MPI_COMM_WORLD, &dup);
    MPI_Comm_split(dup, MPI_UNDEFINED, 0, &none);
    CHECK(none == MPI_COMM_NULL);
    point_to_point(MPI_COMM_WORLD);
    point_to_point(dup);
    MPI_Comm_free(&dup);
    attributes();
    errors();
    types();
    MPI_Finalize();
    MPI_Finalized(&flag);
    CHECK(flag);
    if (rank == 0) puts("ok");
    return 0;
}
