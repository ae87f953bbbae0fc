/* sets.h - how far the given sets of the images leak into each other: table `sets` of a report, for sweeps
 * with protocol given (given.h has the terms). No MPI. */
#ifndef CELLSWEEP_SETS_H
#define CELLSWEEP_SETS_H

#include "data/dataset.h"
#include "stats/summary.h"

/* 1 when jobs of the summary have protocol given. */
int sets_matter(const struct summary *summary);

/* Write sets.csv and sets.md into dir, and the lines of given_print() to `text`. E_IO when that fails. */
int sets_write(const struct dataset *data, const char *dir, FILE *text, struct err *err);

#endif
