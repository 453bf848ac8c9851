/* Collectives in their int forms and in their large forms, with what C programs do that Python programs do
 * not: pairs with gaps, negative displacements, null buffers where they do not count. Built against MPICH's
 * mpi.h. */
#include <mpi.h>
#include <complex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(what)                                                                                            \
    do {                                                                                                       \
        if (!(what)) {                                                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);                                 \
            exit(99);                                                                                          \
        }                                                                                                      \
    } while (0)

enum { MOST = 16 };
static int rank, size;

/* Each program text once, for int and for MPI_Count. */
#define FORM(name, form, count_t, displ_t)                                                                     \
    static void name(MPI_Comm comm) {                                                                          \
        int own[2] = {rank, rank * rank}, rows[2 * MOST], part[2], total[2];                                   \
        count_t counts[MOST];                                                                                  \
        displ_t places[MOST], bytes[MOST];                                                                     \
        MPI_Datatype types[MOST];                                                                              \
        for (int n = 0; n < size; n++) {                                                                       \
            counts[n] = 2;                                                                                     \
            /* From the end of the array down. */                                                              \
            places[n] = -2 * (n + 1);                                                                          \
            bytes[n] = 8 * n;                                                                                  \
            types[n] = MPI_INT;                                                                                \
        }                                                                                                      \
        for (int root = 0; root < size; root++) {                                                              \
            bool me = rank == root;                                                                            \
            MPI_Gather##form(own, 2, MPI_INT, me ? rows : NULL, me ? 2 : -5, MPI_INT, root, comm);             \
            for (int n = 0; me && n < size; n++) CHECK(rows[2 * n] == n && rows[2 * n + 1] == n * n);          \
            MPI_Scatter##form(me ? rows : NULL, 2, MPI_INT, part, 2, MPI_INT, root, comm);                     \
            CHECK(part[0] == rank && part[1] == rank * rank);                                                  \
            MPI_Gatherv##form(own, 2, MPI_INT, me ? rows + 2 * size : NULL, me ? counts : NULL, places,        \
                              MPI_INT, root, comm);                                                            \
            for (int n = 0; me && n < size; n++) CHECK(rows[2 * (size - 1 - n)] == n);                         \
            part[0] = -1;                                                                                      \
            MPI_Scatterv##form(me ? rows + 2 * size : NULL, counts, places, MPI_INT, part, 2, MPI_INT, root,   \
                               comm);                                                                          \
            CHECK(part[0] == rank && part[1] == rank * rank);                                                  \
            MPI_Reduce##form(own, me ? total : NULL, 2, MPI_INT, MPI_SUM, root, comm);                         \
            CHECK(!me || total[0] == size * (size - 1) / 2);                                                   \
        }                                                                                                      \
        MPI_Allgather##form(own, 2, MPI_INT, rows, 2, MPI_INT, comm);                                          \
        for (int n = 0; n < size; n++) CHECK(rows[2 * n] == n && rows[2 * n + 1] == n * n);                    \
        MPI_Alltoall##form(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, rows, 2, MPI_INT, comm);                        \
        for (int n = 0; n < size; n++) CHECK(rows[2 * n] == rank && rows[2 * n + 1] == rank * rank);           \
        MPI_Allgatherv##form(own, 2, MPI_INT, rows + 2 * size, counts, places, MPI_INT, comm);                 \
        for (int n = 0; n < size; n++) CHECK(rows[2 * (size - 1 - n)] == n);                                   \
        int came[2 * MOST];                                                                                    \
        MPI_Alltoallv##form(rows + 2 * size, counts, places, MPI_INT, came + 2 * size, counts, places,         \
                            MPI_INT, comm);                                                                    \
        for (int n = 0; n < 2 * size; n++) CHECK(came[n] == (n % 2 ? rank * rank : rank));                     \
        MPI_Alltoallw##form(came, counts, bytes, types, rows, counts, bytes, types, comm);                     \
        for (int n = 0; n < size; n++) CHECK(rows[2 * n] == n && rows[2 * n + 1] == n * n);                    \
        MPI_Allreduce##form(own, total, 2, MPI_INT, MPI_MAX, comm);                                            \
        CHECK(total[0] == size - 1 && total[1] == (size - 1) * (size - 1));                                    \
        MPI_Scan##form(own, total, 2, MPI_INT, MPI_SUM, comm);                                                 \
        CHECK(total[0] == rank * (rank + 1) / 2);                                                              \
        total[0] = 77;                                                                                         \
        MPI_Exscan##form(own, total, 2, MPI_INT, MPI_SUM, comm);                                               \
        CHECK(total[0] == (rank ? rank * (rank - 1) / 2 : 77));                                                \
        MPI_Reduce_scatter_block##form(rows, part, 2, MPI_INT, MPI_SUM, comm);                                 \
        CHECK(part[0] == size * rank && part[1] == size * rank * rank);                                        \
        MPI_Reduce_scatter##form(rows, part, counts, MPI_INT, MPI_SUM, comm);                                  \
        CHECK(part[0] == size * rank && part[1] == size * rank * rank);                                        \
        part[0] = 6;                                                                                           \
        MPI_Reduce_local##form(own, part, 1, MPI_INT, MPI_SUM);                                                \
        CHECK(part[0] == 6 + rank);                                                                            \
    }

