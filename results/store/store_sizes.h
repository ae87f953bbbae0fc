/* store_sizes.h - how large a results file is, and where in it each job has its place: from a plan,
 * once, by whoever creates it.
 *
 *     struct store_sizes sizes;
 *     rc = store_sizes_init(&sizes, &plan, &err);
 *     ... sizes.n[DIM_TEST], sizes.first ...
 *     store_sizes_release(&sizes);      in any case
 *
 * For the store_*.c files only. No MPI. */
#ifndef CELLSWEEP_STORE_SIZES_H
#define CELLSWEEP_STORE_SIZES_H

#include "store/store_layout.h"

struct store_sizes {
    hsize_t n[N_DIMS];
    int64_t *first; /* (N_EXTENTS, J) cell where the part of a job begins */
    int16_t *class; /* (J, C) row of `name` of each class; -1: no more */
    int *trial;     /* (3, T) job, number and seed of each trial */
    int *name;      /* (K) classes of the dataset and of all jobs, in order */
};

/* E_IO without memory. */
int store_sizes_init(struct store_sizes *sizes, const struct store_plan *plan, struct err *err);
/* Row of a class in `name`; -1: it is not there. */
int store_sizes_class(const struct store_sizes *sizes, int class);

void store_sizes_release(struct store_sizes *sizes);

#endif
