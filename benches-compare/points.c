/* One measurement, printed by rank 0 as "NAME SIZE MICROSECONDS": the same source for every MPI.
 *
 *   points latency BYTES ROUNDS      half of a round trip
 *   points bandwidth BYTES ROUNDS    a window of 64 messages, then an answer; time of one message
 *   points barrier 0 ROUNDS          one barrier
 *
 * PIN=1 binds rank r to CPU r modulo the number of CPUs. */
#define _GNU_SOURCE
#include <mpi.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WINDOW = 64 };

static int rank, size;

static double latency(char *buffer, int bytes, int rounds)
{
    double begun = MPI_Wtime();
    for (int i = 0; i < rounds; i++) {
        if (rank == 0) {
            MPI_Send(buffer, bytes, MPI_CHAR, 1, 1, MPI_COMM_WORLD);
            MPI_Recv(buffer, bytes, MPI_CHAR, 1, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        } else if (rank == 1) {
            MPI_Recv(buffer, bytes, MPI_CHAR, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            MPI_Send(buffer, bytes, MPI_CHAR, 0, 1, MPI_COMM_WORLD);
        }
    }
    return (MPI_Wtime() - begun) / rounds / 2;
}

static double bandwidth(char *buffer, int bytes, int rounds)
{
    MPI_Request requests[WINDOW];
    double begun = MPI_Wtime();
    for (int i = 0; i < rounds && rank < 2; i++) {
        for (int w = 0; w < WINDOW; w++) {
            if (rank == 0)
                MPI_Isend(buffer, bytes, MPI_CHAR, 1, 1, MPI_COMM_WORLD, &requests[w]);
            else
                MPI_Irecv(buffer, bytes, MPI_CHAR, 0, 1, MPI_COMM_WORLD, &requests[w]);
        }
        MPI_Waitall(WINDOW, requests, MPI_STATUSES_IGNORE);
        if (rank == 0)
            MPI_Recv(buffer, 1, MPI_CHAR, 1, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        else
            MPI_Send(buffer, 1, MPI_CHAR, 0, 2, MPI_COMM_WORLD);
    }
    return (MPI_Wtime() - begun) / rounds / WINDOW;
}

static double barrier(char *buffer, int bytes, int rounds)
{
    (void)buffer, (void)bytes;
    double begun = MPI_Wtime();
    for (int i = 0; i < rounds; i++)
        MPI_Barrier(MPI_COMM_WORLD);
    return (MPI_Wtime() - begun) / rounds;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: points latency|bandwidth|barrier BYTES ROUNDS\n");
        return 2;
    }
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (getenv("PIN")) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(rank % sysconf(_SC_NPROCESSORS_ONLN), &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    const char *name = argv[1];
    int bytes = atoi(argv[2]), rounds = atoi(argv[3]);
    double (*run)(char *, int, int) = !strcmp(name, "latency")     ? latency
                                      : !strcmp(name, "bandwidth") ? bandwidth
                                                                   : barrier;
    char *buffer = malloc(bytes + 4096);
    memset(buffer, 1, bytes + 4096);
    run(buffer, bytes, rounds / 10 + 1);
    MPI_Barrier(MPI_COMM_WORLD);
    double seconds = run(buffer, bytes, rounds);
    if (rank == 0)
        printf("%s %d %.4f\n", name, bytes, seconds * 1e6);
    free(buffer);
    MPI_Finalize();
    return 0;
}
