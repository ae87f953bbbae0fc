/* shared_groups.h - how many of the images that judge a job have images of their group (slide, animal) among
 * those it trains on: the leak that a split by groups keeps out. No MPI. */
#ifndef CELLSWEEP_SHARED_GROUPS_H
#define CELLSWEEP_SHARED_GROUPS_H

#include "store/store.h"

/* *share: the mean over n finished jobs (rows in job) of the share, 0 to 1, of their test images whose group
 * is that of an original they train on, itself or a copy of it. Images without a group share none. NaN of no
 * job, and where no image of the file has a group. E_IO when the file cannot be read. */
int shared_groups(struct store *store, const int *job, int n, double *share, struct err *err);

#endif
