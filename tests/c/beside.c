/* Programs that run alone within a job: one beside a first that still runs, one that the first has started. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void wait_for(const char *file) {
    for (int i = 0; access(file, F_OK) && i < 60000; i++) usleep(1000);
}

static void make(const char *file) {
    FILE *made = fopen(file, "w");
    if (made) fclose(made);
}

int main(int count, char **words) {
    const char *what = count > 1 ? words[1] : "", *base = count > 2 ? words[2] : "";
    char ready[4096], done[4096];
    const char *rank_told = getenv("RANKS_RANK");
    int size, rank;
    snprintf(ready, sizeof ready, "%s.%s.ready", base, rank_told ? rank_told : "0");
    snprintf(done, sizeof done, "%s.%s.done", base, rank_told ? rank_told : "0");
    if (!strcmp(what, "second") && *base) wait_for(ready);
    MPI_Init(NULL, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (!strcmp(what, "first")) {
        make(ready);
        wait_for(done);
    }
    if (!strcmp(what, "parent")) {
        fflush(stdout);
        /* By a shell, as programs do, with the environment and without it. */
        if (system(words[2]) || system(words[3])) return 1;
    }
    MPI_Barrier(MPI_COMM_WORLD);
    printf("%s: rank %d of %d\n", what, rank, size);
    MPI_Finalize();
    if (!strcmp(what, "second") && *base) make(done);
    return 0;
}
