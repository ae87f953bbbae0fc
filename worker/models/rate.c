#include "models/rate.h"

#include <math.h>
#include <string.h>

static const double PI = 3.14159265358979323846;

static const struct setting rate_rows[] = {
    {"train.learning_rate", SETTING_REAL, offsetof(struct rate_settings, learning_rate), 1e-12, 1e12, "0.001",
     NULL, "step size; the largest one of a schedule"},
    {"train.schedule", SETTING_WORD, offsetof(struct rate_settings, schedule), 0, 0, "constant",
     "constant|step|cosine|one-cycle", "how the learning rate changes from step to step"},
    {0},
};

const struct section rate_section = {.setting = rate_rows, .size = sizeof(struct rate_settings)};

struct milestones {
    struct config_epochs at;
    double factor;
};

static const struct setting step_rows[] = {
    {"train.milestones", SETTING_EPOCHS, offsetof(struct milestones, at), 1, 100000, "none", NULL,
     "epochs after which the learning rate is multiplied by train.factor, e.g. [30, 60]"},
    {"train.factor", SETTING_REAL, offsetof(struct milestones, factor), 1e-6, 1, "0.1", NULL,
     "what the learning rate is multiplied by at a milestone"},
    {0},
};

static int check_milestones(const void *settings, struct err *err)
{
    if (((const struct milestones *)settings)->at.n > 0)
        return 0;
    return err_set(err, E_USAGE,
                   "train.schedule step changes nothing without train.milestones: give them, e.g. [30, 60]");
}

const struct section rate_step_section = {
    .setting = step_rows, .size = sizeof(struct milestones), .check = check_milestones};

struct warmup {
    double epochs;
};

static const struct setting warmup_rows[] = {
    {"train.warmup", SETTING_REAL, offsetof(struct warmup, epochs), 0, 100000, "0", NULL,
     "epochs, or parts of one, in which the learning rate rises from next to nothing"},
    {0},
};

const struct section rate_warmup_section = {.setting = warmup_rows, .size = sizeof(struct warmup)};

static int is_schedule(const struct config *config, const char *name)
{
    const struct rate_settings *s = config_of(config, &rate_section);
    return strcmp(s->schedule, name) == 0;
}

int rate_reads(const struct config *config, const struct section *section)
{
    return section == &rate_step_section ? is_schedule(config, "step") : !is_schedule(config, "one-cycle");
}

int rate_check(const struct config *config, struct err *err)
{
    const struct milestones *milestones = config_of(config, &rate_step_section);
    const struct warmup *warmup = config_of(config, &rate_warmup_section);
    int last = milestones->at.n > 0 ? milestones->at.epoch[milestones->at.n - 1] : 0;
    if (is_schedule(config, "step") && last >= config->epochs)
        return err_set(
            err, E_USAGE,
            "train.milestones: epoch %d is never followed by another, train.epochs is %lld; leave it "
            "out, or train longer",
            last, (long long)config->epochs);
    if (!is_schedule(config, "one-cycle") && warmup->epochs >= (double)config->epochs)
        return err_set(err, E_USAGE, "train.warmup of %g epochs leaves nothing of train.epochs %lld",
                       warmup->epochs, (long long)config->epochs);
    return 0;
}

static double stepped(const struct config *config, int64_t step, int64_t per_epoch)
{
    const struct milestones *m = config_of(config, &rate_step_section);
    double factor = 1;
    for (int i = 0; i < m->at.n; i++)
        if (step >= m->at.epoch[i] * per_epoch)
            factor *= m->factor;
    return factor;
}

/* From `from` to `to` along half a cosine, share of the way from 0 to 1. */
static double between(double from, double to, double share)
{
    return to + (from - to) / 2 * (1 + cos(PI * share));
}

static double one_cycle(int64_t step, int64_t n_steps)
{
    const double first = 1.0 / 25, last = first / 1e4;
    double top = 0.3 * (double)n_steps - 1, end = (double)n_steps - 1, t = (double)step;
    return t <= top ? between(first, 1, t / top) : between(1, last, end > top ? (t - top) / (end - top) : 1);
}

static int64_t warmup_steps(const struct config *config, int64_t per_epoch)
{
    const struct warmup *warmup = config_of(config, &rate_warmup_section);
    return llround(warmup->epochs * (double)per_epoch);
}

double rate_at(const struct config *config, int64_t step, int64_t n_steps)
{
    const struct rate_settings *s = config_of(config, &rate_section);
    int64_t per_epoch = n_steps / config->epochs;
    if (is_schedule(config, "one-cycle"))
        return s->learning_rate * one_cycle(step, n_steps);
    int64_t warmup = warmup_steps(config, per_epoch);
    if (step < warmup)
        return s->learning_rate * ((double)(step + 1) / (double)warmup);
    if (is_schedule(config, "step"))
        return s->learning_rate * stepped(config, step, per_epoch);
    if (is_schedule(config, "cosine"))
        return s->learning_rate * between(1, 0, (double)(step - warmup) / (double)(n_steps - warmup));
    return s->learning_rate;
}
