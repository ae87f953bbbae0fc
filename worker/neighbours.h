/* neighbours.h - nearest neighbours by Euclidean distance, exact.
 *
 * Distances are summed in double in a fixed order, without BLAS: which image is a neighbour decides a job's samples, and
 * must be the same on every machine. Pure functions apart from the memory they return. No MPI. */
#ifndef CELLSWEEP_NEIGHBOURS_H
#define CELLSWEEP_NEIGHBOURS_H

#include "err.h"

/* Points of a common space; positions below count in `point`. */
struct cloud {
    const float *const *point; /* (n) pointers to dim numbers */
    int n, dim;
};

/* Some points of a cloud. */
struct positions {
    const int *at; /* (n) */
    int n;
};

/* The k nearest of each query, nearest first; of equally far ones the first in the reference. */
struct neighbours {
    int n, k;
    int *at;          /* (n, k) positions in the cloud, owned */
    double *distance; /* (n, k) owned */
};

/* The k points of `reference` nearest to each point of `query`, which is none of its own neighbours; other points with the
 * same pixels are. k is lowered to what every query can have; 0 when there is none. *out is owned by the caller. 0 or
 * E_IO; then *out is empty. */
int neighbours_find(const struct cloud *cloud, struct positions query, struct positions reference, int k,
                    struct neighbours *out, struct err *err);

void neighbours_free(struct neighbours *neighbours);

#endif
