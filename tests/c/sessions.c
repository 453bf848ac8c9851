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

#define ROOM 1200

/* Sends a buffered message around, and says whether it found a buffer. */
static int around(MPI_Comm comm, int bytes) {
    char data[1000] = {0}, got[1000];
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    data[7] = 42;
    int code = MPI_Bsend(data, bytes, MPI_CHAR, (rank + 1) % size, 3, comm);
    if (code == MPI_SUCCESS) {
        MPI_Recv(got, bytes, MPI_CHAR, (rank + size - 1) % size, 3, comm, MPI_STATUS_IGNORE);
        return got[7] == 42 ? MPI_SUCCESS : MPI_ERR_OTHER;
    }
    MPI_Error_class(code, &code);
    return code;
}

/* A session's buffer takes the messages of the communicators that come from the session, and of no others. */
static int buffers(void) {
    static char room[ROOM], own[ROOM];
    MPI_Session session, other;
    MPI_Group group, part;
    MPI_Comm comm, copy, split, elsewhere, later;
    MPI_Request request;
    void *address;
    int size, rank, first = 0;
    MPI_Count long_size;
    CHECK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session) == MPI_SUCCESS);
    CHECK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &other) == MPI_SUCCESS);
    MPI_Group_from_session_pset(session, "mpi://world", &group);
    MPI_Comm_create_from_group(group, "a", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm);
    MPI_Group_rank(group, &rank);
    MPI_Group_incl(group, 1, &rank, &part);
    MPI_Comm_create_from_group(part, "alone", MPI_INFO_NULL, MPI_ERRORS_RETURN, &later);
    MPI_Group_free(&group);
    MPI_Group_free(&part);
    MPI_Group_from_session_pset(other, "mpi://WORLD", &group);
    MPI_Comm_create_from_group(group, "b", MPI_INFO_NULL, MPI_ERRORS_RETURN, &elsewhere);
    MPI_Group_free(&group);
    MPI_Comm_dup(comm, &copy);
    MPI_Comm_split(copy, 0, 0, &split);
    MPI_Comm all[] = {comm, copy, split, later};
    for (int i = 0; i < 4; i++) CHECK(around(all[i], 900) == MPI_ERR_BUFFER);

    CHECK(MPI_Session_attach_buffer(session, room, ROOM) == MPI_SUCCESS);
    CHECK(MPI_Session_attach_buffer(session, room, ROOM) != MPI_SUCCESS);
    for (int i = 0; i < 4; i++) CHECK(around(all[i], 900) == MPI_SUCCESS);
    CHECK(around(elsewhere, 900) == MPI_ERR_BUFFER);
    /* The persistent and the nonblocking send, too. */
    for (int i = 0; i < 2; i++) {
        char data[100] = {0}, got[100];
        CHECK(MPI_Session_flush_buffer(session) == MPI_SUCCESS);
        if (i) {
            CHECK(MPI_Ibsend(data, 100, MPI_CHAR, 0, 5, later, &request) == MPI_SUCCESS);
        } else {
            CHECK(MPI_Bsend_init(data, 100, MPI_CHAR, 0, 5, later, &request) == MPI_SUCCESS);
            CHECK(MPI_Start(&request) == MPI_SUCCESS);
        }
        CHECK(MPI_Wait(&request, MPI_STATUS_IGNORE) == MPI_SUCCESS);
        CHECK(MPI_Recv(got, 100, MPI_CHAR, 0, 5, later, MPI_STATUS_IGNORE) == MPI_SUCCESS);
        if (!i) MPI_Request_free(&request);
    }
    /* It holds one such message at a time, until that is received. */
    char data[900] = {0};
    CHECK(MPI_Bsend(data, 900, MPI_CHAR, 0, 5, later) == MPI_SUCCESS);
    CHECK(MPI_Bsend(data, 900, MPI_CHAR, 0, 5, later) != MPI_SUCCESS || first++ == 0);
    while (first >= 0) {
        CHECK(MPI_Recv(data, 900, MPI_CHAR, 0, 5, later, MPI_STATUS_IGNORE) == MPI_SUCCESS);
        first--;
    }
    CHECK(MPI_Session_iflush_buffer(session, &request) == MPI_SUCCESS);
    CHECK(MPI_Wait(&request, MPI_STATUS_IGNORE) == MPI_SUCCESS);

    /* A communicator's own comes first. */
    CHECK(MPI_Comm_attach_buffer(comm, own, 200) == MPI_SUCCESS);
    CHECK(around(comm, 900) == MPI_ERR_BUFFER && around(copy, 900) == MPI_SUCCESS);
    CHECK(MPI_Comm_detach_buffer(comm, &address, &size) == MPI_SUCCESS && address == own && size == 200);
    CHECK(around(comm, 900) == MPI_SUCCESS);
    CHECK(MPI_Session_detach_buffer(session, &address, &size) == MPI_SUCCESS && address == room && size == ROOM);

    /* Without one, the process's is used; of any length, if the library is to find the memory. */
    CHECK(MPI_Buffer_attach(room, ROOM) == MPI_SUCCESS);
    CHECK(around(comm, 900) == MPI_SUCCESS && around(elsewhere, 900) == MPI_SUCCESS);
    CHECK(MPI_Buffer_detach(&address, &size) == MPI_SUCCESS && address == room);
    CHECK(MPI_Session_attach_buffer_c(other, MPI_BUFFER_AUTOMATIC, 0) == MPI_SUCCESS);
    CHECK(around(elsewhere, 1000) == MPI_SUCCESS && around(comm, 900) == MPI_ERR_BUFFER);
    CHECK(MPI_Session_detach_buffer_c(other, &address, &long_size) == MPI_SUCCESS);
    CHECK(address == MPI_BUFFER_AUTOMATIC && long_size == 0);

    /* A session that ends lets its buffer go. */
    CHECK(MPI_Session_attach_buffer(other, room, ROOM) == MPI_SUCCESS);
    CHECK(around(elsewhere, 900) == MPI_SUCCESS);
    MPI_Comm_free(&comm);
    MPI_Comm_free(&copy);
    MPI_Comm_free(&split);
    MPI_Comm_free(&later);
    MPI_Comm_free(&elsewhere);
    CHECK(MPI_Session_finalize(&other) == MPI_SUCCESS);
    CHECK(MPI_Session_finalize(&session) == MPI_SUCCESS);
    puts("ok");
    return 0;
}

