/* findings.h - what a sweep found, as tables: scores, strategies compared, leak inflation, the publication's claims tested.
 *
 *     struct findings *findings = NULL;
 *     if (findings_new(store, summary, &findings, &err) < 0) ...
 *     findings_print(stdout, findings);
 *     findings_write(findings, dir, &err);
 *     findings_free(findings);
 *
 * Files: scores (mean and interval of every score of scores.h), comparisons, rankings, leak_inflation, claims, each as .csv (full precision), .md and .tex. A table without rows is not
 * written. The metric of comparisons is balanced accuracy: of validation at the last epoch, of all originals, and out of fold. No MPI. */
#ifndef CELLSWEEP_FINDINGS_H
#define CELLSWEEP_FINDINGS_H

#include "claims.h"
#include "compare.h"

#include <stdio.h>

struct findings {
    const struct summary *summary;              /* the caller's */
    struct compare *strategies[N_UNITS_SETS];   /* owned */
    struct stats_summary *scores[N_UNITS_SETS]; /* (n_groups, n_scores) owned */
    struct compare *leak;
    struct claims *claims;
};

/* Compare and test everything. summary must outlive *out, which is owned by the caller. */
int findings_new(struct store *store, const struct summary *summary, struct findings **out, struct err *err);

/* Write the files into a directory that exists. */
int findings_write(const struct findings *findings, const char *dir, struct err *err);

/* The short form for a terminal. */
void findings_print(FILE *file, const struct findings *findings);

void findings_free(struct findings *findings);

#endif
