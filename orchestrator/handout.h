/* handout.h - all job traffic between ranks.
 *
 * Every rank, rank 0 too, runs the same loop:
 *
 *     handout_new(comm, schedule, dedicated, &handout, &err);     schedule on rank 0, NULL elsewhere
 *     while (handout_next(handout, &job, &attempt, &err) == 0 && job >= 0) {
 *         ... train, calling handout_pause(handout, images) between mini-batches ...
 *         handout_report(handout, &report);
 *     }
 *     handout_free(handout);
 *
 * Protocol. A worker sends REQUEST {ahead, report of the job it finished, if any} and gets one REPLY {job >= 0, END, or LATER}.
 * Invariant: a rank has at most one request without reply. With ahead = 1 it asks while it still trains; rank 0 answers LATER
 * when no more jobs wait than there are ranks, so that the last jobs go to whoever is free first. A request of an idle rank is
 * held while jobs still run (they may come back) and answered END when none can. PROGRESS {images} is sent about once a second.
 * When the sweep stops, rank 0 sends every rank that has not been told END one STOP, which it sees at its next pause.
 *
 * Rank 0 serves inside its own handout_pause and handout_next; a rank that waits sleeps with a growing back-off up to 1 ms.
 * Single-threaded MPI; the calls are made by one thread a rank. */
#ifndef CELLSWEEP_HANDOUT_H
#define CELLSWEEP_HANDOUT_H

#include "err.h"
#include "metrics.h"
#include "schedule.h"

#include <mpi.h>

enum handout_end {
    HANDOUT_NONE,     /* nothing to report */
    HANDOUT_FINISHED, /* done or diverged: its row is written */
    HANDOUT_FAILED,   /* tried in vain; again while attempts are left, else its row says failed */
    HANDOUT_STOPPED,  /* drained: left for the next run */
    HANDOUT_FATAL     /* the results file cannot be written: the sweep must stop */
};

/* What became of a job. */
struct handout_report {
    int job;
    enum handout_end end;
    int diverged;   /* 1: finished, but diverged */
    double seconds; /* of work */
    int epochs;
    float val[N_METRICS]; /* of the last epoch's validation */
    char message[256];
};

/* What rank 0 knows for its progress line. Elsewhere zero. */
struct handout_counts {
    int finished, diverged, failed; /* in this run */
    int running, waiting;
    double images;        /* trained in this run, all ranks */
    double serve_seconds; /* rank 0's time in hand-out */
    double remaining;     /* expected seconds to the end, NaN: unknown */
    int stopping;         /* 1: draining */
    int fatal;            /* 1: a rank could not write */
};

/* What rank 0 is told; called there only. Any function may be NULL. */
struct handout_hooks {
    void *self;
    /* A rank begins a job (as far as rank 0 knows). */
    void (*start)(void *self, int rank, int job, int attempt);
    /* A rank's report came in; with report NULL: now and then. */
    void (*report)(void *self, int rank, const struct handout_report *report);
};

struct handout;

/* Collective over comm. dedicated: rank 0 takes no jobs itself (needs 2 ranks). schedule stays the caller's; *hooks is copied.
 * *out is owned by the caller. */
int handout_new(MPI_Comm comm, struct schedule *schedule, int dedicated, const struct handout_hooks *hooks,
                struct handout **out, struct err *err);

/* The next job of this rank and how often it has been tried, this time included; *job -1 at the end. Sleeps while it waits;
 * on rank 0 it serves meanwhile. Asks ahead for the one after that. */
int handout_next(struct handout *handout, int *job, int *attempt, struct err *err);

/* Tell what became of the job handed out last; it travels with the next request. */
void handout_report(struct handout *handout, const struct handout_report *report);

/* Between mini-batches: rank 0 serves, others tell their progress now and then; images: trained since the last call. Returns 1
 * when the sweep is stopping and the job should too. */
int handout_pause(struct handout *handout, double images);

/* Stop handing out, here and everywhere, as soon as this is known; jobs that pause are told to stop. Async-signal-unsafe. */
void handout_stop(struct handout *handout);

struct handout_counts handout_counts(const struct handout *handout);

void handout_free(struct handout *handout);

#endif
