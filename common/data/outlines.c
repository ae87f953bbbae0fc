#include "data/outlines.h"

#include "table/csv.h"
#include "table/idmap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct row {
    int cell;
    long part; /* its label_id; 0: there is no such column */
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

/* field: vertex_x, vertex_y, cell_id, label_id. */
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
    g->row[g->n++] = (struct row){cell, strtol(field[3], NULL, 10), at};
    return 0;
}

enum { VERTEX_X, VERTEX_Y, CELL_ID, LABEL_ID, N_COLUMNS };
static const char *const columns[] = {"vertex_x", "vertex_y", "cell_id", "label_id"};

/* The columns of a reader that has none selected: label_id may be lacking, and cell_id where a table of one
 * cell is allowed. */
static int select_columns(struct csv *csv, int may_be_one, int *place, struct err *err)
{
    int column[N_COLUMNS], n = 0;
    for (int k = 0; k < N_COLUMNS; k++) {
        int found = csv_find(csv, columns[k]);
        if (found < 0 && k != LABEL_ID && !(k == CELL_ID && may_be_one))
            return csv_no_column(csv, columns[k], err);
        if (found >= 0) {
            place[n] = k;
            column[n++] = found;
        }
    }
    csv_select(csv, column, n);
    return n;
}

/* Takes the reader. */
static int read_rows(struct csv *csv, struct gather *g, int may_be_one, struct err *err)
{
    /* what stands for a column that may be lacking */
    const char *field[N_COLUMNS] = {"0", "0", "cell", "0"}, *read[N_COLUMNS];
    int place[N_COLUMNS] = {0}, n = select_columns(csv, may_be_one, place, err), rc = n < 0 ? n : 0;
    g->csv = csv;
    while (rc == 0 && (rc = csv_next(csv, read, err)) > 0) {
        for (int k = 0; k < n; k++)
            field[place[k]] = read[k];
        rc = add_row(g, field, err);
    }
    csv_close(csv);
    return rc;
}

/* ---- by cell ---- */

static int compare_places(const void *a, const void *b)
{
    const struct row *x = *(const struct row *const *)a, *y = *(const struct row *const *)b;
    if (x->part != y->part)
        return (x->part > y->part) - (x->part < y->part);
    return (x > y) - (x < y);
}

/* The vertices of one cell, n rows in the order of their parts, to `to`, which has room for twice as many.
 * With several parts each becomes a closed ring; one of fewer than 3 vertices is none. Returns how many. */
static int take_cell(const struct row *row, size_t n, struct point *to)
{
    int count = 0, several = row[0].part != row[n - 1].part;
    for (size_t first = 0, end; first < n; first = end) {
        int start = count;
        for (end = first; end < n && row[end].part == row[first].part; end++)
            to[count++] = row[end].at;
        if (several && count - start < 3)
            count = start;
        else if (several && polygon_corners(to + start, count - start) == count - start) {
            to[count] = to[start];
            count++;
        }
    }
    return polygon_tidy(to, count);
}

static void note_below(const struct gather *g, struct outlines *out)
{
    int negative = 0, above = 0;
    for (size_t i = 0; i < g->n; i++) {
        negative |= g->row[i].at.y < 0;
        above |= g->row[i].at.y > 0;
    }
    out->below = negative && !above;
}

static int has_parts(const struct row *row, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (row[i].part != row[0].part)
            return 1;
    return 0;
}

/* Counting sort by cell, stable: the vertices of a cell keep their order. next (n_cells + 1), zeroed, ends as
 * where the rows of each cell end. */
static void sort_by_cell(const struct gather *g, struct row *sorted, size_t *next, size_t n_cells)
{
    for (size_t i = 0; i < g->n; i++)
        next[g->row[i].cell + 1]++;
    for (size_t c = 0; c < n_cells; c++)
        next[c + 1] += next[c];
    for (size_t i = 0; i < g->n; i++)
        sorted[next[g->row[i].cell]++] = g->row[i];
}

