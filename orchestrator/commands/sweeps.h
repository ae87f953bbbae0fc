/* sweeps.h - several results files on a command line: what each is called where they are kept apart, and
 * looking at them as one. */
#ifndef CELLSWEEP_SWEEPS_H
#define CELLSWEEP_SWEEPS_H

#include "arguments.h"
#include "store/store_merge.h"

/* A merge and room for its names. */
struct sweeps {
    struct store_merge merge;
    char name[STORE_MERGE_MOST][CONFIG_WORD_SIZE];
};

/* The files as one sweep; E_USAGE for too many. */
int sweeps_list(struct sweeps *sweeps, int n, const char *const *path, struct err *err);

/* Keep them apart, by names with commas in between, or by "" by their file names without .h5 (their paths
 * where two are the same). E_USAGE for another number of names, for one that is empty or too long, and for
 * two that are the same. */
int sweeps_name(struct sweeps *sweeps, const char *names, struct err *err);

/* What a command does with a results file: try it (store_try, or one that looks at more), open it lean,
 * use(store, self), close it. With more files they are one store with a column `sweep` (store_merge_open()),
 * which has rows of running sweeps as far as they are finished. */
int sweeps_use(const char *path, const struct arguments_rest *more,
               int (*try)(const char *path, struct err *err),
               int (*use)(struct store *store, const void *self, struct err *err), const void *self,
               struct err *err);

#endif
