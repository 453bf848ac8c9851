/* Random MPI programs. A seed gives the same schedule at all ranks: who sends what to whom, and when. Events have one
 * order, and each rank does its parts of them in that order, so no schedule can deadlock, however little an MPI library
 * buffers. What every byte must be is known from the schedule. */
#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RANKS = 64, MOST_COMMS = 16, MOST_MESSAGES = 400, MOST_EVENTS = 4000, MOST_ITEMS = 8000 };

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) wrong(__FILE__, __LINE__, #condition);                                                       \
    } while (0)

/* Says what was wrong and how to repeat it, and ends the job. */
void wrong(const char *file, int line, const char *what);

/* The ranks of a communicator, as ranks of the world. */
struct members {
    int size, world[MOST_RANKS];
    bool alive;
};

/* Where the units of a message lie in memory. */
enum shape { ROW, VECTOR, RESIZED, INDEXED, STRUCT, CONTIGUOUS, SUBARRAY, SHAPES };
struct layout {
    enum shape shape;
    int block, stride, gap;
};

enum send_form { SEND, SSEND, BSEND, ISEND, ISSEND, IBSEND, SEND_INIT, SSEND_INIT, BSEND_INIT, ISEND_FREE, SEND_FORMS };
enum recv_form { RECV, PROBE, IPROBE, MPROBE, IMPROBE, IRECV, RECV_INIT, RECV_FORMS };

struct message {
    int comm, from, to, tag; /* The ranks are those of the communicator. */
    int units, unit, spare;  /* Units of so many bytes; the receiver has room for more. */
    struct layout out, in;
    enum send_form send;
    enum recv_form recv;
    bool any_source, any_tag;
    bool sent, posted, send_done, recv_done, answered; /* While the schedule is made. */
};

enum kind {
    SEND_START,
    RECV_START,
    COMPLETE,
    COLLECTIVE,
    COMM_NEW,
    COMM_FREE,
    PAUSE,
    POKE,
    OUTSIDE,
    CANCEL,
    EXCHANGE,
    FAN_IN,
    READY,
    ROUNDS,
    BURST,
    ANSWER,
    KINDS
};

/* What happens; which of the numbers mean something depends on the kind. */
struct event {
    enum kind kind;
    int rank, other; /* Ranks of the world. */
    int comm, made;
    int item;         /* A message, or the place of the first of the items. */
    int count, what;
    int tag, units;
    uint64_t bits; /* For what else there is to choose. */
};

/* Items are what a rank has under way: the send or the receive of a message, or a collective (its event). */
enum { SENDING, RECEIVING, COLLECTING };
struct item {
    int what, number;
};

struct schedule {
    uint64_t seed;
    int ranks;
    int events, messages, items, comms;
    struct event event[MOST_EVENTS];
    struct message message[MOST_MESSAGES];
    struct item item[MOST_ITEMS];
    struct members comm[MOST_COMMS * 8];
    int64_t buffered[MOST_RANKS]; /* What each rank's buffered sends need in all. */
};

/* Numbers by chance. */
uint64_t any_bits(uint64_t *state);
int any(uint64_t *state, int end);

/* schedule.c */
extern bool buffered_is_delivered;
void make_schedule(struct schedule *all, uint64_t seed, int ranks);
const char *name_of(enum kind kind);

/* layout.c */
struct layout any_layout(uint64_t *state, int units);
size_t span(const struct layout *layout, int units, int unit);
/* A committed datatype for all units, to be used `count` times. */
MPI_Datatype datatype(const struct layout *layout, int units, int unit, int *count);
bool takes_more(const struct layout *layout);
/* Memory with the units of message `id` in it, and a mark in every other byte. */
unsigned char *filled(const struct layout *layout, int units, int unit, uint64_t id, unsigned char mark, size_t room);
uint64_t value(uint64_t id, uint64_t at);

/* collective.c */
struct collective;
struct collective *begin_collective(const struct event *event, int number, MPI_Comm comm, bool blocking,
                                    MPI_Request *request);
void end_collective(struct collective *collective);

/* run.c */
extern struct schedule all;
extern int me, now;
extern long pids[MOST_RANKS];
void run_schedule(const char *folder);
void pause_a_little(uint64_t bits);
/* composite.c: events in which several messages belong together. */
void exchange(const struct event *event, MPI_Comm comm);
void fan_in(const struct event *event, MPI_Comm comm);
void ready(const struct event *event, MPI_Comm comm);
void rounds(const struct event *event, MPI_Comm comm);
void burst(const struct event *event, MPI_Comm comm, const char *folder);
void outside(const struct event *event, const char *folder);
void cancel(const struct event *event, MPI_Comm comm);
