/* store_select.h - the jobs that a filter names.
 *
 *     struct selection chosen = {0};
 *     rc = store_select(store, "strategy=augment|none,clusters=1-27,seed=1..5", &chosen, &err);
 *     for (int i = 0; i < chosen.n; i++) ... store_jobs(store)[chosen.job[i]] ...
 *     selection_free(&chosen);
 *
 * A filter is key=value parts joined by commas, all of which must hold; '|' separates alternatives;
 * a..b is a range, ends included, of a whole or decimal number; protocol=kfold matches any kfold. Text in
 * double quotes is taken as it is: clusters="T-cell"-Folded (class_name.h; titles are understood, too).
 * Keys: key, clusters, strategy, protocol, seed, fold, repeat, model, and the grid axes. An empty or
 * NULL filter matches every job. No MPI. */
#ifndef CELLSWEEP_STORE_SELECT_H
#define CELLSWEEP_STORE_SELECT_H

#include "store/store.h"

/* Jobs of a file or of a sweep that has none yet, as a filter sees them: row j to *out, or an error. */
struct store_rows {
    int n, n_axes;
    const char *const *axis_name;
    int (*row)(const void *of, int j, struct store_job *out, struct err *err);
    const void *of;
};

struct selection {
    int n, *job; /* (n) ascending; owned */
};

/* The rows that match, at least one. E_USAGE for an unknown key, for a part that is not key=value, and when
 * none matches: the message then begins with `name` and gives the values there are of the first key whose
 * values no job has. E_IO without memory. After an error *out is empty. */
int select_rows(const struct store_rows *rows, const char *filter, const char *name, struct selection *out,
                struct err *err);

/* The same of the jobs of a results file, named by its path. */
int store_select(struct store *store, const char *filter, struct selection *out, struct err *err);

void selection_free(struct selection *selection);

#endif
