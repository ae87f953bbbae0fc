#include "data/sheet.h"

#include "image/png.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2, MARGIN = 8, GLYPH_WIDTH = 3, GLYPH_HEIGHT = 5, PAPER = 72, INK = 255, MAX_SIDE = 16000 };

struct canvas {
    int width, height;
    unsigned char *gray;
};

/* 3 x 5 digits, a row an octal digit, the top row first. */
static const unsigned digits[10] = {075557, 026227, 071747, 071717, 055711,
                                    074717, 074757, 071111, 075757, 075717};

static void draw_digit(const struct canvas *c, int digit, int left, int top, int zoom)
{
    for (int y = 0; y < GLYPH_HEIGHT * zoom; y++)
        for (int x = 0; x < GLYPH_WIDTH * zoom; x++) {
            int row = GLYPH_HEIGHT - 1 - y / zoom, column = GLYPH_WIDTH - 1 - x / zoom;
            if (digits[digit] >> (3 * row + column) & 1u)
                c->gray[(size_t)(top + y) * (size_t)c->width + (size_t)(left + x)] = INK;
        }
}

static int text_width(const char *text, int zoom)
{
    return (int)strlen(text) * (GLYPH_WIDTH + 1) * zoom;
}

/* Draw a number so that it ends at `right`. */
static void draw_number(const struct canvas *c, int number, int right, int top, int zoom)
{
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    int left = right - text_width(text, zoom);
    for (const char *p = text; *p; p++, left += (GLYPH_WIDTH + 1) * zoom)
        draw_digit(c, *p - '0', left, top, zoom);
}

static void draw_image(const struct canvas *c, const float *pixels, int size, int left, int top)
{
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++) {
            float v = *pixels++;
            unsigned char *to = &c->gray[(size_t)(top + y) * (size_t)c->width + (size_t)(left + x)];
            *to = (unsigned char)(v <= 0.0f ? 0.0f : v >= 1.0f ? 255.0f : 255.0f * v + 0.5f);
        }
}

/* Columns to the left of the images: the cluster's number large, its size small, both right-aligned. */
static int label_width(int zoom)
{
    return text_width("99999", zoom) + 2 * MARGIN;
}

static void draw_row(const struct canvas *c, const struct dataset *data, int k, int per_cluster, int zoom)
{
    int step = data->size + GAP, top = MARGIN + k * step, left = label_width(zoom), n = 0;
    int right = left - MARGIN, large = top + data->size / 2 - GLYPH_HEIGHT * zoom;
    draw_number(c, data->cluster[k], right, large < top ? top : large, zoom);
    if (data->size >= 24)
        draw_number(c, data->cluster_count[k], right, top + data->size / 2 + zoom, zoom > 1 ? zoom - 1 : 1);
    for (int i = 0; i < data->n_images && n < per_cluster; i++)
        if (data->image[i].cluster == data->cluster[k]) {
            const float *pixels = dataset_pixels(data, i);
            draw_image(c, pixels, data->size, left + n++ * step, top);
        }
}

static int longest_row(const struct dataset *data, int per_cluster)
{
    int n = 0;
    for (int k = 0; k < data->n_clusters; k++)
        n = data->cluster_count[k] > n ? data->cluster_count[k] : n;
    return n < per_cluster ? n : per_cluster;
}

int sheet_write(const struct dataset *data, int per_cluster, const char *path, struct err *err)
{
    struct canvas c;
    int zoom = data->size >= 40 ? 3 : data->size >= 16 ? 2 : 1, step = data->size + GAP;
    int columns = longest_row(data, per_cluster);
    if (columns > MAX_SIDE / step || data->n_clusters > MAX_SIDE / step)
        return err_set(
            err, E_USAGE,
            "%s: the sheet would be wider or higher than %d pixels; ask for fewer images a cluster", path,
            MAX_SIDE);
    c.width = label_width(zoom) + columns * step - GAP + MARGIN;
    c.height = 2 * MARGIN + data->n_clusters * step - GAP;
    c.gray = malloc((size_t)c.width * (size_t)c.height);
    if (!c.gray)
        return err_set(err, E_IO, "%s: out of memory for a sheet of %d x %d pixels", path, c.width, c.height);
    memset(c.gray, PAPER, (size_t)c.width * (size_t)c.height);
    for (int k = 0; k < data->n_clusters; k++)
        draw_row(&c, data, k, columns, zoom);
    int rc = image_write_png8(path, c.gray, c.width, c.height, 1, err);
    free(c.gray);
    return rc;
}
