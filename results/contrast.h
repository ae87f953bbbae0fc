/* contrast.h - the difference of two cells of a sweep, with an interval and a p, by the test that fits what they share.
 *
 * Pairs (same seed, repeat and fold: same split, same initial weights):
 *     splits of the same images (kfold, holdout)   corrected resampled t-test and its interval       (stats.h)
 *     runs with different seeds                    sign-flip test; interval BCa from 10 pairs on, below Student's t, because
 *                                                  the bootstrap of fewer values is too narrow        (resample.h)
 * No pairs: Welch's t-test. One cell against a number: the tests for pairs, of the differences from it.
 *
 * What any of them speaks about: other seeds or splits of these images, not other mice. No MPI. */
#ifndef CELLSWEEP_CONTRAST_H
#define CELLSWEEP_CONTRAST_H

#include "units.h"

/* The level under which a p, adjusted for how many there are, counts. */
extern const double contrast_alpha;

struct contrast {
    int n;                          /* pairs, or values of the smaller side; those with a NaN are left out */
    double mean;                    /* of the differences first - second; NaN: n is 0 */
    double low, high;               /* summary_level interval; NaN when n < 2 */
    double p;                       /* two-sided, of "no difference", by `method` */
    const char *method;             /* "sign flip, BCa", ...; a constant */
    double p_sign_flip, p_wilcoxon; /* beside it, for whoever prefers them; NaN without pairs */
    double smallest_p;              /* that n differences can reach by `method` */
};

enum verdict { VERDICT_BETTER, VERDICT_WORSE, VERDICT_NONE, VERDICT_IMPOSSIBLE, VERDICT_MISSING };

/* Units of a minus those of b with the same seed, repeat and fold. */
int contrast_paired(const struct units_group *a, const struct units_group *b, struct contrast *out,
                    struct err *err);

/* Mean over folds and repeats of each seed of a minus that of b: paired when two seeds or more are shared, else Welch's test
 * of repeats. For cells of different protocols. */
int contrast_by_seed(const struct units_group *a, const struct units_group *b, struct contrast *out,
                     struct err *err);

/* Units of a minus a number. */
int contrast_constant(const struct units_group *a, double constant, struct contrast *out, struct err *err);

/* What a contrast among `family` others says of the first side: BETTER or WORSE (by the sign of better, see scores.h) when
 * p_adjusted is below contrast_alpha; IMPOSSIBLE when no data could have made it so; MISSING without two differences. */
enum verdict contrast_verdict(const struct contrast *contrast, double p_adjusted, int family, int better);

/* "better", "no evidence", "cannot be significant with n = 4", ... in out. */
void contrast_verdict_text(char *out, size_t size, enum verdict verdict, const struct contrast *contrast,
                           int family);

#endif
