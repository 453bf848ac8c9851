/* What works before MPI_Init and after MPI_Finalize; whose error handler answers for calls without a communicator;
   reductions of char. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(what) do { if (!(what)) { printf("line %d: %s\n", __LINE__, #what); exit(3); } } while (0)

static int calls;

static void count(MPI_Comm *comm, int *code, ...)
{
    (void)comm;
    (void)code;
    calls++;
}

static void anytime(void)
{
    MPI_Info info, copy;
    MPI_Errhandler handler;
    char value[20], text[MPI_MAX_ERROR_STRING];
    int flag, keys, class, code, length = sizeof value;
    CHECK(MPI_Info_create(&info) == MPI_SUCCESS);
    CHECK(MPI_Info_set(info, "key", "value") == MPI_SUCCESS);
    CHECK(MPI_Info_dup(info, &copy) == MPI_SUCCESS);
    CHECK(MPI_Info_free(&info) == MPI_SUCCESS && info == MPI_INFO_NULL);
    CHECK(MPI_Info_get_nkeys(copy, &keys) == MPI_SUCCESS && keys == 1);
    CHECK(MPI_Info_get_string(copy, "key", &length, value, &flag) == MPI_SUCCESS && flag);
    CHECK(!strcmp(value, "value"));
    CHECK(MPI_Info_delete(copy, "key") == MPI_SUCCESS);
    CHECK(MPI_Info_free(&copy) == MPI_SUCCESS);
    CHECK(MPI_Info_get_nkeys(MPI_INFO_ENV, &keys) == MPI_SUCCESS && keys > 0);
    CHECK(MPI_Comm_create_errhandler(count, &handler) == MPI_SUCCESS);
    CHECK(MPI_Errhandler_free(&handler) == MPI_SUCCESS && handler == MPI_ERRHANDLER_NULL);
    CHECK(MPI_Add_error_class(&class) == MPI_SUCCESS);
    CHECK(MPI_Add_error_code(class, &code) == MPI_SUCCESS);
    CHECK(MPI_Add_error_string(code, "of the program") == MPI_SUCCESS);
    CHECK(MPI_Error_string(code, text, &length) == MPI_SUCCESS && !strcmp(text, "of the program"));
    CHECK(MPI_Error_class(code, &keys) == MPI_SUCCESS && keys == class);
}

/* Calls that concern no communicator: 4 errors. */
static void mistakes(int code_expected)
{
    MPI_Datatype type = MPI_DATATYPE_NULL, freed;
    MPI_Info info, stale;
    int size;
    CHECK(MPI_Group_size(MPI_GROUP_NULL, &size) != MPI_SUCCESS || !code_expected);
    CHECK(MPI_Type_size(type, &size) != MPI_SUCCESS || !code_expected);
    MPI_Type_contiguous(2, MPI_INT, &type);
    freed = type;
    MPI_Type_free(&type);
    CHECK(MPI_Type_size(freed, &size) != MPI_SUCCESS || !code_expected);
    MPI_Info_create(&info);
    stale = info;
    MPI_Info_free(&info);
    CHECK(MPI_Info_get_nkeys(stale, &size) != MPI_SUCCESS || !code_expected);
}

static void reductions(void)
{
    int rank, n;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n);
    signed char mine[2] = {(signed char)(rank + 1), (signed char)-(rank + 1)}, all[2];
    MPI_Request request;
    CHECK(!MPI_Allreduce(mine, all, 2, MPI_CHAR, MPI_SUM, MPI_COMM_WORLD));
    CHECK(all[0] == n * (n + 1) / 2 && all[1] == -all[0]);
    CHECK(!MPI_Iallreduce(mine, all, 2, MPI_CHAR, MPI_MIN, MPI_COMM_WORLD, &request));
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    CHECK(all[0] == 1 && all[1] == -n);
    CHECK(!MPI_Scan(mine, all, 2, MPI_CHAR, MPI_SUM, MPI_COMM_WORLD));
    CHECK(all[0] == (rank + 1) * (rank + 2) / 2);
    MPI_Count count = rank == n - 1, any;
    CHECK(!MPI_Allreduce(&count, &any, 1, MPI_COUNT, MPI_LOR, MPI_COMM_WORLD) && any == 1);
    CHECK(!MPI_Allreduce(&count, &any, 1, MPI_COUNT, MPI_LAND, MPI_COMM_WORLD) && any == (n == 1));
}

