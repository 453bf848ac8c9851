/* Derived datatypes: structures, arrays, columns, what they are made of, packing, pairs with gaps, attributes,
 * in the int forms and in the large forms. Built against MPICH's mpi.h. */
#include <mpi.h>
#include <stddef.h>
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

static int rank, size, next, previous;

typedef struct {
    char kind;
    double place[3];
    int id;
} particle;

/* Sends to the next rank and receives from the one before. */
static void round_trip(const void *out, int count, MPI_Datatype type, void *in, int in_count, MPI_Datatype in_type) {
    MPI_Status status;
    int whole;
    MPI_Sendrecv(out, count, type, next, 1, in, in_count, in_type, previous, 1, MPI_COMM_WORLD, &status);
    MPI_Get_count(&status, in_type, &whole);
    CHECK(whole == in_count);
}

static void structures(void) {
    enum { MANY = 3000 };
    static particle mine[MANY], got[MANY];
    int lengths[3] = {1, 3, 1};
    MPI_Aint places[3] = {offsetof(particle, kind), offsetof(particle, place), offsetof(particle, id)};
    MPI_Datatype types[3] = {MPI_CHAR, MPI_DOUBLE, MPI_INT}, type, plain;
    MPI_Type_create_struct(3, lengths, places, types, &type);
    MPI_Type_commit(&type);
    MPI_Aint low, extent, true_low, true_extent;
    int bytes;
    MPI_Type_get_extent(type, &low, &extent);
    MPI_Type_get_true_extent(type, &true_low, &true_extent);
    MPI_Type_size(type, &bytes);
    CHECK(low == 0 && extent == sizeof(particle) && bytes == 29 && true_low == 0 && true_extent == 36);
    for (int count = 1; count <= MANY; count = count * 7 + 1) {
        memset(got, 0x5a, sizeof got);
        for (int n = 0; n < count; n++)
            mine[n] = (particle){'a' + n % 26, {n, rank, n * 0.5}, n * 10 + rank};
        round_trip(mine, count, type, got, count, type);
        for (int n = 0; n < count; n++) {
            CHECK(got[n].kind == 'a' + n % 26 && got[n].place[0] == n && got[n].place[1] == previous);
            CHECK(got[n].id == n * 10 + previous && ((char *)&got[n])[1] == 0x5a);
        }
        /* Packed, sent as bytes; and the other way. */
        int room, at = 0;
        MPI_Pack_size(count, type, MPI_COMM_WORLD, &room);
        char *packed = malloc(room), *came = malloc(room);
        MPI_Pack(mine, count, type, packed, room, &at, MPI_COMM_WORLD);
        CHECK(at == room);
        round_trip(packed, room, MPI_PACKED, got, count, type);
        CHECK(got[count - 1].id == (count - 1) * 10 + previous);
        round_trip(mine, count, type, came, room, MPI_PACKED);
        at = 0;
        for (int n = 0; n < count; n++) MPI_Unpack(came, room, &at, &got[n], 1, type, MPI_COMM_WORLD);
        CHECK(at == room && got[count - 1].place[1] == previous);
        free(packed), free(came);
    }
    /* A type that is freed while a request uses it. */
    MPI_Request request;
    MPI_Irecv(got, 5, type, previous, 2, MPI_COMM_WORLD, &request);
    MPI_Type_dup(type, &plain);
    MPI_Type_free(&type);
    CHECK(type == MPI_DATATYPE_NULL);
    MPI_Send(mine, 5, plain, next, 2, MPI_COMM_WORLD);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    CHECK(got[4].id == 40 + previous);
    MPI_Type_free(&plain);
}

/* Addresses instead of displacements. */
static void bottom(void) {
    int number = rank, got = -1;
    double other = rank * 0.25, got_other = -1;
    int lengths[2] = {1, 1};
    MPI_Aint from[2], to[2];
    MPI_Datatype types[2] = {MPI_INT, MPI_DOUBLE}, out, in;
    MPI_Get_address(&number, &from[0]);
    MPI_Get_address(&other, &from[1]);
    MPI_Get_address(&got, &to[0]);
    MPI_Get_address(&got_other, &to[1]);
    MPI_Type_create_struct(2, lengths, from, types, &out);
    MPI_Type_create_struct(2, lengths, to, types, &in);
    MPI_Type_commit(&out);
    MPI_Type_commit(&in);
    round_trip(MPI_BOTTOM, 1, out, MPI_BOTTOM, 1, in);
    CHECK(got == previous && got_other == previous * 0.25);
    CHECK(MPI_Aint_diff(MPI_Aint_add(from[0], 24), from[0]) == 24);
    MPI_Type_free(&out);
    MPI_Type_free(&in);
}

