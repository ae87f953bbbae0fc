/* groups.h - whole groups of images (slides, animals) dealt to the two sides of a holdout, or to folds.
 *
 * Every seed and repeat draws a deal of its own. Groups in random order go one after the other where the
 * class shares over the parts grow least uneven; a class is kept from running out of groups while a part
 * still lacks it. A part of target share t counts 1/t, which is the standard deviation over equal folds and
 * its like for the sides of a holdout. Random exchanges of groups then even the deal out, until it is within
 * tolerance of the most even deal that is known: that of StratifiedGroupKFold of scikit-learn, where those
 * groups come first whose class counts vary most. It is the same for every seed, so it is no split to redraw;
 * only when no random deal comes near enough it is what is taken.
 *
 * How far a deal departs: of every part, class by class and in all, its samples from its share of them, but
 * for one sample, over what the smallest part should have of them; the greatest of these. No MPI. */
#ifndef CELLSWEEP_GROUPS_H
#define CELLSWEEP_GROUPS_H

#include "samples/split.h"

/* A random deal departs at most so much further from its shares than the most even one: 0.25. A holdout of a
 * fifth judges 15 % to 25 % of every class, where groups allow a fifth. */
extern const double groups_tolerance;

/* Mark in held (task->samples->n, zeroed by the caller) what the fold of task->config, or its
 * holdout, judges: no group of task->group has samples in and out of it. All folds of a repeat are
 * parts of one deal, every class is in two of them or more, and a holdout has every class on both
 * sides. E_USAGE naming the cluster and its number of groups when it has fewer than there are parts,
 * or when no such deal was found; E_IO without memory. */
int groups_hold(const struct split_task *task, struct rng *rng, unsigned char *held, struct err *err);

#endif
