#include "strategies/balance_tools.h"
#include "models/model.h"
#include "samples/augment.h"

#include <stdlib.h>

static int apply_none(struct balance *balance, struct err *err)
{
    (void)balance, (void)err;
    return 0;
}

/* n / (n_classes * n_c), which for two classes is (n_maj + n_min) / (2 n_c). */
static int apply_reweight(struct balance *balance, struct err *err)
{
    int size[CONFIG_MAX_CLUSTERS];
    double n = 0;
    (void)err;
    balance_sizes(balance, size);
    for (int c = 0; c < balance->n_classes; c++)
        n += size[c];
    for (int c = 0; c < balance->n_classes; c++)
        if (size[c] > 0)
            balance->recipe->class_weight[c] = (float)(n / ((double)balance->n_classes * size[c]));
    return 0;
}

struct undersample {
    int replacement;
};

static const struct setting undersample_settings[] = {
    {"undersample.replacement", SETTING_BOOL, offsetof(struct undersample, replacement), 0, 1, "false", NULL,
     "draw the kept majority images with replacement"},
    {0},
};

static const struct section undersample_section = {.setting = undersample_settings,
                                                   .size = sizeof(struct undersample)};

/* Draw `keep` of the members: times[position] becomes how often that sample is kept. */
static void draw_kept(struct balance *balance, struct members *members, int keep, int *times)
{
    const struct undersample *settings = config_of(balance->config, &undersample_section);
    if (!settings->replacement)
        rng_shuffle(&balance->rng, members->position, members->n);
    for (int k = 0; k < keep; k++) {
        int which = settings->replacement ? (int)rng_below(&balance->rng, (uint32_t)members->n) : k;
        times[members->position[which]]++;
    }
}

static int apply_undersample(struct balance *balance, struct err *err)
{
    int size[CONFIG_MAX_CLUSTERS];
    int *times = err_calloc((unsigned long)balance->samples->n, sizeof *times, "the samples kept", err);
    int rc = times ? 0 : E_IO;
    balance_sizes(balance, size);
    int target = balance_smallest(size, balance->n_classes);
    for (int c = 0; rc == 0 && c < balance->n_classes; c++) {
        struct members members;
        rc = balance_members(balance->samples, c, &members, err);
        if (rc == 0 && size[c] > target)
            draw_kept(balance, &members, target, times);
        else
            for (int k = 0; rc == 0 && k < members.n; k++)
                times[members.position[k]] = 1;
        free(members.position);
    }
    if (rc == 0)
        rc = balance_keep(balance, times, err);
    free(times);
    return rc;
}

static int apply_oversample(struct balance *balance, struct err *err)
{
    return balance_fill(balance, balance_duplicate, err);
}

/* Add n of the (image, variant) pairs of the members, in random order and without repeating one
 * before all are used. */
static int add_variants(struct balance *balance, const struct members *members, int n, struct err *err)
{
    const struct augment_variants *settings = config_of(balance->config, &augment_section);
    const int n_variants = (int)settings->variants, pool = members->n * n_variants;
    int rc = 0;
    int *pair = err_calloc((unsigned long)pool, sizeof *pair, "the variants to choose from", err);
    if (!pair)
        return E_IO;
    for (int k = 0; k < pool; k++)
        pair[k] = k;
    for (int k = 0; rc == 0 && k < n; k++) {
        if (k % pool == 0)
            rng_shuffle(&balance->rng, pair, pool);
        int chosen = pair[k % pool];
        struct sample made = balance->samples->sample[members->position[chosen / n_variants]];
        made.variant = chosen % n_variants;
        rc = balance_add(balance, balance->samples, made, err);
    }
    free(pair);
    return rc;
}

static int augment(struct balance *balance, int label, int missing, struct err *err)
{
    struct members members;
    int rc = balance_members(balance->samples, label, &members, err);
    if (rc == 0)
        balance_originals(balance->samples, &members);
    if (rc == 0 && members.n > 0)
        rc = add_variants(balance, &members, missing, err);
    free(members.position);
    return rc;
}

static int apply_augment(struct balance *balance, struct err *err)
{
    return balance_fill(balance, augment, err);
}

const struct balance_strategy balance_classic[] = {
    {.name = "none", .title = "Unbalanced", .colour = "#000000", .help = "as is", .apply = apply_none},
    {.name = "reweight",
     .title = "Reweighting",
     .colour = "#009E73",
     .help = "loss weight of class c: n / (n_classes * n_c)",
     .apply = apply_reweight,
     .needs = MODEL_WEIGHTS},
    {.name = "undersample",
     .title = "Undersampling",
     .colour = "#0072B2",
     .help = "larger classes reduced at random to the size of the smallest",
     .section = &undersample_section,
     .apply = apply_undersample},
    {.name = "oversample",
     .title = "Oversampling",
     .colour = "#D55E00",
     .help = "duplicates of smaller classes' images, drawn with replacement, up to the largest",
     .apply = apply_oversample},
    {.name = "augment",
     .title = "Augmentation",
     .colour = "#CC79A7",
     .help = "randomly warped variants of smaller classes' images, up to the largest",
     .section = &augment_section,
     .apply = apply_augment},
    {0},
};
