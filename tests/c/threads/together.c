/* Collective operations, and what is made of communicators, for the stress of threads. */
#include "threads.h"

static void weigh(void *in, void *inout, int *count, MPI_Datatype *type) {
    int bytes;
    MPI_Type_size(*type, &bytes); /* Functions of programs may call MPI. */
    CHECK(bytes == sizeof(int));
    for (int n = 0; n < *count; n++) ((int *)inout)[n] += ((int *)in)[n];
}

/* The sum of what ranks 0 to `end` put at a place. */
static int sum(struct self *self, int end, int at) {
    int total = 0;
    for (int from = 0; from < end; from++) total += value(self, from, at);
    return total;
}

static void check_sums(struct self *self, const int *found, int count, int end, int begin) {
    for (int at = 0; at < count; at++) CHECK(found[at] == sum(self, end, begin + at));
}

/* Waits for a collective that was begun, or not, as chance has it. */
static void finish(struct self *self, MPI_Request *request) {
    MPI_Status status;
    complete(self, 1, request, &status);
}

static void moving(struct self *self) {
    int root = any(self, self->size), begun = any(self, 2), count = length(self), each = count / self->size;
    MPI_Request request;
    MPI_Comm comm = self->own;
    fill(self, self->out, count);
    switch (any(self, 5)) {
    case 0:
        memcpy(self->in, self->out, count * sizeof(int));
        if (begun) MPI_Ibcast(self->in, count, MPI_INT, root, comm, &request), finish(self, &request);
        else MPI_Bcast(self->in, count, MPI_INT, root, comm);
        check(self, self->in, count, root);
        break;
    case 1:
        if (begun) {
            MPI_Igather(self->out, each, MPI_INT, self->many, each, MPI_INT, root, comm, &request);
            finish(self, &request);
        } else MPI_Gather(self->out, each, MPI_INT, self->many, each, MPI_INT, root, comm);
        for (int n = 0; self->rank == root && n < self->size; n++) check(self, self->many + n * each, each, n);
        break;
    case 2:
        if (begun) {
            MPI_Iscatter(self->out, each, MPI_INT, self->in, each, MPI_INT, root, comm, &request);
            finish(self, &request);
        } else MPI_Scatter(self->out, each, MPI_INT, self->in, each, MPI_INT, root, comm);
        for (int at = 0; at < each; at++) CHECK(self->in[at] == value(self, root, self->rank * each + at));
        break;
    case 3:
        if (begun) {
            MPI_Iallgather(self->out, each, MPI_INT, self->many, each, MPI_INT, comm, &request);
            finish(self, &request);
        } else MPI_Allgather(self->out, each, MPI_INT, self->many, each, MPI_INT, comm);
        for (int n = 0; n < self->size; n++) check(self, self->many + n * each, each, n);
        break;
    default:
        if (begun) {
            MPI_Ialltoall(self->out, each, MPI_INT, self->many, each, MPI_INT, comm, &request);
            finish(self, &request);
        } else MPI_Alltoall(self->out, each, MPI_INT, self->many, each, MPI_INT, comm);
        for (int n = 0; n < self->size; n++)
            for (int at = 0; at < each; at++)
                CHECK(self->many[n * each + at] == value(self, n, self->rank * each + at));
    }
}

/* Every rank's part has another length. */
static void uneven(struct self *self) {
    int counts[MOST_RANKS], places[MOST_RANKS], whole = 0, each = any(self, 2000), begun = any(self, 2);
    int root = any(self, self->size);
    MPI_Request request;
    for (int n = 0; n < self->size; n++) {
        counts[n] = each * n;
        places[n] = whole;
        whole += counts[n];
    }
    int mine = counts[self->rank];
    fill(self, self->out, whole);
    switch (any(self, 3)) {
    case 0:
        if (begun) {
            MPI_Iallgatherv(self->out, mine, MPI_INT, self->many, counts, places, MPI_INT, self->own, &request);
            finish(self, &request);
        } else MPI_Allgatherv(self->out, mine, MPI_INT, self->many, counts, places, MPI_INT, self->own);
        for (int n = 0; n < self->size; n++) check(self, self->many + places[n], counts[n], n);
        break;
    case 1:
        if (begun) {
            MPI_Igatherv(self->out, mine, MPI_INT, self->many, counts, places, MPI_INT, root, self->own, &request);
            finish(self, &request);
        } else MPI_Gatherv(self->out, mine, MPI_INT, self->many, counts, places, MPI_INT, root, self->own);
        for (int n = 0; self->rank == root && n < self->size; n++) check(self, self->many + places[n], counts[n], n);
        break;
    default:
        if (begun) {
            MPI_Iscatterv(self->out, counts, places, MPI_INT, self->in, mine, MPI_INT, root, self->own, &request);
            finish(self, &request);
        } else MPI_Scatterv(self->out, counts, places, MPI_INT, self->in, mine, MPI_INT, root, self->own);
        for (int at = 0; at < mine; at++) CHECK(self->in[at] == value(self, root, places[self->rank] + at));
    }
}

