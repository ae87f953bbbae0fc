/* predicted.h - stored predictions of jobs, ready to be scored: one job's, or several jobs' pooled.
 *
 *     struct predicted *predicted = NULL;
 *     struct scores_input input;
 *     if (predicted_new(store, &predicted, &err) < 0) ...
 *     if (predicted_read(predicted, folds, 5, SET_TEST, &input, &err) < 0) ...
 *     ... judged_new(&input, &judged, &err) ...
 *     predicted_free(predicted);
 *
 * No MPI. */
#ifndef CELLSWEEP_PREDICTED_H
#define CELLSWEEP_PREDICTED_H

#include "stats/scores.h"
#include "store/store.h"

struct predicted;

/* *out is owned by the caller; the store must stay open while it is used. */
int predicted_new(struct store *store, struct predicted **out, struct err *err);

/* Predictions of jobs of one cell, one after the other: *input (owned by predicted, until the next
 * call) has the classes of the first job's originals, the rarest of them positive. n is 0 when
 * nothing is stored. SET_TEST or SET_ALL. */
int predicted_read(struct predicted *predicted, const int *job, int n_jobs, enum image_set set,
                   struct scores_input *input, struct err *err);

/* Rows of /images of the last predicted_read, (n) as in its input; a copy has the row of its original. */
const int *predicted_images(const struct predicted *predicted);

/* Cluster number of a class index of the last predicted_read, -1 when unknown. */
int predicted_cluster(const struct predicted *predicted, int class_index);

void predicted_free(struct predicted *predicted);

#endif
