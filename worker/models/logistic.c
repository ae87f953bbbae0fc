/* Model "logistic": multinomial logistic regression on standardised pixels, with an L2 penalty.
 *
 * The minimum of  sum_i w_i loss_i + |W|^2 / (2 C)  over weights W and free biases, as scikit-learn's
 * LogisticRegression has it behind a StandardScaler; the penalty counts twice where there are two classes,
 * whose two rows of W then are plus and minus half of the one that its binary form has. Pixels are
 * standardised by mean and standard deviation of the training set; one that never changes counts for nothing.
 * Sums are in one order, no BLAS has a say; the last bits are those of the C library's exp(). */
#include "models/model.h"

#include "features/feature.h"
#include "models/newton.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    double c;
    int64_t steps;
};

static const struct setting settings[] = {
    {"logistic.c", SETTING_REAL, offsetof(struct settings, c), 1e-9, 1e9, "1", NULL,
     "weight of the samples against the penalty: small is simple"},
    {"logistic.steps", SETTING_INT, offsetof(struct settings, steps), 1, 1000000, "100", NULL,
     "steps of Newton's method at most"},
    {0},
};

static const struct section section = {.setting = settings, .size = sizeof(struct settings)};

/* Gradients above this in size are followed. */
#define TOLERANCE 1e-6

struct logistic {
    size_t n_classes, floats;
    double c;
    int steps;
    float *mean, *scale;  /* (floats) of the pixels; 1 / standard deviation, 0 where that is 0 */
    float *weight, *bias; /* (n_classes, floats), (n_classes) */
};

static void identity(const struct config *config, char out[MODEL_IDENTITY_SIZE])
{
    const struct settings *s = config_of(config, &section);
    snprintf(out, MODEL_IDENTITY_SIZE, "logistic %d %.9g %lld %d channels %d", (int)config->image_size, s->c,
             (long long)s->steps, config->clusters.n, (int)config->channels);
}

/* Two products a pass, of which there are some hundreds (measured: 300). */
static double work(const struct config *config, double n_seen, double n_judged)
{
    double products = 2 * (double)feature_floats(config) * config->clusters.n;
    return 1e6 + products * (600 * n_seen + 2 * n_judged);
}

static size_t n_values(size_t n_classes, size_t floats)
{
    return 2 * floats + n_classes * (floats + 1);
}

static size_t room(const struct config *config, int n_train)
{
    (void)n_train;
    return n_values((size_t)config->clusters.n, feature_floats(config)) * sizeof(float);
}

static size_t bytes(const struct config *config, int n_train)
{
    size_t floats = feature_floats(config), n = (size_t)config->clusters.n * (floats + 1);
    return room(config, n_train) + (size_t)n_train * floats * sizeof(float) +
           newton_doubles(n) * sizeof(double);
}

static int open_logistic(const struct model_spec *spec, void **out, struct err *err)
{
    const struct settings *s = config_of(spec->config, &section);
    size_t n_classes = (size_t)spec->config->clusters.n, floats = feature_floats(spec->config);
    struct logistic *l =
        err_calloc(1, sizeof *l + n_values(n_classes, floats) * sizeof(float), "a model", err);
    *out = l;
    if (!l)
        return E_IO;
    float *values = (float *)(l + 1);
    *l = (struct logistic){n_classes, floats, s->c, (int)s->steps, values, values + floats, NULL, NULL};
    l->weight = l->scale + floats;
    l->bias = l->weight + n_classes * floats;
    return 0;
}

/* ---- standardised pixels ---- */

static int find_scale(struct logistic *l, const struct model_set *train, struct err *err)
{
    double *sum = err_calloc(2 * l->floats, sizeof *sum, "the scale of pixels", err);
    if (!sum)
        return E_IO;
    double *square = sum + l->floats;
    for (int i = 0; i < train->n; i++)
        for (size_t j = 0; j < l->floats; j++)
            sum[j] += (double)train->image[i][j];
    for (int i = 0; i < train->n; i++)
        for (size_t j = 0; j < l->floats; j++) {
            double d = (double)train->image[i][j] - sum[j] / train->n;
            square[j] += d * d;
        }
    for (size_t j = 0; j < l->floats; j++) {
        double deviation = sqrt(square[j] / train->n);
        l->mean[j] = (float)(sum[j] / train->n);
        l->scale[j] = deviation > 1e-7 ? (float)(1 / deviation) : 0;
    }
    free(sum);
    return 0;
}

