/* roc_page.h - ROC and precision-recall curves beside each other, one line a strategy with its band; data
 * files and gnuplot scripts.
 *
 *     struct roc_page *pages = NULL;
 *     int n = roc_pages(summary, roc, &pages, &err);
 *     roc_page_name(&pages[i], name);
 *     roc_page_write(&pages[i], name, &style, dir, &err);             name.tsv and name.gp
 *     free(pages);
 *
 * A page shows what has all but the strategy in common; strategies beyond ROC_PAGE_LINES go to further
 * pages. Where test images were seen in training lines are dotted, on red, as in glance.h. No MPI. */
#ifndef CELLSWEEP_ROC_PAGE_H
#define CELLSWEEP_ROC_PAGE_H

#include "figures/figstyle.h"
#include "stats/roc.h"

enum { ROC_PAGE_LINES = 8 };

struct roc_page {
    const struct summary *summary;     /* the caller's, as is roc, which is of it */
    const struct roc *roc;             /* of the groups of the summary */
    int part;                          /* 0, or k for the k-th page of further strategies */
    int n_lines, line[ROC_PAGE_LINES]; /* groups */
};

/* All pages: *out (n, returned) is owned by the caller (free). Groups without a curve have no line. Negative:
 * E_IO. */
int roc_pages(const struct summary *summary, const struct roc *roc, struct roc_page **out, struct err *err);

/* Name of a page's files in out (PAGENAME_SIZE). */
void roc_page_name(const struct roc_page *page, char *out);

int roc_page_write(const struct roc_page *page, const char *name, const struct figstyle *style,
                   const char *dir, struct err *err);

#endif
