/* glance_facts.h - of every group of a summary, what a picture at a glance shows beside its mean and
 * interval: the none that it stands against, whether a test tells the two apart, and what guessing gives.
 *
 *     struct glance_facts *facts = NULL;
 *     if (glance_facts_new(summary, overall, &facts, &err) < 0) ...
 *     facts->none[g], facts->differs[g], facts->chance[g]
 *     glance_facts_free(facts);
 *
 * The static figure (glance.h) and the page take them from here. No MPI. */
#ifndef CELLSWEEP_GLANCE_FACTS_H
#define CELLSWEEP_GLANCE_FACTS_H

#include "stats/overall.h"

struct glance_facts {
    int n;
    int *none;      /* (n) the finished group of strategy none, all else but the strategy's own axes the same;
                       its own index of none itself, -1: there is none, or g has no finished job */
    int *differs;   /* (n) from none, by a test: 2 adjusted over the whole sweep (overall.h), 1 only in its
                       setting (compare.h), 0 no difference is claimed */
    double *chance; /* (n) one over the number of classes */
};

/* overall: of strategies, on test, of the whole file; NULL: nothing is compared. *out is owned by the caller.
 * E_IO without memory. */
int glance_facts_new(const struct summary *summary, const struct overall *overall, struct glance_facts **out,
                     struct err *err);

/* facts may be NULL. */
void glance_facts_free(struct glance_facts *facts);

#endif
