/* costs_page.h - what each strategy gained over none in balanced accuracy, and what it cost in calibration:
 * differences with their intervals, a row a strategy, a panel a score; data files and gnuplot scripts.
 *
 *     struct costs_page *pages = NULL;
 *     int n = costs_pages(summary, rows, n_rows, &pages, &err);
 *     costs_page_name(&pages[i], name);
 *     costs_page_write(&pages[i], name, &style, dir, &err);           name.tsv and name.gp
 *     free(pages);
 *
 * A page shows what has all but the strategy in common, COSTS_PAGE_ROWS strategies at most; more go to
 * further pages. No MPI. */
#ifndef CELLSWEEP_COSTS_PAGE_H
#define CELLSWEEP_COSTS_PAGE_H

#include "figures/figstyle.h"
#include "stats/summary.h"

enum { COSTS_BALANCED, COSTS_BRIER, COSTS_LOG_LOSS, COSTS_ECE, N_COSTS };
enum { COSTS_PAGE_ROWS = 16 };

/* A strategy less none, all else the same. */
struct costs_row {
    const struct summary_group *group; /* of the strategy */
    int family;                        /* the same of rows of one setting, which stand together */
    int n;                             /* pairs of runs */
    struct costs_side {
        double difference, low, high; /* NaN: not compared, or no interval */
        int sign;                     /* 1: significantly better, -1: worse, 0: no evidence or no verdict */
    } side[N_COSTS];
};

struct costs_page {
    const struct summary *summary; /* the caller's, as are rows */
    const struct costs_row *row;   /* (n) */
    int n, part;                   /* part: 0, or k for the k-th page of further strategies */
};

/* All pages: *out (n, returned) is owned by the caller (free). Negative: E_IO. */
int costs_pages(const struct summary *summary, const struct costs_row *row, int n, struct costs_page **out,
                struct err *err);

/* Name of a page's files in out (PAGENAME_SIZE). */
void costs_page_name(const struct costs_page *page, char *out);

int costs_page_write(const struct costs_page *page, const char *name, const struct figstyle *style,
                     const char *dir, struct err *err);

#endif
