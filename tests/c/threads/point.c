/* Point-to-point operations for the stress of threads. */
#include "threads.h"

typedef int begin_send(const void *, int, MPI_Datatype, int, int, MPI_Comm, MPI_Request *);
typedef int send(const void *, int, MPI_Datatype, int, int, MPI_Comm);

/* The thread's own communicator, or the one where its tag is its own. */
static MPI_Comm either(struct self *self, int *tag) {
    *tag = self->thread;
    return any(self, 2) ? self->own : self->shared;
}

static void modes(struct self *self) {
    static send *const sends[] = {MPI_Send, MPI_Ssend, MPI_Bsend, MPI_Rsend};
    int tag, count = length(self), mode = any(self, 4);
    MPI_Comm comm = either(self, &tag);
    MPI_Request request;
    MPI_Status status;
    fill(self, self->out, count);
    MPI_Irecv(self->in, count, MPI_INT, self->left, tag, comm, &request);
    if (mode == 3) MPI_Barrier(self->own); /* All receives are posted. */
    sends[mode](self->out, count, MPI_INT, self->right, tag, comm);
    MPI_Wait(&request, &status);
    CHECK(status.MPI_SOURCE == self->left && status.MPI_TAG == tag);
    check(self, self->in, count, self->left);
}

static void exchanges(struct self *self) {
    int tag, count = length(self);
    MPI_Comm comm = either(self, &tag);
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Status status;
    fill(self, self->out, count);
    switch (any(self, 4)) {
    case 0:
        MPI_Sendrecv(self->out, count, MPI_INT, self->right, tag, self->in, count, MPI_INT, self->left, tag, comm, &status);
        break;
    case 1:
        fill(self, self->in, count);
        MPI_Sendrecv_replace(self->in, count, MPI_INT, self->right, tag, self->left, tag, comm, &status);
        break;
    case 2:
        MPI_Isendrecv(self->out, count, MPI_INT, self->right, tag, self->in, count, MPI_INT, self->left, tag, comm, &request);
        MPI_Wait(&request, &status);
        break;
    default:
        fill(self, self->in, count);
        MPI_Isendrecv_replace(self->in, count, MPI_INT, self->right, tag, self->left, tag, comm, &request);
        MPI_Wait(&request, &status);
    }
    CHECK(status.MPI_SOURCE == self->left);
    check(self, self->in, count, self->left);
}

static void probes(struct self *self) {
    int tag, count = length(self), found, flag;
    MPI_Comm comm = either(self, &tag);
    int source = self->left;
    MPI_Request request;
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status status;
    if (any(self, 2)) {
        /* A tag for this alone: another rank may be ahead, and send what the operations after this one ask for. */
        source = MPI_ANY_SOURCE;
        tag += 20000;
    }
    fill(self, self->out, count);
    MPI_Isend(self->out, count, MPI_INT, self->right, tag, comm, &request);
    switch (any(self, 4)) {
    case 0: MPI_Probe(source, tag, comm, &status); break;
    case 1:
        do MPI_Iprobe(source, tag, comm, &flag, &status);
        while (!flag);
        break;
    case 2: MPI_Mprobe(source, tag, comm, &message, &status); break;
    default:
        do MPI_Improbe(source, tag, comm, &flag, &message, &status);
        while (!flag);
    }
    MPI_Get_count(&status, MPI_INT, &found);
    CHECK(found == count && status.MPI_SOURCE == self->left && status.MPI_TAG == tag);
    if (message == MPI_MESSAGE_NULL) MPI_Recv(self->in, found, MPI_INT, self->left, tag, comm, &status);
    else MPI_Mrecv(self->in, found, MPI_INT, &message, &status);
    check(self, self->in, count, self->left);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
}

/* Every rank to every rank, completed in one of the many ways. */
static void requests(struct self *self) {
    static begin_send *const begins[] = {MPI_Isend, MPI_Issend, MPI_Ibsend};
    int tag, count = length(self) / self->size, mode = any(self, 3);
    MPI_Comm comm = either(self, &tag);
    MPI_Request requests[2 * MOST_RANKS];
    MPI_Status statuses[2 * MOST_RANKS];
    fill(self, self->out, count);
    for (int n = 0; n < self->size; n++)
        MPI_Irecv(self->many + n * count, count, MPI_INT, n, tag, comm, &requests[n]);
    for (int n = 0; n < self->size; n++)
        begins[mode](self->out, count, MPI_INT, n, tag, comm, &requests[self->size + n]);
    complete(self, 2 * self->size, requests, statuses);
    for (int n = 0; n < self->size; n++) {
        int found;
        MPI_Get_count(&statuses[n], MPI_INT, &found);
        CHECK(statuses[n].MPI_SOURCE == n && statuses[n].MPI_TAG == tag && found == count);
        check(self, self->many + n * count, count, n);
        CHECK(requests[n] == MPI_REQUEST_NULL && requests[self->size + n] == MPI_REQUEST_NULL);
    }
}

