#include "choose.h"

#include "models/model.h"
#include "samples/inner.h"
#include "strategies/balance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- settings ---- */

struct judge {
    char by[CONFIG_WORD_SIZE];
    int64_t patience;
};

static const struct setting judge_settings[] = {
    {"judge", SETTING_WORD, offsetof(struct judge, by), 0, 0, "auto", "auto|final|best",
     "which epoch's network judges and is kept: final, the last one; best, by train.stop.on on the inner "
     "set; auto: best where train.stop.patience is above 0, else final"},
    {"train.stop.patience", SETTING_INT, offsetof(struct judge, patience), 0, 100000, "0", NULL,
     "epochs without a better one on the inner set after which a job ends; 0: never"},
    {0},
};

static const struct setting on_settings[] = {
    {"train.stop.on", SETTING_WORD, 0, 0, 0, "balanced_accuracy", "balanced_accuracy|loss|auroc",
     "number of the inner set by which an epoch is better than another"},
    {0},
};

struct stop {
    int64_t from;
    double min_delta;
};

static const struct setting stop_settings[] = {
    {"train.stop.from", SETTING_INT, offsetof(struct stop, from), 0, 100000, "0", NULL,
     "epoch from which patience counts"},
    {"train.stop.min_delta", SETTING_REAL, offsetof(struct stop, min_delta), 0, 1e6, "0", NULL,
     "how much better an epoch must be for patience to begin anew"},
    {0},
};

static const struct setting allow_settings[] = {
    {"allow_choice_on_test", SETTING_BOOL, 0, 0, 0, "false", NULL,
     "choose epochs, and tuned values, on the test set where there is no inner set, to reproduce published "
     "practice; every number of such a job is marked"},
    {0},
};

/* What auto comes to. */
static const char *judge_by_itself(const struct judge *judge)
{
    return judge->patience > 0 ? "best" : "final";
}

static void unify_judge(void *settings)
{
    struct judge *judge = settings;
    if (strcmp(judge->by, judge_by_itself(judge)) == 0)
        memcpy(judge->by, "auto", sizeof "auto");
}

const struct section choose_section = {
    .setting = judge_settings, .size = sizeof(struct judge), .unify = unify_judge};
const struct section choose_on_section = {.setting = on_settings, .size = CONFIG_WORD_SIZE};
const struct section choose_stop_section = {.setting = stop_settings, .size = sizeof(struct stop)};
const struct section choose_allow_section = {.setting = allow_settings, .size = sizeof(int)};

static const struct judge *judge_of(const struct config *config)
{
    return config_of(config, &choose_section);
}

int choose_is_used(const struct config *config, const struct section *section)
{
    const struct model_kind *kind = model_find(config->model);
    (void)section;
    return kind && kind->can & MODEL_EPOCHS;
}

int choose_stop_is_used(const struct config *config, const struct section *section)
{
    return choose_is_used(config, section) && judge_of(config)->patience > 0;
}

int choose_patience(const struct config *config)
{
    return choose_stop_is_used(config, NULL) ? (int)judge_of(config)->patience : 0;
}

int choose_best(const struct config *config)
{
    const struct judge *judge = judge_of(config);
    const char *by = strcmp(judge->by, "auto") == 0 ? judge_by_itself(judge) : judge->by;
    return choose_is_used(config, NULL) && strcmp(by, "best") == 0;
}

int choose_any(const struct config *config)
{
    return choose_best(config) || choose_stop_is_used(config, NULL);
}

int choose_on_is_used(const struct config *config, const struct section *section)
{
    (void)section;
    return choose_any(config);
}

int choose_allow_is_used(const struct config *config, const struct section *section)
{
    (void)section;
    return (choose_any(config) || config->is_tuned) && inner_of(config).kind == INNER_NONE;
}

static int is_allowed(const struct config *config)
{
    return choose_allow_is_used(config, NULL) && *(const int *)config_of(config, &choose_allow_section);
}

/* Epoch from which patience counts. */
static int64_t patient_from(const struct config *config)
{
    const struct stop *stop = config_of(config, &choose_stop_section);
    int64_t first = balance_choose_from(config) - 1;
    return stop->from > first ? stop->from : first;
}

/* E_USAGE when a job's patience is longer than the job. */
static int check_patience(const struct config *config, struct err *err)
{
    int64_t from = patient_from(config) > 1 ? patient_from(config) : 1;
    if (from + choose_patience(config) < config->epochs)
        return 0;
    return err_set(
        err, E_USAGE,
        "train.stop: with patience %d, counted from epoch %lld on, a job of %lld epochs never ends "
        "early; lower it, or leave it out (`judge: best` chooses without)",
        choose_patience(config), (long long)from, (long long)config->epochs);
}

