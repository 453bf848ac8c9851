/* What programs rely on and libraries get wrong: the room of buffered sends that have been received, statuses of receives
 * that failed, the order of partitioned messages, handles after a constructor that failed, graphs without edges. Run with
 * "threads" it does the same at MPI_THREAD_MULTIPLE. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "rank %d: line %d: %s\n", rank, __LINE__, #condition);                                     \
            MPI_Abort(MPI_COMM_WORLD, 1);                                                                              \
        }                                                                                                              \
    } while (0)

static int rank, size, next, previous;

static int class_of(int code) {
    int class = 0;
    if (code) MPI_Error_class(code, &class);
    return class;
}

/* A buffer for one message: its room is there again once the message has been received. */
static void one_buffered(MPI_Comm comm, int length, int form, int own) {
    int room = length + MPI_BSEND_OVERHEAD;
    char *data = malloc(length), *got = malloc(length), *buffer = malloc(room);
    MPI_Request request;
    if (own) MPI_Comm_attach_buffer(comm, buffer, room);
    else MPI_Buffer_attach(buffer, room);
    if (form == 2) MPI_Bsend_init(data, length, MPI_CHAR, next, 1, comm, &request);
    for (int round = 0; round < 10; round++) {
        int code;
        memset(data, rank + round, length);
        if (form == 0) {
            code = MPI_Bsend(data, length, MPI_CHAR, next, 1, comm);
        } else {
            code = form == 1 ? MPI_Ibsend(data, length, MPI_CHAR, next, 1, comm, &request) : MPI_Start(&request);
            if (code == MPI_SUCCESS) code = MPI_Wait(&request, MPI_STATUS_IGNORE);
        }
        CHECK(code == MPI_SUCCESS);
        MPI_Recv(got, length, MPI_CHAR, previous, 1, comm, MPI_STATUS_IGNORE);
        CHECK(got[0] == (char)(previous + round) && got[length - 1] == got[0]);
        MPI_Barrier(comm);
    }
    if (form == 2) MPI_Request_free(&request);
    if (own) MPI_Comm_detach_buffer(comm, &buffer, &room);
    else MPI_Buffer_detach(&buffer, &room);
    free(buffer);
    free(got);
    free(data);
}

static void buffered(void) {
    MPI_Comm own;
    MPI_Comm_dup(MPI_COMM_WORLD, &own);
    MPI_Comm_set_errhandler(own, MPI_ERRORS_RETURN);
    int lengths[] = {60000, 8 << 20};
    for (int i = 0; i < 2; i++) {
        for (int form = 0; form < 3; form++) {
            one_buffered(own, lengths[i], form, 0);
            one_buffered(own, lengths[i], form, 1);
        }
    }
    /* A message that nobody has received keeps its room, and the next one is refused at once. */
    if (size > 1) {
        char data[40000], buffer[50000], *address;
        int room;
        MPI_Comm_attach_buffer(own, buffer, sizeof buffer);
        if (rank == 0) {
            memset(data, 7, sizeof data);
            CHECK(MPI_Bsend(data, sizeof data, MPI_CHAR, 1, 2, own) == MPI_SUCCESS);
            CHECK(class_of(MPI_Bsend(data, sizeof data, MPI_CHAR, 1, 2, own)) == MPI_ERR_BUFFER);
        }
        MPI_Barrier(own);
        if (rank == 1) {
            MPI_Recv(data, sizeof data, MPI_CHAR, 0, 2, own, MPI_STATUS_IGNORE);
            CHECK(data[39999] == 7);
        }
        MPI_Comm_detach_buffer(own, &address, &room);
    }
    MPI_Comm_free(&own);
}

static void is_of(const MPI_Status *status, int tag) {
    int count;
    CHECK(status->MPI_SOURCE == previous && status->MPI_TAG == tag);
    MPI_Get_count(status, MPI_INT, &count);
    CHECK(count == 2);
}

