/* epochs.h - the numbers of a job's epochs on their way into the results file: collected, so that short
 * epochs do not each cost a dozen small writes and a look at the lock.
 *
 *     epochs_begin(epochs, first)                          a job begins with epoch `first`
 *     epochs_add(epochs, numbers)                           after an epoch
 *     if (epochs_due(epochs)) epochs_write(epochs, store, job, &err)
 *     ... the same after a checkpoint, and before the outcome of the job ...
 *
 * They are due when `interval` seconds have passed since the job began or they were last written: who reads a
 * running sweep sees its curves at most that and one epoch late. A job whose rank is killed loses those
 * numbers from the file; whoever goes on with it writes them again, from the checkpoint or by computing the
 * epochs anew, to the same bits. No MPI of its own. */
#ifndef CELLSWEEP_EPOCHS_H
#define CELLSWEEP_EPOCHS_H

#include "err.h"
#include "store/store.h"

struct epochs;

/* most: epochs of the longest job. NULL with *err set when there is no memory. */
struct epochs *epochs_new(int most, double interval, struct err *err);

/* What an earlier job has left is forgotten. */
void epochs_begin(struct epochs *epochs, int first);

/* The numbers (N_SETS, N_ALL_METRICS) of the next epoch. */
void epochs_add(struct epochs *epochs, const float (*numbers)[N_ALL_METRICS]);

/* 1 when it is time to write. */
int epochs_due(const struct epochs *epochs);

/* Write what was collected, and how many epochs are done; nothing when there is nothing. E_IO keeps it. */
int epochs_write(struct epochs *epochs, struct store *store, int job, struct err *err);

void epochs_free(struct epochs *epochs);

#endif
