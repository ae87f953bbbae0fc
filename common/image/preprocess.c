#include "image/preprocess.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is asked for ---- */

static int listed_channels(struct preprocess *how, const char *text)
{
    for (how->n_listed = 0; how->n_listed < IMAGE_MAX_CHANNELS;) {
        char *end;
        long k = *text >= '0' && *text <= '9' ? strtol(text, &end, 10) : 0;
        if (k < 1 || k > IMAGE_MAX_CHANNELS)
            return 0;
        for (int i = 0; i < how->n_listed; i++)
            if (how->listed[i] == k - 1)
                return 0;
        how->listed[how->n_listed++] = (int)k - 1;
        if (!*end)
            return 1;
        if (*end != ',')
            return 0;
        text = end + 1;
    }
    return 0;
}

int preprocess_set_channels(struct preprocess *how, const char *text, struct err *err)
{
    static const char *const names[] = {"gray", "rgb", "all"};
    how->n_listed = 0;
    for (int k = 0; k < 3; k++)
        if (strcmp(text, names[k]) == 0) {
            how->channels = (enum preprocess_channels)k;
            return 0;
        }
    how->channels = CHANNELS_LISTED;
    return listed_channels(how, text)
               ? 0
               : err_set(err, E_USAGE,
                         "channels '%.40s': gray, rgb, all or numbers from 1 to %d, each once, as in 1,3",
                         text, IMAGE_MAX_CHANNELS);
}

int preprocess_set_scale(struct preprocess *how, const char *text, struct err *err)
{
    static const char *const names[] = {"depth", "image", "dataset"};
    char end;
    how->n_ranges = 0;
    for (int k = 0; k < 3; k++)
        if (strcmp(text, names[k]) == 0) {
            how->scale = (enum preprocess_scale)k;
            return 0;
        }
    how->scale = SCALE_PERCENTILE;
    double *p = how->percent;
    if (sscanf(text, "percentile:%lf,%lf%c", &p[0], &p[1], &end) == 2 && p[0] >= 0 && p[0] < p[1] &&
        p[1] <= 100)
        return 0;
    return err_set(err, E_USAGE,
                   "scale '%.40s': depth, image, dataset or percentile:LOW,HIGH, as in percentile:0.1,99.9",
                   text);
}

/* ---- channels ---- */

static int select_rgb(struct image *image, struct err *err)
{
    size_t area = (size_t)image->width * (size_t)image->height;
    if (image->is_rgb)
        return 0;
    if (image->channels != 1)
        return err_set(err, E_IO, "%d channels that are no colours; say which with --channels",
                       image->channels);
    float *pixels = realloc(image->pixels, 3 * area * sizeof *pixels);
    if (!pixels)
        return err_set(err, E_IO, "out of memory for three channels");
    for (size_t i = area; i-- > 0;)
        pixels[3 * i] = pixels[3 * i + 1] = pixels[3 * i + 2] = pixels[i];
    image->pixels = pixels;
    image->channels = 3;
    image->is_rgb = 1;
    return 0;
}

static int select_listed(const struct preprocess *how, struct image *image, struct err *err)
{
    size_t area = (size_t)image->width * (size_t)image->height, n = (size_t)image->channels;
    float one[IMAGE_MAX_CHANNELS];
    for (int k = 0; k < how->n_listed; k++)
        if (how->listed[k] >= image->channels)
            return err_set(err, E_IO, "%d channel%s, but channel %d is asked for", image->channels,
                           image->channels == 1 ? "" : "s", how->listed[k] + 1);
    for (size_t i = 0; i < area; i++) {
        memcpy(one, image->pixels + i * n, n * sizeof *one);
        for (int k = 0; k < how->n_listed; k++)
            image->pixels[i * (size_t)how->n_listed + (size_t)k] = one[how->listed[k]];
    }
    image->is_rgb = image->is_rgb && how->n_listed == 3 && how->listed[0] == 0 && how->listed[1] == 1;
    image->channels = how->n_listed;
    return 0;
}

int preprocess_select(const struct preprocess *how, struct image *image, struct err *err)
{
    switch (how->channels) {
    case CHANNELS_GRAY:
        return image_to_gray(image, err);
    case CHANNELS_RGB:
        return select_rgb(image, err);
    case CHANNELS_LISTED:
        return select_listed(how, image, err);
    default:
        return 0;
    }
}

