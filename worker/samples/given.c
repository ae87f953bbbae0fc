#include "samples/given.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct given_pair given_pairs[N_GIVEN_PAIRS] = {
    {GIVEN_TRAIN, GIVEN_VAL}, {GIVEN_TRAIN, GIVEN_TEST}, {GIVEN_VAL, GIVEN_TEST}};

const double given_nearness = 0.05;

/* ---- images that are equal ---- */

static int bit_of(int set)
{
    return 1 << set;
}

/* Bit s of sets (n_images): an image with the pixels of this one is of set s. */
static void mark_equal(const struct dataset *data, unsigned char *sets)
{
    for (int i = 0; i < data->n_images; i++)
        sets[dataset_content(data, i)] |= (unsigned char)bit_of(data->image[i].given);
    for (int i = 0; i < data->n_images; i++)
        sets[i] = sets[dataset_content(data, i)];
}

/* ---- images that are nearly equal ---- */

struct look {
    int image, given;
    double mean, sd; /* of its pixels */
};

static int by_mean(const void *a, const void *b)
{
    const struct look *x = a, *y = b;
    if (x->mean > y->mean || x->mean < y->mean)
        return x->mean < y->mean ? -1 : 1;
    return (x->image > y->image) - (x->image < y->image);
}

static struct look look_at(const struct dataset *data, int i)
{
    const float *pixels = dataset_pixels(data, i);
    size_t n = dataset_floats(data);
    double sum = 0, squares = 0;
    for (size_t k = 0; k < n; k++) {
        sum += (double)pixels[k];
        squares += (double)pixels[k] * (double)pixels[k];
    }
    double mean = sum / (double)n;
    return (struct look){i, data->image[i].given, mean, sqrt(fmax(0, squares / (double)n - mean * mean))};
}

/* The mean square of the difference; summed row by row, and given up once it is above `most`. */
static double mean_square(const struct dataset *data, int i, int k, double most)
{
    const float *a = dataset_pixels(data, i), *b = dataset_pixels(data, k);
    size_t n = dataset_floats(data), row = n / (size_t)data->size;
    double sum = 0;
    for (size_t begin = 0; begin < n && sum <= most * (double)n; begin += row) {
        float part = 0;
        for (size_t j = begin; j < begin + row; j++)
            part += (a[j] - b[j]) * (a[j] - b[j]);
        sum += (double)part;
    }
    return sum / (double)n;
}

/* Neither means nor deviations of two images are further apart than the root mean square of their
 * difference, so that most pairs are told apart without a look at pixels. */
static int is_near(const struct dataset *data, const struct look *a, const struct look *b)
{
    double limit = given_nearness * fmin(a->sd, b->sd);
    return fabs(a->mean - b->mean) <= limit && fabs(a->sd - b->sd) <= limit &&
           mean_square(data, a->image, b->image, limit * limit) <= limit * limit;
}

/* Bit s of near (n_images): an image of set s nearly equals this one. */
static int mark_near(const struct dataset *data, unsigned char *near, struct err *err)
{
    int n = 0;
    struct look *look = err_calloc((size_t)data->n_images, sizeof *look, "the sets of images", err);
    if (!look)
        return E_IO;
    for (int i = 0; i < data->n_images; i++)
        if (data->image[i].given != GIVEN_NONE)
            look[n++] = look_at(data, i);
    qsort(look, (size_t)n, sizeof *look, by_mean);
    for (int i = 0; i < n; i++)
        for (int k = i + 1; k < n && look[k].mean - look[i].mean <= given_nearness * look[i].sd; k++)
            if (look[i].given != look[k].given && is_near(data, &look[i], &look[k])) {
                near[look[i].image] |= (unsigned char)bit_of(look[k].given);
                near[look[k].image] |= (unsigned char)bit_of(look[i].given);
            }
    free(look);
    return 0;
}

static void count(const struct dataset *data, const unsigned char *equal, const unsigned char *near,
                  struct given_leak *out)
{
    for (int i = 0; i < data->n_images; i++) {
        out->n[data->image[i].given]++;
        for (int p = 0; p < N_GIVEN_PAIRS; p++) {
            int from = bit_of((int)given_pairs[p].from);
            if (data->image[i].given != (int)given_pairs[p].to)
                continue;
            out->equal[p] += (equal[i] & from) != 0;
            out->near[p] += !(equal[i] & from) && (near[i] & from);
        }
    }
}

int given_measure(const struct dataset *data, struct given_leak *out, struct err *err)
{
    size_t n = (size_t)data->n_images;
    unsigned char *equal = err_calloc(n, 1, "the sets of images", err);
    unsigned char *near = err_calloc(n, 1, "the sets of images", err);
    int rc = equal && near ? mark_near(data, near, err) : E_IO;
    *out = (struct given_leak){0};
    if (rc == 0) {
        mark_equal(data, equal);
        count(data, equal, near, out);
    }
    free(near);
    free(equal);
    return rc;
}

/* ---- groups in two sets ---- */

int given_shared(const struct dataset *data, const struct meta_column *column, struct given_pair pair,
                 struct given_shared *out, struct err *err)
{
    int n = column->n_values;
    unsigned char *sets = err_calloc((size_t)n + 1, 1, "the values of a column", err);
    int both = bit_of((int)pair.from) | bit_of((int)pair.to);
    *out = (struct given_shared){0};
    if (!sets)
        return E_IO;
    for (int i = 0; i < data->n_images; i++)
        if (column->code[i] >= 0)
            sets[column->code[i]] |= (unsigned char)bit_of(data->image[i].given);
    for (int v = 0; v < n; v++)
        out->n_values += (sets[v] & both) == both;
    for (int i = 0; i < data->n_images; i++)
        out->n_images += column->code[i] >= 0 && data->image[i].given == (int)pair.to &&
                         (sets[column->code[i]] & both) == both;
    free(sets);
    return 0;
}

/* ---- in words ---- */

static int print_shared(FILE *file, const struct dataset *data, struct given_pair pair, struct err *err)
{
    int rc = 0;
    for (int c = 0; c < data->meta.n_columns && rc == 0; c++) {
        const struct meta_column *column = &data->meta.column[c];
        struct given_shared shared;
        rc = given_shared(data, column, pair, &shared, err);
        if (rc == 0 && shared.n_values > 0)
            fprintf(file, "; %d share %s with images of the other set (%d of %d values)", shared.n_images,
                    column->name, shared.n_values, column->n_values);
    }
    return rc;
}

int given_print(FILE *file, const struct dataset *data, const struct given_leak *leak, struct err *err)
{
    int rc = 0;
    fprintf(file, "given sets: %d train, %d test", leak->n[GIVEN_TRAIN], leak->n[GIVEN_TEST]);
    if (leak->n[GIVEN_VAL] > 0)
        fprintf(file, "; %d val are kept apart: no job trains on them, they are there to choose on",
                leak->n[GIVEN_VAL]);
    if (leak->n[GIVEN_NONE] > 0)
        fprintf(file, "; %d are in no set", leak->n[GIVEN_NONE]);
    fputc('\n', file);
    for (int p = 0; p < N_GIVEN_PAIRS && rc == 0; p++) {
        int n = leak->n[given_pairs[p].to];
        const char *from = given_set_names[given_pairs[p].from], *to = given_set_names[given_pairs[p].to];
        if (n == 0)
            continue;
        fprintf(file, "  %s to %s: of %d images %d equal one of %s, %d nearly", from, to, n, leak->equal[p],
                from, leak->near[p]);
        rc = print_shared(file, data, given_pairs[p], err);
        fputc('\n', file);
    }
    return rc;
}