/* The rows of a cell by their parts, each in the order of the file. */
static int sort_parts(struct row *row, size_t n, struct err *err)
{
    struct row *copy = err_calloc(n, sizeof *copy, "boundaries", err);
    const struct row **order = err_calloc(n, sizeof *order, "boundaries", err);
    if (copy && order) {
        memcpy(copy, row, n * sizeof *copy);
        for (size_t i = 0; i < n; i++)
            order[i] = &copy[i];
        qsort(order, n, sizeof *order, compare_places);
        for (size_t i = 0; i < n; i++)
            row[i] = *order[i];
    }
    int rc = copy && order ? 0 : E_IO;
    free(copy);
    free(order);
    return rc;
}

static int take_cells(struct row *sorted, const size_t *end, struct outlines *out, struct err *err)
{
    int rc = 0;
    for (size_t c = 0, first = 0; c < (size_t)out->n_cells && rc == 0; first = end[c++]) {
        size_t n = end[c] - first;
        out->first[c] = 2 * first;
        if (has_parts(sorted + first, n))
            rc = sort_parts(sorted + first, n, err);
        if (rc == 0 && n)
            out->count[c] = take_cell(sorted + first, n, out->vertex + 2 * first);
    }
    return rc;
}

static int sort_rows(const struct gather *g, struct outlines *out, struct err *err)
{
    out->n_cells = g->catalog ? g->catalog->n : g->n_unknown;
    out->n_unknown = g->catalog ? g->n_unknown : 0;
    size_t n_cells = (size_t)out->n_cells;
    size_t *end = err_calloc(n_cells + 2, sizeof *end, "boundaries", err);
    struct row *sorted = err_calloc(g->n, sizeof *sorted, "boundaries", err);
    out->first = err_calloc(n_cells, sizeof *out->first, "boundaries", err);
    out->count = err_calloc(n_cells, sizeof *out->count, "boundaries", err);
    out->vertex = err_calloc(2 * g->n, sizeof *out->vertex, "boundaries", err);
    int rc = end && sorted && out->first && out->count && out->vertex ? 0 : E_IO;
    if (rc == 0) {
        sort_by_cell(g, sorted, end, n_cells);
        rc = take_cells(sorted, end, out, err);
    }
    free(end);
    free(sorted);
    note_below(g, out);
    out->n_bad = g->n_bad;
    memcpy(out->bad, g->bad, sizeof out->bad);
    if (g->catalog && g->n == 0 && g->n_unknown)
        catalog_explain(g->catalog, (const char *const *)g->name, g->n_unknown, out->unknown,
                        sizeof out->unknown);
    return rc;
}

static void free_names(struct idmap *map, char **name, int n)
{
    for (int i = 0; name && i < n; i++)
        free(name[i]);
    free(name);
    idmap_free(map);
}

/* Takes the reader. */
static int read_outlines(struct csv *csv, const char *path, const struct catalog *catalog, int may_be_one,
                         struct outlines *outlines, struct err *err)
{
    struct gather g = {.catalog = catalog, .path = path, .unknown = idmap_new(err)};
    int rc = E_IO;
    if (g.unknown)
        rc = read_rows(csv, &g, may_be_one, err);
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
    int rc = csv_open(path, NULL, 0, &csv, err);
    return rc < 0 ? rc : read_outlines(csv, path, catalog, 0, outlines, err);
}

int outlines_read_all(const char *path, struct outlines *outlines, struct err *err)
{
    return outlines_read(path, NULL, outlines, err);
}

int outlines_parse(const char *text, const char *name, struct outlines *outlines, struct err *err)
{
    struct csv *csv = NULL;
    *outlines = (struct outlines){0};
    int rc = csv_open_text(text, name, NULL, 0, &csv, err);
    return rc < 0 ? rc : read_outlines(csv, name, NULL, 1, outlines, err);
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
    *n = outlines->count[i];
    return outlines->vertex + outlines->first[i];
}

void outlines_release(struct outlines *outlines)
{
    free_names(outlines->by_id, outlines->name, outlines->n_cells);
    free(outlines->first);
    free(outlines->count);
    free(outlines->vertex);
    *outlines = (struct outlines){0};
}
