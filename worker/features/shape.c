/* Features "shape": what is measured of cells, by name: geometry of the object, and of every channel its
 * intensity, Haralick texture and granularity (shape_parts.h).
 *
 * shape.object says what the object is:
 *     masked   the pixels that are not 0 in every channel, as masking by outlines leaves them; all pixels
 *              where none is 0, or all are
 *     otsu     the pixels whose mean over the channels is above Otsu's threshold (1979), from 256 bins
 *              between the least and the greatest of them, as scikit-image's; all pixels where they are all
 *              equal
 *     all      all pixels
 * It may be in several pieces. Gray levels of the texture are shape.levels even parts of 0 to 1. */
#include "features/feature.h"
#include "features/shape_parts.h"

#include "image/image.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    char object[CONFIG_WORD_SIZE];
    int64_t levels, distance, granularity;
};

#define FIELD(f) offsetof(struct settings, f)

static const struct setting settings[] = {
    {"shape.object", SETTING_WORD, FIELD(object), 0, 0, "masked", "masked|otsu|all",
     "what is measured: pixels that are not masked, those above Otsu's threshold, or all"},
    {"shape.levels", SETTING_INT, FIELD(levels), 2, 256, "32", NULL, "gray levels of the texture"},
    {"shape.distance", SETTING_INT, FIELD(distance), 1, 64, "1", NULL,
     "pixels that gray levels which meet are apart"},
    {"shape.granularity", SETTING_INT, FIELD(granularity), 0, 32, "8", NULL,
     "openings of the spectrum of granularity; 0: none"},
    {0},
};

static const struct section section = {.setting = settings, .size = sizeof(struct settings)};

struct shape {
    struct settings settings;
    int size, channels;
    unsigned char *in, *level; /* (size, size) */
    float *plane;              /* (size, size) a channel, 0 outside of the object */
    float *scratch;            /* (3, size, size) */
    struct corner *corner;     /* (12 size) */
    double *meetings;          /* (levels, levels + 5) */
};

static size_t per_channel(const struct settings *s)
{
    return N_INTENSITY + N_TEXTURE + (size_t)s->granularity;
}

static size_t floats(const struct config *config)
{
    return N_GEOMETRY + (size_t)config->channels * per_channel(config_of(config, &section));
}

/* "area"; "mean" of one channel, "mean.channel2" of several. */
static void label(const struct config *config, size_t number, char out[FEATURE_NAME_SIZE])
{
    const struct settings *s = config_of(config, &section);
    if (number < N_GEOMETRY) {
        snprintf(out, FEATURE_NAME_SIZE, "%s", shape_geometry_names[number]);
        return;
    }
    size_t channel = (number - N_GEOMETRY) / per_channel(s), k = (number - N_GEOMETRY) % per_channel(s);
    size_t n = 0, size = FEATURE_NAME_SIZE;
    if (k < N_INTENSITY)
        n = (size_t)snprintf(out, size, "%s", shape_intensity_names[k]);
    else if (k < N_INTENSITY + N_TEXTURE)
        n = (size_t)snprintf(out, size, "texture_%s", shape_texture_names[k - N_INTENSITY]);
    else
        n = (size_t)snprintf(out, size, "granularity%zu", k - N_INTENSITY - N_TEXTURE + 1);
    if (config->channels > 1)
        snprintf(out + n, size - n, ".channel%zu", channel + 1);
}

static void close_shape(void *self)
{
    struct shape *s = self;
    free(s->in);
    free(s->level);
    free(s->plane);
    free(s->scratch);
    free(s->corner);
    free(s->meetings);
    free(s);
}

static int open_shape(const struct config *config, void **out, struct err *err)
{
    static const char *const what = "measurements of cells";
    struct shape *s = err_calloc(1, sizeof *s, what, err);
    *out = NULL;
    if (!s)
        return E_IO;
    s->settings = *(const struct settings *)config_of(config, &section);
    s->size = (int)config->image_size;
    s->channels = (int)config->channels;
    size_t area = image_floats(s->size), levels = (size_t)s->settings.levels;
    s->in = err_calloc(area, sizeof *s->in, what, err);
    s->level = err_calloc(area, sizeof *s->level, what, err);
    s->plane = err_calloc(area, sizeof *s->plane, what, err);
    s->scratch = err_calloc(3 * area, sizeof *s->scratch, what, err);
    s->corner = err_calloc(12 * (size_t)s->size, sizeof *s->corner, what, err);
    s->meetings = err_calloc(levels * (levels + 5), sizeof *s->meetings, what, err);
    if (!s->in || !s->level || !s->plane || !s->scratch || !s->corner || !s->meetings) {
        close_shape(s);
        return E_IO;
    }
    *out = s;
    return 0;
}

