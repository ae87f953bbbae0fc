/* sizes_page.h - images per cluster as bars, the report's figure 1: a data file and a gnuplot script.
 *
 *     sizes_page_write(summary, style, dir, &err);     fig1.tsv and fig1.gp
 *
 * Numbered clusters stand where their numbers are; named classes side by side. No MPI. */
#ifndef CELLSWEEP_SIZES_PAGE_H
#define CELLSWEEP_SIZES_PAGE_H

#include "figures/figstyle.h"
#include "stats/summary.h"

#define SIZES_PAGE "fig1"

/* All images of the file, whatever is filtered. Returns 1, or 0 and no file where the results have no images,
 * or an error. */
int sizes_page_write(const struct summary *summary, const struct figstyle *style, const char *dir,
                     struct err *err);

#endif