/* Groups of every second rank, and of their first two, whose communicators have one tag. */
static int groups(void) {
    MPI_Session session;
    MPI_Group world, half, roots;
    MPI_Comm comm, of_roots;
    int size, rank, sum = -1, total = -1, expected = 0;
    CHECK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session) == MPI_SUCCESS);
    MPI_Group_from_session_pset(session, "MPI://World", &world);
    MPI_Group_rank(world, &rank);
    MPI_Group_size(world, &size);
    int range[1][3] = {{rank % 2, size - 1, 2}}, first[1][3] = {{0, size > 1, 1}};
    MPI_Group_range_incl(world, 1, range, &half);
    CHECK(MPI_Comm_create_from_group(half, "tag", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm) == MPI_SUCCESS);
    MPI_Reduce(&rank, &sum, 1, MPI_INT, MPI_SUM, 0, comm);
    if (rank < 2) {
        MPI_Group_range_incl(world, 1, first, &roots);
        CHECK(MPI_Comm_create_from_group(roots, "tag", MPI_INFO_NULL, MPI_ERRORS_RETURN, &of_roots) == MPI_SUCCESS);
        MPI_Allreduce(&sum, &total, 1, MPI_INT, MPI_SUM, of_roots);
        for (int i = 0; i < size; i++) expected += i;
        CHECK(total == expected);
        MPI_Comm_free(&of_roots);
        MPI_Group_free(&roots);
    }
    if (size > 1) {
        MPI_Group low, high;
        MPI_Comm inter;
        int ranges[2][3] = {{0, size / 2 - 1, 1}, {size / 2, size - 1, 1}}, remote;
        MPI_Group_range_incl(world, 1, &ranges[0], &low);
        MPI_Group_range_incl(world, 1, &ranges[1], &high);
        int here = rank >= size / 2;
        CHECK(MPI_Intercomm_create_from_groups(here ? high : low, 0, here ? low : high, 0, "tag", MPI_INFO_NULL,
                                               MPI_ERRORS_RETURN, &inter) == MPI_SUCCESS);
        MPI_Comm_remote_size(inter, &remote);
        CHECK(remote == (here ? size / 2 : size - size / 2));
        MPI_Comm_free(&inter);
        MPI_Group_free(&low);
        MPI_Group_free(&high);
    }
    MPI_Comm_free(&comm);
    MPI_Group_free(&half);
    MPI_Group_free(&world);
    CHECK(MPI_Session_call_errhandler(session, MPI_ERR_ARG) == MPI_SUCCESS);
    CHECK(MPI_Session_finalize(&session) == MPI_SUCCESS);
    puts("ok");
    return 0;
}

/* Each session ends before the next begins, inside and outside of MPI_Init; or nothing but groups is asked for, which no
 * other rank takes part in. */
static int again(int argc, char **argv, int inside) {
    int rank, provided;
    if (inside) CHECK(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided) == MPI_SUCCESS);
    for (int i = 0; i < 5; i++) {
        MPI_Session session;
        CHECK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session) == MPI_SUCCESS);
        if (use(session, "again")) return 1;
        CHECK(MPI_Session_finalize(&session) == MPI_SUCCESS);
    }
    if (inside) {
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        CHECK(MPI_Finalize() == MPI_SUCCESS);
    }
    puts("ok");
    return 0;
}

static int alone_of_several(void) {
    MPI_Session session;
    MPI_Group group;
    int size;
    CHECK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session) == MPI_SUCCESS);
    CHECK(MPI_Group_from_session_pset(session, "mpi://world", &group) == MPI_SUCCESS);
    MPI_Group_size(group, &size);
    CHECK(MPI_Group_free(&group) == MPI_SUCCESS && MPI_Session_finalize(&session) == MPI_SUCCESS);
    printf("of %d: ok\n", size);
    return 0;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "alone";
    int flag, sum, size;
    MPI_Session one, two;
    if (!strcmp(what, "buffers")) return buffers();
    if (!strcmp(what, "groups")) return groups();
    if (!strcmp(what, "again") || !strcmp(what, "again inside")) return again(argc, argv, strlen(what) > 5);
    if (!strcmp(what, "locally")) return alone_of_several();
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
