/* tuning.h - rank 0's part of tuning while a sweep runs: what the results file says of trials, which of them
 * and which tuned jobs the schedule may hand out, who is pruned. trials.h decides. No MPI. */
#ifndef CELLSWEEP_TUNING_H
#define CELLSWEEP_TUNING_H

#include "run/run_state.h"

/* Make run->trials from what the rows of this run say; nothing for a sweep that tunes nothing. state: (rows)
 * as they are in the file, those of trials that are out become JOB_PRUNED there and here, and those that may
 * go on again JOB_WAITING; open: (rows) 1 where a row may be handed out, else 0. */
int tuning_begin(struct run *run, int *state, char *open, struct err *err);

/* A report came in: open and prune what that decides. */
void tuning_report(struct run *run, const struct handout_report *report);

/* The hand-out's callback: epochs to pause after, and the chosen trial. self is the run. */
void tuning_order(void *self, int job, struct handout_order *order);

/* Score of a trial that has ended, from its row. */
double tuning_score(struct run *run, int job, int n_epochs);

#endif
