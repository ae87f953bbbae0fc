#include "xenium/cut.h"

#include "image/image.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* A tile has something of a box. */
struct pair {
    int tile, box;
};

struct cut {
    const struct cut_box *box;
    int n;
    struct tiles_shape shape;
    int rank, size;
    struct pair *pair; /* (n_pairs) by tile, then by box */
    size_t n_pairs;
    int *tile;      /* (n_tiles) those that are needed, ascending */
    size_t *first;  /* (n_tiles + 1) where the pairs of each begin */
    float **pixels; /* (n) of boxes that are begun, else NULL */
    int *left;      /* (n) tiles that a box still waits for, of all ranks */
    int n_unended;
    struct cut_counts counts;
};

/* ---- which tiles ---- */

/* Columns and rows of tiles that a box reaches into: from x, y to before end_x, end_y. */
struct range {
    int x, y, end_x, end_y;
};

static int at_least(int a, int b)
{
    return a > b ? a : b;
}

static int at_most(int a, int b)
{
    return a < b ? a : b;
}

static struct range range_of(const struct cut *cut, int i)
{
    const struct tiles_shape *s = &cut->shape;
    const struct cut_box *b = &cut->box[i];
    return (struct range){at_least(b->x, 0) / s->tile_width, at_least(b->y, 0) / s->tile_height,
                          (at_most(b->x + b->width, s->width) - 1) / s->tile_width + 1,
                          (at_most(b->y + b->height, s->height) - 1) / s->tile_height + 1};
}

static int tiles_of(struct range r)
{
    return (r.end_x - r.x) * (r.end_y - r.y);
}

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    return x->tile != y->tile ? (x->tile > y->tile) - (x->tile < y->tile)
                              : (x->box > y->box) - (x->box < y->box);
}

static int find_pairs(struct cut *cut, struct err *err)
{
    for (int i = 0; i < cut->n; i++) {
        cut->left[i] = tiles_of(range_of(cut, i));
        cut->n_pairs += (size_t)cut->left[i];
    }
    cut->pair = err_calloc(cut->n_pairs, sizeof *cut->pair, "the plan of tiles", err);
    if (!cut->pair)
        return E_IO;
    size_t n = 0;
    for (int i = 0; i < cut->n; i++) {
        struct range r = range_of(cut, i);
        for (int y = r.y; y < r.end_y; y++)
            for (int x = r.x; x < r.end_x; x++)
                cut->pair[n++] = (struct pair){y * cut->shape.across + x, i};
    }
    qsort(cut->pair, cut->n_pairs, sizeof *cut->pair, compare_pairs);
    return 0;
}

static int find_tiles(struct cut *cut, struct err *err)
{
    size_t n = 0;
    for (size_t k = 0; k < cut->n_pairs; k++)
        n += k == 0 || cut->pair[k].tile != cut->pair[k - 1].tile;
    cut->tile = err_calloc(n, sizeof *cut->tile, "the plan of tiles", err);
    cut->first = err_calloc(n + 1, sizeof *cut->first, "the plan of tiles", err);
    if (!cut->tile || !cut->first)
        return E_IO;
    for (size_t k = 0; k < cut->n_pairs; k++)
        if (k == 0 || cut->pair[k].tile != cut->pair[k - 1].tile) {
            cut->tile[cut->counts.n_tiles] = cut->pair[k].tile;
            cut->first[cut->counts.n_tiles++] = k;
        }
    cut->first[cut->counts.n_tiles] = cut->n_pairs;
    return 0;
}

int cut_new(const struct cut_box *box, int n, const struct tiles_shape *shape, int rank, int size,
            struct cut **out, struct err *err)
{
    struct cut *cut = err_calloc(1, sizeof *cut, "the plan of tiles", err);
    *out = NULL;
    if (!cut)
        return E_IO;
    cut->box = box;
    cut->n = n;
    cut->shape = *shape;
    cut->rank = rank;
    cut->size = size;
    cut->pixels = err_calloc((size_t)n, sizeof *cut->pixels, "the plan of tiles", err);
    cut->left = err_calloc((size_t)n, sizeof *cut->left, "the plan of tiles", err);
    int rc = cut->pixels && cut->left ? find_pairs(cut, err) : E_IO;
    if (rc == 0)
        rc = find_tiles(cut, err);
    if (rc == 0)
        *out = cut;
    else
        cut_free(cut);
    return rc;
}

/* ---- which rank ---- */

/* The first tile of a band, of those that are needed. */
static int band(const struct cut *cut, int rank)
{
    return (int)((int64_t)rank * cut->counts.n_tiles / cut->size);
}

