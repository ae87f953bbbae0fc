/* trials.h - rank 0's book of a sweep that tunes: a tuner (tuner.h) for every job of the grid, which of its
 * trials have something to do, and whether the job itself may begin.
 *
 *     trials_new(sweep, &trials, &err)                    NULL where nothing is tuned
 *     trials_include(trials, row)                         every row of the run; the others are never opened
 *     trials_know(trials, row, is_over, curves, n)            what the results file says of a trial
 *     while (trials_next(trials, of, &step)) ...          what is to be done now for the trials of a job,
 *     trials_score(trials, row, score, is_over)           and again whenever one has a score
 *
 * What it says hangs on scores alone. No MPI, no files. */
#ifndef CELLSWEEP_TRIALS_H
#define CELLSWEEP_TRIALS_H

#include "choose.h"
#include "sweep/expand.h"

struct trials;

/* sweep outlives it; its jobs that are tuned get their chosen trial from here. *out is owned by the caller,
 * NULL for a sweep without trials. */
int trials_new(struct sweep *sweep, struct trials **out, struct err *err);

/* A row is of this run. */
void trials_include(struct trials *trials, int row);

/* How a trial was found in a results file. */
enum trial_end {
    TRIAL_CUT,    /* whoever trained it is gone: what stands behind its last epoch may be missing */
    TRIAL_PAUSED, /* it waits, all of its epochs so far are kept */
    TRIAL_OVER    /* it ended by itself, at its last epoch or before (early stopping), diverged or failed */
};

/* A trial's curves so far: n epochs of them are known; 0 of one that diverged or failed. A trial that is cut
 * has only reached the rungs that it went beyond: at the rung itself it may not have been told that it is to
 * pause, and it is opened again. No trial but one that is over has reached the last. */
void trials_know(struct trials *trials, int row, enum trial_end end, const struct trial_curves *curves,
                 int n);

/* A trial has reached the epochs of its order with this score (-INFINITY: it diverged or failed); is_over: it
 * ended by itself. A job that is tuned has ended: is_over, the score is not read. */
void trials_score(struct trials *trials, int row, double score, int is_over);

/* Epochs after which a trial is to pause; 0: it runs to its end, as any other row. */
int trials_until(const struct trials *trials, int row);

/* Share of its epochs that a row does when it is opened now. */
double trials_share(const struct trials *trials, int row);

/* What is to be done for the trials of a job, or for the job. */
struct trials_step {
    enum { TRIALS_OPEN, TRIALS_PRUNE } what; /* TRIALS_PRUNE: the trial is out */
    int row;
};

/* The next step of the job in row `of`, which counts as done then; 0: there is none. A job that is opened has
 * its chosen trial in sweep->job[of].trial. */
int trials_next(struct trials *trials, int of, struct trials_step *step);

/* Epochs that the trials of the run would have taken without halving, and those that they take. */
void trials_epochs(const struct trials *trials, long long *full, long long *taken);

void trials_free(struct trials *trials);

#endif
