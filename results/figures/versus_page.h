/* versus_page.h - a sweep against the first one of its file (versus.h): the difference in test
 * balanced accuracy of every combination that both have, with its interval, as a data file and a
 * gnuplot script, a page a pair.
 *
 *     for (int p = 0; p < versus->n_pairs; p++)
 *         if (versus_page_drawn(versus, p)) {
 *             versus_page_name(versus, p, name);
 *             versus_page_write(summary, versus, p, name, style, dir, &err);     name.tsv and name.gp
 *         }
 *
 * No MPI. */
#ifndef CELLSWEEP_VERSUS_PAGE_H
#define CELLSWEEP_VERSUS_PAGE_H

#include "figures/figstyle.h"
#include "stats/versus.h"

/* 1 when something was compared. */
int versus_page_drawn(const struct versus *versus, int pair);

/* Name of its files in out (PAGENAME_SIZE). */
void versus_page_name(const struct versus *versus, int pair, char *out);

/* summary: what is shown, for the footer. */
int versus_page_write(const struct summary *summary, const struct versus *versus, int pair, const char *name,
                      const struct figstyle *style, const char *dir, struct err *err);

#endif
