/* What a predictor cannot know of an image by itself: whether the sweep has it, and whether any cell is like
 * it. */
#include "predict/predictor_parts.h"

#include "image/resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Distances are between images of at most SIDE pixels a side: what makes a cell is larger than a pixel; and
 * to at most KNOWN cells. The usual one is of at most ASKED of these, and leaves out one of ONE_OF. All are
 * evenly spread over the dataset. */
enum { SIDE = 16, KNOWN = 5000, ASKED = 200, ONE_OF = 100 };

/* FNV-1a over the bits of an image's pixels. */
static uint64_t print_of(const float *pixels, size_t n)
{
    uint64_t sum = 14695981039346656037U;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &pixels[i], sizeof bits);
        sum = (sum ^ bits) * 1099511628211U;
    }
    return sum;
}

/* Image i of data as the network sees it. */
static void see(const struct predictor *p, const struct dataset *data, int i, float *pixels)
{
    resize_bilinear(pixels, p->size, dataset_pixels(data, i), data->size, data->size, data->channels);
}

static size_t small_floats(const struct predictor *p)
{
    return image_floats(p->small_side) * (size_t)p->channels;
}

/* Mean squared difference of two small images; no less than `enough` once it is that. */
static double apart(const float *a, const float *b, size_t n, double enough)
{
    double sum = 0, most = enough * (double)n;
    for (size_t i = 0; i < n && sum < most; i++) {
        double d = (double)a[i] - (double)b[i];
        sum += d * d;
    }
    return sum / (double)n;
}

/* Root mean squared difference to the nearest of the known, but for number `but` (-1: of all); NaN: none. */
static float nearest(const struct predictor *p, const float *small, int but)
{
    size_t n = small_floats(p);
    double least = HUGE_VAL;
    for (int k = 0; k < p->n_small; k++)
        if (k != but)
            least = fmin(least, apart(small, p->small + (size_t)k * n, n, least));
    return least < HUGE_VAL ? (float)sqrt(least) : (float)NAN;
}

static int rising(const void *a, const void *b)
{
    return (*(const float *)a > *(const float *)b) - (*(const float *)a < *(const float *)b);
}

static float usual_of(const struct predictor *p)
{
    float near[ASKED];
    int n = p->n_small < ASKED ? p->n_small : ASKED;
    if (n < 2)
        return (float)NAN;
    for (int i = 0; i < n; i++) {
        int k = (int)((long)i * p->n_small / n);
        near[i] = nearest(p, p->small + (size_t)k * small_floats(p), k);
    }
    qsort(near, (size_t)n, sizeof *near, rising);
    return near[n - 1 - n / ONE_OF];
}

static int count_ours(const struct predictor *p, const struct dataset *data)
{
    int n = 0;
    for (int i = 0; i < data->n_images; i++)
        n += predictor_is_ours(p, data->image[i].cluster);
    return n;
}

static int make_room(struct predictor *p, const struct dataset *data, int n_small, struct err *err)
{
    free(p->print);
    free(p->small);
    *p->looked_at = '\0';
    p->n_small = 0;
    p->small_side = p->size < SIDE ? p->size : SIDE;
    p->print = err_calloc((size_t)data->n_images, sizeof *p->print, "sums of the dataset", err);
    p->small = err_calloc((size_t)n_small * small_floats(p) + 1, sizeof *p->small,
                          "small images of the dataset", err);
    return p->print && p->small ? 0 : E_IO;
}

/* seen: room for an image. */
static int look_at_all(struct predictor *p, const struct dataset *data, float *seen, struct err *err)
{
    if (*p->looked_at && strcmp(p->looked_at, data->checksum) == 0)
        return 0;
    int ours = count_ours(p, data), most = ours < KNOWN ? ours : KNOWN, met = 0;
    if (make_room(p, data, most, err) < 0)
        return E_IO;
    for (int i = 0; i < data->n_images; i++) {
        see(p, data, i, seen);
        p->print[i] = print_of(seen, predictor_floats(p));
        /* of our images those numbered (k ours + most - 1) / most, k = 0 .. most - 1: all different */
        if (predictor_is_ours(p, data->image[i].cluster) &&
            met++ == (int)(((long)p->n_small * ours + most - 1) / most))
            resize_bilinear(p->small + (size_t)p->n_small++ * small_floats(p), p->small_side, seen, p->size,
                            p->size, p->channels);
    }
    p->usual = usual_of(p);
    memcpy(p->looked_at, data->checksum, sizeof p->looked_at);
    return 0;
}

/* Dataset row of the first image that equals this one in every pixel; -1. */
static int find_copy(const struct predictor *p, const struct dataset *data, const float *pixels, float *seen)
{
    uint64_t mine = print_of(pixels, predictor_floats(p));
    for (int i = 0; i < data->n_images; i++) {
        if (p->print[i] != mine)
            continue;
        see(p, data, i, seen);
        if (memcmp(seen, pixels, predictor_floats(p) * sizeof *seen) == 0)
            return i;
    }
    return -1;
}

int predictor_know(struct predictor *p, const struct dataset *data, const float *pixels,
                   struct predictor_known *out, struct err *err)
{
    *out = (struct predictor_known){-1, (float)NAN, (float)NAN};
    int rc = predictor_check_data(p, data, err);
    float *seen = rc < 0 ? NULL : err_calloc(predictor_floats(p), sizeof *seen, "an image", err);
    if (rc == 0)
        rc = seen ? look_at_all(p, data, seen, err) : E_IO;
    if (rc == 0) {
        float small[SIDE * SIDE * IMAGE_MAX_CHANNELS];
        out->copy = find_copy(p, data, pixels, seen);
        resize_bilinear(small, p->small_side, pixels, p->size, p->size, p->channels);
        out->distance = nearest(p, small, -1);
        out->usual = p->usual;
    }
    free(seen);
    return rc;
}
