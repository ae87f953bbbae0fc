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
    const struct catalog *catalog; /* NULL: every cell of the file */
    struct row *row;
    size_t n, capacity;
    const struct csv *csv; /* being read */
    const char *path;
    int n_bad; /* as in struct outlines */
    char bad[240];
    struct idmap *unknown; /* ids without an image, or, without a catalog, all */
    char **name;           /* (n_unknown) the map's keys */
    int n_unknown;
};

static double number_or_nan(const struct csv *csv, const char *text)
{
    double value;
    return csv_number(csv, "", text, &value, NULL) < 0 ? (double)NAN : value;
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

/* Cell that a row belongs to; -1: to none that is wanted. */
static int cell_of(struct gather *g, const char *id, int *cell, struct err *err)
{
    *cell = g->catalog ? catalog_find(g->catalog, id) : idmap_find(g->unknown, ids_bare(id));
    if (*cell >= 0)
        return 0;
    int rc = note_unknown(g, g->catalog ? id : ids_bare(id), err);
    if (rc == 0 && !g->catalog)
        *cell = g->n_unknown - 1;
    return rc;
}

/* A row whose place is no place: the first is told as it stands in the file. */
static void note_bad(struct gather *g, const char *const *field, struct point at)
{
    int k = isfinite(at.x) ? 1 : 0;
    if ((isfinite(at.x) && isfinite(at.y)) || g->n_bad++)
        return;
    snprintf(g->bad, sizeof g->bad, "%.120s:%ld: %s is \"%.24s\", not a number%s", g->path, csv_line(g->csv),
             k ? "vertex_y" : "vertex_x", field[k],
             strchr(field[k], ',') ? "; write decimals with a point" : "");
}

/* field: vertex_x, vertex_y, cell_id. */
static int add_row(struct gather *g, const char *const *field, struct err *err)
{
    int cell = -1, rc = cell_of(g, field[2], &cell, err);
    if (rc < 0 || cell < 0)
        return rc;
    if (g->n == g->capacity) {
        size_t capacity = g->capacity ? 2 * g->capacity : 1024;
        struct row *row = realloc(g->row, capacity * sizeof *row);
        if (!row)
            return err_set(err, E_IO, "out of memory for boundaries");
        g->row = row;
        g->capacity = capacity;
    }
    struct point at = {number_or_nan(g->csv, field[0]), number_or_nan(g->csv, field[1])};
    note_bad(g, field, at);
    g->row[g->n++] = (struct row){cell, at};
    return 0;
}

static const char *const columns[] = {"vertex_x", "vertex_y", "cell_id"};

/* Takes the reader. */
static int read_rows(struct csv *csv, struct gather *g, struct err *err)
{
    const char *field[3] = {NULL, NULL, "cell"};
    int rc = 0;
    g->csv = csv;
    while (rc == 0 && (rc = csv_next(csv, field, err)) > 0)
        rc = add_row(g, field, err);
    csv_close(csv);
    return rc;
}

/* Counting sort by cell, stable: the vertices of a cell keep their order. */
static int sort_rows(const struct gather *g, struct outlines *out, struct err *err)
{
    out->n_cells = g->catalog ? g->catalog->n : g->n_unknown;
    out->n_unknown = g->catalog ? g->n_unknown : 0;
    size_t n_cells = (size_t)out->n_cells;
    out->first = err_calloc(n_cells + 2, sizeof *out->first, "boundaries", err);
    out->vertex = err_calloc(g->n, sizeof *out->vertex, "boundaries", err);
    if (!out->first || !out->vertex)
        return E_IO;
    size_t *next = out->first + 1; /* next[c] becomes first[c + 1] once cell c is filled */
    for (size_t i = 0; i < g->n; i++)
        next[g->row[i].cell + 1]++;
    for (size_t c = 0; c < n_cells; c++)
        next[c + 1] += next[c];
    int negative = 0, above = 0;
    for (size_t i = 0; i < g->n; i++) {
        out->vertex[next[g->row[i].cell]++] = g->row[i].at;
        negative |= g->row[i].at.y < 0;
        above |= g->row[i].at.y > 0;
    }
    out->below = negative && !above;
    out->n_bad = g->n_bad;
    memcpy(out->bad, g->bad, sizeof out->bad);
    return 0;
}

static void free_names(struct idmap *map, char **name, int n)
{
    for (int i = 0; name && i < n; i++)
        free(name[i]);
    free(name);
    idmap_free(map);
}

/* Takes the reader. */
static int read_outlines(struct csv *csv, const char *path, const struct catalog *catalog,
                         struct outlines *outlines, struct err *err)
{
    struct gather g = {.catalog = catalog, .path = path, .unknown = idmap_new(err)};
    int rc = E_IO;
    if (g.unknown)
        rc = read_rows(csv, &g, err);
    else
        csv_close(csv);
    if (rc == 0)
        rc = sort_rows(&g, outlines, err);
    if (rc == 0 && !catalog) {
        outlines->name = g.name;
        outlines->by_id = g.unknown;
    } else
        free_names(g.unknown, g.name, g.n_unknown);
    free(g.row);
    if (rc < 0)
        outlines_release(outlines);
    return rc;
}

int outlines_read(const char *path, const struct catalog *catalog, struct outlines *outlines, struct err *err)
{
    struct csv *csv = NULL;
    *outlines = (struct outlines){0};
    int rc = csv_open(path, columns, 3, &csv, err);
    return rc < 0 ? rc : read_outlines(csv, path, catalog, outlines, err);
}

int outlines_read_all(const char *path, struct outlines *outlines, struct err *err)
{
    return outlines_read(path, NULL, outlines, err);
}

int outlines_parse(const char *text, const char *name, struct outlines *outlines, struct err *err)
{
    struct csv *csv = NULL;
    *outlines = (struct outlines){0};
    int rc = csv_open_text(text, name, columns, 3, &csv, err);
    if (rc < 0)
        rc = csv_open_text(text, name, columns, 2, &csv, err);
    return rc < 0 ? rc : read_outlines(csv, name, NULL, outlines, err);
}

int outlines_find(const struct outlines *outlines, const char *id)
{
    return outlines->by_id ? idmap_find(outlines->by_id, ids_bare(id)) : -1;
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
    free_names(outlines->by_id, outlines->name, outlines->n_cells);
    free(outlines->first);
    free(outlines->vertex);
    *outlines = (struct outlines){0};
}
