/* glance_parts.h - what the data and the script of a page of glance.h share. No MPI. */
#ifndef CELLSWEEP_GLANCE_PARTS_H
#define CELLSWEEP_GLANCE_PARTS_H

#include "figures/glance.h"
#include "figures/glance_facts.h"

/* Strategy and model, with the axes of their own: what rows differ in. */
unsigned glance_row_factors(const struct summary *summary);

/* The group of a cell of the page; NULL without a finished job. */
const struct summary_group *glance_group(const struct glance_page *page, int panel, int row);

/* What is drawn of it: test balanced accuracy, as in table `final`. */
const struct stats_summary *glance_number(const struct summary_group *group);

/* 1 when jobs of it had seen test images in training. */
int glance_leaks(const struct summary_group *group);

/* A group of a row, of any panel; and of the page. */
const struct summary_group *glance_of_row(const struct glance_page *page, int row);
const struct summary_group *glance_of_page(const struct glance_page *page);

/* One over the number of classes of a panel. */
double glance_chance(const struct glance_page *page, int panel);

/* The row of strategy none of the model of a row, in a panel; -1: there is none. As glance_facts.h, of the
 * rows of the page. */
int glance_none(const struct glance_page *page, int panel, int row);

/* The second half of glance_write, from glance_script.c. */
int glance_write_script(const struct glance_page *page, const struct replicates *replicates,
                        const struct glance_facts *facts, const struct figstyle *style, const char *dir,
                        struct err *err);

#endif
