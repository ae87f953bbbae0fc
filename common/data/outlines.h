/* outlines.h - the cell outlines of a folder: cell_boundaries.csv[.gz] with columns
 * cell_id, vertex_x, vertex_y, and label_id where there is one.
 *
 * A cell may have several rings: those that are closed by their first vertex, or have different label_id; a
 * ring that stands twice counts once (polygon.h).
 * Vertices in micrometres, in the order of the file; rows of several cells may be mixed. With a catalog only
 * its cells are kept, so a file of all cells of a slide may go with a few images; without one, all cells, to
 * be found by their ids. */
#ifndef CELLSWEEP_OUTLINES_H
#define CELLSWEEP_OUTLINES_H

#include "data/catalog.h"
#include "image/polygon.h"
#include "err.h"

#include <stddef.h>

struct outlines {
    int n_cells;
    size_t *first;        /* (n_cells) where the vertices of cell i begin */
    int *count;           /* (n_cells) how many it has */
    struct point *vertex; /* NaN where the file has no number */
    int n_unknown;        /* cells with an outline but no image */
    int n_bad;            /* rows of wanted cells without two numbers; the first as "file:line: ..." */
    char bad[240];
    char unknown[400]; /* how ids differ when no outline belongs to an image (ids.h), else "" */
    int below;   /* 1 when no vertex_y is above 0 and some are below, as of an axis that was turned round */
    char **name; /* without a catalog: (n_cells) ids, without the prefix "cell_" ... */
    struct idmap *by_id; /* ... and where they are; else NULL */
};

/* Read the outlines of a catalog's cells. E_IO for a file that is not such a table. On
 * failure *outlines is empty. */
int outlines_read(const char *path, const struct catalog *catalog, struct outlines *outlines,
                  struct err *err);

/* The outlines of all cells of a file, or of a text with its lines, named `name` in messages; a text may lack
 * the column cell_id when it is of one cell. Errors as outlines_read(). */
int outlines_read_all(const char *path, struct outlines *outlines, struct err *err);
int outlines_parse(const char *text, const char *name, struct outlines *outlines, struct err *err);

/* Number of a cell by its id, with or without the prefix "cell_"; -1 when there is
 * none, or a catalog was given. */
int outlines_find(const struct outlines *outlines, const char *id);

/* Outline of cell i; *n: its vertices, 0 when the file has none: one polygon without a repeated last one, or
 * several closed rings. The caller may change them. */
struct point *outlines_of(const struct outlines *outlines, int i, int *n);

void outlines_release(struct outlines *outlines);

#endif
