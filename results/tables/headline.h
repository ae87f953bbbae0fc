/* headline.h - a sweep in three sentences and its warnings, for whoever reads nothing else.
 * "Setting": all but one factor the same, where its values, strategies say, are compared; "combination": a
 * setting and a strategy, a group of summary.h; because "cell" is taken. No MPI. */
#ifndef CELLSWEEP_HEADLINE_H
#define CELLSWEEP_HEADLINE_H

#include "tables/findings.h"

#include <stdio.h>

/* What was run, as far as it is shown, and what a filter left out. */
void headline_run(FILE *file, const struct summary *summary);

/* What came out, of all jobs of the file, whatever is shown. Settings are counted that have no flaw
 * (compare.h) and whose test images have no copies in training; those that have count only when there
 * are no others, and it says so. All comparisons of the settings that count, on the test set, are one family:
 * a difference is significant when its p, adjusted by Holm for all of them, is below contrast_alpha, so that
 * with any number of settings the chance to call a difference significant where there is none stays below it.
 * A strategy is named only when it is significantly better than every other of its setting. When more are
 * significant setting by setting (p_holm of compare.h), that is said with what chance may give:
 * contrast_alpha of the settings. The same of every other factor that findings compare, "Models: ..." */
void headline_outcome(FILE *file, const struct findings *findings);

/* How far test images are in training, too: of the jobs that are finished, and says so
 * when some are not. */
void headline_leak(FILE *file, const struct summary *summary);

/* What picking the epoch on the test set would have feigned, in the mean of all combinations and at most;
 * nothing when no finished job has several epochs. */
void headline_selection(FILE *file, const struct findings *findings);

/* What limits all of it, a line each; nothing when nothing does. Settings without a verdict are named,
 * jobs whose numbers are made up counted, and factors told that have too many values for some tables, of all
 * jobs of the file. */
void headline_warnings(FILE *file, const struct findings *findings);

#endif
