#include "models/model.h"

#include "features/feature.h"
#include "settings/nearest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct model_kind *const kinds[] = {
    &model_cnn,      &model_vgg_small, &model_resnet_8, &model_resnet_14, &model_vit,
    &model_logistic, &model_knn,       &model_forest,   &model_svm,       &model_boost,
    &model_majority, &model_onnx,      &model_fake};

enum { N_KINDS = sizeof kinds / sizeof *kinds };

const struct model_kind *model_kind(int i)
{
    return i < N_KINDS ? kinds[i] : NULL;
}

const struct model_kind *model_find(const char *name)
{
    for (int i = 0; i < N_KINDS; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

const struct model_kind *model_of(const struct config *config)
{
    const struct model_kind *kind = model_find(config->model);
    assert(kind);
    return kind;
}

/* The model that makes the features of config, or NULL. */
static const struct model_kind *maker_of(const struct config *config)
{
    int takes = model_takes_features(config, NULL);
    return takes && feature_of(config)->model ? model_find(feature_of(config)->model(config)) : NULL;
}

int model_reads(const struct config *config, const struct section *section)
{
    const struct model_kind *kind = model_find(config->model), *maker = maker_of(config);
    return kind &&
           (kind->section == section || kind->can & MODEL_MADE_UP || (maker && maker->section == section));
}

int model_takes_features(const struct config *config, const struct section *section)
{
    const struct model_kind *kind = model_find(config->model);
    (void)section;
    return kind && kind->can & MODEL_VECTORS;
}

int model_reads_features(const struct config *config, const struct section *section)
{
    return model_takes_features(config, section) && feature_of(config)->section == section;
}

int model_reads_scale(const struct config *config, const struct section *section)
{
    return model_takes_features(config, section) && !feature_is_pixels(config);
}

int model_check_features(const struct config *config, struct err *err)
{
    const struct feature_kind *kind = feature_of(config);
    if (!feature_is_pixels(config) && !model_takes_features(config, NULL))
        return err_set(err, E_USAGE,
                       "model %s learns from images, not from features: leave `features: %s` out",
                       config->model, kind->name);
    return kind->check ? kind->check(config, err) : 0;
}

int model_learns_by_batches(const struct config *config)
{
    const struct model_kind *kind = model_find(config->model), *maker = maker_of(config);
    return (kind && kind->can & MODEL_BATCHES) ||
           (maker && maker->can & MODEL_BATCHES && feature_of(config)->trains(config));
}

void model_identity(const struct config *config, char out[MODEL_IDENTITY_SIZE])
{
    model_of(config)->identity(config, out);
    size_t n = strlen(out);
    feature_identity(config, out + n, MODEL_IDENTITY_SIZE - n);
}

static const char *name_of(int i)
{
    return i < N_KINDS ? kinds[i]->name : NULL;
}

int model_check(const char *name, struct err *err)
{
    char names[256] = "";
    if (model_find(name))
        return 0;
    const char *near = nearest_name(name, name_of);
    for (int i = 0; i < N_KINDS; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "", kinds[i]->name);
    return err_set(err, E_USAGE, "model: '%.80s' is not known%s%s%s use one of %s", name,
                   near ? "; did you mean '" : ";", near ? near : "", near ? "'? Or" : "", names);
}

int model_restore_in_place(const struct model_kind *kind, void *model, enum model_part part,
                           const struct arrays *from, struct err *err)
{
    struct arrays own = {0};
    snprintf(own.prefix, sizeof own.prefix, "%s", from->prefix);
    kind->arrays(model, part, &own);
    int rc = arrays_check(&own, err);
    if (rc == 0)
        rc = arrays_copy(&own, from, err);
    arrays_free(&own);
    return rc;
}

const struct array *model_array(const struct arrays *from, const char *name, enum array_type type, int rank)
{
    char full[ARRAY_NAME_SIZE];
    snprintf(full, sizeof full, "%s%s", from->prefix, name);
    const struct array *array = arrays_find(from, full);
    return array && array->type == type && array->rank == rank ? array : NULL;
}

const char *model_lacks(unsigned flags)
{
    return flags & MODEL_BATCHES   ? "mini-batches"
           : flags & MODEL_WEIGHTS ? "loss weights"
           : flags & MODEL_LOSS    ? "a loss on logits"
           : flags & MODEL_SOFT    ? "soft targets"
           : flags & MODEL_SHIFT   ? "logits that can be shifted"
                                   : "a last layer";
}