/* Each handle for an error handler is freed by itself, however many there are. */
static void handles(void)
{
    MPI_Errhandler made, got, again;
    MPI_Comm comm;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    MPI_Comm_create_errhandler(count, &made);
    MPI_Comm_set_errhandler(comm, made);
    CHECK(!MPI_Comm_get_errhandler(comm, &got));
    CHECK(!MPI_Errhandler_free(&got) && got == MPI_ERRHANDLER_NULL);
    CHECK(!MPI_Comm_get_errhandler(comm, &got));
    CHECK(!MPI_Errhandler_free(&made));
    CHECK(!MPI_Comm_get_errhandler(comm, &again));
    CHECK(!MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN));
    CHECK(!MPI_Comm_set_errhandler(comm, got));
    CHECK(!MPI_Errhandler_free(&got) && !MPI_Errhandler_free(&again));
    calls = 0;
    CHECK(!MPI_Comm_call_errhandler(comm, MPI_ERR_OTHER) && calls == 1);
    CHECK(!MPI_Comm_get_errhandler(comm, &got) && !MPI_Errhandler_free(&got));
    MPI_Comm_free(&comm);
    calls = 0;
}

/* What is asked of nothing is answered at once. */
static void nothing(void)
{
    MPI_Comm comm = MPI_COMM_SELF;
    MPI_Group world;
    int flag = 0;
    /* Errors of files are returned, though those of communicators end the job. */
    CHECK(MPI_File_write(MPI_FILE_NULL, &flag, 1, MPI_INT, MPI_STATUS_IGNORE) != MPI_SUCCESS);
    CHECK(!MPI_Parrived(MPI_REQUEST_NULL, 0, &flag) && flag);
    CHECK(!MPI_Comm_create_from_group(MPI_GROUP_EMPTY, "none", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm));
    CHECK(comm == MPI_COMM_NULL);
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    comm = MPI_COMM_SELF;
    CHECK(!MPI_Intercomm_create_from_groups(MPI_GROUP_EMPTY, 0, world, 0, "none", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm));
    CHECK(comm == MPI_COMM_NULL);
    MPI_Group_free(&world);
}

int main(int argc, char **argv)
{
    int early, found, *last;
    anytime();
    CHECK(!MPI_Add_error_class(&early));
    MPI_Init(&argc, &argv);
    if (argc > 1) {
        /* Started with -initial-errhandler mpi_errors_return: nobody has set a handler here. */
        MPI_Errhandler initial;
        CHECK(!MPI_Comm_get_errhandler(MPI_COMM_WORLD, &initial) && initial == MPI_ERRORS_RETURN);
        CHECK(MPI_Send(&early, 1, MPI_INT, 1000, 0, MPI_COMM_WORLD) != MPI_SUCCESS);
        mistakes(1);
        MPI_Finalize();
        puts("lasting: errors returned");
        return 0;
    }
    CHECK(!MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_LASTUSEDCODE, &last, &found) && found && *last == early);
    handles();
    nothing();
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    mistakes(1);
    MPI_Errhandler handler;
    MPI_Comm_create_errhandler(count, &handler);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, handler);
    mistakes(0);
    CHECK(calls == 4);
    /* From here on MPI_COMM_SELF has one of its own. */
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    mistakes(1);
    CHECK(calls == 4);
    reductions();
    MPI_Finalize();
    anytime();
    puts("lasting: ok");
    return 0;
}
