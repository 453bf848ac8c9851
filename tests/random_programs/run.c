/* Does this rank's part of a schedule, and looks at every byte. */
#include "random.h"

#include <sched.h>
#include <unistd.h>

struct schedule all;
int me, now;
long pids[MOST_RANKS];

static MPI_Comm comms[MOST_COMMS * 8];
static MPI_Request sending[MOST_MESSAGES], receiving[MOST_MESSAGES], collecting[MOST_EVENTS];
static bool sends[MOST_MESSAGES], receives[MOST_MESSAGES], collects[MOST_EVENTS];
static unsigned char *sent[MOST_MESSAGES], *received[MOST_MESSAGES];
static struct collective *collectives[MOST_EVENTS];

static uint64_t id_of(int at) { return all.seed * 1009 + (uint64_t)at; }

static int rank_in(int comm) {
    for (int i = 0; i < all.comm[comm].size; i++) {
        if (all.comm[comm].world[i] == me) return i;
    }
    return -1;
}

static void begin_send(int at) {
    const struct message *m = &all.message[at];
    MPI_Comm comm = comms[m->comm];
    MPI_Request *request = &sending[at];
    int count;
    MPI_Datatype type = datatype(&m->out, m->units, m->unit, &count);
    unsigned char *memory = filled(&m->out, m->units, m->unit, id_of(at), 0xee, span(&m->out, m->units, m->unit));
    sent[at] = memory;
    switch (m->send) {
    case SEND: MPI_Send(memory, count, type, m->to, m->tag, comm); break;
    case SSEND: MPI_Ssend(memory, count, type, m->to, m->tag, comm); break;
    case BSEND: MPI_Bsend(memory, count, type, m->to, m->tag, comm); break;
    case ISEND: MPI_Isend(memory, count, type, m->to, m->tag, comm, request); break;
    case ISSEND: MPI_Issend(memory, count, type, m->to, m->tag, comm, request); break;
    case IBSEND: MPI_Ibsend(memory, count, type, m->to, m->tag, comm, request); break;
    case SEND_INIT: MPI_Send_init(memory, count, type, m->to, m->tag, comm, request); break;
    case SSEND_INIT: MPI_Ssend_init(memory, count, type, m->to, m->tag, comm, request); break;
    case BSEND_INIT: MPI_Bsend_init(memory, count, type, m->to, m->tag, comm, request); break;
    default:
        MPI_Isend(memory, count, type, m->to, m->tag, comm, request);
        MPI_Request_free(request);
        break;
    }
    MPI_Type_free(&type);
    if (m->send == SEND_INIT || m->send == SSEND_INIT || m->send == BSEND_INIT) MPI_Start(request);
    sends[at] = m->send > BSEND && m->send < ISEND_FREE;
    if (m->send <= BSEND) {
        free(memory);
        sent[at] = NULL;
    }
}

static int units_of_room(const struct message *m) { return takes_more(&m->in) ? m->units + m->spare : m->units; }

static void end_recv(int at, const MPI_Status *status) {
    const struct message *m = &all.message[at];
    if (status) {
        int count;
        MPI_Get_count(status, m->unit == 1 ? MPI_BYTE : m->unit == 4 ? MPI_INT : MPI_DOUBLE, &count);
        if (status->MPI_SOURCE != m->from || status->MPI_TAG != m->tag || count != m->units) {
            fprintf(stderr, "message %d: source %d, tag %d, %d units; expected %d, %d, %d\n", at, status->MPI_SOURCE,
                    status->MPI_TAG, count, m->from, m->tag, m->units);
            wrong(__FILE__, __LINE__, "the status of a receive");
        }
    }
    size_t room = span(&m->in, units_of_room(m), m->unit);
    unsigned char *expected = filled(&m->in, m->units, m->unit, id_of(at), 0xa5, room);
    for (size_t i = 0; i <= room; i++) {
        if (received[at][i] != expected[i]) {
            fprintf(stderr, "message %d: byte %zu of %zu: %#x, expected %#x\n", at, i, room, received[at][i], expected[i]);
            wrong(__FILE__, __LINE__, "what was received");
        }
    }
    free(expected);
    free(received[at]);
}

