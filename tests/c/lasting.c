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

int main(int argc, char **argv)
{
    anytime();
    MPI_Init(&argc, &argv);
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
