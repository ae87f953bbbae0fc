#include "models/ensemble.h"

#include "features/features.h"
#include "rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ensemble {
    const struct model_kind *kind;
    int n_members, n_classes, batch;
    struct arrays kept; /* of all, as last listed */
    int has_shift;
    float shift[CONFIG_MAX_CLUSTERS];
    float scale;  /* of last layers; 0: they stay as they are */
    float *layer; /* with a scale: (floats of a last layer) what one was */
    float *probs; /* (batch, n_classes) of one member */
    void *member[RECIPE_MAX_MEMBERS];
    struct features *features; /* NULL: models are given pixels */
    size_t floats;             /* of a row of features */
    float *rows;               /* (SOME, floats) */
};

enum { SOME = 256 };

/* The stream of a model's initial weights: the same for every strategy and fold of a seed and repeat.
 * Repeats have their own, or else those of one seed would vary less than seeds do, and a test that
 * counts both as runs would find too much. */
static uint64_t weights_key(const struct config *config, const char *purpose, int member)
{
    char identity[MODEL_IDENTITY_SIZE], text[MODEL_IDENTITY_SIZE + 96];
    model_identity(config, identity);
    int n = snprintf(text, sizeof text, "%s seed=%lld", identity, (long long)config->seed);
    if (config->repeat > 0)
        n += snprintf(text + n, sizeof text - (size_t)n, " repeat=%lld", (long long)config->repeat);
    if (member > 0)
        n += snprintf(text + n, sizeof text - (size_t)n, " member=%d", member);
    return rng_key(purpose, text, (size_t)n);
}

static int open_members(const struct config *config, const char *job_key, int n_members,
                        struct ensemble *ensemble, struct err *err)
{
    int rc = 0;
    for (int m = 0; rc == 0 && m < n_members; m++) {
        const struct model_spec spec = {config, job_key, weights_key(config, "weights", m)};
        rc = ensemble->kind->open(&spec, &ensemble->member[m], err);
    }
    ensemble->n_members = n_members;
    return rc;
}

static void set_shift(struct ensemble *ensemble, const float *shift)
{
    for (int c = 0; c < ensemble->n_classes; c++) {
        ensemble->shift[c] = shift[c];
        ensemble->has_shift |= shift[c] < 0 || shift[c] > 0;
    }
}

static struct ensemble describe(const struct config *config, const struct recipe *recipe)
{
    const struct model_kind *kind = model_of(config);
    struct ensemble ensemble = {.kind = kind, .n_classes = config->clusters.n, .batch = (int)config->batch};
    if (kind->logit_bias)
        set_shift(&ensemble, recipe->logit_shift);
    if (kind->last_layer)
        ensemble.scale = (float)recipe->logit_scale;
    return ensemble;
}

/* "member1." for the names of the second of several. */
static void set_prefix(const struct ensemble *ensemble, int m, struct arrays *out)
{
    if (ensemble->n_members > 1)
        snprintf(out->prefix, sizeof out->prefix, "member%d.", m);
    else
        out->prefix[0] = '\0';
}

void ensemble_arrays(struct ensemble *ensemble, enum model_part part, struct arrays *out)
{
    if (ensemble->features)
        features_arrays(ensemble->features, out);
    for (int m = 0; ensemble->kind->arrays && m < ensemble->n_members; m++) {
        set_prefix(ensemble, m, out);
        ensemble->kind->arrays(ensemble->member[m], part, out);
    }
}

int ensemble_restore(struct ensemble *ensemble, enum model_part part, const struct arrays *from,
                     struct err *err)
{
    int rc = ensemble->features ? features_restore(ensemble->features, from, err) : 0;
    for (int m = 0; ensemble->kind->restore && m < ensemble->n_members && rc == 0; m++) {
        struct arrays of_member = *from;
        set_prefix(ensemble, m, &of_member);
        rc = ensemble->kind->restore(ensemble->member[m], part, &of_member, err);
    }
    return rc;
}

