/* models_page.h - which model: test balanced accuracy against the seconds of a job, and average ranks over
 * sets of clusters with what differs by Nemenyi's critical difference (Demsar 2006), as a data file and a
 * gnuplot script, a page a place of which_model.h.
 *
 *     for (int p = 0; p < which->n_places; p++)
 *         if (models_page_drawn(summary, which, p)) {
 *             models_page_name(summary, which, p, name);
 *             models_page_write(summary, which, p, name, style, dir, &err);     name.tsv and name.gp
 *         }
 *
 * A large point is a model, over all sets of clusters; small ones are its sets. Of one set there is its
 * interval, and no ranks. No MPI. */
#ifndef CELLSWEEP_MODELS_PAGE_H
#define CELLSWEEP_MODELS_PAGE_H

#include "figures/figstyle.h"
#include "stats/which_model.h"

/* 1 when a place has a job of summary, what is shown, and a model that was timed. */
int models_page_drawn(const struct summary *summary, const struct which_model *which, int place);

/* Name of its files in out (PAGENAME_SIZE). */
void models_page_name(const struct summary *summary, const struct which_model *which, int place, char *out);

int models_page_write(const struct summary *summary, const struct which_model *which, int place,
                      const char *name, const struct figstyle *style, const char *dir, struct err *err);

#endif
