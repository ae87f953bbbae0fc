/* cuts.h - what a threshold on the probability of the positive class makes of test images: rates and counts
 * of the groups of a summary at 101 thresholds, of two classes.
 *
 *     struct cuts cuts;
 *     if (cuts_of_group(predicted, &summary->group[g], &cuts, &err) < 0) ...
 *     cuts.value[CUT_SENSITIVITY][50].mean                                at a threshold of 0.5
 *
 * An image is taken for positive when its probability is above the threshold; at it, where the positive
 * class is the first one, as the first largest probability of scores.h has it: so 0.5 gives what is stored.
 * Every finished job is cut by itself; means and intervals are those of scores on test (replicates.h). They
 * say what a threshold gives, not what choosing it by these numbers gives: that is a choice on the reported
 * set. No MPI. */
#ifndef CELLSWEEP_CUTS_H
#define CELLSWEEP_CUTS_H

#include "stats/predicted.h"
#include "stats/summary.h"

enum { CUTS_POINTS = 101 };

/* Rates: of positives found, of others left alone, of what is taken for positive that is, 2 TP / (2 TP + FP
 * + FN); then images a job. */
enum {
    CUT_SENSITIVITY,
    CUT_SPECIFICITY,
    CUT_PRECISION,
    CUT_F1,
    CUT_TP,
    CUT_FP,
    CUT_FN,
    CUT_TN,
    N_CUT_VALUES,
    N_CUT_RATES = CUT_TP
};

/* "sensitivity", ..., "tn". */
extern const char *const cut_names[N_CUT_VALUES];

struct cuts {
    int positive; /* the class (class_name.h); CLASS_NONE: there are not two, and every n is 0 */
    struct stats_summary value[N_CUT_VALUES]
                              [CUTS_POINTS]; /* undefined in a job, as a precision of nothing: not in n */
};

/* Threshold k, 0 to 1. */
double cuts_place(int k);

/* Values of one set of predictions (two classes): value[v * CUTS_POINTS + k]; NaN where undefined, all of
 * them with a NaN among the probabilities. */
void cuts_of_set(const struct scores_input *input, double value[N_CUT_VALUES * CUTS_POINTS]);

/* predicted: of the store of the group. E_IO. */
int cuts_of_group(struct predicted *predicted, const struct summary_group *group, struct cuts *out,
                  struct err *err);

#endif
