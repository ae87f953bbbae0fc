/* overall.h - all comparisons of a factor that count, over all settings, as one family of p values.
 *
 *     struct overall *overall = NULL;
 *     if (overall_new(findings->whole, compare, &overall, &err) < 0) ...
 *     for (int k = 0; k < overall->compare->n_families; k++)
 *         if (overall_counts(overall, k)) ... overall_direction(overall, row) of its rows ...
 *     overall_free(overall);
 *
 * Settings count that have no flaw (compare.h) and whose test images have no copies in training; those that
 * have count only when there are no others. p values of compare.h are adjusted for one setting; here for all
 * that count, so that with any number of settings the chance to call a difference significant where there is
 * none stays below contrast_alpha. No MPI. */
#ifndef CELLSWEEP_OVERALL_H
#define CELLSWEEP_OVERALL_H

#include "stats/compare.h"

/* Why a setting does not count. */
enum standing { COUNTS, LEAKS, TAIL, UNFINISHED, LACKING, REPEATED, N_STANDINGS };

struct overall {
    const struct compare *compare; /* the caller's */
    enum standing *standing;       /* (n_families) owned */
    int n_standing[N_STANDINGS];   /* settings */
    int clean;          /* 1: settings count that have no leak; 0: there are none, and leaky ones do */
    int settings, rows; /* that count */
    double *adjusted;   /* (rows of compare) p of those that count, NaN of the others; owned */
    double *reachable;  /* the least that it could be, of each; owned */
};

/* compare: of a factor, on test; of summary, the whole file. Both must outlive *out, which is owned by the
 * caller. E_IO without memory. */
int overall_new(const struct summary *summary, const struct compare *compare, struct overall **out,
                struct err *err);

/* 1 when the setting of family k counts. */
int overall_counts(const struct overall *overall, int k);

/* Row i: -1 the first of its two is significantly worse, 1 better, 0 neither, or it does not count. */
int overall_direction(const struct overall *overall, int i);

/* Rows that count and that no outcome could have made significant. */
int overall_impossible(const struct overall *overall);

/* overall may be NULL. */
void overall_free(struct overall *overall);

#endif
