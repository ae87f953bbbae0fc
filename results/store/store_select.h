/* store_select.h - the jobs that a filter names (filter.h has the grammar).
 *
 *     struct selection chosen = {0};
 *     rc = store_select(store, "strategy=augment|none,clusters=1-27,seed<=5", &chosen, &err);
 *     for (int i = 0; i < chosen.n; i++) ... store_jobs(store)[chosen.job[i]] ...
 *     selection_free(&chosen);
 *
 * No MPI. */
#ifndef CELLSWEEP_STORE_SELECT_H
#define CELLSWEEP_STORE_SELECT_H

#include "store/filter.h"

struct selection {
    int n, *job; /* (n) ascending; owned */
};

/* The rows that match, at least one; NULL or "": all. E_USAGE as filter_new(), and when none matches: the
 * message then begins with `name`, says which option the filter was given by, and gives the values there are
 * of the first key whose values no job has. E_IO without memory. After an error *out is empty. */
int select_rows(const struct store_rows *rows, const char *filter, const char *option, const char *name,
                struct selection *out, struct err *err);

/* The same of the jobs of a results file, named by its path; the option is --filter. */
int store_select(struct store *store, const char *filter, struct selection *out, struct err *err);

void selection_free(struct selection *selection);

#endif
