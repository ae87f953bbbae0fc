/* deadline.h - when a run must have ended: --time, or the end that Slurm has set for its job,
 * whichever comes first. No MPI. */
#ifndef CELLSWEEP_DEADLINE_H
#define CELLSWEEP_DEADLINE_H

#include "err.h"

#include <stddef.h>

/* Seconds of "[[D-]HH:]MM:SS" or "SECONDS" (a whole or decimal number > 0); negative for anything else. */
double deadline_parse(const char *text);

/* The end in seconds since 1970, INFINITY without one. own: the end that the user gave, or INFINITY. Inside a
 * Slurm job its end comes from SLURM_JOB_END_TIME, else from squeue; a job without a time limit, or whose end
 * nobody tells, has none. */
double deadline_find(double own);

#endif