/* ---- the object ---- */

static double brightness(const struct shape *s, const float *image, size_t pixel)
{
    double sum = 0;
    for (int c = 0; c < s->channels; c++)
        sum += (double)image[pixel * (size_t)s->channels + (size_t)c];
    return sum / s->channels;
}

/* The bin after which two classes of pixels vary most between them, the first of several. */
static int split_bins(const double count[256], double n)
{
    double all = 0, below = 0, sum = 0, most = -1;
    int best = 0;
    for (int k = 0; k < 256; k++)
        all += (k + 0.5) * count[k];
    for (int k = 0; k < 255; k++) {
        below += count[k];
        sum += (k + 0.5) * count[k];
        double difference = sum / below - (all - sum) / (n - below);
        double between = below * (n - below) * difference * difference;
        if (between > most * (1 + 1e-12)) {
            most = between;
            best = k;
        }
    }
    return best;
}

/* Otsu's threshold; below all pixels where these are equal. */
static double threshold_of(const struct shape *s, const float *image)
{
    double count[256] = {0}, least = HUGE_VAL, most = -HUGE_VAL;
    size_t area = image_floats(s->size);
    for (size_t i = 0; i < area; i++) {
        least = fmin(least, brightness(s, image, i));
        most = fmax(most, brightness(s, image, i));
    }
    if (!(most > least))
        return least - 1;
    for (size_t i = 0; i < area; i++) {
        int bin = (int)((brightness(s, image, i) - least) / (most - least) * 256);
        count[bin < 256 ? bin : 255]++;
    }
    return least + (split_bins(count, (double)area) + 0.5) * (most - least) / 256;
}

static int is_nowhere_zero(const struct shape *s, const float *image, size_t pixel)
{
    const float *x = image + pixel * (size_t)s->channels;
    for (int c = 0; c < s->channels; c++)
        if (x[c] > 0 || x[c] < 0)
            return 1;
    return 0;
}

static struct object find_object(struct shape *s, const float *image)
{
    struct object object = {.size = s->size, .in = s->in};
    size_t area = image_floats(s->size);
    int by_otsu = strcmp(s->settings.object, "otsu") == 0, all = strcmp(s->settings.object, "all") == 0;
    double threshold = by_otsu ? threshold_of(s, image) : 0;
    for (size_t i = 0; i < area; i++) {
        s->in[i] = all || (by_otsu ? brightness(s, image, i) > threshold : is_nowhere_zero(s, image, i));
        object.n += s->in[i];
    }
    if (object.n == 0) {
        memset(s->in, 1, area);
        object.n = (int)area;
    }
    return object;
}

/* ---- a row ---- */

/* One channel in the object: s->plane, s->level, and its values in s->scratch. */
static void take_channel(struct shape *s, const struct object *object, const float *image, int channel)
{
    int n = 0, levels = (int)s->settings.levels;
    for (size_t i = 0; i < image_floats(s->size); i++) {
        float value = image[i * (size_t)s->channels + (size_t)channel];
        double level = floor((double)value * levels);
        s->plane[i] = object->in[i] ? value : 0;
        s->level[i] = (unsigned char)fmax(0, fmin(level, levels - 1));
        if (object->in[i])
            s->scratch[n++] = value;
    }
}

static float *put(const double *value, int n, float *row)
{
    for (int i = 0; i < n; i++)
        *row++ = (float)value[i];
    return row;
}

static void make(void *self, const float *image, float *row)
{
    struct shape *s = self;
    const struct object object = find_object(s, image);
    double value[32];
    shape_geometry(&object, s->corner, value);
    row = put(value, N_GEOMETRY, row);
    for (int c = 0; c < s->channels; c++) {
        take_channel(s, &object, image, c);
        shape_intensity(s->scratch, object.n, value);
        row = put(value, N_INTENSITY, row);
        shape_texture(&object, s->level, (int)s->settings.levels, (int)s->settings.distance, s->meetings,
                      value);
        row = put(value, N_TEXTURE, row);
        shape_granularity(&object, s->plane, (int)s->settings.granularity, s->scratch, value);
        row = put(value, (int)s->settings.granularity, row);
    }
}

const struct feature_kind feature_shape = {
    .name = "shape",
    .help = "geometry, intensity, texture and granularity of the cell, by name",
    .section = &section,
    .floats = floats,
    .label = label,
    .open = open_shape,
    .make = make,
    .close = close_shape,
};
