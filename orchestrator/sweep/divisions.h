/* divisions.h - how many different divisions of whole groups, or of an unshuffled tail, the seeds and repeats
 * of a planned sweep draw (draws.h), and how far given sets leak (given.h). Rank 0. No MPI. */
#ifndef CELLSWEEP_DIVISIONS_H
#define CELLSWEEP_DIVISIONS_H

#include "sweep/expand.h"

#include <stdio.h>

/* A line for each clusters, protocol and groups (and validation and class_sizes, where they vary) of the jobs
 * with wanted[job] (n_jobs) 1: how many different divisions seeds and repeats draw, and their overlap; folds
 * of which one has more than 1.5 times the images of another; the first ten of them and how many more.
 * Nothing for jobs without groups, but of protocol tail and strategy none, and of protocol given; for the
 * latter also the lines of given_print(). Last, where no combination has two runs (of several jobs all have
 * one seed, fold and repeat), a note that this leaves neither intervals nor tests. E_IO without memory. */
int divisions_print(FILE *file, const struct sweep *sweep, const struct dataset *data, const char *wanted,
                    struct err *err);

#endif