#define ARRAYS(name, form, count_t)                                                                            \
    static void name(void) {                                                                                   \
        enum { ROWS = 60, COLUMNS = 70 };                                                                      \
        static double matrix[ROWS][COLUMNS], got[ROWS][COLUMNS];                                               \
        MPI_Datatype column, moved, part;                                                                      \
        MPI_Type_vector##form(ROWS, 1, COLUMNS, MPI_DOUBLE, &column);                                          \
        MPI_Type_create_resized##form(column, 0, sizeof(double), &moved);                                      \
        MPI_Type_commit(&column);                                                                              \
        MPI_Type_commit(&moved);                                                                               \
        for (int r = 0; r < ROWS; r++)                                                                         \
            for (int c = 0; c < COLUMNS; c++) matrix[r][c] = 1000 * r + c + 0.1 * rank;                        \
        /* The matrix transposed: its columns one after the other. */                                          \
        static double turned[COLUMNS][ROWS];                                                                   \
        round_trip(matrix, COLUMNS, moved, turned, COLUMNS * ROWS, MPI_DOUBLE);                                \
        for (int r = 0; r < ROWS; r++)                                                                         \
            for (int c = 0; c < COLUMNS; c++) CHECK(turned[c][r] == 1000 * r + c + 0.1 * previous);            \
        round_trip(&matrix[0][5], 1, column, &got[0][9], 1, column);                                           \
        CHECK(got[17][9] == 17005 + 0.1 * previous && got[17][8] == 0 && got[17][10] == 0);                    \
        count_t sizes[2] = {ROWS, COLUMNS}, parts[2] = {20, 30}, starts[2] = {3, 4};                           \
        MPI_Type_create_subarray##form(2, sizes, parts, starts, MPI_ORDER_C, MPI_DOUBLE, &part);               \
        MPI_Type_commit(&part);                                                                                \
        memset(got, 0, sizeof got);                                                                            \
        round_trip(matrix, 1, part, got, 1, part);                                                             \
        for (int r = 0; r < ROWS; r++)                                                                         \
            for (int c = 0; c < COLUMNS; c++)                                                                  \
                CHECK(got[r][c] == (r >= 3 && r < 23 && c >= 4 && c < 34 ? matrix[r][c] + 0.1 * (previous - rank) : 0) || \
                      got[r][c] == 1000 * r + c + 0.1 * previous);                                             \
        MPI_Sendrecv_replace##form(matrix, 1, part, next, 3, previous, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);  \
        CHECK(matrix[3][4] == 3004 + 0.1 * previous && matrix[0][0] == 0.1 * rank);                            \
        MPI_Request request;                                                                                   \
        MPI_Isendrecv_replace##form(matrix, 1, part, previous, 4, next, 4, MPI_COMM_WORLD, &request);          \
        MPI_Wait(&request, MPI_STATUS_IGNORE);                                                                 \
        CHECK(matrix[3][4] == 3004 + 0.1 * rank);                                                              \
        MPI_Isendrecv##form(matrix, 1, part, next, 5, got, 1, part, previous, 5, MPI_COMM_WORLD, &request);    \
        MPI_Wait(&request, MPI_STATUS_IGNORE);                                                                 \
        CHECK(got[22][33] == 22033 + 0.1 * previous);                                                          \
        MPI_Type_free(&column);                                                                                \
        MPI_Type_free(&moved);                                                                                 \
        MPI_Type_free(&part);                                                                                  \
        /* Four parts of a distributed array hold every element once. */                                       \
        count_t whole[2] = {11, 7};                                                                            \
        int kinds[2] = {MPI_DISTRIBUTE_BLOCK, MPI_DISTRIBUTE_CYCLIC}, grid[2] = {2, 2};                        \
        int arguments[2] = {MPI_DISTRIBUTE_DFLT_DARG, 2}, here, all = 0;                                       \
        char seen[77] = {0}, from[77];                                                                         \
        for (int n = 0; n < 77; n++) from[n] = n + 1;                                                          \
        for (int n = 0; n < 4; n++) {                                                                          \
            MPI_Type_create_darray##form(4, n, 2, whole, kinds, arguments, grid, MPI_ORDER_FORTRAN, MPI_CHAR, &part); \
            MPI_Type_commit(&part);                                                                            \
            MPI_Type_size(part, &here);                                                                        \
            all += here;                                                                                       \
            char row[77];                                                                                      \
            int at = 0;                                                                                        \
            MPI_Pack(from, 1, part, row, 77, &at, MPI_COMM_SELF);                                              \
            for (int k = 0; k < at; k++) seen[row[k] - 1]++;                                                   \
            MPI_Type_free(&part);                                                                              \
        }                                                                                                      \
        CHECK(all == 77 && !memchr(seen, 0, 77));                                                              \
    }

