/* rate.h - the learning rate of every training step.
 *
 *     double rate = rate_at(&config, step, n_steps);
 *
 * Steps count from 0; n_steps is what train.epochs of a network's own mini-batches make, also where a job
 * stops earlier, and whatever other networks of an ensemble have. With r = train.learning_rate, as PyTorch's
 * schedulers stepped once a step:
 *     constant   r
 *     step       r * factor^k, k milestones reached: MultiStepLR, milestones in epochs from the beginning
 *     cosine     r (1 + cos(pi t / T)) / 2 over what the warm-up leaves: CosineAnnealingLR(T_max = T)
 *     one-cycle  OneCycleLR(max_lr = r, total_steps = n_steps), all else at its defaults but for the
 *                momentum, which stays as it is: from r / 25 by a cosine up to r in 30 % of the steps, then
 *                down to r / 250 000
 * A warm-up of W steps (train.warmup in epochs, rounded to steps) goes before the first three: r * (t + 1) /
 * W at step t, LinearLR(start_factor = 1 / W, total_iters = W - 1). Pure functions, no MPI. */
#ifndef CELLSWEEP_RATE_H
#define CELLSWEEP_RATE_H

#include "settings/config.h"

struct rate_settings {
    double learning_rate;
    char schedule[CONFIG_WORD_SIZE]; /* "constant", "step", "cosine", "one-cycle" */
};

/* Of struct rate_settings; and what only some schedules read. */
extern const struct section rate_section, rate_step_section, rate_warmup_section;

/* 1 when the schedule of config reads a section, one of the last two. */
int rate_reads(const struct config *config, const struct section *section);

/* 0, or E_USAGE when milestones or warm-up do not fit train.epochs. */
int rate_check(const struct config *config, struct err *err);

/* Of a step, 0 <= step < n_steps; n_steps is a multiple of train.epochs. */
double rate_at(const struct config *config, int64_t step, int64_t n_steps);

#endif
