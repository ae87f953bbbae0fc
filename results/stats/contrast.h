/* contrast.h - the difference of two cells of a sweep, with an interval and a p, by the test that fits what
 * they share. Every number is of the pairs that were tested, the two means beside the difference too.
 *
 * Pairs (same seed, repeat and fold: same initial weights and, but for strategies that resample under report
 * and tail, see split.h, the same split):
 *     splits of the same images (kfold, holdout)   corrected resampled t-test and its interval    (stats.h)
 *     runs with different seeds                    sign-flip test; interval BCa from 30 pairs on, below
 *                                                  Student's t: of 10 normal values BCa holds the mean in
 *                                                  90 %, t in 95 % (resample.h)
 * Splits of protocol report share images as well, and intervals of means allow for it (summary.h).
 * Its pairs stay with sign flips and a plain interval: strategies that resample do not share the
 * split there, which the corrected test supposes. No pairs: Welch's t-test. One cell against a
 * number: the tests for pairs, of the differences from it.
 *
 * Differences vary when the largest is above the smallest by more than contrast_slack times the largest size
 * of a value that was compared (metrics are stored in single precision). A t-test of differences that do not
 * vary would divide by 0. They are all 0, as far as contrast_slack tells: p is 1. Else p is that of the
 * sign-flip test, 2 / 2^n, and the interval has no width. Where neither side of Welch's test varies, p is the
 * share of all ways to deal the values to two sides of these sizes that lie as far apart: 1 / C(n + m, n),
 * twice that for sides of the same size.
 *
 * Values that are equal tie, whatever rounding did to them (replicates.h): differences are one in sign flips,
 * ranks and the bootstrap when they are closer than 4 rounding + 1e-12 of the largest size of a value that
 * was compared (2.4e-7 for a stored metric: two differences, each of two values that are off by 2^-24).
 *
 * What any of them speaks about: other seeds or splits of these images, not other mice. No MPI. */
#ifndef CELLSWEEP_CONTRAST_H
#define CELLSWEEP_CONTRAST_H

#include "stats/replicates.h"

/* The level under which a p, adjusted for how many there are, counts. */
extern const double contrast_alpha;

/* What single precision may do to a number, relative to it: 1e-6. */
extern const double contrast_slack;

struct contrast {
    /* pairs, those of runs of one split being one, or values of the smaller side; without a NaN */
    int n;
    double mean;                    /* of the differences first - second; NaN: n is 0 */
    double mean_first, mean_second; /* of what was compared: with pairs, of the n pairs alone; NaN: n is 0 */
    double low, high;               /* summary_level interval; NaN when n < 2 */
    double p;                       /* two-sided, of "no difference", by `method` */
    const char *method;             /* "sign flip, BCa interval", ...; a constant */
    double p_sign_flip, p_wilcoxon; /* beside it, for whoever prefers them; NaN without pairs */
    double smallest_p;              /* that n differences can reach by `method`; 0: any */
};

enum verdict {
    VERDICT_BETTER,
    VERDICT_WORSE,
    VERDICT_NONE,       /* no evidence */
    VERDICT_IMPOSSIBLE, /* no data could be evidence */
    VERDICT_MISSING,    /* fewer than two differences */
    VERDICT_LACKING,    /* of jobs that were judged without a class */
    VERDICT_REPEATED,   /* of runs of one split that was drawn again and again */
    VERDICT_SEEN        /* of images that were trained on */
};

/* Replicates of a minus those of b with the same seed, repeat and fold. Where the splits of the two sides
 * have different shares of judging images, as with other sizes of classes, the test allows for the larger. */
int contrast_paired(const struct replicates_group *a, const struct replicates_group *b, struct contrast *out,
                    struct err *err);

/* Mean over folds and repeats of each seed of a minus that of b: paired when two seeds or more are shared,
 * else Welch's test of repeats. For cells of different protocols. */
int contrast_by_seed(const struct replicates_group *a, const struct replicates_group *b, struct contrast *out,
                     struct err *err);

/* Units of a minus a number. */
int contrast_constant(const struct replicates_group *a, double constant, struct contrast *out,
                      struct err *err);

/* Cut the interval to what is possible: two values of a metric, of scores.h or stored, are never
 * further apart than its range. No value inside is lost, so how often the interval holds the true
 * difference stays as it is. */
void contrast_within(struct contrast *contrast, const char *metric);

/* The same of the difference from a number: a share that is 0.28 above 0.72 is 1. */
void contrast_within_of(struct contrast *contrast, const char *metric, double constant);

/* What a contrast says of the first side: BETTER or WORSE (by the sign of better, see scores.h) when
 * p_adjusted is below contrast_alpha; IMPOSSIBLE when no data could have made it so: p_reachable, the same
 * adjustment of every smallest_p of the family, is not below it either; MISSING without two differences. */
enum verdict contrast_verdict(const struct contrast *contrast, double p_adjusted, double p_reachable,
                              int better);

/* "better", "no evidence", "cannot be significant with n = 4 in 10 comparisons", ... in out. */
void contrast_verdict_text(char *out, size_t size, enum verdict verdict, const struct contrast *contrast,
                           int family);

#endif