/* Once, so that there is room for the list ever after. */
static int list_kept(struct ensemble *ensemble, struct err *err)
{
    ensemble_arrays(ensemble, MODEL_KEPT, &ensemble->kept);
    return arrays_check(&ensemble->kept, err);
}

static int open_features(const struct config *config, struct ensemble *ensemble, struct err *err)
{
    if (feature_is_pixels(config))
        return 0;
    ensemble->floats = feature_floats(config);
    ensemble->rows = err_calloc(SOME, ensemble->floats * sizeof *ensemble->rows, "features", err);
    return ensemble->rows ? features_new(config, &ensemble->features, err) : E_IO;
}

/* For the last layer of a member, once there is one. */
static int make_room(struct ensemble *ensemble, struct err *err)
{
    size_t floats = 0;
    if (!(ensemble->scale > 0))
        return 0;
    ensemble->kind->last_layer(ensemble->member[0], &floats);
    ensemble->layer = err_calloc(floats, sizeof *ensemble->layer, "a last layer", err);
    return ensemble->layer ? 0 : E_IO;
}

int ensemble_new(const struct config *config, const struct recipe *recipe, const char *job_key,
                 struct ensemble **out, struct err *err)
{
    struct ensemble *ensemble = err_calloc(1, sizeof *ensemble, "the networks of a job", err);
    if (!ensemble)
        return E_IO;
    *ensemble = describe(config, recipe);
    ensemble->probs = err_calloc((unsigned long)ensemble->batch * (unsigned long)ensemble->n_classes,
                                 sizeof *ensemble->probs, "probabilities", err);
    int n_members = ensemble->kind->arrays ? recipe->n_members : 1;
    int rc = ensemble->probs ? open_members(config, job_key, n_members, ensemble, err) : E_IO;
    if (rc == 0)
        rc = open_features(config, ensemble, err);
    if (rc == 0)
        rc = list_kept(ensemble, err);
    if (rc == 0)
        rc = make_room(ensemble, err);
    if (rc == 0)
        *out = ensemble;
    else
        ensemble_free(ensemble);
    return rc;
}

int ensemble_n_members(const struct ensemble *ensemble)
{
    return ensemble->n_members;
}

void *ensemble_member(struct ensemble *ensemble, int m)
{
    return ensemble->member[m];
}

static void predict_shifted(struct ensemble *ensemble, int m, const float *const *image, int n, float *probs)
{
    float saved[CONFIG_MAX_CLUSTERS];
    if (!ensemble->has_shift) {
        ensemble->kind->judge(ensemble->member[m], image, n, probs);
        return;
    }
    float *bias = ensemble->kind->logit_bias(ensemble->member[m]);
    size_t bytes = (size_t)ensemble->n_classes * sizeof *bias;
    memcpy(saved, bias, bytes);
    for (int c = 0; c < ensemble->n_classes; c++)
        bias[c] += ensemble->shift[c];
    ensemble->kind->judge(ensemble->member[m], image, n, probs);
    memcpy(bias, saved, bytes);
}

/* Of member m alone, its logits scaled and shifted. */
static void predict_one(struct ensemble *ensemble, int m, const float *const *image, int n, float *probs)
{
    size_t floats = 0;
    float *layer = NULL;
    if (ensemble->scale > 0) {
        layer = ensemble->kind->last_layer(ensemble->member[m], &floats);
        memcpy(ensemble->layer, layer, floats * sizeof *layer);
    }
    for (size_t i = 0; i < floats; i++)
        layer[i] *= ensemble->scale;
    predict_shifted(ensemble, m, image, n, probs);
    if (layer)
        memcpy(layer, ensemble->layer, floats * sizeof *layer);
}

void ensemble_renew_last(struct ensemble *ensemble, const struct config *config)
{
    for (int m = 0; m < ensemble->n_members; m++)
        ensemble->kind->renew_last(ensemble->member[m], weights_key(config, "last layer", m));
}

