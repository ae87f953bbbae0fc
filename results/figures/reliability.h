/* reliability.h - reliability diagrams: what share of test images with some probability of a class is of that
 * class, one line a strategy, one panel a recalibration, with counts below; data files and gnuplot scripts.
 *
 *     struct reliability_page *pages = NULL;
 *     int n = reliability_pages(summary, calibration, &pages, &err);
 *     reliability_name(&pages[i], name);
 *     reliability_write(&pages[i], name, &style, dir, &err);          name.tsv and name.gp
 *     free(pages);
 *
 * A page shows what has all but the strategy in common; strategies beyond RELIABILITY_LINES go to further
 * pages. No MPI. */
#ifndef CELLSWEEP_RELIABILITY_H
#define CELLSWEEP_RELIABILITY_H

#include "figures/figstyle.h"
#include "stats/calibration.h"

enum { RELIABILITY_LINES = 8 };

struct reliability_page {
    const struct summary *summary;         /* the caller's, as is calibration, which is of it */
    const struct calibration *calibration; /* of the groups of the summary */
    int part;                              /* 0, or k for the k-th page of further strategies */
    int n_lines, line[RELIABILITY_LINES];  /* groups */
    int n_ways, way[N_RECALIBRATIONS];     /* enum recalibration of each panel */
};

/* All pages: *out (n, returned) is owned by the caller (free). Groups without a bin that holds an image have
 * no line. Negative: E_IO. */
int reliability_pages(const struct summary *summary, const struct calibration *calibration,
                      struct reliability_page **out, struct err *err);

/* Name of a page's files in out (PAGENAME_SIZE). */
void reliability_name(const struct reliability_page *page, char *out);

int reliability_write(const struct reliability_page *page, const char *name, const struct figstyle *style,
                      const char *dir, struct err *err);

#endif