ARRAYS(arrays, , int)
ARRAYS(large_arrays, _c, MPI_Count)

static void contents(void) {
    int lengths[2] = {2, 3}, places[2] = {1, 7}, ni, na, nd, combiner, ints[5];
    MPI_Datatype type, inner, types[2];
    MPI_Aint addresses[2];
    MPI_Type_indexed(2, lengths, places, MPI_INT, &type);
    MPI_Type_get_envelope(type, &ni, &na, &nd, &combiner);
    CHECK(ni == 5 && na == 0 && nd == 1 && combiner == MPI_COMBINER_INDEXED);
    MPI_Type_get_contents(type, 5, 0, 1, ints, addresses, types);
    CHECK(ints[0] == 2 && ints[1] == 2 && ints[2] == 3 && ints[3] == 1 && ints[4] == 7 && types[0] == MPI_INT);
    MPI_Aint bytes[2] = {0, 64};
    MPI_Datatype both[2] = {type, MPI_DOUBLE};
    MPI_Type_create_struct(2, lengths, bytes, both, &inner);
    MPI_Type_get_envelope(inner, &ni, &na, &nd, &combiner);
    CHECK(ni == 3 && na == 2 && nd == 2 && combiner == MPI_COMBINER_STRUCT);
    MPI_Type_get_contents(inner, 3, 2, 2, ints, addresses, types);
    CHECK(ints[0] == 2 && addresses[1] == 64 && types[0] != type && types[1] == MPI_DOUBLE);
    int size_of;
    MPI_Type_size(types[0], &size_of);
    CHECK(size_of == 20);
    MPI_Type_free(&types[0]);
    MPI_Type_free(&inner);
    MPI_Type_free(&type);
    /* Made with large counts, it says so. */
    MPI_Count count = 5, ci, ca, cc, cd, counts[3];
    MPI_Type_vector_c(count, 2, 3, MPI_SHORT, &type);
    MPI_Type_get_envelope_c(type, &ci, &ca, &cc, &cd, &combiner);
    CHECK(ci == 0 && ca == 0 && cc == 3 && cd == 1 && combiner == MPI_COMBINER_VECTOR);
    MPI_Type_get_contents_c(type, 0, 0, 3, 1, ints, addresses, counts, types);
    CHECK(counts[0] == 5 && counts[1] == 2 && counts[2] == 3 && types[0] == MPI_SHORT);
    MPI_Type_free(&type);
    MPI_Type_contiguous_c((MPI_Count)1 << 40, MPI_DOUBLE, &type);
    MPI_Type_size(type, &size_of);
    MPI_Type_size_c(type, &count);
    CHECK(size_of == MPI_UNDEFINED && count == (MPI_Count)8 << 40);
    MPI_Type_free(&type);
    MPI_Type_create_f90_real(15, 200, &type);
    MPI_Type_create_f90_real(15, 200, &inner);
    MPI_Type_get_envelope(type, &ni, &na, &nd, &combiner);
    CHECK(type == inner && ni == 2 && nd == 0 && combiner == MPI_COMBINER_F90_REAL);
    MPI_Type_match_size(MPI_TYPECLASS_INTEGER, 8, &type);
    CHECK(type == MPI_INTEGER8);
    MPI_Type_get_value_index(MPI_DOUBLE, MPI_INT, &type);
    CHECK(type == MPI_DOUBLE_INT);
}

static void pairs(void) {
    struct { double value; int index; } own[4], got[4];
    struct { short value; int index; } little[2] = {{rank, -rank}, {7, 8}}, came[2];
    struct { long double value; int index; } wide = {rank + 0.5L, rank}, wider;
    memset(got, 0x33, sizeof got);
    for (int n = 0; n < 4; n++) own[n].value = n + rank, own[n].index = n - rank;
    round_trip(own, 4, MPI_DOUBLE_INT, got, 4, MPI_DOUBLE_INT);
    CHECK(got[3].value == 3 + previous && got[3].index == 3 - previous && ((char *)got)[13] == 0x33);
    round_trip(little, 2, MPI_SHORT_INT, came, 2, MPI_SHORT_INT);
    CHECK(came[0].value == previous && came[0].index == -previous && came[1].index == 8);
    round_trip(&wide, 1, MPI_LONG_DOUBLE_INT, &wider, 1, MPI_LONG_DOUBLE_INT);
    CHECK(wider.value == previous + 0.5L && wider.index == previous);
}