FORM(int_forms, , int, int)
FORM(large_forms, _c, MPI_Count, MPI_Aint)

static int called;

/* f after g, of linear functions modulo a prime: it does not commute. May call MPI. */
static void compose_one(const long *f, long *g) {
    long a = f[0] * g[0] % 10007, b = (f[1] * g[0] + g[1]) % 10007;
    g[0] = a, g[1] = b;
}
static void compose(void *in, void *inout, int *count, MPI_Datatype *type) {
    int of_world;
    MPI_Aint low, extent;
    MPI_Comm_size(MPI_COMM_WORLD, &of_world);
    MPI_Type_get_extent(*type, &low, &extent);
    CHECK(of_world >= size && extent == sizeof(double complex));
    for (int n = 0; n < *count; n++) compose_one((long *)in + 2 * n, (long *)inout + 2 * n);
    called++;
}
static void compose_large(void *in, void *inout, MPI_Count *count, MPI_Datatype *type) {
    for (MPI_Count n = 0; n < *count; n++) compose_one((long *)in + 2 * n, (long *)inout + 2 * n);
    called++;
}

static void own_operations(MPI_Comm comm) {
    MPI_Op ops[2];
    int commutes;
    MPI_Op_create(compose, 0, &ops[0]);
    MPI_Op_create_c(compose_large, 0, &ops[1]);
    MPI_Op_commutative(ops[0], &commutes);
    CHECK(!commutes);
    MPI_Op_commutative(MPI_SUM, &commutes);
    CHECK(commutes);
    long expected[2] = {1, 0};
    for (int n = 0; n < size; n++) {
        long next[2] = {n + 2, 3 * n + 1};
        compose_one(expected, next);
        expected[0] = next[0], expected[1] = next[1];
    }
    for (int n = 0; n < 2; n++) {
        /* A type as wide as two longs; the operation knows what it means. */
        long own[2] = {rank + 2, 3 * rank + 1}, total[2] = {0, 0};
        MPI_Allreduce(own, total, 1, MPI_C_DOUBLE_COMPLEX, ops[n], comm);
        CHECK(total[0] == expected[0] && total[1] == expected[1]);
        MPI_Reduce(own, total, 1, MPI_C_DOUBLE_COMPLEX, ops[n], size - 1, comm);
        CHECK(rank < size - 1 || total[0] == expected[0]);
        MPI_Scan(own, total, 1, MPI_C_DOUBLE_COMPLEX, ops[n], comm);
        CHECK(rank < size - 1 || (total[0] == expected[0] && total[1] == expected[1]));
        MPI_Op_free(&ops[n]);
        CHECK(ops[n] == MPI_OP_NULL);
    }
    CHECK(called > 0 || size == 1);
}

