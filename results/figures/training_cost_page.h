/* training_cost_page.h - test balanced accuracy against the images that a job sees in training, and against
 * its seconds, a point a strategy and model, with the Pareto front of means, as a data file and a gnuplot
 * script, a page a place of training_cost.h.
 *
 *     for (int p = 0; p < cost->n_places; p++)
 *         if (training_cost_page_drawn(summary, cost, p)) {
 *             training_cost_page_name(summary, cost, p, name);
 *             training_cost_page_write(whole, cost, p, name, style, dir, &err);     name.tsv and name.gp
 *         }
 *
 * What a test shows to be beaten is hollow, or, where nothing is tested, what is behind the front; what leaks
 * is a cross on red, and on no front. No MPI. */
#ifndef CELLSWEEP_TRAINING_COST_PAGE_H
#define CELLSWEEP_TRAINING_COST_PAGE_H

#include "figures/figstyle.h"
#include "stats/training_cost.h"

/* 1 when a place has a job of summary, what is shown, and a cost that is known. */
int training_cost_page_drawn(const struct summary *summary, const struct training_cost *cost, int place);

/* Name of its files in out (PAGENAME_SIZE). */
void training_cost_page_name(const struct summary *summary, const struct training_cost *cost, int place,
                             char *out);

int training_cost_page_write(const struct summary *whole, const struct training_cost *cost, int place,
                             const char *name, const struct figstyle *style, const char *dir,
                             struct err *err);

#endif
