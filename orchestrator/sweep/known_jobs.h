/* known_jobs.h - which jobs of a results file a sweep has: by their keys, or, where the sweep tunes them
 * otherwise than then, by what else they are. No MPI. */
#ifndef CELLSWEEP_KNOWN_JOBS_H
#define CELLSWEEP_KNOWN_JOBS_H

#include "err.h"
#include "store/store.h"
#include "sweep/expand.h"

/* Whether the rows of the file are the jobs of the sweep, one by one: 1 or 0 in *same. E_IO. */
int known_jobs_same(struct store *store, const struct sweep *sweep, int *same, struct err *err);

/* Add to *n_found how many jobs of the file occur in the sweep. E_IO. */
int known_jobs_count(struct store *store, const struct sweep *sweep, int *n_found, struct err *err);

#endif