static void types(MPI_Comm comm) {
    struct { double value; int place; } pairs[2] = {{rank % 2, rank}, {-rank, rank}}, best[2];
    MPI_Allreduce(pairs, best, 2, MPI_DOUBLE_INT, MPI_MAXLOC, comm);
    CHECK(best[0].place == (size > 1) && best[0].value == (size > 1) && best[1].place == 0);
    MPI_Bcast(pairs, 2, MPI_DOUBLE_INT, size - 1, comm);
    CHECK(pairs[1].value == 1 - size && pairs[1].place == size - 1);
    bool all = rank != 1, any = rank == 1;
    MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_C_BOOL, MPI_LAND, comm);
    MPI_Allreduce(MPI_IN_PLACE, &any, 1, MPI_C_BOOL, MPI_LOR, comm);
    CHECK(all == (size == 1) && any == (size > 1));
    long double sum = 0.5L + rank, least = 1 - rank;
    long double complex product = 1 + I;
    MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_LONG_DOUBLE, MPI_SUM, comm);
    MPI_Allreduce(MPI_IN_PLACE, &least, 1, MPI_LONG_DOUBLE, MPI_MIN, comm);
    MPI_Allreduce(MPI_IN_PLACE, &product, 1, MPI_C_LONG_DOUBLE_COMPLEX, MPI_PROD, comm);
    CHECK(sum == size / 2.0L + size * (size - 1) / 2 && least == 2 - size);
    long double complex expected = 1;
    for (int n = 0; n < size; n++) expected *= 1 + I;
    CHECK(product == expected);
    float complex small = 1 + rank * I;
    MPI_Allreduce(MPI_IN_PLACE, &small, 1, MPI_C_FLOAT_COMPLEX, MPI_SUM, comm);
    CHECK(crealf(small) == size && cimagf(small) == size * (size - 1) / 2);
    MPI_Count counted = 1;
    MPI_Allreduce(MPI_IN_PLACE, &counted, 1, MPI_COUNT, MPI_SUM, comm);
    CHECK(counted == size);
}

static int class_of(int code) {
    int class;
    MPI_Error_class(code, &class);
    return class;
}

/* What every rank can see is wrong, before anything is sent. */
static void errors(MPI_Comm comm) {
    double one = 1, two = 2;
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    CHECK(class_of(MPI_Allreduce(&one, &two, 1, MPI_DOUBLE, MPI_BAND, comm)) == MPI_ERR_OP);
    CHECK(class_of(MPI_Allreduce(&one, &two, 1, MPI_DOUBLE, MPI_OP_NULL, comm)) == MPI_ERR_OP);
    CHECK(class_of(MPI_Allreduce(&one, &two, -1, MPI_DOUBLE, MPI_SUM, comm)) == MPI_ERR_COUNT);
    CHECK(class_of(MPI_Allreduce(NULL, &two, 1, MPI_DOUBLE, MPI_SUM, comm)) == MPI_ERR_BUFFER);
    CHECK(class_of(MPI_Allreduce(&one, &one, 1, MPI_DOUBLE, MPI_SUM, comm)) == MPI_ERR_BUFFER);
    CHECK(class_of(MPI_Allreduce(&one, &two, 1, MPI_DATATYPE_NULL, MPI_SUM, comm)) == MPI_ERR_TYPE);
    CHECK(class_of(MPI_Gather(&one, 1, MPI_DOUBLE, &two, 1, MPI_DOUBLE, size, comm)) == MPI_ERR_ROOT);
    CHECK(class_of(MPI_Bcast(MPI_IN_PLACE, 1, MPI_DOUBLE, 0, comm)) == MPI_ERR_BUFFER);
    CHECK(class_of(MPI_Alltoall(&one, 1, MPI_DOUBLE, &two, 1, MPI_DOUBLE, MPI_COMM_NULL)) == MPI_ERR_COMM);
    MPI_Op sum = MPI_SUM;
    CHECK(class_of(MPI_Op_free(&sum)) == MPI_ERR_OP);
}

int main(int argc, char **argv) {
    int provided;
    MPI_Init_thread(&argc, &argv, argc > 1 ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE, &provided);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm comms[2] = {MPI_COMM_WORLD};
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    /* The ranks backwards. */
    MPI_Comm_split(MPI_COMM_WORLD, 0, -rank, &comms[1]);
    for (int n = 0; n < 2; n++) {
        MPI_Comm_rank(comms[n], &rank);
        MPI_Comm_size(comms[n], &size);
        CHECK(size <= MOST);
        int_forms(comms[n]);
        large_forms(comms[n]);
        own_operations(comms[n]);
        types(comms[n]);
        errors(comms[n]);
    }
    MPI_Comm_free(&comms[1]);
    MPI_Finalize();
    if (rank == 0) puts("ok");
    return 0;
}
