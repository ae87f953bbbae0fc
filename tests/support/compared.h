/* compared.h - comparisons straight from a summary, for tests. */
#ifndef CELLSWEEP_COMPARED_H
#define CELLSWEEP_COMPARED_H

#include "stats/compare.h"

/* Values of a factor compared by a metric on a set. */
int compared_by(struct store *store, const struct summary *summary, int factor, const char *metric,
                enum replicates_set on, struct compare **out, struct err *err);

#endif
