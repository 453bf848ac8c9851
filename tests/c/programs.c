/* Several programs in one job: which of them this is, and what the other predefined attributes say. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int number(int key) {
    int *value, flag = 0;
    MPI_Comm_get_attr(MPI_COMM_WORLD, key, &value, &flag);
    if (!flag) exit(98);
    return *value;
}

/* The number of this program, and how many ranks there is room for (0: any number). */
int main(int count, char **words) {
    int rank, code, sum = 0;
    MPI_Comm own;
    MPI_Info early;
    MPI_Info_create_env(0, NULL, &early);
    MPI_Init(NULL, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (count != 3 || number(MPI_APPNUM) != atoi(words[1])) return 99;
    if (atoi(words[2]) && number(MPI_UNIVERSE_SIZE) != atoi(words[2])) return 97;
    if (number(MPI_HOST) != MPI_PROC_NULL || number(MPI_IO) != MPI_ANY_SOURCE) return 96;
    if (!number(MPI_WTIME_IS_GLOBAL) || number(MPI_LASTUSEDCODE) < MPI_ERR_LASTCODE) return 95;
    MPI_Add_error_class(&code);
    if (number(MPI_LASTUSEDCODE) != code) return 94;
    /* What is known of how this was started: of the arguments that are given, and of those of the process. */
    char value[200], number_of_ranks[20], *given[] = {"other", "x", "y", NULL};
    int flag, size;
    MPI_Info info;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    sprintf(number_of_ranks, "%d", size);
    MPI_Info_create_env(3, given, &info);
    const char *expected[][2] = {{"command", "other"}, {"argv", "x y"}, {"maxprocs", number_of_ranks}};
    for (int i = 0; i < 3; i++) {
        MPI_Info_get(info, expected[i][0], 199, value, &flag);
        if (!flag || strcmp(value, expected[i][1])) return 93;
    }
    MPI_Info_free(&info);
    MPI_Info_get(early, "maxprocs", 199, value, &flag);
    if (!flag || strcmp(value, number_of_ranks)) return 90;
    MPI_Info_free(&early);
    MPI_Info_get(MPI_INFO_ENV, "argv", 199, value, &flag);
    if (!flag || strncmp(value, words[1], strlen(words[1])) || !strstr(value, words[2])) return 92;
    MPI_Info_get(MPI_INFO_ENV, "thread_level", 199, value, &flag);
    if (flag) return 91;
    /* What coupled codes do first. */
    MPI_Comm_split(MPI_COMM_WORLD, number(MPI_APPNUM), rank, &own);
    MPI_Comm_size(own, &code);
    MPI_Allreduce(&code, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Comm_free(&own);
    printf("program %s: %d\n", words[1], sum);
    MPI_Finalize();
    return 0;
}
