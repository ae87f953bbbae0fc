/* Model "majority": looks at no image and predicts of every one the shares of the classes in its training
 * set.
 *
 * The baseline of every paper on imbalance: its accuracy is the share of the largest class, its balanced
 * accuracy 1/C. Of equal shares the first class is predicted. Resampling changes the shares; losses,
 * weights and logits there are none. */
#include "models/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct majority {
    int n_classes;
    float share[CONFIG_MAX_CLUSTERS]; /* (n_classes) sum to 1; equal until fitted */
};

static void identity(const struct config *config, char out[MODEL_IDENTITY_SIZE])
{
    snprintf(out, MODEL_IDENTITY_SIZE, "majority %d", config->clusters.n);
}

/* In operations, as other models count: a job without any work takes as long as a million of them (0.13
 * ms, measured), or a schedule of several models would take the speed of this one for that of a network. */
static double work(const struct config *config, double n_seen, double n_judged)
{
    (void)config;
    return 1e6 + n_seen + n_judged;
}

static size_t room(const struct config *config, int n_train)
{
    (void)n_train;
    return (size_t)config->clusters.n * sizeof(float);
}

static int open_majority(const struct model_spec *spec, void **out, struct err *err)
{
    struct majority *majority = err_calloc(1, sizeof *majority, "a model", err);
    *out = majority;
    if (!majority)
        return E_IO;
    majority->n_classes = spec->config->clusters.n;
    for (int c = 0; c < majority->n_classes; c++)
        majority->share[c] = (float)(1.0 / majority->n_classes);
    return 0;
}

static int fit(void *model, const struct model_set *train, struct pause *pause, struct err *err)
{
    struct majority *majority = model;
    int count[CONFIG_MAX_CLUSTERS] = {0};
    (void)pause, (void)err;
    for (int i = 0; i < train->n; i++)
        count[train->label[i]]++;
    for (int c = 0; c < majority->n_classes; c++)
        majority->share[c] = (float)((double)count[c] / train->n);
    return 0;
}

static void judge(void *model, const float *const *image, int n, float *probs)
{
    const struct majority *majority = model;
    size_t n_classes = (size_t)majority->n_classes;
    (void)image;
    for (size_t i = 0; i < (size_t)n; i++)
        memcpy(probs + i * n_classes, majority->share, n_classes * sizeof *probs);
}

static void arrays(void *model, enum model_part part, struct arrays *out)
{
    struct majority *majority = model;
    const size_t dim[] = {(size_t)majority->n_classes, 0};
    (void)part;
    arrays_add(out, "share", ARRAY_F32, dim, majority->share);
}

static int restore(void *model, enum model_part part, const struct arrays *from, struct err *err)
{
    return model_restore_in_place(&model_majority, model, part, from, err);
}

const struct model_kind model_majority = {
    .name = "majority",
    .help = "no learning: every image gets the class shares of the training set; the baseline",
    .seconds = 1e-10,
    .identity = identity,
    .work = work,
    .room = room,
    .open = open_majority,
    .fit = fit,
    .judge = judge,
    .arrays = arrays,
    .restore = restore,
    .why_not = "it says the same of every image",
    .close = free,
};