int choose_check(const struct config *config, int n_val, struct err *err)
{
    if (choose_stop_is_used(config, NULL) && check_patience(config, err) < 0)
        return E_USAGE;
    const char *choice = choose_stop_is_used(config, NULL) ? "train.stop.patience chooses an epoch"
                         : choose_best(config)             ? "judge: best chooses an epoch"
                                                           : "tune chooses values";
    if ((!choose_any(config) && !config->is_tuned) || n_val > 0 || is_allowed(config))
        return 0;
    if (config->protocol.kind == PROTOCOL_GIVEN)
        return err_set(err, E_USAGE,
                       "%s, and set val of the images has none of some cluster to choose on; "
                       "leave the cluster out, or choose on the reported set: allow_choice_on_test: true",
                       choice);
    return err_set(err, E_USAGE,
                   "%s, and there is no set to choose on but the reported one; add "
                   "`inner: {share: 0.2}` (or, as published practice does: allow_choice_on_test: true)",
                   choice);
}

/* ---- choosing ---- */

/* The metric that a word of `choose` or train.stop.on names. */
static enum metric metric_named(const char *name)
{
    int m = METRIC_LOSS;
    while (m < N_ALL_METRICS - 1 && strcmp(metric_names[m], name) != 0)
        m++;
    return (enum metric)m;
}

static enum metric on_metric(const struct config *config)
{
    return metric_named(config_of(config, &choose_on_section));
}

/* More is better. */
static float worth(enum metric metric, float number)
{
    return metric == METRIC_LOSS ? -number : number;
}

static double min_delta_of(const struct config *config)
{
    const struct stop *stop = config_of(config, &choose_stop_section);
    return choose_stop_is_used(config, NULL) ? stop->min_delta : 0;
}

int choose_epoch(struct choice *choice, int epoch, const float numbers[N_ALL_METRICS])
{
    struct choice_state *state = &choice->state;
    enum metric on = on_metric(choice->config);
    float value = worth(on, numbers[on]);
    if (!isfinite(value) || !isfinite(numbers[METRIC_LOSS]) || epoch < balance_choose_from(choice->config))
        return 0;
    double gain = (double)value - (double)state->progress_value;
    if (state->progress_epoch == 0 || gain > min_delta_of(choice->config)) {
        state->progress_epoch = epoch;
        state->progress_value = value;
    }
    if (state->best_epoch > 0 && value <= state->best_value)
        return 0;
    state->best_epoch = epoch;
    state->best_value = value;
    return 1;
}

int choose_stops(const struct choice *choice, int epoch)
{
    int patience = choose_patience(choice->config);
    if (patience == 0)
        return 0;
    int64_t from = patient_from(choice->config), last = choice->state.progress_epoch;
    return epoch - (from > last ? from : last) >= patience;
}

/* ---- trials ---- */

int choose_curves_new(int n_epochs, struct trial_curves *out, struct err *err)
{
    out->score = err_calloc((size_t)n_epochs, sizeof *out->score, "the curves of a trial", err);
    out->on = err_calloc((size_t)n_epochs, sizeof *out->on, "the curves of a trial", err);
    if (out->score && out->on)
        return 0;
    choose_curves_free(out);
    return E_IO;
}

void choose_curves_free(struct trial_curves *curves)
{
    free(curves->score);
    free(curves->on);
    *curves = (struct trial_curves){NULL, NULL};
}

void choose_curves_metrics(const struct tune *tune, const struct config *config, enum metric out[2])
{
    out[0] = metric_named(tune->choose);
    out[1] = on_metric(config);
}

void choose_curves_note(const struct tune *tune, const struct config *config, int epoch,
                        const float numbers[N_ALL_METRICS], struct trial_curves *curves)
{
    enum metric metric[2];
    choose_curves_metrics(tune, config, metric);
    curves->score[epoch] = numbers[metric[0]];
    curves->on[epoch] = numbers[metric[1]];
}

/* The epoch, from 1, whose network would judge after n of them. */
static int judged_of(const struct config *config, const float *on, int n)
{
    struct choice choice = {.config = config};
    float numbers[N_ALL_METRICS] = {0};
    for (int e = 0; e < n && choose_best(config); e++) {
        numbers[on_metric(config)] = on[e];
        choose_epoch(&choice, e + 1, numbers);
    }
    return choice.state.best_epoch > 0 ? choice.state.best_epoch : n;
}

double choose_trial_score(const struct tune *tune, const struct config *config,
                          const struct trial_curves *curves, int n)
{
    if (n < 1)
        return -(double)INFINITY;
    double score =
        (double)worth(metric_named(tune->choose), curves->score[judged_of(config, curves->on, n) - 1]);
    return isfinite(score) ? score : -(double)INFINITY;
}
