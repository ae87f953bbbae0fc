/* clock.h - the time, in seconds.
 *
 * clock_now() measures durations: it never goes back, and begins anywhere. clock_wall() is the time of day,
 * since 1970, which files and other hosts understand; somebody may set it. No MPI. */
#ifndef CELLSWEEP_CLOCK_H
#define CELLSWEEP_CLOCK_H

#include <time.h>

double clock_read(clockid_t clock);
double clock_now(void);
double clock_wall(void);

/* A number of seconds, at least 0, as the system's calls want it. */
struct timespec clock_span(double seconds);

/* `seconds` from now on a clock, for calls that wait until then. */
struct timespec clock_after(clockid_t clock, double seconds);

#endif
