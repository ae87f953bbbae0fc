/* training_cost_parts.h - what the data and the script of a page of training_cost_page.h share. No MPI. */
#ifndef CELLSWEEP_TRAINING_COST_PARTS_H
#define CELLSWEEP_TRAINING_COST_PARTS_H

#include "figures/training_cost_page.h"

/* 1 when some point of a place has a cost c. */
int training_cost_is_known(const struct training_cost_place *place, int c);

/* 1 for a point that nobody is shown to beat, or, where nothing is tested, that is on the front; 0 of what
 * leaks. */
int training_cost_is_filled(const struct training_cost_point *point, int c);

/* Factors in which points differ beside the strategy: those of the model, where several stand here. */
unsigned training_cost_own(const struct summary *summary, const struct training_cost_place *place);

/* The second half of training_cost_page_write, from training_cost_script.c. */
int training_cost_script(const struct summary *whole, const struct training_cost *cost, int place,
                         const char *name, const struct figstyle *style, const char *dir, struct err *err);

#endif
