/* handout.h - all job traffic between ranks, and who is alive.
 *
 * Every rank, rank 0 too, runs the same loop:
 *
 *     handout_new(comm, schedule, &options, &hooks, &handout, &err);     schedule on rank 0, NULL elsewhere
 *     while ((job = handout_next(handout, &order)) >= 0) {
 *         ... train, calling handout_pause(handout, images) between mini-batches ...
 *         handout_enter(handout); ... write rows of the results file ... handout_leave(handout);
 *         handout_report(handout, &report);
 *     }
 *     alone = rank == 0 ? handout_finish(handout, code, text) : handout_await_end(handout, &code, text);
 *     handout_free(handout, alone);
 *
 * Rank 0 answers requests and sees which ranks live (dispatch.h); at most one request a rank is on its way.
 * Serving a message takes O(log) time in jobs and kinds of jobs, and the same for any number of ranks. Of a
 * node one rank tells for all that they live (node.h). A thread of every rank sees to it that messages move
 * whatever the main thread computes; MPI and the shared results file are used by one thread at a time,
 * between handout_enter and handout_leave. A rank that is silent for too long is declared dead and its job
 * given to another; handout.md has the protocol and the argument why no row is written by both.
 *
 * alone = 1: a rank was lost, so collective calls (H5Fclose, MPI_Finalize) would hang: every rank leaves by
 * _exit(). Messages of others (rows of results for rank 0) come by the same way: hooks.foreign takes those of
 * hooks.foreign_tag. A job whose rank died in its last attempt is given to hooks.condemn, in rank 0's main
 * thread. */
#ifndef CELLSWEEP_HANDOUT_H
#define CELLSWEEP_HANDOUT_H

#include "err.h"
#include "base/metrics.h"
#include "run/peers.h"
#include "run/schedule.h"

#include <mpi.h>

enum handout_end {
    HANDOUT_NONE,     /* nothing to report */
    HANDOUT_FINISHED, /* done or diverged: its row is written */
    HANDOUT_PAUSED,   /* its epochs so far are written; it may be asked for more of them */
    HANDOUT_FAILED,   /* tried in vain; again while attempts are left, else its row says failed */
    HANDOUT_STOPPED,  /* drained: left for the next run */
    HANDOUT_FATAL     /* the results file cannot be written: the sweep must stop */
};

/* What is handed out with a job. */
struct handout_order {
    int attempt; /* how often it has been tried, this time included */
    int until;   /* epochs after which it is paused; 0: it runs to its end */
    int trial;   /* whose tuned values it takes; -1: none's */
};

/* What became of a job. */
struct handout_report {
    int job;
    enum handout_end end;
    int diverged;   /* 1: finished, but diverged */
    double seconds; /* of work */
    int epochs;
    float test[N_METRICS];             /* of the judged epoch, on the test set */
    double score;                      /* of a trial, the larger the better */
    int checkpoints, checkpoint_epoch; /* written of this job; epoch of the last */
    double checkpoint_seconds;         /* spent on writing them */
    char message[256];
};

/* What rank 0 knows for its progress line. Elsewhere zero. */
struct handout_counts {
    int finished, diverged, failed; /* in this run */
    int running, waiting;
    int lost;             /* ranks declared dead */
    double images;        /* trained in this run, all ranks */
    double serve_seconds; /* rank 0's CPU time in hand-out */
    long long words;      /* messages that rank 0 was sent */
    long long looks;      /* for them */
    double remaining;     /* expected seconds to the end, NaN: unknown */
    double slowest;       /* the longest time that any rank was known to need to stop */
    int stopping;         /* 1: draining */
    int fatal;            /* 1: a rank could not write */
};

struct handout_options {
    int dedicated;             /* 1: rank 0 takes no jobs itself while there are others */
    double heartbeat;          /* limit in seconds, >= 1 */
    int limits;                /* 1: hooks.limit is asked, for every rank about once a second */
    const struct peers *peers; /* of the same communicator; NULL: process numbers are not looked at */
};

/* What happens on the way. start, report, lost, left and limit: on rank 0, with MPI held, by whichever thread
 * serves. Any may be NULL but leave. */