static void persistent(struct self *self) {
    typedef int make(const void *, int, MPI_Datatype, int, int, MPI_Comm, MPI_Request *);
    static make *const makes[] = {MPI_Send_init, MPI_Ssend_init, MPI_Bsend_init};
    int tag, count = length(self) / 4;
    MPI_Comm comm = either(self, &tag);
    MPI_Request requests[2];
    MPI_Status statuses[2];
    MPI_Recv_init(self->in, count, MPI_INT, self->left, tag, comm, &requests[0]);
    makes[any(self, 3)](self->out, count, MPI_INT, self->right, tag, comm, &requests[1]);
    for (int n = 0; n < 4; n++) {
        fill(self, self->out, count);
        if (any(self, 2)) MPI_Startall(2, requests);
        else for (int k = 0; k < 2; k++) MPI_Start(&requests[k]);
        complete(self, 2, requests, statuses);
        check(self, self->in, count, self->left);
        self->round++;
    }
    for (int k = 0; k < 2; k++) MPI_Request_free(&requests[k]);
}

/* In pieces, each said to be ready by itself. */
static void partitioned(struct self *self) {
    int tag, count = length(self) / 8, flag = 0;
    MPI_Comm comm = either(self, &tag);
    MPI_Request requests[2];
    MPI_Precv_init(self->in, 4, 2 * count, MPI_INT, self->left, tag, comm, MPI_INFO_NULL, &requests[0]);
    MPI_Psend_init(self->out, 8, count, MPI_INT, self->right, tag, comm, MPI_INFO_NULL, &requests[1]);
    for (int n = 0; n < 2; n++) {
        MPI_Startall(2, requests);
        fill(self, self->out, 8 * count);
        for (int k = 7; k >= 0; k--) MPI_Pready(k, requests[1]);
        while (!flag) MPI_Parrived(requests[0], n, &flag);
        MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
        check(self, self->in, 8 * count, self->left);
        self->round++;
        flag = 0;
    }
    for (int k = 0; k < 2; k++) MPI_Request_free(&requests[k]);
}

/* A receive that nobody answers is withdrawn; one that was answered is not. */
static void cancels(struct self *self) {
    int tag, cancelled, one = value(self, self->rank, 0), found = -1;
    MPI_Comm comm = either(self, &tag);
    MPI_Request request;
    MPI_Status status;
    MPI_Irecv(self->in, 10, MPI_INT, any(self, 2) ? MPI_ANY_SOURCE : self->left, 10000 + tag, comm, &request);
    MPI_Cancel(&request);
    MPI_Wait(&request, &status);
    MPI_Test_cancelled(&status, &cancelled);
    CHECK(cancelled);
    MPI_Irecv(&found, 1, MPI_INT, self->left, tag, comm, &request);
    MPI_Send(&one, 1, MPI_INT, self->right, tag, comm);
    MPI_Barrier(self->own);
    MPI_Cancel(&request);
    MPI_Wait(&request, &status);
    MPI_Test_cancelled(&status, &cancelled);
    if (cancelled) MPI_Recv(&found, 1, MPI_INT, self->left, tag, comm, &status);
    CHECK(found == value(self, self->left, 0));
}

/* Elements with gaps on one side, and packed ones. */
static void datatypes(struct self *self) {
    int tag, count = length(self) / 3, at = 0, bytes;
    MPI_Comm comm = either(self, &tag);
    MPI_Datatype column;
    MPI_Request request;
    MPI_Type_vector(count, 1, 3, MPI_INT, &column);
    MPI_Type_commit(&column);
    memset(self->many, 0xff, 3 * count * sizeof(int));
    MPI_Irecv(self->many, 1, column, self->left, tag, comm, &request);
    fill(self, self->out, count);
    if (any(self, 2)) MPI_Send(self->out, count, MPI_INT, self->right, tag, comm);
    else {
        MPI_Pack_size(count, MPI_INT, comm, &bytes);
        char *packed = malloc(bytes + 1);
        MPI_Pack(self->out, count, MPI_INT, packed, bytes, &at, comm);
        MPI_Send(packed, at, MPI_PACKED, self->right, tag, comm);
        free(packed);
    }
    MPI_Type_free(&column);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    for (int n = 0; n < count; n++) {
        self->in[n] = self->many[3 * n];
        CHECK(n == count - 1 || self->many[3 * n + 1] == -1);
    }
    check(self, self->in, count, self->left);
}

part *const point_to_point[] = {modes,       modes,   exchanges, probes,   probes,
                                requests,    requests, persistent, partitioned, cancels, datatypes};
const unsigned point_to_points = sizeof point_to_point / sizeof *point_to_point;
