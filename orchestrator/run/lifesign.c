#include "run/lifesign.h"

#include "clock.h"
#include "run/mail.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_SIGN = 1, TAG_ASK };

/* Messages to one rank that may be under way: who is stopped takes none. */
enum { MOST_MAIL = 4 };

/* CPU seconds a second above which a process computes. Waiting takes less than a thousandth. */
static const double least_work = 2e-3;

/* When a sign of a rank came. */
struct seen {
    _Atomic double at;
};

struct lifesign {
    MPI_Comm comm;
    int rank, size;
    double limit, tick; /* seconds */
    clockid_t clock;
    struct mail *mail;
    pthread_t thread;
    pthread_mutex_t mutex; /* of quit */
    pthread_cond_t wake;
    int has_thread, quit;
    struct node *node;
    _Atomic double round; /* when messages were looked at */
    struct seen *seen;    /* (size) on rank 0 */
    double looked, cpu;   /* when this was last looked at, and CPU seconds by then */
};

/* Whether the other threads of this process have used the CPU since the last look. */
static int computes(struct lifesign *l, double now)
{
    double cpu = clock_read(CLOCK_PROCESS_CPUTIME_ID) - clock_read(CLOCK_THREAD_CPUTIME_ID);
    int yes = cpu - l->cpu > least_work * (now - l->looked);
    l->cpu = cpu;
    l->looked = now;
    return yes;
}

static void post(struct lifesign *l, int rank, int tag)
{
    if (mail_reap(&l->mail, rank) < MOST_MAIL)
        mail_post(&l->mail, l->comm, rank, tag, NULL, 0);
}

/* Take what has come; a question is answered when there is something to say. */
static void take(struct lifesign *l, double now, int lives)
{
    for (int flag = 1; flag;) {
        MPI_Status status;
        flag = 0;
        if (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, l->comm, &flag, &status) != MPI_SUCCESS || !flag)
            return;
        MPI_Recv(NULL, 0, MPI_BYTE, status.MPI_SOURCE, status.MPI_TAG, l->comm, MPI_STATUS_IGNORE);
        if (status.MPI_TAG == TAG_SIGN && l->rank == 0)
            l->seen[status.MPI_SOURCE].at = now;
        else if (status.MPI_TAG == TAG_SIGN)
            node_root_sign(l->node);
        else if (lives)
            post(l, status.MPI_SOURCE, TAG_SIGN);
    }
}

static void look(struct lifesign *l)
{
    double now = clock_read(l->clock), quarter = l->limit / 4;
    int works = computes(l, now), is_stuck = now - l->round > quarter;
    if (l->rank == 0) {
        if (is_stuck && works)
            node_root_sign(l->node);
        take(l, now, works || !is_stuck);
        return;
    }
    if (is_stuck && works) {
        node_sign(l->node);
        if (!node_has_voice(l->node, quarter))
            post(l, 0, TAG_SIGN);
    }
    if (node_root_quiet(l->node) > quarter && !node_has_lower(l->node, quarter)) {
        post(l, 0, TAG_ASK);
        take(l, now, 0);
    }
}

static void *watch(void *self)
{
    struct lifesign *l = self;
    pthread_mutex_lock(&l->mutex);
    while (!l->quit) {
        struct timespec until = clock_after(CLOCK_MONOTONIC, l->tick);
        pthread_cond_clockwait(&l->wake, &l->mutex, CLOCK_MONOTONIC, &until);
        if (!l->quit)
            look(l);
    }
    pthread_mutex_unlock(&l->mutex);
    return NULL;
}

static int start(struct lifesign *l, struct err *err)
{
    sigset_t all, before;
    int level = MPI_THREAD_SINGLE;
    MPI_Query_thread(&level);
    if (level < MPI_THREAD_MULTIPLE || l->size == 1)
        return 0;
    sigfillset(&all); /* signals are the main thread's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&l->thread, NULL, watch, l);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    l->has_thread = rc == 0;
    return rc == 0 ? 0
                   : err_set(err, E_IO, "cannot start a thread: %s; is the limit of processes too low?",
                             strerror(rc));
}

int lifesign_new(MPI_Comm comm, struct node *node, double limit, clockid_t clock, struct lifesign **out,
                 struct err *err)
{
    struct lifesign *l = *out = err_calloc(1, sizeof *l, "signs of life", err);
    if (!l)
        return E_IO;
    MPI_Comm_dup(comm, &l->comm);
    MPI_Comm_set_name(l->comm, "signs of life");
    MPI_Comm_set_errhandler(l->comm, MPI_ERRORS_RETURN);
    MPI_Comm_rank(comm, &l->rank);
    MPI_Comm_size(comm, &l->size);
    pthread_mutex_init(&l->mutex, NULL);
    pthread_cond_init(&l->wake, NULL);
    l->node = node;
    l->limit = limit;
    l->tick = fmin(0.25, limit / 8);
    l->clock = clock;
    l->round = l->looked = clock_read(clock);
    l->seen = err_calloc(l->rank == 0 ? (size_t)l->size : 1, sizeof *l->seen, "signs of life", err);
    return l->seen ? start(l, err) : E_IO;
}

void lifesign_round(struct lifesign *l)
{
    l->round = clock_read(l->clock);
}

double lifesign_seen(const struct lifesign *l, int rank)
{
    return l->seen[rank].at;
}

void lifesign_free(struct lifesign *l, int alone)
{
    if (!l)
        return;
    if (l->has_thread) {
        pthread_mutex_lock(&l->mutex);
        l->quit = 1;
        pthread_cond_signal(&l->wake);
        pthread_mutex_unlock(&l->mutex);
        pthread_join(l->thread, NULL);
    }
    mail_abandon(&l->mail);
    if (!alone)
        MPI_Comm_free(&l->comm);
    pthread_cond_destroy(&l->wake);
    pthread_mutex_destroy(&l->mutex);
    free(l->seen);
    free(l);
}
