/* page_cells.h - members `misclassified`, `suspects` and `cells` of the page's document (web/DOCUMENT.md):
 * which cells are taken for others, whose label is likely wrong, and what they look like. No MPI. */
#ifndef CELLSWEEP_PAGE_CELLS_H
#define CELLSWEEP_PAGE_CELLS_H

#include "data/dataset.h"
#include "stats/summary.h"

#include <jansson.h>

/* Put the three into root. data: the sweep's images (sweep_images.h); NULL: no pictures, `cells` is null.
 * E_IO without memory, or for a file that cannot be read; root may then lack some of them. */
int page_cells(const struct summary *summary, const struct dataset *data, json_t *root, struct err *err);

#endif
