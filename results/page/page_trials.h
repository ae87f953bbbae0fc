/* page_trials.h - the table `trials` of the page's document (web/DOCUMENT.md): what every trial of tuning was
 * and scored. No MPI. */
#ifndef CELLSWEEP_PAGE_TRIALS_H
#define CELLSWEEP_PAGE_TRIALS_H

#include "stats/tuned.h"

#include <jansson.h>

/* Columns of *out, a new reference: job (its place among the document's, whose rows in the store are job (n),
 * ascending), trial, a column for every tuned setting (null: the job does not read it), score, state
 * (best, the
 * chosen one; scored, pruned, lost). E_IO for a file that cannot be read, or without memory. */
int page_trials(struct store *store, const struct tuned *tuned, const int *job, int n, json_t **out,
                struct err *err);

#endif
