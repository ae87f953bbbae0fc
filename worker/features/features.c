#include "features/features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct features {
    const struct feature_kind *kind;
    void *self;
    size_t floats;
    float *mean, *scale; /* (floats); NULL: not scaled */
};

int features_new(const struct config *config, struct features **out, struct err *err)
{
    struct features *f = err_calloc(1, sizeof *f, "features", err);
    *out = NULL;
    if (!f)
        return E_IO;
    f->kind = feature_of(config);
    f->floats = feature_floats(config);
    int rc = f->kind->open ? f->kind->open(config, &f->self, err) : 0;
    if (rc == 0 && feature_is_scaled(config)) {
        f->mean = err_calloc(2 * f->floats, sizeof *f->mean, "the scale of features", err);
        rc = f->mean ? 0 : E_IO;
        f->scale = f->mean ? f->mean + f->floats : NULL;
    }
    if (rc == 0)
        *out = f;
    else
        features_free(f);
    return rc;
}

size_t features_room(const struct config *config, int *n_arrays)
{
    const struct feature_kind *kind = feature_of(config);
    struct features *f = NULL;
    struct arrays arrays = {0};
    size_t bytes = kind->room ? kind->room(config) : 0;
    *n_arrays = 0;
    if (feature_is_scaled(config))
        bytes += 2 * feature_floats(config) * sizeof(float);
    if (bytes && features_new(config, &f, NULL) == 0)
        features_arrays(f, &arrays);
    *n_arrays = arrays.n;
    arrays_free(&arrays);
    features_free(f);
    return bytes;
}

/* ---- scale ---- */

static void add_rows(const struct features *f, const struct samples *train, double *sum, const double *mean)
{
    for (int i = 0; i < train->n; i++)
        for (size_t j = 0; j < f->floats; j++) {
            double d = (double)train->sample[i].pixels[j] - (mean ? mean[j] : 0);
            sum[j] += mean ? d * d : d;
        }
}

/* From the rows of the training samples. */
static int find_scale(struct features *f, const struct samples *train, struct err *err)
{
    double *mean = err_calloc(2 * f->floats, sizeof *mean, "the scale of features", err);
    if (!mean)
        return E_IO;
    double *square = mean + f->floats;
    add_rows(f, train, mean, NULL);
    for (size_t j = 0; j < f->floats; j++)
        mean[j] /= train->n;
    add_rows(f, train, square, mean);
    for (size_t j = 0; j < f->floats; j++) {
        double deviation = sqrt(square[j] / train->n);
        f->mean[j] = (float)mean[j];
        f->scale[j] = deviation > fmax(1e-12, 1e-6 * fabs(mean[j])) ? (float)(1 / deviation) : 0;
    }
    free(mean);
    return 0;
}

void features_scale(const struct features *f, float *row)
{
    for (size_t j = 0; f->mean && j < f->floats; j++)
        row[j] = (row[j] - f->mean[j]) * f->scale[j];
}

/* ---- rows ---- */

void features_measure(struct features *f, const float *const *image, int n, float *rows)
{
    for (int i = 0; i < n; i++, rows += f->floats)
        f->kind->make(f->self, image[i], rows);
}

void features_make(struct features *f, const float *const *image, int n, float *rows)
{
    features_measure(f, image, n, rows);
    for (int i = 0; i < n; i++)
        features_scale(f, rows + (size_t)i * f->floats);
}

/* An image of a job and its row. */
struct pair {
    const float *image, *row;
};

static int by_image(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)((const struct pair *)a)->image, y = (uintptr_t)((const struct pair *)b)->image;
    return (x > y) - (x < y);
}

enum { N_LISTS = 4 };

static void list_all(struct job_samples *samples, struct samples *list[N_LISTS])
{
    list[0] = &samples->train;
    list[1] = &samples->val;
    list[2] = &samples->test;
    list[3] = &samples->all;
}

/* The distinct images of a job, sorted; returns their number. */
static int find_images(struct samples *const list[N_LISTS], struct pair *pair)
{
    int n = 0, distinct = 0;
    for (int l = 0; l < N_LISTS; l++)
        for (int i = 0; i < list[l]->n; i++)
            pair[n++].image = list[l]->sample[i].pixels;
    qsort(pair, (size_t)n, sizeof *pair, by_image);
    for (int i = 0; i < n; i++)
        if (i == 0 || pair[i].image != pair[i - 1].image)
            pair[distinct++] = pair[i];
    return distinct;
}

static int measure_pairs(struct features *f, struct pair *pair, int n, float *rows, struct pause *pause,
                         struct err *err)
{
    int rc = 0;
    for (int i = 0; i < n && rc == 0; i++, rows += f->floats) {
        f->kind->make(f->self, pair[i].image, rows);
        pair[i].row = rows;
        rc = pause_after(pause, PAUSE_WORK / 16, err);
    }
    return rc;
}

static void hand_out(struct samples *const list[N_LISTS], const struct pair *pair, int n)
{
    for (int l = 0; l < N_LISTS; l++)
        for (int i = 0; i < list[l]->n; i++) {
            const struct pair mine = {.image = list[l]->sample[i].pixels};
            const struct pair *found = bsearch(&mine, pair, (size_t)n, sizeof *pair, by_image);
            list[l]->sample[i].pixels = found->row;
        }
}

static int scale_rows(struct features *f, const struct samples *train, float *rows, int n, struct err *err)
{
    int rc = f->mean ? find_scale(f, train, err) : 0;
    for (int i = 0; i < n && rc == 0; i++)
        features_scale(f, rows + (size_t)i * f->floats);
    return rc;
}

int features_give(struct features *f, struct job_samples *samples, struct pause *pause, float **rows,
                  struct err *err)
{
    struct samples *list[N_LISTS];
    size_t most = 0;
    list_all(samples, list);
    for (int l = 0; l < N_LISTS; l++)
        most += (size_t)list[l]->n;
    *rows = NULL;
    struct pair *pair = err_calloc(most, sizeof *pair, "features", err);
    if (!pair)
        return E_IO;
    int n = find_images(list, pair);
    *rows = err_calloc((size_t)n, f->floats * sizeof **rows, "features", err);
    int rc = *rows ? measure_pairs(f, pair, n, *rows, pause, err) : E_IO;
    if (rc == 0) {
        hand_out(list, pair, n);
        rc = scale_rows(f, &samples->train, *rows, n, err);
    }
    free(pair);
    return rc;
}

int features_learn(struct features *f, const struct feature_lesson *lesson, struct err *err)
{
    return f->kind->learn ? f->kind->learn(f->self, lesson, err) : 0;
}

/* ---- arrays ---- */

void features_arrays(struct features *f, struct arrays *out)
{
    const size_t dim[] = {f->floats, 0};
    if (f->kind->arrays)
        f->kind->arrays(f->self, out);
    if (!f->mean)
        return;
    arrays_add(out, "features.mean", ARRAY_F32, dim, f->mean);
    arrays_add(out, "features.scale", ARRAY_F32, dim, f->scale);
}

int features_restore(struct features *f, const struct arrays *from, struct err *err)
{
    struct arrays own = {0};
    features_arrays(f, &own);
    int rc = arrays_check(&own, err);
    if (rc == 0)
        rc = arrays_copy(&own, from, err);
    arrays_free(&own);
    return rc;
}

void features_free(struct features *f)
{
    if (!f)
        return;
    if (f->self)
        f->kind->close(f->self);
    free(f->mean);
    free(f);
}
