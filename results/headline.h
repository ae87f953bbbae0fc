/* headline.h - a sweep in three sentences and its warnings, for whoever reads nothing else.
 * "Setting": the same clusters, protocol and other axes, where strategies are compared; "combination": a setting and a strategy, a
 * group of summary.h; because "cell" is taken. No MPI. */
#ifndef CELLSWEEP_HEADLINE_H
#define CELLSWEEP_HEADLINE_H

#include "findings.h"

#include <stdio.h>

/* What was run. */
void headline_run(FILE *file, const struct summary *summary);

/* What came out: a strategy is named only when it is significantly better than every other of its setting. Settings judged on images that
 * have copies in training count only when there are no others, and it says so. findings: NULL when no job is finished. */
void headline_outcome(FILE *file, const struct summary *summary, const struct findings *findings);

/* How far validation images are in training, too. */
void headline_leak(FILE *file, const struct summary *summary);

/* What limits all of it, a line each; nothing when nothing does. */
void headline_warnings(FILE *file, const struct summary *summary);

#endif
