/* outlines.h - the cell outlines of a folder: cell_boundaries.csv[.gz] with columns cell_id, vertex_x, vertex_y.
 *
 * Vertices in micrometres, in the order of the file; rows of several cells may be mixed. Only cells of the catalog are kept,
 * so a file of all cells of a slide may go with a few images. */
#ifndef CELLSWEEP_OUTLINES_H
#define CELLSWEEP_OUTLINES_H

#include "data/catalog.h"
#include "data/polygon.h"
#include "err.h"

#include <stddef.h>

struct outlines {
    int n_cells;
    size_t *first;        /* (n_cells + 1) vertices of cell i: first[i] to first[i + 1] - 1 */
    struct point *vertex; /* NaN where the file has no number */
    int n_unknown;        /* cells with an outline but no image */
};

/* Read the outlines of a catalog's cells. E_IO for a file that is not such a table. On failure *outlines is empty. */
int outlines_read(const char *path, const struct catalog *catalog, struct outlines *outlines,
                  struct err *err);

/* Outline of cell i; *n: its vertices without a repeated last one, 0 when the file has none. The caller may change them. */
struct point *outlines_of(const struct outlines *outlines, int i, int *n);

void outlines_release(struct outlines *outlines);

#endif
