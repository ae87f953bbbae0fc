/* run_state.h - what a rank holds while a sweep runs; shared by run.c (every rank) and run_root.c (rank
 * 0). */
#ifndef CELLSWEEP_RUN_STATE_H
#define CELLSWEEP_RUN_STATE_H

#include "beside/lock_file.h"
#include "beside/status_file.h"
#include "run/epochs.h"
#include "beside/events.h"
#include "sweep/expand.h"
#include "run/handout.h"
#include "run/lock.h"
#include "run/peers.h"
#include "run/progress.h"
#include "sweep/resume.h"
#include "run/run.h"
#include "run/saver.h"
#include "run/trials.h"
#include "run/share.h"
#include "store/store.h"
#include "store/store_select.h"

struct run {
    const struct run_options *options;
    int rank, size;
    struct sweep *sweep;
    struct dataset *data;
    struct shared_dataset shared;
    enum kernels_isa isa;
    struct store *store;
    struct handout *handout;
    struct peers *peers;
    struct lock_mark lock_mark; /* of rank 0's lock */
    double deadline;            /* seconds since 1970; INFINITY: none */
    /* the running job */
    int job;
    struct config config;   /* of that job */
    char key[JOB_KEY_SIZE]; /* its key */
    double images;          /* trained since the last pause */
    double moment;          /* the last time a drain could have stopped this rank, MPI_Wtime */
    double slowest;         /* the longest between two such */
    double epoch_start;     /* MPI_Wtime */
    double worked;          /* seconds of this attempt, without those in which it was suspended */
    double limit;           /* that it ran into; 0: it did not */
    struct saver *saver;
    struct epochs *epochs;      /* not yet written */
    int stopping;               /* 1: the sweep stops */
    struct handout_order order; /* of the running job */
    int paused;                 /* 1: it was left after the epochs of its order */
    struct trial_curves curves; /* of a trial */
    int complained;             /* 1: said that a checkpoint could not be written */
    /* rank 0 */
    int round;                      /* from 0; a grid that grows begins another one (growth.h) */
    char *resolved;                 /* the sweep of the round before, owned; NULL in the first */
    int grows;                      /* 1: this round ends for that */
    int request_stays;              /* 1: a request that cannot be removed */
    double request_looked;          /* MPI_Wtime */
    int failures_before;            /* in earlier rounds */
    struct selection chosen, first; /* jobs of --filter; of --first, none without */
    struct saver_cost checkpoints;  /* of all ranks, as reported */
    struct lock *lock;
    struct events *events;
    struct status_file ending;
    double ending_written; /* seconds, MPI_Wtime */
    struct schedule *schedule;
    struct trials *trials; /* NULL: nothing is tuned */
    int n_pruned;          /* in this run */
    struct progress *progress;
    int n_before;               /* jobs of the filter that were finished before */
    int before[N_TRIAL_STATES]; /* the same by state */
    char why_stopped[128];      /* "": not stopped early */
    int too_many_failures;      /* 1: --max-failures was reached */
    char fatal[sizeof((struct handout_report *)0)->message];
};

#endif