void preprocess_channel_name(const struct preprocess *how, int is_rgb, int c, char *out, size_t size)
{
    static const char *const colour[] = {"red", "green", "blue"};
    int k = how->channels == CHANNELS_LISTED ? how->listed[c] : c;
    if (how->channels == CHANNELS_GRAY)
        snprintf(out, size, "gray");
    else if (is_rgb && k < 3)
        snprintf(out, size, "%s", colour[k]);
    else
        snprintf(out, size, "channel %d", k + 1);
}

/* ---- values ---- */

/* Least and greatest value of a channel. */
static void range_of(const struct image *image, int c, float *low, float *high)
{
    size_t n = (size_t)image->width * (size_t)image->height * (size_t)image->channels;
    *low = *high = image->pixels[c];
    for (size_t i = (size_t)c; i < n; i += (size_t)image->channels) {
        *low = fminf(*low, image->pixels[i]);
        *high = fmaxf(*high, image->pixels[i]);
    }
}

/* Values from low to high to 0 to 1; what lies beyond is cut. Equal ends: 0. */
static void stretch(struct image *image, int c, float low, float high)
{
    size_t n = (size_t)image->width * (size_t)image->height * (size_t)image->channels;
    double width = (double)high - (double)low;
    for (size_t i = (size_t)c; i < n; i += (size_t)image->channels) {
        double v = width > 0 ? ((double)image->pixels[i] - (double)low) / width : 0;
        image->pixels[i] = (float)(v < 0 ? 0 : v > 1 ? 1 : v);
    }
}

static int scale(const struct preprocess *how, struct image *image, struct err *err)
{
    for (int c = 0; c < image->channels; c++) {
        float low, high;
        range_of(image, c, &low, &high);
        if (how->scale == SCALE_DEPTH) {
            if (low < 0.0f || high > 1.0f)
                return err_set(
                    err, E_IO,
                    "its values go from %g to %g, beyond 0 to 1; say how they become that, e.g. --scale "
                    "dataset",
                    (double)low, (double)high);
            continue;
        }
        if (how->scale != SCALE_IMAGE && c >= how->n_ranges)
            return err_set(err, E_IO, "%d channels, but %d were measured", image->channels, how->n_ranges);
        stretch(image, c, how->scale == SCALE_IMAGE ? low : how->low[c],
                how->scale == SCALE_IMAGE ? high : how->high[c]);
    }
    return 0;
}

static void mask_by_alpha(struct image *image)
{
    size_t area = (size_t)image->width * (size_t)image->height, n = (size_t)image->channels;
    for (size_t i = 0; i < area; i++)
        if (image->alpha[i] < 0.5f)
            memset(image->pixels + i * n, 0, n * sizeof *image->pixels);
}

int preprocess_apply(const struct preprocess *how, struct image *image, struct err *err)
{
    int rc = preprocess_select(how, image, err);
    if (rc == 0)
        rc = scale(how, image, err);
    if (rc == 0 && how->alpha_masks && image->alpha)
        mask_by_alpha(image);
    free(image->alpha);
    image->alpha = NULL;
    return rc;
}

/* ---- measuring ---- */

/* A histogram over the upper bits of floats, made to sort as they do. */
enum { BITS = 20 };

static uint32_t bin_of(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    bits = bits >> 31 ? ~bits : bits | 0x80000000u;
    return bits >> (32 - BITS);
}

/* The least value of a bin. */
static float value_of(uint32_t bin)
{
    uint32_t bits = bin << (32 - BITS);
    float v;
    bits = bits >> 31 ? bits & 0x7fffffffu : ~bits;
    memcpy(&v, &bits, sizeof v);
    return v;
}

int preprocess_is_open(const struct preprocess *how)
{
    return how->scale >= SCALE_DATASET && how->n_ranges == 0;
}

struct preprocess_measure *preprocess_measure_new(int channels, struct err *err)
{
    struct preprocess_measure *m = err_calloc(1, sizeof *m, "a histogram", err);
    if (!m)
        return NULL;
    m->channels = channels;
    for (int c = 0; c < IMAGE_MAX_CHANNELS; c++) {
        m->low[c] = INFINITY;
        m->high[c] = -INFINITY;
    }
    m->count = err_calloc((size_t)channels * PREPROCESS_BINS, sizeof *m->count, "a histogram", err);
    if (m->count)
        return m;
    free(m);
    return NULL;
}

static void measure_value(struct preprocess_measure *m, int c, float v)
{
    m->low[c] = fminf(m->low[c], v);
    m->high[c] = fmaxf(m->high[c], v);
    m->n[c]++;
    m->count[(size_t)c * PREPROCESS_BINS + bin_of(v)]++;
}

