/* Features "hog": histograms of oriented gradients (Dalal and Triggs, CVPR 2005), as scikit-image's hog() has
 * them.
 *
 * Gradients are differences of the two neighbours in a row and in a column, 0 at the border; of several
 * channels, those of the channel with the longest gradient. Each pixel adds the length of its gradient to one
 * of hog.orientations bins of 180 degrees, in a cell of hog.cell x hog.cell pixels; a histogram is the mean
 * over its cell. Every hog.block x hog.block cells are a block, which is normalised as a whole (b, e = 1e-5):
 *     l2-hys   b / sqrt(|b|^2 + e^2), cut at 0.2, and so once more        l2        b / sqrt(|b|^2 + e^2)
 *     l1       b / (|b|_1 + e)                                            l1-sqrt   its square root
 * Pixels beyond the last whole cell count in no histogram. */
#include "features/feature.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    int64_t orientations, cell, block;
    char norm[CONFIG_WORD_SIZE];
};

#define FIELD(f) offsetof(struct settings, f)

static const struct setting settings[] = {
    {"hog.orientations", SETTING_INT, FIELD(orientations), 1, 90, "9", NULL,
     "bins of a histogram of gradients, over 180 degrees"},
    {"hog.cell", SETTING_INT, FIELD(cell), 2, 256, "8", NULL, "pixels of a side of a cell, a histogram each"},
    {"hog.block", SETTING_INT, FIELD(block), 1, 16, "2", NULL,
     "cells of a side of a block, normalised together"},
    {"hog.norm", SETTING_WORD, FIELD(norm), 0, 0, "l2-hys", "l2-hys|l2|l1|l1-sqrt",
     "how a block is normalised"},
    {0},
};

static const struct section section = {.setting = settings, .size = sizeof(struct settings)};

struct hog {
    int size, channels, orientations, cell, block, n_cells, n_blocks;
    char norm[CONFIG_WORD_SIZE];
    double histogram[]; /* (n_cells, n_cells, orientations) */
};

static struct hog shape_of(const struct config *config)
{
    const struct settings *s = config_of(config, &section);
    struct hog hog = {.size = (int)config->image_size,
                      .channels = (int)config->channels,
                      .orientations = (int)s->orientations,
                      .cell = (int)s->cell,
                      .block = (int)s->block,
                      .n_cells = (int)config->image_size / (int)s->cell};
    hog.n_blocks = hog.n_cells - hog.block + 1;
    memcpy(hog.norm, s->norm, sizeof hog.norm);
    return hog;
}

static int check(const struct config *config, struct err *err)
{
    const struct hog hog = shape_of(config);
    if (hog.n_blocks >= 1)
        return 0;
    return err_set(
        err, E_USAGE,
        "features hog: a block of %d x %d cells of %d pixels is wider than the images of %d pixels; "
        "make hog.cell or hog.block smaller",
        hog.block, hog.block, hog.cell, hog.size);
}

static size_t block_floats(const struct hog *hog)
{
    return (size_t)hog->block * (size_t)hog->block * (size_t)hog->orientations;
}

static size_t floats(const struct config *config)
{
    const struct hog hog = shape_of(config);
    size_t blocks = hog.n_blocks > 0 ? (size_t)hog.n_blocks : 1;
    return blocks * blocks * block_floats(&hog);
}

/* "hog.block1_2.cell0_1.bin3": row and column of the block, and of the cell in it. */
static void label(const struct config *config, size_t number, char out[FEATURE_NAME_SIZE])
{
    const struct hog hog = shape_of(config);
    int bins = hog.orientations, cells = hog.block, blocks = hog.n_blocks;
    int cell = (int)number / bins % (cells * cells), block = (int)(number / block_floats(&hog));
    snprintf(out, FEATURE_NAME_SIZE, "hog.block%d_%d.cell%d_%d.bin%d", block / blocks, block % blocks,
             cell / cells, cell % cells, (int)number % bins);
}

static int open_hog(const struct config *config, void **out, struct err *err)
{
    const struct hog shape = shape_of(config);
    size_t doubles = (size_t)shape.n_cells * (size_t)shape.n_cells * (size_t)shape.orientations;
    struct hog *hog = err_calloc(1, sizeof *hog + doubles * sizeof(double), "histograms of gradients", err);
    *out = hog;
    if (!hog)
        return E_IO;
    *hog = shape;
    return 0;
}

