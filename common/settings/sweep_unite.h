/* sweep_unite.h - the sweep file of jobs that several sweep files asked for: what a merged results file says
 * it was made from.
 *
 * A key that has one value everywhere keeps it; any other is an axis with all the values that there are. So
 * the grid has every job of every file, and may have combinations that none of them asked for. No MPI. */
#ifndef CELLSWEEP_SWEEP_UNITE_H
#define CELLSWEEP_SWEEP_UNITE_H

#include "settings/sweep_file.h"

/* The union of n >= 1 files, of one schema; what people are told (data, labels, readout) is the first one's.
 * Only what `resolved` holds and the axes are there: no lines, no text. apart 1: their jobs are kept apart,
 * so that some may keep weights and others not, and some tune and others not. E_USAGE, naming two of them by
 * `path` (n), when they do not tune the same, or where not apart do not all keep weights or none, which one
 * file cannot say; and when there are too many values. *out is owned by the caller. */
int sweep_unite(const struct sweep_file *const *file, int n, const char *const *path, int apart,
                struct sweep_file **out, struct err *err);

#endif