/* Messages of three ints into room for two: the status says whose they were. */
static void truncated(void) {
    MPI_Comm comm;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    int out[3] = {1, 2, 3}, in[3], count, places[2], flag = 0, at;
    MPI_Request requests[2], sends[2], request;
    MPI_Status status, statuses[2];
    MPI_Message message;
    for (int form = 0; form < 12; form++) {
        int tag = 100 + form, both = form >= 6 && form < 10;
        memset(&status, 0x55, sizeof status);
        memset(statuses, 0x55, sizeof statuses);
        in[2] = 99;
        if (form != 10) MPI_Isend(out, 3, MPI_INT, next, tag, comm, &sends[0]);
        if (both) MPI_Isend(out, 2, MPI_INT, next, tag, comm, &sends[1]);
        for (int i = 0; both && i < 2; i++) MPI_Irecv(i ? out : in, 2, MPI_INT, previous, tag, comm, &requests[i]);
        int code;
        switch (form) {
        case 0: code = MPI_Recv(in, 2, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &status); break;
        case 1:
            MPI_Irecv(in, 2, MPI_INT, MPI_ANY_SOURCE, tag, comm, &request);
            code = MPI_Wait(&request, &status);
            CHECK(request == MPI_REQUEST_NULL);
            break;
        case 2:
            MPI_Irecv(in, 2, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &request);
            do code = MPI_Test(&request, &flag, &status);
            while (code == MPI_SUCCESS && !flag);
            break;
        case 3:
            MPI_Mprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &message, &status);
            memset(&status, 0x55, sizeof status);
            code = MPI_Mrecv(in, 2, MPI_INT, &message, &status);
            break;
        case 4:
            MPI_Irecv(in, 2, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &request);
            code = MPI_Waitany(1, &request, &at, &status);
            CHECK(at == 0);
            break;
        case 5:
            MPI_Recv_init(in, 2, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &request);
            MPI_Start(&request);
            code = MPI_Wait(&request, &status);
            CHECK(request != MPI_REQUEST_NULL);
            MPI_Request_free(&request);
            break;
        case 6: code = MPI_Waitall(2, requests, statuses); break;
        case 7:
            for (flag = 0, code = 0; !flag && !code;) code = MPI_Testall(2, requests, &flag, statuses);
            break;
        case 8:
            MPI_Barrier(comm);
            do code = MPI_Testsome(2, requests, &count, places, statuses);
            while (code == MPI_SUCCESS && count == 0);
            CHECK(count > 0 && places[0] == 0);
            if (count == 1) MPI_Wait(&requests[1], MPI_STATUS_IGNORE);
            break;
        case 9:
            MPI_Barrier(comm);
            code = MPI_Waitsome(2, requests, &count, places, statuses);
            CHECK(count > 0 && places[0] == 0);
            if (count == 1) MPI_Wait(&requests[1], MPI_STATUS_IGNORE);
            break;
        case 10: code = MPI_Sendrecv(out, 3, MPI_INT, next, tag, in, 2, MPI_INT, MPI_ANY_SOURCE, tag, comm, &status); break;
        default: {
            MPI_Datatype strided;
            int wide[4];
            MPI_Type_vector(2, 1, 2, MPI_INT, &strided);
            MPI_Type_commit(&strided);
            code = MPI_Recv(wide, 1, strided, MPI_ANY_SOURCE, tag, comm, &status);
            MPI_Type_free(&strided);
        }
        }
        if (both) {
            CHECK(class_of(code) == MPI_ERR_IN_STATUS && class_of(statuses[0].MPI_ERROR) == MPI_ERR_TRUNCATE);
            is_of(&statuses[0], tag);
        } else {
            CHECK(class_of(code) == MPI_ERR_TRUNCATE);
            is_of(&status, tag);
        }
        CHECK(in[2] == 99);
        if (form != 10) MPI_Waitall(both ? 2 : 1, sends, MPI_STATUSES_IGNORE);
        MPI_Barrier(comm);
    }
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_ARE_FATAL);
    MPI_Comm_free(&comm);
}

/* Partitioned messages of one tag belong together as they were made, in whatever order they are started. */
static void partitioned(void) {
    int out[3][2], in[3][2];
    MPI_Request sends[3], receives[3];
    for (int i = 0; i < 3; i++) {
        MPI_Psend_init(out[i], 2, 1, MPI_INT, next, 4, MPI_COMM_WORLD, MPI_INFO_NULL, &sends[i]);
        MPI_Precv_init(in[i], 1, 2, MPI_INT, previous, 4, MPI_COMM_WORLD, MPI_INFO_NULL, &receives[i]);
    }
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3; i++) MPI_Start(&receives[i]);
        for (int i = 2; i >= 0; i--) {
            out[i][0] = 100 * rank + i;
            out[i][1] = round;
            MPI_Start(&sends[i]);
            MPI_Pready_range(0, 1, sends[i]);
        }
        MPI_Waitall(3, receives, MPI_STATUSES_IGNORE);
        MPI_Waitall(3, sends, MPI_STATUSES_IGNORE);
        for (int i = 0; i < 3; i++) CHECK(in[i][0] == 100 * previous + i && in[i][1] == round);
    }
    for (int i = 0; i < 3; i++) {
        MPI_Request_free(&sends[i]);
        MPI_Request_free(&receives[i]);
    }
}

