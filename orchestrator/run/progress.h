/* progress.h - what a running sweep tells on stderr: one live line on a terminal, plain lines every 30 s
 * otherwise, and a line for every job that failed or diverged when it happens. Rank 0 only. No MPI. */
#ifndef CELLSWEEP_PROGRESS_H
#define CELLSWEEP_PROGRESS_H

#include "run/handout.h"

struct progress;

/* n_jobs: jobs of this run. quiet: only failures are told. NULL with *err set when
 * there is no memory. */
struct progress *progress_new(int n_jobs, int quiet, struct err *err);

/* Redraw when it is time to. Cheap: looks at the clock. */
void progress_tick(struct progress *progress, const struct handout_counts *counts);

/* One line about a job, above the live line. */
void progress_say(struct progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Wipe the live line. */
void progress_finish(struct progress *progress);

/* Seconds since progress_new. */
double progress_seconds(const struct progress *progress);

void progress_free(struct progress *progress);

/* "1:02:03", "2:03", "45 s", "0.3 s" from seconds; "?" for NaN. Returns out. */
const char *progress_duration(double seconds, char *out, int size);

#endif
