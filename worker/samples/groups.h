/* groups.h - whole groups of images (slides, animals) dealt to the two sides of a holdout, or to folds.
 *
 * Greedy, after StratifiedGroupKFold of scikit-learn: groups in random order, then those whose class counts
 * vary most first; each goes where the class shares over the parts grow least uneven. A part of target share
 * t counts 1/t, which is the standard deviation over equal folds and its like for the sides of a holdout.
 * Before that, a class is kept from running out of groups while a part still lacks it. No MPI. */
#ifndef CELLSWEEP_GROUPS_H
#define CELLSWEEP_GROUPS_H

#include "samples/split.h"

/* Mark in held (task->samples->n, zeroed by the caller) what the fold of task->config, or its
 * holdout, judges: no group of task->group has samples in and out of it. All folds of a repeat are
 * parts of one deal, every class is in two of them or more, and a holdout has every class on both
 * sides. E_USAGE naming the cluster and its number of groups when it has fewer than there are parts,
 * or when no such deal was found; E_IO without memory. */
int groups_hold(const struct split_task *task, struct rng *rng, unsigned char *held, struct err *err);

#endif
