/* cuts_table.h - what thresholds give (cuts.h) as CSV: a row a group of two classes and threshold.
 *
 *     cuts_table_write(store, filter, file, &err);               export --table cuts
 *
 * Columns: the factors of the group, positive (class), threshold, n (jobs), then of every value its mean,
 * low and high (95 % interval); precision_n: jobs in which something was taken for positive, which its mean
 * is of. No MPI. */
#ifndef CELLSWEEP_CUTS_TABLE_H
#define CELLSWEEP_CUTS_TABLE_H

#include "store/store.h"

#include <stdio.h>

/* Of the jobs that match a filter (NULL: all). E_USAGE where no group has two classes and predictions;
 * E_IO. */
int cuts_table_write(struct store *store, const char *filter, FILE *out, struct err *err);

#endif
