#include "data/sheet.h"

#include "image/png.h"
#include "utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GAP = 2,
    MARGIN = 8,
    GLYPH_WIDTH = 3,
    GLYPH_HEIGHT = 5,
    MOST_LETTERS = 24,
    PAPER = 72,
    INK = 255,
    MAX_SIDE = 16000
};

struct canvas {
    int width, height, samples; /* 1: gray, 3: colour */
    unsigned char *sample;
};

/* 3 x 5 letters from '!' to '|', a row an octal digit, the top row first; 0: there is none. */
static const unsigned glyphs[] = {
    ['!'] = 022202, ['"'] = 055000, ['#'] = 057575, ['%'] = 051245, ['&'] = 025257, ['\''] = 022000,
    ['('] = 012221, [')'] = 042224, ['*'] = 005250, ['+'] = 002720, [','] = 000024, ['-'] = 000700,
    ['.'] = 000002, ['/'] = 011244, ['0'] = 075557, ['1'] = 026227, ['2'] = 071747, ['3'] = 071717,
    ['4'] = 055711, ['5'] = 074717, ['6'] = 074757, ['7'] = 071111, ['8'] = 075757, ['9'] = 075717,
    [':'] = 002020, [';'] = 002024, ['<'] = 012421, ['='] = 007070, ['>'] = 042124, ['?'] = 061202,
    ['A'] = 025755, ['B'] = 065656, ['C'] = 034443, ['D'] = 065556, ['E'] = 074647, ['F'] = 074644,
    ['G'] = 034553, ['H'] = 055755, ['I'] = 072227, ['J'] = 011152, ['K'] = 055655, ['L'] = 044447,
    ['M'] = 057755, ['N'] = 065555, ['O'] = 025552, ['P'] = 065644, ['Q'] = 025563, ['R'] = 065655,
    ['S'] = 034216, ['T'] = 072222, ['U'] = 055557, ['V'] = 055552, ['W'] = 055775, ['X'] = 055255,
    ['Y'] = 055222, ['Z'] = 071247, ['['] = 064446, [']'] = 031113, ['_'] = 000007, ['|'] = 022222,
};

/* U+00C0 to U+00FF without their accents. */
static const char plain[] = "AAAAAAACEEEEIIIIDNOOOOOXOUUUUYPSAAAAAAACEEEEIIIIDNOOOOO/OUUUUYPY";

/* That of the first letter of a text in UTF-8; small letters look like large ones, those of Western Europe
 * like theirs without accents, others like a question mark. */
static unsigned glyph_of(const char *text)
{
    const unsigned char *byte = (const unsigned char *)text;
    int is_accented = byte[0] == 0xc3 && byte[1] >= 0x80 && byte[1] < 0xc0;
    unsigned char c = (unsigned char)toupper(is_accented ? plain[byte[1] - 0x80] : byte[0]);
    if (c == ' ')
        return 0;
    return c < sizeof glyphs / sizeof *glyphs && glyphs[c] ? glyphs[c] : glyphs['?'];
}

static unsigned char *pixel(const struct canvas *c, int x, int y)
{
    return c->sample + ((size_t)y * (size_t)c->width + (size_t)x) * (size_t)c->samples;
}

static void draw_letter(const struct canvas *c, unsigned glyph, int left, int top, int zoom)
{
    for (int y = 0; y < GLYPH_HEIGHT * zoom; y++)
        for (int x = 0; x < GLYPH_WIDTH * zoom; x++) {
            int row = GLYPH_HEIGHT - 1 - y / zoom, column = GLYPH_WIDTH - 1 - x / zoom;
            if (glyph >> (3 * row + column) & 1u)
                memset(pixel(c, left + x, top + y), INK, (size_t)c->samples);
        }
}

static int text_width(const char *text, int zoom)
{
    int letters = utf8_width(text);
    return (letters < MOST_LETTERS ? letters : MOST_LETTERS) * (GLYPH_WIDTH + 1) * zoom;
}

/* Draw a text so that it ends at `right`; of a long one the first MOST_LETTERS letters. */
static void draw_text(const struct canvas *c, const char *text, int right, int top, int zoom)
{
    int left = right - text_width(text, zoom);
    for (int n = 0; *text && n < MOST_LETTERS; n++, left += (GLYPH_WIDTH + 1) * zoom) {
        draw_letter(c, glyph_of(text), left, top, zoom);
        text = utf8_after(text, 1);
    }
}

static void draw_image(const struct canvas *c, const float *pixels, int size, int channels, int left, int top)
{
    unsigned char rgb[3];
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++, pixels += channels) {
            image_rgb8(pixels, 1, channels, rgb);
            memcpy(pixel(c, left + x, top + y), rgb, (size_t)c->samples);
        }
}

/* Names are drawn smaller than numbers. */
static int class_zoom(const struct dataset *data, int zoom)
{
    return dataset_shows_names(data) && zoom > 1 ? zoom - 1 : zoom;
}

/* Columns to the left of the images: the class large, its size small, both right-aligned. */
static int label_width(const struct dataset *data, int zoom)
{
    char room[CLASS_NAME_SIZE];
    int most = text_width("99999", zoom);
    for (int k = 0; dataset_shows_names(data) && k < data->n_clusters; k++) {
        int width = text_width(class_title(data->cluster[k], room), class_zoom(data, zoom));
        most = width > most ? width : most;
    }
    return most + 2 * MARGIN;
}

static void draw_row(const struct canvas *c, const struct dataset *data, int k, int per_cluster, int zoom)
{
    int step = data->size + GAP, top = MARGIN + k * step, left = label_width(data, zoom), n = 0;
    int right = left - MARGIN, large = top + data->size / 2 - GLYPH_HEIGHT * zoom;
    char room[CLASS_NAME_SIZE], count[16];
    snprintf(count, sizeof count, "%d", data->cluster_count[k]);
    draw_text(c, class_title(data->cluster[k], room), right, large < top ? top : large,
              class_zoom(data, zoom));
    if (data->size >= 24)
        draw_text(c, count, right, top + data->size / 2 + zoom, zoom > 1 ? zoom - 1 : 1);
    for (int i = 0; i < data->n_images && n < per_cluster; i++)
        if (data->image[i].cluster == data->cluster[k]) {
            const float *pixels = dataset_pixels(data, i);
            draw_image(c, pixels, data->size, data->channels, left + n++ * step, top);
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
    c.width = label_width(data, zoom) + columns * step - GAP + MARGIN;
    c.height = 2 * MARGIN + data->n_clusters * step - GAP;
    c.samples = data->channels > 1 ? 3 : 1;
    size_t n = (size_t)c.width * (size_t)c.height * (size_t)c.samples;
    c.sample = malloc(n);
    if (!c.sample)
        return err_set(err, E_IO, "%s: out of memory for a sheet of %d x %d pixels", path, c.width, c.height);
    memset(c.sample, PAPER, n);
    for (int k = 0; k < data->n_clusters; k++)
        draw_row(&c, data, k, columns, zoom);
    int rc = image_write_png8(path, c.sample, c.width, c.height, c.samples, err);
    free(c.sample);
    return rc;
}
