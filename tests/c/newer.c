/* What MPI 4 and 5 added, and what MPI 1 had already, as C programs use it: messages both ways in one request, statuses
 * without completion, portable packing, persistent and nonblocking exchanges with neighbours, large counts, a
 * communicator from a session, attributes under their old names. Run with "threads" it does the same at
 * MPI_THREAD_MULTIPLE. The blocking sends, receives and reductions are counted by profile.c. */
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

/* Three messages of 100 ints and two reductions of 10 doubles at each rank: profile.c must see them all. */
static void counted(void) {
    int out[100], in[100];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++) out[i] = 1000 * rank + i + round;
        /* Messages of this size are kept: nobody waits for the receiver. */
        MPI_Send(out, 100, MPI_INT, next, round, MPI_COMM_WORLD);
        MPI_Recv(in, 100, MPI_INT, previous, round, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        CHECK(in[99] == 1000 * previous + 99 + round);
    }
    double values[10], sums[10];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 10; i++) values[i] = rank + i;
        MPI_Allreduce(values, sums, 10, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
        CHECK(sums[3] == size * (size - 1) / 2 + 3 * size);
    }
}

static void both_ways(void) {
    long out[4] = {rank, rank + 1, rank + 2, rank + 3}, in[4];
    MPI_Request request;
    MPI_Status status;
    MPI_Isendrecv(out, 4, MPI_LONG, next, 5, in, 4, MPI_LONG, previous, 5, MPI_COMM_WORLD, &request);
    MPI_Wait(&request, &status);
    CHECK(status.MPI_SOURCE == previous && status.MPI_TAG == 5 && in[3] == previous + 3);
    MPI_Isendrecv_replace(out, 4, MPI_LONG, next, 6, previous, 6, MPI_COMM_WORLD, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    CHECK(out[0] == previous);
    MPI_Sendrecv_replace_c(out, 4, MPI_LONG, previous, 7, next, 7, MPI_COMM_WORLD, &status);
    MPI_Count count;
    MPI_Get_count_c(&status, MPI_LONG, &count);
    CHECK(out[0] == rank && count == 4);
}

static void statuses(void) {
    int in[3], flag, index, count, indices[3];
    MPI_Request requests[3];
    MPI_Status status, all[3];
    for (int i = 0; i < 3; i++) MPI_Irecv(&in[i], 1, MPI_INT, previous, 20 + i, MPI_COMM_WORLD, &requests[i]);
    MPI_Request_get_status_all(3, requests, &flag, MPI_STATUSES_IGNORE);
    CHECK(!flag);
    MPI_Request send;
    /* Between barriers, so that no message of the next step is here already. */
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Isend(&rank, 1, MPI_INT, next, 21, MPI_COMM_WORLD, &send);
    do MPI_Request_get_status_any(3, requests, &index, &flag, &status);
    while (!flag);
    CHECK(index == 1 && status.MPI_TAG == 21 && in[1] == previous && requests[1] != MPI_REQUEST_NULL);
    MPI_Wait(&send, MPI_STATUS_IGNORE);
    MPI_Request_get_status_some(3, requests, &count, indices, all);
    CHECK(count == 1 && indices[0] == 1 && all[0].MPI_SOURCE == previous);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Request others[2];
    MPI_Isend(&rank, 1, MPI_INT, next, 20, MPI_COMM_WORLD, &others[0]);
    MPI_Isend(&rank, 1, MPI_INT, next, 22, MPI_COMM_WORLD, &others[1]);
    do MPI_Request_get_status_all(3, requests, &flag, all);
    while (!flag);
    MPI_Waitall(2, others, MPI_STATUSES_IGNORE);
    MPI_Waitall(3, requests, all);
    CHECK(all[2].MPI_TAG == 22 && in[2] == previous && requests[0] == MPI_REQUEST_NULL);
}

/* external32: the most significant byte first, whatever the machine. */
static void portable(void) {
    int numbers[2] = {1, 258}, back[2];
    unsigned char packed[64];
    MPI_Aint at = 0, room;
    MPI_Pack_external_size("external32", 2, MPI_INT, &room);
    CHECK(room == 8);
    MPI_Pack_external("external32", numbers, 2, MPI_INT, packed, sizeof packed, &at);
    CHECK(at == 8 && !memcmp(packed, "\0\0\0\1\0\0\1\2", 8));
    MPI_Count large = 0;
    MPI_Unpack_external_c("external32", packed, 8, &large, back, 2, MPI_INT);
    CHECK(large == 8 && back[1] == 258);
}

/* On a ring: to the left and to the right, nonblocking, persistent, with a datatype for each neighbour. */
static void neighbours(void) {
    int periodic = 1, dims = 0;
    MPI_Comm ring;
    MPI_Dims_create(size, 1, &dims);
    MPI_Cart_create(MPI_COMM_WORLD, 1, &dims, &periodic, 0, &ring);
    int out[2] = {10 * rank, 10 * rank + 1}, in[2] = {-1, -1};
    MPI_Request request;
    MPI_Ineighbor_alltoall(out, 1, MPI_INT, in, 1, MPI_INT, ring, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    CHECK(in[0] == 10 * previous + 1 && in[1] == 10 * next);
    int ones[2] = {1, 1};
    MPI_Aint places[2] = {0, sizeof(int)};
    MPI_Datatype types[2] = {MPI_INT, MPI_INT};
    MPI_Neighbor_alltoallw_init(out, ones, places, types, in, ones, places, types, ring, MPI_INFO_NULL, &request);
    for (int round = 0; round < 3; round++) {
        out[0] = 100 * rank + round;
        in[0] = in[1] = -1;
        MPI_Start(&request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        CHECK(in[0] == 10 * previous + 1 && in[1] == 100 * next + round);
    }
    MPI_Request_free(&request);
    MPI_Comm_free(&ring);
}

static void persistent(void) {
    int value, sum;
    MPI_Request requests[2];
    MPI_Allreduce_init(&value, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD, MPI_INFO_NULL, &requests[0]);
    MPI_Barrier_init(MPI_COMM_WORLD, MPI_INFO_NULL, &requests[1]);
    for (int round = 0; round < 4; round++) {
        value = rank * round;
        MPI_Startall(2, requests);
        MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
        CHECK(sum == round * size * (size - 1) / 2);
    }
    MPI_Request_free(&requests[0]);
    MPI_Request_free(&requests[1]);
}

static void large_counts(void) {
    MPI_Count *counts = malloc(size * sizeof *counts);
    MPI_Aint *places = malloc(size * sizeof *places);
    short *out = malloc(size * sizeof *out), *in = malloc(size * sizeof *in);
    for (int i = 0; i < size; i++) {
        counts[i] = 1;
        places[i] = i;
        out[i] = (short)(10 * rank + i);
    }
    MPI_Alltoallv_c(out, counts, places, MPI_SHORT, in, counts, places, MPI_SHORT, MPI_COMM_WORLD);
    for (int i = 0; i < size; i++) CHECK(in[i] == 10 * i + rank);
    MPI_Reduce_scatter_c(out, in, counts, MPI_SHORT, MPI_MAX, MPI_COMM_WORLD);
    CHECK(in[0] == 10 * (size - 1) + rank);
    /* More elements than an int counts, without their memory: a type of 3 << 30 pieces of nothing sent. */
    MPI_Datatype huge;
    MPI_Type_contiguous_c((MPI_Count)3 << 30, MPI_INT, &huge);
    MPI_Count bytes;
    MPI_Type_size_c(huge, &bytes);
    CHECK(bytes == (MPI_Count)12 << 30);
    int small;
    MPI_Type_size(huge, &small);
    CHECK(small == MPI_UNDEFINED);
    MPI_Type_free(&huge);
    free(counts), free(places), free(out), free(in);
}

static void from_a_session(void) {
    MPI_Session session;
    MPI_Group group;
    MPI_Comm comm;
    int sum;
    MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session);
    MPI_Group_from_session_pset(session, "mpi://WORLD", &group);
    MPI_Comm_create_from_group(group, "newer", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm);
    PMPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, comm);
    CHECK(sum == size * (size - 1) / 2);
    MPI_Comm_free(&comm);
    MPI_Group_free(&group);
    MPI_Session_finalize(&session);
}

static int deleted;
static int on_delete(MPI_Comm comm, int key, void *value, void *extra) {
    (void)comm, (void)key, (void)extra;
    deleted += *(int *)value;
    return MPI_SUCCESS;
}

static void old_names(void) {
    int key, flag, value = 7, *found;
    MPI_Comm copy;
    MPI_Attr_get(MPI_COMM_WORLD, MPI_TAG_UB, &found, &flag);
    CHECK(flag && *found >= 32767);
    MPI_Keyval_create(MPI_DUP_FN, on_delete, &key, NULL);
    MPI_Attr_put(MPI_COMM_WORLD, key, &value);
    MPI_Comm_dup(MPI_COMM_WORLD, &copy);
    MPI_Attr_get(copy, key, &found, &flag);
    CHECK(flag && found == &value);
    MPI_Comm_free(&copy);
    MPI_Attr_delete(MPI_COMM_WORLD, key);
    CHECK(deleted == 14);
    MPI_Keyval_free(&key);
    CHECK(key == MPI_KEYVAL_INVALID);
}

int main(int argc, char **argv) {
    int provided, wanted = argc > 1 && !strcmp(argv[1], "threads") ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE;
    MPI_Init_thread(&argc, &argv, wanted, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    next = (rank + 1) % size;
    previous = (rank + size - 1) % size;
    CHECK(provided >= wanted);
    counted();
    both_ways();
    statuses();
    portable();
    neighbours();
    persistent();
    large_counts();
    from_a_session();
    old_names();
    if (rank == 0) printf("ok\n");
    return MPI_Finalize();
}