static void standardise(const struct logistic *l, const float *image, float *out)
{
    for (size_t j = 0; j < l->floats; j++)
        out[j] = (image[j] - l->mean[j]) * l->scale[j];
}

/* ---- the function ---- */

struct problem {
    const struct logistic *logistic;
    const struct model_set *train;
    float *x;     /* (n, floats) standardised */
    double *prob; /* (n, n_classes) where the function was last asked */
    struct pause *pause;
};

/* W is (n_classes, floats + 1) in doubles, the bias last in a row. */
static double logit(const float *x, const double *w, size_t floats)
{
    double sum[8] = {0};
    size_t j = 0;
    for (; j + 8 <= floats; j += 8)
        for (size_t k = 0; k < 8; k++)
            sum[k] += (double)x[j + k] * w[j + k];
    for (; j < floats; j++)
        sum[0] += (double)x[j] * w[j];
    return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7])) + w[floats];
}

/* Logits to probabilities in place; returns the logarithm of the sum of their exponentials. */
static double softmax(double *p, size_t n)
{
    double most = n > 0 ? p[0] : 0;
    for (size_t c = 1; c < n; c++)
        most = fmax(most, p[c]);
    double sum = n > 0 ? exp(p[0] - most) : 1;
    for (size_t c = 1; c < n; c++)
        sum += exp(p[c] - most);
    double all = most + log(sum);
    for (size_t c = 0; c < n; c++)
        p[c] = exp(p[c] - all);
    return all;
}

/* Add a share of standardised pixels, and of the 1 that the bias goes with. */
static void add_row(double *to, double share, const float *x, size_t floats)
{
    for (size_t j = 0; j < floats; j++)
        to[j] += share * (double)x[j];
    to[floats] += share;
}

static double add_sample(const struct problem *p, int i, const double *w, double *gradient)
{
    const struct logistic *l = p->logistic;
    const float *x = p->x + (size_t)i * l->floats;
    size_t row = l->floats + 1, label = (size_t)p->train->label[i];
    double *prob = p->prob + (size_t)i * l->n_classes, weight = (double)p->train->weight[i];
    double own = 0;
    for (size_t c = 0; c < l->n_classes; c++) {
        prob[c] = logit(x, w + c * row, l->floats);
        own = c == label ? prob[c] : own;
    }
    double loss = softmax(prob, l->n_classes) - own;
    for (size_t c = 0; c < l->n_classes; c++)
        add_row(gradient + c * row, weight * (prob[c] - (c == label ? 1 : 0)), x, l->floats);
    return weight * loss;
}

static double penalty_of(const struct logistic *l)
{
    return (l->n_classes == 2 ? 2 : 1) / l->c;
}

static int objective(void *self, const double *w, double *value, double *gradient, struct err *err)
{
    const struct problem *p = self;
    const struct logistic *l = p->logistic;
    double penalty = penalty_of(l);
    size_t row = l->floats + 1;
    memset(gradient, 0, l->n_classes * row * sizeof *gradient);
    *value = 0;
    for (int i = 0; i < p->train->n; i++) {
        *value += add_sample(p, i, w, gradient);
        int rc = pause_after(p->pause, 2 * (double)(l->n_classes * l->floats), err);
        if (rc < 0)
            return rc;
    }
    for (size_t k = 0; k < l->n_classes * row; k++)
        if (k % row < l->floats) {
            *value += penalty * w[k] * w[k] / 2;
            gradient[k] += penalty * w[k];
        }
    return 0;
}

/* d(p_c) = p_c (s_c - sum_k p_k s_k) of logits that change by s. */
static void add_curve(const struct problem *p, int i, const double *v, double *out)
{
    const struct logistic *l = p->logistic;
    const float *x = p->x + (size_t)i * l->floats;
    const double *prob = p->prob + (size_t)i * l->n_classes;
    double change[CONFIG_MAX_CLUSTERS] = {0}, mean = 0, weight = (double)p->train->weight[i];
    size_t row = l->floats + 1;
    for (size_t c = 0; c < l->n_classes; c++) {
        change[c] = logit(x, v + c * row, l->floats);
        mean += prob[c] * change[c];
    }
    for (size_t c = 0; c < l->n_classes; c++)
        add_row(out + c * row, weight * prob[c] * (change[c] - mean), x, l->floats);
}

