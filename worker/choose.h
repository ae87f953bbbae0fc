/* choose.h - what a running job chooses: the epoch whose networks judge it, and when it has learnt enough.
 *
 *     struct choice choice = {.config = &config};
 *     after every epoch: better = choose_epoch(&choice, epoch, numbers[SET_VAL]);  1: put these networks by
 *                        if (choose_stops(&choice, epoch)) the job ends
 *
 * It sees one set, that to choose on, and is never handed the images that a job is judged by: whatever
 * chooses sees only val, whatever is reported is test. A job that chooses and has no val is refused; with
 * allow_choice_on_test its caller hands over test in the place of val, and every number of the job is one
 * that was chosen on the reported set.
 *
 * An epoch is better than another by `train.stop.on`: the higher balanced accuracy, the lower loss, the
 * higher AUROC (ranking_macro_auroc); of equals the first one is. An epoch whose value or loss is not finite
 * is none, and so are those of a strategy's first stage (balance_choose_from()), whose networks are not yet
 * what the strategy makes of them. A job stops when patience epochs have passed, from epoch train.stop.from
 * and that stage on, without one that was better by more than train.stop.min_delta than the last such one.
 * No MPI. */
#ifndef CELLSWEEP_CHOOSE_H
#define CELLSWEEP_CHOOSE_H

#include "base/metrics.h"
#include "err.h"
#include "settings/config.h"
#include "settings/tune.h"

/* judge and train.stop.patience, of models that learn by epochs; train.stop.on of jobs that choose; the rest
 * of train.stop of those that stop early; allow_choice_on_test of jobs that choose and read no inner set. */
extern const struct section choose_section, choose_on_section, choose_stop_section, choose_allow_section;
int choose_is_used(const struct config *config, const struct section *section);
int choose_on_is_used(const struct config *config, const struct section *section);
int choose_stop_is_used(const struct config *config, const struct section *section);
int choose_allow_is_used(const struct config *config, const struct section *section);

/* Epochs without a better one after which a job of this config ends; 0: it never ends early. */
int choose_patience(const struct config *config);

/* 1 when a job of this config is judged by its best epoch; and when it chooses anything, that or its end. */
int choose_best(const struct config *config);
int choose_any(const struct config *config);

/* 0, or E_USAGE with the line that mends it for a job that chooses, has n_val images to do it on, and is not
 * allowed to do it on the test set; and for one whose patience is too long for it to ever end early. */
int choose_check(const struct config *config, int n_val, struct err *err);

/* What the rest of a job needs to know of its epochs so far; all 0 at the beginning. Values: more is
 * better. */
struct choice_state {
    int best_epoch;       /* from 1; 0: none */
    float best_value;     /* of it */
    int progress_epoch;   /* the last one that was better by more than min_delta; 0: none */
    float progress_value; /* of it */
};

/* Begins with config alone. */
struct choice {
    const struct config *config;
    struct choice_state state;
};

/* Epoch `epoch`, from 1 and one after the other, is done, with these numbers of the set to choose on: 1 when
 * it is the best so far. */
int choose_epoch(struct choice *choice, int epoch, const float numbers[N_ALL_METRICS]);

/* 1 when the job ends with epoch `epoch`, the last that choose_epoch() was told. */
int choose_stops(const struct choice *choice, int epoch);

/* Curves of a trial of tuning on the set that it chooses on: of the metric that decides between trials
 * (`choose` of tune), and of train.stop.on, by which it chooses its epoch. */
struct trial_curves {
    float *score, *on; /* (n_epochs) each */
};

/* E_IO without memory; then and after choose_curves_free() there is nothing in it. */
int choose_curves_new(int n_epochs, struct trial_curves *out, struct err *err);
void choose_curves_free(struct trial_curves *curves);

/* Which metrics the two are of, for a trial of this config; and its numbers after an epoch, from 0. */
void choose_curves_metrics(const struct tune *tune, const struct config *config, enum metric out[2]);
void choose_curves_note(const struct tune *tune, const struct config *config, int epoch,
                        const float numbers[N_ALL_METRICS], struct trial_curves *curves);

/* What decides between trials after n epochs of one of this config: the metric at the epoch whose networks
 * would judge then, the last one or with judge: best the best one; the larger the better (minus a loss),
 * -INFINITY without. */
double choose_trial_score(const struct tune *tune, const struct config *config,
                          const struct trial_curves *curves, int n);

#endif