static void reducing(struct self *self) {
    int count = length(self) / 8, each = count / self->size, root = any(self, self->size), begun = any(self, 2);
    MPI_Op op = MPI_SUM;
    MPI_Request request;
    MPI_Comm comm = self->own;
    if (any(self, 3) == 0) MPI_Op_create(weigh, any(self, 2), &op);
    fill(self, self->out, count);
    switch (any(self, 5)) {
    case 0:
        if (begun) {
            MPI_Ireduce(self->out, self->in, count, MPI_INT, op, root, comm, &request);
            finish(self, &request);
        } else MPI_Reduce(self->out, self->in, count, MPI_INT, op, root, comm);
        if (self->rank == root) check_sums(self, self->in, count, self->size, 0);
        break;
    case 1:
        if (begun) {
            MPI_Iscan(self->out, self->in, count, MPI_INT, op, comm, &request);
            finish(self, &request);
        } else MPI_Scan(self->out, self->in, count, MPI_INT, op, comm);
        check_sums(self, self->in, count, self->rank + 1, 0);
        break;
    case 2:
        if (begun) {
            MPI_Iexscan(self->out, self->in, count, MPI_INT, op, comm, &request);
            finish(self, &request);
        } else MPI_Exscan(self->out, self->in, count, MPI_INT, op, comm);
        if (self->rank > 0) check_sums(self, self->in, count, self->rank, 0);
        break;
    case 3:
        if (begun) {
            MPI_Ireduce_scatter_block(self->out, self->in, each, MPI_INT, op, comm, &request);
            finish(self, &request);
        } else MPI_Reduce_scatter_block(self->out, self->in, each, MPI_INT, op, comm);
        check_sums(self, self->in, each, self->size, self->rank * each);
        break;
    default:
        if (begun) {
            MPI_Iallreduce(self->out, self->in, count, MPI_INT, op, comm, &request);
            finish(self, &request);
        } else MPI_Allreduce(self->out, self->in, count, MPI_INT, op, comm);
        check_sums(self, self->in, count, self->size, 0);
    }
    if (op != MPI_SUM) MPI_Op_free(&op);
}

/* Several collectives of one communicator at once, and messages beside them. */
static void at_once(struct self *self) {
    int count = any(self, 500), part = LONGEST / 8;
    MPI_Request requests[6];
    MPI_Status statuses[6];
    fill(self, self->out, count);
    fill(self, self->in, count);
    MPI_Iallreduce(self->out, self->many, count, MPI_INT, MPI_SUM, self->own, &requests[0]);
    MPI_Ibarrier(self->own, &requests[1]);
    MPI_Irecv(self->many + part, count, MPI_INT, self->left, 5, self->own, &requests[2]);
    MPI_Ibcast(self->in, count, MPI_INT, 0, self->own, &requests[3]);
    MPI_Isend(self->out, count, MPI_INT, self->right, 5, self->own, &requests[4]);
    MPI_Iscan(self->out, self->many + 2 * part, count, MPI_INT, MPI_SUM, self->own, &requests[5]);
    complete(self, 6, requests, statuses);
    check_sums(self, self->many, count, self->size, 0);
    check(self, self->many + part, count, self->left);
    check(self, self->in, count, 0);
    check_sums(self, self->many + 2 * part, count, self->rank + 1, 0);
}

/* A collective that is made once and started several times. */
static void started_again(struct self *self) {
    int count = length(self) / 8;
    MPI_Request request;
    MPI_Allreduce_init(self->out, self->in, count, MPI_INT, MPI_SUM, self->own, MPI_INFO_NULL, &request);
    for (int n = 0; n < 3; n++) {
        fill(self, self->out, count);
        MPI_Start(&request);
        finish(self, &request);
        check_sums(self, self->in, count, self->size, 0);
        self->round++;
    }
    MPI_Request_free(&request);
}

static int copied(MPI_Comm comm, int key, void *extra, void *in, void *out, int *flag) {
    int size;
    MPI_Comm_size(comm, &size);
    *(void **)out = (char *)in + *(int *)extra;
    *flag = 1;
    return MPI_SUCCESS;
}

