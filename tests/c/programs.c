/* Several programs in one job: which of them this is, and what the other predefined attributes say. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

static int number(int key) {
    int *value, flag = 0;
    MPI_Comm_get_attr(MPI_COMM_WORLD, key, &value, &flag);
    if (!flag) exit(98);
    return *value;
}

/* The number of this program, and how many ranks there is room for. */
int main(int count, char **words) {
    int rank, code, sum = 0;
    MPI_Comm own;
    MPI_Init(NULL, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (count != 3 || number(MPI_APPNUM) != atoi(words[1])) return 99;
    if (number(MPI_UNIVERSE_SIZE) != atoi(words[2])) return 97;
    if (number(MPI_HOST) != MPI_PROC_NULL || number(MPI_IO) != MPI_ANY_SOURCE) return 96;
    if (!number(MPI_WTIME_IS_GLOBAL) || number(MPI_LASTUSEDCODE) < MPI_ERR_LASTCODE) return 95;
    MPI_Add_error_class(&code);
    if (number(MPI_LASTUSEDCODE) != code) return 94;
    /* What coupled codes do first. */
    MPI_Comm_split(MPI_COMM_WORLD, number(MPI_APPNUM), rank, &own);
    MPI_Comm_size(own, &code);
    MPI_Allreduce(&code, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Comm_free(&own);
    printf("program %s: %d\n", words[1], sum);
    MPI_Finalize();
    return 0;
}
