/* stopwatch.h - how long a piece of work of one thread takes on a machine that others use too: medians of
 * repeated runs, by the CPU time of the calling thread, which stands still while another process has its
 * turn. What others cost it beyond that (caches, memory, clock rate) is in the time. */
#ifndef CELLSWEEP_STOPWATCH_H
#define CELLSWEEP_STOPWATCH_H

#include <stddef.h>

/* CPU seconds of the calling thread so far. */
double stopwatch_now(void);

/* Median seconds of work(context): one run to warm up, then at least 5 runs and at most 4096, about `seconds`
 * of CPU in all. */
double stopwatch_median(void (*work)(void *context), void *context, double seconds);

/* Median of n values, which it sorts. n at least 1. */
double stopwatch_median_of(double *value, size_t n);

#endif