#define IS_NULL(call, handle, null, type)                                                                              \
    do {                                                                                                               \
        type handle;                                                                                                   \
        memset(&handle, 0x11, sizeof handle);                                                                          \
        CHECK((call) != MPI_SUCCESS);                                                                                  \
        CHECK(handle == null);                                                                                         \
    } while (0)

/* A constructor that fails leaves the null handle. */
static void failed_constructors(void) {
    MPI_Comm world;
    MPI_Group group;
    int dims[2] = {50, 50}, none[2] = {0, 0}, data = 0;
    MPI_Comm_dup(MPI_COMM_WORLD, &world);
    MPI_Comm_set_errhandler(world, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_group(world, &group);
    IS_NULL(MPI_Comm_dup(MPI_COMM_NULL, &c), c, MPI_COMM_NULL, MPI_Comm);
    IS_NULL(MPI_Comm_split(world, -5, 0, &c), c, MPI_COMM_NULL, MPI_Comm);
    IS_NULL(MPI_Comm_create(world, MPI_GROUP_NULL, &c), c, MPI_COMM_NULL, MPI_Comm);
    IS_NULL(MPI_Comm_split_type(world, 12345, 0, MPI_INFO_NULL, &c), c, MPI_COMM_NULL, MPI_Comm);
    IS_NULL(MPI_Cart_create(world, 2, dims, none, 0, &c), c, MPI_COMM_NULL, MPI_Comm);
    IS_NULL(MPI_Cart_sub(world, none, &c), c, MPI_COMM_NULL, MPI_Comm);
    IS_NULL(MPI_Intercomm_merge(world, 0, &c), c, MPI_COMM_NULL, MPI_Comm);
    IS_NULL(MPI_Group_incl(group, 1, dims, &g), g, MPI_GROUP_NULL, MPI_Group);
    IS_NULL(MPI_Group_union(MPI_GROUP_NULL, group, &g), g, MPI_GROUP_NULL, MPI_Group);
    IS_NULL(MPI_Comm_group(MPI_COMM_NULL, &g), g, MPI_GROUP_NULL, MPI_Group);
    IS_NULL(MPI_Comm_remote_group(world, &g), g, MPI_GROUP_NULL, MPI_Group);
    IS_NULL(MPI_Type_contiguous(-1, MPI_INT, &t), t, MPI_DATATYPE_NULL, MPI_Datatype);
    IS_NULL(MPI_Type_vector(-1, 1, 1, MPI_INT, &t), t, MPI_DATATYPE_NULL, MPI_Datatype);
    IS_NULL(MPI_Type_dup(MPI_DATATYPE_NULL, &t), t, MPI_DATATYPE_NULL, MPI_Datatype);
    IS_NULL(MPI_Type_create_resized(MPI_DATATYPE_NULL, 0, 1, &t), t, MPI_DATATYPE_NULL, MPI_Datatype);
    IS_NULL(MPI_Type_match_size(MPI_TYPECLASS_REAL, 3, &t), t, MPI_DATATYPE_NULL, MPI_Datatype);
    IS_NULL(MPI_Isend(&data, 1, MPI_INT, 99, 0, world, &r), r, MPI_REQUEST_NULL, MPI_Request);
    IS_NULL(MPI_Irecv(&data, 1, MPI_INT, 99, 0, world, &r), r, MPI_REQUEST_NULL, MPI_Request);
    IS_NULL(MPI_Ibcast(&data, 1, MPI_INT, 99, world, &r), r, MPI_REQUEST_NULL, MPI_Request);
    IS_NULL(MPI_Bcast_init(&data, 1, MPI_INT, 99, world, MPI_INFO_NULL, &r), r, MPI_REQUEST_NULL, MPI_Request);
    IS_NULL(MPI_Send_init(&data, 1, MPI_INT, 99, 0, world, &r), r, MPI_REQUEST_NULL, MPI_Request);
    IS_NULL(MPI_Psend_init(&data, 0, 1, MPI_INT, 0, 0, world, MPI_INFO_NULL, &r), r, MPI_REQUEST_NULL, MPI_Request);
    IS_NULL(MPI_Info_dup(MPI_INFO_NULL, &i), i, MPI_INFO_NULL, MPI_Info);
    IS_NULL(MPI_Comm_get_info(MPI_COMM_NULL, &i), i, MPI_INFO_NULL, MPI_Info);
    IS_NULL(MPI_Op_create(NULL, 1, &o), o, MPI_OP_NULL, MPI_Op);
    IS_NULL(MPI_Comm_get_errhandler(MPI_COMM_NULL, &e), e, MPI_ERRHANDLER_NULL, MPI_Errhandler);
    IS_NULL(MPI_Mprobe(99, 0, world, &m, MPI_STATUS_IGNORE), m, MPI_MESSAGE_NULL, MPI_Message);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_ARE_FATAL);
    MPI_Group_free(&group);
    MPI_Comm_free(&world);
}

