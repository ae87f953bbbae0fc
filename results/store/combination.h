/* combination.h - the factors of a sweep: all that jobs differ in, but for seed, fold and repeat.
 * Jobs that are the same in every factor are one combination of the grid, and averaged; what
 * compares, lists or names combinations asks here.
 *
 *     unsigned varying = combination_varying(store, row, n);
 *     for (int f = 0; f < combination_n_factors(store); f++)
 *         if (varying >> f & 1)
 *             printf("%s %s\n", combination_name(store, f), combination_value(row[0], f));
 *
 * Sets of factors are masks: factor f is 1u << f. Pure functions of what the results file
 * says. Thread-safe. No MPI. */
#ifndef CELLSWEEP_COMBINATION_H
#define CELLSWEEP_COMBINATION_H

#include "store/store.h"

/* The factors every job has, in the order of columns; FACTOR_AXES + a is grid axis a of the file. */
enum factor { FACTOR_CLASSES, FACTOR_STRATEGY, FACTOR_PROTOCOL, FACTOR_MODEL, FACTOR_AXES };

enum { FACTORS_MOST = FACTOR_AXES + STORE_MAX_AXES };

#define FACTOR(f)   (1u << (f))
#define FACTORS_ALL (FACTOR(FACTORS_MOST) - 1)

/* FACTOR_AXES and the axes of the file. */
int combination_n_factors(const struct store *store);

/* What a factor is called in filters and columns: "clusters", "strategy", "protocol",
 * "model", "train.batch". The store's. */
const char *combination_name(const struct store *store, int factor);

/* The factor of a name, -1 when there is none. */
int combination_find(const struct store *store, const char *name);

/* What n values of a factor are called in a sentence: "strategy", "strategies"; an axis by its name. */
const char *combination_noun(const struct store *store, int factor, int n);

/* A job's value of a factor as text; the row's. */
const char *combination_value(const struct store_job *row, int factor);

/* Make the values of a set of factors "". */
void combination_blank(struct store_job *row, unsigned factors);

/* 1 when two jobs are the same in all factors but those of a set. */
int combination_same(const struct store_job *a, const struct store_job *b, unsigned but);

/* The factors of which not all n rows have the same value. */
unsigned combination_varying(const struct store *store, const struct store_job *const *row, int n);

/* The same of all jobs of the file. */
unsigned combination_varying_in(const struct store *store);

/* What tells combinations apart for people: clusters, strategy and protocol always, and of the other
 * factors those that vary. */
unsigned combination_shown(unsigned varying);

/* A job's values of a set of factors as a filter, "clusters=8-10,model=cnn", in out. Returns the length it
 * would have, as snprintf(). */
int combination_filter(const struct store *store, const struct store_job *row, unsigned factors, char *out,
                       size_t size);

#endif
