/* Sessions where there is no MPI_Init, before it, across MPI_Finalize, and several at a time. */
#include <mpi.h>
#include <stdio.h>
#include <string.h>

#define CHECK(what) \
    do { \
        if (!(what)) { \
            fprintf(stderr, "line %d: %s\n", __LINE__, #what); \
            return 1; \
        } \
    } while (0)

static int sum_over(MPI_Session session, const char *set, const char *tag, int *size) {
    MPI_Group group;
    MPI_Comm comm;
    int rank, total = -1;
    if (MPI_Group_from_session_pset(session, set, &group)) return -1;
    if (MPI_Comm_create_from_group(group, tag, MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm)) return -1;
    MPI_Group_free(&group);
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, size);
    MPI_Allreduce(&rank, &total, 1, MPI_INT, MPI_SUM, comm);
    MPI_Comm_free(&comm);
    return total;
}

static int use(MPI_Session session, const char *tag) {
    int sets = 0, length = 0, size, flag, found = 0;
    char name[MPI_MAX_PSET_NAME_LEN], text[64];
    MPI_Info info;
    CHECK(MPI_Session_get_num_psets(session, MPI_INFO_NULL, &sets) == MPI_SUCCESS && sets >= 2);
    for (int i = 0; i < sets; i++) {
        length = 0;
        MPI_Session_get_nth_pset(session, MPI_INFO_NULL, i, &length, NULL);
        CHECK(length > 1 && length <= MPI_MAX_PSET_NAME_LEN);
        MPI_Session_get_nth_pset(session, MPI_INFO_NULL, i, &length, name);
        found += !strcmp(name, "mpi://WORLD") + !strcmp(name, "mpi://SELF");
    }
    CHECK(found == 2);
    MPI_Session_get_pset_info(session, "mpi://SELF", &info);
    MPI_Info_get(info, "mpi_size", 63, text, &flag);
    CHECK(flag && !strcmp(text, "1"));
    MPI_Info_free(&info);
    MPI_Session_get_info(session, &info);
    MPI_Info_get(info, "thread_level", 63, text, &flag);
    CHECK(flag);
    MPI_Info_free(&info);
    CHECK(sum_over(session, "mpi://WORLD", tag, &size) == size * (size - 1) / 2);
    CHECK(sum_over(session, "mpi://SELF", tag, &size) == 0 && size == 1);
    return 0;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "alone";
    int flag, sum, size;
    MPI_Session one, two;
    MPI_Initialized(&flag);
    CHECK(!flag);
    CHECK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &one) == MPI_SUCCESS);
    CHECK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &two) == MPI_SUCCESS && one != two);
    MPI_Initialized(&flag);
    CHECK(!flag);
    if (use(one, "one") || use(two, "two")) return 1;
    CHECK(MPI_Session_finalize(&one) == MPI_SUCCESS && one == MPI_SESSION_NULL);
    if (use(two, "two again")) return 1;
    if (!strcmp(what, "alone")) {
        CHECK(MPI_Session_finalize(&two) == MPI_SUCCESS);
        /* None is left; another may come. */
        CHECK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &one) == MPI_SUCCESS);
        if (use(one, "one again")) return 1;
        CHECK(MPI_Session_finalize(&one) == MPI_SUCCESS);
        MPI_Initialized(&flag);
        CHECK(!flag);
        MPI_Finalized(&flag);
        CHECK(!flag);
        puts("ok");
        return 0;
    }
    if (!strcmp(what, "before")) CHECK(MPI_Session_finalize(&two) == MPI_SUCCESS);
    CHECK(MPI_Init(&argc, &argv) == MPI_SUCCESS);
    MPI_Initialized(&flag);
    CHECK(flag);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_rank(MPI_COMM_WORLD, &sum);
    MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    CHECK(sum == size * (size - 1) / 2);
    CHECK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &one) == MPI_SUCCESS);
    if (use(one, "inside")) return 1;
    CHECK(MPI_Session_finalize(&one) == MPI_SUCCESS);
    CHECK(MPI_Finalize() == MPI_SUCCESS);
    MPI_Finalized(&flag);
    CHECK(flag);
    if (!strcmp(what, "across")) {
        if (use(two, "after the world")) return 1;
        CHECK(MPI_Session_finalize(&two) == MPI_SUCCESS);
    }
    puts("ok");
    return 0;
}
