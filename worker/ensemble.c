#include "ensemble.h"

#include "rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ensemble {
    int n_members, n_classes, batch;
    size_t n_params, bias; /* of one network; where its output biases begin */
    int has_shift;
    float shift[CONFIG_MAX_CLUSTERS];
    float *probs; /* (batch, n_classes) of one member */
    struct cnn *net[RECIPE_MAX_MEMBERS];
};

struct cnn_shape ensemble_shape(const struct config *config)
{
    return (struct cnn_shape){.size = (int)config->image_size,
                              .filters = {(int)config->filters1, (int)config->filters2},
                              .dense = {(int)config->dense1, (int)config->dense2},
                              .n_classes = config->clusters.n,
                              .dropout = {config->dropout1, config->dropout2, config->dropout3}};
}

/* The stream of a network's initial weights: the same for every strategy and fold of a seed and repeat. Repeats have their own,
 * or else those of one seed would vary less than seeds do, and a test that counts both as runs would find too much. */
static uint64_t weights_key(const struct config *config, int member)
{
    char text[256];
    int n = snprintf(text, sizeof text, "cnn %d %d %d %d %d %d seed=%lld", (int)config->image_size,
                     (int)config->filters1, (int)config->filters2, (int)config->dense1, (int)config->dense2,
                     config->clusters.n, (long long)config->seed);
    if (config->repeat > 0)
        n += snprintf(text + n, sizeof text - (size_t)n, " repeat=%lld", (long long)config->repeat);
    if (member > 0)
        n += snprintf(text + n, sizeof text - (size_t)n, " member=%d", member);
    return rng_key("weights", text, (size_t)n);
}

static int new_members(const struct config *config, int n_members, struct ensemble *ensemble, struct err *err)
{
    struct cnn_shape shape = ensemble_shape(config);
    size_t offset[CNN_N_PARTS + 1];
    int rc = 0;
    for (int m = 0; rc == 0 && m < n_members; m++) {
        rc = cnn_new(&shape, ensemble->batch, &ensemble->net[m], err);
        if (rc == 0)
            cnn_init(ensemble->net[m], weights_key(config, m));
    }
    ensemble->n_members = n_members;
    ensemble->n_params = cnn_n_params(&shape, offset);
    ensemble->bias = offset[CNN_OUT_B];
    return rc;
}

static void set_shift(struct ensemble *ensemble, const float *shift)
{
    for (int c = 0; c < ensemble->n_classes; c++) {
        ensemble->shift[c] = shift[c];
        ensemble->has_shift |= shift[c] < 0 || shift[c] > 0;
    }
}

int ensemble_new(const struct config *config, const struct recipe *recipe, struct ensemble **out,
                 struct err *err)
{
    struct ensemble *ensemble = err_calloc(1, sizeof *ensemble, "the networks of a job", err);
    if (!ensemble)
        return E_IO;
    ensemble->n_classes = config->clusters.n;
    ensemble->batch = (int)config->batch;
    set_shift(ensemble, recipe->logit_shift);
    ensemble->probs = err_calloc((unsigned long)ensemble->batch * (unsigned long)ensemble->n_classes,
                                 sizeof *ensemble->probs, "probabilities", err);
    int rc = ensemble->probs ? new_members(config, recipe->n_members, ensemble, err) : E_IO;
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

struct cnn *ensemble_member(struct ensemble *ensemble, int m)
{
    return ensemble->net[m];
}

static void predict_shifted(struct ensemble *ensemble, int m, const float *const *image, int n, float *probs)
{
    float *bias = cnn_params(ensemble->net[m]) + ensemble->bias, saved[CONFIG_MAX_CLUSTERS];
    size_t bytes = (size_t)ensemble->n_classes * sizeof *bias;
    if (!ensemble->has_shift) {
        cnn_predict(ensemble->net[m], image, n, probs);
        return;
    }
    memcpy(saved, bias, bytes);
    for (int c = 0; c < ensemble->n_classes; c++)
        bias[c] += ensemble->shift[c];
    cnn_predict(ensemble->net[m], image, n, probs);
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
        memcpy(to, cnn_params(ensemble->net[m]), ensemble->n_params * sizeof *to);
        for (int c = 0; ensemble->has_shift && c < ensemble->n_classes; c++)
            to[ensemble->bias + (size_t)c] += ensemble->shift[c];
    }
}

void ensemble_put(struct ensemble *ensemble, const float *weights)
{
    for (int m = 0; m < ensemble->n_members; m++) {
        memcpy(cnn_params(ensemble->net[m]), weights + (size_t)m * ensemble->n_params,
               ensemble->n_params * sizeof *weights);
    }
}

void ensemble_free(struct ensemble *ensemble)
{
    if (!ensemble)
        return;
    for (int m = 0; m < RECIPE_MAX_MEMBERS; m++)
        cnn_free(ensemble->net[m]);
    free(ensemble->probs);
    free(ensemble);
}
