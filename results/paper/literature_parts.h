/* literature_parts.h - what the parts of literature.c share. Internal to literature. */
#ifndef CELLSWEEP_LITERATURE_PARTS_H
#define CELLSWEEP_LITERATURE_PARTS_H

#include "paper/literature.h"

/* Why the runs of a group are no evidence for a claim; NULL: they are. Constants. */
const char *literature_why_not_model(const struct literature_claim *claim, const struct summary_group *group);
const char *literature_why_not_group(const struct summary_group *group);

/* No contrast, no p: a row that is not testable. */
void literature_blank(struct literature_row *row);

enum { LITERATURE_METHODS = 12 };

/* n methods, 2 .. LITERATURE_METHODS: their names, and the runs of each, tuned and untuned. */
struct literature_methods {
    int n;
    const char *name[LITERATURE_METHODS];
    const struct replicates_group *tuned[LITERATURE_METHODS], *untuned[LITERATURE_METHODS];
};

/* The rule of tuning against methods (literature.h), of the runs (seed, repeat, fold) that all of them have,
 * into p_for, p_against, contrast and shown of a row of zeros; its reason where these are fewer than two. */
int literature_tuning_rule(const struct literature_methods *methods, struct literature_row *row,
                           struct err *err);

/* Rows of the claim that tuning matters more than the method, appended to literature, which has room for one
 * a group: one a setting that a sweep which tunes and one which does not both have, in a file that keeps them
 * apart (store_merge.h). E_IO. */
int literature_add_tuning(struct store *store, const struct summary *summary,
                          const struct literature_claim *claim, struct literature *literature,
                          struct err *err);

#endif
