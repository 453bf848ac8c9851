/* Windows, files, sessions, generalised requests, partitioned messages, buffers of communicators, error classes:
 * their life and what they do on this rank. Built against MPICH's mpi.h. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(what)                                                                                            \
    do {                                                                                                       \
        if (!(what)) {                                                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);                                 \
            exit(99);                                                                                          \
        }                                                                                                      \
    } while (0)

static int rank, size, next, previous;

static int class_of(int code) {
    int class;
    MPI_Error_class(code, &class);
    return class;
}

static int told;
static MPI_Win told_of;
static void handler(MPI_Win *win, int *code, ...) {
    told = class_of(*code);
    told_of = *win;
}

static int deleted;
static int on_delete(MPI_Win win, int key, void *value, void *extra) {
    (void)win, (void)key;
    CHECK(value == &deleted && extra == &told);
    return deleted++, MPI_SUCCESS;
}

static void windows(void) {
    int memory[8] = {0}, got = -1, flag, key, *value;
    MPI_Aint *bytes;
    MPI_Win win;
    MPI_Win_create(memory, sizeof memory, sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &win);
    MPI_Win_get_attr(win, MPI_WIN_SIZE, &bytes, &flag);
    CHECK(flag && *bytes == sizeof memory);
    MPI_Win_get_attr(win, MPI_WIN_DISP_UNIT, &value, &flag);
    CHECK(flag && *value == sizeof(int));
    MPI_Win_get_attr(win, MPI_WIN_BASE, &value, &flag);
    CHECK(flag && value == memory);
    MPI_Win_create_keyval(MPI_WIN_NULL_COPY_FN, on_delete, &key, &told);
    MPI_Win_set_attr(win, key, &deleted);
    MPI_Win_free_keyval(&key);

    MPI_Errhandler handle;
    MPI_Win_create_errhandler(handler, &handle);
    MPI_Win_set_errhandler(win, handle);
    MPI_Errhandler_free(&handle);
    int mine[2] = {rank + 5, 7};
    MPI_Win_fence(0, win);
    MPI_Put(mine, 2, MPI_INT, rank, 3, 2, MPI_INT, win);
    CHECK(memory[3] == rank + 5 && memory[4] == 7 && told == 0);
    MPI_Accumulate(mine, 1, MPI_INT, rank, 4, 1, MPI_INT, MPI_SUM, win);
    MPI_Get(&got, 1, MPI_INT, rank, 4, 1, MPI_INT, win);
    CHECK(got == rank + 12);
    MPI_Fetch_and_op(mine, &got, MPI_INT, rank, 4, MPI_REPLACE, win);
    CHECK(got == rank + 12 && memory[4] == rank + 5);
    int ten = 10;
    MPI_Compare_and_swap(&ten, mine, &got, MPI_INT, rank, 4, win);
    CHECK(got == rank + 5 && memory[4] == 10);
    MPI_Request request;
    MPI_Rget(&got, 1, MPI_INT, rank, 4, 1, MPI_INT, win, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    CHECK(got == 10);
    MPI_Win_fence(0, win);

    MPI_Put(mine, 2, MPI_INT, rank, 7, 2, MPI_INT, win);
    CHECK(told == MPI_ERR_RMA_RANGE && told_of == win);
    MPI_Put(mine, 1, MPI_INT, size, 0, 1, MPI_INT, win);
    CHECK(told == MPI_ERR_RANK);
    if (size > 1) {
        MPI_Put(mine, 1, MPI_INT, next, 0, 1, MPI_INT, win);
        CHECK(told == MPI_ERR_UNSUPPORTED_OPERATION);
    }
    MPI_Win_free(&win);
    CHECK(win == MPI_WIN_NULL && deleted == 1);
    char *shared;
    MPI_Win_allocate_shared(100, 1, MPI_INFO_NULL, MPI_COMM_SELF, &shared, &win);
    memset(shared, 1, 100);
    MPI_Win_free(&win);
}

static void files(void) {
    char name[64];
    MPI_File file;
    snprintf(name, sizeof name, "/tmp/ranks-objects-%ld", (long)getppid());
    CHECK(class_of(MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR, MPI_INFO_NULL, &file)) == MPI_ERR_NO_SUCH_FILE);
    CHECK(class_of(MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_CREATE, MPI_INFO_NULL, &file)) == MPI_ERR_AMODE);
    int mode = MPI_MODE_RDWR | MPI_MODE_CREATE | MPI_MODE_EXCL | MPI_MODE_DELETE_ON_CLOSE, found;
    CHECK(MPI_File_open(MPI_COMM_WORLD, name, mode, MPI_INFO_NULL, &file) == MPI_SUCCESS);
    MPI_File_get_amode(file, &found);
    CHECK(found == mode && MPI_File_f2c(MPI_File_c2f(file)) == file);
    MPI_Offset bytes;
    MPI_File_set_size(file, 4096);
    MPI_File_get_size(file, &bytes);
    CHECK(bytes == 4096);
    MPI_File_set_view(file, 16, MPI_DOUBLE, MPI_DOUBLE, "native", MPI_INFO_NULL);
    MPI_File_seek(file, 3, MPI_SEEK_SET);
    MPI_File_seek(file, 2, MPI_SEEK_CUR);
    MPI_File_get_position(file, &bytes);
    CHECK(bytes == 5);
    MPI_File_get_byte_offset(file, 5, &bytes);
    CHECK(bytes == 56);
    CHECK(class_of(MPI_File_seek(file, -9, MPI_SEEK_SET)) == MPI_ERR_ARG);
    CHECK(MPI_File_close(&file) == MPI_SUCCESS && file == MPI_FILE_NULL && access(name, F_OK));
    MPI_Barrier(MPI_COMM_WORLD);
}

static void sessions(void) {
    MPI_Session session;
    MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session);
    int sets, length = 0, members, class;
    char name[MPI_MAX_PSET_NAME_LEN];
    MPI_Session_get_num_psets(session, MPI_INFO_NULL, &sets);
    CHECK(sets == 2);
    MPI_Session_get_nth_pset(session, MPI_INFO_NULL, 0, &length, NULL);
    CHECK(length == 12);
    MPI_Session_get_nth_pset(session, MPI_INFO_NULL, 0, &length, name);
    CHECK(!strcmp(name, "mpi://WORLD"));
    MPI_Group group;
    MPI_Group_from_session_pset(session, name, &group);
    MPI_Group_size(group, &members);
    CHECK(members == size);
    MPI_Comm comm;
    MPI_Comm_create_from_group(group, "objects", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm);
    MPI_Barrier(comm);
    MPI_Comm_free(&comm);
    MPI_Group_free(&group);
    class = class_of(MPI_Group_from_session_pset(session, "mpi://NONE", &group));
    CHECK(class == MPI_ERR_ARG);
    MPI_Session_finalize(&session);
    CHECK(session == MPI_SESSION_NULL);
}

static int queries, frees, cancels;
static int query(void *extra, MPI_Status *status) {
    CHECK(extra == &queries);
    MPI_Status_set_elements(status, MPI_INT, 3);
    MPI_Status_set_cancelled(status, 0);
    status->MPI_SOURCE = 17;
    return queries++, MPI_SUCCESS;
}
static int freed(void *extra) {
    (void)extra;
    return frees++, MPI_SUCCESS;
}
static int cancelled(void *extra, int complete) {
    (void)extra;
    CHECK(!complete);
    return cancels++, MPI_SUCCESS;
}

static void generalised(void) {
    MPI_Request requests[3];
    MPI_Status status, statuses[3];
    int flag, count, index;
    MPI_Grequest_start(query, freed, cancelled, &queries, &requests[0]);
    MPI_Test(&requests[0], &flag, &status);
    CHECK(!flag);
    MPI_Cancel(&requests[0]);
    MPI_Grequest_complete(requests[0]);
    MPI_Request_get_status(requests[0], &flag, &status);
    CHECK(flag && queries == 1 && frees == 0);
    MPI_Request_get_status_any(1, requests, &index, &flag, &status);
    CHECK(flag && index == 0);
    MPI_Irecv(NULL, 0, MPI_INT, previous, 3, MPI_COMM_WORLD, &requests[1]);
    MPI_Request_get_status_all(2, requests, &flag, statuses);
    MPI_Isend(NULL, 0, MPI_INT, next, 3, MPI_COMM_WORLD, &requests[2]);
    MPI_Waitall(3, requests, statuses);
    MPI_Get_count(&statuses[0], MPI_INT, &count);
    CHECK(count == 3 && statuses[0].MPI_SOURCE == 17 && frees == 1 && cancels == 1);
    CHECK(requests[0] == MPI_REQUEST_NULL);
    MPI_Grequest_start(query, freed, cancelled, &queries, &requests[0]);
    MPI_Request freeing = requests[0];
    (void)freeing;
    MPI_Grequest_complete(requests[0]);
    MPI_Request_free(&requests[0]);
    CHECK(frees == 2);
}

static void partitioned(void) {
    double out[12] = {0}, in[12];
    MPI_Request requests[2];
    int flag;
    MPI_Psend_init(out, 4, 3, MPI_DOUBLE, next, 9, MPI_COMM_WORLD, MPI_INFO_NULL, &requests[0]);
    MPI_Precv_init(in, 2, 6, MPI_DOUBLE, previous, 9, MPI_COMM_WORLD, MPI_INFO_NULL, &requests[1]);
    for (int round = 0; round < 3; round++) {
        MPI_Startall(2, requests);
        for (int n = 0; n < 12; n++) out[n] = 100 * rank + n + round;
        MPI_Pready(3, requests[0]);
        MPI_Pready_range(0, 1, requests[0]);
        MPI_Pready_list(1, (int[]){2}, requests[0]);
        do MPI_Parrived(requests[1], 1, &flag);
        while (!flag);
        MPI_Status statuses[2];
        MPI_Waitall(2, requests, statuses);
        CHECK(statuses[1].MPI_TAG == 9 && statuses[1].MPI_SOURCE == previous);
        for (int n = 0; n < 12; n++) CHECK(in[n] == 100 * previous + n + round);
    }
    MPI_Request_free(&requests[0]);
    MPI_Request_free(&requests[1]);
}

static void buffers(void) {
    MPI_Comm comm;
    int value = rank, got;
    void *back;
    MPI_Request request;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    CHECK(class_of(MPI_Bsend(&value, 1, MPI_INT, next, 0, comm)) == MPI_ERR_BUFFER);
    static char room[4096];
    MPI_Comm_attach_buffer(comm, room, sizeof room);
    MPI_Bsend(&value, 1, MPI_INT, next, 0, comm);
    MPI_Recv(&got, 1, MPI_INT, previous, 0, comm, MPI_STATUS_IGNORE);
    CHECK(got == previous);
    MPI_Comm_iflush_buffer(comm, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_Comm_detach_buffer(comm, &back, &got);
    CHECK(back == room && got == sizeof room);
    MPI_Comm_attach_buffer(comm, MPI_BUFFER_AUTOMATIC, 0);
    // Freed with a buffer attached: it goes with it.
    MPI_Comm_free(&comm);
}

int main(int argc, char **argv) {
    int provided, class, major, minor;
    MPI_Init_thread(&argc, &argv, argc > 1 ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    next = (rank + 1) % size;
    previous = (rank + size - 1) % size;
    MPI_Get_version(&major, &minor);
    CHECK(major == 5 && minor == 0);
    windows();
    files();
    sessions();
    generalised();
    partitioned();
    buffers();
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Add_error_class(&class);
    CHECK(MPI_Remove_error_class(class) == MPI_SUCCESS && MPI_Remove_error_class(class) != MPI_SUCCESS);
    MPI_Finalize();
    if (rank == 0) puts("ok");
    return 0;
}
