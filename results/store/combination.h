/* combination.h - the factors of a sweep: all that jobs differ in, but for seed, fold and repeat.
 * Jobs that are the same in every factor are one combination of the grid, and averaged; what
 * compares, lists or names combinations asks here.
 *
 *     unsigned varying = combination_varying(store, row, n);
 *     for (int f = 0; f < combination_n_factors(store); f++)
 *         if (varying >> f & 1)
 *             printf("%s %s\n", combination_name(store, f), combination_value(row[0], f));
 *
 * Settings that a job does not read have no value in it, "": smote.k of a job of strategy none. An axis that
 * some jobs of the file do not read belongs to the factor that decides who reads it: strategies none and
 * smote x smote.k 3, 5 are three values of the strategy, none, smote (k 3) and smote (k 5), each of which has
 * the others as its likes. An axis that every job reads is a factor of its own.
 *
 * Of a file that keeps sweeps apart (store_merge.h), settings in which the sweeps differ as such belong to
 * the factor `sweep` in the same way: before (train.epochs 10), after (train.epochs 20).
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

/* A job's value of a factor as text; the row's. "": it does not read that axis. */
const char *combination_value(const struct store_job *row, int factor);

/* The same for tables that people read: "-" for what the job does not read. */
const char *combination_shown_value(const struct store_job *row, int factor);

/* A factor and the axes that belong to it. */
unsigned combination_own(const struct store *store, int factor);

/* In what groups agree that are compared in the values of a factor: all but its own, and settings in which
 * sweeps differ as such, which the sweep decides: models that do not read one have likes all the same. */
unsigned combination_like(const struct store *store, int factor);

/* The factor that a factor belongs to; -1: none. */
int combination_owner(const struct store *store, int factor);

/* The axes that belong to any factor: of none of them is a value compared apart from that factor's. */
unsigned combination_owned(const struct store *store);

enum { COMBINATION_LABEL_SIZE = 4 * CONFIG_WORD_SIZE };

/* What a job's value of a factor is called, with the axes of `named` that belong to it, where it reads them:
 * "none", "smote (k 3)", "smote+tomek (smote.k 3)", in out, which it returns. named: those that vary. */
const char *combination_label(const struct store *store, const struct store_job *row, int factor,
                              unsigned named, char out[COMBINATION_LABEL_SIZE]);

/* 1 when all axes that belong to a factor are at their defaults where the job reads them: the plain
 * strategy, the plain model. */
int combination_is_plain(const struct store *store, const struct store_job *row);

/* Make the values of a set of factors "". */
void combination_blank(struct store_job *row, unsigned factors);

/* 1 when two jobs are the same in all factors but those of a set. */
int combination_same(const struct store_job *a, const struct store_job *b, unsigned but);

/* The factors of which not all n rows have the same value; not to read an axis is no value. */
unsigned combination_varying(const struct store *store, const struct store_job *const *row, int n);

/* The same of all jobs of the file, in *varying. */
int combination_varying_in(struct store *store, unsigned *varying, struct err *err);

/* What tells combinations apart for people: clusters, strategy and protocol always, and of the other
 * factors those that vary. */
unsigned combination_shown(unsigned varying);

/* A job's values of a set of factors as a filter, "clusters=8-10,model=cnn,smote.k=-", in out. Returns the
 * length it would have, as snprintf(). */
int combination_filter(const struct store *store, const struct store_job *row, unsigned factors, char *out,
                       size_t size);

#endif
