/* What the parts of the stress of MPI_THREAD_MULTIPLE share. */
#include <mpi.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(what)                                                                                            \
    do {                                                                                                       \
        if (!(what)) {                                                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);                                 \
            MPI_Abort(MPI_COMM_WORLD, 99);                                                                     \
        }                                                                                                      \
    } while (0)

enum { MOST_RANKS = 16, MOST_THREADS = 64, LONGEST = 1 << 18 };

/* One thread of one rank. Threads of the same number do the same on every rank: their random numbers are equal. */
struct self {
    int thread, rank, size, left, right;
    uint64_t random;
    unsigned round;
    MPI_Comm own;    /* Only threads of this number use it. */
    MPI_Comm shared; /* All threads use it; their messages differ by tag. */
    int *out, *in;   /* LONGEST elements each. */
    int *many;       /* LONGEST elements for each of MOST_RANKS would be much: LONGEST for all. */
};

typedef void part(struct self *self);

/* The same on every rank; below `end`. */
unsigned any(struct self *self, unsigned end);
/* A length: often short, sometimes long. The same on every rank. */
int length(struct self *self);
/* What rank `from` puts at a place in this round. */
int value(struct self *self, int from, int at);
void fill(struct self *self, int *buffer, int count);
void check(struct self *self, const int *buffer, int count, int from);
/* Completes requests in one of the many ways; `statuses` has room for all. */
void complete(struct self *self, int count, MPI_Request *requests, MPI_Status *statuses);

extern part *const point_to_point[], *const together[];
extern const unsigned point_to_points, togethers;
