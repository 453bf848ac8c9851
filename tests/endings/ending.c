/* Ends in a wrong way, for tests of whom the report names: ending HOW CULPRIT SHAPE. The rank CULPRIT ends as HOW says
 * after a barrier, and the others wait for it as SHAPE says. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void wait_for(int rank, int size, int culprit, const char *shape)
{
    int mine = 1, got = 0, next = (rank + 1) % size;
    if (!strcmp(shape, "receive"))
        MPI_Recv(&got, 1, MPI_INT, culprit, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    else if (!strcmp(shape, "any"))
        MPI_Recv(&got, 1, MPI_INT, MPI_ANY_SOURCE, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    else if (!strcmp(shape, "exchange"))
        MPI_Sendrecv(&mine, 1, MPI_INT, culprit, 1, &got, 1, MPI_INT, culprit, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    else if (!strcmp(shape, "chain"))
        MPI_Recv(&got, 1, MPI_INT, next, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    else if (!strcmp(shape, "barrier"))
        MPI_Barrier(MPI_COMM_WORLD);
    else
        MPI_Allreduce(&mine, &got, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    const char *how = argv[1];
    int rank, size, culprit = atoi(argv[2]);
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank != culprit) {
        wait_for(rank, size, culprit, argv[3]);
        MPI_Finalize();
        return 0;
    }
    fprintf(stderr, "the reason of rank %d\n", rank);
    if (!strcmp(how, "exit"))
        exit(3);
    if (!strcmp(how, "abort"))
        abort();
    if (!strcmp(how, "kill"))
        _exit(4);
    if (!strcmp(how, "unfinalised"))
        exit(0);
    if (!strcmp(how, "MPI_Abort"))
        MPI_Abort(MPI_COMM_WORLD, 7);
    MPI_Finalize();
    return strcmp(how, "return") ? 0 : 3;
}
