/* Collectives, blocking and not, with what each rank must receive. */
#include "random.h"

enum { BARRIER, BCAST, REDUCE, ALLREDUCE, GATHER, GATHERV, SCATTER, SCATTERV, ALLGATHER, ALLGATHERV, ALLTOALL, ALLTOALLV,
       SCAN, EXSCAN, REDUCE_SCATTER_BLOCK, REDUCE_SCATTER };

struct collective {
    const struct event *event;
    uint64_t id;
    int rank, size, units, root;
    uint64_t *out, *in, *expected;
    int out_length, in_length;
    bool in_place;
    int counts[MOST_RANKS], places[MOST_RANKS], out_counts[MOST_RANKS], out_places[MOST_RANKS];
};

/* What rank `from` contributes at a place. */
static uint64_t part(const struct collective *c, int from, int at) { return value(c->id + (uint64_t)from, (uint64_t)at); }

/* The length of a part that ranks cut differently. */
static int cut(const struct collective *c, int from, int to) {
    return (int)(value(c->event->bits, (uint64_t)(from * 64 + to)) % (uint64_t)(c->units + 1));
}

static uint64_t joined(const struct collective *c, uint64_t a, uint64_t b) {
    switch (c->event->bits >> 20 & 3) {
    case 0: return a + b;
    case 1: return a > b ? a : b;
    case 2: return a ^ b;
    default: return a * b;
    }
}

static MPI_Op operation(const struct collective *c) {
    return (MPI_Op[]){MPI_SUM, MPI_MAX, MPI_BXOR, MPI_PROD}[c->event->bits >> 20 & 3];
}

static uint64_t reduced(const struct collective *c, int ranks, int at) {
    uint64_t all = part(c, 0, at);
    for (int i = 1; i < ranks; i++) all = joined(c, all, part(c, i, at));
    return all;
}

static void places(const struct collective *c, const int *counts, int *places, int *length) {
    *length = 0;
    for (int i = 0; i < c->size; i++) {
        places[i] = *length;
        *length += counts[i];
    }
}

/* Lengths of what goes out and comes in at this rank, and what must come. */
static void prepare(struct collective *c) {
    int n = c->units, kind = c->event->what;
    bool root = c->rank == c->root;
    int total = 0;
    for (int i = 0; i < c->size; i++) {
        bool each = kind == GATHERV || kind == SCATTERV || kind == ALLGATHERV || kind == REDUCE_SCATTER;
        c->counts[i] = kind == ALLTOALLV ? cut(c, i, c->rank) : each ? cut(c, i, 0) : n;
        c->out_counts[i] = cut(c, c->rank, i);
    }
    places(c, c->counts, c->places, &total);
    int own = c->counts[c->rank];
    c->out_length = c->in_length = 0;
    switch (kind) {
    case BCAST: c->in_length = n; break;
    case REDUCE: c->out_length = n; c->in_length = root ? n : 0; break;
    case ALLREDUCE: case SCAN: case EXSCAN: c->out_length = c->in_length = n; break;
    case GATHER: case GATHERV: c->out_length = own; c->in_length = root ? total : 0; break;
    case SCATTER: case SCATTERV: c->out_length = root ? total : 0; c->in_length = own; break;
    case ALLGATHER: case ALLGATHERV: c->out_length = own; c->in_length = total; break;
    case ALLTOALL: c->out_length = c->in_length = n * c->size; break;
    case ALLTOALLV:
        places(c, c->out_counts, c->out_places, &c->out_length);
        c->in_length = total;
        break;
    case REDUCE_SCATTER_BLOCK: c->out_length = n * c->size; c->in_length = n; break;
    case REDUCE_SCATTER: c->out_length = total; c->in_length = own; break;
    default: break;
    }
    c->out = malloc((size_t)c->out_length * 8 + 8);
    c->in = malloc((size_t)c->in_length * 8 + 8);
    c->expected = malloc((size_t)c->in_length * 8 + 8);
    CHECK(c->out && c->in && c->expected);
    for (int i = 0; i < c->out_length; i++) c->out[i] = part(c, c->rank, i);
    memset(c->in, 0xa5, (size_t)c->in_length * 8 + 8);
    memset(c->expected, 0xa5, (size_t)c->in_length * 8 + 8);
    for (int i = 0; i < c->in_length; i++) {
        uint64_t *to = &c->expected[i];
        switch (kind) {
        case BCAST: *to = part(c, c->root, i); break;
        case REDUCE: case ALLREDUCE: *to = reduced(c, c->size, i); break;
        case SCAN: *to = reduced(c, c->rank + 1, i); break;
        case EXSCAN: if (c->rank > 0) *to = reduced(c, c->rank, i); break;
        case SCATTER: case SCATTERV: *to = part(c, c->root, c->places[c->rank] + i); break;
        case REDUCE_SCATTER_BLOCK: *to = reduced(c, c->size, c->rank * n + i); break;
        case REDUCE_SCATTER: *to = reduced(c, c->size, c->places[c->rank] + i); break;
        default: break;
        }
    }
    for (int from = 0; from < c->size; from++) {
        bool gathers = kind == GATHER || kind == GATHERV || kind == ALLGATHER || kind == ALLGATHERV;
        if (!(gathers && c->in_length) && kind != ALLTOALL && kind != ALLTOALLV) continue;
        int before = 0;
        for (int i = 0; kind == ALLTOALLV && i < c->rank; i++) before += cut(c, from, i);
        if (kind == ALLTOALL) before = c->rank * n;
        for (int i = 0; i < c->counts[from]; i++) c->expected[c->places[from] + i] = part(c, from, before + i);
    }
    if (kind == BCAST && root) memcpy(c->in, c->expected, (size_t)n * 8);
    c->in_place = c->event->bits >> 30 & 1 &&
                  (kind == ALLREDUCE || kind == SCAN || kind == ALLGATHER || kind == ALLGATHERV || (kind == REDUCE && root));
    if (c->in_place && (kind == ALLREDUCE || kind == SCAN || kind == REDUCE)) memcpy(c->in, c->out, (size_t)n * 8);
    if (c->in_place && (kind == ALLGATHER || kind == ALLGATHERV)) {
        memcpy(c->in + c->places[c->rank], c->out, (size_t)own * 8);
    }
}

