/* ranks.h - tests on ranks: Wilcoxon for pairs, Friedman and Nemenyi for many strategies on many data sets.
 * Strategies whose values are within 1e-6 of the largest size are tied: metrics are stored in single
 * precision. Thread-safe. No MPI. */
#ifndef CELLSWEEP_RANKS_H
#define CELLSWEEP_RANKS_H

#include "err.h"

enum { RANKS_MAX_EXACT = 50, RANKS_MAX_STRATEGIES = 64, RANKS_MAX_NEMENYI = 20, RANKS_MIN_DATASETS = 5 };

/* Two-sided p of Wilcoxon's signed-rank test of n paired differences d (no NaN). slack is what rounding may
 * do to the distance of two of them, in their unit: sizes that close are tied, and differences that close to
 * 0 are dropped, as those of 0 are (Wilcoxon's own rule). Up to RANKS_MAX_EXACT differences left the
 * distribution is exact: all signs of the ranks that are there, ties with their mean rank; p is twice the
 * smaller tail, at most 1. Above, it is normal with the variance corrected for ties, without continuity
 * correction. *p is NaN when nothing is left. E_IO without memory. */
int ranks_wilcoxon(const double *d, int n, double slack, double *p, struct err *err);

/* Average ranks of x (n) by size, ties sharing their mean rank, the largest first: rank 1 is
 * the largest. rank (n). */
int ranks_of(const double *x, int n, double *rank, struct err *err);

struct ranks_friedman {
    double chi2, p; /* Friedman's statistic corrected for ties, chi-square with k - 1 degrees of freedom */
    /* Iman and Davenport's, less conservative. When chi2 is at its maximum, all data sets agree: f is
     * infinite, and p_f is p, as that of an infinite f would be 0, which no number of data sets can show. */
    double f, p_f;
    /* Nemenyi: average ranks further apart than this differ at 0.05; NaN for more than 20 strategies */
    double critical;
};

/* value (n_datasets, k) with 2 <= k <= RANKS_MAX_STRATEGIES: average_rank (k), 1 is the largest
 * value, and the test of "all k are equal"; where every data set has all k tied, chi2 and f are 0 and
 * both p are 1. Demsar (JMLR 7, 2006) advises more than 10 data sets and 5 strategies; below
 * RANKS_MIN_DATASETS callers should not test. */
int ranks_friedman(const double *value, int n_datasets, int k, double *average_rank,
                   struct ranks_friedman *out, struct err *err);

/* Nemenyi's critical difference of average ranks at 0.05: q_k sqrt(k (k + 1) / (6 n)). NaN outside 2
 * <= k <= 20. */
double ranks_nemenyi(int k, int n_datasets);

#endif
