/* newton.h - the minimum of a convex smooth function of many variables, by truncated Newton.
 *
 *     struct newton_function f = {at, curve, self, n};
 *     rc = newton_minimise(&f, x, 1e-6, 100, &err);
 *
 * Nocedal and Wright (2006), algorithm 7.1: directions by conjugate gradients, as exact as the gradient is
 * small, step lengths halved until Armijo's condition holds. Where pixels look alike, a few of these products
 * do what a thousand steps of L-BFGS do not. Sums are in one order: no BLAS has a say. No MPI. */
#ifndef CELLSWEEP_NEWTON_H
#define CELLSWEEP_NEWTON_H

#include "err.h"

#include <stddef.h>

struct newton_function {
    /* The value at x (n) in *value, and its gradient (n). Negative: given up, and *err says why. */
    int (*at)(void *self, const double *x, double *value, double *gradient, struct err *err);
    /* The Hessian where `at` was last asked, times v (n), in out (n). Errors as `at`. */
    int (*curve)(void *self, const double *v, double *out, struct err *err);
    void *self;
    size_t n;
};

/* Doubles that a minimum of n variables needs meanwhile. */
size_t newton_doubles(size_t n);

/* From x (n) to the minimum, in place: until no component of the gradient is above `tolerance` in size, after
 * n_steps, or where no step leads down any more. 0, E_IO without memory, or what a function returned; x is
 * then anywhere on the way. */
int newton_minimise(const struct newton_function *f, double *x, double tolerance, int n_steps,
                    struct err *err);

#endif
