/* Reductions of Fortran's types of 16 bytes, beside the compiler's arithmetic; errors of matched receives; no elements of no
 * type; grids that have no ranks. */
#include <complex.h>
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

#define COUNT 20000
typedef unsigned __int128 bits;

static bits state = 88172645463325252u;
static bits random_bits(void) {
    bits all = 0;
    for (int i = 0; i < 2; i++) {
        unsigned long long x = (unsigned long long)state;
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        state = x;
        all = all << 64 | x;
    }
    return all;
}

#if defined(__x86_64__) && defined(__GNUC__)
typedef __float128 quad;

static quad a[COUNT], b[COUNT], c[COUNT];

/* Any number, but often ones that are near to each other, tiny, or huge. */
static quad random_quad(int how) {
    bits all = random_bits();
    quad value;
    if (how % 4 == 1) all = (all & ~((bits)0x7fff << 112)) | (bits)(0x3fff - 60 + how / 4 % 120) << 112;
    if (how % 4 == 2) all = (all & ~((bits)0x7fff << 112)) | (bits)(how / 4 % 3) << 112;
    if (how % 4 == 3) all = (all & ((bits)0x80000000ull << 96)) | (bits)(0x3fff + how / 4 % 9) << 112;
    memcpy(&value, &all, sizeof value);
    return value;
}

static int same(quad x, quad y) {
    return x != x ? y != y : !memcmp(&x, &y, sizeof x);
}

static void quads(void) {
    for (int i = 0; i < COUNT; i++) a[i] = random_quad(i), b[i] = random_quad(i + i / 7);
    memcpy(c, b, sizeof c);
    CHECK(MPI_Reduce_local(a, c, COUNT, MPI_REAL16, MPI_SUM) == MPI_SUCCESS);
    for (int i = 0; i < COUNT; i++) CHECK(same(c[i], a[i] + b[i]));
    memcpy(c, b, sizeof c);
    CHECK(MPI_Reduce_local(a, c, COUNT, MPI_REAL16, MPI_PROD) == MPI_SUCCESS);
    for (int i = 0; i < COUNT; i++) CHECK(same(c[i], a[i] * b[i]));
    memcpy(c, b, sizeof c);
    CHECK(MPI_Reduce_local(a, c, COUNT, MPI_REAL16, MPI_MAX) == MPI_SUCCESS);
    for (int i = 0; i < COUNT; i++) CHECK(same(c[i], a[i] > b[i] ? a[i] : b[i]));
    memcpy(c, b, sizeof c);
    CHECK(MPI_Reduce_local(a, c, COUNT, MPI_REAL16, MPI_MIN) == MPI_SUCCESS);
    for (int i = 0; i < COUNT; i++) CHECK(same(c[i], a[i] < b[i] ? a[i] : b[i]));
    memcpy(c, b, sizeof c);
    CHECK(MPI_Reduce_local(a, c, COUNT / 2, MPI_COMPLEX32, MPI_PROD) == MPI_SUCCESS);
    for (int i = 0; i < COUNT; i += 2) {
        CHECK(same(c[i], a[i] * b[i] - a[i + 1] * b[i + 1]));
        CHECK(same(c[i + 1], a[i] * b[i + 1] + a[i + 1] * b[i]));
    }
    int rank, size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    quad third = (quad)(rank + 1) / 4, total;
    MPI_Allreduce(&third, &total, 1, MPI_REAL16, MPI_SUM, MPI_COMM_WORLD);
    CHECK(total == (quad)(size * (size + 1) / 2) / 4);
}
#else
static void quads(void) {}
#endif

static void integers(void) {
    static __int128 x[COUNT], y[COUNT], z[COUNT];
    for (int i = 0; i < COUNT; i++) x[i] = (__int128)random_bits(), y[i] = (__int128)random_bits() >> i % 100;
    memcpy(z, y, sizeof z);
    CHECK(MPI_Reduce_local(x, z, COUNT, MPI_INTEGER16, MPI_SUM) == MPI_SUCCESS);
    for (int i = 0; i < COUNT; i++) CHECK((bits)z[i] == (bits)x[i] + (bits)y[i]);
    memcpy(z, y, sizeof z);
    MPI_Reduce_local(x, z, COUNT, MPI_INTEGER16, MPI_PROD);
    for (int i = 0; i < COUNT; i++) CHECK((bits)z[i] == (bits)x[i] * (bits)y[i]);
    memcpy(z, y, sizeof z);
    MPI_Reduce_local(x, z, COUNT, MPI_INTEGER16, MPI_MAX);
    for (int i = 0; i < COUNT; i++) CHECK(z[i] == (x[i] > y[i] ? x[i] : y[i]));
    memcpy(z, y, sizeof z);
    MPI_Reduce_local(x, z, COUNT, MPI_INTEGER16, MPI_BXOR);
    for (int i = 0; i < COUNT; i++) CHECK(z[i] == (x[i] ^ y[i]));
}

static int heard;
static void hear(MPI_Comm *comm, int *code, ...) {
    (void)code;
    heard += *comm != MPI_COMM_WORLD && *comm != MPI_COMM_SELF;
}

/* The handler of the communicator that was probed hears of what goes wrong; that of the world would end the job. */
static void matched(void) {
    MPI_Comm own;
    MPI_Errhandler handler;
    MPI_Message message;
    MPI_Request request, sent;
    MPI_Status status;
    int numbers[4] = {1, 2, 3, 4}, got[4];
    MPI_Comm_dup(MPI_COMM_SELF, &own);
    MPI_Comm_create_errhandler(hear, &handler);
    MPI_Comm_set_errhandler(own, handler);
    for (int i = 0; i < 3; i++) {
        MPI_Isend(numbers, 4, MPI_INT, 0, 5, own, &sent);
        MPI_Mprobe(0, 5, own, &message, &status);
        if (i == 0) MPI_Mrecv(got, 2, MPI_INT, &message, &status);
        if (i == 1) {
            MPI_Imrecv(got, 2, MPI_INT, &message, &request);
            MPI_Wait(&request, &status);
        }
        if (i == 2) {
            MPI_Mrecv(got, -1, MPI_INT, &message, &status);
            CHECK(heard == 3);
            MPI_Mrecv(got, 4, MPI_INT, &message, &status);
            CHECK(got[3] == 4);
        }
        MPI_Wait(&sent, MPI_STATUS_IGNORE);
        CHECK(heard == i + 1);
    }
    MPI_Errhandler_free(&handler);
    MPI_Comm_free(&own);
}

static void nothing(void) {
    int counts[64] = {0}, places[64] = {0}, size, dims[2] = {2, 0}, periods[2] = {0, 0}, rank;
    MPI_Datatype types[64];
    MPI_Comm grid;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (int i = 0; i < 64; i++) types[i] = MPI_DATATYPE_NULL;
    CHECK(size <= 64);
    CHECK(!MPI_Alltoallw(&size, counts, places, types, &rank, counts, places, types, MPI_COMM_WORLD));
    CHECK(!MPI_Cart_map(MPI_COMM_WORLD, 2, dims, periods, &rank) && rank == MPI_UNDEFINED);
    CHECK(!MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 0, &grid) && grid == MPI_COMM_NULL);
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    quads();
    integers();
    matched();
    nothing();
    MPI_Barrier(MPI_COMM_WORLD);
    puts("ok");
    return MPI_Finalize();
}
