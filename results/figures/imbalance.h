/* imbalance.h - accuracy against imbalance, when a sweep controls it by the grid axis class_sizes.
 *
 * A value of class_sizes is the number of originals of each class, in the order of the job's
 * clusters: "900-90". The figure (trend.h) has the ratio of the largest to the smallest class on a
 * logarithmic x axis, one line a strategy. Where sizes of the same clusters have the same ratio,
 * those with another largest class, or another number of images in it, are on pages of their own:
 * 40-10 and 10-40 are two problems. No MPI. */
#ifndef CELLSWEEP_IMBALANCE_H
#define CELLSWEEP_IMBALANCE_H

#include "figures/trend.h"

/* 1 for the grid axis class_sizes. */
int imbalance_is_axis(const struct summary *summary, int factor);

/* How that axis is drawn. A value that is no list of sizes stands for the clusters as they are in the
 * data. */
struct trend_axis imbalance_axis(int factor);

#endif
