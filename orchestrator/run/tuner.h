/* tuner.h - synchronous successive halving of the trials of one job (Jamieson and Talwalkar 2016).
 *
 *     tuner_new(n_trials, n_seeds, n_rungs, keep, &tuner, &err)
 *     tuner_score(tuner, trial, seed, rung, score)          as they come in, in any order
 *     tuner_rung(tuner, trial)                               how far it may go now
 *     tuner_chosen(tuner)                                    -1, until all is known
 *
 * All trials run to rung 0. When every trial that is open to a rung has its score there in every seed, the
 * best share `keep` of them, by the mean over seeds, at least one, goes on to the next, and trial 0 with
 * them; the others are out. The best at the last rung is chosen. Ties: the lower trial. A trial with a seed
 * that diverged or failed (-INFINITY) never goes on. Decisions hang on the scores alone, not on their order:
 * a run that is gone on with from its results file decides the same. It owns no file and sends no message. */
#ifndef CELLSWEEP_TUNER_H
#define CELLSWEEP_TUNER_H

#include "err.h"

struct tuner;

/* n_trials, n_seeds, n_rungs >= 1; keep: {1, 3} is a third. *out is owned by the caller. */
int tuner_new(int n_trials, int n_seeds, int n_rungs, const int keep[2], struct tuner **out, struct err *err);

/* The score of a trial's seed after the epochs of a rung, the larger the better; -INFINITY: it diverged or
 * failed before, which holds for the rungs behind this one, too. No NaN. Scores of rungs that the trial is
 * not open to count for nothing until it is. */
void tuner_score(struct tuner *tuner, int trial, int seed, int rung, double score);

/* The last rung that a trial is open to. */
int tuner_rung(const struct tuner *tuner, int trial);

/* 1 when a trial will not go on from there: others are better, or no trial can go on. */
int tuner_is_out(const struct tuner *tuner, int trial);

/* 1 when a seed of a trial has something to do: a score of a rung it is open to is missing. */
int tuner_waits_for(const struct tuner *tuner, int trial, int seed);

/* The trial that is best after all its epochs; -1: not yet known. */
int tuner_chosen(const struct tuner *tuner);

void tuner_free(struct tuner *tuner);

#endif
