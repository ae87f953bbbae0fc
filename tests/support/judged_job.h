/* judged_job.h - jobs of a store_fixture.h sweep that judge images as a test says. */
#ifndef CELLSWEEP_JUDGED_JOB_H
#define CELLSWEEP_JUDGED_JOB_H

#include "store/store.h"

enum { JUDGED_MOST = 12 };

/* Write a finished job that judged n images, at most JUDGED_MOST, with probabilities of
 * cluster 10. Of /images 0 to 6 are of cluster 8 (class 0), 7 to 11 of cluster 10 (class 1).
 * leak: of these, seen in training. */
void judged_write(struct store *to, int job, int leak, int n, const int *image, const float *p_of_10);

#endif
