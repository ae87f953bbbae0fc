/* glance.h - the answer at a glance: test balanced accuracy of every strategy and model, a row each, on every
 * set of clusters, a panel each, as a data file and a gnuplot script; a page a protocol and other axes.
 *
 *     struct glance_page *page = NULL;
 *     int n = glance_pages(summary, overall, &page, &err);
 *     for (int i = 0; i < n; i++)
 *         glance_write(&page[i], style, dir, &err);       <name>.tsv and <name>.gp
 *     glance_free(page, n);
 *
 * A large dot is a mean, its bar the 95 % interval, faint dots are single runs: the numbers of table `final`.
 * A line stands at none, one at chance. A bracket joins none and what differs from it by a test, adjusted for
 * all comparisons of the sweep (overall.h); dashed: only when adjusted for its setting, as in table
 * `comparisons`. Without one nothing is claimed. Means of jobs that had seen test images in training are
 * hollow, on a red ground, below words that say how many. No MPI. */
#ifndef CELLSWEEP_GLANCE_H
#define CELLSWEEP_GLANCE_H

#include "figures/figstyle.h"
#include "figures/pagename.h"
#include "stats/overall.h"

enum { GLANCE_MOST_ROWS = 60, GLANCE_MOST_PANELS = 12 };

struct glance_page {
    const struct summary *summary;
    const struct overall *overall; /* of strategies, on test; NULL: nothing is compared */
    char name[PAGENAME_SIZE];      /* of its files */
    int n_rows, n_panels, part;    /* part: 0, or k of the k-th page of further sets of clusters */
    int *group;                    /* (n_panels, n_rows) of the summary, -1: was not run; owned */
};

/* All pages of a summary: *out (n pages, returned) is owned by the caller. A page of one row, or of more than
 * GLANCE_MOST_ROWS, is left out. Negative: E_IO. */
int glance_pages(const struct summary *summary, const struct overall *overall, struct glance_page **out,
                 struct err *err);

int glance_write(const struct glance_page *page, const struct figstyle *style, const char *dir,
                 struct err *err);

void glance_free(struct glance_page *page, int n);

#endif