static void begin_recv(int at) {
    const struct message *m = &all.message[at];
    MPI_Comm comm = comms[m->comm];
    int from = m->any_source ? MPI_ANY_SOURCE : m->from, tag = m->any_tag ? MPI_ANY_TAG : m->tag;
    int count, flag = 0;
    MPI_Datatype type = datatype(&m->in, m->units, m->unit, &count);
    if (takes_more(&m->in)) count += m->spare;
    void *memory = filled(&m->in, 0, m->unit, 0, 0xa5, span(&m->in, units_of_room(m), m->unit));
    received[at] = memory;
    MPI_Message message;
    MPI_Status status;
    switch (m->recv) {
    case PROBE:
    case IPROBE:
        while (!flag) {
            if (m->recv == IPROBE) MPI_Iprobe(from, tag, comm, &flag, &status);
            else flag = MPI_Probe(from, tag, comm, &status) == MPI_SUCCESS;
        }
        CHECK(status.MPI_SOURCE == m->from && status.MPI_TAG == m->tag);
        MPI_Recv(memory, count, type, status.MPI_SOURCE, status.MPI_TAG, comm, &status);
        break;
    case RECV: MPI_Recv(memory, count, type, from, tag, comm, &status); break;
    case MPROBE:
        MPI_Mprobe(from, tag, comm, &message, &status);
        CHECK(status.MPI_SOURCE == m->from && status.MPI_TAG == m->tag);
        MPI_Mrecv(memory, count, type, &message, &status);
        break;
    case IMPROBE:
        while (!flag) MPI_Improbe(from, tag, comm, &flag, &message, &status);
        MPI_Imrecv(memory, count, type, &message, &receiving[at]);
        break;
    case IRECV: MPI_Irecv(memory, count, type, from, tag, comm, &receiving[at]); break;
    default:
        MPI_Recv_init(memory, count, type, from, tag, comm, &receiving[at]);
        MPI_Start(&receiving[at]);
        break;
    }
    MPI_Type_free(&type);
    receives[at] = m->recv >= IMPROBE;
    if (!receives[at]) end_recv(at, &status);
}

static MPI_Request *request_of(struct item item) {
    return item.what == SENDING ? &sending[item.number] : item.what == RECEIVING ? &receiving[item.number] : &collecting[item.number];
}

static bool *live(struct item item) {
    return item.what == SENDING ? &sends[item.number] : item.what == RECEIVING ? &receives[item.number] : &collects[item.number];
}

/* A request is complete. */
static void finish(struct item item, const MPI_Status *status) {
    int at = item.number;
    MPI_Request *request = request_of(item);
    *live(item) = false;
    if (item.what == COLLECTING) {
        end_collective(collectives[at]);
        return;
    }
    const struct message *m = &all.message[at];
    bool persistent = item.what == SENDING ? m->send >= SEND_INIT && m->send <= BSEND_INIT : m->recv == RECV_INIT;
    if (persistent) MPI_Request_free(request);
    if (item.what == RECEIVING) {
        end_recv(at, status);
    } else {
        free(sent[at]);
        sent[at] = NULL;
    }
}

/* Completes requests in one of the many ways. */
static void complete(const struct event *event) {
    static struct item items[MOST_ITEMS];
    static MPI_Request requests[MOST_ITEMS];
    static MPI_Status statuses[MOST_ITEMS];
    static int places[MOST_ITEMS];
    int count = 0, flag = 0, done = 0, some;
    for (int i = 0; i < event->count; i++) {
        struct item item = all.item[event->item + i];
        if (!*live(item)) continue;
        requests[count] = *request_of(item);
        items[count++] = item;
    }
    switch (event->what) {
    case 0:
    case 1:
        for (int i = 0; i < count; i++) {
            int at = event->what ? count - 1 - i : i;
            MPI_Wait(&requests[at], &statuses[at]);
        }
        break;
    case 2: MPI_Waitall(count, requests, statuses); break;
    case 3: MPI_Waitall(count, requests, MPI_STATUSES_IGNORE); break;
    case 4:
        for (int i = 0; i < count; i++) {
            int at;
            MPI_Status status;
            MPI_Waitany(count, requests, &at, &status);
            CHECK(at >= 0 && at < count);
            statuses[at] = status;
        }
        break;
    case 5:
    case 8:
        while (done < count) {
            static MPI_Status found[MOST_ITEMS];
            if (event->what == 5) MPI_Waitsome(count, requests, &some, places, found);
            else MPI_Testsome(count, requests, &some, places, found);
            CHECK(some >= 0 && some <= count - done);
            for (int i = 0; i < some; i++) statuses[places[i]] = found[i];
            done += some;
        }
        break;
    case 6:
        for (int i = 0; i < count; i++) {
            for (flag = 0; !flag;) MPI_Test(&requests[i], &flag, &statuses[i]);
        }
        break;
    default:
        while (!flag) MPI_Testall(count, requests, &flag, statuses);
        break;
    }
    for (int i = 0; i < count; i++) finish(items[i], event->what == 3 ? NULL : &statuses[i]);
}