static int deleted(MPI_Comm comm, int key, void *value, void *extra) {
    ++*(int *)extra;
    return MPI_SUCCESS;
}

/* A new communicator works, and has the attributes. */
static void try_out(struct self *self, MPI_Comm comm, int key, char *wanted) {
    int one = 1, total, size, flag;
    char *found;
    MPI_Comm_size(comm, &size);
    MPI_Allreduce(&one, &total, 1, MPI_INT, MPI_SUM, comm);
    CHECK(total == size);
    MPI_Comm_get_attr(comm, key, &found, &flag);
    CHECK(flag == (wanted != NULL) && (!flag || found == wanted));
}

static void communicators(struct self *self) {
    int key, extra = 1, half = self->rank * 2 >= self->size, halves = self->size > 1;
    char *place = (char *)self->in;
    MPI_Comm copy, later, part, between, merged;
    MPI_Request request;
    MPI_Group group;
    MPI_Info info;
    MPI_Comm_create_keyval(copied, deleted, &key, &extra);
    MPI_Comm_set_attr(self->own, key, place);
    MPI_Comm_dup(self->own, &copy);
    try_out(self, copy, key, place + 1);
    MPI_Comm_idup(copy, &later, &request);
    finish(self, &request);
    try_out(self, later, key, place + 2);
    MPI_Comm_split(later, half, self->rank, &part);
    try_out(self, part, key, NULL);
    if (halves && any(self, 2)) {
        MPI_Intercomm_create(part, 0, later, half ? 0 : (self->size + 1) / 2, 7, &between);
        MPI_Intercomm_merge(between, half, &merged);
        try_out(self, merged, key, NULL);
        MPI_Comm_free(&between);
        MPI_Comm_free(&merged);
    }
    MPI_Comm_free(&part);
    /* All threads make communicators of the shared one: the tag says which belong together. */
    MPI_Comm_group(self->shared, &group);
    MPI_Comm_create_group(self->shared, group, self->thread, &part);
    try_out(self, part, key, NULL);
    MPI_Comm_free(&part);
    MPI_Group_free(&group);
    MPI_Info_create(&info);
    MPI_Info_set(info, "key", "value");
    MPI_Comm_dup_with_info(copy, info, &part);
    MPI_Info_free(&info);
    MPI_Comm_delete_attr(part, key);
    CHECK(extra == 2);
    MPI_Comm_free(&part);
    MPI_Comm_free(&later);
    CHECK(extra == 3);
    MPI_Comm_free(&copy);
    MPI_Comm_delete_attr(self->own, key);
    CHECK(extra == 5);
    MPI_Comm_free_keyval(&key);
}

/* Neighbours on a ring. */
static void neighbours(struct self *self) {
    int periods = 1, count = any(self, 3000);
    MPI_Comm ring;
    MPI_Request request;
    MPI_Cart_create(self->own, 1, &self->size, &periods, 0, &ring);
    fill(self, self->out, count);
    if (any(self, 2)) {
        MPI_Ineighbor_allgather(self->out, count, MPI_INT, self->many, count, MPI_INT, ring, &request);
        finish(self, &request);
    } else MPI_Neighbor_allgather(self->out, count, MPI_INT, self->many, count, MPI_INT, ring);
    check(self, self->many, count, self->left);
    check(self, self->many + count, count, self->right);
    MPI_Comm_free(&ring);
}

static int asked(void *extra, MPI_Status *status) {
    MPI_Status_set_elements(status, MPI_INT, *(int *)extra);
    MPI_Status_set_cancelled(status, 0);
    status->MPI_SOURCE = status->MPI_TAG = MPI_UNDEFINED;
    return MPI_SUCCESS;
}

static int freed(void *extra) {
    ++*(int *)extra;
    return MPI_SUCCESS;
}

static int withdrawn(void *extra, int complete) {
    return MPI_SUCCESS;
}

/* A request that the program itself completes. */
static void general(struct self *self) {
    int extra = 41, count;
    MPI_Request request;
    MPI_Status status;
    MPI_Grequest_start(asked, freed, withdrawn, &extra, &request);
    MPI_Grequest_complete(request);
    complete(self, 1, &request, &status);
    MPI_Get_count(&status, MPI_INT, &count);
    CHECK(count == 41 && extra == 42);
}

part *const together[] = {moving,  moving,        moving,        uneven,     uneven,  reducing,
                          reducing, at_once, started_again, communicators, neighbours, general};
const unsigned togethers = sizeof together / sizeof *together;