/* At most `batch` images. */
static void predict_mean(struct ensemble *ensemble, const float *const *image, int n, float *probs)
{
    size_t floats = (size_t)n * (size_t)ensemble->n_classes;
    memset(probs, 0, floats * sizeof *probs);
    for (int m = 0; m < ensemble->n_members; m++) {
        predict_one(ensemble, m, image, n, ensemble->probs);
        for (size_t i = 0; i < floats; i++)
            probs[i] += ensemble->probs[i];
    }
    for (size_t i = 0; i < floats; i++)
        probs[i] /= (float)ensemble->n_members;
}

void ensemble_judge(struct ensemble *ensemble, const float *const *image, int n, float *probs)
{
    if (ensemble->n_members == 1) {
        predict_one(ensemble, 0, image, n, probs);
        return;
    }
    for (int first = 0; first < n; first += ensemble->batch) {
        int size = n - first < ensemble->batch ? n - first : ensemble->batch;
        predict_mean(ensemble, image + first, size, probs + (size_t)first * (size_t)ensemble->n_classes);
    }
}

void ensemble_predict(struct ensemble *ensemble, const float *const *image, int n, float *probs)
{
    const float *row[SOME];
    if (!ensemble->features) {
        ensemble_judge(ensemble, image, n, probs);
        return;
    }
    for (int i = 0; i < SOME; i++)
        row[i] = ensemble->rows + (size_t)i * ensemble->floats;
    for (int first = 0; first < n; first += SOME) {
        int some = n - first < SOME ? n - first : SOME;
        features_make(ensemble->features, image + first, some, ensemble->rows);
        ensemble_judge(ensemble, row, some, probs + (size_t)first * (size_t)ensemble->n_classes);
    }
}

struct features *ensemble_features(struct ensemble *ensemble)
{
    return ensemble->features;
}

/* The arrays that are kept, as they are now. */
static const struct arrays *kept_now(struct ensemble *ensemble)
{
    arrays_clear(&ensemble->kept);
    ensemble_arrays(ensemble, MODEL_KEPT, &ensemble->kept);
    return &ensemble->kept;
}

/* What an array takes of a flat vector. */
static size_t floats_of(const struct array *array)
{
    return (array_bytes(array) + sizeof(float) - 1) / sizeof(float);
}

/* An array of a member's last layer gets the scale, one that begins with its output biases the shift. */
static void scale_and_shift(const struct ensemble *ensemble, const struct array *array, float *values)
{
    const struct model_kind *kind = ensemble->kind;
    const float *data = array->data;
    for (int m = 0; m < ensemble->n_members; m++) {
        size_t floats = 0, n = array_bytes(array) / sizeof *values;
        const float *layer = ensemble->scale > 0 ? kind->last_layer(ensemble->member[m], &floats) : NULL;
        for (size_t i = 0; layer && data >= layer && data < layer + floats && i < n; i++)
            values[i] *= ensemble->scale;
        if (ensemble->has_shift && kind->logit_bias(ensemble->member[m]) == data)
            for (int c = 0; c < ensemble->n_classes; c++)
                values[c] += ensemble->shift[c];
    }
}

enum { HEAD_FLOATS = ARRAY_MAX_RANK * 2 };

/* Floats that the dimensions before an array take. */
static size_t head_floats(const struct ensemble *ensemble)
{
    return ensemble->kind->can & MODEL_GROWS ? HEAD_FLOATS : 0;
}

size_t ensemble_n_weights(struct ensemble *ensemble)
{
    const struct arrays *kept = kept_now(ensemble);
    size_t n = (size_t)kept->n * head_floats(ensemble);
    for (int i = 0; i < kept->n; i++)
        n += floats_of(&kept->item[i]);
    return n;
}

