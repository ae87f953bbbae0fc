/* stats.h - means, intervals and the distributions behind them.
 * Double precision; distributions by GSL. NaN values are left out and not counted; what cannot be computed
 * (no value, an interval of one value) is NaN. Pure functions, thread-safe. No MPI. */
#ifndef CELLSWEEP_STATS_H
#define CELLSWEEP_STATS_H

#include <stddef.h>

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

/* The same of results of n splits of the same images, whose training sets overlap: the
 * interval is Student's t with
 *     variance (1/n + n_test/n_train) sd^2        (Nadeau and Bengio, see stats_corrected_t)
 * instead of sd^2 / n. test_ratio is n_test / n_train; NaN: independent values, as stats_summarise(). */
struct stats_summary stats_of_splits(const double *x, int n, double test_ratio, double level);

/* Values that belong together become their mean: x[i] and x[first[i]], first[i] <= i. x (n) is overwritten
 * with the means, in the order of their first values, NaN where all are; count (n) is room. How many they
 * are. first NULL: nothing belongs together. */
int stats_pool(double *x, const int *first, int n, int *count);

/* The interval cut to what is possible, from least to most: a share is never above 1. No value inside is
 * lost, so how often the interval holds the true mean stays as it is. */
struct stats_summary stats_within(struct stats_summary summary, double least, double most);

/* As text in out, 3 digits: "0.912 ± 0.031"; "0.944 (0.705 to 1.000)" where the two sides differ; "0.944" of
 * one value; "-" of none. Always terminated. */
void stats_text(char *out, size_t size, const struct stats_summary *summary);

/* A mean number of things as text in out, a decimal where it is not whole: "1170", "8.7"; "-" when it
 * is NaN. Always terminated. */
void stats_count_text(char *out, size_t size, double mean);

/* Two-sided p of Student's t with df > 0 degrees of freedom; NaN outside. */
double stats_t_p(double t, double df);

/* A mean or a difference of means with an interval and the p of "it is 0". */
struct stats_test {
    int n; /* values, or pairs; of two groups the smaller one's */
    double mean, low, high, p;
};

/* Corrected resampled t-test: is the mean of d (n) differences 0, when each comes from another split
 * of the same images?
 *     t = mean / sqrt((1/n + n_test/n_train) s^2), n - 1 degrees of freedom
 * test_ratio is n_test / n_train of one split: 1 / (k - 1) for k folds. The training sets overlap, so
 * differences are not independent; the second term makes up for it (Nadeau and Bengio, Machine Learning 52,
 * 2003; for repeated k-fold Bouckaert and Frank 2004). NaN in d are left out. n < 2: no interval, no p.
 * Differences that do not vary: p 1 when they are 0, NaN otherwise, because a spread of 0 estimates
 * nothing. */
struct stats_test stats_corrected_t(const double *d, int n, double test_ratio, double level);

/* Welch's t-test: mean of x (nx) minus mean of y (ny), variances not taken as equal. NaN are left out; fewer
 * than two values on a side: no interval, no p. */
struct stats_test stats_welch(const double *x, int nx, const double *y, int ny, double level);

/* Holm's step-down adjustment of n p values for being many: adjusted (n), each at most 1. A NaN stays NaN and
 * is not counted. scratch (2 n). None of them may overlap. */
void stats_holm(const double *p, int n, double *adjusted, double *scratch);

/* Mean recall over the classes present of a confusion matrix (c, c), rows true, columns predicted; negative
 * cells are unused ones. NaN when no class is present. */
double stats_balanced_accuracy(const int *confusion, int c);

/* Share of such a matrix that is on its diagonal; NaN when nothing is in it. */
double stats_accuracy(const int *confusion, int c);

#endif
