/* job_seconds.h - what jobs took: seconds from start to end of a job on its core, judging included, of jobs
 * that ran in one go (attempts 1).
 *
 *     double *seconds = NULL;
 *     if (job_seconds_read(store, &seconds, &err) < 0) ...
 *     n = job_seconds_list(seconds, group, x);
 *     median = job_seconds_median(x, n);
 *     free(seconds);
 *
 * Another machine has others, and what else it does counts. Medians, because the first job of a rank may wait
 * for its images. No MPI. */
#ifndef CELLSWEEP_JOB_SECONDS_H
#define CELLSWEEP_JOB_SECONDS_H

#include "stats/summary.h"

/* *out (jobs of the file): seconds, NaN of those that did not run in one go; freed by the caller, also after
 * a failure. E_IO. */
int job_seconds_read(struct store *store, double **out, struct err *err);

/* Seconds of the timed jobs of a group into x (room for its finished jobs). Returns how many. */
int job_seconds_list(const double *seconds, const struct summary_group *group, double *x);

/* Of x (n), which is sorted; NaN of none. */
double job_seconds_median(double *x, int n);

#endif
