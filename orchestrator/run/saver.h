/* saver.h - keeps the job of a rank from being lost: when its state is written, and how it
 * ends when the sweep stops.
 *
 *     from = saver_begin(saver, &job, &note);              NULL: from the beginning
 *     job_run(..., hooks that call:)
 *         saver_patient(saver, grace)                      between mini-batches of a sweep that stops
 *         saver_epoch(saver, epoch, numbers)                after an epoch
 *         saver_between(saver, state, stopping, &err)      then
 *     saver_end(saver, over)
 *
 * A state is written every `interval` seconds of a job, at the end of the epoch that is running then, and
 * when the sweep stops at the end of an epoch. So a job shorter than that writes none, and a job whose rank
 * is killed repeats at most `interval` seconds and one epoch. A sweep that stops waits for the running epoch
 * as long as that can end within a grace given by whoever stops it; an epoch that takes longer is given up at
 * once, and the last checkpoint counts. No MPI. */
#ifndef CELLSWEEP_SAVER_H
#define CELLSWEEP_SAVER_H

#include "state_file.h"
#include "sweep/expand.h"

struct saver;

/* What it has cost so far. */
struct saver_cost {
    int n;          /* checkpoints written */
    double seconds; /* spent on that */
};

/* interval: seconds between two checkpoints of a job; 0: none are written but by saver_keep(), below 0: none
 * at all; those that are there are used. results_path, data and kernels outlive it. NULL with *err set when
 * there is no memory. */
struct saver *saver_new(const char *results_path, double interval, const char *data, const char *kernels,
                        struct err *err);

/* Begin a job, whose config outlives it: its checkpoint, valid until saver_end(), or NULL. *note: why the one
 * that is there cannot be used; its code is 0 when nothing is wrong. */
const struct state_file *saver_begin(struct saver *saver, const struct config *config, const char *key,
                                     struct err *note);

/* Whether to go on to the end of the running epoch although the sweep stops, which must not last longer than
 * `grace` seconds from the first such call of this saver. */
int saver_patient(struct saver *saver, double grace);

/* Remember the numbers (N_SETS, N_ALL_METRICS) of an epoch, from 0, and how long it took. */
void saver_epoch(struct saver *saver, int epoch, const float (*numbers)[N_ALL_METRICS]);

/* Write the state when it is time to, or when the sweep stops. E_IO when that fails: the job may go
 * on all the same. */
int saver_between(struct saver *saver, const struct state_file *state, int stopping, struct err *err);

/* Write the state now: the job is left for a while. */
int saver_keep(struct saver *saver, const struct state_file *state, struct err *err);

/* Epochs that the running job would go on from, were it killed now: 0 without a checkpoint. */
int saver_epochs(const struct saver *saver);

/* The job ended. over: 1 its checkpoint is of no use any more and is removed; 0: another rank or run
 * goes on with it. */
void saver_end(struct saver *saver, int over);

struct saver_cost saver_cost(const struct saver *saver);

void saver_free(struct saver *saver);

#endif