static void new_comm(const struct event *event) {
    int rank = rank_in(event->comm);
    for (int i = 0; i < event->count; i++) comms[event->made + i] = MPI_COMM_NULL;
    if (rank < 0) return;
    MPI_Comm parent = comms[event->comm];
    if (event->what == 0) {
        MPI_Comm_dup(parent, &comms[event->made]);
    } else if (event->what == 1) {
        MPI_Request request;
        MPI_Comm_idup(parent, &comms[event->made], &request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
    } else {
        int color = (int)(value(event->bits, (uint64_t)rank) % (uint64_t)event->count);
        MPI_Comm_split(parent, color, event->bits >> 8 & 1 ? -rank : rank, &comms[event->made + color]);
    }
}

void pause_a_little(uint64_t bits) {
    volatile double sum = 0;
    int how = bits % 3, much = (int)(bits >> 8 & 0xfff);
    if (how == 0) usleep((useconds_t)much);
    else if (how == 1) sched_yield();
    else for (int i = 0; i < much * 200; i++) sum += i;
}

static void poke(const struct event *event) {
    int flag;
    MPI_Status status;
    if (event->count == 0) {
        MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE);
        return;
    }
    struct item item = all.item[event->item];
    if (!*live(item)) return;
    /* A persistent request stays: its handle is needed to free it. */
    MPI_Request request = *request_of(item);
    MPI_Test(&request, &flag, &status);
    if (flag) finish(item, &status);
}

static void part_of(const struct event *event, const char *folder) {
    bool mine = event->rank == me;
    switch (event->kind) {
    case SEND_START: if (mine) begin_send(event->item); return;
    case RECV_START: if (mine) begin_recv(event->item); return;
    case COMPLETE: if (mine) complete(event); return;
    case COMM_NEW: new_comm(event); return;
    case PAUSE: if (mine) pause_a_little(event->bits); return;
    case POKE: if (mine) poke(event); return;
    case ANSWER:
        if (mine) MPI_Send(NULL, 0, MPI_INT, event->other, event->tag, MPI_COMM_WORLD);
        if (event->other == me) MPI_Recv(NULL, 0, MPI_INT, event->rank, event->tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        return;
    case OUTSIDE: if (mine || event->other == me) outside(event, folder); return;
    default: break;
    }
    if (rank_in(event->comm) < 0) return;
    MPI_Comm comm = comms[event->comm];
    switch (event->kind) {
    case COLLECTIVE:
        collectives[now] = begin_collective(event, now, comm, event->count, &collecting[now]);
        if (event->count) end_collective(collectives[now]);
        collects[now] = !event->count;
        return;
    case COMM_FREE: MPI_Comm_free(&comms[event->comm]); return;
    case CANCEL: cancel(event, comm); return;
    case EXCHANGE: exchange(event, comm); return;
    case FAN_IN: fan_in(event, comm); return;
    case READY: ready(event, comm); return;
    case BURST: burst(event, comm, folder); return;
    default: rounds(event, comm); return;
    }
}

void run_schedule(const char *folder) {
    memset(sends, 0, sizeof sends);
    memset(receives, 0, sizeof receives);
    memset(collects, 0, sizeof collects);
    memset(sent, 0, sizeof sent);
    comms[0] = MPI_COMM_WORLD;
    int room = (int)all.buffered[me] + 4096;
    void *buffer = malloc((size_t)room);
    CHECK(buffer);
    MPI_Buffer_attach(buffer, room);
    for (now = 0; now < all.events; now++) part_of(&all.event[now], folder);
    MPI_Barrier(MPI_COMM_WORLD);
    for (int i = 1; i < all.comms; i++) {
        if (all.comm[i].alive && rank_in(i) >= 0) MPI_Comm_free(&comms[i]);
    }
    MPI_Buffer_detach(&buffer, &room);
    free(buffer);
    for (int i = 0; i < all.messages; i++) free(sent[i]);
}
