/* inflation.h - selection inflation, the twin of leak inflation: what picking the epoch on the set that is
 * reported feigns.
 *
 *     struct inflation *inflation = NULL;
 *     if (inflation_new(store, summary, &inflation, &err) < 0) ...
 *     inflation->row[i].contrast.mean, .low, .high
 *     inflation_free(inflation);
 *
 * Of every finished job of several epochs: its highest balanced accuracy on the test set over all epochs,
 * minus that at the epoch with the highest one on its inner set, the first of equals; where the jobs of a
 * group have none, minus that at their last epoch. Never below 0, and above it by chance alone where the
 * epoch does not matter: so there is an interval, by the method of contrast.h and cut at 0, and no verdict.
 * No MPI. */
#ifndef CELLSWEEP_INFLATION_H
#define CELLSWEEP_INFLATION_H

#include "stats/contrast.h"

struct inflation_row {
    const struct summary_group *group; /* of the summary */
    int index;                         /* its index there */
    int on_val;                        /* 1: against the epoch chosen on val, 0: against the last one */
    struct contrast contrast;          /* best on test, minus that */
};

struct inflation {
    int n;
    struct inflation_row *row; /* (n) in the order of groups, those without such a job left out; owned */
};

/* summary must outlive *out, which is owned by the caller. E_IO without memory. */
int inflation_new(struct store *store, const struct summary *summary, struct inflation **out,
                  struct err *err);

/* inflation may be NULL. */
void inflation_free(struct inflation *inflation);

/* "epoch chosen on val", "last epoch". */
const char *inflation_against(const struct inflation_row *row);

#endif
