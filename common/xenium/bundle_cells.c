/* Which cells of a bundle are cut, and where they lie in its image. */
#include "xenium/bundle_parts.h"

#include "class_name.h"
#include "rng.h"
#include "table/csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which cells ---- */

/* has[i] becomes 1 for every cell of the catalog that the file of outlines knows. */
static int find_outlined(const struct catalog *catalog, const char *path, char *has, struct err *err)
{
    static const char *const column[] = {"cell_id"};
    const char *id;
    struct csv *csv = NULL;
    int rc = csv_open(path, column, 1, &csv, err);
    while (rc == 0 && (rc = csv_next(csv, &id, err)) > 0) {
        int i = catalog_find(catalog, id);
        if (i >= 0)
            has[i] = 1;
        rc = 0;
    }
    csv_close(csv);
    return rc;
}

/* Keep `limit` of the n cells of a class, drawn; the others are 0 in has. */
static void draw(const struct bundle *b, char *has, int *order, int n)
{
    char identity[CLASS_NAME_SIZE + 20], room[CLASS_NAME_SIZE];
    if (n <= b->options.limit || b->options.limit == 0)
        return;
    int length = snprintf(identity, sizeof identity, "%d %s", b->options.seed,
                          class_text(b->catalog.cell[order[0]].cluster, room));
    struct rng rng = rng_start(rng_key("limit", identity, (size_t)length), 0);
    rng_shuffle(&rng, order, n);
    for (int k = b->options.limit; k < n; k++)
        has[order[k]] = 0;
}

/* The cells that have an outline, or fewer. order: (n of the catalog) room. */
static int draw_all(struct bundle *b, char *has, int *order)
{
    const struct catalog *catalog = &b->catalog;
    int n = 0, kept = 0;
    for (int i = 0; i < catalog->n; i++) {
        b->n_without += !has[i];
        if (n && catalog->cell[i].cluster != catalog->cell[order[0]].cluster) {
            draw(b, has, order, n);
            n = 0;
        }
        if (has[i])
            order[n++] = i;
    }
    if (n)
        draw(b, has, order, n);
    for (int i = 0; i < catalog->n; i++)
        if (has[i])
            order[kept++] = i;
    return kept;
}

/* The cells that are left out, 0 in has: why, had (as has was before cells were drawn) tells. */
static int note_left(struct bundle *b, const char *has, const char *had, struct err *err)
{
    char why[2][80];
    int rc = 0;
    snprintf(why[0], sizeof why[0], "left out: no outline of its %.20s", b->options.outline);
    snprintf(why[1], sizeof why[1], "left out: not among the %d drawn of its class", b->options.limit);
    for (int i = 0; rc == 0 && b->options.wants_left && i < b->catalog.n; i++)
        if (!has[i])
            rc = rejects_add_cell(&b->catalog.left, &b->catalog.cell[i], b->catalog.cell[i].cluster,
                                  &b->catalog.meta, i, why[had[i] != 0], err);
    return rc;
}

/* has, had, order: (n of the catalog) room, zeroed. */
static int keep_outlined(struct bundle *b, const char *path, char *has, char *had, int *order,
                         struct err *err)
{
    int n = b->catalog.n, rc = find_outlined(&b->catalog, path, has, err), kept = 0;
    if (rc < 0)
        return rc;
    memcpy(had, has, (size_t)n);
    kept = draw_all(b, has, order);
    b->n_beyond = n - kept - b->n_without;
    rc = kept ? note_left(b, has, had, err) : 0;
    return kept == 0 || rc < 0 ? rc : catalog_keep(&b->catalog, order, kept, err);
}

int bundle_choose(struct bundle *b, const char *path, struct err *err)
{
    size_t n = (size_t)b->catalog.n;
    char *has = err_calloc(2 * n, sizeof *has, "cells", err);
    int *order = err_calloc(n, sizeof *order, "cells", err);
    int rc = has && order ? keep_outlined(b, path, has, has + n, order, err) : E_IO;
    free(has);
    free(order);
    if (rc == 0)
        rc = outlines_read(path, &b->catalog, &b->outlines, err);
    if (rc == 0 && b->outlines.unknown[0])
        rc = err_set(err, E_IO, "%s: none of its ids is that of a labelled cell: %s", path,
                     b->outlines.unknown);
    return rc;
}

/* ---- where they lie ---- */

struct span {
    double low, high;
};

