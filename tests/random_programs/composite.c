/* Events in which several messages belong together, and what has to do with no message. */
#include "random.h"

#include <signal.h>
#include <unistd.h>

static uint64_t id_of(int from, int round) { return all.seed * 31 + (uint64_t)now * 8192 + (uint64_t)(from * 64 + round) + 7; }

static void fill(uint64_t *memory, int units, int from, int round) {
    for (int i = 0; i < units; i++) memory[i] = value(id_of(from, round), (uint64_t)i);
}

static void check(const uint64_t *memory, int units, int from, int round) {
    for (int i = 0; i < units; i++) CHECK(memory[i] == value(id_of(from, round), (uint64_t)i));
}

static uint64_t *words(int units) {
    uint64_t *memory = malloc((size_t)units * 8 + 8);
    CHECK(memory);
    return memory;
}

static void check_status(const MPI_Status *status, int from, int tag, int units) {
    int count;
    MPI_Get_count(status, MPI_UINT64_T, &count);
    CHECK(status->MPI_SOURCE == from && status->MPI_TAG == tag && count == units);
}

/* Each sends to the rank `other` further on: all at the same time. */
void exchange(const struct event *event, MPI_Comm comm) {
    int rank, size, n = event->units;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    int to = (rank + event->other) % size, from = (rank + size - event->other % size) % size;
    uint64_t *out = words(n), *in = words(n);
    MPI_Request request;
    MPI_Status status;
    fill(out, n, rank, 0);
    switch (event->what) {
    case 0:
        MPI_Sendrecv(out, n, MPI_UINT64_T, to, event->tag, in, n, MPI_UINT64_T, from, event->tag, comm, &status);
        break;
    case 1:
        memcpy(in, out, (size_t)n * 8);
        MPI_Sendrecv_replace(in, n, MPI_UINT64_T, to, event->tag, from, event->tag, comm, &status);
        break;
    case 2:
        MPI_Isend(out, n, MPI_UINT64_T, to, event->tag, comm, &request);
        MPI_Recv(in, n, MPI_UINT64_T, from, event->tag, comm, &status);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        break;
    default:
        MPI_Irecv(in, n, MPI_UINT64_T, from, event->tag, comm, &request);
        MPI_Ssend(out, n, MPI_UINT64_T, to, event->tag, comm);
        MPI_Wait(&request, &status);
        break;
    }
    check_status(&status, from, event->tag, n);
    check(in, n, from, 0);
    free(out);
    free(in);
}

/* All send to one, who takes them as they come. */
void fan_in(const struct event *event, MPI_Comm comm) {
    int rank, size, n = event->units, tag = event->tag;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    uint64_t *memory = words(n);
    if (rank != event->rank) {
        int parts = rank % 3 == 0 ? event->count : 1;
        for (int i = 0; i < parts; i++) {
            fill(memory, n, rank, i);
            if (event->what == 3) MPI_Ssend(memory, n, MPI_UINT64_T, event->rank, tag, comm);
            else MPI_Send(memory, n, MPI_UINT64_T, event->rank, tag, comm);
        }
        free(memory);
        return;
    }
    int expected = 0, seen[MOST_RANKS] = {0};
    for (int i = 0; i < size; i++) expected += i == rank ? 0 : i % 3 == 0 ? event->count : 1;
    for (int i = 0; i < expected; i++) {
        MPI_Status status;
        MPI_Message message;
        if (event->what == 0) {
            MPI_Recv(memory, n, MPI_UINT64_T, MPI_ANY_SOURCE, tag, comm, &status);
        } else if (event->what == 1) {
            MPI_Mprobe(MPI_ANY_SOURCE, tag, comm, &message, &status);
            MPI_Mrecv(memory, n, MPI_UINT64_T, &message, &status);
        } else {
            MPI_Probe(MPI_ANY_SOURCE, tag, comm, &status);
            check_status(&status, status.MPI_SOURCE, tag, n);
            MPI_Recv(memory, n, MPI_UINT64_T, status.MPI_SOURCE, tag, comm, &status);
        }
        int from = status.MPI_SOURCE;
        CHECK(from >= 0 && from < size && from != rank);
        check_status(&status, from, tag, n);
        check(memory, n, from, seen[from]++);
    }
    free(memory);
}

/* A ready send: its receive has been posted, which a message back says. */
void ready(const struct event *event, MPI_Comm comm) {
    int rank, n = event->units;
    MPI_Comm_rank(comm, &rank);
    if (rank != event->rank && rank != event->other) return;
    uint64_t *memory = words(n);
    MPI_Request request;
    MPI_Status status;
    if (rank == event->other) {
        MPI_Irecv(memory, n, MPI_UINT64_T, event->rank, event->tag, comm, &request);
        MPI_Send(NULL, 0, MPI_INT, event->rank, event->tag, comm);
        MPI_Wait(&request, &status);
        check_status(&status, event->rank, event->tag, n);
        check(memory, n, event->rank, 0);
    } else {
        fill(memory, n, rank, 0);
        MPI_Recv(NULL, 0, MPI_INT, event->other, event->tag, comm, MPI_STATUS_IGNORE);
        if (event->what & 1) {
            MPI_Rsend(memory, n, MPI_UINT64_T, event->other, event->tag, comm);
        } else {
            MPI_Irsend(memory, n, MPI_UINT64_T, event->other, event->tag, comm, &request);
            MPI_Wait(&request, MPI_STATUS_IGNORE);
        }
    }
    free(memory);
}

