/* Nonblocking and persistent collectives in their int forms and in their large forms; operations of the program
 * that call MPI; with "threads", collectives that wait while another thread calls. Built against MPICH's mpi.h. */
#include <mpi.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(what)                                                                                            \
    do {                                                                                                       \
        if (!(what)) {                                                                                         \
            fprintf(stderr, "%s:%d: rank %d: not so: %s\n", __FILE__, __LINE__, rank, #what);                  \
            exit(99);                                                                                          \
        }                                                                                                      \
    } while (0)

enum { MOST = 16, KINDS = 17 };
static int rank, size;

/* Everything one rank has and gets in a round, with what it must be. */
struct data {
    int own[2], told, gathered[MOST], gathered_v[MOST], dealt, dealt_v, all[MOST], all_v[MOST], sends[MOST];
    int each[MOST], each_v[MOST], each_w[MOST], reduced, summed, block, part, before, upto;
};

static int value(int from, int to, int round) { return 1000 * round + 10 * from + to; }

static void fill(struct data *d, int round) {
    int *word = (int *)d;
    for (size_t n = 0; n < sizeof *d / sizeof *word; n++) word[n] = -1;
    d->own[0] = value(rank, 0, round);
    if (rank == 0) d->told = 7 + round;
    for (int n = 0; n < size; n++) d->sends[n] = value(rank, n, round);
}

static void verify(const struct data *d, int round) {
    int sum = 0, mine = 0, before = 0;
    for (int n = 0; n < size; n++) {
        sum += value(n, 0, round);
        mine += value(n, rank, round);
        before += n < rank ? value(n, 0, round) : 0;
        CHECK(d->all[n] == value(n, 0, round) && d->all_v[size - 1 - n] == value(n, 0, round));
        CHECK(d->each[n] == value(n, rank, round) && d->each_w[n] == value(n, rank, round));
        CHECK(d->each_v[size - 1 - n] == value(n, rank, round));
        CHECK(rank > 0 || (d->gathered[n] == value(n, 0, round) && d->gathered_v[n] == value(n, 0, round)));
    }
    CHECK(d->told == 7 + round && d->dealt == value(0, rank, round) && d->dealt_v == value(0, rank, round));
    CHECK(d->summed == sum && (rank > 0 || d->reduced == sum));
    CHECK(d->block == mine && d->part == mine && d->upto == before + value(rank, 0, round));
    CHECK(rank == 0 ? d->before == -1 : d->before == before);
}

/* All of them begun (or made) at once, for int and for MPI_Count, nonblocking and persistent. */
#define BEGIN(name, start, count_t, displ_t, N, INFO)                                                         \
    static void name(MPI_Comm comm, struct data *d, MPI_Request *r) {                                          \
        static count_t ones[MOST];                                                                             \
        static displ_t up[MOST], down[MOST], bytes[MOST];                                                      \
        static MPI_Datatype types[MOST];                                                                       \
        for (int n = 0; n < size; n++)                                                                         \
            ones[n] = 1, up[n] = n, down[n] = size - 1 - n, bytes[n] = 4 * n, types[n] = MPI_INT;              \
        N(B, b, cast)(&d->told, 1, MPI_INT, 0, comm, INFO r++);                                            \
        N(G, g, ather)(d->own, 1, MPI_INT, d->gathered, 1, MPI_INT, 0, comm, INFO r++);                    \
        N(G, g, atherv)(d->own, 1, MPI_INT, d->gathered_v, ones, up, MPI_INT, 0, comm, INFO r++);          \
        N(S, s, catter)(d->sends, 1, MPI_INT, &d->dealt, 1, MPI_INT, 0, comm, INFO r++);                   \
        N(S, s, catterv)(d->sends, ones, up, MPI_INT, &d->dealt_v, 1, MPI_INT, 0, comm, INFO r++);         \
        N(A, a, llgather)(d->own, 1, MPI_INT, d->all, 1, MPI_INT, comm, INFO r++);                         \
        N(A, a, llgatherv)(d->own, 1, MPI_INT, d->all_v, ones, down, MPI_INT, comm, INFO r++);             \
        N(A, a, lltoall)(d->sends, 1, MPI_INT, d->each, 1, MPI_INT, comm, INFO r++);                       \
        N(A, a, lltoallv)                                                                                           \
        (d->sends, ones, up, MPI_INT, d->each_v, ones, down, MPI_INT, comm, INFO r++);                \
        N(A, a, lltoallw)                                                                                           \
        (d->sends, ones, bytes, types, d->each_w, ones, bytes, types, comm, INFO r++);                \
        N(R, r, educe)(d->own, &d->reduced, 1, MPI_INT, MPI_SUM, 0, comm, INFO r++);                       \
        N(A, a, llreduce)(d->own, &d->summed, 1, MPI_INT, MPI_SUM, comm, INFO r++);                        \
        N(R, r, educe_scatter_block)(d->sends, &d->block, 1, MPI_INT, MPI_SUM, comm, INFO r++);            \
        N(R, r, educe_scatter)(d->sends, &d->part, ones, MPI_INT, MPI_SUM, comm, INFO r++);                \
        N(S, s, can)(d->own, &d->upto, 1, MPI_INT, MPI_SUM, comm, INFO r++);                               \
        N(E, e, xscan)(d->own, &d->before, 1, MPI_INT, MPI_SUM, comm, INFO r++);                           \
        start;                                                                                                 \
    }

/* First letter, the same in lower case, the rest. */
#define I_INT(A, a, rest) MPI_I##a##rest
#define I_LARGE(A, a, rest) MPI_I##a##rest##_c
#define P_INT(A, a, rest) MPI_##A##rest##_init
#define P_LARGE(A, a, rest) MPI_##A##rest##_init_c
#define NOTHING
#define WITH_INFO MPI_INFO_NULL,

BEGIN(begin, MPI_Ibarrier(comm, r), int, int, I_INT, NOTHING)
BEGIN(begin_large, MPI_Ibarrier(comm, r), MPI_Count, MPI_Aint, I_LARGE, NOTHING)
BEGIN(make, MPI_Barrier_init(comm, MPI_INFO_NULL, r), int, int, P_INT, WITH_INFO)
BEGIN(make_large, MPI_Barrier_init(comm, MPI_INFO_NULL, r), MPI_Count, MPI_Aint, P_LARGE, WITH_INFO)

static void all_forms(MPI_Comm comm) {
    void (*const begins[])(MPI_Comm, struct data *, MPI_Request *) = {begin, begin_large};
    void (*const makes[])(MPI_Comm, struct data *, MPI_Request *) = {make, make_large};
    MPI_Request requests[3][KINDS];
    static struct data data[3];
    for (int form = 0; form < 2; form++) {
        /* Three rounds at once; the last one is completed first. */
        for (int round = 0; round < 3; round++) {
            fill(&data[round], round);
            begins[form](comm, &data[round], requests[round]);
        }
        for (int round = 2; round >= 0; round--) {
            MPI_Waitall(KINDS, requests[round], MPI_STATUSES_IGNORE);
            verify(&data[round], round);
            for (int n = 0; n < KINDS; n++) CHECK(requests[round][n] == MPI_REQUEST_NULL);
        }
        makes[form](comm, &data[0], requests[0]);
        for (int round = 0; round < 3; round++) {
            fill(&data[0], round);
            MPI_Startall(KINDS, requests[0]);
            for (int left = KINDS, index; left > 0; left--) {
                MPI_Waitany(KINDS, requests[0], &index, MPI_STATUS_IGNORE);
                CHECK(index != MPI_UNDEFINED);
            }
            verify(&data[0], round);
        }
        for (int n = 0; n < KINDS; n++) MPI_Request_free(&requests[0][n]);
    }
}

static int called;

/* Adds; calls MPI meanwhile, waits and collectives included. */
static void add(void *in, void *inout, int *count, MPI_Datatype *type) {
    long one = 1, got = 0, sum = 0;
    MPI_Request request;
    MPI_Irecv(&got, 1, MPI_LONG, 0, 5, MPI_COMM_SELF, &request);
    MPI_Send(&one, 1, MPI_LONG, 0, 5, MPI_COMM_SELF);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_Allreduce(&one, &sum, 1, MPI_LONG, MPI_SUM, MPI_COMM_SELF);
    CHECK(got == 1 && sum == 1 && *type == MPI_LONG);
    for (int n = 0; n < *count; n++) ((long *)inout)[n] += ((long *)in)[n];
    called++;
}

static void own_operations(MPI_Comm comm) {
    enum { MANY = 3000 };
    static long own[MANY], got[MANY], scanned[MANY];
    MPI_Op op;
    MPI_Request requests[2];
    MPI_Op_create(add, 1, &op);
    for (int n = 0; n < MANY; n++) own[n] = rank + n;
    MPI_Iallreduce(own, got, MANY, MPI_LONG, op, comm, &requests[0]);
    MPI_Iscan(own, scanned, MANY, MPI_LONG, op, comm, &requests[1]);
    /* Rank 0 waits for a message that comes only when the others' reductions are over. */
    if (rank == 0) {
        for (int n = 1; n < size; n++) MPI_Recv(NULL, 0, MPI_INT, n, 8, comm, MPI_STATUS_IGNORE);
    } else {
        MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
        MPI_Send(NULL, 0, MPI_INT, 0, 8, comm);
    }
    for (int done = 0; !done;) MPI_Testall(2, requests, &done, MPI_STATUSES_IGNORE);
    for (int n = 0; n < MANY; n++) {
        CHECK(got[n] == size * (size - 1) / 2 + (long)size * n);
        CHECK(scanned[n] == rank * (rank + 1) / 2 + (rank + 1L) * n);
    }
    MPI_Reduce_scatter_block_init(own, got, MANY / MOST, MPI_LONG, op, comm, MPI_INFO_NULL, &requests[0]);
    /* The operation lives on in the request. */
    MPI_Op_free(&op);
    for (int round = 0; round < 3; round++) {
        for (int n = 0; n < MANY; n++) own[n] = rank + n + round;
        MPI_Start(&requests[0]);
        MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
        for (int n = 0; n < MANY / MOST; n++)
            CHECK(got[n] == size * (size - 1) / 2 + (long)size * (rank * (MANY / MOST) + n + round));
    }
    MPI_Request_free(&requests[0]);
    CHECK(called > 0 || size == 1);
}

static int class_of(int code) {
    int class;
    MPI_Error_class(code, &class);
    return class;
}

static void errors(MPI_Comm comm) {
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    MPI_Request request = MPI_REQUEST_NULL;
    double one = 1, two;
    CHECK(class_of(MPI_Iallreduce(&one, &two, 1, MPI_DOUBLE, MPI_BAND, comm, &request)) == MPI_ERR_OP);
    CHECK(class_of(MPI_Ibcast(&one, 1, MPI_DOUBLE, size, comm, &request)) == MPI_ERR_ROOT);
    CHECK(request == MPI_REQUEST_NULL);
    if (size > 1 && rank == 0) {
        MPI_Ibarrier(comm, &request);
        /* The others come after the message. */
        CHECK(class_of(MPI_Cancel(&request)) == MPI_ERR_REQUEST);
        CHECK(class_of(MPI_Request_free(&request)) == MPI_ERR_REQUEST && request != MPI_REQUEST_NULL);
        for (int n = 1; n < size; n++) MPI_Send(NULL, 0, MPI_INT, n, 9, comm);
    } else {
        if (size > 1) MPI_Recv(NULL, 0, MPI_INT, 0, 9, comm, MPI_STATUS_IGNORE);
        MPI_Ibarrier(comm, &request);
    }
    MPI_Wait(&request, MPI_STATUS_IGNORE);
}

static MPI_Comm shared;

/* Lets the others go into their collective, after a while in which this rank is in its own. */
static void *release(void *nothing) {
    usleep(20000);
    for (int n = 1; n < size; n++) MPI_Send(NULL, 0, MPI_INT, n, 10, shared);
    return nothing;
}

static void beside_threads(MPI_Comm comm) {
    MPI_Op op;
    MPI_Op_create(add, 1, &op);
    MPI_Comm_dup(comm, &shared);
    for (int kind = 0; kind < 7; kind++) {
        pthread_t thread;
        long own[4] = {rank, rank, rank, rank}, got[4 * MOST] = {0}, sum = size * (size - 1) / 2;
        if (rank == 0) pthread_create(&thread, NULL, release, NULL);
        else MPI_Recv(NULL, 0, MPI_INT, 0, 10, shared, MPI_STATUS_IGNORE);
        switch (kind) {
        case 0: MPI_Barrier(comm); break;
        case 1: MPI_Allreduce(own, got, 4, MPI_LONG, MPI_SUM, comm); CHECK(got[3] == sum); break;
        case 2: MPI_Allreduce(own, got, 4, MPI_LONG, op, comm); CHECK(got[3] == sum); break;
        case 3: MPI_Allgather(own, 4, MPI_LONG, got, 4, MPI_LONG, comm); CHECK(got[4 * size - 1] == size - 1); break;
        case 4: MPI_Gather(own, 4, MPI_LONG, got, 4, MPI_LONG, 0, comm); CHECK(rank || got[4 * size - 1] == size - 1); break;
        case 5: MPI_Bcast(own, 4, MPI_LONG, size - 1, comm); CHECK(own[0] == size - 1); break;
        default: MPI_Alltoall(MPI_IN_PLACE, 0, MPI_INT, got, 4, MPI_LONG, comm);
        }
        if (rank == 0) pthread_join(thread, NULL);
        MPI_Barrier(comm);
    }
    MPI_Op_free(&op);
    MPI_Comm_free(&shared);
}

int main(int argc, char **argv) {
    int threads = argc > 1, provided;
    MPI_Init_thread(&argc, &argv, threads ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm comm;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    all_forms(MPI_COMM_WORLD);
    all_forms(comm);
    own_operations(comm);
    if (threads) beside_threads(comm);
    errors(comm);
    MPI_Comm_free(&comm);
    if (rank == 0) puts("ok");
    MPI_Finalize();
    return 0;
}