/* ---- histograms ---- */

static double difference(const struct hog *hog, const float *image, int pixel, int step, int at)
{
    const float *x = image + (ptrdiff_t)pixel * hog->channels;
    if (at == 0 || at == hog->size - 1)
        return 0;
    return (double)x[step * hog->channels] - (double)x[-step * hog->channels];
}

/* The gradient of a pixel: of the channel where it is longest, the first of several. */
static double gradient(const struct hog *hog, const float *image, int row, int column, double *degrees)
{
    double most = -1, by_row = 0, by_column = 0;
    for (int c = 0; c < hog->channels; c++) {
        int pixel = row * hog->size + column;
        double r = difference(hog, image + c, pixel, hog->size, row);
        double k = difference(hog, image + c, pixel, 1, column);
        if (hypot(k, r) <= most)
            continue;
        most = hypot(k, r);
        by_row = r;
        by_column = k;
    }
    double angle = atan2(by_row, by_column) * (180 / M_PI);
    *degrees = angle < 0 ? angle + 180 : angle < 180 ? angle : 0;
    return most;
}

static int bin_of(const struct hog *hog, double degrees)
{
    double width = 180.0 / hog->orientations;
    int bin = 0;
    while (bin < hog->orientations - 1 && degrees >= width * (bin + 1))
        bin++;
    return bin;
}

static void fill_histograms(struct hog *hog, const float *image)
{
    int covered = hog->n_cells * hog->cell;
    memset(hog->histogram, 0,
           (size_t)(hog->n_cells * hog->n_cells * hog->orientations) * sizeof *hog->histogram);
    for (int row = 0; row < covered; row++)
        for (int column = 0; column < covered; column++) {
            double degrees, length = gradient(hog, image, row, column, &degrees);
            int cell = row / hog->cell * hog->n_cells + column / hog->cell;
            hog->histogram[cell * hog->orientations + bin_of(hog, degrees)] +=
                length / (hog->cell * hog->cell);
        }
}

/* ---- blocks ---- */

static double sum_of(const float *b, size_t n, int squared)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += squared ? (double)b[i] * (double)b[i] : fabs((double)b[i]);
    return sum;
}

static void divide(float *b, size_t n, double by)
{
    for (size_t i = 0; i < n; i++)
        b[i] = (float)((double)b[i] / by);
}

static void normalise(const struct hog *hog, float *b)
{
    const double tiny = 1e-5;
    const char *norm = hog->norm;
    size_t n = block_floats(hog);
    int is_l1 = strncmp(norm, "l1", 2) == 0;
    divide(b, n, is_l1 ? sum_of(b, n, 0) + tiny : sqrt(sum_of(b, n, 1) + tiny * tiny));
    for (size_t i = 0; i < n && strcmp(norm, "l1-sqrt") == 0; i++)
        b[i] = sqrtf(b[i]);
    if (strcmp(norm, "l2-hys") != 0)
        return;
    for (size_t i = 0; i < n; i++)
        b[i] = fminf(b[i], 0.2f);
    divide(b, n, sqrt(sum_of(b, n, 1) + tiny * tiny));
}

static void take_block(const struct hog *hog, int row, int column, float *out)
{
    for (int r = 0; r < hog->block; r++)
        for (int c = 0; c < hog->block; c++) {
            const double *cell = hog->histogram + ((row + r) * hog->n_cells + column + c) * hog->orientations;
            for (int o = 0; o < hog->orientations; o++)
                *out++ = (float)cell[o];
        }
}

static void make(void *self, const float *image, float *row)
{
    struct hog *hog = self;
    fill_histograms(hog, image);
    for (int r = 0; r < hog->n_blocks; r++)
        for (int c = 0; c < hog->n_blocks; c++, row += block_floats(hog)) {
            take_block(hog, r, c, row);
            normalise(hog, row);
        }
}

const struct feature_kind feature_hog = {
    .name = "hog",
    .help = "histograms of oriented gradients",
    .section = &section,
    .check = check,
    .floats = floats,
    .label = label,
    .open = open_hog,
    .make = make,
    .close = free,
};
