/* marginal.h - one factor of a grid at a time: groups averaged over the axes.
 *
 *     struct marginal *marginal = NULL;
 *     if (marginal_new(summary, FACTOR_AXES + axis, &marginal, &err) < 0) ...
 *     marginal->summary.group[0].final[SET_TEST][METRIC_BALANCED_ACCURACY]
 *     marginal_free(marginal);
 *
 * A group of the new summary is one value of the factor for clusters, strategy, protocol and model; the other
 * axes are "", also those that belong to a strategy or a model. Groups that do not read the factor are left
 * out. A combination of the other axes counts only where it has finished jobs at as many values of
 * the factor as any of its clusters, strategy, protocol and model, so that no value is averaged over other
 * combinations than the next. Of `final`, n is the number of combinations, mean the mean of their means, sd
 * their standard deviation, low and high the smallest and the largest of them: the values of a grid are
 * chosen, not drawn, so this is a range and no interval. No MPI. */
#ifndef CELLSWEEP_MARGINAL_H
#define CELLSWEEP_MARGINAL_H

#include "stats/summary.h"

struct marginal {
    struct summary
        summary;    /* of the same store; for trend.h: final[SET_TEST], jobs and states of groups, varying */
    int n_left_out; /* combinations with finished jobs that lack some value of the factor */
    struct store_job *cell; /* (summary.n_groups) owned */
};

/* factor: model or an axis (combination.h). summary must outlive *out, which is owned by the caller. There
 * may be no group. E_IO without memory. */
int marginal_new(const struct summary *summary, int factor, struct marginal **out, struct err *err);

void marginal_free(struct marginal *marginal);

#endif
