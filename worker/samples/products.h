/* products.h - distances between many points by matrix products, with a bound of their error.
 *
 *     struct products products;
 *     rc = products_new(&cloud, list, &products, &err);
 *     rc = products_tile(&products, left, right, pause, &err);
 *     ... products.tile[i * PRODUCTS_TILE + j] ...
 *     products_free(&products);
 *
 * With a', b' the points minus a common centre, |a - b|^2 = |a'|^2 + |b'|^2 - 2 a'.b'. The product
 * a'.b' comes from sgemm, the norms are summed in double. For every pair and every order in which a
 * BLAS may sum, fused or not,
 *     | |a'|^2 + |b'|^2 - 2 tile - d | <= error * (|a'|^2 + |b'|^2) + tiny,
 * where d is the squared distance as distance_squared() computes it. So whoever takes all within the
 * bound into account, and compares those by distance_squared(), finds the same on every machine. The
 * bound is made of (u = 2^-24, g(n) = n u / (1 - n u); Higham 2002, Accuracy and Stability of
 * Numerical Algorithms, section 3.1):
 *     products        2 g(dim + chunks) |a'||b'| <= g (|a'|^2 + |b'|^2)
 *     centring        a' is off by u |a'| in every coordinate, d by at most 2 u (|a'| + |b'|)^2 and terms in
 *                     u^2
 *     sums in double  of the norms and of d itself, dim 2^-53 of each
 * and of what a caller may add by comparing `half` with the tile in float. Underflow is what `tiny` is for;
 * overflow cannot happen to the points that products_new() accepts. No MPI. */
#ifndef CELLSWEEP_PRODUCTS_H
#define CELLSWEEP_PRODUCTS_H

#include "samples/neighbours.h"

enum { PRODUCTS_TILE = 1024, PRODUCTS_CHUNK = 512 };

struct products {
    const struct cloud *cloud;
    float *centre; /* (dim) */
    /* (cloud->n) |a'|^2 less and plus its share of the bound: d is at least least[a] + least[b] - 2 tile,
     * at most most[a] + most[b] - 2 tile. NaN for points that are not in the list */
    double *least, *most;
    /* With as many rows as there are listed points, at most PRODUCTS_TILE: */
    float *tile;         /* (rows, PRODUCTS_TILE) of the last pair of lists */
    float *left, *right; /* (rows, PRODUCTS_CHUNK) centred */
};

/* Centre and norms of the listed points. *out is owned by the caller, 16 bytes a point and at most 8 MB.
 * 1; 0 when a bound cannot be given, for numbers that are not finite or above 1e15: compare those one by
 * one; E_IO or E_STOPPED. *out is empty unless 1. */
int products_new(const struct cloud *cloud, struct positions list, struct pause *pause, struct products *out,
                 struct err *err);

/* tile[i * PRODUCTS_TILE + j] = the product of point left.at[i] with right.at[j], at most PRODUCTS_TILE of
 * each, all listed. 0 or E_STOPPED. */
int products_tile(struct products *products, struct positions left, struct positions right,
                  struct pause *pause, struct err *err);

void products_free(struct products *products);

#endif
