/* Strategies that change which samples meet in a mini-batch, and how many networks learn. */
#include "strategies/balance_tools.h"
#include "models/model.h"

#include <stdlib.h>

static int apply_balanced_batch(struct balance *balance, struct err *err)
{
    (void)err;
    balance->recipe->balanced_batches = 1;
    return 0;
}

struct mixup {
    double alpha;
};

static const struct setting mixup_settings[] = {
    {"mixup.alpha", SETTING_REAL, offsetof(struct mixup, alpha), 0.001, 100, "0.2", NULL,
     "shares are drawn from Beta(alpha, alpha)"},
    {0},
};

static const struct section mixup_section = {.setting = mixup_settings, .size = sizeof(struct mixup)};

static int apply_mixup(struct balance *balance, struct err *err)
{
    const struct mixup *settings = config_of(balance->config, &mixup_section);
    (void)err;
    balance->recipe->mixup_alpha = settings->alpha;
    return 0;
}

struct easy_ensemble {
    int64_t members;
};

static const struct setting easy_ensemble_settings[] = {
    {"easy-ensemble.members", SETTING_INT, offsetof(struct easy_ensemble, members), 1, 64, "4", NULL,
     "networks, each with a subset of its own; cost grows with them"},
    {0},
};

static const struct section easy_ensemble_section = {.setting = easy_ensemble_settings,
                                                     .size = sizeof(struct easy_ensemble)};

static int easy_ensemble_members(const struct config *config)
{
    const struct easy_ensemble *settings = config_of(config, &easy_ensemble_section);
    return (int)settings->members;
}

/* Every network gets `keep` of the members, drawn without replacement; samples that none gets
 * are marked in times. */
static void deal(struct balance *balance, struct members *members, int keep, int *times)
{
    struct sample *sample = balance->samples->sample;
    for (int k = 0; k < members->n; k++)
        times[members->position[k]] = 0, sample[members->position[k]].members = 0;
    for (int m = 0; m < balance->recipe->n_members; m++) {
        rng_shuffle(&balance->rng, members->position, members->n);
        for (int k = 0; k < keep; k++) {
            sample[members->position[k]].members |= UINT64_C(1) << m;
            times[members->position[k]] = 1;
        }
    }
}

static int deal_larger_classes(struct balance *balance, int *times, struct err *err)
{
    int size[CONFIG_MAX_CLUSTERS], rc = 0;
    balance_sizes(balance, size);
    int keep = balance_smallest(size, balance->n_classes);
    for (int c = 0; rc == 0 && c < balance->n_classes; c++) {
        struct members members = {0};
        if (size[c] <= keep)
            continue;
        rc = balance_members(balance->samples, c, &members, err);
        if (rc == 0)
            deal(balance, &members, keep, times);
        free(members.position);
    }
    return rc;
}

static int apply_easy_ensemble(struct balance *balance, struct err *err)
{
    int n = balance->samples->n;
    int *times = err_calloc((unsigned long)n, sizeof *times, "the samples kept", err);
    if (!times)
        return E_IO;
    balance->recipe->n_members = easy_ensemble_members(balance->config);
    for (int i = 0; i < n; i++)
        times[i] = 1;
    int rc = deal_larger_classes(balance, times, err);
    if (rc == 0)
        rc = balance_keep(balance, times, err);
    free(times);
    return rc;
}

struct crt {
    double share;
};

static const struct setting crt_settings[] = {
    {"crt.share", SETTING_REAL, offsetof(struct crt, share), 0, 0.999, "0.9", NULL,
     "share of the epochs before the last layer alone learns"},
    {0},
};

static const struct section crt_section = {.setting = crt_settings, .size = sizeof(struct crt)};

/* The second stage has an epoch at least. */
static int crt_from(const struct config *config)
{
    const struct crt *settings = config_of(config, &crt_section);
    int from = balance_epoch_after(config, settings->share), last = (int)config->epochs - 1;
    return from < last ? from : last;
}

/* Kang et al. 2020, cRT. */
static int apply_crt(struct balance *balance, struct err *err)
{
    (void)err;
    balance->recipe->retrain_from = crt_from(balance->config);
    return 0;
}

static int crt_choose_from(const struct config *config)
{
    return crt_from(config) + 1;
}

const struct balance_strategy balance_training[] = {
    {.name = "balanced-batch",
     .title = "Balanced batches",
     .colour = "#AA4499",
     .help = "every mini-batch holds as many images of each class",
     .apply = apply_balanced_batch,
     .needs = MODEL_BATCHES},
    {.name = "mixup",
     .title = "Mixup",
     .colour = "#DDCC77",
     .help = "training on blends of two images and of their labels",
     .section = &mixup_section,
     .apply = apply_mixup,
     .needs = MODEL_SOFT},
    {.name = "easy-ensemble",
     .title = "EasyEnsemble",
     .colour = "#CC6677",
     .help = "several networks, each with its own undersampled subset; probabilities averaged",
     .section = &easy_ensemble_section,
     .apply = apply_easy_ensemble,
     .n_members = easy_ensemble_members},
    {.name = "crt",
     .title = "Classifier re-training",
     .colour = "#0A3D62",
     .help = "training as is, then the last layer anew and alone, on balanced batches",
     .section = &crt_section,
     .apply = apply_crt,
     .choose_from = crt_choose_from,
     .needs = MODEL_BATCHES | MODEL_LAST},
    {0},
};
