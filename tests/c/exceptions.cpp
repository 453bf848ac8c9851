/* C++ exceptions that the program's own functions throw while MPI has called them: each arrives where MPI was called. */
#include <mpi.h>
#include <cstdio>
#include <stdexcept>
#include <string>

#define CHECK(what) \
    do { \
        if (!(what)) { \
            std::fprintf(stderr, "line %d: %s\n", __LINE__, #what); \
            MPI_Abort(MPI_COMM_WORLD, 1); \
        } \
    } while (0)

static void raise(MPI_Comm *, int *code, ...) {
    int error_class;
    MPI_Error_class(*code, &error_class);
    throw error_class;
}

static void refuse(void *, void *, int *, MPI_Datatype *) {
    throw std::runtime_error("an operation");
}

static int refuse_delete(MPI_Comm, int, void *, void *) {
    throw std::runtime_error("a callback of an attribute");
}

static int refuse_copy(MPI_Comm, int, void *, void *, void *, int *) {
    throw std::runtime_error("a copy callback");
}

static int refuse_query(void *, MPI_Status *) {
    throw std::runtime_error("a query function");
}

static int no_free(void *) {
    return MPI_SUCCESS;
}

static int no_cancel(void *, int) {
    return MPI_SUCCESS;
}

/* The words of the exception that `work` throws; empty if there is none. */
template <typename Work> static std::string thrown(Work work) {
    try {
        work();
    } catch (const std::runtime_error &error) {
        return error.what();
    } catch (int error_class) {
        return "class " + std::to_string(error_class);
    }
    return "";
}

int main(int argc, char **argv) {
    int rank, size, value = 1, sum = 0, key, threads = argc > 1 ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE, provided;
    MPI_Init_thread(&argc, &argv, threads, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);

    MPI_Comm comm;
    MPI_Errhandler handler;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_create_errhandler(raise, &handler);
    MPI_Comm_set_errhandler(comm, handler);
    const std::string bad_rank = "class " + std::to_string(MPI_ERR_RANK);
    for (int i = 0; i < 3; i++) {
        CHECK(thrown([&] { MPI_Send(&value, 1, MPI_INT, size + 5, 0, comm); }) == bad_rank);
        CHECK(thrown([&] { MPI_Comm_call_errhandler(comm, MPI_ERR_RANK); }) == bad_rank);
    }

    MPI_Op op;
    MPI_Op_create(refuse, 1, &op);
    CHECK(thrown([&] { MPI_Reduce_local(&value, &sum, 1, MPI_INT, op); }) == "an operation");
    /* Two ranks, since one applies no operation; at the end, since the communicator has a collective that is not over. */
    MPI_Comm pair;
    MPI_Comm_split(MPI_COMM_WORLD, rank / 2, rank, &pair);
    int of_pair;
    MPI_Comm_size(pair, &of_pair);
    if (of_pair == 2) {
        const std::string said = thrown([&] { MPI_Reduce(&value, &sum, 1, MPI_INT, op, 0, pair); });
        CHECK(said == (rank % 2 == 0 ? "an operation" : ""));
    }

    MPI_Comm other;
    MPI_Comm_create_keyval(refuse_copy, refuse_delete, &key, nullptr);
    MPI_Comm_set_attr(comm, key, &value);
    CHECK(thrown([&] { MPI_Comm_dup(comm, &other); }) == "a copy callback");
    CHECK(thrown([&] { MPI_Comm_delete_attr(comm, key); }) == "a callback of an attribute");

    MPI_Request request;
    MPI_Grequest_start(refuse_query, no_free, no_cancel, nullptr, &request);
    MPI_Grequest_complete(request);
    CHECK(thrown([&] { MPI_Wait(&request, MPI_STATUS_IGNORE); }) == "a query function");

    /* The library goes on. */
    MPI_Allreduce(&value, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    CHECK(sum == size);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) std::puts("exceptions: ok");
    return MPI_Finalize();
}
