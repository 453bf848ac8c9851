/* Collectives and messages of more elements than an int counts: `large COUNT`, COUNT elements a rank.
 *
 * With COUNT beyond 2^31 every count, displacement and byte number must be wide all the way; with a small COUNT
 * the same program is a quick test. Buffers are filled and looked at every 4093rd byte and at both ends, where a
 * count that was cut to 32 bits shows. One pair of buffers lives at a time: n = 2 and 2^31 take some 12 GiB. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

static int rank, size;

static unsigned char value(MPI_Count at, int owner) { return (unsigned char)(at / 4093 * 31 + at % 251 + owner * 97); }

static unsigned char *room(MPI_Count count) {
    unsigned char *bytes = malloc(count > 0 ? (size_t)count : 1);
    if (bytes == NULL) {
        fprintf(stderr, "large: no memory for %lld bytes\n", (long long)count);
        MPI_Abort(MPI_COMM_WORLD, 3);
    }
    return bytes;
}

static MPI_Count step(MPI_Count at, MPI_Count count) {
    if (at == count - 1) return count;
    return at + 4093 < count ? at + 4093 : count - 1;
}

static void fill(unsigned char *bytes, MPI_Count count, int owner) {
    for (MPI_Count at = 0; at < count; at = step(at, count)) bytes[at] = value(at, owner);
}

static void look(const char *what, const unsigned char *bytes, MPI_Count count, unsigned char (*expected)(MPI_Count)) {
    for (MPI_Count at = 0; at < count; at = step(at, count)) {
        if (bytes[at] == expected(at)) continue;
        fprintf(stderr, "large: %s on rank %d: element %lld is %d, expected %d\n", what, rank, (long long)at, bytes[at],
                expected(at));
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
    if (rank == 0) printf("%s: ok\n", what);
}

static int of;
static unsigned char owned(MPI_Count at) { return value(at, of); }
static unsigned char all_xor(MPI_Count at) {
    unsigned char all = 0;
    for (int r = 0; r < of; r++) all ^= value(at, r);
    return all;
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    const MPI_Comm world = MPI_COMM_WORLD;
    const MPI_Count count = argc > 1 ? atoll(argv[1]) : 10007;
    const int last = size - 1;

    unsigned char *mine = room(count), *other = room(count);
    fill(mine, count, rank);
    MPI_Status status;
    MPI_Sendrecv_c(mine, count, MPI_BYTE, (rank + 1) % size, 1, other, count, MPI_BYTE, (rank + last) % size, 1, world,
                   &status);
    MPI_Count got;
    MPI_Get_count_c(&status, MPI_BYTE, &got);
    if (got != count) MPI_Abort(world, 4);
    of = (rank + last) % size;
    look("sendrecv", other, count, owned);

    of = last;
    if (rank == last) fill(other, count, last);
    MPI_Bcast_c(other, count, MPI_BYTE, last, world);
    look("bcast", other, count, owned);

    of = size;
    MPI_Reduce_c(mine, other, count, MPI_BYTE, MPI_BXOR, last, world);
    if (rank == last) look("reduce", other, count, all_xor);
    MPI_Allreduce_c(mine, other, count, MPI_BYTE, MPI_BXOR, world);
    look("allreduce", other, count, all_xor);
    of = rank + 1;
    MPI_Scan_c(mine, other, count, MPI_BYTE, MPI_BXOR, world);
    look("scan", other, count, all_xor);
    of = rank;
    MPI_Exscan_c(mine, other, count, MPI_BYTE, MPI_BXOR, world);
    if (rank > 0) look("exscan", other, count, all_xor);

    /* A vector of every second byte pair: its size and its extent are both wide. */
    MPI_Datatype pairs;
    MPI_Type_vector_c(count / 4, 2, 4, MPI_BYTE, &pairs);
    MPI_Type_commit(&pairs);
    of = 0;
    if (rank == 0) fill(other, count, 0);
    MPI_Bcast_c(other, 1, pairs, 0, world);
    for (MPI_Count at = 0; rank > 0 && at < count / 4 * 4; at += 4093)
        if (at % 4 < 2 && other[at] != value(at, 0)) MPI_Abort(world, 5);
    MPI_Type_free(&pairs);
    if (rank == 0) printf("vector: ok\n");

    /* Nonblocking: the request owns the counts. */
    of = 0;
    if (rank == 0) fill(other, count, 0);
    MPI_Request request;
    MPI_Ibcast_c(other, count, MPI_BYTE, 0, world, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    look("ibcast", other, count, owned);
    free(other);

    /* From here on the receiving side is of all ranks' elements: displacements are wide too. */
    other = room(rank == 0 ? count * size : 1);
    MPI_Gather_c(mine, count, MPI_BYTE, other, count, MPI_BYTE, 0, world);
    if (rank == 0) for (of = 0; of < size; of++) look("gather", other + of * count, count, owned);
    MPI_Scatter_c(other, count, MPI_BYTE, mine, count, MPI_BYTE, 0, world);
    of = rank;
    look("scatter", mine, count, owned);
    free(other);

    other = room(count * size);
    MPI_Count *counts = malloc(size * sizeof *counts);
    MPI_Aint *starts = malloc(size * sizeof *starts);
    for (int r = 0; r < size; r++) counts[r] = count, starts[r] = (MPI_Aint)(count * (size - 1 - r));
    MPI_Allgather_c(mine, count, MPI_BYTE, other, count, MPI_BYTE, world);
    for (of = 0; of < size; of++) look("allgather", other + of * count, count, owned);
    MPI_Allgatherv_c(mine, count, MPI_BYTE, other, counts, starts, MPI_BYTE, world);
    for (of = 0; of < size; of++) look("allgatherv", other + starts[of], count, owned);

    /* Blocks that add up to more than 2^31 bytes: `other` is sent, in place. */
    const MPI_Count block = count;
    for (int r = 0; r < size; r++) fill(other + r * block, block, rank * size + r);
    MPI_Alltoall_c(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, other, block, MPI_BYTE, world);
    for (int r = 0; r < size; r++) {
        of = r * size + rank;
        look("alltoall", other + r * block, block, owned);
    }
    for (int r = 0; r < size; r++) fill(other + r * block, block, rank);
    MPI_Reduce_scatter_block_c(other, mine, block, MPI_BYTE, MPI_BXOR, world);
    of = size;
    look("reduce_scatter_block", mine, block, all_xor);
    MPI_Reduce_scatter_c(other, mine, counts, MPI_BYTE, MPI_BXOR, world);
    look("reduce_scatter", mine, block, all_xor);
    free(counts), free(starts), free(mine), free(other);
    MPI_Finalize();
    if (rank == 0) printf("large: ok\n");
    return 0;
}