/* Without edges a graph has weights when it was made with weights. */
static void graphs(void) {
    MPI_Comm graph;
    int in, out, weighted, none[1] = {0};
    for (int i = 0; i < 4; i++) {
        int *weights = i & 1 ? MPI_WEIGHTS_EMPTY : MPI_UNWEIGHTED;
        if (i & 2) {
            MPI_Dist_graph_create(MPI_COMM_WORLD, 0, none, none, none, weights, MPI_INFO_NULL, 0, &graph);
        } else {
            MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 0, none, weights, 0, none, weights, MPI_INFO_NULL, 0, &graph);
        }
        MPI_Dist_graph_neighbors_count(graph, &in, &out, &weighted);
        CHECK(in == 0 && out == 0 && weighted == (i & 1));
        MPI_Comm_free(&graph);
    }
}

/* Elements of a status up to the largest count. */
static void elements(void) {
    MPI_Status status;
    memset(&status, 0, sizeof status);
    for (int bits = 0; bits < 63; bits++) {
        MPI_Count many = (MPI_Count)1 << bits, found;
        MPI_Status_set_elements_x(&status, MPI_BYTE, many);
        MPI_Get_elements_x(&status, MPI_BYTE, &found);
        CHECK(found == many);
        MPI_Status_set_elements_c(&status, MPI_BYTE, many - 1);
        MPI_Get_elements_c(&status, MPI_BYTE, &found);
        CHECK(found == many - 1);
        MPI_Get_count_c(&status, MPI_BYTE, &found);
        CHECK(found == many - 1);
        int few;
        MPI_Get_elements(&status, MPI_BYTE, &few);
        CHECK(few == (bits < 32 ? many - 1 : MPI_UNDEFINED));
    }
}

static int deleted;

static int frees_key(MPI_Comm comm, int key, void *value, void *extra) {
    (void)comm, (void)value, (void)extra;
    deleted++;
    return MPI_Comm_free_keyval(&key);
}

/* A key that an attribute still uses can be freed again, in its own delete callback too. */
static void keys(void) {
    for (int before = 0; before < 3; before++) {
        MPI_Comm comm;
        int key, value = 5, *found, flag;
        MPI_Comm_dup(MPI_COMM_SELF, &comm);
        MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, frees_key, &key, NULL);
        MPI_Comm_set_attr(comm, key, &value);
        for (int i = 0; i < before; i++) {
            int copy = key;
            MPI_Comm_free_keyval(&copy);
            CHECK(copy == MPI_KEYVAL_INVALID);
        }
        MPI_Comm_get_attr(comm, key, &found, &flag);
        CHECK(flag && found == &value);
        deleted = 0;
        MPI_Comm_free(&comm);
        CHECK(deleted == 1);
    }
}

int main(int argc, char **argv) {
    int level;
    MPI_Init_thread(&argc, &argv, argc > 1 ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE, &level);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    next = (rank + 1) % size;
    previous = (rank + size - 1) % size;
    buffered();
    truncated();
    partitioned();
    failed_constructors();
    graphs();
    elements();
    keys();
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) printf("ok\n");
    MPI_Finalize();
    return 0;
}
