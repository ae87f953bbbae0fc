/* overlap.h - how far the splits behind the jobs of a group share images.
 *
 * Jobs that split the same images anew train on mostly the same ones, so their results are not independent,
 * and an interval that counts them as such is too narrow. Nadeau and Bengio (Machine Learning 52, 2003) allow
 * for it by n_test / n_train, the images that judge over those that train: see stats.h.
 *     holdout, kfold   test images over the other originals that the job drew; what a strategy then
 *                      makes of the training part, fewer or more, belongs to the strategy; about 1 / (k - 1)
 *                      for k folds
 *     report           test samples over training samples: it splits what was rebalanced before
 *     tail, given      none: there is one split, and runs differ by their seed only
 * No MPI. */
#ifndef CELLSWEEP_OVERLAP_H
#define CELLSWEEP_OVERLAP_H

#include "store/store.h"

/* *ratio: the mean n_test / n_train over n finished jobs of one cell of the grid (rows in job), which
 * divide as many originals; NaN where nothing is to be allowed for, or where it is not known. E_IO
 * when the file cannot be read. */
int overlap_ratio(struct store *store, const int *job, int n, double *ratio, struct err *err);

#endif
