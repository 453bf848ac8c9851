/* Collectives of derived datatypes, in every form; operations of the program on elements with gaps. Built against
 * MPICH's mpi.h. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(what)                                                                                            \
    do {                                                                                                       \
        if (!(what)) {                                                                                         \
            fprintf(stderr, "%s:%d: rank %d: not so: %s\n", __FILE__, __LINE__, rank, #what);                  \
            exit(99);                                                                                          \
        }                                                                                                      \
    } while (0)

enum { MOST = 16, ROWS = 40 };
static int rank, size;

/* One column of a matrix that is `width` wide; the next one begins 8 bytes further. */
static MPI_Datatype column(int width) {
    MPI_Datatype plain, moved;
    MPI_Type_vector(ROWS, 1, width, MPI_DOUBLE, &plain);
    MPI_Type_create_resized(plain, 0, sizeof(double), &moved);
    MPI_Type_commit(&moved);
    MPI_Type_free(&plain);
    return moved;
}

/* Everyone has a column; the root gets all, side by side. The matrix is `size` wide. */
static void columns(void) {
    static double all[ROWS * MOST], own[ROWS], back[ROWS], wide[ROWS * 3];
    MPI_Datatype one = column(size), third = column(3);
    for (int r = 0; r < ROWS; r++) own[r] = r * 100 + rank, wide[3 * r + 1] = own[r], wide[3 * r] = -1;
    for (int root = 0; root < size; root++) {
        memset(all, 0, sizeof all);
        MPI_Gather(own, ROWS, MPI_DOUBLE, all, 1, one, root, MPI_COMM_WORLD);
        for (int n = 0; rank == root && n < ROWS * size; n++) CHECK(all[n] == n / size * 100 + n % size);
        /* From a column too; and back into one. */
        MPI_Gather(wide + 1, 1, third, all, 1, one, root, MPI_COMM_WORLD);
        for (int n = 0; rank == root && n < ROWS * size; n++) CHECK(all[n] == n / size * 100 + n % size);
        memset(back, 0, sizeof back);
        MPI_Scatter(all, 1, one, back, ROWS, MPI_DOUBLE, root, MPI_COMM_WORLD);
        CHECK(!memcmp(own, back, sizeof own));
        double kept[ROWS * 3];
        memcpy(kept, wide, sizeof kept);
        MPI_Bcast(kept + 1, 1, third, root, MPI_COMM_WORLD);
        for (int r = 0; r < ROWS; r++) CHECK(kept[3 * r + 1] == r * 100 + root && kept[3 * r] == -1);
    }
    MPI_Allgather(own, ROWS, MPI_DOUBLE, all, 1, one, MPI_COMM_WORLD);
    for (int n = 0; n < ROWS * size; n++) CHECK(all[n] == n / size * 100 + n % size);
    /* In place: this rank's column is there already. */
    for (int n = 0; n < ROWS * size; n++)
        if (n % size != rank) all[n] = -7;
    MPI_Request request;
    MPI_Iallgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, 1, one, MPI_COMM_WORLD, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    for (int n = 0; n < ROWS * size; n++) CHECK(all[n] == n / size * 100 + n % size);
    /* The columns in the opposite order, by displacements that count columns. */
    int counts[MOST], places[MOST];
    for (int n = 0; n < size; n++) counts[n] = 1, places[n] = size - 1 - n;
    MPI_Allgatherv(own, ROWS, MPI_DOUBLE, all, counts, places, one, MPI_COMM_WORLD);
    for (int n = 0; n < ROWS * size; n++) CHECK(all[n] == n / size * 100 + (size - 1 - n % size));
    MPI_Scatterv(all, counts, places, one, back, ROWS, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    CHECK(!memcmp(own, back, sizeof own));
    MPI_Type_free(&one);
    MPI_Type_free(&third);
}

/* A matrix spread by rows becomes one spread by columns: blocks of subarrays, in all three forms. */
static void transpose(void) {
    static int rows[2 * 2 * MOST], columns[2 * 2 * MOST];
    int counts[MOST], places[MOST], sizes[2] = {2, 2 * size}, parts[2] = {2, 2}, whole[2] = {2 * size, 2};
    MPI_Datatype out[MOST], in[MOST];
    for (int n = 0; n < size; n++) {
        int at[2] = {0, 2 * n}, to[2] = {2 * n, 0};
        MPI_Type_create_subarray(2, sizes, parts, at, MPI_ORDER_C, MPI_INT, &out[n]);
        MPI_Type_create_subarray(2, whole, parts, to, MPI_ORDER_C, MPI_INT, &in[n]);
        MPI_Type_commit(&out[n]);
        MPI_Type_commit(&in[n]);
        counts[n] = 1, places[n] = 0;
    }
    MPI_Request again;
    MPI_Alltoallw_init(rows, counts, places, out, columns, counts, places, in, MPI_COMM_WORLD, MPI_INFO_NULL, &again);
    for (int n = 0; n < size; n++) MPI_Type_free(&out[n]);
    for (int form = 0; form < 3; form++) {
        for (int n = 0; n < 4 * size; n++)
            rows[n] = form * 100000 + (2 * rank + n / (2 * size)) * 100 + n % (2 * size), columns[n] = -1;
        MPI_Start(&again);
        MPI_Wait(&again, MPI_STATUS_IGNORE);
        for (int n = 0; n < 4 * size; n++) CHECK(columns[n] == form * 100000 + n / 2 * 100 + 2 * rank + n % 2);
    }
    MPI_Request_free(&again);
    for (int n = 0; n < size; n++) MPI_Type_free(&in[n]);
}

typedef struct {
    char sign;
    double value;
    short count;
} entry;

/* Adds values and counts, multiplies signs; reads the elements where the structure has them. */
static void add(void *in, void *inout, int *count, MPI_Datatype *type) {
    MPI_Aint low, extent;
    MPI_Type_get_extent(*type, &low, &extent);
    CHECK(extent == sizeof(entry));
    entry *from = in, *to = inout;
    for (int n = 0; n < *count; n++)
        to[n].sign *= from[n].sign, to[n].value += from[n].value, to[n].count += from[n].count;
}

static void operations(void) {
    enum { MANY = 1500 };
    static entry own[MANY], sum[MANY];
    int lengths[3] = {1, 1, 1};
    MPI_Aint places[3] = {0, 8, 16};
    MPI_Datatype types[3] = {MPI_CHAR, MPI_DOUBLE, MPI_SHORT}, type;
    MPI_Type_create_struct(3, lengths, places, types, &type);
    MPI_Type_commit(&type);
    MPI_Op op;
    MPI_Op_create(add, 1, &op);
    for (int count = 1; count <= MANY; count += MANY - 1) {
        for (int form = 0; form < 4; form++) {
            memset(sum, 0x44, sizeof sum);
            for (int n = 0; n < MANY; n++) own[n] = (entry){-1, rank + n * 0.5, n % 7};
            if (form == 0) MPI_Allreduce(own, sum, count, type, op, MPI_COMM_WORLD);
            if (form == 1) memcpy(sum, own, sizeof sum), MPI_Allreduce(MPI_IN_PLACE, sum, count, type, op, MPI_COMM_WORLD);
            if (form == 2) MPI_Scan(own, sum, count, type, op, MPI_COMM_WORLD);
            if (form == 3) {
                MPI_Request request;
                MPI_Datatype freed;
                MPI_Type_dup(type, &freed);
                MPI_Iallreduce(own, sum, count, freed, op, MPI_COMM_WORLD, &request);
                /* The operation is called with it nevertheless. */
                MPI_Type_free(&freed);
                MPI_Wait(&request, MPI_STATUS_IGNORE);
            }
            int all = form == 2 ? rank + 1 : size;
            for (int n = 0; n < count; n++) {
                CHECK(sum[n].sign == (all % 2 ? -1 : 1) && sum[n].count == n % 7 * all);
                CHECK(sum[n].value == all * (all - 1) / 2 + n * 0.5 * all);
                CHECK(form == 1 || ((char *)&sum[n])[3] == 0x44);
            }
            CHECK(form == 1 || count == MANY || ((char *)&sum[count])[0] == 0x44);
        }
    }
    MPI_Reduce_local(own, sum, 1, type, op);
    MPI_Op_free(&op);
    MPI_Type_free(&type);
}

int main(int argc, char **argv) {
    int level;
    MPI_Init_thread(&argc, &argv, argc > 1 ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE, &level);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    columns();
    transpose();
    operations();
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) puts("ok");
    MPI_Finalize();
    return 0;
}