static void elements(void) {
    int lengths[2] = {1, 1}, count, bytes[3] = {1, 2, 3};
    MPI_Aint places[2] = {0, 8};
    MPI_Datatype types[2] = {MPI_INT, MPI_DOUBLE}, type;
    MPI_Status status;
    struct { int n; double x; } got[3];
    MPI_Type_create_struct(2, lengths, places, types, &type);
    MPI_Type_commit(&type);
    /* An int, a double, an int: one element and a half. */
    char half[16] = {0};
    MPI_Sendrecv(half, 16, MPI_BYTE, next, 6, got, 3, type, previous, 6, MPI_COMM_WORLD, &status);
    MPI_Get_count(&status, type, &count);
    CHECK(count == MPI_UNDEFINED);
    MPI_Get_elements(&status, type, &count);
    CHECK(count == 3);
    MPI_Status_set_elements(&status, type, 5);
    MPI_Get_elements(&status, type, &count);
    CHECK(count == 5);
    MPI_Get_count(&status, MPI_INT, &count);
    CHECK(count == (12 + 12 + 4) / 4);
    /* external32 */
    char out[12], back[64];
    MPI_Aint at = 0, room;
    MPI_Pack_external_size("external32", 3, MPI_INT, &room);
    CHECK(room == 12);
    MPI_Pack_external("external32", bytes, 3, MPI_INT, out, 12, &at);
    CHECK(at == 12 && out[3] == 1 && out[0] == 0 && out[11] == 3);
    at = 0;
    MPI_Unpack_external("external32", out, 12, &at, back, 3, MPI_INT);
    CHECK(!memcmp(back, bytes, 12));
    MPI_Type_free(&type);
}

static int copies, deletes;
static int copied(MPI_Datatype old, int key, void *extra, void *in, void *out, int *flag) {
    (void)old, (void)key, (void)extra;
    copies++, *(void **)out = (char *)in + 1, *flag = 1;
    return MPI_SUCCESS;
}
static int deleted(MPI_Datatype type, int key, void *value, void *extra) {
    (void)type, (void)key, (void)value, (void)extra;
    deletes++;
    return MPI_SUCCESS;
}

static void attributes(void) {
    int key, flag, length;
    char place, *value, name[MPI_MAX_OBJECT_NAME];
    MPI_Datatype type, other;
    MPI_Type_create_keyval(copied, deleted, &key, NULL);
    MPI_Type_contiguous(3, MPI_INT, &type);
    MPI_Type_set_attr(type, key, &place);
    MPI_Type_dup(type, &other);
    MPI_Type_get_attr(other, key, &value, &flag);
    CHECK(flag && value == &place + 1 && copies == 1);
    MPI_Type_free(&type);
    MPI_Type_delete_attr(other, key);
    CHECK(deletes == 2);
    MPI_Type_get_attr(other, key, &value, &flag);
    CHECK(!flag);
    MPI_Type_free_keyval(&key);
    CHECK(key == MPI_KEYVAL_INVALID);
    MPI_Type_set_name(other, "three");
    MPI_Type_get_name(other, name, &length);
    CHECK(length == 5 && !strcmp(name, "three"));
    MPI_Type_get_name(MPI_DOUBLE, name, &length);
    CHECK(!strcmp(name, "MPI_DOUBLE"));
    MPI_Type_free(&other);
}

static int class_of(int code) {
    int class = -1;
    MPI_Error_class(code, &class);
    return class;
}

static void wrong(void) {
    MPI_Datatype type;
    int number = 0, at = 2;
    char room[4];
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Type_vector(2, 1, 2, MPI_INT, &type);
    CHECK(class_of(MPI_Send(&number, 1, type, next, 9, MPI_COMM_WORLD)) == MPI_ERR_TYPE);
    CHECK(class_of(MPI_Type_vector(-2, 1, 2, MPI_INT, &type)) == MPI_ERR_COUNT);
    CHECK(class_of(MPI_Pack(&number, 1, MPI_INT, room, 4, &at, MPI_COMM_WORLD)) == MPI_ERR_TRUNCATE);
    CHECK(class_of(MPI_Type_contiguous(2, MPI_DATATYPE_NULL, &type)) == MPI_ERR_TYPE);
    MPI_Datatype stale = type;
    MPI_Type_free(&type);
    CHECK(class_of(MPI_Type_commit(&stale)) == MPI_ERR_TYPE);
    stale = MPI_INT;
    CHECK(class_of(MPI_Type_free(&stale)) == MPI_ERR_TYPE);
}

int main(int argc, char **argv) {
    int level;
    MPI_Init_thread(&argc, &argv, argc > 1 ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE, &level);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    next = (rank + 1) % size, previous = (rank + size - 1) % size;
    structures();
    bottom();
    arrays();
    large_arrays();
    contents();
    pairs();
    elements();
    attributes();
    wrong();
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) puts("ok");
    MPI_Finalize();
    return 0;
}
