/* A rank gives up its privileges in the middle of a job: from then on the kernel refuses the others its memory, or it the
   memory of the others. Messages of all lengths arrive all the same, those of calls that are over included. */
#define _GNU_SOURCE
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#define CHECK(what) do { if (!(what)) { printf("line %d: %s\n", __LINE__, #what); exit(3); } } while (0)
enum { MOST = 3 << 20 };

static int rank, other;
static unsigned char *out, *in;

static void fill(int length, int round)
{
    for (int i = 0; i < length; i++) out[i] = (unsigned char)(i * 7 + round + rank);
}

static void check(int length, int round)
{
    for (int i = 0; i < length; i++) CHECK(in[i] == (unsigned char)(i * 7 + round + other));
}

/* Each way once, and both at the same time. */
static void exchange(int length, int round)
{
    MPI_Status status;
    MPI_Request request;
    fill(length, round);
    for (int sender = 0; sender < 2; sender++) {
        if (rank == sender) MPI_Send(out, length, MPI_BYTE, other, round, MPI_COMM_WORLD);
        else {
            MPI_Recv(in, length, MPI_BYTE, other, round, MPI_COMM_WORLD, &status);
            check(length, round);
        }
    }
    MPI_Sendrecv(out, length, MPI_BYTE, other, 1, in, length, MPI_BYTE, other, 1, MPI_COMM_WORLD, &status);
    check(length, round);
    MPI_Isend(out, length, MPI_BYTE, other, 2, MPI_COMM_WORLD, &request);
    MPI_Request_free(&request);
    MPI_Recv(in, length, MPI_BYTE, other, 2, MPI_COMM_WORLD, &status);
    check(length, round);
    MPI_Barrier(MPI_COMM_WORLD);
}

int main(int argc, char **argv)
{
    int drops = argc > 1 ? atoi(argv[1]) : 0;
    static const int lengths[] = {100, 20000, 70000, 1000000, MOST};
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    other = 1 - rank;
    out = malloc(MOST);
    in = malloc(MOST);
    for (int round = 0; round < 20; round++) {
        if (round == 10 && rank == drops) {
            if (geteuid() == 0) CHECK(!setuid(65534));
            CHECK(!prctl(PR_SET_DUMPABLE, 0));
        }
        for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) exchange(lengths[i], round);
    }
    MPI_Finalize();
    if (rank == 0) puts("dropped: ok");
    return 0;
}