/* Persistent requests, started several times. */
void rounds(const struct event *event, MPI_Comm comm) {
    int rank, n = event->units;
    MPI_Comm_rank(comm, &rank);
    if (rank != event->rank && rank != event->other) return;
    uint64_t *memory = words(n);
    MPI_Request request;
    bool sends = rank == event->rank;
    if (!sends) MPI_Recv_init(memory, n, MPI_UINT64_T, event->rank, event->tag, comm, &request);
    else if (event->what & 1) MPI_Send_init(memory, n, MPI_UINT64_T, event->other, event->tag, comm, &request);
    else MPI_Ssend_init(memory, n, MPI_UINT64_T, event->other, event->tag, comm, &request);
    for (int i = 0; i < event->count; i++) {
        MPI_Status status;
        if (sends) fill(memory, n, rank, i);
        MPI_Start(&request);
        MPI_Wait(&request, &status);
        if (sends) continue;
        check_status(&status, event->rank, event->tag, n);
        check(memory, n, event->rank, i);
    }
    MPI_Request_free(&request);
    free(memory);
}

/* Many messages to one who does something else meanwhile; then the sender waits outside MPI until all have been received. */
void burst(const struct event *event, MPI_Comm comm, const char *folder) {
    int rank, n = event->units, count = event->count, tag = event->tag;
    MPI_Comm_rank(comm, &rank);
    if (rank != event->rank && rank != event->other) return;
    const struct members *ranks = &all.comm[event->comm];
    struct event after = {.rank = ranks->world[event->other], .other = ranks->world[event->rank], .what = event->bits & 1};
    uint64_t *memory = words(2 * n * count);
    MPI_Request requests[64];
    MPI_Datatype strided = MPI_DATATYPE_NULL;
    if (rank == event->rank) {
        /* Every other word is sent, or all in a row. */
        bool gaps = event->what & 2;
        MPI_Type_vector(n, 1, gaps ? 2 : 1, MPI_UINT64_T, &strided);
        MPI_Type_commit(&strided);
        MPI_Recv(NULL, 0, MPI_INT, event->other, tag, comm, MPI_STATUS_IGNORE);
        for (int i = 0; i < count; i++) {
            uint64_t *to = memory + (size_t)2 * i * n;
            for (int at = 0; at < n; at++) to[gaps ? 2 * at : at] = value(id_of(rank, i), (uint64_t)at);
            if (event->bits >> 3 & 1) MPI_Isend(to, 1, strided, event->other, tag, comm, &requests[i]);
            else MPI_Send(to, 1, strided, event->other, tag, comm);
        }
        if (event->bits >> 3 & 1) MPI_Waitall(count, requests, MPI_STATUSES_IGNORE);
        MPI_Type_free(&strided);
    } else {
        bool posted = event->what & 1;
        for (int i = 0; posted && i < count; i++) {
            MPI_Irecv(memory + (size_t)i * n, n, MPI_UINT64_T, event->rank, tag, comm, &requests[i]);
        }
        MPI_Send(NULL, 0, MPI_INT, event->rank, tag, comm);
        pause_a_little(event->bits >> 5);
        for (int i = 0; i < count; i++) {
            MPI_Status status;
            if (posted) MPI_Wait(&requests[i], &status);
            else MPI_Recv(memory + (size_t)i * n, n, MPI_UINT64_T, event->rank, tag, comm, &status);
            check_status(&status, event->rank, tag, n);
            check(memory + (size_t)i * n, n, event->rank, i);
        }
    }
    outside(&after, folder);
    free(memory);
}

/* One waits for the other outside MPI: for a file, or for a signal. */
void outside(const struct event *event, const char *folder) {
    static bool heard[MOST_EVENTS];
    static uint64_t heard_of;
    if (heard_of != all.seed + 1) memset(heard, 0, sizeof heard);
    heard_of = all.seed + 1;
    char path[4096];
    snprintf(path, sizeof path, "%s/random-%llu-%d-%d", folder, (unsigned long long)all.seed, all.ranks, now);
    if (me == event->rank) {
        if (event->what) {
            FILE *file = fopen(path, "w");
            CHECK(file);
            fclose(file);
        } else {
            union sigval number = {.sival_int = now};
            CHECK(sigqueue((pid_t)pids[event->other], SIGRTMIN + 3, number) == 0);
        }
    } else if (event->what) {
        while (access(path, F_OK)) usleep(200);
        unlink(path);
    } else {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGRTMIN + 3);
        while (!heard[now]) {
            siginfo_t info;
            if (sigwaitinfo(&set, &info) > 0) heard[info.si_value.sival_int] = true;
        }
    }
}

/* A receive that nobody sends to. */
void cancel(const struct event *event, MPI_Comm comm) {
    int rank, memory, flag;
    MPI_Comm_rank(comm, &rank);
    if (rank != event->rank) return;
    MPI_Request request;
    MPI_Status status;
    MPI_Irecv(&memory, 1, MPI_INT, event->what & 1 ? MPI_ANY_SOURCE : event->other, event->tag, comm, &request);
    if (event->what & 2) {
        MPI_Test(&request, &flag, &status);
        CHECK(!flag);
    }
    MPI_Cancel(&request);
    MPI_Wait(&request, &status);
    MPI_Test_cancelled(&status, &flag);
    CHECK(flag);
}
