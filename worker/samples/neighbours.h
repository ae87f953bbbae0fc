/* neighbours.h - nearest neighbours by Euclidean distance, exact.
 *
 *     struct neighbours near;
 *     rc = neighbours_find(&cloud, query, reference, k, pause, &near, &err);
 *     ... near.at[q * near.k + j] ...
 *     neighbours_free(&near);
 *
 * Which image is a neighbour decides a job's samples, and must be the same on every machine: what counts is
 * distance_squared(), summed in double in a fixed order, and neighbours_find_ref() is the specification.
 * neighbours_find() gives the same bits for any input, but compares so only the few that products.h, a matrix
 * product whose error is bounded, leaves in doubt. Where the query is the reference, it makes every product
 * once for both. Its cost is n_query n_reference dim multiply-adds of sgemm (half of that), and where very
 * many points are equally far, as much again as the specification's. Memory: 12 MB, 20 bytes a point and 40 k
 * + 600 bytes a query. Pure functions apart from the memory they return and the pause. No MPI. */
#ifndef CELLSWEEP_NEIGHBOURS_H
#define CELLSWEEP_NEIGHBOURS_H

#include "base/pause.h"

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

/* Squared distance of two points of dim numbers, or any number that is at least `enough` when
 * it is at least that. */
double distance_squared(const float *a, const float *b, int dim, double enough);

/* The k points of `reference` nearest to each point of `query`, which is none of its own neighbours; other
 * points with the same pixels are. k is lowered to what every query can have; 0 when there is none. pause is
 * asked every some ten milliseconds, and may be NULL. *out is owned by the caller. 0, E_IO, or E_STOPPED when
 * the pause says so; then *out is empty. */
int neighbours_find(const struct cloud *cloud, struct positions query, struct positions reference, int k,
                    struct pause *pause, struct neighbours *out, struct err *err);

/* The same, one pair after the other: the specification, and what points are left to whose
 * distances have no bound. */
int neighbours_find_ref(const struct cloud *cloud, struct positions query, struct positions reference, int k,
                        struct pause *pause, struct neighbours *out, struct err *err);

void neighbours_free(struct neighbours *neighbours);

#endif
