/* suspects_table.h - likely mislabelled images as CSV: `export --table suspects`.
 *
 * One row an image and combination of the grid: clusters, strategy, protocol, model and other axes; image
 * (id), cluster (its label), likelier (the class it counts as), p_cluster, p_likelier, judged (predictions
 * behind these means), seeds_agree and seeds (that alone say the same, of those that judged it), share (of
 * images with that label estimated to be of the likelier class), agree and groups (how many combinations on
 * these clusters suspect it, of those that judged it); of each combination the most doubtful first. What it
 * rests on: suspects.h. No MPI. */
#ifndef CELLSWEEP_SUSPECTS_TABLE_H
#define CELLSWEEP_SUSPECTS_TABLE_H

#include "store/store.h"

#include <stdio.h>

/* Of the jobs that match a filter (NULL: all); *n_leaky of them are left out because they leak. E_USAGE when
 * none of them is finished, no predictions are stored, or all of them leak, before anything is written;
 * E_IO. */
int suspects_table_write(struct store *store, const char *filter, FILE *out, int *n_leaky, struct err *err);

#endif
