/* Model "knn": the classes of the k training images whose pixels are nearest, by Euclidean distance.
 *
 * Cover and Hart (1967). Distances are those of neighbours.h, exact and in one order, so that no BLAS decides
 * a vote; of equally far images those that stand first in the training set count. It keeps its whole training
 * set. Resampling changes that; loss weights, losses and logits there are none. */
#include "models/model.h"

#include "features/feature.h"
#include "samples/neighbours.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_K = 255, SOME = 1024 };

struct settings {
    int64_t k;
    char weights[CONFIG_WORD_SIZE];
};

static const struct setting settings[] = {
    {"knn.k", SETTING_INT, offsetof(struct settings, k), 1, MAX_K, "5", NULL, "nearest images that vote"},
    {"knn.weights", SETTING_WORD, offsetof(struct settings, weights), 0, 0, "uniform", "uniform|distance",
     "what a vote counts: the same, or 1 / distance"},
    {0},
};

static const struct section section = {.setting = settings, .size = sizeof(struct settings)};

struct knn {
    int n_classes, k, by_distance;
    size_t n, floats; /* training images; values of one */
    float *image;     /* (n, floats) */
    float *vote;      /* (n, n_classes) 1 for the image's class */
};

static void identity(const struct config *config, char out[MODEL_IDENTITY_SIZE])
{
    const struct settings *s = config_of(config, &section);
    snprintf(out, MODEL_IDENTITY_SIZE, "knn %d %d %s %d channels %d", (int)config->image_size, (int)s->k,
             s->weights, config->clusters.n, (int)config->channels);
}

/* Of the products between all pairs; sees and judges its training set once. */
static double work(const struct config *config, double n_seen, double n_judged)
{
    return 1e6 + 2 * (double)feature_floats(config) * n_seen * (n_seen + 2 * n_judged);
}

static size_t room(const struct config *config, int n_train)
{
    size_t a_sample = feature_floats(config) + (size_t)config->clusters.n;
    return (size_t)n_train * a_sample * sizeof(float) + 2 * MODEL_HEAD;
}

/* With what neighbours.h says it takes. */
static size_t bytes(const struct config *config, int n_train)
{
    size_t k = (size_t)((const struct settings *)config_of(config, &section))->k;
    return room(config, n_train) + 13000000 + 36 * (size_t)n_train + SOME * (40 * k + 600);
}

/* Give it room for n images, all zero, in place of those it has. */
static int resize(struct knn *knn, size_t n, struct err *err)
{
    float *image = err_calloc(n, knn->floats * sizeof *image, "the images of model knn", err);
    float *vote = err_calloc(n, (size_t)knn->n_classes * sizeof *vote, "the images of model knn", err);
    if (!image || !vote) {
        free(image);
        free(vote);
        return E_IO;
    }
    free(knn->image);
    free(knn->vote);
    knn->image = image;
    knn->vote = vote;
    knn->n = n;
    return 0;
}

static void close_knn(void *model)
{
    struct knn *knn = model;
    free(knn->image);
    free(knn->vote);
    free(knn);
}

/* Until it is fitted it has one black image that votes for nothing. */
static int open_knn(const struct model_spec *spec, void **out, struct err *err)
{
    const struct settings *s = config_of(spec->config, &section);
    struct knn *knn = err_calloc(1, sizeof *knn, "a model", err);
    *out = NULL;
    if (!knn)
        return E_IO;
    *knn = (struct knn){.n_classes = spec->config->clusters.n,
                        .k = (int)s->k,
                        .by_distance = strcmp(s->weights, "distance") == 0,
                        .floats = feature_floats(spec->config)};
    if (resize(knn, 1, err) < 0) {
        close_knn(knn);
        return E_IO;
    }
    *out = knn;
    return 0;
}

static int fit(void *model, const struct model_set *train, struct pause *pause, struct err *err)
{
    struct knn *knn = model;
    int rc = resize(knn, (size_t)train->n, err);
    for (size_t i = 0; rc == 0 && i < knn->n; i++) {
        memcpy(knn->image + i * knn->floats, train->image[i], knn->floats * sizeof *knn->image);
        knn->vote[i * (size_t)knn->n_classes + (size_t)train->label[i]] = 1;
        rc = pause_after(pause, (double)knn->floats, err);
    }
    return rc;
}

/* ---- votes ---- */

/* The k nearest of one image and how far they are. */
static void nearest(const struct knn *knn, const float *image, int k, int *at, double *distance)
{
    for (int j = 0; j < k; j++) {
        at[j] = 0;
        distance[j] = HUGE_VAL;
    }
    for (size_t i = 0; i < knn->n; i++) {
        const float *other = knn->image + i * knn->floats;
        double d = distance_squared(image, other, (int)knn->floats, distance[k - 1]);
        int j = k - 1;
        if (d >= distance[j])
            continue;
        for (; j > 0 && distance[j - 1] > d; j--) {
            distance[j] = distance[j - 1];
            at[j] = at[j - 1];
        }
        distance[j] = d;
        at[j] = (int)i;
    }
    for (int j = 0; j < k; j++)
        distance[j] = sqrt(distance[j]);
}

