/* Programs that do wrong: `wrong WHAT`. The runner knows what each must print and how it must end. */
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Headers of MPI itself do not declare it. */
int MPIX_Comm_revoke(MPI_Comm comm);

enum { MANY = 1 << 20 };

static void call(int number) {
    (void)number;
    MPI_Send("x", 1, MPI_CHAR, 0, 0, MPI_COMM_WORLD);
}

static int finalize(MPI_Comm comm, int key, void *value, void *state) {
    (void)comm, (void)key, (void)value, (void)state;
    return MPI_Finalize();
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    char buffer[40] = {0};
    int rank, size;
    if (!strcmp(what, "before")) MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (!strcmp(what, "deadlock")) MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &size);
    else MPI_Init(NULL, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (!strcmp(what, "twice")) MPI_Init(NULL, NULL);
    if (!strcmp(what, "truncate")) {
        if (rank == 0) MPI_Send(buffer, 40, MPI_CHAR, 1, 5, MPI_COMM_WORLD);
        if (rank == 1) MPI_Recv(buffer, 20, MPI_CHAR, 0, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        MPI_Barrier(MPI_COMM_WORLD);
    }
    if (!strcmp(what, "deadlock")) MPI_Recv(buffer, 1, MPI_CHAR, 1 - rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    /* The buffer of one side is no memory; the other must not be blamed. */
    if (!strcmp(what, "bad receive") || !strcmp(what, "bad send")) {
        char *good = malloc(MANY), *bad = (char *)0x1000;
        /* Both sides learn of a buffer that cannot be read, in any order. The sender is to speak. */
        if (rank == 1 && what[4] == 's') MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
        if (rank == 0) MPI_Send(what[4] == 's' ? bad : good, MANY, MPI_CHAR, 1, 5, MPI_COMM_WORLD);
        if (rank == 1) MPI_Recv(what[4] == 'r' ? bad : good, MANY, MPI_CHAR, 0, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        MPI_Barrier(MPI_COMM_WORLD);
    }
    if (!strcmp(what, "finalize twice")) {
        int key;
        MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, finalize, &key, NULL);
        MPI_Comm_set_attr(MPI_COMM_SELF, key, NULL);
    }
    if (!strcmp(what, "place")) MPI_Send(MPI_IN_PLACE, 4, MPI_CHAR, 0, 0, MPI_COMM_WORLD);
    /* A signal handler calls while the call that it interrupted waits. */
    if (!strcmp(what, "at once")) {
        MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
        if (rank == 1) {
            signal(SIGALRM, call);
            alarm(1);
        }
        MPI_Recv(buffer, 1, MPI_CHAR, 1 - rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
    if (!strcmp(what, "rank")) MPI_Send(buffer, 1, MPI_CHAR, 9, 0, MPI_COMM_WORLD);
    if (!strcmp(what, "unsupported")) MPIX_Comm_revoke(MPI_COMM_WORLD);
    if (!strcmp(what, "null")) MPI_Send(NULL, 4, MPI_CHAR, 0, 0, MPI_COMM_WORLD);
    if (!strcmp(what, "operation")) {
        double one = 1, all;
        MPI_Allreduce(&one, &all, 1, MPI_DOUBLE, MPI_BAND, MPI_COMM_WORLD);
    }
    if (!strcmp(what, "stale")) {
        MPI_Request request, old;
        MPI_Isend(buffer, 1, MPI_CHAR, MPI_PROC_NULL, 0, MPI_COMM_WORLD, &request);
        old = request;
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        MPI_Wait(&old, MPI_STATUS_IGNORE);
    }
    if (!strcmp(what, "abort") && rank == size - 1) MPI_Abort(MPI_COMM_WORLD, 7);
    if (!strcmp(what, "abort")) MPI_Recv(buffer, 1, MPI_CHAR, MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (!strcmp(what, "fork")) {
        pid_t child = fork();
        if (child == 0) {
            int code = MPI_Send(buffer, 1, MPI_CHAR, 0, 0, MPI_COMM_WORLD);
            MPI_Finalize();
            _exit(code == MPI_SUCCESS ? 1 : 0);
        }
        int status;
        waitpid(child, &status, 0);
        if (status != 0) return 98;
        MPI_Barrier(MPI_COMM_WORLD);
    }
    MPI_Finalize();
    if (!strcmp(what, "after")) MPI_Barrier(MPI_COMM_WORLD);
    return 0;
}