struct handout_hooks {
    void *self;
    /* A job is handed out: what goes with it, but for `attempt`. NULL: nothing does. */
    void (*order)(void *self, int job, struct handout_order *order);
    /* A rank begins a job (as far as rank 0 knows). */
    void (*start)(void *self, int rank, int job, int attempt);
    /* A rank's report came in; with report NULL: now and then. */
    void (*report)(void *self, int rank, const struct handout_report *report);
    /* A rank saved the state of its job after `epoch`. */
    void (*checkpoint)(void *self, int rank, int job, int epoch);
    /* A rank was declared dead, silent for so many seconds; job -1: it had none. 1 when the row of its job is
     * finished all the same, with what its report would have said: it died before it could tell. 0: the job
     * goes to another rank. */
    int (*lost)(void *self, int rank, int job, double silent, struct handout_report *report);
    /* Seconds left for jobs that are handed out now; INFINITY: no end. */
    double (*left)(void *self);
    /* Seconds that the job which a rank has may take in all, as is known now; INFINITY: any. */
    double (*limit)(void *self, int job);
    /* Rank 0, main thread, MPI not held: a job killed its rank in its last attempt; its row has to say so. */
    void (*condemn)(void *self, int job, int attempts, int deaths);
    /* Any rank: it must not go on: rank 0 is gone, or (fenced 1) it was declared dead
     * itself. Does not return. */
    void (*leave)(void *self, int fenced, const char *why);
    /* Rank 0, MPI held: receive exactly one message of foreign_tag (above 50) from rank. dead 1: it was
     * declared dead, whatever it says is void. */
    void (*foreign)(void *self, int rank, int dead);
    int foreign_tag;
};

struct handout;

/* Collective over comm. schedule stays the caller's; *options and *hooks are copied, peers must live as long.
 * MPI must have been initialised with MPI_THREAD_MULTIPLE, or with MPI_THREAD_SERIALIZED, then without signs
 * of life. *out is owned by the caller. */
int handout_new(MPI_Comm comm, struct schedule *schedule, const struct handout_options *options,
                const struct handout_hooks *hooks, struct handout **out, struct err *err);

/* The communicator of all messages, a copy of that of handout_new: for those of hooks.foreign. */
MPI_Comm handout_comm(const struct handout *handout);

/* The next job of this rank, with its order; -1 at the end. Sleeps while it waits; on rank 0 it serves
 * meanwhile. Asks ahead for the one after that. */
int handout_next(struct handout *handout, struct handout_order *order);

/* Tell what became of the job handed out last; it travels with the next request. */
void handout_report(struct handout *handout, const struct handout_report *report);

/* Between mini-batches: rank 0 serves, others tell their progress now and then; images: trained since the
 * last call. Returns 1 when the sweep is stopping and the job should too. */
int handout_pause(struct handout *handout, double images);

/* Seconds that the job of this rank may take (hooks.limit), as far as rank 0 has told; INFINITY: any, or it
 * has not yet. Between handout_next and handout_report. */
double handout_limit(struct handout *handout);

/* MPI, and with it the shared results file, for the calling thread alone. On a worker it returns only while
 * the lease holds, so what it then writes is its own; there it must not be nested: the thread that asks for a
 * new lease would wait for the outer one. */
void handout_enter(struct handout *handout);
void handout_leave(struct handout *handout);

/* Between handout_enter and handout_leave, again and again while this rank waits for what rank 0 does: its
 * heartbeats go on, and it leaves when rank 0 is gone. */
void handout_idle(struct handout *handout);

/* This rank saved the state of its job after `epoch`; rank 0 is told. */
void handout_checkpointed(struct handout *handout, int epoch);

/* This rank needed so long for something that a drain has to wait for; rank 0 keeps the longest of all
 * ranks. */
void handout_slow(struct handout *handout, double seconds);

/* Stop handing out, here and everywhere, as soon as this is known; jobs that pause
 * are told to stop. Async-signal-unsafe. */
void handout_stop(struct handout *handout);

struct handout_counts handout_counts(const struct handout *handout);

/* Rank 0, after handout_next's -1: tell the others how the sweep ended and wait for their farewell, at most a
 * few seconds. Returns 1 when a rank was lost: no collective call may follow. */
int handout_finish(struct handout *handout, int code, const char *text);

/* Workers, after handout_next's -1: what rank 0 said to handout_finish; text has room
 * for sizeof err.text bytes. */
int handout_await_end(struct handout *handout, int *code, char *text);

/* alone: what handout_finish or handout_await_end returned; collective unless it is 1. NULL: nothing. */
void handout_free(struct handout *handout, int alone);

#endif
