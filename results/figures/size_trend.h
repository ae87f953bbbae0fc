/* size_trend.h - accuracy against training size, a learning curve, where an axis of the grid sets it
 * (training_size.h).
 *
 * The figure (trend.h) has the originals to learn from on a logarithmic x axis, one line a strategy. Of
 * class_sizes, classes in other proportions are on pages of their own. No MPI. */
#ifndef CELLSWEEP_SIZE_TREND_H
#define CELLSWEEP_SIZE_TREND_H

#include "figures/trend.h"

/* How such an axis, for which training_size_is_axis(), is drawn. */
struct trend_axis size_trend_axis(const struct summary *summary, int factor);

#endif