struct collective *begin_collective(const struct event *event, int number, MPI_Comm comm, bool blocking,
                                    MPI_Request *request) {
    struct collective *c = calloc(1, sizeof *c);
    CHECK(c);
    c->event = event;
    c->id = all.seed * 77 + (uint64_t)number * 1000;
    MPI_Comm_rank(comm, &c->rank);
    MPI_Comm_size(comm, &c->size);
    c->units = event->units;
    c->root = (int)(event->bits >> 40 & 0xff) % c->size;
    prepare(c);
    int n = c->units, root = c->root, own = c->counts[c->rank];
    const void *out = c->in_place ? MPI_IN_PLACE : c->out;
    uint64_t *in = c->in;
    MPI_Datatype type = MPI_UINT64_T;
    MPI_Op op = operation(c);
    switch (event->what) {
    case BARRIER: blocking ? MPI_Barrier(comm) : MPI_Ibarrier(comm, request); break;
    case BCAST: blocking ? MPI_Bcast(in, n, type, root, comm) : MPI_Ibcast(in, n, type, root, comm, request); break;
    case REDUCE:
        blocking ? MPI_Reduce(out, in, n, type, op, root, comm) : MPI_Ireduce(out, in, n, type, op, root, comm, request);
        break;
    case ALLREDUCE:
        blocking ? MPI_Allreduce(out, in, n, type, op, comm) : MPI_Iallreduce(out, in, n, type, op, comm, request);
        break;
    case GATHER:
        blocking ? MPI_Gather(out, n, type, in, n, type, root, comm)
                 : MPI_Igather(out, n, type, in, n, type, root, comm, request);
        break;
    case GATHERV:
        blocking ? MPI_Gatherv(out, own, type, in, c->counts, c->places, type, root, comm)
                 : MPI_Igatherv(out, own, type, in, c->counts, c->places, type, root, comm, request);
        break;
    case SCATTER:
        blocking ? MPI_Scatter(out, n, type, in, n, type, root, comm)
                 : MPI_Iscatter(out, n, type, in, n, type, root, comm, request);
        break;
    case SCATTERV:
        blocking ? MPI_Scatterv(out, c->counts, c->places, type, in, own, type, root, comm)
                 : MPI_Iscatterv(out, c->counts, c->places, type, in, own, type, root, comm, request);
        break;
    case ALLGATHER:
        blocking ? MPI_Allgather(out, n, type, in, n, type, comm)
                 : MPI_Iallgather(out, n, type, in, n, type, comm, request);
        break;
    case ALLGATHERV:
        blocking ? MPI_Allgatherv(out, own, type, in, c->counts, c->places, type, comm)
                 : MPI_Iallgatherv(out, own, type, in, c->counts, c->places, type, comm, request);
        break;
    case ALLTOALL:
        blocking ? MPI_Alltoall(out, n, type, in, n, type, comm)
                 : MPI_Ialltoall(out, n, type, in, n, type, comm, request);
        break;
    case ALLTOALLV:
        blocking ? MPI_Alltoallv(out, c->out_counts, c->out_places, type, in, c->counts, c->places, type, comm)
                 : MPI_Ialltoallv(out, c->out_counts, c->out_places, type, in, c->counts, c->places, type, comm, request);
        break;
    case SCAN: blocking ? MPI_Scan(out, in, n, type, op, comm) : MPI_Iscan(out, in, n, type, op, comm, request); break;
    case EXSCAN:
        blocking ? MPI_Exscan(out, in, n, type, op, comm) : MPI_Iexscan(out, in, n, type, op, comm, request);
        break;
    case REDUCE_SCATTER_BLOCK:
        blocking ? MPI_Reduce_scatter_block(out, in, n, type, op, comm)
                 : MPI_Ireduce_scatter_block(out, in, n, type, op, comm, request);
        break;
    default:
        blocking ? MPI_Reduce_scatter(out, in, c->counts, type, op, comm)
                 : MPI_Ireduce_scatter(out, in, c->counts, type, op, comm, request);
        break;
    }
    return c;
}

void end_collective(struct collective *c) {
    for (int i = 0; i < c->in_length; i++) {
        if (c->in[i] != c->expected[i]) {
            fprintf(stderr, "collective %d: rank %d of %d, place %d of %d: %#llx, expected %#llx\n", c->event->what, c->rank,
                    c->size, i, c->in_length, (unsigned long long)c->in[i], (unsigned long long)c->expected[i]);
            wrong(__FILE__, __LINE__, "what a collective brought");
        }
    }
    CHECK(c->in[c->in_length] == 0xa5a5a5a5a5a5a5a5u);
    free(c->out);
    free(c->in);
    free(c->expected);
    free(c);
}