static int curve(void *self, const double *v, double *out, struct err *err)
{
    const struct problem *p = self;
    const struct logistic *l = p->logistic;
    size_t row = l->floats + 1;
    for (size_t k = 0; k < l->n_classes * row; k++)
        out[k] = k % row < l->floats ? penalty_of(l) * v[k] : 0;
    for (int i = 0; i < p->train->n; i++) {
        add_curve(p, i, v, out);
        int rc = pause_after(p->pause, 2 * (double)(l->n_classes * l->floats), err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static void take_weights(struct logistic *l, const double *w)
{
    for (size_t c = 0; c < l->n_classes; c++) {
        const double *row = w + c * (l->floats + 1);
        for (size_t j = 0; j < l->floats; j++)
            l->weight[c * l->floats + j] = (float)row[j];
        l->bias[c] = (float)row[l->floats];
    }
}

static int fit(void *model, const struct model_set *train, struct pause *pause, struct err *err)
{
    struct logistic *l = model;
    size_t n = l->n_classes * (l->floats + 1);
    double *w = err_calloc(n, sizeof *w, "a logistic regression", err);
    float *x = err_calloc((size_t)train->n, l->floats * sizeof *x, "a logistic regression", err);
    double *prob = err_calloc((size_t)train->n, l->n_classes * sizeof *prob, "a logistic regression", err);
    struct problem problem = {l, train, x, prob, pause};
    const struct newton_function f = {objective, curve, &problem, n};
    int rc = w && x && prob ? find_scale(l, train, err) : E_IO;
    for (int i = 0; rc == 0 && i < train->n; i++)
        standardise(l, train->image[i], x + (size_t)i * l->floats);
    if (rc == 0)
        rc = newton_minimise(&f, w, TOLERANCE, l->steps, err);
    if (rc == 0)
        take_weights(l, w);
    free(prob);
    free(x);
    free(w);
    return rc;
}

/* ---- predictions ---- */

static double kept_logit(const struct logistic *l, const float *image, size_t c)
{
    const float *w = l->weight + c * l->floats;
    double sum[8] = {0};
    for (size_t j = 0; j < l->floats; j++)
        sum[j % 8] += (double)((image[j] - l->mean[j]) * l->scale[j]) * (double)w[j];
    return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7])) +
           (double)l->bias[c];
}

static void judge(void *model, const float *const *image, int n, float *probs)
{
    const struct logistic *l = model;
    double p[CONFIG_MAX_CLUSTERS];
    for (int i = 0; i < n; i++, probs += l->n_classes) {
        for (size_t c = 0; c < l->n_classes; c++)
            p[c] = kept_logit(l, image[i], c);
        softmax(p, l->n_classes);
        for (size_t c = 0; c < l->n_classes; c++)
            probs[c] = (float)p[c];
    }
}

static float *logit_bias(void *model)
{
    return ((struct logistic *)model)->bias;
}

static void arrays(void *model, enum model_part part, struct arrays *out)
{
    struct logistic *l = model;
    const size_t pixels[] = {l->floats, 0}, classes[] = {l->n_classes, 0},
                 both[] = {l->n_classes, l->floats, 0};
    (void)part;
    arrays_add(out, "mean", ARRAY_F32, pixels, l->mean);
    arrays_add(out, "scale", ARRAY_F32, pixels, l->scale);
    arrays_add(out, "weight", ARRAY_F32, both, l->weight);
    arrays_add(out, "bias", ARRAY_F32, classes, l->bias);
}

static int restore(void *model, enum model_part part, const struct arrays *from, struct err *err)
{
    return model_restore_in_place(&model_logistic, model, part, from, err);
}

static int form(void *model, struct model_form *out, struct err *err)
{
    struct logistic *l = model;
    (void)err;
    *out = (struct model_form){.kind = FORM_LINEAR,
                               .n_classes = l->n_classes,
                               .floats = l->floats,
                               .linear = {l->mean, l->scale, l->weight, l->bias}};
    return 0;
}

const struct model_kind model_logistic = {
    .name = "logistic",
    .help = "multinomial logistic regression on standardised pixels, L2 penalty",
    .section = &section,
    .can = MODEL_WEIGHTS | MODEL_SHIFT | MODEL_VECTORS,
    .seconds = 4e-10,
    .identity = identity,
    .work = work,
    .room = room,
    .bytes = bytes,
    .open = open_logistic,
    .fit = fit,
    .judge = judge,
    .logit_bias = logit_bias,
    .arrays = arrays,
    .restore = restore,
    .form = form,
    .close = free,
};
