/* play.h - what rank 0 pays for any number of ranks: the real book of who has what (dispatch.h), schedule and
 * event log, with ranks that are played in this process, in a time that nobody waits for. Words are handed
 * over as MPI would hand them over; MPI itself is not in it. No MPI. */
#ifndef CELLSWEEP_PLAY_H
#define CELLSWEEP_PLAY_H

#include "err.h"

/* A job that is to be played: as schedule_new() and schedule_waves() are told of it, and what it takes. */
struct play_job {
    double cost, seconds; /* both > 0 */
    unsigned long kind;
    int wave;
};

struct play_load {
    int ranks;                  /* >= 2; rank 0 only serves */
    int node;                   /* ranks a node */
    int jobs, kinds;            /* kinds of jobs, at most as many as jobs */
    double seconds;             /* that a job takes, on average; a look of rank 0 at least (0.25) */
    const struct play_job *job; /* (jobs) in place of kinds and seconds; NULL: made up from those */
    double tick;                /* seconds from a look to the next, <= 1; 0: as rarely as it ever looks */
    const char *log;            /* results file beside which an event log is written; NULL: none is */
};

struct play_cost {
    long long words, beats; /* that rank 0 was sent; those of them that are signs of life of a node */
    double word_seconds;    /* CPU seconds of rank 0 for all words, with what they are answered */
    double look_seconds;    /* for all looks after the dead, the idle and the time */
    double tail_seconds;    /* a look while all ranks but one wait for the last job */
    double seconds;         /* that the played sweep took, in looks */
    double makespan;        /* the end of the job that ended last */
    int jobs, wrong;        /* that were played; jobs that were not done once */
};

/* Play a sweep. E_IO: memory, or the log. */
int play(const struct play_load *load, struct play_cost *cost, struct err *err);

/* How many ranks rank 0 carries with `share` (0 to 1) of a core: a rank sends it a message a job of
 * `seconds`, a node of `node` ranks one a second, and each takes what it took when it was played and
 * `more` seconds, in MPI. */
double play_ranks(const struct play_cost *cost, double more, int node, double seconds, double share);

#endif
