/* MPI_THREAD_MULTIPLE under load: every thread of every rank does random operations, each checked.
 *     threads [THREADS] [SECONDS] [SEED]
 * Threads of the same number belong together and have a communicator of their own; all share one more, where tags
 * keep them apart. Now and then all threads meet, take each other's messages and wait for each other's requests. */
#include "threads.h"
#include <unistd.h>

static int rank, size, threads = 8, again = 1;
static double seconds = 2;
static unsigned seed = 1;
static pthread_barrier_t meeting;
static MPI_Comm shared, pool;
static MPI_Request handed[MOST_THREADS][2];
static int letters[MOST_THREADS][2];

unsigned any(struct self *self, unsigned end) {
    self->random ^= self->random << 13;
    self->random ^= self->random >> 7;
    self->random ^= self->random << 17;
    return (unsigned)(self->random >> 33) % end;
}

int length(struct self *self) {
    switch (any(self, 16)) {
    case 0: return 0;
    case 1: return 1;
    case 2: return any(self, LONGEST);
    case 3: case 4: case 5: return any(self, 1 << 14);
    default: return any(self, 200);
    }
}

int value(struct self *self, int from, int at) {
    return (int)((self->round * 1009u + self->thread * 101u + from * 11u + (unsigned)at * 7u) & 0xffffff);
}

void fill(struct self *self, int *buffer, int count) {
    for (int at = 0; at < count; at++) buffer[at] = value(self, self->rank, at);
}

void check(struct self *self, const int *buffer, int count, int from) {
    for (int at = 0; at < count; at++) {
        if (buffer[at] == value(self, from, at)) continue;
        fprintf(stderr, "rank %d thread %d round %u: element %d of %d from rank %d is %d, not %d\n", self->rank,
                self->thread, self->round, at, count, from, buffer[at], value(self, from, at));
        MPI_Abort(MPI_COMM_WORLD, 98);
    }
}

static void one_by_one(int count, MPI_Request *requests, MPI_Status *statuses, int testing) {
    for (int left = count, at, done = 1; left > 0; done = 1) {
        MPI_Status status;
        if (testing) MPI_Testany(count, requests, &at, &done, &status);
        else MPI_Waitany(count, requests, &at, &status);
        if (!done) continue;
        CHECK(at >= 0 && at < count);
        statuses[at] = status;
        left--;
    }
}

static void by_handfuls(int count, MPI_Request *requests, MPI_Status *statuses, int testing) {
    for (int left = count; left > 0;) {
        MPI_Status some[64];
        int indices[64], done;
        if (testing) MPI_Testsome(count, requests, &done, indices, some);
        else MPI_Waitsome(count, requests, &done, indices, some);
        CHECK(done >= (testing ? 0 : 1) && done <= left);
        for (int n = 0; n < done; n++) statuses[indices[n]] = some[n];
        left -= done;
    }
}

void complete(struct self *self, int count, MPI_Request *requests, MPI_Status *statuses) {
    int done = 0;
    CHECK(count <= 64);
    switch (any(self, 9)) {
    case 0:
        for (int n = count - 1; n >= 0; n--) MPI_Wait(&requests[n], &statuses[n]);
        break;
    case 1:
        for (int n = 0; n < count; n++)
            do MPI_Test(&requests[n], &done, &statuses[n]);
            while (!done);
        break;
    case 2: one_by_one(count, requests, statuses, 0); break;
    case 3: one_by_one(count, requests, statuses, 1); break;
    case 4: by_handfuls(count, requests, statuses, 0); break;
    case 5: by_handfuls(count, requests, statuses, 1); break;
    case 6:
        do MPI_Testall(count, requests, &done, statuses);
        while (!done);
        break;
    case 7:
        for (int n = 0; n < count; n++)
            do MPI_Request_get_status(requests[n], &done, &statuses[n]);
            while (!done); /* fall through */
    default: MPI_Waitall(count, requests, statuses);
    }
}

