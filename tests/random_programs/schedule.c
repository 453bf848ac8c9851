/* Makes a schedule from a seed. What keeps it from deadlock: an event that waits for a message comes after, or right
 * beside, the events that begin its send and its receive. What makes the result certain: messages between two ranks with
 * one tag are sent in the order in which they are received, a wildcard is used where one message alone can match, and
 * a rank waits outside MPI only when nothing is left for it to do for anyone else inside. */
#include "random.h"

/* Whether a buffered send, once it has returned, is delivered without further calls of the sender. */
bool buffered_is_delivered;

static struct schedule *s;
static uint64_t state;
static int next_tag, total;

uint64_t any_bits(uint64_t *state) {
    uint64_t x = *state += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

int any(uint64_t *state, int end) { return end > 0 ? (int)(any_bits(state) % (uint64_t)end) : 0; }

static int pick(int end) { return any(&state, end); }
static bool once_in(int times) { return pick(times) == 0; }

const char *name_of(enum kind kind) {
    static const char *names[KINDS] = {"send",  "receive", "complete", "collective", "new communicator", "free communicator",
                                       "pause", "poke",    "outside",  "cancel",     "exchange",         "fan-in",
                                       "ready", "rounds", "burst", "answer"};
    return names[kind];
}

static struct event *add(enum kind kind) {
    CHECK(s->events < MOST_EVENTS);
    struct event *event = &s->event[s->events++];
    *event = (struct event){.kind = kind, .bits = any_bits(&state)};
    return event;
}

/* A number of units of so many bytes: mostly few. */
static int any_units(int unit) {
    static const int most[] = {1, 16, 16, 256, 256, 4096, 4096, 20000, 65536, 300000, 1000000, 4000000};
    int bytes = pick(most[pick(total > 24000000 ? 7 : 12)]);
    total += bytes;
    return bytes / unit;
}

static int any_comm(int least) {
    int found;
    do found = pick(s->comms);
    while (!s->comm[found].alive || s->comm[found].size < least);
    return found;
}

static int sender(const struct message *m) { return s->comm[m->comm].world[m->from]; }
static int receiver(const struct message *m) { return s->comm[m->comm].world[m->to]; }
static bool is_local(enum send_form form) { return form == SEND || form == SSEND || form == BSEND; }
static bool is_blocking(enum recv_form form) { return form == RECV || form == PROBE || form == IPROBE || form == MPROBE; }
static bool uses_buffer(enum send_form form) { return form == BSEND || form == IBSEND || form == BSEND_INIT; }

static bool same_key(const struct message *a, const struct message *b) {
    return a->comm == b->comm && a->from == b->from && a->to == b->to && a->tag == b->tag;
}

/* The first message with the key of `at` whose send (or receive) has not begun. */
static int first_of(int at, bool send) {
    for (int i = 0; i < at; i++) {
        const struct message *m = &s->message[i];
        if (same_key(m, &s->message[at]) && !(send ? m->sent : m->posted)) return i;
    }
    return at;
}

/* Whether any message of the pair that was sent before has its receive: then a receive with any tag matches this one. */
static bool is_next(int at) {
    const struct message *m = &s->message[at];
    for (int i = 0; i < s->messages; i++) {
        const struct message *other = &s->message[i];
        bool pair = other->comm == m->comm && other->from == m->from && other->to == m->to;
        if (i != at && pair && other->sent && !other->posted) return false;
    }
    return true;
}

static void start_send(int at) {
    struct message *m = &s->message[at];
    struct event *event = add(SEND_START);
    event->item = at;
    event->rank = sender(m);
    m->sent = true;
    m->send_done = is_local(m->send) || m->send == ISEND_FREE;
    if (uses_buffer(m->send)) s->buffered[event->rank] += (int64_t)m->units * m->unit + 4096;
}

static void start_recv(int at) {
    struct message *m = &s->message[at];
    struct event *event = add(RECV_START);
    event->item = at;
    event->rank = receiver(m);
    m->posted = true;
    m->recv_done = is_blocking(m->recv);
}

static int new_message(void) {
    int at = s->messages++;
    struct message *m = &s->message[at];
    memset(m, 0, sizeof *m);
    m->comm = any_comm(once_in(10) ? 1 : 2);
    m->from = pick(s->comm[m->comm].size);
    m->to = pick(s->comm[m->comm].size);
    m->tag = pick(3);
    m->unit = (int[]){1, 4, 8}[pick(3)];
    m->units = any_units(m->unit);
    m->spare = once_in(3) ? pick(100) : 0;
    m->out = any_layout(&state, m->units);
    m->in = any_layout(&state, m->units);
    m->send = pick(SEND_FORMS);
    m->recv = pick(RECV_FORMS);
    if (uses_buffer(m->send) && m->units * m->unit > 1000000) m->send = ISEND;
    if (once_in(6)) {
        m->any_source = true;
        m->tag = next_tag++;
    }
    return at;
}

/* A message whose send and receive begin now, or one of them. */
static void message(void) {
    int at = new_message(), how = pick(3);
    struct message *m = &s->message[at];
    bool self = m->from == m->to;
    /* Nobody waits for himself. */
    if (self) how = pick(2);
    bool first_send = first_of(at, true) == at, first_recv = first_of(at, false) == at;
    if (self && how == 0) m->recv = IRECV;
    if (self && how == 1 && is_local(m->send) && m->send != BSEND) m->send = ISSEND;
    if (how == 0 && first_recv) {
        /* The receive now. Now and then the send right after it. */
        if (is_blocking(m->recv) || m->recv == IMPROBE) m->recv = once_in(2) ? IRECV : RECV_INIT;
        start_recv(at);
        if (first_send && once_in(3)) start_send(at);
    } else if (how == 1 && first_send) {
        if (is_local(m->send) && m->send != BSEND) m->send = ISEND;
        start_send(at);
        if (first_recv && once_in(3)) {
            m->any_tag = !m->any_source && is_next(at) && once_in(2);
            start_recv(at);
        }
    } else if (first_send && first_recv && !self) {
        bool next = is_next(at);
        m->any_tag = !m->any_source && next && once_in(3);
        /* Side by side: nothing is between them at either rank. */
        start_send(at);
        start_recv(at);
    } else {
        s->messages--;
    }
}

static void start_other(int at) {
    struct message *m = &s->message[at];
    if (m->posted && !m->sent) {
        start_send(first_of(at, true));
    } else if (m->sent && !m->posted) {
        int first = first_of(at, false);
        m = &s->message[first];
        if (m->sent) m->any_tag = !m->any_source && is_next(first) && once_in(2);
        start_recv(first);
    }
}

/* The other side of a message that has begun at one. A message with the same key goes first. */
static void other_side(void) {
    for (int tries = 0; tries < 20 && s->messages; tries++) {
        int at = pick(s->messages);
        const struct message *m = &s->message[at];
        if (m->sent != m->posted) {
            start_other(at);
            return;
        }
    }
}

/* A message of the same key that has not begun at this side is before it: then both have begun at the other. */
static void start_fully(int at) {
    while (!s->message[at].sent || !s->message[at].posted) {
        int send = first_of(at, true), recv = first_of(at, false);
        if (!s->message[at].sent) {
            if (!s->message[send].posted && is_local(s->message[send].send) && s->message[send].send != BSEND) {
                start_recv(recv);
            } else {
                start_send(send);
            }
        } else {
            start_recv(recv);
        }
    }
}

/* What a rank has under way and could complete. */
static int completable(int rank, struct item *items, bool all) {
    int count = 0;
    for (int i = 0; i < s->messages; i++) {
        const struct message *m = &s->message[i];
        if (!all && !(m->sent && m->posted)) continue;
        if (m->sent && !m->send_done && sender(m) == rank) items[count++] = (struct item){SENDING, i};
        if (m->posted && !m->recv_done && receiver(m) == rank) items[count++] = (struct item){RECEIVING, i};
    }
    for (int i = 0; i < s->events; i++) {
        const struct event *event = &s->event[i];
        if (event->kind != COLLECTIVE || !(event->other >> rank & 1)) continue;
        items[count++] = (struct item){COLLECTING, i};
    }
    return count;
}

static void mark_done(int rank, struct item item) {
    if (item.what == SENDING) s->message[item.number].send_done = true;
    if (item.what == RECEIVING) s->message[item.number].recv_done = true;
    /* `other` of a collective has a bit for each rank that has not completed it. */
    if (item.what == COLLECTING) s->event[item.number].other &= ~(1 << rank);
}

static void complete(int rank, bool all) {
    static struct item items[MOST_ITEMS];
    int count = completable(rank, items, false), taken = 0;
    if (count == 0) return;
    struct event *event = add(COMPLETE);
    event->rank = rank;
    event->item = s->items;
    event->what = pick(9);
    for (int i = 0; i < count; i++) {
        if (!all && !once_in(2)) continue;
        CHECK(s->items < MOST_ITEMS);
        s->item[s->items++] = items[i];
        mark_done(rank, items[i]);
        taken++;
    }
    event->count = taken;
    if (taken == 0) s->events--;
}

/* A rank tells another that it has received what it has received. */
static void answer(int from, int to) {
    struct event *event = add(ANSWER);
    event->rank = from;
    event->other = to;
    event->tag = next_tag++;
    for (int i = 0; i < s->messages; i++) {
        struct message *m = &s->message[i];
        if (m->recv_done && sender(m) == to && receiver(m) == from) m->answered = true;
    }
}

/* Nothing is left that another rank might need this one for. What has been given away without a request may need its
 * sender until the receiver says that it is there. */
static void settle(int rank) {
    for (int i = 0; i < s->messages; i++) {
        const struct message *m = &s->message[i];
        bool sends = sender(m) == rank && m->sent;
        bool mine = (sends && !m->send_done) || (receiver(m) == rank && m->posted && !m->recv_done);
        bool lingers = (uses_buffer(m->send) && !buffered_is_delivered) || m->send == ISEND_FREE;
        bool told = m->answered || !lingers || receiver(m) == rank;
        if (mine || (sends && !told)) start_fully(i);
        if (!sends || told) continue;
        if (!m->recv_done) complete(receiver(m), true);
        answer(receiver(m), rank);
    }
    complete(rank, true);
}

static void outside_wait(void) {
    if (s->ranks < 2) return;
    int waits = pick(s->ranks), wakes = (waits + 1 + pick(s->ranks - 1)) % s->ranks;
    settle(waits);
    /* What the one who wakes does first: often it receives what the other has just sent. */
    if (once_in(2)) complete(wakes, true);
    struct event *event = add(OUTSIDE);
    event->rank = wakes;
    event->other = waits;
    event->what = pick(2);
}

static void collective(void) {
    struct event *event = add(COLLECTIVE);
    event->comm = any_comm(1);
    event->what = pick(16);
    event->units = any_units(8) % (1 + pick(60000));
    /* Blocking ones are complete at once. */
    event->count = once_in(2);
    event->other = 0;
    for (int i = 0; !event->count && i < s->comm[event->comm].size; i++) event->other |= 1 << s->comm[event->comm].world[i];
}

static void new_comm(void) {
    int alive = 0;
    for (int i = 0; i < s->comms; i++) alive += s->comm[i].alive;
    if (alive >= MOST_COMMS || s->comms + 4 > MOST_COMMS * 8) return;
    struct event *event = add(COMM_NEW);
    event->comm = any_comm(1);
    event->what = pick(3);
    event->made = s->comms;
    const struct members *parent = &s->comm[event->comm];
    if (event->what < 2) {
        s->comm[s->comms++] = *parent;
        event->count = 1;
        return;
    }
    /* A split by two bits of chance for each rank: its colour, and its key, which turns the order round. */
    int colors = 1 + (int)(event->bits % 3);
    bool backwards = event->bits >> 8 & 1;
    event->count = colors;
    for (int color = 0; color < colors; color++) {
        struct members *part = &s->comm[s->comms++];
        *part = (struct members){.alive = true};
        for (int i = 0; i < parent->size; i++) {
            int rank = backwards ? parent->size - 1 - i : i;
            if ((int)(value(event->bits, rank) % (uint64_t)colors) == color) part->world[part->size++] = parent->world[rank];
        }
        part->alive = part->size > 0;
    }
}

static void free_comm(void) {
    int comm = any_comm(1);
    if (comm < 1) return;
    /* Messages that have begun at one side alone still need the communicator. */
    for (int i = 0; i < s->messages; i++) {
        if (s->message[i].comm == comm) start_fully(i);
    }
    add(COMM_FREE)->comm = comm;
    s->comm[comm].alive = false;
}

static void composite(enum kind kind) {
    struct event *event = add(kind);
    event->comm = any_comm(kind == CANCEL ? 1 : 2);
    int size = s->comm[event->comm].size;
    event->rank = pick(size);
    event->other = (event->rank + 1 + pick(size - 1)) % size;
    event->tag = next_tag++;
    event->units = any_units(8);
    event->what = pick(4);
    event->count = 1 + pick(4);
    if (kind != BURST) return;
    event->units %= 1 + (int[]){100, 2000, 8000, 20000}[pick(4)];
    event->count = 1 + pick(32);
    /* The sender will wait outside MPI for the receiver. */
    settle(s->comm[event->comm].world[event->rank]);
    struct event burst = *event;
    memmove(event, event + 1, (size_t)(&s->event[s->events] - event - 1) * sizeof *event);
    s->event[s->events - 1] = burst;
}

void make_schedule(struct schedule *all, uint64_t seed, int ranks) {
    static struct item items[MOST_ITEMS];
    s = all;
    state = seed * 1000003u + (uint64_t)ranks;
    any_bits(&state);
    memset(s, 0, sizeof *s);
    s->seed = seed;
    s->ranks = ranks;
    next_tag = 1000;
    total = 0;
    s->comms = 1;
    s->comm[0] = (struct members){.size = ranks, .alive = true};
    for (int i = 0; i < ranks; i++) s->comm[0].world[i] = i;
    int steps = 20 + pick(120);
    for (int step = 0; step < steps; step++) {
        int chance = pick(100), rank = pick(ranks);
        if (chance < 35) message();
        else if (chance < 50) other_side();
        else if (chance < 62) complete(rank, once_in(3));
        else if (chance < 70) collective();
        else if (chance < 73) new_comm();
        else if (chance < 75) free_comm();
        else if (chance < 78) add(PAUSE)->rank = rank;
        else if (chance < 82) {
            int count = completable(rank, items, true);
            struct event *event = add(POKE);
            event->rank = rank;
            event->count = count > 0 && once_in(2);
            event->item = s->items;
            if (event->count) s->item[s->items++] = items[pick(count)];
            event->comm = 0;
        } else if (chance < 86) outside_wait();
        else if (chance < 88) composite(CANCEL);
        else if (ranks > 1) composite((enum kind[]){EXCHANGE, EXCHANGE, FAN_IN, READY, ROUNDS, BURST}[pick(6)]);
        if (s->messages + 5 > MOST_MESSAGES) break;
    }
    for (int i = 0; i < s->messages; i++) start_fully(i);
    for (int rank = 0; rank < ranks; rank++) complete(rank, true);
}
