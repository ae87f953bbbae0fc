/* lbfgs.h - the minimum of a smooth function of many variables, by limited-memory BFGS.
 *
 *     struct lbfgs_function f = {value, self, n};
 *     rc = lbfgs_minimise(&f, x, 1e-6, 1000, &err);
 *
 * Nocedal and Wright (2006), algorithms 7.4 and 7.5, the last LBFGS_MEMORY steps remembered, step lengths
 * halved until Armijo's condition holds. Sums are in one order: no BLAS, the same bits on every machine.
 * No MPI. */
#ifndef CELLSWEEP_LBFGS_H
#define CELLSWEEP_LBFGS_H

#include "err.h"

#include <stddef.h>

enum { LBFGS_MEMORY = 10 };

struct lbfgs_function {
    /* The value at x (n) in *value, and its gradient (n). Negative: given up, and *err says why. */
    int (*at)(void *self, const double *x, double *value, double *gradient, struct err *err);
    void *self;
    size_t n;
};

/* Doubles that a minimum of n variables needs meanwhile. */
size_t lbfgs_doubles(size_t n);

/* From x (n) to the minimum, in place: until no component of the gradient is above `tolerance` in size, after
 * n_steps, or where no step leads down any more. 0, E_IO without memory, or what `at` returned; x is then
 * anywhere on the way. */
int lbfgs_minimise(const struct lbfgs_function *f, double *x, double tolerance, int n_steps, struct err *err);

#endif
