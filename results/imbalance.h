/* imbalance.h - accuracy against imbalance, when a sweep controls it by the grid axis class_sizes.
 *
 * A value of class_sizes is the number of originals of each class, in the order of the job's clusters: "900-90". The figure
 * (trend.h) has the ratio of the largest to the smallest class on a logarithmic x axis, one line a strategy. No MPI. */
#ifndef CELLSWEEP_IMBALANCE_H
#define CELLSWEEP_IMBALANCE_H

#include "trend.h"

/* Largest and smallest of "900-90" (two numbers above 0, or more). 0 when the text is not of that kind: nothing is set. */
int imbalance_sizes(const char *text, long *largest, long *smallest);

/* 1 for the grid axis class_sizes. */
int imbalance_is_axis(const struct summary *summary, int axis);

/* How that axis is drawn. A value that is no list of sizes stands for the clusters as they are in the data. */
struct trend_axis imbalance_axis(int axis);

#endif