static void put_head(const struct array *array, float *out)
{
    int64_t dim[ARRAY_MAX_RANK];
    for (int d = 0; d < ARRAY_MAX_RANK; d++)
        dim[d] = (int64_t)array->dim[d];
    memcpy(out, dim, sizeof dim);
}

void ensemble_get(struct ensemble *ensemble, float *weights)
{
    const struct arrays *kept = kept_now(ensemble);
    for (int i = 0; i < kept->n; i++) {
        if (head_floats(ensemble))
            put_head(&kept->item[i], weights);
        weights += head_floats(ensemble);
        memcpy(weights, kept->item[i].data, array_bytes(&kept->item[i]));
        scale_and_shift(ensemble, &kept->item[i], weights);
        weights += floats_of(&kept->item[i]);
    }
}

/* The dimensions of an array from the n floats before it: 1 when all of it is among them. */
static int take_head(struct array *array, const float *weights, size_t n)
{
    int64_t dim[ARRAY_MAX_RANK];
    size_t cells = 1;
    if (n < HEAD_FLOATS)
        return 0;
    memcpy(dim, weights, sizeof dim);
    for (int d = 0; d < ARRAY_MAX_RANK; d++) {
        if (d < array->rank ? dim[d] < 1 || (uint64_t)dim[d] > n * sizeof *weights / cells : dim[d] != 0)
            return 0;
        array->dim[d] = (size_t)dim[d];
        cells *= d < array->rank ? array->dim[d] : 1;
    }
    return floats_of(array) <= n - HEAD_FLOATS;
}

/* The list of what n floats hold; it points into them. */
static int list_flat(struct ensemble *ensemble, float *weights, size_t n, struct arrays *out, struct err *err)
{
    const struct arrays *kept = kept_now(ensemble);
    size_t head = head_floats(ensemble);
    for (int i = 0; i < kept->n; i++) {
        struct array array = kept->item[i];
        size_t dim[ARRAY_MAX_RANK + 1] = {0};
        if (!take_head(&array, weights, n))
            return err_set(err, E_USAGE, "these are no weights of such a model");
        memcpy(dim, array.dim, sizeof array.dim);
        arrays_add(out, array.name, array.type, dim, weights + head);
        weights += head + floats_of(&array);
        n -= head + floats_of(&array);
    }
    return arrays_check(out, err);
}

static int put_grown(struct ensemble *ensemble, const float *weights, size_t n, struct err *err)
{
    struct arrays flat = {0};
    float *cells = err_calloc(n ? n : 1, sizeof *cells, "weights", err);
    if (!cells)
        return E_IO;
    memcpy(cells, weights, n * sizeof *cells);
    int rc = list_flat(ensemble, cells, n, &flat, err);
    if (rc == 0)
        rc = ensemble_restore(ensemble, MODEL_KEPT, &flat, err);
    arrays_free(&flat);
    free(cells);
    return rc;
}

int ensemble_put(struct ensemble *ensemble, const float *weights, size_t n, struct err *err)
{
    if (ensemble->kind->can & MODEL_GROWS)
        return put_grown(ensemble, weights, n, err);
    if (n < ensemble_n_weights(ensemble))
        return err_set(err, E_USAGE, "these are weights of smaller models");
    const struct arrays *kept = kept_now(ensemble);
    for (int i = 0; i < kept->n; i++) {
        memcpy(kept->item[i].data, weights, array_bytes(&kept->item[i]));
        weights += floats_of(&kept->item[i]);
    }
    return 0;
}

void ensemble_free(struct ensemble *ensemble)
{
    if (!ensemble)
        return;
    for (int m = 0; m < RECIPE_MAX_MEMBERS; m++)
        if (ensemble->member[m])
            ensemble->kind->close(ensemble->member[m]);
    arrays_free(&ensemble->kept);
    features_free(ensemble->features);
    free(ensemble->rows);
    free(ensemble->probs);
    free(ensemble->layer);
    free(ensemble);
}
