/* One column of a 4096 x 4096 matrix of doubles, to and fro between two ranks, beside as many bytes in a row, beside
 * memcpy of as many bytes and a plain loop over the column. mpicc -O2 column.c -o column; mpiexec -n 2 ./column
 * Prints microseconds: the median of the rounds. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 4096, ROUNDS = 400 };
static double times[ROUNDS];

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(void) {
    qsort(times, ROUNDS, sizeof times[0], by_value);
    return times[ROUNDS / 2] * 1e6;
}

/* Half of there and back. */
static double ping_pong(void *buffer, int count, MPI_Datatype type, int rank) {
    for (int n = 0; n < ROUNDS; n++) {
        double begin = MPI_Wtime();
        if (rank == 0) {
            MPI_Send(buffer, count, type, 1, 0, MPI_COMM_WORLD);
            MPI_Recv(buffer, count, type, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        } else if (rank == 1) {
            MPI_Recv(buffer, count, type, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            MPI_Send(buffer, count, type, 0, 0, MPI_COMM_WORLD);
        }
        times[n] = (MPI_Wtime() - begin) / 2;
    }
    return median();
}

int main(int argc, char **argv) {
    int rank, size;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size < 2) {
        fprintf(stderr, "column: needs two ranks\n");
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    double *matrix = malloc(sizeof(double) * SIDE * SIDE), *row = malloc(sizeof(double) * SIDE);
    double *other = malloc(sizeof(double) * SIDE);
    for (long n = 0; n < (long)SIDE * SIDE; n++) matrix[n] = n;
    memset(row, 1, sizeof(double) * SIDE);
    MPI_Datatype column;
    MPI_Type_vector(SIDE, 1, SIDE, MPI_DOUBLE, &column);
    MPI_Type_commit(&column);
    double strided = ping_pong(matrix + 7, 1, column, rank);
    double contiguous = ping_pong(row, SIDE, MPI_DOUBLE, rank);
    if (rank == 0) {
        for (int n = 0; n < ROUNDS; n++) {
            double begin = MPI_Wtime();
            memcpy(other, row, sizeof(double) * SIDE);
            row[n % SIDE] = other[(n * 7) % SIDE];
            times[n] = MPI_Wtime() - begin;
        }
        double copied = median();
        for (int n = 0; n < ROUNDS; n++) {
            double begin = MPI_Wtime();
            for (long r = 0; r < SIDE; r++) other[r] = matrix[r * SIDE + 7];
            row[n % SIDE] = other[(n * 7) % SIDE];
            times[n] = MPI_Wtime() - begin;
        }
        double looped = median();
        for (int n = 0; n < ROUNDS; n++) {
            int at = 0;
            double begin = MPI_Wtime();
            MPI_Pack(matrix + 7, 1, column, other, sizeof(double) * SIDE, &at, MPI_COMM_WORLD);
            times[n] = MPI_Wtime() - begin;
        }
        double packed = median();
        printf("column %.2f us, row %.2f us, memcpy %.2f us, loop over the column %.2f us, MPI_Pack %.2f us\n", strided,
               contiguous, copied, looped, packed);
    }
    MPI_Type_free(&column);
    MPI_Finalize();
    return 0;
}
