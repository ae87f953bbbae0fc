/* explained.h - how much of the differences between the groups of a sweep each factor explains.
 *
 *     double share[FACTORS_MOST];
 *     explained_shares(summary, share, &err);
 *     share[FACTOR_PROTOCOL]           0.41: 41 % of the variance between groups; NaN: it does not vary
 *
 * Eta squared of the analysis of variance, main effects only: over the means of test balanced accuracy of the
 * finished groups, one observation a group,
 *
 *     eta^2 = sum over values v of n_v (mean_v - mean)^2  /  sum over groups of (x - mean of all)^2
 *
 * with n_v groups of value v (Fisher, Statistical Methods for Research Workers, 1925, chapter VII; as a share
 * Cohen, Educational and Psychological Measurement 33, 1973). Of an axis that some groups do not read, the
 * sum above is over those that do, mean theirs. In a full grid the shares of the factors add up to at most 1,
 * what is left are interactions and noise; in one with gaps they may overlap. No test is made of them: they
 * order what a picture divides by. No MPI. */
#ifndef CELLSWEEP_EXPLAINED_H
#define CELLSWEEP_EXPLAINED_H

#include "stats/summary.h"

/* share (FACTORS_MOST): from 0 to 1; NaN of factors with fewer than two values among finished groups, and of
 * all where the groups do not differ. E_IO without memory. */
int explained_shares(const struct summary *summary, double *share, struct err *err);

#endif
