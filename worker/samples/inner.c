#include "samples/inner.h"

#include "samples/split.h"

#include <stdio.h>
#include <stdlib.h>

static const struct setting settings[] = {
    {"inner", SETTING_INNER, 0, 0, 0, "none", NULL,
     "training images to choose on, so that nothing is chosen on the test set: {share: 0.2} of them, one of "
     "{folds: 5}, or none; {given: split} has its own set val"},
    {0},
};

const struct section inner_section = {.setting = settings, .size = sizeof(struct config_inner)};

int inner_is_used(const struct config *config, const struct section *section)
{
    (void)section;
    return config->protocol.kind != PROTOCOL_GIVEN;
}

struct config_inner inner_of(const struct config *config)
{
    const struct config_inner none = {0};
    return inner_is_used(config, NULL) ? *(const struct config_inner *)config_of(config, &inner_section)
                                       : none;
}

/* What a job would be whose test set is val. */
static struct config outer_like(const struct config *config)
{
    struct config like = *config;
    struct config_inner inner = inner_of(config);
    like.protocol = inner.kind == INNER_FOLDS ? (struct config_protocol){PROTOCOL_KFOLD, inner.folds, 1}
                                              : (struct config_protocol){PROTOCOL_HOLDOUT, 1, 1};
    like.validation = inner.share;
    like.fold = inner.kind == INNER_FOLDS ? config->trial_seed % inner.folds : 0;
    return like;
}

static struct rng inner_stream(const struct config *config)
{
    char text[SPLIT_JOB_IDENTITY_SIZE];
    size_t n = split_job_identity(config, text, sizeof text);
    return rng_start(rng_key("inner", text, n), 0);
}

/* Every class that is there needs an image on both sides; of a side without a class there may be one where a
 * protocol cuts by position. */
static int check_sizes(const struct config *config, const struct config *like, const int *count,
                       struct err *err)
{
    int least = split_min_images(like);
    char room[CLASS_NAME_SIZE];
    for (int c = 0; c < config->clusters.n; c++)
        if (count[c] > 0 && count[c] < least)
            return err_set(err, E_USAGE,
                           "inner: cluster %.80s has %d training image%s, at least %d are needed to set some "
                           "aside: leave the cluster out, or inner",
                           class_title(config->clusters.number[c], room), count[c], count[c] == 1 ? "" : "s",
                           least);
    return 0;
}

static int list_originals(const struct samples *train, struct samples *out, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < train->n; i++)
        if (train->sample[i].copy == 0)
            rc = samples_add(out, train->sample[i], err);
    return rc;
}

/* Neither images of val nor what was made of them. */
static int take_out(const struct dataset *data, const struct samples *val, struct samples *train,
                    struct err *err)
{
    int n = 0;
    unsigned char *held = err_calloc((size_t)data->n_images, sizeof *held, "the inner set", err);
    if (!held)
        return E_IO;
    for (int i = 0; i < val->n; i++)
        held[val->sample[i].image] = 1;
    for (int i = 0; i < train->n; i++) {
        const struct sample *sample = &train->sample[i];
        if (!held[sample->image] && !(sample->blend > 0 && held[sample->partner]))
            train->sample[n++] = *sample;
    }
    train->n = n;
    free(held);
    return 0;
}

/* Divide originals, class after class; *rest is what val leaves. */
static int divide(const struct config *config, const struct dataset *data, const int *group,
                  const struct samples *originals, struct samples *rest, struct samples *val, struct err *err)
{
    int count[CONFIG_MAX_CLUSTERS];
    const struct config like = outer_like(config);
    const struct split_task task = {.config = &like,
                                    .samples = originals,
                                    .n_classes = config->clusters.n,
                                    .image = data->image,
                                    .group = group,
                                    .is_inner = 1};
    samples_count(originals, config->clusters.n, count);
    int rc = check_sizes(config, &like, count, err);
    return rc < 0 ? rc : split_samples(&task, inner_stream(config), rest, val, err);
}

int inner_hold(const struct config *config, const struct dataset *data, const int *group,
               struct samples *train, struct samples *val, struct err *err)
{
    struct samples originals = {0}, by_class = {0}, rest = {0};
    if (inner_of(config).kind == INNER_NONE)
        return 0;
    int rc = list_originals(train, &originals, err);
    if (rc == 0)
        rc = samples_by_class(&originals, config->clusters.n, &by_class, err);
    if (rc == 0)
        rc = divide(config, data, group, &by_class, &rest, val, err);
    if (rc == 0)
        rc = take_out(data, val, train, err);
    samples_free(&originals);
    samples_free(&by_class);
    samples_free(&rest);
    return rc;
}

int inner_n_most(const struct config *config, const int *count)
{
    const struct config like = outer_like(config);
    int n = 0, all = 0;
    for (int c = 0; c < config->clusters.n; c++) {
        n += split_n_held(&like, count[c]);
        all += count[c];
    }
    return like.protocol.kind == PROTOCOL_KFOLD ? (all + like.protocol.folds - 1) / like.protocol.folds : n;
}
