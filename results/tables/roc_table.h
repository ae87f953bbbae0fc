/* roc_table.h - ROC and precision-recall curves as CSV: a row a group, curve and place.
 *
 *     roc_table_write(store, filter, file, &err);              export --table roc
 *
 * Columns: the factors of the group, positive (class; empty: of several), curve (roc, pr), x (false
 * positive rate, or recall), n (runs), and of the true positive rate, or the precision, mean, low and high
 * (95 % interval). No MPI. */
#ifndef CELLSWEEP_ROC_TABLE_H
#define CELLSWEEP_ROC_TABLE_H

#include "stats/roc.h"

#include <stdio.h>

/* The curves of the jobs that match a filter (NULL: all). E_USAGE where there is none; E_IO. */
int roc_table_write(struct store *store, const char *filter, FILE *out, struct err *err);

/* roc.csv in a directory that exists; nothing where no group has a curve. */
int roc_table_write_file(const struct summary *summary, const struct roc *roc, const char *dir,
                         struct err *err);

#endif
