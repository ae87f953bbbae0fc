/* resample.h - tests and intervals that come from the data alone: sign flips and the bootstrap.
 * The random streams are fixed, so the same numbers give the same answer, always. Thread-safe. No MPI.
 *
 * Numbers that are equal must not be told apart by their rounding. slack is what rounding may do to the
 * distance of two of them, in their unit: means closer than slack, and sums of n closer than n slack, are
 * one. What the arithmetic here does, up to 1e-10 of the sum of sizes, is allowed for beside it. */
#ifndef CELLSWEEP_RESAMPLE_H
#define CELLSWEEP_RESAMPLE_H

#include "err.h"

/* Two-sided p of "the n paired differences d are symmetric about 0": the share of sign patterns whose sum is
 * at least as far from 0 as the one observed. All 2^n patterns up to n = 20; above, 100000 random ones, the
 * observed counted among them. NaN when n is 0. d has no NaN. */
double resample_sign_flip(const double *d, int n, double slack);

/* The smallest p that n pairs can reach in that test: 2 / 2^n. */
double resample_smallest_p(int n);

/* Interval of the mean of x (n, no NaN), bias corrected and accelerated bootstrap (Efron, JASA 82, 1987),
 * 100000 resamples: another stream moves a limit by some 0.2 % of the width. Below 30 values it is too
 * narrow. n < 2: NaN. E_IO without memory. */
int resample_bca(const double *x, int n, double slack, double level, double *low, double *high,
                 struct err *err);

/* The same from given replicates: sorts replicate (n_replicates); estimate is the statistic of the
 * whole sample, leave_out (n) that of the sample without value i. Replicates equal to the estimate,
 * up to slack, count one half below it. Quantiles are interpolated linearly. NaN when all replicates
 * are on one side of the estimate. */
void resample_bca_interval(double estimate, double *replicate, int n_replicates, const double *leave_out,
                           int n, double slack, double level, double *low, double *high);

#endif
