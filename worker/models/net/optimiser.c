#include "models/net/optimiser.h"

#include <math.h>
#include <string.h>

static const struct setting adam_rows[] = {
    {"train.beta1", SETTING_REAL, offsetof(struct adam_settings, beta1), 0, 0.999999, "0.9", NULL,
     "decay of Adam's first moment"},
    {"train.beta2", SETTING_REAL, offsetof(struct adam_settings, beta2), 0, 0.99999999, "0.999", NULL,
     "decay of Adam's second moment"},
    {"train.epsilon", SETTING_REAL, offsetof(struct adam_settings, epsilon), 1e-30, 1, "1e-07", NULL,
     "Adam's epsilon"},
    {0},
};

static const struct section adam_section = {.setting = adam_rows, .size = sizeof(struct adam_settings)};

struct decay {
    double weight_decay;
};

static const struct setting decay_rows[] = {
    {"train.weight_decay", SETTING_REAL, offsetof(struct decay, weight_decay), 0, 1000, "0", NULL,
     "share of weights, not of biases and norms, that a step takes away, times the rate (adamw), or L2 "
     "penalty (sgd)"},
    {0},
};

static const struct section decay_section = {.setting = decay_rows, .size = sizeof(struct decay)};

struct sgd_settings {
    double momentum;
    int nesterov;
};

static const struct setting sgd_rows[] = {
    {"train.momentum", SETTING_REAL, offsetof(struct sgd_settings, momentum), 0, 0.999999, "0.9", NULL,
     "share of the last step's direction that is kept; 0: none"},
    {"train.nesterov", SETTING_BOOL, offsetof(struct sgd_settings, nesterov), 0, 0, "false", NULL,
     "momentum that looks ahead (Nesterov)"},
    {0},
};

static int check_sgd(const void *settings, struct err *err)
{
    const struct sgd_settings *s = settings;
    if (!s->nesterov || s->momentum > 0)
        return 0;
    return err_set(
        err, E_USAGE,
        "train.nesterov looks ahead along the momentum, and train.momentum is 0: make it e.g. 0.9, "
        "or leave nesterov out");
}

static const struct section sgd_section = {
    .setting = sgd_rows, .size = sizeof(struct sgd_settings), .check = check_sgd};

/* 1 - beta^t: what a moment of t steps is short of. */
static double missing(double beta, int64_t t)
{
    return 1 - pow(beta, (double)t);
}

struct update optimiser_adam_update(const struct adam_settings *s, int64_t t, double rate)
{
    return (struct update){
        .adam = {.beta1 = (float)s->beta1,
                 .beta2 = (float)s->beta2,
                 .epsilon = (float)s->epsilon,
                 .rate = (float)(rate * sqrt(missing(s->beta2, t)) / missing(s->beta1, t))},
        .shrink = 1};
}

static struct update update_adam(const struct config *config, int64_t t, double rate)
{
    return optimiser_adam_update(config_of(config, &adam_section), t, rate);
}

static void apply_adam(const struct kernels *k, float *w, float *const *moment, const float *g, size_t n,
                       int decays, const struct update *update)
{
    (void)decays;
    k->adam(w, moment[0], moment[1], g, n, update->adam);
}

const struct optimiser optimiser_adam = {.name = "adam",
                                         .help = "Adam, with epsilon as Keras has it; no weight decay",
                                         .section = {&adam_section},
                                         .moment = {"m", "v"},
                                         .fuses = 1,
                                         .update = update_adam,
                                         .apply = apply_adam};

/* sqrt(v / c) + e is (sqrt(v) + e sqrt(c)) / sqrt(c): another epsilon in the same formula. */
static struct update update_adamw(const struct config *config, int64_t t, double rate)
{
    const struct decay *decay = config_of(config, &decay_section);
    struct adam_settings s = *(const struct adam_settings *)config_of(config, &adam_section);
    s.epsilon *= sqrt(missing(s.beta2, t));
    struct update update = optimiser_adam_update(&s, t, rate);
    update.shrink = (float)(1 - rate * decay->weight_decay);
    return update;
}

static void apply_adamw(const struct kernels *k, float *w, float *const *moment, const float *g, size_t n,
                        int decays, const struct update *update)
{
    for (size_t i = 0; decays && i < n; i++)
        w[i] *= update->shrink;
    k->adam(w, moment[0], moment[1], g, n, update->adam);
}

const struct optimiser optimiser_adamw = {.name = "adamw",
                                          .help = "AdamW, as PyTorch: Adam with weight decay of its own",
                                          .section = {&adam_section, &decay_section},
                                          .moment = {"m", "v"},
                                          .decays = 1,
                                          .fuses = 1,
                                          .update = update_adamw,
                                          .apply = apply_adamw};

static struct update update_sgd(const struct config *config, int64_t t, double rate)
{
    const struct sgd_settings *s = config_of(config, &sgd_section);
    const struct decay *decay = config_of(config, &decay_section);
    (void)t;
    return (struct update){.sgd = {.rate = (float)rate,
                                   .momentum = (float)s->momentum,
                                   .decay = (float)decay->weight_decay,
                                   .nesterov = s->nesterov},
                           .shrink = 1};
}

static void apply_sgd(const struct kernels *k, float *w, float *const *moment, const float *g, size_t n,
                      int decays, const struct update *update)
{
    struct sgd_step step = update->sgd;
    if (!decays)
        step.decay = 0;
    k->sgd(w, moment[0], g, n, step);
}

const struct optimiser optimiser_sgd = {.name = "sgd",
                                        .help = "gradient descent with momentum, as PyTorch",
                                        .section = {&sgd_section, &decay_section},
                                        .moment = {"momentum"},
                                        .decays = 1,
                                        .update = update_sgd,
                                        .apply = apply_sgd};

static const struct optimiser *const rows[] = {&optimiser_adam, &optimiser_adamw, &optimiser_sgd};

enum { N_ROWS = sizeof rows / sizeof *rows };

const struct optimiser *optimiser_row(int i)
{
    return i < N_ROWS ? rows[i] : NULL;
}

const struct optimiser *optimiser_find(const char *name)
{
    for (int i = 0; i < N_ROWS; i++)
        if (strcmp(rows[i]->name, name) == 0)
            return rows[i];
    return NULL;
}

int optimiser_reads(const struct optimiser *optimiser, const struct section *section)
{
    for (int i = 0; optimiser->section[i]; i++)
        if (optimiser->section[i] == section)
            return 1;
    return 0;
}
