#include "models/ensemble.h"

#include "rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ensemble {
    const struct model_kind *kind;
    int n_members, n_classes, batch;
    size_t n_params, shift_at; /* of one model; where a shift is added */
    int has_shift;
    float shift[CONFIG_MAX_CLUSTERS];
    float *probs; /* (batch, n_classes) of one member */
    void *member[RECIPE_MAX_MEMBERS];
};

/* The stream of a model's initial weights: the same for every strategy and fold of a seed and repeat.
 * Repeats have their own, or else those of one seed would vary less than seeds do, and a test that
 * counts both as runs would find too much. */
static uint64_t weights_key(const struct config *config, int member)
{
    char identity[MODEL_IDENTITY_SIZE], text[MODEL_IDENTITY_SIZE + 96];
    model_of(config)->identity(config, identity);
    int n = snprintf(text, sizeof text, "%s seed=%lld", identity, (long long)config->seed);
    if (config->repeat > 0)
        n += snprintf(text + n, sizeof text - (size_t)n, " repeat=%lld", (long long)config->repeat);
    if (member > 0)
        n += snprintf(text + n, sizeof text - (size_t)n, " member=%d", member);
    return rng_key("weights", text, (size_t)n);
}

static int open_members(const struct config *config, const char *job_key, int n_members,
                        struct ensemble *ensemble, struct err *err)
{
    int rc = 0;
    for (int m = 0; rc == 0 && m < n_members; m++) {
        const struct model_spec spec = {config, job_key, weights_key(config, m)};
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
    if (kind->n_params)
        ensemble.n_params = kind->n_params(config);
    if (kind->shift_at) {
        ensemble.shift_at = kind->shift_at(config);
        set_shift(&ensemble, recipe->logit_shift);
    }
    return ensemble;
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
    int n_members = ensemble->n_params ? recipe->n_members : 1;
    int rc = ensemble->probs ? open_members(config, job_key, n_members, ensemble, err) : E_IO;
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

static float *params_of(const struct ensemble *ensemble, int m)
{
    return ensemble->kind->state(ensemble->member[m]).params;
}

static void predict_shifted(struct ensemble *ensemble, int m, const float *const *image, int n, float *probs)
{
    float saved[CONFIG_MAX_CLUSTERS];
    if (!ensemble->has_shift) {
        ensemble->kind->judge(ensemble->member[m], image, n, probs);
        return;
    }
    float *bias = params_of(ensemble, m) + ensemble->shift_at;
    size_t bytes = (size_t)ensemble->n_classes * sizeof *bias;
    memcpy(saved, bias, bytes);
    for (int c = 0; c < ensemble->n_classes; c++)
        bias[c] += ensemble->shift[c];
    ensemble->kind->judge(ensemble->member[m], image, n, probs);
    memcpy(bias, saved, bytes);
}

/* At most `batch` images. */
static void predict_mean(struct ensemble *ensemble, const float *const *image, int n, float *probs)
{
    size_t floats = (size_t)n * (size_t)ensemble->n_classes;
    memset(probs, 0, floats * sizeof *probs);
    for (int m = 0; m < ensemble->n_members; m++) {
        predict_shifted(ensemble, m, image, n, ensemble->probs);
        for (size_t i = 0; i < floats; i++)
            probs[i] += ensemble->probs[i];
    }
    for (size_t i = 0; i < floats; i++)
        probs[i] /= (float)ensemble->n_members;
}

void ensemble_predict(struct ensemble *ensemble, const float *const *image, int n, float *probs)
{
    if (ensemble->n_members == 1) {
        predict_shifted(ensemble, 0, image, n, probs);
        return;
    }
    for (int first = 0; first < n; first += ensemble->batch) {
        int size = n - first < ensemble->batch ? n - first : ensemble->batch;
        predict_mean(ensemble, image + first, size, probs + (size_t)first * (size_t)ensemble->n_classes);
    }
}

size_t ensemble_n_weights(const struct ensemble *ensemble)
{
    return ensemble->n_params * (size_t)ensemble->n_members;
}

void ensemble_get(struct ensemble *ensemble, float *weights)
{
    for (int m = 0; m < ensemble->n_members; m++) {
        float *to = weights + (size_t)m * ensemble->n_params;
        memcpy(to, params_of(ensemble, m), ensemble->n_params * sizeof *to);
        for (int c = 0; ensemble->has_shift && c < ensemble->n_classes; c++)
            to[ensemble->shift_at + (size_t)c] += ensemble->shift[c];
    }
}

void ensemble_put(struct ensemble *ensemble, const float *weights)
{
    for (int m = 0; m < ensemble->n_members; m++) {
        memcpy(params_of(ensemble, m), weights + (size_t)m * ensemble->n_params,
               ensemble->n_params * sizeof *weights);
    }
}

void ensemble_free(struct ensemble *ensemble)
{
    if (!ensemble)
        return;
    for (int m = 0; m < RECIPE_MAX_MEMBERS; m++)
        if (ensemble->member[m])
            ensemble->kind->close(ensemble->member[m]);
    free(ensemble->probs);
    free(ensemble);
}
