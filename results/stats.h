/* stats.h - means, intervals and the distributions behind them.
 * Double precision; distributions by GSL. NaN values are left out and not counted; what cannot be computed (no value, an
 * interval of one value) is NaN. Pure functions, thread-safe. No MPI. */
#ifndef CELLSWEEP_STATS_H
#define CELLSWEEP_STATS_H

/* A sample of numbers, described. */
struct stats_summary {
    int n;            /* values that are not NaN */
    double mean;      /* NaN when n is 0 */
    double sd;        /* n - 1 in the denominator; NaN when n < 2 */
    double low, high; /* interval of the mean, Student's t; NaN when n < 2 */
};

/* Quantile p (0 < p < 1) of Student's t with df > 0 degrees of freedom; NaN outside these ranges. */
double stats_t_quantile(double p, double df);

/* Describe x (n) with an interval of the given level, 0 < level < 1, e.g. 0.95. x is only read. */
struct stats_summary stats_summarise(const double *x, int n, double level);

/* Half the width of the interval, NaN when there is none. */
double stats_half_width(const struct stats_summary *summary);

/* Mean recall over the classes present of a confusion matrix (c, c), rows true, columns predicted; negative cells are
 * unused ones. NaN when no class is present. */
double stats_balanced_accuracy(const int *confusion, int c);

#endif
