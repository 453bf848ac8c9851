/* Times one operation over sizes, printed by rank 0 as lines "OPERATION BYTES MICROSECONDS": the same source
 * for every MPI.
 *
 *   suite OPERATION MIN MAX MILLISECONDS     sizes MIN, 4 MIN, ... MAX in bytes; time spent at each size
 *
 * Sizes are of a message, or of what one rank contributes (alltoall: sends to each). Operations with a root change
 * it from turn to turn, so no rank runs ahead. The time is that of the slowest rank, by turn.
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
static char *out, *in;
static MPI_Comm world;

static void latency(int bytes, int turn)
{
    (void)turn;
    if (rank == 0) {
        MPI_Send(out, bytes, MPI_CHAR, 1, 1, world);
        MPI_Recv(in, bytes, MPI_CHAR, 1, 1, world, MPI_STATUS_IGNORE);
    } else if (rank == 1) {
        MPI_Recv(in, bytes, MPI_CHAR, 0, 1, world, MPI_STATUS_IGNORE);
        MPI_Send(out, bytes, MPI_CHAR, 0, 1, world);
    }
}

static void window(int bytes, int both)
{
    MPI_Request requests[2 * WINDOW];
    int n = 0;
    if (rank > 1)
        return;
    for (int w = 0; w < WINDOW; w++)
        if (rank == 1 || both)
            MPI_Irecv(in, bytes, MPI_CHAR, 1 - rank, 1, world, &requests[n++]);
    for (int w = 0; w < WINDOW; w++)
        if (rank == 0 || both)
            MPI_Isend(out, bytes, MPI_CHAR, 1 - rank, 1, world, &requests[n++]);
    MPI_Waitall(n, requests, MPI_STATUSES_IGNORE);
    if (rank == 0)
        MPI_Recv(in, 1, MPI_CHAR, 1, 2, world, MPI_STATUS_IGNORE);
    else
        MPI_Send(out, 1, MPI_CHAR, 0, 2, world);
}

static void bandwidth(int bytes, int turn) { (void)turn, window(bytes, 0); }
static void bidirectional(int bytes, int turn) { (void)turn, window(bytes, 1); }
static void barrier(int bytes, int turn) { (void)bytes, (void)turn, MPI_Barrier(world); }
static void bcast(int bytes, int turn) { MPI_Bcast(out, bytes, MPI_CHAR, turn % size, world); }
static void gather(int bytes, int turn) { MPI_Gather(out, bytes, MPI_CHAR, in, bytes, MPI_CHAR, turn % size, world); }
static void scatter(int bytes, int turn) { MPI_Scatter(out, bytes, MPI_CHAR, in, bytes, MPI_CHAR, turn % size, world); }
static void allgather(int bytes, int turn) { (void)turn, MPI_Allgather(out, bytes, MPI_CHAR, in, bytes, MPI_CHAR, world); }
static void alltoall(int bytes, int turn) { (void)turn, MPI_Alltoall(out, bytes, MPI_CHAR, in, bytes, MPI_CHAR, world); }
static void reduce(int bytes, int turn) { MPI_Reduce(out, in, bytes / 4, MPI_FLOAT, MPI_SUM, turn % size, world); }
static void allreduce(int bytes, int turn) { (void)turn, MPI_Allreduce(out, in, bytes / 4, MPI_FLOAT, MPI_SUM, world); }
static void reduce_scatter(int bytes, int turn)
{
    (void)turn, MPI_Reduce_scatter_block(out, in, bytes / 4, MPI_FLOAT, MPI_SUM, world);
}
static void scan(int bytes, int turn) { (void)turn, MPI_Scan(out, in, bytes / 4, MPI_FLOAT, MPI_SUM, world); }

static const struct {
    const char *name;
    void (*run)(int, int);
    int messages; /* the time of a turn is divided by this */
} operations[] = {
    { "latency", latency, 2 },     { "bandwidth", bandwidth, WINDOW }, { "bidirectional", bidirectional, WINDOW },
    { "barrier", barrier, 1 },     { "bcast", bcast, 1 },              { "gather", gather, 1 },
    { "scatter", scatter, 1 },     { "allgather", allgather, 1 },      { "alltoall", alltoall, 1 },
    { "reduce", reduce, 1 },       { "allreduce", allreduce, 1 },      { "reduce_scatter", reduce_scatter, 1 },
    { "scan", scan, 1 },
};

static double seconds(void (*run)(int, int), int bytes, int turns)
{
    MPI_Barrier(world);
    double begun = MPI_Wtime();
    for (int turn = 0; turn < turns; turn++)
        run(bytes, turn);
    double mine = MPI_Wtime() - begun, slowest;
    MPI_Allreduce(&mine, &slowest, 1, MPI_DOUBLE, MPI_MAX, world);
    return slowest;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: suite OPERATION MIN MAX MILLISECONDS\n");
        return 2;
    }
    MPI_Init(&argc, &argv);
    world = MPI_COMM_WORLD;
    MPI_Comm_rank(world, &rank);
    MPI_Comm_size(world, &size);
    if (getenv("PIN")) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(rank % sysconf(_SC_NPROCESSORS_ONLN), &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    size_t most = atoi(argv[3]);
    double budget = atof(argv[4]) / 1000;
    out = malloc(most * size + 64);
    in = malloc(most * size + 64);
    memset(out, 0, most * size + 64);
    memset(in, 0, most * size + 64);
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        if (strcmp(argv[1], operations[i].name))
            continue;
        for (size_t bytes = atoi(argv[2]); bytes <= most; bytes *= 4) {
            /* Until a trial takes a tenth of the time. All ranks see the same figure. */
            int turns = 1;
            double took;
            while ((took = seconds(operations[i].run, bytes, turns)) < budget / 10 && turns < 1 << 24)
                turns *= 4;
            int rounds = took > budget ? 1 : (int)(turns * budget / took);
            took = seconds(operations[i].run, bytes, rounds);
            if (rank == 0)
                printf("%s %zu %.4f\n", operations[i].name, bytes, took / rounds / operations[i].messages * 1e6);
            if (bytes == 0)
                break;
        }
    }
    free(out);
    free(in);
    MPI_Finalize();
    return 0;
}
