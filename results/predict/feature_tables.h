/* feature_tables.h - what models were given of images, and how much each number of it
 * matters: two CSV tables.
 *
 *     features     cell_id, class, then a column for every number of a row by its name, in its own unit: not
 *                  scaled. One row an image of the dataset that the sweep ran on. The chosen jobs
 *                  must have one kind of features and settings of it; where features are learnt, it
 *                  is one job with kept weights
 *     importance   job, key, what else the job is, feature, n (images), repeats, balanced_accuracy,
 *                  importance, importance_sd: permutation importance (Breiman 2001) of every number that kept
 *                  models of jobs are given. It is how much the balanced accuracy on the job's test set falls
 *                  when that column is shuffled among these images: mean and standard deviation over the
 *                  repeats. Shuffles are named by the job's key, the column and the repeat. Of test images
 *                  that are copies or variants (protocols report and tail) the original alone is judged
 * Pixels have no names, and are refused with the remedy: where a model looks is shown by occlusion (serve).
 * The dataset is found by sweep_images.h. Numbers as in export.h. No MPI. */
#ifndef CELLSWEEP_FEATURE_TABLES_H
#define CELLSWEEP_FEATURE_TABLES_H

#include "store/store.h"

#include <stdio.h>

enum { IMPORTANCE_REPEATS = 5 };

/* Write a table of the jobs that match a filter (NULL: all) to out. E_USAGE when none matches, or
 * they are not as said above, before anything is written; E_IO when the images are not there, or
 * reading or writing fails. */
int feature_tables_write_features(struct store *store, const char *filter, FILE *out, struct err *err);
int feature_tables_write_importance(struct store *store, const char *filter, FILE *out, struct err *err);

#endif
