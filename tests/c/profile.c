/* A profiling library: it stands before three functions, counts calls and bytes, and calls the real ones by their other
 * names. What it counts with goes by these names too. */
#include <mpi.h>
#include <stdio.h>

enum { SEND, RECV, ALLREDUCE, KINDS };
static long calls[KINDS], bytes[KINDS];

static void note(int kind, int count, MPI_Datatype type) {
    int size = 0;
    PMPI_Type_size(type, &size);
    calls[kind]++;
    bytes[kind] += (long)count * size;
}

int MPI_Send(const void *buf, int count, MPI_Datatype type, int dest, int tag, MPI_Comm comm) {
    note(SEND, count, type);
    return PMPI_Send(buf, count, type, dest, tag, comm);
}

int MPI_Recv(void *buf, int count, MPI_Datatype type, int source, int tag, MPI_Comm comm, MPI_Status *status) {
    MPI_Status own;
    int received, result = PMPI_Recv(buf, count, type, source, tag, comm, &own);
    if (result == MPI_SUCCESS) {
        PMPI_Get_count(&own, type, &received);
        note(RECV, received, type);
    }
    if (status != MPI_STATUS_IGNORE) *status = own;
    return result;
}

int MPI_Allreduce(const void *in, void *out, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm) {
    note(ALLREDUCE, count, type);
    return PMPI_Allreduce(in, out, count, type, op, comm);
}

int MPI_Finalize(void) {
    int rank;
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    printf("rank %d: MPI_Send %ld calls, %ld bytes; MPI_Recv %ld calls, %ld bytes; MPI_Allreduce %ld calls, %ld bytes\n",
           rank, calls[SEND], bytes[SEND], calls[RECV], bytes[RECV], calls[ALLREDUCE], bytes[ALLREDUCE]);
    fflush(stdout);
    return PMPI_Finalize();
}
