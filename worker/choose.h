/* choose.h - what a running job chooses: the epoch whose networks judge it, and when it has learnt enough.
 *
 *     struct choice choice;
 *     rc = choose_begin(&config, n_val, &choice, &err);
 *     after every epoch: better = choose_epoch(&choice, epoch, &val, &err);     1: put these networks by
 *                        if (choose_stops(&choice, epoch)) the job ends
 *     choose_end(&choice);
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
#include "base/ranking.h"
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

/* Of a sweep that tunes: the metric of val that decides; and the score of a trial of this config whose curve
 * of it is n epochs long: that of the last one, with judge: best of the best one, as its weights would judge;
 * the larger the better (minus a loss), -INFINITY without. */
enum metric choose_trial_metric(const struct tune *tune);
double choose_trial_score(const struct tune *tune, const struct config *config, const float *curve, int n);

/* What the rest of a job needs to know of its epochs so far; all 0 at the beginning. Values: more is
 * better. */
struct choice_state {
    int best_epoch;       /* from 1; 0: none */
    float best_value;     /* of it */
    int progress_epoch;   /* the last one that was better by more than min_delta; 0: none */
    float progress_value; /* of it */
};

struct choice {
    const struct config *config;
    struct choice_state state;
    struct ranked *room; /* (images of the set), owned */
};

/* What an epoch came to on the set to choose on. Everything is only read. */
struct choice_set {
    const float *numbers; /* (N_METRICS) */
    const float *probs;   /* (n, n_classes) */
    const int *label;     /* (n) class index */
    int n, n_classes;
};

/* Begin, for sets of n images. E_IO without memory. */
int choose_begin(const struct config *config, int n, struct choice *out, struct err *err);

/* Epoch `epoch`, from 1 and one after the other, is done: 1 when it is the best so far. */
int choose_epoch(struct choice *choice, int epoch, const struct choice_set *val);

/* 1 when the job ends with epoch `epoch`, the last that choose_epoch() was told. */
int choose_stops(const struct choice *choice, int epoch);

void choose_end(struct choice *choice);

#endif
