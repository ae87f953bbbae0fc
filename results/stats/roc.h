/* roc.h - ROC and precision-recall curves of the groups of a summary, with the areas that table scores has.
 *
 *     struct roc *roc = NULL;
 *     if (roc_new(store, summary, &roc, &err) < 0) ...
 *     roc->group[g].curve[ROC_TPR][5].mean
 *     roc_free(roc);
 *
 * Every finished job has a curve of its own test images (roc_curve.h); mean and interval are taken over
 * jobs at each place by itself, as those of scores on test (replicates.h): runs of one split are one, and
 * the interval allows for splits that share images. It is an interval at one place, not a band that holds
 * the whole curve at once. No MPI. */
#ifndef CELLSWEEP_ROC_H
#define CELLSWEEP_ROC_H

#include "stats/roc_curve.h"
#include "stats/summary.h"

/* Areas, and the height of a precision-recall curve of guesses. */
enum { ROC_AUROC, ROC_AUPRC, ROC_PREVALENCE, N_ROC_AREAS };

struct roc_group {
    /* the class (class_name.h) that curves are of; CLASS_NONE: of several, each against the rest */
    int positive;
    struct stats_summary curve[N_ROC_CURVES][ROC_POINTS];
    struct stats_summary area[N_ROC_AREAS]; /* scores of scores.h of the same jobs */
};

struct roc {
    int n_groups;
    struct roc_group *group; /* (n_groups) as in the summary; owned */
};

/* *out is owned by the caller. Groups without a finished job, or without a defined curve, have n 0. E_IO. */
int roc_new(struct store *store, const struct summary *summary, struct roc **out, struct err *err);

/* 1 when a group has curves to show: where all test images are of one class there is no ROC, and precision
 * is 1 whatever is said. */
int roc_has(const struct roc_group *group);

void roc_free(struct roc *roc);

#endif
