#include "data/outlines.h"

#include "data/csv.h"
#include "data/idmap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct row {
    int cell;
    struct point at;
};

/* What is gathered while the file is read. */
struct gather {
    const struct catalog *catalog;
    struct row *row;
    size_t n, capacity;
    struct idmap *unknown; /* ids without an image */
    char **name;           /* (n_unknown) the map's keys */
    int n_unknown;
};

static double number_or_nan(const char *text)
{
    char *end = NULL;
    double value = strtod(text, &end);
    return end == text || *end ? (double)NAN : value;
}

static int note_unknown(struct gather *g, const char *id, struct err *err)
{
    if (idmap_find(g->unknown, id) >= 0)
        return 0;
    if ((g->n_unknown & (g->n_unknown - 1)) == 0) {
        size_t capacity = g->n_unknown ? 2 * (size_t)g->n_unknown : 1;
        char **name = realloc(g->name, capacity * sizeof *name);
        if (!name)
            return err_set(err, E_IO, "out of memory for boundaries");
        g->name = name;
    }
    char *copy = strdup(id);
    if (!copy)
        return err_set(err, E_IO, "out of memory for boundaries");
    g->name[g->n_unknown] = copy;
    return idmap_add(g->unknown, copy, g->n_unknown++, err);
}

static int add_row(struct gather *g, const char *const *field, struct err *err)
{
    int cell = catalog_find(g->catalog, field[0]);
    if (cell < 0)
        return note_unknown(g, field[0], err);
    if (g->n == g->capacity) {
        size_t capacity = g->capacity ? 2 * g->capacity : 1024;
        struct row *row = realloc(g->row, capacity * sizeof *row);
        if (!row)
            return err_set(err, E_IO, "out of memory for boundaries");
        g->row = row;
        g->capacity = capacity;
    }
    g->row[g->n++] = (struct row){cell, {number_or_nan(field[1]), number_or_nan(field[2])}};
    return 0;
}

static int read_rows(const char *path, struct gather *g, struct err *err)
{
    static const char *const columns[] = {"cell_id", "vertex_x", "vertex_y"};
    const char *field[3];
    struct csv *csv = NULL;
    int rc = csv_open(path, columns, 3, &csv, err);
    while (rc == 0 && (rc = csv_next(csv, field, err)) > 0)
        rc = add_row(g, field, err);
    csv_close(csv);
    return rc;
}

/* Counting sort by cell, stable: the vertices of a cell keep their order. */
static int sort_rows(const struct gather *g, struct outlines *out, struct err *err)
{
    size_t n_cells = (size_t)g->catalog->n;
    out->n_cells = g->catalog->n;
    out->n_unknown = g->n_unknown;
    out->first = err_calloc(n_cells + 2, sizeof *out->first, "boundaries", err);
    out->vertex = err_calloc(g->n, sizeof *out->vertex, "boundaries", err);
    if (!out->first || !out->vertex)
        return E_IO;
    size_t *next = out->first + 1; /* next[c] becomes first[c + 1] once cell c is filled */
    for (size_t i = 0; i < g->n; i++)
        next[g->row[i].cell + 1]++;
    for (size_t c = 0; c < n_cells; c++)
        next[c + 1] += next[c];
    for (size_t i = 0; i < g->n; i++)
        out->vertex[next[g->row[i].cell]++] = g->row[i].at;
    return 0;
}

int outlines_read(const char *path, const struct catalog *catalog, struct outlines *outlines, struct err *err)
{
    struct gather g = {.catalog = catalog, .unknown = idmap_new(err)};
    *outlines = (struct outlines){0};
    int rc = g.unknown ? read_rows(path, &g, err) : E_IO;
    if (rc == 0)
        rc = sort_rows(&g, outlines, err);
    if (rc < 0)
        outlines_release(outlines);
    for (int i = 0; i < g.n_unknown; i++)
        free(g.name[i]);
    free(g.name);
    free(g.row);
    idmap_free(g.unknown);
    return rc;
}

struct point *outlines_of(const struct outlines *outlines, int i, int *n)
{
    *n = 0;
    if (i >= outlines->n_cells)
        return NULL;
    struct point *vertex = outlines->vertex + outlines->first[i];
    *n = polygon_corners(vertex, (int)(outlines->first[i + 1] - outlines->first[i]));
    return vertex;
}

void outlines_release(struct outlines *outlines)
{
    free(outlines->first);
    free(outlines->vertex);
    *outlines = (struct outlines){0};
}
