/* repeat.h - the folds of a repeat, which together judge every image once.
 *
 * Their rows stand together in the results file, in the order of the folds, whether they are finished
 * or not. No MPI. */
#ifndef CELLSWEEP_REPEAT_H
#define CELLSWEEP_REPEAT_H

#include "store/store.h"

/* 1 for protocol "kfold", whatever its folds ("kfold:5x3"). */
int protocol_is_kfold(const char *protocol);

struct repeat {
    int first, n; /* rows first to first + n - 1 */
};

/* The folds of the repeat that a job is one of; n 0 where its protocol has none. */
struct repeat repeat_of(const struct store *store, int job);

#endif
