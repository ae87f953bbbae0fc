/* axis_figures.h - figures of the factors that vary and have no place of their own in the others: axes of the
 * grid, models, sizes to learn from.
 *
 *     axis_figures(&drawing, &err);         a page a factor and combination of all others
 *     marginal_figures(&drawing, &err);     a page a factor: the mean over all others
 *
 * No MPI. */
#ifndef CELLSWEEP_AXIS_FIGURES_H
#define CELLSWEEP_AXIS_FIGURES_H

#include "figures/drawing.h"

int axis_figures(struct drawing *d, struct err *err);
int marginal_figures(struct drawing *d, struct err *err);

#endif
