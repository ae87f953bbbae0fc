/* made.h - small valid HDF5 files, made by the program's own writers: seeds, and what
 * fuzz/edits.h edits. Failures abort. */
#ifndef CELLSWEEP_MADE_H
#define CELLSWEEP_MADE_H

#include "err.h"

#include <stddef.h>

/* Print err and abort, unless rc is 0. */
void made_check(int rc, const struct err *err);

/* A packed dataset of five images of some channels; with_groups 1: in a column "slide". */
void made_dataset(const char *path, int with_groups, int channels);

/* A results file of four jobs, of which `done` are finished; n_weights at most 8. */
void made_results(const char *path, int done, size_t n_weights);

#endif
