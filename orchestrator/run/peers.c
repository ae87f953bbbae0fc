#include "run/peers.h"

#include "beside/lock_file.h"
#include "clock.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xxhash.h>

/* Where a rank runs: host, its boot and its process numbers as one hash. */
struct peer {
    unsigned long long place;
    long pid;
};

struct peers {
    int rank, size;
    struct peer *peer; /* (size) */
    int watching;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    int rest; /* 1: the watch shall end */
    void (*lost)(void *, int);
    void *self;
};

static struct peer this_process(void)
{
    struct lock_holder self;
    char text[3 * LOCK_FILE_WORD];
    lock_file_self(&self);
    int n = snprintf(text, sizeof text, "%s|%s|%s", self.host, self.boot, self.pids);
    return (struct peer){XXH3_64bits(text, (size_t)n), self.pid};
}

struct peers *peers_new(MPI_Comm comm, struct err *err)
{
    struct peers *p = err_calloc(1, sizeof *p, "the list of ranks", err);
    struct peer mine = this_process();
    int bad;
    if (p) {
        MPI_Comm_rank(comm, &p->rank);
        MPI_Comm_size(comm, &p->size);
        p->peer = err_calloc((size_t)p->size, sizeof *p->peer, "the list of ranks", err);
        pthread_mutex_init(&p->mutex, NULL);
        pthread_cond_init(&p->wake, NULL);
    }
    bad = !p || !p->peer;
    MPI_Allreduce(MPI_IN_PLACE, &bad, 1, MPI_INT, MPI_MAX, comm);
    if (bad || !p) {
        if (p && p->peer)
            err_set(err, E_IO, "another rank ran out of memory");
        peers_free(p);
        return NULL;
    }
    MPI_Allgather(&mine, (int)sizeof mine, MPI_BYTE, p->peer, (int)sizeof mine, MPI_BYTE, comm);
    return p;
}

int peers_all_here(const struct peers *p)
{
    for (int r = 0; r < p->size; r++)
        if (p->peer[r].place != p->peer[p->rank].place)
            return 0;
    return 1;
}

int peers_gone(const struct peers *p, int rank)
{
    return p->peer[rank].place == p->peer[p->rank].place && kill((pid_t)p->peer[rank].pid, 0) < 0 &&
           errno == ESRCH;
}

static void *watch(void *self)
{
    struct peers *p = self;
    pthread_mutex_lock(&p->mutex);
    while (!p->rest) {
        struct timespec until = clock_after(CLOCK_MONOTONIC, 0.5);
        pthread_cond_clockwait(&p->wake, &p->mutex, CLOCK_MONOTONIC, &until);
        for (int r = 0; r < p->size && !p->rest; r++)
            if (peers_gone(p, r))
                p->lost(p->self, r);
    }
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

void peers_watch(struct peers *p, void (*lost)(void *self, int rank), void *self)
{
    sigset_t all, before;
    if (p->size == 1)
        return;
    p->lost = lost;
    p->self = self;
    p->rest = 0;
    sigfillset(&all); /* signals are the main thread's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    p->watching = pthread_create(&p->thread, NULL, watch, p) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void peers_rest(struct peers *p)
{
    if (!p || !p->watching)
        return;
    pthread_mutex_lock(&p->mutex);
    p->rest = 1;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->mutex);
    pthread_join(p->thread, NULL);
    p->watching = 0;
}

void peers_free(struct peers *p)
{
    if (!p)
        return;
    peers_rest(p);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->mutex);
    free(p->peer);
    free(p);
}
