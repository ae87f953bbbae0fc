/* originals.h - how many originals a job has to learn from, before its strategy drops, copies or makes any.
 *
 * That is the training size of a learning curve: what was collected and labelled. Copies add nothing to it,
 * and what undersampling throws away had to be collected, too, so it is the same for every strategy of a
 * setting; /jobs n_train counts what a strategy made of it.
 *     holdout, kfold   the originals that the job drew, but those that judge and those that it chooses on
 *     report, tail     the share 1 - validation of those that it drew, but those that it chooses on: it
 *                      splits what was rebalanced before, so that copies decide which originals train
 *     given            not known here: its sets came with the images, and are of one size
 * No MPI. */
#ifndef CELLSWEEP_ORIGINALS_H
#define CELLSWEEP_ORIGINALS_H

#include "store/store.h"

/* *n: originals that the split of a job divides: those that class_sizes drew, or all of its clusters. E_IO
 * when the file cannot be read. */
int originals_divided(struct store *store, int job, double *n, struct err *err);

/* *at_hand: the mean over n finished jobs of one cell of the grid (rows in job), which divide as many; NaN
 * where it is not known. E_IO. */
int originals_at_hand(struct store *store, const int *job, int n, double *at_hand, struct err *err);

#endif
