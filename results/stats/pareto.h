/* pareto.h - what is worth its cost: points of a cost, the less the better, and a gain, the more the better.
 *
 * A point dominates another when it costs no more and gains no less, and one of the two is strictly so; those
 * that no other dominates are the Pareto front. Equal points are on it together. What has no cost or no gain
 * (NaN) is not on it and dominates nothing. Pure functions; no MPI. */
#ifndef CELLSWEEP_PARETO_H
#define CELLSWEEP_PARETO_H

/* front (n): 1 on the front, 0 behind it, -1 without a cost or a gain. */
void pareto_front(const double *cost, const double *gain, int n, int *front);

/* beaten (n): by how many others that cost no more each is shown to gain less; better (n, n): 1 where the
 * gain of the first is greater than that of the second by a test, else 0. 0 without a cost. */
void pareto_beaten(const double *cost, const signed char *better, int n, int *beaten);

#endif
