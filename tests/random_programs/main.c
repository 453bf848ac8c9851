/* random FIRST [COUNT [FOLDER]]: runs the programs of COUNT seeds from FIRST on. Ranks that wait for each other outside MPI
 * do so by files in FOLDER. */
#include "random.h"

#include <signal.h>
#include <unistd.h>

static void tell(const char *why) {
    const struct event *event = &all.event[now];
    fprintf(stderr, "random: seed %llu, rank %d of %d, event %d of %d (%s), %s\n", (unsigned long long)all.seed, me, all.ranks,
            now, all.events, now < all.events ? name_of(event->kind) : "end", why);
}

void wrong(const char *file, int line, const char *what) {
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    tell("is wrong");
    MPI_Abort(MPI_COMM_WORLD, 1);
    abort();
}

/* Every rank of a program that does not go on says where it is. */
static void too_long(int number) {
    (void)number;
    tell("does not go on");
    usleep(3000000);
    _exit(9);
}

int main(int count, char **words) {
    /* Before MPI starts threads, so that none of them takes the signals. */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 3);
    sigprocmask(SIG_BLOCK, &set, NULL);
    uint64_t first = count > 1 ? strtoull(words[1], NULL, 10) : 1, seeds = count > 2 ? strtoull(words[2], NULL, 10) : 1;
    const char *folder = count > 3 ? words[3] : "/tmp";
    const char *limit = getenv("RANDOM_LIMIT");
    buffered_is_delivered = getenv("RANDOM_BUFFERED") != NULL;
    bool show = getenv("RANDOM_SHOW") != NULL;
    int size;
    MPI_Init(&count, &words);
    MPI_Comm_rank(MPI_COMM_WORLD, &me);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    CHECK(size <= 31);
    long pid = (long)getpid();
    MPI_Allgather(&pid, 1, MPI_LONG, pids, 1, MPI_LONG, MPI_COMM_WORLD);
    signal(SIGALRM, too_long);
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        make_schedule(&all, seed, size);
        for (int i = 0; show && me == 0 && i < all.events; i++) {
            const struct event *e = &all.event[i];
            printf("%d %s rank %d other %d comm %d item %d count %d what %d units %d\n", i, name_of(e->kind), e->rank, e->other,
                   e->comm, e->item, e->count, e->what, e->units);
            if (e->kind == SEND_START || e->kind == RECV_START) {
                const struct message *m = &all.message[e->item];
                printf("    message %d on %d from %d to %d tag %d: %d units of %d, forms %d and %d, any %d %d\n", e->item, m->comm,
                       m->from, m->to, m->tag, m->units, m->unit, m->send, m->recv, m->any_source, m->any_tag);
            }
            for (int j = 0; (e->kind == COMPLETE || e->kind == POKE) && j < e->count; j++) {
                printf("    %d %d\n", all.item[e->item + j].what, all.item[e->item + j].number);
            }
        }
        alarm(limit ? (unsigned)atoi(limit) : 60);
        run_schedule(folder);
    }
    alarm(0);
    if (me == 0) printf("random: %llu programs from seed %llu on %d ranks: ok\n", (unsigned long long)seeds,
                        (unsigned long long)first, size);
    MPI_Finalize();
    return 0;
}