/* Images without any distance have all the weight when there are some, as in scikit-learn. */
static double weight_of(const struct knn *knn, double distance, double least)
{
    return !knn->by_distance ? 1 : least > 0 ? 1 / distance : distance > 0 ? 0 : 1;
}

static void count_votes(const struct knn *knn, int k, const int *at, const double *distance, float *probs)
{
    size_t n_classes = (size_t)knn->n_classes;
    double sum[CONFIG_MAX_CLUSTERS] = {0}, all = 0;
    for (int j = 0; j < k; j++)
        for (size_t c = 0; c < n_classes; c++) {
            double vote = (double)knn->vote[(size_t)at[j] * n_classes + c];
            sum[c] += vote * weight_of(knn, distance[j], distance[0]);
        }
    for (size_t c = 0; c < n_classes; c++)
        all += sum[c];
    for (size_t c = 0; c < n_classes; c++)
        probs[c] = (float)(all > 0 ? sum[c] / all : 1.0 / (double)n_classes);
}

/* By matrix products. E_IO without the memory for that. */
static int judge_fast(const struct knn *knn, const float *const *image, int n, float *probs)
{
    struct neighbours near = {0};
    int n_train = (int)knn->n;
    const float **point = calloc(knn->n + (size_t)n, sizeof *point);
    int *at = calloc(knn->n + (size_t)n, sizeof *at);
    int rc = point && at ? 0 : E_IO;
    for (int i = 0; rc == 0 && i < n_train + n; i++) {
        point[i] = i < n_train ? knn->image + (size_t)i * knn->floats : image[i - n_train];
        at[i] = i;
    }
    if (rc == 0) {
        const struct cloud cloud = {point, n_train + n, (int)knn->floats};
        rc = neighbours_find(&cloud, (struct positions){at + n_train, n}, (struct positions){at, n_train},
                             knn->k, NULL, &near, NULL);
    }
    for (size_t i = 0; rc == 0 && i < (size_t)n; i++)
        count_votes(knn, near.k, near.at + i * (size_t)near.k, near.distance + i * (size_t)near.k,
                    probs + i * (size_t)knn->n_classes);
    neighbours_free(&near);
    free(point);
    free(at);
    return rc;
}

/* The same bits without memory. */
static void judge_slowly(const struct knn *knn, const float *const *image, int n, float *probs)
{
    int at[MAX_K] = {0}, k = knn->n < (size_t)knn->k ? (int)knn->n : knn->k;
    double distance[MAX_K] = {0};
    for (size_t i = 0; i < (size_t)n; i++) {
        nearest(knn, image[i], k, at, distance);
        count_votes(knn, k, at, distance, probs + i * (size_t)knn->n_classes);
    }
}

static void judge(void *model, const float *const *image, int n, float *probs)
{
    const struct knn *knn = model;
    for (int first = 0; first < n; first += SOME) {
        int some = n - first < SOME ? n - first : SOME;
        float *out = probs + (size_t)first * (size_t)knn->n_classes;
        if (judge_fast(knn, image + first, some, out) < 0)
            judge_slowly(knn, image + first, some, out);
    }
}

/* ---- arrays ---- */

static void arrays(void *model, enum model_part part, struct arrays *out)
{
    struct knn *knn = model;
    (void)part;
    arrays_add(out, "image", ARRAY_F32, (const size_t[]){knn->n, knn->floats, 0}, knn->image);
    arrays_add(out, "vote", ARRAY_F32, (const size_t[]){knn->n, (size_t)knn->n_classes, 0}, knn->vote);
}

static int restore(void *model, enum model_part part, const struct arrays *from, struct err *err)
{
    struct knn *knn = model, new = *knn;
    const struct array *image = model_array(from, "image", ARRAY_F32, 2);
    if (!image)
        return err_set(err, E_USAGE, "there are no images of model knn");
    new.image = new.vote = NULL;
    int rc = resize(&new, image->dim[0], err);
    if (rc == 0)
        rc = model_restore_in_place(&model_knn, &new, part, from, err);
    struct knn old = rc == 0 ? *knn : new;
    if (rc == 0)
        *knn = new;
    free(old.image);
    free(old.vote);
    return rc;
}

const struct model_kind model_knn = {
    .name = "knn",
    .help = "the k nearest training images by Euclidean distance of their pixels vote",
    .section = &section,
    .can = MODEL_GROWS | MODEL_VECTORS,
    .seconds = 3e-11,
    .identity = identity,
    .work = work,
    .room = room,
    .bytes = bytes,
    .open = open_knn,
    .fit = fit,
    .judge = judge,
    .arrays = arrays,
    .restore = restore,
    .why_not = "its neighbours vote in a fixed order of exact distances, which no operator has",
    .close = close_knn,
};