/* All threads of all ranks: each sends one message to anyone on the right, and takes one that may be another's. */
static void take_anyones(struct self *self) {
    int letter[2] = {rank, (int)self->round + self->thread}, found[2], count, flag;
    MPI_Request request;
    MPI_Message message;
    MPI_Status status;
    MPI_Isend(letter, 2, MPI_INT, self->right, letter[1] % 1000, pool, &request);
    if (any(self, 2)) MPI_Mprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, pool, &message, &status);
    else
        do MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, pool, &flag, &message, &status);
        while (!flag);
    MPI_Get_count(&status, MPI_INT, &count);
    CHECK(count == 2 && status.MPI_SOURCE == self->left);
    if (any(self, 2)) MPI_Mrecv(found, 2, MPI_INT, &message, MPI_STATUS_IGNORE);
    else {
        MPI_Request receive;
        MPI_Imrecv(found, 2, MPI_INT, &message, &receive);
        MPI_Wait(&receive, MPI_STATUS_IGNORE);
    }
    CHECK(found[0] == self->left && found[1] % 1000 == status.MPI_TAG);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
}

/* Each thread begins a receive and a send; another thread waits for them. */
static void hand_over(struct self *self) {
    int me = self->thread, other = (me + 1) % threads;
    letters[me][0] = value(self, rank, 0);
    MPI_Irecv(&letters[me][1], 1, MPI_INT, self->left, 900 + me, shared, &handed[me][0]);
    MPI_Issend(&letters[me][0], 1, MPI_INT, self->right, 900 + me, shared, &handed[me][1]);
    pthread_barrier_wait(&meeting);
    MPI_Waitall(2, handed[other], MPI_STATUSES_IGNORE);
    pthread_barrier_wait(&meeting);
    CHECK(letters[me][1] == value(self, self->left, 0));
}

static void meet(struct self *self, double begin) {
    pthread_barrier_wait(&meeting);
    take_anyones(self);
    hand_over(self);
    if (self->thread == 0) {
        again = MPI_Wtime() - begin < seconds;
        MPI_Bcast(&again, 1, MPI_INT, 0, self->own);
    }
    pthread_barrier_wait(&meeting);
}

static void *work(void *argument) {
    struct self *self = argument;
    double begin = MPI_Wtime();
    do {
        for (int n = 0; n < 40; n++, self->round++) {
            unsigned what = any(self, point_to_points + togethers);
            (what < point_to_points ? point_to_point[what] : together[what - point_to_points])(self);
        }
        meet(self, begin);
    } while (again);
    return NULL;
}

int main(int argc, char **argv) {
    static struct self selves[MOST_THREADS];
    pthread_t started[MOST_THREADS];
    int provided;
    if (argc > 1) threads = atoi(argv[1]);
    if (argc > 2) seconds = atof(argv[2]);
    if (argc > 3) seed = (unsigned)atoi(argv[3]);
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    CHECK(provided == MPI_THREAD_MULTIPLE && threads > 0 && threads <= MOST_THREADS);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    CHECK(size <= MOST_RANKS);
    MPI_Comm_dup(MPI_COMM_WORLD, &shared);
    MPI_Comm_dup(MPI_COMM_WORLD, &pool);
    MPI_Buffer_attach(malloc(64 << 20), 64 << 20);
    pthread_barrier_init(&meeting, NULL, threads);
    for (int n = 0; n < threads; n++) {
        struct self *self = &selves[n];
        *self = (struct self){n, rank, size, (rank + size - 1) % size, (rank + 1) % size};
        self->random = (seed * 0x9e3779b97f4a7c15u) ^ ((n + 1) * 0xbf58476d1ce4e5b9u);
        self->shared = shared;
        MPI_Comm_dup(MPI_COMM_WORLD, &self->own);
        self->out = malloc(LONGEST * sizeof(int));
        self->in = malloc(LONGEST * sizeof(int));
        self->many = malloc(LONGEST * sizeof(int));
        CHECK(self->out && self->in && self->many);
    }
    for (int n = 0; n < threads; n++) CHECK(pthread_create(&started[n], NULL, work, &selves[n]) == 0);
    for (int n = 0; n < threads; n++) pthread_join(started[n], NULL);
    unsigned rounds = 0;
    void *buffer;
    for (int n = 0; n < threads; n++) {
        rounds += selves[n].round;
        MPI_Comm_free(&selves[n].own);
        free(selves[n].out);
        free(selves[n].in);
        free(selves[n].many);
    }
    MPI_Comm_free(&shared);
    MPI_Comm_free(&pool);
    MPI_Buffer_detach(&buffer, &provided);
    free(buffer);
    MPI_Finalize();
    if (rank == 0) printf("ok: %u operations in each of %d ranks\n", rounds, size);
    return 0;
}