void preprocess_measure_add(struct preprocess_measure *m, const struct preprocess *how,
                            const struct image *image)
{
    size_t area = (size_t)image->width * (size_t)image->height;
    for (size_t i = 0; i < area; i++)
        for (int c = 0; c < image->channels && c < m->channels; c++)
            if (!how->alpha_masks || !image->alpha || image->alpha[i] >= 0.5f)
                measure_value(m, c, image->pixels[i * (size_t)image->channels + (size_t)c]);
}

/* The value that a share of all lies at or below. */
static float quantile(const struct preprocess_measure *m, int c, double share)
{
    const uint64_t *count = m->count + (size_t)c * PREPROCESS_BINS;
    uint64_t below = 0;
    uint32_t bin = 0;
    while (bin < PREPROCESS_BINS - 1 && (double)(below += count[bin]) < share * (double)m->n[c])
        bin++;
    return fmaxf(m->low[c], fminf(m->high[c], value_of(bin)));
}

void preprocess_measure_end(struct preprocess_measure *m, struct preprocess *how)
{
    how->n_ranges = m->channels;
    for (int c = 0; c < m->channels; c++) {
        how->low[c] = how->high[c] = 0.0f;
        if (m->n[c] == 0)
            continue;
        int whole = how->scale == SCALE_DATASET;
        how->low[c] = whole ? m->low[c] : quantile(m, c, how->percent[0] / 100);
        how->high[c] = whole ? m->high[c] : quantile(m, c, how->percent[1] / 100);
    }
}

void preprocess_measure_free(struct preprocess_measure *m)
{
    if (m)
        free(m->count);
    free(m);
}

/* ---- as a text ---- */

void preprocess_text(const struct preprocess *how, char *out, size_t size)
{
    static const char *const channels[] = {"gray", "rgb", "all", ""}, *const scales[] = {"depth", "image",
                                                                                         "dataset"};
    FILE *to = fmemopen(out, size, "w");
    if (!to) {
        out[0] = '\0';
        return;
    }
    fprintf(to, "channels=%s", channels[how->channels]);
    for (int k = 0; k < how->n_listed; k++)
        fprintf(to, "%s%d", k ? "," : "", how->listed[k] + 1);
    fprintf(to, how->alpha_masks ? " alpha=mask" : "");
    if (how->scale == SCALE_PERCENTILE)
        fprintf(to, " scale=percentile:%.9g,%.9g", how->percent[0], how->percent[1]);
    else
        fprintf(to, " scale=%s", scales[how->scale]);
    for (int c = 0; c < how->n_ranges; c++)
        fprintf(to, "%s%.9g:%.9g", c ? "," : " range=", (double)how->low[c], (double)how->high[c]);
    fclose(to);
}

static int parse_ranges(struct preprocess *how, const char *text)
{
    for (how->n_ranges = 0; how->n_ranges < IMAGE_MAX_CHANNELS;) {
        int c = how->n_ranges++, n = 0;
        if (sscanf(text, "%f:%f%n", &how->low[c], &how->high[c], &n) != 2 || !isfinite(how->low[c]) ||
            !isfinite(how->high[c]))
            return 0;
        text += n;
        if (!*text)
            return 1;
        if (*text++ != ',')
            return 0;
    }
    return 0;
}

static int parse_word(struct preprocess *how, const char *word, struct err *err)
{
    if (strncmp(word, "channels=", 9) == 0)
        return preprocess_set_channels(how, word + 9, err);
    if (strncmp(word, "scale=", 6) == 0)
        return preprocess_set_scale(how, word + 6, err);
    if (strncmp(word, "range=", 6) == 0)
        return parse_ranges(how, word + 6) ? 0 : E_IO;
    how->alpha_masks = strcmp(word, "alpha=mask") == 0;
    return how->alpha_masks ? 0 : E_IO;
}

int preprocess_parse(const char *text, struct preprocess *how, struct err *err)
{
    char copy[PREPROCESS_TEXT_SIZE], *rest = NULL;
    int rc = strlen(text) < sizeof copy ? 0 : E_IO;
    *how = (struct preprocess){0};
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok_r(copy, " ", &rest); rc == 0 && word; word = strtok_r(NULL, " ", &rest))
        rc = parse_word(how, word, NULL);
    if (rc < 0 || preprocess_is_open(how))
        return err_set(err, E_IO, "'%.200s' does not say how images were prepared", text);
    return 0;
}