static struct span span_of(const struct point *vertex, int n, int of_y)
{
    struct span s = {(double)INFINITY, -(double)INFINITY};
    for (int i = 0; i < n; i++) {
        double v = of_y ? vertex[i].y : vertex[i].x;
        s = (struct span){fmin(s.low, v), fmax(s.high, v)};
    }
    return s;
}

/* First pixel and number of pixels of those inside a box, one at least, or of the square of `side`
 * pixels around its middle. */
static void pixels_of(struct span s, int side, int *first, int *n)
{
    *first = (int)(side ? floor((s.low + s.high - side + 1) / 2 + 0.5) : ceil(s.low));
    *n = side ? side : (int)floor(s.high) - *first + 1;
    if (*n < 1) {
        *first = (int)floor(s.low);
        *n = 1;
    }
}

static int outside(const struct bundle *b, struct span x, struct span y, struct err *why)
{
    const struct tiles_shape *s = tiles_shape(b->channel[0]);
    return err_set(why, E_IO,
                   "its outline, x %.1f to %.1f and y %.1f to %.1f pixels, lies outside the image of %d x %d",
                   x.low, x.high, y.low, y.high, s->width, s->height);
}

int bundle_side(const struct bundle *b)
{
    return (int)floor(fmin(b->options.side / b->experiment.pixel_size, 1e6) + 0.5);
}

/* The box of an outline, in micrometres, which becomes one in pixels of the box. */
static int place_outline(struct bundle *b, struct point *vertex, int n, struct cut_box *box, struct err *why)
{
    const struct tiles_shape *s = tiles_shape(b->channel[0]);
    double size = b->experiment.pixel_size;
    int side = bundle_side(b), rc = pack_check_outline(vertex, n, why);
    if (rc < 0)
        return rc;
    for (int i = 0; i < n; i++)
        vertex[i] = (struct point){vertex[i].x / size, vertex[i].y / size};
    struct span x = span_of(vertex, n, 0), y = span_of(vertex, n, 1);
    if (!(x.high >= 0 && y.high >= 0 && x.low <= s->width - 1 && y.low <= s->height - 1))
        return outside(b, x, y, why);
    if (x.high - x.low >= CUT_MAX_SIDE || y.high - y.low >= CUT_MAX_SIDE)
        return err_set(why, E_IO, "its outline spans %.0f x %.0f pixels, more than %d", x.high - x.low,
                       y.high - y.low, CUT_MAX_SIDE);
    pixels_of(x, side, &box->x, &box->width);
    pixels_of(y, side, &box->y, &box->height);
    if (box->x + box->width <= 0 || box->y + box->height <= 0 || box->x >= s->width || box->y >= s->height)
        return outside(b, x, y, why);
    b->n_cut_off += side && (x.high - x.low > side - 1 || y.high - y.low > side - 1);
    for (int i = 0; i < n; i++)
        vertex[i] = (struct point){vertex[i].x - box->x, vertex[i].y - box->y};
    return 0;
}

/* Where in the image a cell was cut, for people. */
static void describe(const struct bundle *b, struct dataset_image *cell, const struct cut_box *box)
{
    const char *path = b->experiment.channel[0].path;
    snprintf(cell->source, sizeof cell->source, "%.200s:%dx%d%+d%+d", strrchr(path, '/') + 1, box->width,
             box->height, box->x, box->y);
}

int bundle_boxes(struct bundle *b, struct rejects *rejects, struct err *err)
{
    int rc = 0;
    b->box = err_calloc((size_t)b->catalog.n, sizeof *b->box, "cells", err);
    b->cell = err_calloc((size_t)b->catalog.n, sizeof *b->cell, "cells", err);
    if (!b->box || !b->cell)
        return E_IO;
    for (int i = 0; rc == 0 && i < b->catalog.n; i++) {
        struct dataset_image *cell = &b->catalog.cell[i];
        struct err why = {0};
        int n = 0;
        struct point *outline = outlines_of(&b->outlines, i, &n);
        if (place_outline(b, outline, n, &b->box[b->n], &why) < 0) {
            snprintf(cell->source, sizeof cell->source, "cell %s", cell->id);
            rc = rejects_add_cell(rejects, cell, cell->cluster, &b->catalog.meta, i, why.text, err);
            continue;
        }
        describe(b, cell, &b->box[b->n]);
        b->cell[b->n++].place = i;
    }
    return rc;
}