static int compare_ints(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* Rank of a tile that is needed: the last whose band does not begin after it. */
static int rank_of_tile(const struct cut *cut, int tile)
{
    const int *at = bsearch(&tile, cut->tile, (size_t)cut->counts.n_tiles, sizeof *at, compare_ints);
    int64_t k = at ? at - cut->tile : 0;
    return (int)(((k + 1) * cut->size - 1) / cut->counts.n_tiles);
}

int cut_rank(const struct cut *cut, int box, int k)
{
    struct range r = range_of(cut, box);
    int last = -1;
    for (int y = r.y; y < r.end_y; y++)
        for (int x = r.x; x < r.end_x; x++) {
            int rank = rank_of_tile(cut, y * cut->shape.across + x);
            if (rank == last)
                continue;
            if (k-- == 0)
                return rank;
            last = rank;
        }
    return -1;
}

int cut_owner(const struct cut *cut, int box)
{
    return cut_rank(cut, box, 0);
}

float *cut_take(struct cut *cut, int box)
{
    float *pixels = cut->pixels[box];
    cut->pixels[box] = NULL;
    cut->n_unended -= pixels != NULL;
    return pixels;
}

/* ---- a tile ---- */

/* What a tile has of a box, in pixels of the image. */
struct overlap {
    int x, y, end_x, end_y;
};

static struct overlap overlap_of(const struct cut *cut, int tile, const struct cut_box *b)
{
    const struct tiles_shape *s = &cut->shape;
    int x = tile % s->across * s->tile_width, y = tile / s->across * s->tile_height;
    return (struct overlap){at_least(b->x, x), at_least(b->y, y),
                            at_most(at_most(b->x + b->width, s->width), x + s->tile_width),
                            at_most(at_most(b->y + b->height, s->height), y + s->tile_height)};
}

/* Channel c of the overlap to pixels, whose corner is x, y of the image. */
static void copy_overlap(const struct cut *cut, int tile, struct overlap o, const uint16_t *sample,
                         float *pixels, int x, int y, int width, int c, int channels)
{
    const struct tiles_shape *s = &cut->shape;
    int tile_x = tile % s->across * s->tile_width, tile_y = tile / s->across * s->tile_height;
    double most = (1 << s->bits) - 1;
    for (int j = o.y; j < o.end_y; j++) {
        const uint16_t *from = sample + (size_t)(j - tile_y) * (size_t)s->tile_width + (o.x - tile_x);
        float *to = pixels + ((size_t)(j - y) * (size_t)width + (size_t)(o.x - x)) * (size_t)channels + c;
        for (int i = o.x; i < o.end_x; i++, from++, to += channels)
            *to = (float)(*from / most);
    }
}

static int begin_box(struct cut *cut, int i, int channels, struct err *err)
{
    const struct cut_box *b = &cut->box[i];
    if (cut->pixels[i])
        return 0;
    size_t n = (size_t)b->width * (size_t)b->height * (size_t)channels;
    cut->pixels[i] = err_calloc(n, sizeof **cut->pixels, "a cell's image", err);
    cut->n_unended++;
    cut->counts.most_unended = at_least(cut->counts.most_unended, cut->n_unended);
    return cut->pixels[i] ? 0 : E_IO;
}

/* A needed tile of every channel, each held until the next. */
static int read_tile(struct cut *cut, int k, struct tiles *const *channel, int channels,
                     const uint16_t **sample, struct err *err)
{
    for (int c = 0; c < channels; c++) {
        sample[c] = tiles_read(channel[c], cut->tile[k], err);
        if (!sample[c])
            return E_IO;
        cut->counts.n_decoded++;
    }
    return 0;
}

static int cut_tile(struct cut *cut, int k, struct tiles *const *channel, int channels, struct err *err)
{
    const uint16_t *sample[IMAGE_MAX_CHANNELS];
    int rc = read_tile(cut, k, channel, channels, sample, err);
    for (size_t p = cut->first[k]; rc == 0 && p < cut->first[k + 1]; p++) {
        int i = cut->pair[p].box;
        const struct cut_box *b = &cut->box[i];
        rc = begin_box(cut, i, channels, err);
        for (int c = 0; rc == 0 && c < channels; c++)
            copy_overlap(cut, cut->tile[k], overlap_of(cut, cut->tile[k], b), sample[c], cut->pixels[i], b->x,
                         b->y, b->width, c, channels);
    }
    return rc;
}

int cut_run(struct cut *cut, struct tiles *const *channel, int channels, cut_done done, void *self,
            struct err *err)
{
    int rc = 0;
    for (int k = band(cut, cut->rank); rc == 0 && k < band(cut, cut->rank + 1); k++) {
        rc = cut_tile(cut, k, channel, channels, err);
        for (size_t p = cut->first[k]; rc == 0 && p < cut->first[k + 1]; p++) {
            int i = cut->pair[p].box;
            if (--cut->left[i] == 0)
                rc = done(self, i, cut_take(cut, i), err);
        }
    }
    return rc;
}

/* ---- looking ---- */

static int look_at(const struct cut *cut, int tile, int i, const uint16_t *const *sample, int channels,
                   cut_part part, void *self, struct err *err)
{
    struct overlap o = overlap_of(cut, tile, &cut->box[i]);
    int width = o.end_x - o.x, height = o.end_y - o.y;
    float *pixels =
        err_calloc((size_t)width * (size_t)height * (size_t)channels, sizeof *pixels, "a cell's image", err);
    if (!pixels)
        return E_IO;
    for (int c = 0; c < channels; c++)
        copy_overlap(cut, tile, o, sample[c], pixels, o.x, o.y, width, c, channels);
    part(self, pixels, width, height);
    free(pixels);
    return 0;
}

int cut_look(struct cut *cut, struct tiles *const *channel, int channels, cut_part part, void *self,
             struct err *err)
{
    const uint16_t *sample[IMAGE_MAX_CHANNELS];
    int rc = 0;
    for (int k = band(cut, cut->rank); rc == 0 && k < band(cut, cut->rank + 1); k++) {
        rc = read_tile(cut, k, channel, channels, sample, err);
        for (size_t p = cut->first[k]; rc == 0 && p < cut->first[k + 1]; p++)
            rc = look_at(cut, cut->tile[k], cut->pair[p].box, sample, channels, part, self, err);
    }
    return rc;
}

const struct cut_counts *cut_counts(const struct cut *cut)
{
    return &cut->counts;
}

void cut_free(struct cut *cut)
{
    if (!cut)
        return;
    for (int i = 0; cut->pixels && i < cut->n; i++)
        free(cut->pixels[i]);
    free(cut->pixels);
    free(cut->left);
    free(cut->pair);
    free(cut->tile);
    free(cut->first);
    free(cut);
}
